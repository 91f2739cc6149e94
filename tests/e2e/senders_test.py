#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Senders of others: `promtool push metrics`, and Prometheus with fifty shards, in 1.0 and, where it is new enough, in
2.0. Nothing is retried, nothing fails, and what Prometheus has is here too, sample by sample."""
import http.server
import subprocess
import threading
import time
import unittest
import urllib.parse

import harness

FAMILIES = '''# HELP pushed_total Things pushed.
# TYPE pushed_total counter
pushed_total{kind="a"} 7
pushed_total{kind="b \\"quoted\\""} 1e+09
# HELP pushed_level A level.
# TYPE pushed_level gauge
pushed_level -Inf
# HELP pushed_seconds A histogram.
# TYPE pushed_seconds histogram
pushed_seconds_bucket{le="0.1"} 3
pushed_seconds_bucket{le="+Inf"} 5
pushed_seconds_sum 1.25
pushed_seconds_count 5
# HELP pushed_size A summary.
# TYPE pushed_size summary
pushed_size{quantile="0.5"} 10
pushed_size_sum 100
pushed_size_count 9
'''


def help_of(*arguments):
    done = subprocess.run([*arguments, '--help'], capture_output=True, text=True)
    return done.stdout + done.stderr


class Exemplars:
    """A target in OpenMetrics whose counter has a new exemplar at every scrape."""

    def __init__(self):
        target, self.scrapes = self, 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                target.scrapes += 1
                n = target.scrapes
                body = (f'# TYPE orders counter\n# HELP orders Orders.\norders_total{{shop="a"}} {n} '
                        f'# {{trace_id="trace_{n}"}} 1.0 {time.time():.3f}\n# EOF\n').encode()
                self.send_response(200)
                self.send_header('Content-Type', 'application/openmetrics-text; version=1.0.0; charset=utf-8')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.address = f'127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Senders(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.write('outrider.yml', '')

    # --- promtool

    def push(self, *flags):
        done = subprocess.run(['promtool', 'push', 'metrics', '--label=job=pushed', *flags, self.url],
                              input=FAMILIES, capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout + done.stderr

    def test_promtool_push(self):
        if 'push metrics' not in help_of('promtool'):
            self.skipTest('this promtool is too old to know `promtool push metrics`')
        self.start_outrider()
        for _ in range(3):
            code, said = self.push()
            self.assertEqual(code, 0, said)
            self.assertIn('SUCCESS', said)
        expected = dict(line.rsplit(' ', 1) for line in FAMILIES.splitlines() if not line.startswith('#'))
        self.assertEqual(len(self.query(self.url, '{job="pushed"}')), len(expected))
        for series, value in expected.items():
            found = self.query(self.url, series)
            self.assertEqual([float(r['value'][1]) for r in found], [float(value)], series)

    # --- Prometheus

    def metrics(self, url):
        """The samples of Prometheus' own remote storage: {name: sum over its queues}."""
        found = {}
        for line in harness.request(url + '/metrics')[1].splitlines():
            if line.startswith('prometheus_remote_storage_'):
                name, value = line.partition('{')[0].partition(' ')[0], float(line.rsplit(' ', 1)[1])
                found[name.removeprefix('prometheus_remote_storage_')] = found.get(name, 0) + value
        return found

    def start_sender(self, scrape, remote_write, *flags):
        node, orders = self.start_node_exporter(), Exemplars()
        self.addCleanup(orders.close)
        port = harness.free_port()
        self.write('prometheus.yml', f'''
global: {{scrape_interval: 500ms{scrape}}}
remote_write:
- url: {self.url}/api/v1/write
  queue_config: {{min_shards: 50, max_shards: 50, max_samples_per_send: 2000, batch_send_deadline: 1s}}
  send_exemplars: true
{remote_write}
scrape_configs:
- job_name: node
  static_configs: [{{targets: ['{node}']}}]
- job_name: itself
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
- job_name: orders
  static_configs: [{{targets: ['{orders.address}']}}]
''')
        self.start('prometheus', ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
                                  f'--web.listen-address=127.0.0.1:{port}', *flags])
        url = f'http://127.0.0.1:{port}'
        harness.wait_for('Prometheus to be ready', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
        return url

    def read(self, url, end):
        """All samples of the ten seconds before `end`; the bounds are left out, as versions differ there."""
        mine = '{job=~"node|itself|orders",__name__!~"outrider_.*"}[10s]'  # without what Outrider derives from it
        query = urllib.parse.urlencode({'query': mine, 'time': f'{end:.3f}'})
        found = harness.get_json(f'{url}/api/v1/query?{query}')['data']['result']
        series = {}
        for row in found:
            samples = [(t, str(float(v))) for t, v in row.get('values', ()) if end - 9.99 < t < end - 0.01]
            # Native histograms are left out: our PromQL does not give them yet.
            if samples:
                series[tuple(sorted(row['metric'].items()))] = samples
        return series

    def exemplars(self, url):
        query = urllib.parse.urlencode({'query': 'orders_total', 'start': time.time() - 300, 'end': time.time() + 60})
        found = harness.get_json(f'{url}/api/v1/query_exemplars?{query}')['data']
        return {e['labels']['trace_id'] for r in found for e in r['exemplars']}

    def watch(self, url, seconds):
        """Lets it send for a while, then holds what was said and what is kept against Prometheus."""
        harness.wait_for('samples to be sent', lambda: self.metrics(url).get('samples_total', 0) > 0, 30)
        before = self.metrics(url)
        time.sleep(seconds)
        now = self.metrics(url)
        for name, value in now.items():
            if name.endswith(('_failed_total', '_retried_total')):
                self.assertEqual(value, 0, name)
        self.assertEqual(now['shards'], 50)
        self.assertGreater(now['samples_total'] - before['samples_total'], 1000 * seconds)
        sent = 'queue_highest_sent_timestamp_seconds'
        self.assertGreater(now[sent], before[sent])
        self.assertLess(time.time() - now[sent], 10)
        end = time.time()
        harness.wait_for('all of it to be sent', lambda: self.metrics(url)[sent] > end + 3, 30)  # a shard waits for 1s
        here, there = self.read(self.url, end), self.read(url, end)
        self.assertGreater(len(there), 500)
        self.assertEqual(sorted(here.keys() ^ there.keys())[:3], [])
        different = [(dict(labels), here[labels], there[labels]) for labels in there if here[labels] != there[labels]]
        self.assertEqual(different[:3], [])
        known = self.exemplars(url)
        harness.wait_for('the exemplars', lambda: known and known <= self.exemplars(self.url), 10)
        self.assertNotIn('remote write', self.processes[0].text().lower())

    def test_prometheus(self):
        self.start_outrider()
        url = self.start_sender('', '', '--enable-feature=exemplar-storage')
        self.watch(url, 12)

    def test_prometheus_with_2_0(self):
        version = subprocess.run(['prometheus', '--version'], capture_output=True, text=True)
        if ' version 2.' in version.stdout + version.stderr:
            self.skipTest('this Prometheus is of 2.x, whose remote write is 1.0')
        self.start_outrider()
        url = self.start_sender(', scrape_native_histograms: true', '''
  protobuf_message: io.prometheus.write.v2.Request
  send_native_histograms: true
''', '--enable-feature=exemplar-storage')
        self.watch(url, 12)
        self.assertGreater(self.metrics(url)['histograms_total'], 0)


if __name__ == '__main__':
    unittest.main()
