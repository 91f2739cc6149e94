#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real Debian Prometheus evaluates its rules and has outrider as its Alertmanager: what fires there is told by
outrider's receivers, routed by its labels, with Prometheus' annotations and link; a restart of outrider in between
loses nothing and tells nothing twice; what ends there is told as ended; a silence holds. Prometheus sees outrider as an
Alertmanager that takes everything."""
import http.server
import json
import re
import subprocess
import threading
import unittest

import harness

RULES = '''
groups:
- name: g
  interval: 1s
  rules:
  - alert: Broken
    expr: broken == 1
    labels: {severity: page, team: 'team-{{ $labels.instance }}'}
    annotations: {summary: '{{ $labels.instance }} has {{ $value }}'}
  - alert: Always
    expr: always == 1
    labels: {severity: none}
  - alert: Many
    expr: many == 1
'''


class PrometheusSends(harness.EndToEnd):
    def config(self, sink):
        self.write('am.yml', json.dumps({
            'route': {'receiver': 'rest', 'group_by': ['alertname', 'instance'], 'group_wait': '100ms', 'group_interval': '1s',
                      'repeat_interval': '1h', 'routes': [
                          {'receiver': 'pager', 'matchers': ['severity="page"']},
                          {'receiver': 'crowd', 'matchers': ['alertname="Many"'], 'group_by': ['alertname']}]},
            'receivers': [{'name': n, 'webhook_configs': [{'url': f'{sink.url}/{n}'}]} for n in ('rest', 'pager', 'crowd')]}))
        self.write('outrider.yml', 'alerting: {config_file: am.yml}\n')

    def start_sender(self, values):
        """Prometheus with a target that shows `values` {(name, instance): value}."""
        target = harness.free_port()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = ''.join(f'{n}{{instance="{i}"}} {v}\n' for (n, i), v in list(values.items())).encode()
                self.send_response(200)
                self.send_header('Content-Type', 'text/plain; version=0.0.4')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(('127.0.0.1', target), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.write('rules.yml', RULES)
        self.write('prometheus.yml', f'''
global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{cluster: east}}}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{self.port}']}}]}}]}}
scrape_configs: [{{job_name: j, honor_labels: true, static_configs: [{{targets: ['127.0.0.1:{target}']}}]}}]
''')
        port = harness.free_port()
        self.start('prometheus', ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
                                  '--rules.alert.resend-delay=2s', f'--web.listen-address=127.0.0.1:{port}'])
        url = f'http://127.0.0.1:{port}'
        # Before it knows its Alertmanagers it drops what it has to say.
        harness.wait_for('Prometheus', lambda: harness.request(url + '/-/ready')[0] == 200, 60)
        harness.wait_for('Prometheus to know outrider', lambda: harness.get_json(
            url + '/api/v1/alertmanagers')['data']['activeAlertmanagers'], 60)
        return url

    def told(self, path, status):
        return [(a['labels'].get('instance'), a) for m in self.sink.messages(path=path) for a in m['alerts']
                if a['status'] == status]

    def test_a_real_prometheus(self):
        self.sink = self.webhook_sink()
        self.config(self.sink)
        outrider = self.start_outrider()
        values = {}
        prometheus = self.prometheus = self.start_sender(values)
        values.update({('broken', 'a'): 1, ('broken', 'b'): 0, ('always', ''): 1})
        harness.wait_for('the first alert', lambda: self.told('/pager', 'firing'), 30)
        instance, alert = self.told('/pager', 'firing')[0]
        self.assertEqual(alert['labels'], {'alertname': 'Broken', 'instance': 'a', 'job': 'j', 'severity': 'page',
                                           'team': 'team-a', 'cluster': 'east'})
        self.assertEqual(alert['annotations'], {'summary': 'a has 1'})
        self.assertIn('/graph?g0.expr=broken+%3D%3D+1&g0.tab=1', alert['generatorURL'])
        harness.wait_for('the other route', lambda: self.told('/rest', 'firing'), 30)
        active = harness.get_json(prometheus + '/api/v1/alertmanagers')['data']['activeAlertmanagers']
        self.assertEqual([a['url'] for a in active], [self.url + '/api/v2/alerts'])
        # The start time is the one that Prometheus shows.
        shown = {a['labels']['alertname']: a for a in harness.get_json(prometheus + '/api/v1/alerts')['data']['alerts']}
        self.assertEqual(alert['startsAt'][:19], shown['Broken']['activeAt'][:19])
        self.restart(outrider, values)
        self.silence_and_end(values)
        self.crowd(values)
        self.assertEqual(self.sent_without_errors(prometheus), 'all')

    def restart(self, outrider, values):
        outrider.kill9()
        values['broken', 'b'] = 1  # while nobody listens
        harness.wait_for('Prometheus to send in vain', lambda: re.search(
            r'^prometheus_notifications_errors_total\{.*\} [1-9]', harness.request(self.prometheus + '/metrics')[1], re.M), 30)
        self.start_outrider()
        harness.wait_for('the alert of the downtime', lambda: 'b' in dict(self.told('/pager', 'firing')), 60)
        self.assertEqual([i for i, _ in self.told('/pager', 'firing')], ['a', 'b'], 'one of them was told twice')

    def silence_and_end(self, values):
        done = subprocess.run(['amtool', f'--alertmanager.url={self.url}', 'silence', 'add', 'instance=c', '-a', 'me',
                               '-c', 'planned', '-d', '1h'], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        values['broken', 'c'] = 1
        values['broken', 'a'] = 0
        harness.wait_for('the end of a', lambda: self.told('/pager', 'resolved'), 30)
        self.assertEqual([i for i, _ in self.told('/pager', 'resolved')], ['a'])
        harness.wait_for('the silenced alert', lambda: [
            a for a in harness.get_json(self.url + '/api/v2/alerts') if a['labels'].get('instance') == 'c'
            and a['status']['state'] == 'suppressed'], 30)
        self.assertNotIn('c', dict(self.told('/pager', 'firing')))

    def crowd(self, values):
        """More than Prometheus sends in one request (64)."""
        values.update({('many', f'i{n:03}'): 1 for n in range(150)})

        def largest():
            return max((len(m['alerts']) for m in self.sink.messages(path='/crowd')), default=0)

        harness.wait_for('150 alerts in one message', lambda: largest() == 150, 30)

    def sent_without_errors(self, prometheus):
        text = harness.request(prometheus + '/metrics')[1]
        rows = {line.split(' ')[0].split('{')[0]: float(line.split(' ')[1]) for line in text.splitlines()
                if line.startswith('prometheus_notifications_') and '{' in line}
        self.assertGreaterEqual(rows['prometheus_notifications_sent_total'], 150)
        # What was refused is what was sent while outrider was not there.
        log = next(p for p in self.processes if p.log_path.name == 'prometheus.log').text()
        wrong = [line for line in log.splitlines() if 'Error sending alert' in line and 'connection refused' not in line
                 and 'EOF' not in line and 'reset' not in line]
        self.assertEqual(wrong, [])
        return 'all'


if __name__ == '__main__':
    unittest.main()
