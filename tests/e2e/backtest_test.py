#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`outrider backtest` over the same history from an OpenMetrics file, from Debian's Prometheus and from a running
Outrider. What should have come of it is worked out here: Prometheus says at each evaluation whether an expression held
(query_range, recorded series written out), and the state machine of an alert is ten lines of Python."""
import http.server
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
import urllib.parse
import urllib.request

import harness
import wire

HOURS = 6
STEP = 15
EVERY = 30  # seconds between evaluations
RULES = '''groups:
- name: app
  interval: 30s
  rules:
  - {record: "job:errors:rate5m", expr: "sum by (job) (rate(errors_total[5m]))"}
  - {alert: Down, expr: "up == 0", for: 2m, labels: {severity: page}, annotations: {summary: "{{ $labels.instance }} is down"}}
  - {alert: Errors, expr: "job:errors:rate5m > 3", for: 3m}
  - {alert: Hot, expr: "temperature > 60", keep_firing_for: 2m, labels: {severity: info}}
  - {alert: Average, expr: "avg_over_time(temperature[10m]) > 52.01", for: 1m}
  - {alert: Gone, expr: "absent(beacon)", for: 30s}
'''
# No average of whole numbers is 52.01, whatever the rounding. alert -> the same without recorded series, for, keep_firing_for
MEANS = {
    'Down': ('up == 0', 120, 0),
    'Errors': ('sum by (job) (rate(errors_total[5m])) > 3', 180, 0),
    'Hot': ('temperature > 60', 0, 120),
    'Average': ('avg_over_time(temperature[10m]) > 52.01', 60, 0),
    'Gone': ('absent(beacon)', 30, 0),
}
BCRYPT_OF_SECRET = '$2b$04$fT5n45EsyJzh6uzLxwhDLeigWaFUK4Prq3vnkbtBJUMkPROuUChNm'
ALERTMANAGER = '''route:
  receiver: team
  group_by: [alertname]
  routes:
  - {receiver: pager, matchers: ['severity="page"']}
  - {receiver: "null", matchers: ['severity="info"']}
receivers:
- {name: team, webhook_configs: [{url: "http://team.example/"}]}
- {name: pager, webhook_configs: [{url: "http://pager.example/"}]}
- {name: "null"}
'''


def history(start, end):
    """[({label: value}, [(ms, value)])], the last with stale markers. No sample lies on an evaluation or on the edge of a
    range, where Prometheus 2 and 3 differ."""
    rng = random.Random(20261129)

    def times():
        return range((start + rng.randrange(1, STEP)) * 1000, end * 1000, STEP * 1000)

    series = []
    for instance in 'abc':
        labels = {'instance': instance, 'job': 'j' + str('abc'.index(instance) % 2)}
        value, rows = 1.0, []
        for t in times():
            value = 1.0 - value if rng.random() < 0.04 else value
            if rng.random() > 0.01:
                rows.append((t, value))
        series.append(({'__name__': 'up', **labels}, rows))
        value, rate, rows = 0.0, 20, []
        for t in times():
            rate = rng.choice((20, 40, 60)) if rng.random() < 0.02 else rate
            value = value + rng.randrange(rate) if rng.random() > 0.003 else 0.0
            rows.append((t, value))
        series.append(({'__name__': 'errors_total', **labels}, rows))
        value, rows = 50.0, []
        for t in times():
            value += rng.randrange(-5, 6) - (value - 50) // 16
            rows.append((t, value))
        series.append(({'__name__': 'temperature', **labels}, rows))
    rows, there = [], True
    for t in times():
        if rng.random() < 0.03:
            there = not there
            if not there:
                rows.append((t, wire.STALE))
        elif there:
            rows.append((t, 1.0))
    series.append(({'__name__': 'beacon', 'job': 'b'}, rows))
    return series


def plain(series):
    """(text of the series, value, ms), without stale markers."""
    for labels, rows in series:
        inside = ','.join(f'{k}="{v}"' for k, v in labels.items() if k != '__name__')
        yield from ((f'{labels["__name__"]}{{{inside}}}', value, t) for t, value in rows
                    if wire.bits(value) != wire.bits(wire.STALE))


def open_metrics(series):
    lines = [f'{name} {value} {t / 1000}' for name, value, t in plain(series)]
    return '\n'.join([*lines, '# EOF', ''])


def send(url, series):
    """In slices of time, so that no head refuses what is old for it."""
    sender = wire.Sender(url)
    first, last = (f(t for _, rows in series for t, _ in rows) for f in (min, max))
    for begin in range(first, last + 1, 1_200_000):
        part = [wire.Series(labels, samples=cut) for labels, rows in series
                if (cut := [(t, v) for t, v in rows if begin <= t < begin + 1_200_000])]
        status, said, _ = sender.write('v1', part)
        assert status in (200, 204), f'{status} {said}'
    sender.close()


def firings(held, hold, keep, start, end):
    """[(from, to or None)] of evaluation times at which an expression held."""
    out, active, fired, missing = [], None, None, None
    for t in range(start, end + 1, EVERY):
        if t in held:
            missing = None
            active = t if active is None else active
            if fired is None and t - active >= hold:
                fired = t
        elif fired is not None:
            missing = t if missing is None else missing
            if keep == 0 or t - missing >= keep:
                out.append((fired, t))
                active = fired = missing = None
        else:
            active = None
    return out + ([(fired, None)] if fired is not None else [])


def seconds(text):
    return None if text is None else int(time.mktime(time.strptime(text, '%Y-%m-%dT%H:%M:%SZ')) - time.timezone)


def key(labels):
    return tuple(sorted((k, v) for k, v in labels.items() if k not in ('__name__', 'alertname', 'severity')))


def found(report):
    """{alert: {labels: [(from, to)]}} of a report; alerts that never fired are left out."""
    return {alert['alert']: {key(one['labels']): [(seconds(f['fired_at']), seconds(f['resolved_at'])) for f in one['firings']]
                             for one in alert['instances'] if one['firings']} for alert in report['alerts']}


class Backtest(harness.EndToEnd):
    maxDiff = None

    def setUp(self):
        super().setUp()
        now = int(time.time()) // EVERY * EVERY
        self.start_time, self.end_time = now - (HOURS - 1) * 3600, now - 600
        self.series = history(now - HOURS * 3600, self.end_time)
        self.write('rules.yml', RULES)
        self.write('alertmanager.yml', ALERTMANAGER)
        self.range = ['--start', str(self.start_time), '--end', str(self.end_time), '--drop-label', 'cluster']

    def start_storage(self, *flags):
        port = harness.free_port()
        self.write('prometheus.yml', 'global: {external_labels: {cluster: c}}\n')
        self.prometheus = self.start('prometheus', [
            'prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
            f'--web.listen-address=127.0.0.1:{port}', '--web.enable-remote-write-receiver', *flags])
        return port

    def start_filled_prometheus(self):
        port = self.start_storage()
        url = f'http://127.0.0.1:{port}'
        harness.wait_for('Prometheus to be ready', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
        send(url, self.series)
        return url

    def backtest(self, *arguments, expect=0):
        done = subprocess.run([harness.OUTRIDER, 'backtest', *arguments], capture_output=True, text=True, timeout=120,
                              cwd=self.directory)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout if expect == 0 else done.stderr

    def report(self, *arguments):
        return json.loads(self.backtest('rules.yml', '--output', 'json', '--quiet', *self.range, *arguments))

    def what_prometheus_implies(self, url):
        out = {}
        for alert, (expr, hold, keep) in MEANS.items():
            parameters = {'query': expr, 'start': self.start_time, 'end': self.end_time, 'step': EVERY}
            answer = harness.get_json(url + '/api/v1/query_range?' + urllib.parse.urlencode(parameters))
            out[alert] = {}
            for one in answer['data']['result']:
                held = {int(t) for t, _ in one['values']}
                if spans := firings(held, hold, keep, self.start_time, self.end_time):
                    out[alert][key(one['metric'])] = spans
        return out

    def test_every_source_gives_what_the_rules_imply(self):
        prometheus = self.start_filled_prometheus()
        implied = self.what_prometheus_implies(prometheus)
        for alert in MEANS:
            self.assertTrue(implied[alert], f'{alert} never fires: the history shows nothing of it')
        from_prometheus = self.report('--url', prometheus)  # without the external label it adds
        self.assertEqual(found(from_prometheus), implied)
        self.assertEqual(found(self.report('--url', prometheus, '--block', '23m')), implied)

        self.write('outrider.yml', 'storage: {unreferenced_retention: 24h}\n')
        self.start_outrider()
        send(self.url, self.series)
        self.assertEqual(found(self.report('--url', self.url)), implied)

        # A text file knows no stale markers.
        self.write('history.om', open_metrics(self.series))
        from_file = found(self.report('--input', 'history.om'))
        del from_file['Gone'], implied['Gone']
        self.assertEqual(from_file, implied)

        down = next(a for a in from_prometheus['alerts'] if a['alert'] == 'Down')
        self.assertEqual(down['firings'], sum(len(f) for f in implied['Down'].values()))
        first = next(one for one in down['instances'] if one['firings'])
        self.assertEqual(first['firings'][0]['annotations'], {'summary': f'{first["labels"]["instance"]} is down'})
        self.advice_holds(prometheus, down)

    def test_a_server_that_wants_to_know_who_asks(self):
        """Debian's Prometheus behind TLS and a password, by remote read and by its query API."""
        url = self.start_filled_prometheus()
        implied = self.what_prometheus_implies(url)
        self.prometheus.stop(30)
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
                        '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', 'key.pem', '-out', 'cert.pem'],
                       cwd=self.directory, check=True, capture_output=True)
        self.write('web.yml', 'tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n'
                              f'basic_auth_users: {{reader: "{BCRYPT_OF_SECRET}"}}\n')
        port = self.start_storage('--web.config.file=web.yml')
        self.write('password', 'secret\n')
        self.write('http.yml', 'basic_auth: {username: reader, password_file: password}\ntls_config: {ca_file: cert.pem}\n')
        self.write('tls.yml', 'tls_config: {ca_file: cert.pem}\n')
        server = ['--url', f'https://127.0.0.1:{port}']
        harness.wait_for('Prometheus to listen',
                         lambda: socket.socket().connect_ex(('127.0.0.1', port)) == 0, 30)
        arguments = ['rules.yml', *server, *self.range]
        self.assertIn('certificate', self.backtest(*arguments, expect=1))
        self.assertIn('answered 401 (it wants to know who asks',
                      self.backtest(*arguments, '--http.config.file', 'tls.yml', expect=1))
        server += ['--http.config.file', 'http.yml']
        self.assertEqual(found(self.report(*server)), implied)
        self.assertEqual(found(self.report(*server, '--drop-label', 'cluster=c')), implied)
        self.assertEqual(self.report(*server, '--drop-label', 'cluster=other')['samples'], 0)
        # The query API hides stale markers.
        by_query = found(self.report(*server, '--source-api', 'query'))
        del by_query['Gone'], implied['Gone']
        self.assertEqual(by_query, implied)

    def test_victoria_metrics_has_no_remote_read(self):
        if shutil.which('victoria-metrics') is None:
            self.skipTest('victoria-metrics is not installed')
        port = harness.free_port()
        self.start('victoria', ['victoria-metrics', '-storageDataPath=vm', f'-httpListenAddr=127.0.0.1:{port}'])
        url = f'http://127.0.0.1:{port}'
        harness.wait_for('VictoriaMetrics', lambda: harness.request(url + '/health')[0] == 200, 30)
        self.write('history.om', open_metrics(self.series))
        lines = ''.join(f'{name_and_labels} {value} {t}\n' for name_and_labels, value, t in plain(self.series))
        self.assertEqual(harness.request(url + '/api/v1/import/prometheus', lines.encode())[0], 204)
        harness.request(url + '/internal/force_flush')
        self.assertEqual(found(self.report('--url', url)), found(self.report('--input', 'history.om')))

    def advice_holds(self, url, down):
        """With the `for` that is advised, the short firings are gone and what is left is what was said."""
        advice = down['for_advice']
        self.assertIsNotNone(advice)
        self.write('rules.yml', RULES.replace('for: 2m', f'for: {int(advice["for_seconds"])}s'))
        again = next(a for a in self.report('--url', url)['alerts'] if a['alert'] == 'Down')
        for name in ('firings', 'flaps', 'firing_seconds'):
            self.assertEqual(again[name], advice[name], name)
        self.assertEqual(again['firings'], down['firings'] - advice['avoided'])
        self.write('rules.yml', RULES)

    def test_who_would_have_been_notified(self):
        self.write('history.om', open_metrics(self.series))
        report = self.report('--input', 'history.om', '--alertmanager.config', 'alertmanager.yml')
        for alert in report['alerts']:
            severity = {'Down': 'page', 'Hot': 'info'}.get(alert['alert'], '')
            said = subprocess.run(['amtool', 'config', 'routes', 'test', '--config.file=alertmanager.yml',
                                   f'severity={severity}', f'alertname={alert["alert"]}'],
                                  capture_output=True, text=True, cwd=self.directory)
            if alert['firings']:
                self.assertEqual(','.join(alert['receivers']), said.stdout.strip(), alert['alert'])
        self.assertEqual({m['receiver'] for m in report['notifications']}, {'team', 'pager'})
        down = next(a for a in report['alerts'] if a['alert'] == 'Down')
        starts = sorted(f['fired_at'] for one in down['instances'] for f in one['firings'])
        first = next(m for m in report['notifications'] if m['receiver'] == 'pager')
        self.assertEqual(seconds(first['time']), seconds(starts[0]) + 30)  # group_wait
        in_time = [t for t in starts if seconds(t) <= seconds(starts[0]) + 30]
        self.assertEqual((first['firing'], first['alerts']), (len(in_time), ['Down']))
        self.assertEqual(first['group_key'], '{}/{severity="page"}:{alertname="Down"}')

        table = self.backtest('rules.yml', '--input', 'history.om', *self.range, '--alertmanager.config',
                              'alertmanager.yml', '--limit', '3')
        for text in ('6 rules from', 'OVER TIME', 'WHAT IS QUIETER', 'firings by `for`', '(now)', 'MESSAGES', 'more firings (--limit 0 shows all)',
                     'NOTIFIED AT', '{}/{severity="page"}:{alertname="Down"}', '█'):
            self.assertIn(text, table)

    def test_native_histograms(self):
        self.write('outrider.yml', 'storage: {unreferenced_retention: 24h}\n')
        self.start_outrider()
        sender = wire.Sender(self.url)
        for i in range(60):
            one = wire.Histogram(count=10 * i, total=i, zero_count=0, positive_spans=((0, 1),), positive=(10 * i,),
                                 time=(self.start_time + 15 * i) * 1000)
            status, said, _ = sender.write('v1', [wire.Series({'__name__': 'h'}, histograms=[one])])
            self.assertIn(status, (200, 204), said)
        sender.close()
        self.write('rules.yml', 'groups: [{name: g, interval: 30s, rules: '
                                '[{alert: Busy, expr: "histogram_count(increase(h[2m])) > 50"}]}]')
        report = self.report('--url', self.url)
        self.assertEqual(report['samples'], 60)
        self.assertEqual(report['alerts'][0]['firings'], 1)

    def test_an_interrupt_leaves_what_was_found(self):
        prometheus = self.start_filled_prometheus()
        asked = []  # one at a time: the client waits for an answer before it asks again
        held, let_go = threading.Event(), threading.Event()

        class Proxy(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                asked.append(self.path)
                if len(asked) > 3:
                    held.set()
                    let_go.wait(60)
                    return
                request = urllib.request.Request(prometheus + self.path, body, dict(self.headers))
                with urllib.request.urlopen(request) as answer:
                    content = answer.read()
                    self.send_response(200)
                    self.send_header('Content-Type', answer.headers['Content-Type'])
                self.send_header('Content-Length', str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args):
                pass

        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Proxy)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(let_go.set)
        process = subprocess.Popen([harness.OUTRIDER, 'backtest', 'rules.yml', '--output', 'json', '--block', '1h',
                                    '--url', f'http://127.0.0.1:{server.server_port}', *self.range],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.directory)
        self.addCleanup(process.kill)
        self.assertTrue(held.wait(30), 'three answers and a fourth question')
        time.sleep(1)  # the third answer is walked through while the fourth is awaited
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn('interrupted', err)
        report = json.loads(out)
        self.assertFalse(report['complete'])
        # The first answer is what lies before the start.
        self.assertEqual(report['end'][:19], time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(self.start_time + 7199)))
        whole = found(self.report('--url', prometheus))
        for alert, instances in found(report).items():
            for labels, spans in instances.items():
                expected = [(a, b if b is not None and b <= self.start_time + 7199 else None)
                            for a, b in whole[alert][labels] if a <= self.start_time + 7199]
                self.assertEqual(spans, expected, (alert, labels))

    def test_errors_say_what_is_wrong(self):
        self.write('history.om', open_metrics(self.series))
        self.write('bad.yml', 'groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up ==\n')
        self.write('bad.om', 'up 1 5\nup x 6\n# EOF\n')
        self.write('none.om', '# EOF\n')
        for arguments, text in (
                (['bad.yml', '--input', 'history.om'], 'bad.yml:5:'),
                (['rules.yml', '--input', 'bad.om'], 'bad.om:2:4: expected a value'),
                (['rules.yml', '--input', 'none.om'], 'the files hold no samples'),
                (['rules.yml', '--input', 'nowhere'], 'cannot open nowhere'),
                (['rules.yml', '--input', 'history.om', '--start', 'soon'], '--start "soon"'),
                (['rules.yml', '--input', 'history.om', '--start', '5', '--end', '4'], '--end lies before --start'),
                (['rules.yml', '--url', 'http://127.0.0.1:1'], 'Failed to connect'),
                (['rules.yml', '--input', 'history.om', '--alertmanager.config', 'rules.yml'], 'rules.yml:1:'),
                (['rules.yml', '--input', 'history.om', '--short', '0s'], '--short "0s"')):
            self.assertIn(text, self.backtest(*arguments, expect=1), arguments)
        self.backtest(expect=2)
        sink = self.webhook_sink()
        sink.script = [(404, {}), (404, {})]
        self.assertIn('does its URL lack a path', self.backtest('rules.yml', '--url', sink.url, *self.range, expect=1))


if __name__ == '__main__':
    os.environ['TZ'] = 'UTC'
    time.tzset()
    unittest.main()
