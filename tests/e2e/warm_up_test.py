#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Prometheus holds days of samples at 60 s (a block made by promtool); a job runs each day at this time. A new daemon
beside it learns from them (analytics.warm_up): it expects the job at once. The same by
`outrider backtest --analytics --write-state` into a stopped daemon's store, from the server and from the file. What is not
told: anything of the past."""
import json
import random
import subprocess
import time
import unittest

import harness

DAYS = 6
LABELS = 'instance="n0",job="app"'
ENTRIES = '''builtin_entries: {workload_cpu: false, workload_memory: false, host_cpu: false, host_memory: false, host_disk: false}
entries:
- {name: load, kind: anomaly, expr: 'load{job="app"}'}
- {name: slope, kind: trend, expr: 'load{job="app"}', windows: [6h], errors: true}
- {name: twice, kind: anomaly, expr: '2 * load{job="app"}', interval: 15s}
'''
CONFIG = '''analytics_files: [entries.yml]
rule_files: [rules.yml]
analytics: {interval: 5s%s}
alerting: {config_file: am.yml}
'''
RULES = '''groups:
- name: a
  interval: 2s
  rules: [{alert: Began, expr: outrider_anomaly_onset_score >= 1}]
'''


class WarmUp(harness.EndToEnd):
    def value(self, when):
        """The job takes four whole hours each day; today it began two hours before this one: in its first hours an
        evaluated job may score up to 5 where its first sample comes behind a slot of the evaluation."""
        at = (when - self.job) % 86400
        return (500 if at < 4 * 3600 else 10) + self.random.random()

    def setUp(self):
        super().setUp()
        self.random = random.Random(20261130)
        self.now = int(time.time())
        self.job = (self.now // 3600 - 2) * 3600
        self.write('entries.yml', ENTRIES)
        self.write('rules.yml', RULES)
        self.write('plain.yml', CONFIG % '')
        self.sink = self.webhook_sink()
        self.write('am.yml', 'route: {receiver: a, group_wait: 0s}\nreceivers: [{name: a, webhook_configs: [{url: "%s"}]}]\n'
                   % self.sink.url)

    def history(self, days=DAYS):
        rows = ['# TYPE load gauge']
        for when in range(self.now - days * 86400, self.now - 30, 60):
            rows.append(f'load{{{LABELS}}} {self.value(when):.4f} {when}')
        return self.write('history.om', '\n'.join(rows) + '\n# EOF\n')

    def prometheus(self):
        path = self.history()
        done = subprocess.run(['promtool', 'tsdb', 'create-blocks-from', 'openmetrics', path, str(self.directory / 'tsdb')],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        url = self.start_prometheus('scrape_configs: []\n')
        self.assertTrue(self.query(url, f'load{{{LABELS}}}', self.now - 100))
        return url

    def send(self):
        """A sample of the job that goes on."""
        now = time.time()
        harness.remote_write(self.url, [({'__name__': 'load', 'instance': 'n0', 'job': 'app'},
                                         [(now, self.value(now))])])

    def derived(self, name, entry):
        found = self.query(self.url, f'{name}{{entry="{entry}"}}')
        return float(found[0]['value'][1]) if found else None

    def metric(self, name):
        for line in harness.request(self.url + '/metrics')[1].splitlines():
            if line.startswith(name + ' '):
                return float(line.split()[1])
        return None

    def assert_knows_the_job(self):
        for _ in range(3):
            self.send()
            time.sleep(5)
        for entry in ('load', 'twice'):
            expected = harness.wait_for(f'the band of {entry}',
                                        lambda: self.derived('outrider_anomaly_expected', entry), 30)
            self.assertGreater(expected, 300, 'the job runs')
            self.assertLess(self.derived('outrider_anomaly_score', entry), 1)
        start = self.derived('outrider_trend_start_timestamp_seconds', 'slope')
        self.assertLess(start, self.now - 5 * 3600, 'six hours are in the line')
        self.assertEqual(self.sink.messages(), [], 'nothing of the past is told')

    def test_a_running_daemon_learns_from_a_server(self):
        url = self.prometheus()
        self.write('outrider.yml', CONFIG % f', warm_up: {{url: "{url}", history: {DAYS}d}}')
        self.start_outrider()
        self.send()

        def done():
            self.send()
            shown = harness.get_json(self.url + '/outrider/v1/analytics/warm-up')
            self.assertEqual(shown['url'], url)
            states = [task['state'] for task in shown['entries']]
            return shown if states == ['done', 'done'] else None

        shown = harness.wait_for('the entries to have learnt', done, 120, 1)
        self.assertEqual([task['entries'] for task in shown['entries']], [['load', 'slope'], ['twice']])
        self.assertGreaterEqual(shown['entries'][0]['samples'], DAYS * 1440 - 60)
        self.assert_knows_the_job()
        self.assertGreater(self.metric('outrider_analytics_warm_up_samples_total'), 2 * (DAYS * 1440 - 60))
        self.assertEqual(self.metric('outrider_analytics_warm_up_entries{state="done"}'), 3)
        self.assertEqual(self.metric('outrider_analytics_warm_up_failures_total'), 0)
        # What was learnt is saved, and is not learnt again.
        self.processes[-1].kill9()
        self.start_outrider()
        self.assertEqual(harness.get_json(self.url + '/outrider/v1/analytics/warm-up')['entries'], [])
        self.assert_knows_the_job()
        # An entry that a reload brings is new.
        self.write('entries.yml', ENTRIES + "- {name: more, kind: anomaly, expr: 'load{job=\"app\"} + 1', interval: 15s}\n")
        self.assertEqual(harness.request(self.url + '/-/reload', b'')[0], 200)
        self.send()

        def reloaded():
            self.send()
            tasks = harness.get_json(self.url + '/outrider/v1/analytics/warm-up')['entries']
            return [task['entries'] for task in tasks if task['state'] == 'done'] == [['more']]

        harness.wait_for('the new entry to have learnt', reloaded, 120, 1)
        self.assertGreater(harness.wait_for('its band', lambda: self.derived('outrider_anomaly_expected', 'more'), 90), 300)

    def test_a_server_that_is_not_there_holds_up_nothing(self):
        port = harness.free_port()
        self.write('outrider.yml', CONFIG % f', warm_up: {{url: "http://x:hidden@127.0.0.1:{port}", history: 1d}}')
        self.start_outrider()
        task = harness.wait_for('an attempt to fail', lambda: next(
            (task for task in harness.get_json(self.url + '/outrider/v1/analytics/warm-up')['entries']
             if task['state'] == 'retrying'), None), 30)
        self.assertIn(str(port), task['error'])
        self.assertIsNotNone(task['next_attempt'])
        self.assertGreaterEqual(self.metric('outrider_analytics_warm_up_failures_total'), 1)
        self.assertIn('learn from history', self.processes[-1].text())
        config = harness.get_json(self.url + '/api/v1/status/config')['data']['yaml']
        self.assertNotIn('hidden', config + self.processes[-1].text() + json.dumps(task))

    def write_state(self, *source):
        out = self.cli('backtest', '--analytics', 'entries.yml', *source, '--write-state', 'data', '--quiet')
        self.assertIn('3 states of 3 entries written to data', out)

    def test_a_stopped_daemon_is_warmed_up_from_a_server(self):
        url = self.prometheus()
        self.write_state('--url', url, '--start', f'{DAYS}d', '--config.file', 'plain.yml')
        self.start_outrider('plain.yml')
        said = self.cli('backtest', '--analytics', 'entries.yml', '--url', url, '--write-state', 'data', expect=1)
        self.assertIn('another', said)
        self.assert_knows_the_job()

    def test_a_stopped_daemon_is_warmed_up_from_a_file(self):
        path = self.history()
        self.write_state('--input', path)
        out = self.cli('backtest', '--analytics', 'entries.yml', '--input', path, '--write-state', 'data', '--quiet',
                       '--end', str(self.now - 7200))
        self.assertIn('3 states stayed as they were', out)
        self.write('other.yml', ENTRIES.replace('name: load,', 'name: load, risk: 0.001,'))
        out = self.cli('backtest', '--analytics', 'other.yml', '--input', path, '--write-state', 'data',
                       '--config.file', 'plain.yml', expect=1)
        self.assertIn('has no such entry as "load"', out)
        self.start_outrider('plain.yml')
        self.assert_knows_the_job()


if __name__ == '__main__':
    unittest.main()
