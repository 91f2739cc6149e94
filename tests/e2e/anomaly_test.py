#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From a load that changes to the person: an application under load -> Prometheus -> remote write -> anomaly score ->
rule -> incident and webhook -> the explanation, with what moved with it and the picture; and the end of it all."""
import datetime
import http.server
import random
import threading
import time
import unittest
import urllib.request
import xml.dom.minidom

import harness

CALM, BUSY = 25, 150  # requests a second

RULES = '''
groups:
- name: anomalies
  interval: 1s
  rules:
  - alert: UnusualTraffic
    expr: outrider_anomaly_score{entry="traffic"} >= 1
    for: 2s
    labels: {severity: high}
    annotations:
      summary: 'traffic of {{ $labels.instance }} scores {{ $value | printf "%.1f" }}'
'''
ANALYTICS = '''
entries:
- name: traffic
  kind: anomaly
  expr: sum by (job, instance) (rate(app_requests_total[5s]))
  interval: 1s
  direction: above
  warm_up: 30s
  min_relative_deviation: 0.5
'''


class App:
    """Counts its requests and how long it worked; some of its metrics know nothing of the load."""

    def __init__(self):
        self.requests, self.busy, self.started = 0, 0.0, time.monotonic()
        self.lock = threading.Lock()
        app = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                body = app.metrics() if self.path == '/metrics' else app.work()
                self.send_response(200)
                self.send_header('Content-Type', 'text/plain')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.address = f'127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def work(self):
        with self.lock:
            self.requests += 1
            self.busy += 0.002
        return b'ok'

    def metrics(self):
        with self.lock:
            return (f'app_requests_total {self.requests}\napp_busy_seconds_total {self.busy}\n'
                    f'app_temperature {20 + random.random()}\n'
                    f'app_uptime_seconds {time.monotonic() - self.started}\n').encode()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Load:
    """Asks the application `rate` times a second, give or take a tenth."""

    def __init__(self, url):
        self.url, self.rate, self.running = url, CALM, True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.running:
            begin = time.monotonic()
            for _ in range(int(self.rate / 10 * random.uniform(0.8, 1.2))):
                urllib.request.urlopen(self.url, timeout=5).read()
            time.sleep(max(0, begin + 0.1 - time.monotonic()))

    def stop(self):
        self.running = False
        self.thread.join()


class Anomaly(harness.EndToEnd):
    def configure(self):
        self.sink = self.webhook_sink()
        self.write('rules.yml', RULES)
        self.write('analytics.yml', ANALYTICS)
        self.write('alertmanager.yml', f'''
route: {{receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}}
receivers:
- name: hook
  webhook_configs: [{{url: '{self.sink.url}/hook'}}]
''')
        self.write('outrider.yml', '''
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
analytics_files: [analytics.yml]
alerting: {config_file: alertmanager.yml}
analytics: {interval: 1s}
''')

    def test_a_load_that_changes(self):
        self.configure()
        app = App()
        self.addCleanup(app.stop)
        self.start_outrider()
        self.start_prometheus(f'''
global: {{scrape_interval: 1s}}
scrape_configs:
- job_name: app
  static_configs: [{{targets: ['{app.address}']}}]
remote_write:
- url: {self.url}/api/v1/write
  queue_config: {{batch_send_deadline: 1s, min_backoff: 100ms, max_backoff: 1s}}
''')
        load = Load(f'http://{app.address}/')
        self.addCleanup(load.stop)
        self.calm_is_not_an_anomaly()
        load.rate = BUSY
        changed = time.time()
        self.somebody_is_told(app)
        self.it_is_explained(app, changed)
        load.rate = CALM
        self.it_ends()

    def score(self):
        found = self.query(self.url, 'outrider_anomaly_score{entry="traffic"}')
        return float(found[0]['value'][1]) if found else None

    def calm_is_not_an_anomaly(self):
        harness.wait_for('the first score', lambda: self.score() is not None, 120)
        time.sleep(45)
        self.assertLess(self.score(), 1)
        # What the load really is: a busy machine slows it.
        usual = self.query(self.url, 'rate(app_requests_total[30s])')
        self.calm = float(usual[0]['value'][1])
        self.assertEqual(self.sink.messages('firing'), [])
        self.assertIn('Nothing scores', self.cli('anomaly', 'list'))

    def somebody_is_told(self, app):
        harness.wait_for('a score above 1', lambda: self.score() > 1, 30)
        firing = harness.wait_for('the webhook', lambda: self.sink.messages('firing'), 30)
        self.assertEqual(firing[0]['alerts'][0]['labels']['alertname'], 'UnusualTraffic')
        self.assertTrue(firing[0]['alerts'][0]['annotations']['summary'].startswith(f'traffic of {app.address} scores '))
        incident = harness.wait_for(
            'the incident', lambda: harness.get_json(self.url + '/outrider/v1/incidents?state=open')['incidents'])[0]
        self.assertEqual((incident['severity'], incident['state']), ('high', 'new'))

    def it_is_explained(self, app, changed):
        listed = harness.get_json(self.url + '/outrider/v1/anomalies')['anomalies']
        self.assertEqual([a['entry'] for a in listed], ['traffic'])
        self.assertEqual(listed[0]['labels']['instance'], app.address)
        time.sleep(15)  # so that there is something to compare
        found = harness.get_json(self.url + f'/outrider/v1/anomalies/{listed[0]["id"]}?span=3m')
        self.assertTrue(found['anomalous'])
        since = datetime.datetime.fromisoformat(found['since'].replace('Z', '+00:00')).timestamp()
        self.assertTrue(changed - 2 < since < changed + 15, (changed, since))
        self.assertTrue(self.calm * 0.6 < found['expected'] < self.calm * 1.4, (self.calm, found['expected']))
        self.assertGreater(found['value'], found['upper'])
        self.assertTrue(found['reasons'])
        related = {r['labels']['__name__']: r for r in found['related']}
        self.assertIn('app_busy_seconds_total', related)
        self.assertEqual(related['app_busy_seconds_total']['as'], 'rate')
        self.assertGreater(related['app_busy_seconds_total']['correlation'], 0.6)
        self.assertNotIn('app_temperature', related)
        text = self.cli('anomaly', 'explain', listed[0]['id'], '--span', '3m', '--svg', str(self.directory / 'a.svg'))
        self.assertIn('app_busy_seconds_total', text)
        self.assertIn(found['reasons'][0][:20], text)
        picture = xml.dom.minidom.parse(str(self.directory / 'a.svg'))
        classes = [p.getAttribute('class') for p in picture.getElementsByTagName('path')]
        self.assertIn('v', classes, 'the series')
        self.assertIn('b', classes, 'the band')
        self.assertTrue(picture.getElementsByTagName('rect'), 'the marked time')

    def it_ends(self):
        harness.wait_for('the end of the alert', lambda: self.sink.messages('resolved'), 90)
        harness.wait_for('the end of the incident',
                         lambda: harness.get_json(self.url + '/outrider/v1/incidents?state=resolved')['incidents'])


if __name__ == '__main__':
    unittest.main()
