#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Analytics over kill -9 and over a clean stop: two daemons get the same samples, one is killed and stopped in between,
and afterwards both say the same of every series, to the last digit. Back-tests run the same entries over the history
of the running daemon."""
import json
import math
import re
import time
import unittest

import harness

SERIES = 6
ANALYTICS = '''
builtin_entries: {workload_cpu: false, workload_memory: false, host_cpu: false, host_memory: false, host_disk: false}
entries:
- {name: load, kind: anomaly, expr: node_load1}
- {name: robust, kind: anomaly, expr: node_load1, detector: robust_z, threshold: 8}
- {name: peers, kind: anomaly, expr: node_load1, detector: peers}
- {name: sum, kind: anomaly, expr: sum(node_load1), interval: 2s, detector: robust_z}
'''
CONFIG = '''
analytics: {interval: 1s}
analytics_files: [analytics.yml]
'''
LINE = re.compile(r'^(outrider_anomaly_\w+)\{(.*)\} (\S+)$', re.M)


def value(series, second):
    spike = 40 if second % 1800 < 15 and series == 2 else 0
    return 10 + series + 0.5 * math.sin(second / 900) + (second * 7919 * (series + 1) % 1000) / 1000 + spike


def metric(url, name):
    _, body, _ = harness.request(url + '/metrics')
    found = re.search(rf'^{name}(?:\{{.*\}})? (\S+)$', body, re.M)
    return float(found.group(1)) if found else None


def derived(url, entries):
    """{(name, labels): text of the value}"""
    _, body, _ = harness.request(url + '/metrics')
    return {(name, labels): number for name, labels, number in LINE.findall(body)
            if any(f'entry="{entry}"' in labels for entry in entries)}


class AnalyticsRestart(harness.EndToEnd):
    def start_second(self):
        process = self.start('second', [harness.OUTRIDER, 'run', '--config.file=outrider.yml', '--storage.path=data2',
                                        f'--web.listen-address=127.0.0.1:{self.second_port}'])
        harness.wait_for('the second daemon', lambda: harness.request(self.second + '/-/ready')[0] == 200, 30, 0.02)
        return process

    def send(self, seconds, to):
        for url in to:
            status, body, _ = harness.remote_write(url, [
                ({'__name__': 'node_load1', 'instance': f'n{i}', 'job': 'node'}, [(s, value(i, s)) for s in seconds])
                for i in range(SERIES)])
            self.assertIn(status, (200, 204), body)

    def both_say_the_same(self):
        """Waits until both have used everything that was sent. Onset scores are the highest since the report before,
        and reports are not made at the same moments; nor are peers judged, which learn from what they are judged by,
        and lose what they learnt since the checkpoint: of them only what is expected is compared."""
        def comparable(key):
            return 'onset' not in key[0] and ('peers' not in str(key) or key[0].endswith('expected'))

        def without_onsets(everything):
            return {key: number for key, number in everything.items() if comparable(key)}

        def same():
            first = derived(self.url, ('load', 'robust', 'peers'))
            second = derived(self.second, ('load', 'robust', 'peers'))
            return first if first.keys() == second.keys() and first and \
                without_onsets(first) == without_onsets(second) else None
        return harness.wait_for('the same on both', same, 15)

    def test_nobody_can_tell_who_was_restarted(self):
        self.write('analytics.yml', ANALYTICS)
        self.write('outrider.yml', CONFIG)
        self.second_port = harness.free_port()
        self.second = f'http://127.0.0.1:{self.second_port}'
        self.start_outrider()
        second = self.start_second()
        start = int(time.time()) - 3 * 3600
        at = start
        while at < time.time() - 60:
            self.send(range(at, at + 600, 15) if at + 600 < time.time() else range(at, int(time.time()), 15),
                      (self.url, self.second))
            at += 600
        both = (self.url, self.second)
        first = self.both_say_the_same()
        # five outputs each
        self.assertEqual(len(first), SERIES * 3 * 5, sorted(first))
        # Three entries over the series; some more for the expression, whose state changes all the time.
        harness.wait_for('a checkpoint of everything', lambda: metric(
            self.second, 'outrider_analytics_checkpoint_rows_total') >= 3 * SERIES + 4, 60)
        self.assertIsNotNone(metric(self.second, 'outrider_analytics_checkpoint_complete_timestamp_seconds'))

        # Behind the checkpoint, and killed before anything else is saved of most series.
        now = int(time.time())
        self.send([now], both)
        second.kill9()
        second = self.start_second()
        harness.wait_for('states to be restored', lambda: metric(
            self.second, 'outrider_analytics_restored_states_total') >= 2 * SERIES, 20)
        for _ in range(5):
            time.sleep(1.05)
            now = int(time.time())
            self.send([now], both)
        self.both_say_the_same()
        self.assertEqual(metric(self.second, 'outrider_analytics_lost_states_total'), 0)

        # Samples that come while it is away are sent to it afterwards, as Prometheus does.
        second.stop()
        missed = []
        for _ in range(4):
            time.sleep(1.05)
            missed.append(int(time.time()))
            self.send(missed[-1:], (self.url,))
        second = self.start_second()
        self.send(missed, (self.second,))
        time.sleep(1.05)
        self.send([int(time.time())], both)
        last = self.both_say_the_same()
        self.assertEqual(len(last), SERIES * 3 * 5)

        # The expression goes on: its instants are not the same on both, its level is.
        def expected(url):
            return float([n for (name, _), n in derived(url, ('sum',)).items() if name.endswith('_expected')][0])
        harness.wait_for('the expression', lambda: abs(expected(self.url) - expected(self.second)) < 15, 15)
        self.assertEqual(self.query(self.second, 'count(outrider_anomaly_score{entry="load"})')[0]['value'][1],
                         str(SERIES))

        self.back_test(start)

    def back_test(self, start):
        report = json.loads(self.cli('backtest', '--analytics', 'analytics.yml', '--start', str(start), '--quiet',
                                     '--output', 'json'))
        entries = {entry['name']: entry for entry in report['entries']}
        self.assertEqual(set(entries), {'load', 'robust', 'peers', 'sum'})
        self.assertTrue(report['complete'])
        self.assertGreater(report['samples'], SERIES * 600)
        found = entries['robust']['anomalies']
        self.assertEqual(found['series'], SERIES)
        spikes = {series['labels']['instance']: series['episodes'] for series in found['by_series']}
        self.assertGreaterEqual(len(spikes['n2']), 4, 'a spike every half an hour')
        self.assertEqual([n for n, episodes in spikes.items() if episodes and n != 'n2'], [])
        text = self.cli('backtest', '--analytics', 'analytics.yml', '--start', str(start), '--quiet')
        self.assertIn('BEGAN', text)
        self.assertIn('instance="n2"', text)
        self.cli('backtest', '--quiet', expect=2)
        self.write('wrong.yml', 'entries:\n- {name: a, kind: anomaly, expr: x, risk: 7}\n')
        self.assertIn('wrong.yml:2:', self.cli('backtest', '--analytics', 'wrong.yml', expect=1))


if __name__ == '__main__':
    unittest.main()
