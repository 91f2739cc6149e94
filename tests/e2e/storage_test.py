#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is kept, for whom, at what price: every request synced before it is acked (wal_sync 0s) by several senders at once,
a memory limit that cannot be held and says so, and `outrider state series`."""
import json
import threading
import time
import unittest

import harness

RULES = '''
groups:
- name: g
  interval: 1s
  rules:
  - {alert: Down, expr: up_sent == 0}
'''
SENDERS = 8


class Storage(harness.EndToEnd):
    def send(self, sender, count, statuses):
        for n in range(count):
            at = int(time.time())
            status, _, _ = harness.remote_write(self.url, [
                ({'__name__': 'up_sent', 'sender': str(sender)}, [(at, 1)]),
                ({'__name__': 'unasked', 'sender': str(sender), 'n': str(n)}, [(at, n)])])
            statuses.append(status)

    def metric(self, name):
        text = harness.request(self.url + '/metrics')[1]
        return [float(line.rsplit(' ', 1)[1]) for line in text.splitlines() if line.startswith(name)][0]

    def test_synced_limited_and_shown(self):
        self.write('rules.yml', RULES)
        self.write('outrider.yml', '''
rule_files: [rules.yml]
storage: {wal_sync: 0s, memory_limit: 10kB, unreferenced_retention: 10m}
''')
        process = self.start_outrider()
        statuses = []
        threads = [threading.Thread(target=self.send, args=(i, 25, statuses)) for i in range(SENDERS)]
        before = self.metric('outrider_log_syncs_total{log="wal"}')
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses), {204})
        syncs = self.metric('outrider_log_syncs_total{log="wal"}') - before
        self.assertGreater(syncs, 0)
        self.assertEqual(self.metric('outrider_log_sync_failures_total{log="wal"}'), 0)
        print(f'{len(statuses)} requests of {SENDERS} senders, {syncs:.0f} syncs')

        state = json.loads(self.cli('state', 'series', '--url', self.url, '--output', 'json', '--limit', '0'))
        rule = [o for o in state['owners'] if o['kind'] == 'rule'][0]
        self.assertIn('group "g" alert "Down"', rule['name'])
        self.assertEqual(rule['series'], SENDERS)
        self.assertEqual(rule['horizon_seconds'], 300)
        self.assertEqual(sum(k['series'] for k in state['kinds']), state['total']['series'])
        self.assertIn('unasked', [m['name'] for m in state['metrics']])
        table = self.cli('state', 'series', '--url', self.url, '--limit', '3')
        self.assertIn('nobody', table)
        self.assertIn('--limit shows more', table)

        def cannot_hold():
            return self.metric('outrider_window_memory_limit_held') == 0
        harness.wait_for('the limit that cannot be held', cannot_hold, 180, 1)
        self.assertEqual(self.metric('outrider_window_unreferenced_retention_seconds'), 300)
        self.assertIn('kept shorter', process.text())
        answer = harness.get_json(self.url + '/api/v1/query?query=rate(unasked[2h])')
        self.assertIn('storage.memory_limit', answer['warnings'][0])


if __name__ == '__main__':
    unittest.main()
