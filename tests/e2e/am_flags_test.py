#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`outrider run` with the command line and the configuration of an Alertmanager: every flag is taken or explained, the
limits hold, and /metrics has every name that Debian's prometheus-alertmanager has."""
import datetime
import re
import signal
import subprocess

import harness

# specs/alertmanager.md §2 "Flags to accept", with a value for each.
FLAGS = '''--data.retention=48h --data.maintenance-interval=15m --alerts.gc-interval=30m --alerts.per-alertname-limit=2
--dispatch.maintenance-interval=30s --dispatch.start-delay=0s --silences.max-silences=2
--silences.max-silence-size-bytes=2000 --log.silences --log.level=info --log.format=logfmt --web.external-url=http://x/
--web.route-prefix=/ --web.get-concurrency=0 --web.timeout=0 --auto-gomemlimit.ratio=0.9
--enable-feature=alert-names-in-metrics,receiver-name-in-metrics,group-key-in-metrics
--enable-feature=auto-gomemlimit --enable-feature=event-recorder
--cluster.listen-address=127.0.0.1:0 --cluster.advertise-address=127.0.0.1:1 --cluster.peer=a:1 --cluster.peer=b:1
--cluster.peer-name=me --cluster.peer-timeout=15s --cluster.peers-resolve-timeout=15s --cluster.gossip-interval=200ms
--cluster.pushpull-interval=1m --cluster.tcp-timeout=10s --cluster.probe-timeout=500ms --cluster.probe-interval=1s
--cluster.settle-timeout=0s --cluster.reconnect-interval=10s --cluster.reconnect-timeout=6h --cluster.tls-config=x
--cluster.allow-insecure-public-advertise-address-discovery --cluster.label=x'''.split()

# Alertmanager 0.25 has them, 0.34 has not.
GONE = {'alertmanager_marked_alerts'}


def metric_names(url):
    text = harness.request(url + '/metrics')[1]
    return set(re.findall(r'^# TYPE (alertmanager_\S+)', text, re.M)), text


class AlertmanagersFlags(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sink = self.webhook_sink()
        self.write('alertmanager.yml', f'''
route: {{receiver: team, group_wait: 100ms}}
receivers: [{{name: team, webhook_configs: [{{url: '{self.sink.url}'}}]}}]
''')

    def silence(self, value, comment='c'):
        end = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        return harness.post_json(self.url + '/api/v2/silences', {
            'matchers': [{'name': 'alertname', 'value': value, 'isRegex': False}], 'startsAt': '2026-01-01T00:00:00Z',
            'endsAt': end.isoformat(), 'createdBy': 'anna', 'comment': comment})

    def post(self, *names):
        return harness.post_json(self.url + '/api/v2/alerts',
                                 [{'labels': {'alertname': 'X', 'n': n}} for n in names])[0]

    def test_all_flags_at_once(self):
        process = self.start_outrider('alertmanager.yml', *FLAGS)
        log = process.text()
        self.assertIn('--cluster.peer has no effect: Outrider does not gossip', log)
        self.assertIn('--web.timeout has no effect', log)
        self.assertIn('--enable-feature=event-recorder has no effect', log)
        self.assertEqual(log.count('--cluster.peer has no effect'), 1)
        self.assertEqual([self.silence(name)[0] for name in 'AB'], [200, 200])
        self.assertEqual(self.silence('C'), (400, 'exceeded maximum number of silences: 2 (limit: 2)'))
        self.assertEqual(self.post('1', '2', '3'), 200)
        self.assertEqual(len(harness.get_json(self.url + '/api/v2/alerts')), 2)
        text = metric_names(self.url)[1]
        self.assertIn('alertmanager_alerts_per_alert_limit 2', text)
        # The configuration is the one named; a reload reads it again.
        self.assertEqual([r['name'] for r in harness.get_json(self.url + '/api/v2/receivers')], ['team'])
        self.write('alertmanager.yml', 'route: {receiver: other}\nreceivers: [{name: other, labels: {a: b}}]\n')
        process.process.send_signal(signal.SIGHUP)
        harness.wait_for('the reload', lambda: harness.get_json(self.url + '/api/v2/receivers') == [
            {'labels': {'a': 'b', 'name': 'other'}, 'name': 'other'}])
        config = harness.request(self.url + '/api/v1/status/config')[1]
        self.assertNotIn('receivers', config)

    def test_size_of_a_silence(self):
        self.start_outrider('alertmanager.yml', '--silences.max-silence-size-bytes', '500')
        status, text = self.silence('A', 'x' * 1000)
        self.assertEqual(status, 400)
        self.assertRegex(text, r'^silence exceeded maximum size: \d+ bytes \(limit: 500 bytes\)$')

    def test_no_forms_and_empty_values(self):
        self.start_outrider('alertmanager.yml', '--no-log.silences', '--no-web.systemd-socket',
                            '--cluster.listen-address=', '--web.external-url=',
                            '--no-cluster.allow-insecure-public-advertise-address-discovery')
        self.assertNotIn('has no effect', self.processes[-1].text())

    def test_prefix(self):
        for flags, path in ((['--web.external-url=http://x/am/'], '/am'), (['--web.route-prefix=foo'], '/foo'),
                            (['--web.external-url=http://x/am', '--web.route-prefix=/'], '')):
            port = harness.free_port()
            process = self.start('outrider', [
                harness.OUTRIDER, 'run', '--config.file=alertmanager.yml', '--storage.path=data',
                f'--web.listen-address=127.0.0.1:{port}', *flags])
            url = f'http://127.0.0.1:{port}{path}/api/v2/status'
            harness.wait_for(url, lambda: harness.request(url)[0] == 200, 30)
            process.stop()

    def test_refusals(self):
        for flag, part in (('--web.systemd-socket', 'sockets of systemd are not taken over'),
                           ('--data.retention=soon', '--data.retention: soon is no duration'),
                           ('--silences.max-silences=-1', '--silences.max-silences must not be negative'),
                           ('--enable-feature=nonsense', 'nonsense')):
            out = self.cli('run', '--config.file=alertmanager.yml', '--storage.path=refused', flag, expect=1)
            self.assertIn(part, out)
        both = self.cli('run', '--config.file=alertmanager.yml', '--enable-feature=classic-mode,utf8-strict-mode',
                        expect=1)
        self.assertIn('cannot have both classic-mode and utf8-strict-mode', both)

    def test_modes_of_matchers(self):
        self.start_outrider('alertmanager.yml', '--enable-feature=classic-mode')
        end = '2099-01-01T00:00:00Z'
        status, text = harness.post_json(self.url + '/api/v2/silences', {
            'matchers': [{'name': 'Σ', 'value': 'x', 'isRegex': False}], 'startsAt': end, 'endsAt': '2099-01-02T00:00:00Z',
            'createdBy': 'anna', 'comment': 'c'})
        self.assertEqual(status, 400)
        self.assertIn('invalid silence: invalid label matcher', text)

    def test_help_of_debians_names_nothing_else(self):
        theirs = subprocess.run(['prometheus-alertmanager', '--help'], capture_output=True, text=True)
        names = set(re.findall(r'^\s+(--[a-z][a-z.-]*[a-z])', theirs.stdout + theirs.stderr, re.M))
        ours = self.cli('run', '--help')
        names -= {'--help', '--version', '--help-long', '--help-man'}
        self.assertGreater(len(names), 25)
        self.assertEqual([n for n in sorted(names) if n not in ours], [])
        self.assertEqual([f for f in FLAGS if f.split('=')[0] not in ours], [])

    def test_names_of_metrics(self):
        port = harness.free_port()
        url = f'http://127.0.0.1:{port}'
        self.start('alertmanager', ['prometheus-alertmanager', '--config.file=alertmanager.yml', '--storage.path=am',
                                    f'--web.listen-address=127.0.0.1:{port}', '--cluster.listen-address='])
        self.start_outrider('alertmanager.yml')
        harness.wait_for('Alertmanager', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
        for at in (url, self.url):
            self.assertEqual(harness.post_json(at + '/api/v2/alerts', [{'labels': {'alertname': 'X'}}])[0], 200)
            harness.get_json(at + '/api/v2/alerts')
        harness.wait_for('both messages', lambda: len(self.sink.messages()) == 2)
        theirs, their_text = metric_names(url)
        ours, text = metric_names(self.url)
        self.assertGreater(len(theirs), 30)
        self.assertEqual(sorted(theirs - GONE - ours), [])
        for kind in re.findall(r'^alertmanager_notifications_total\{integration="(\w+)"', their_text, re.M):
            self.assertRegex(text, rf'alertmanager_notifications_total{{integration="{kind}"}} \d')
        self.assertRegex(text, r'alertmanager_build_info\{[^}]*version="0\.34\.0')  # karma asks for it
        harness.wait_for('the message to be counted', lambda: re.search(
            r'alertmanager_notifications_total{integration="webhook"} 1', metric_names(self.url)[1]))
        text = metric_names(self.url)[1]
        for line in ('alertmanager_notification_requests_total{integration="webhook"} 1',
                     'alertmanager_notification_latency_seconds_count{integration="webhook"} 1',
                     'alertmanager_alerts{state="active"} 1',
                     'alertmanager_alerts_received_total{status="firing",version="v2"} 1',
                     'alertmanager_config_last_reload_successful 1', 'alertmanager_cluster_members 1'):
            self.assertIn(line, text)
        checked = subprocess.run(['promtool', 'check', 'metrics'], input=harness.lintable(text), capture_output=True,
                                 text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


if __name__ == '__main__':
    harness.unittest.main()
