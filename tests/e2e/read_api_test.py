#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Readers of others: a Prometheus that has no samples of its own answers queries by remote read from Outrider; `promtool
query` prints of Outrider what it prints of a Prometheus that was sent the same. Debian's, and $PROMETHEUS and $PROMTOOL
where they are given (3.14 in the records)."""
import os
import shutil
import subprocess
import unittest
import urllib.parse

import harness
import http_api_world as world
import wire

END = (world.START + (world.POINTS - 1) * world.STEP) // 1000
READ = '''remote_read:
- {url: %s/api/v1/read, read_recent: true%s}
'''
# Of what Prometheus gets by remote read; its answers must be those of Outrider.
QUERIES = ('{job=~"api|web"}[30m]', 'special', 'texts', 'gone[1h]', '{"my.metric"}', 'sum by(job)(http_requests_total)',
           'up{instance!="a:80"}', 'memory_bytes > 1000300', 'count({__name__=~"gauge_.+"})', 'nothing', 'http_requests_total offset 10m',
           'latency_seconds_bucket{le!~"1|.Inf"}')


def histograms():
    """Integer ones, a new layout, a reset; float ones."""
    t = [world.START + i * world.STEP for i in range(200)]
    plain = [wire.Histogram(count=6 * i + 4, total=1.5 * i, zero_threshold=0.001, zero_count=i,
                            positive_spans=((0, 2),), positive=(2 * i + 2, i), negative_spans=((1, 1),), negative=(0,),
                            time=t[i])
             for i in range(150)]
    spans = ((-2, 3), (1, 1))
    wide = wire.Histogram(count=100, total=7, zero_count=0, positive_spans=spans, positive=(10, 20, 10, -20), time=t[150])
    reset = wire.Histogram(count=4, total=7, zero_count=0, positive_spans=spans, positive=(1, 0, 0, 0), time=t[151])
    floats = [wire.Histogram(count=2.5 * i, total=i, zero_count=0.5 * i, positive_spans=((3, 1),), positive=(2.0 * i,),
                             floats=True, time=t[i]) for i in range(130)]
    return [wire.Series({'__name__': 'h', 'kind': 'integer'}, histograms=[*plain, wide, reset]),
            wire.Series({'__name__': 'h', 'kind': 'float'}, histograms=floats)]


class Readers(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.write('outrider.yml', 'storage: {retention: 20y, unreferenced_retention: 20y}\n')
        self.start_outrider()
        world.send(self.url)

    # --- remote read

    def start_reader(self, binary, options=''):
        port = harness.free_port()
        self.write('reader.yml', READ % (self.url, options))
        self.start(f'reader{port}', [binary, '--config.file=reader.yml', f'--storage.tsdb.path=reader{port}',
                                     f'--web.listen-address=127.0.0.1:{port}'])
        url = f'http://127.0.0.1:{port}'
        harness.wait_for('Prometheus to be ready', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
        return url

    def ask(self, url, query):
        when = urllib.parse.urlencode({'query': query, 'time': END})
        status, body, _ = harness.request(f'{url}/api/v1/query?{when}')
        self.assertEqual(status, 200, f'{query}: {body}')
        rows = harness.json.loads(body)['data']['result']
        return sorted(rows, key=lambda row: sorted(row['metric'].items()))

    def read_through(self, binary, options=''):
        reader = self.start_reader(binary, options)
        for query in QUERIES:
            # 2.x takes no names in braces, and looks back to the left bound too, where no sample stands here.
            if query.startswith('{"') and binary == 'prometheus':
                continue
            theirs, ours = self.ask(reader, query), self.ask(self.url, query)
            if binary == 'prometheus' and query.endswith(('[30m]', '[1h]')):
                self.assertTrue(ours and theirs, query)
            self.assertEqual(theirs, ours, query)
        return reader

    def test_prometheus_reads(self):
        if not shutil.which('prometheus'):
            self.skipTest('no prometheus is installed')
        self.read_through('prometheus')

    def test_new_prometheus_reads_histograms_too(self):
        binary = os.environ.get('PROMETHEUS')
        if not binary:
            self.skipTest('$PROMETHEUS is not given')
        sender = wire.Sender(self.url)
        for one in histograms():
            status, said, _ = sender.write('v2', [one])
            self.assertEqual(status, 204, said)
        sender.close()
        reader = self.read_through(binary)
        at = {'count(count_over_time(h[2h]))': '2', 'histogram_count(h{kind="float"})': '197.5',
              'sum(count_over_time(h[2h]))': str(80 + 80)}
        for query, value in at.items():
            self.assertEqual([row['value'][1] for row in self.ask(reader, query)], [value], query)
        late = urllib.parse.urlencode({'query': 'resets(h{kind="integer"}[3h])', 'time': END + 3000})
        rows = harness.get_json(f'{reader}/api/v1/query?{late}')['data']['result']
        self.assertEqual([row['value'][1] for row in rows], ['2'])
        late = urllib.parse.urlencode({'query': 'h{kind="integer"}', 'time': (world.START + 150 * world.STEP) // 1000})
        row, = harness.get_json(f'{reader}/api/v1/query?{late}')['data']['result']
        self.assertEqual((row['histogram'][1]['count'], row['histogram'][1]['sum']), ('100', '7'))
        self.assertEqual(sorted(bucket[3] for bucket in row['histogram'][1]['buckets']), ['10', '20', '30', '40'])

    # --- promtool

    def promtool(self, tool, url, *arguments):
        command, *rest = arguments
        done = subprocess.run([tool, 'query', command, url, *rest], capture_output=True, text=True, timeout=30)
        # 2.42 does not name the parameter in query_range.
        said = done.stderr.replace(url, 'URL').replace('invalid parameter "query": ', '')
        return done.returncode, sorted(done.stdout.splitlines()), said

    def test_promtool_query(self):
        tools = [tool for tool in ('promtool', os.environ.get('PROMTOOL')) if tool and shutil.which(tool)]
        if not tools or not shutil.which('prometheus'):
            self.skipTest('promtool and prometheus are not installed')
        self.write('prometheus.yml', '')
        port = harness.free_port()
        theirs = f'http://127.0.0.1:{port}'
        self.start('prometheus', ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
                                  f'--web.listen-address=127.0.0.1:{port}', '--web.enable-remote-write-receiver'])
        harness.wait_for('Prometheus to be ready', lambda: harness.request(theirs + '/-/ready')[0] == 200, 30)
        world.send(theirs)
        start, end = f'--start={world.START // 1000}', f'--end={END}'
        commands = (
            ('instant', 'up', f'--time={END}'),
            ('instant', 'sum by(job)(http_requests_total)', f'--time={END}'),
            ('instant', '1 + 1', f'--time={END}'),
            ('instant', 'up{', f'--time={END}'),
            ('range', 'memory_bytes', start, end, '--step=1m'),
            ('range', 'sum(up)', start, end, '--step=5m'),
            ('range', 'up{', start, end, '--step=5m'),
            ('series', '--match=up{job="api"}', '--match=memory_bytes', start, end),
            ('series', '--match=up{', start, end),
            ('labels', 'job', start, end),
            ('labels', 'instance', '--match=up', start, end),
            ('labels', 'nothing', start, end),
        )
        for tool in tools:
            for command in commands:
                ours = self.promtool(tool, self.url, *command)
                self.assertEqual(ours, self.promtool(tool, theirs, *command), (tool, command))
                self.assertEqual(ours[0] != 0, any(part.endswith('{') for part in command), ours)


if __name__ == '__main__':
    unittest.main()
