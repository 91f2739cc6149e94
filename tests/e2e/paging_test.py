#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Paging people: a posted alert chooses a policy by its labels, tells a team's members in turn over a kill -9, follows a
contact rule, escalates by hand, and stops with the acknowledgement; the commands of `outrider escalation`."""
import json
import time
import unittest

import harness

INCIDENTS = '''
group_by: [alertname]
users:
- name: anna
  webhook_configs: [{{url: '{url}/anna'}}, {{url: '{url}/anna-later'}}]
  rules: {{default: [{{method: 'webhook[0]'}}, {{method: 'webhook[1]', wait: 3s}}]}}
- {{name: ben, webhook_configs: [{{url: '{url}/ben'}}]}}
- {{name: boss, webhook_configs: [{{url: '{url}/boss'}}]}}
- {{name: mute}}
schedules:
- name: primary
  layers: [{{name: all, users: [mute], start: 2020-01-06T09:00}}]
teams: [{{name: db, members: [anna, ben], lead: boss}}]
escalation_policies:
- name: database
  match: ['team="db"']
  tiers: [{{teams: [db], round_robin: true}}, {{delay: 1h, targets: ["lead:db"]}}]
- {{name: rest, match: ['team="web"'], tiers: [{{users: [boss]}}]}}
'''


class PagingTest(harness.EndToEnd):
    def test_people_are_paged(self):
        sink = self.webhook_sink()
        self.write('incidents.yml', INCIDENTS.format(url=sink.url))
        self.write('outrider.yml', 'incidents: {config_file: incidents.yml}\n')
        process = self.start_outrider()
        self.assertIn('2 escalation policies, 4 users', self.cli('check', 'incidents', 'incidents.yml'))
        self.assertIn('mute, who is on call in primary, has no contact method', self.cli('oncall', 'now'))
        preview = self.cli('escalation', 'preview', 'alertname=X', 'team=db')
        self.assertRegex(preview, r'(?m)^1 +pending .*team:db +user:anna')
        self.assertRegex(preview, r'(?m)^2 +pending .*lead:db +user:boss')

        def fire(name):
            labels = {'alertname': name, 'team': 'db', 'severity': 'critical'}
            self.assertEqual(harness.post_json(self.url + '/api/v2/alerts', [{'labels': labels}])[0], 200)

        fire('First')
        harness.wait_for('the page to anna', lambda: sink.messages(path='/anna'), 20)
        harness.wait_for('her second contact method', lambda: sink.messages(path='/anna-later'), 20)
        process.kill9()
        self.start_outrider()
        fire('Second')
        harness.wait_for('ben, whose turn it is', lambda: sink.messages(path='/ben'), 20)

        incidents = json.loads(self.cli('incident', 'list', '--output', 'json'))['incidents']
        first = next(i['id'] for i in incidents if i['title'] == 'First')
        self.assertEqual(sink.messages(path='/boss'), [])
        self.cli('escalation', 'now', first, '--by', 'anna', '--note', 'too much for me')
        harness.wait_for('the lead', lambda: sink.messages(path='/boss'), 20)
        harness.wait_for('the page to be recorded', lambda: 'page_delivered' in self.cli(
            'escalation', 'show', first).split('too much for me')[-1], 20)
        shown = self.cli('escalation', 'show', first)
        self.assertRegex(shown, r'(?m)^2 +completed ')
        self.assertIn(first, self.cli('escalation', 'policies'))
        self.assertIn('has told its last tier', self.cli('escalation', 'now', first, expect=1))
        self.cli('incident', 'ack', first, '--by', 'boss')
        self.assertIn('is taken care of', self.cli('escalation', 'now', first, expect=1))
        self.cli('escalation', 'reapply', first, '--policy', 'rest')
        self.assertIn('Policy rest, cancelled', self.cli('escalation', 'show', first))
        time.sleep(0.5)
        self.assertEqual(len(sink.messages(path='/boss')), 1, 'nobody is told of what somebody takes care of')


if __name__ == '__main__':
    unittest.main()
