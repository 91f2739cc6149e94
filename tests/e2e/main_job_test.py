#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job: node_exporter -> Prometheus -> remote write -> Outrider -> rule -> incident -> webhook and mail, and
derived series scraped back by Prometheus with the values an independent computation gives."""
import collections
import math
import statistics
import subprocess
import time
import unittest

import harness

RULES = '''
groups:
- name: e2e
  interval: 1s
  rules:
  - record: instance:memory_available:ratio
    expr: node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes
  - alert: SwitchOn
    expr: e2e_switch == 1
    for: 2s
    labels: {severity: critical}
    annotations:
      summary: 'switch of {{ $labels.instance }} is {{ $value }}'
'''
ANALYTICS = '''
entries:
- name: e2e_trend
  kind: trend
  expr: node_memory_MemAvailable_bytes
  windows: [5m]
- name: e2e_anomaly
  kind: anomaly
  expr: node_memory_MemAvailable_bytes
  detector: robust_z
  threshold: 4
'''


def least_squares_slope(samples):
    """Per second, over [(seconds, value)]."""
    n = len(samples)
    mean_t = sum(t for t, _ in samples) / n
    mean_v = sum(v for _, v in samples) / n
    var = sum((t - mean_t) ** 2 for t, _ in samples)
    return sum((t - mean_t) * (v - mean_v) for t, v in samples) / var


def robust_z(value, baseline, threshold=4, min_relative_deviation=0.01):
    """docs/analytics.md, Anomalies: (score, expected, lower, upper) of `value` against the samples before it."""
    expected = statistics.median(baseline)
    deviations = [abs(v - expected) for v in baseline]
    mad = statistics.median(deviations)
    spread = 1.4826 * mad if mad > 0 else 1.2533 * statistics.fmean(deviations)
    edge = threshold * max(spread, 1e-9, min_relative_deviation * abs(expected))
    return abs(value - expected) / edge, expected, expected - edge, expected + edge


def busy_cores(series):
    """Cores in use between neighbouring scrapes: the increases of all modes but idle, over the time between them."""
    totals = collections.defaultdict(float)
    for one in series:
        for at, value in one['values']:
            totals[float(at)] += float(value)
    scrapes = sorted(totals)
    return [(totals[b] - totals[a]) / (b - a) for a, b in zip(scrapes, scrapes[1:])]


def nearest_rank(values, share):
    return sorted(values)[math.ceil(share * len(values)) - 1]


class MainJob(harness.EndToEnd):
    def configure(self):
        self.sink = self.webhook_sink()
        self.mail = self.smtp_sink()
        self.write('rules.yml', RULES)
        self.write('analytics.yml', ANALYTICS)
        self.write('alertmanager.yml', f'''
global: {{smtp_smarthost: '{self.mail.address}', smtp_from: outrider@example.com, smtp_require_tls: false}}
route: {{receiver: both, group_by: [alertname], group_wait: 1s, group_interval: 2s, repeat_interval: 1h}}
receivers:
- name: both
  webhook_configs: [{{url: '{self.sink.url}/hook'}}]
  email_configs: [{{to: you@example.com}}]
''')
        self.write('outrider.yml', '''
global: {evaluation_interval: 1s, external_labels: {cluster: e2e}}
rule_files: [rules.yml]
analytics_files: [analytics.yml]
alerting: {config_file: alertmanager.yml}
analytics: {interval: 1s}
cost: {provider: aws, region: us-east-1, minimum_coverage: 5s, recommendations: {policy: percentile, hysteresis: 0}}
''')
        # The switch is a file that node_exporter would need a textfile collector for; a tiny scrape target is simpler.
        self.switch = 0
        test = self

        class Target(harness.http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = f'e2e_switch {test.switch}\n'.encode()
                self.send_response(200)
                self.send_header('Content-Type', 'text/plain')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        server = harness.http.server.ThreadingHTTPServer(('127.0.0.1', 0), Target)
        harness.threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.target = f'127.0.0.1:{server.server_port}'

    def prometheus_config(self, node):
        return f'''
global: {{scrape_interval: 1s, external_labels: {{cluster: e2e}}}}
scrape_configs:
- job_name: node
  static_configs: [{{targets: ['{node}']}}]
- job_name: switch
  static_configs: [{{targets: ['{self.target}']}}]
- job_name: outrider
  honor_labels: true
  static_configs: [{{targets: ['127.0.0.1:{self.port}']}}]
remote_write:
- url: {self.url}/api/v1/write
  queue_config: {{batch_send_deadline: 1s, min_backoff: 100ms, max_backoff: 1s}}
'''

    def test_main_job(self):
        self.configure()
        self.start_outrider()
        node = self.start_node_exporter()
        prometheus = self.start_prometheus(self.prometheus_config(node))
        self.samples_arrive(node)
        self.alert_becomes_messages_and_incident()
        self.derived_series_come_back(prometheus, node)
        self.metrics_are_well_formed()

    def samples_arrive(self, node):
        harness.wait_for('node_exporter series', lambda: self.query(self.url, f'up{{instance="{node}"}} == 1'), 30)
        ratio = harness.wait_for('the recorded series',
                                 lambda: self.query(self.url, 'instance:memory_available:ratio'), 30)
        self.assertEqual(len(ratio), 1)
        self.assertTrue(0 < float(ratio[0]['value'][1]) < 1)

    def alert_becomes_messages_and_incident(self):
        self.switch = 1
        harness.wait_for('the firing webhook', lambda: self.sink.messages('firing'), 30)
        incidents = harness.wait_for('the incident',
                                     lambda: harness.get_json(self.url + '/outrider/v1/incidents')['incidents'])
        self.assertEqual(len(incidents), 1)
        self.assertEqual(incidents[0]['severity'], 'critical')
        self.assertIn('SwitchOn', self.cli('incident', 'list'))
        self.cli('incident', 'ack', incidents[0]['id'], '--by', 'anna')
        self.assertIn('acknowledged', self.cli('incident', 'show', incidents[0]['id']))
        time.sleep(4)  # two more group intervals: nothing new to say
        self.switch = 0
        harness.wait_for('the resolved webhook', lambda: self.sink.messages('resolved'), 30)
        time.sleep(3)
        firing, resolved = self.sink.messages('firing'), self.sink.messages('resolved')
        self.assertEqual((len(firing), len(resolved)), (1, 1))
        self.assertEqual(firing[0]['version'], '4')
        self.assertEqual(firing[0]['alerts'][0]['annotations']['summary'], f'switch of {self.target} is 1')
        self.assertEqual(firing[0]['alerts'][0]['fingerprint'], resolved[0]['alerts'][0]['fingerprint'])
        keys = [h['Idempotency-Key'] for _, h, _, _ in self.sink.requests]
        self.assertEqual(len(set(keys)), 2)
        self.assertEqual(len(self.mail.mails), 1, 'send_resolved is off for mail')
        self.assertIn('Subject: [FIRING:1] SwitchOn', self.mail.mails[0][2])
        incident = harness.wait_for('the incident to be resolved', lambda: next(
            i for i in harness.get_json(self.url + '/outrider/v1/incidents?state=resolved')['incidents']))
        self.assertEqual(incident['state'], 'resolved')

    def derived_series_come_back(self, prometheus, node):
        wanted = {
            'slope': f'outrider_trend_slope{{entry="e2e_trend",window="5m",instance="{node}"}}',
            'score': f'outrider_anomaly_score{{entry="e2e_anomaly",instance="{node}"}}',
            'cpu': f'outrider_recommendation_cpu_cores{{bound="target",workload="{node}"}}',
            'cost': f'outrider_cost_dollars_per_hour{{workload="{node}",resource="cpu",basis="allocated"}}',
        }
        for name, expr in wanted.items():
            found = harness.wait_for(f'{name} in Prometheus', lambda e=expr: self.query(prometheus, e), 60)
            self.assertEqual(len(found), 1, found)
        self.outrider_has_caught_up(prometheus, node)
        self.soon(self.slope_is_the_least_squares_slope, prometheus, wanted['slope'], node)
        self.soon(self.score_is_the_robust_z_score, prometheus, node)
        self.recommendation_is_the_percentile_with_margin(prometheus, wanted['cpu'], node)
        self.cost_is_cores_times_price(wanted['cost'], node)
        time.sleep(3)  # Prometheus has sent the scraped series back by now: still one of each
        for expr in wanted.values():
            self.assertEqual(len(self.query(self.url, expr)), 1, expr)
            self.assertEqual(len(self.query(prometheus, expr)), 1, expr)

    def outrider_has_caught_up(self, prometheus, node):
        """A busy Prometheus sends late."""
        newest = f'timestamp(node_memory_MemAvailable_bytes{{instance="{node}"}})'

        def behind():
            scraped, arrived = (float(self.query(url, newest)[0]['value'][1]) for url in (prometheus, self.url))
            return scraped - arrived
        harness.wait_for('the newest samples', lambda: behind() < 4, 60)

    def soon(self, check, *args):
        """What is derived of samples that came late is derived late: the check holds at some moment of the next 30 s."""
        deadline = time.monotonic() + 30
        while True:
            try:
                return check(*args)
            except AssertionError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(0.5)

    def slope_is_the_least_squares_slope(self, prometheus, expr, node):
        found = self.query(self.url, expr)[0]
        at, slope = float(found['value'][0]), float(found['value'][1])
        raw = self.query(prometheus, f'node_memory_MemAvailable_bytes{{instance="{node}"}}[5m]', at)[0]['values']
        raw = [(float(t), float(v)) for t, v in raw]
        # Which of the newest samples had arrived when the slope was computed is not known from outside.
        candidates = [least_squares_slope(raw[:n]) for n in range(max(2, len(raw) - 12), len(raw) + 1)]
        best = min(candidates, key=lambda c: abs(c - slope))
        self.assertLess(abs(best - slope), 1e-5 * max(1.0, abs(best)), f'{slope} is none of {candidates}')

    def score_is_the_robust_z_score(self, prometheus, node):
        names = ('score', 'expected', 'lower', 'upper')
        # One evaluation writes them all; asked at one time they belong together.
        found = self.query(self.url, f'{{__name__=~"outrider_anomaly_.+",entry="e2e_anomaly",instance="{node}"}}')
        at = float(found[0]['value'][0])
        got = {row['metric']['__name__'].removeprefix('outrider_anomaly_'): float(row['value'][1]) for row in found}
        self.assertEqual(set(got), {*names, 'onset_score'})
        raw = self.query(prometheus, f'node_memory_MemAvailable_bytes{{instance="{node}"}}[1h]', at)[0]['values']
        raw = [float(v) for _, v in raw]
        self.assertTrue(12 < len(raw) <= 128, f'{len(raw)} samples: the whole baseline is known only up to 128')
        candidates = [robust_z(raw[n - 1], raw[:n - 1]) for n in range(max(11, len(raw) - 12), len(raw) + 1)]
        self.assertTrue(any(all(math.isclose(got[k], v, rel_tol=1e-9, abs_tol=1e-12) for k, v in zip(names, c))
                            for c in candidates), f'{got} is none of {candidates}')

    def recommendation_is_the_percentile_with_margin(self, prometheus, expr, node):
        found = self.query(self.url, expr)[0]
        at, cores = float(found['value'][0]), float(found['value'][1])
        raw = self.query(prometheus, f'node_cpu_seconds_total{{instance="{node}",mode!="idle"}}[1h]', at)
        points = busy_cores(raw)
        # It may be a minute old.
        candidates = [1.1 * nearest_rank(points[:n], 0.95) for n in range(10, len(points) + 1)]
        # A percentile lies somewhere in its bucket (5 % and ten millicores wide), or in the next where a rank falls
        # between two; then rounded up to a millicore, and at least ten of them.
        self.assertTrue(any(abs(max(0.01, c) - cores) <= 0.1 * c + 0.024 for c in candidates),
                        f'{cores} is none of {candidates}')

    def cost_is_cores_times_price(self, expr, node):
        cores = float(self.query(self.url, f'count(node_cpu_seconds_total{{instance="{node}",mode="idle"}})')[0]['value'][1])
        cost = float(self.query(self.url, expr)[0]['value'][1])
        self.assertAlmostEqual(cost, cores * 0.0416, places=9)

    def metrics_are_well_formed(self):
        status, body, _ = harness.request(self.url + '/metrics')
        self.assertEqual(status, 200)
        done = subprocess.run(['promtool', 'check', 'metrics'], input=harness.lintable(body), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for name in ('outrider_remote_write_samples_total', 'outrider_series', 'outrider_notifications_total',
                     'outrider_incidents', 'prometheus_rule_evaluations_total', 'process_cpu_seconds_total'):
            self.assertIn('\n' + name, body)


if __name__ == '__main__':
    unittest.main()
