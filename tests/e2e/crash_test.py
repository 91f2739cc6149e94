#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 between firing and notification: after the restart one notification arrives, the incident and its SLA clock
are as before, and every acked sample can be queried."""
import time
import unittest

import harness

RULES = '''
groups:
- name: crash
  interval: 1s
  rules:
  - alert: Broken
    expr: broken == 1
    labels: {severity: critical}
'''


class Crash(harness.EndToEnd):
    def send(self, value):
        """Sends one sample a series at the current second; -> its time if it was acked."""
        now = int(time.time())
        try:
            status, _, _ = harness.remote_write(self.url, [
                ({'__name__': 'broken', 'instance': 'a'}, [(now, value)]),
                ({'__name__': 'counter_total', 'instance': 'a'}, [(now, now % 1000)])])
        except OSError:
            return None
        return now if status == 204 else None

    def test_kill9_between_firing_and_notification(self):
        sink = self.webhook_sink()
        self.write('rules.yml', RULES)
        self.write('alertmanager.yml', f'''
route: {{receiver: hook, group_by: [alertname], group_wait: 8s, group_interval: 2s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: '{sink.url}/hook'}}]}}]
''')
        self.write('outrider.yml', '''
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
alerting: {config_file: alertmanager.yml}
rules: {startup_hold: 10s}
''')
        outrider = self.start_outrider()
        acked = {}
        for _ in range(4):
            at = self.send(1)
            self.assertIsNotNone(at)
            acked[at] = at % 1000
            time.sleep(1)
        before = harness.wait_for(
            'the incident', lambda: harness.get_json(self.url + '/outrider/v1/incidents')['incidents'], 10)[0]
        before = harness.get_json(f"{self.url}/outrider/v1/incidents/{before['id']}")
        self.assertEqual(sink.messages(), [], 'killed too late: group_wait has passed')
        outrider.kill9()
        self.start_outrider()
        for _ in range(16):
            at = self.send(1)
            if at:
                acked[at] = at % 1000
            time.sleep(1)
        self.assertEqual(len(sink.messages('firing')), 1, sink.messages())
        self.assertEqual(sink.messages('resolved'), [])
        after = harness.get_json(f"{self.url}/outrider/v1/incidents/{before['id']}")
        for key in ('id', 'severity', 'state', 'opened_at'):
            self.assertEqual(after[key], before[key], key)
        for clock in ('acknowledge', 'resolve'):
            for key in ('started_at', 'deadline_at', 'target_seconds', 'stopped_at', 'breached'):
                self.assertEqual(after['sla'][clock][key], before['sla'][clock][key], f'{clock} {key}')
        self.assertEqual(len(harness.get_json(self.url + '/outrider/v1/incidents')['incidents']), 1)
        kept = self.query(self.url, 'counter_total[5m]')[0]['values']
        self.assertEqual({int(t): int(v) for t, v in kept}, acked)


if __name__ == '__main__':
    unittest.main()
