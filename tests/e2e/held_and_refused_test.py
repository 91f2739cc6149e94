#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who would wait in vain: a heartbeat that fell silent while the daemon is restarted more often than it is due; the next
contact method behind one that refuses; whoever asks for help while a silence holds the incident."""
import json
import time
import unittest

import harness

INCIDENTS = '''
group_by: [alertname]
users:
- name: anna
  webhook_configs: [{{url: '{url}/anna'}}, {{url: '{url}/anna-later'}}]
  rules: {{default: [{{method: 'webhook[0]'}}, {{method: 'webhook[1]', wait: 1h}}]}}
- {{name: ben, webhook_configs: [{{url: '{url}/ben'}}]}}
heartbeats: [{{name: backup, interval: 5s, grace: 1s, severity: low}}]
escalation_policies:
- {{name: p, severities: [critical], tiers: [{{users: [anna]}}, {{delay: 2h, users: [ben]}}]}}
'''


class WaitTest(harness.EndToEnd):
    def begin(self):
        sink = self.webhook_sink()
        self.write('incidents.yml', INCIDENTS.format(url=sink.url))
        self.write('outrider.yml', 'incidents: {config_file: incidents.yml}\n')
        return sink, self.start_outrider()

    def titles(self):
        return [i['title'] for i in json.loads(self.cli('incident', 'list', '--output', 'json'))['incidents']]

    def test_regular_restarts_hide_no_silence(self):
        _, process = self.begin()
        self.cli('heartbeat', 'beat', 'backup')
        beat = time.monotonic()
        downtime = 0
        while 'HeartbeatMissed' not in self.titles():
            self.assertLess(time.monotonic() - beat - downtime, 20, 'it was not noticed')
            time.sleep(3)
            stopped = time.monotonic()
            self.assertEqual(process.stop(), 0)
            process = self.start_outrider()
            downtime += time.monotonic() - stopped
        self.assertGreater(time.monotonic() - beat, 6)

    def test_pages_do_not_wait_in_vain(self):
        sink, _ = self.begin()
        sink.script = [(400, {})]
        labels = {'alertname': 'Down', 'severity': 'critical'}
        self.assertEqual(harness.post_json(self.url + '/api/v2/alerts', [{'labels': labels}])[0], 200)
        harness.wait_for('the next contact method', lambda: sink.messages(path='/anna-later'), 20)
        incidents = json.loads(self.cli('incident', 'list', '--output', 'json'))['incidents']
        ident = next(i['id'] for i in incidents if i['title'] == 'Down')
        self.cli('silence', 'add', 'alertname=Down', '--duration', '1h', '--comment', 'test')
        said = self.cli('escalation', 'now', ident, '--by', 'anna', expect=1)
        self.assertIn('is held and nobody would be told: silenced by', said)
        self.assertEqual(sink.messages(path='/ben'), [])
        self.cli('escalation', 'now', ident, '--by', 'anna', '--force')
        harness.wait_for('the next tier', lambda: sink.messages(path='/ben'), 20)
        shown = json.loads(self.cli('escalation', 'show', ident, '--output', 'json'))
        began = json.loads(self.cli('incident', 'show', ident, '--output', 'json'))['opened_at']
        self.assertEqual([t['due_at'] >= began[:19] for t in shown['tiers']], [True, True], shown)


if __name__ == '__main__':
    unittest.main()
