#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Incidents from the command line of a real process: one by hand pages, a snooze holds the pages over a kill -9 and ends
by itself, a merged one follows its parent, a quiet one is resolved by time, and the audit trail is whole."""
import json
import unittest

import harness

INCIDENTS = '''
attention:
  low: {auto_resolve: 3s}
escalation_policies:
- name: pages
  severities: [critical]
  tiers: [{delay: 0s, receivers: [pager]}]
'''


class IncidentLife(harness.EndToEnd):
    def incident(self, *arguments):
        """The command's answer, as an object."""
        return json.loads(self.cli('incident', *arguments, '--by', 'anna', '--output', 'json'))

    def show(self, incident):
        return json.loads(self.cli('incident', 'show', incident, '--output', 'json'))

    def test_life(self):
        pager = self.webhook_sink()
        self.write('am.yml', f'route: {{receiver: none}}\nreceivers:\n- name: none\n- name: pager\n'
                             f'  webhook_configs: [{{url: "{pager.url}"}}]\n')
        self.write('incidents.yml', INCIDENTS)
        self.write('outrider.yml', 'alerting: {config_file: am.yml}\nincidents: {config_file: incidents.yml}\n')
        outrider = self.start_outrider()

        shop = self.incident('create', 'Shop is slow', '--severity', 'critical', '--label', 'team=web')['id']
        harness.wait_for('the page', lambda: len(pager.messages()) == 1)
        self.assertEqual(pager.messages()[0]['alerts'][0]['labels']['alertname'], 'Shop is slow')
        self.assertEqual(self.incident('assign', shop, 'bob')['assignee'], 'bob')

        # A snooze outlives the process, and nobody is paged before it ends.
        self.incident('snooze', shop, '--for', '8s')
        outrider.kill9()
        self.start_outrider()
        self.assertIn('snoozed', self.cli('incident', 'list', '--team', 'web'))
        self.assertEqual(len(pager.messages()), 1)
        harness.wait_for('the page after the snooze', lambda: len(pager.messages()) == 2)
        self.assertIsNone(self.show(shop)['snoozed_until'])

        # A part follows its parent; by itself it can do nothing.
        part = self.incident('create', 'Basket is slow', '--severity', 'high')['id']
        self.assertEqual(self.incident('merge', part, shop)['merged_into'], shop)
        self.cli('incident', 'ack', part, expect=1)
        self.incident('ack', shop)
        self.assertEqual(self.show(part)['state'], 'acknowledged')
        self.incident('severity', shop, 'high', '--note', 'few customers')
        self.incident('resolve', shop)
        self.assertEqual(self.show(part)['state'], 'resolved')
        harness.wait_for('the recovery', lambda: any(m['status'] == 'resolved' for m in pager.messages()))

        # What nobody touches ends by itself.
        quiet = self.incident('create', 'Look at this some day', '--severity', 'low')['id']
        ended = harness.wait_for('the quiet one to end',
                                 lambda: self.show(quiet)['state'] == 'resolved' and self.show(quiet))
        self.assertEqual(ended['resolved_by'], '')

        kinds = [event['kind'] for event in self.show(shop)['history']]
        for kind in ('opened', 'assigned', 'snoozed', 'woken', 'merged', 'severity_lowered', 'state_changed'):
            self.assertIn(kind, kinds)
        self.cli('state', 'verify')


if __name__ == '__main__':
    unittest.main()
