#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A team's bundle, sent end to end: the example of the repository with a webhook in place of its `log` receiver, beside
a bundle of another team and a main configuration; who hears of which alert, and what `outrider_receiver`,
`outrider_escalation` and `outrider_runbook` do. `outrider check bundle` says what is wrong with a file, and where."""
import threading
import time
import unittest

import harness

EXAMPLE = harness.ROOT / 'examples/bundles/payments.yml'
OTHER = '''
groups:
- name: other
  rules:
  - {alert: Ordinary, expr: vector(1)}
  - alert: Direct
    expr: vector(1)
    annotations: {outrider_receiver: pager}
route: {receiver: other-team, group_wait: 0s}
receivers:
- name: other-team
  webhook_configs: [{url: 'SINK/other'}]
'''
RULES = '''
groups:
- name: main
  rules:
  - {alert: OfTheMainFile, expr: vector(1)}
'''
ALERTMANAGER = '''
route: {receiver: everyone, group_wait: 0s, group_by: [alertname]}
receivers:
- {name: everyone, webhook_configs: [{url: 'SINK/everyone'}]}
- {name: pager, webhook_configs: [{url: 'SINK/pager'}]}
'''
# Without the annotation, an incident of this severity would be told to nobody.
INCIDENTS = '''
escalation_policies:
- {name: usual, severities: [info], tiers: [{delay: 0s, receivers: [everyone]}]}
- {name: default, severities: [info], tiers: [{delay: 0s, receivers: [pager]}]}
'''


class Bundle(harness.EndToEnd):
    def feed(self, down):
        stop = threading.Event()

        def run():
            while not stop.is_set():
                now = time.time()
                series = [({'__name__': 'up', 'service': 'payments', 'instance': 'a'}, [(now, 0 if down else 1)]),
                          ({'__name__': 'payments_request_seconds', 'instance': 'a'}, [(now, 0.75)]),
                          ({'__name__': 'payments_request_seconds', 'instance': 'b'}, [(now, 0.75)])]
                try:
                    harness.remote_write(self.url, series)
                except OSError:
                    return
                stop.wait(0.3)
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)

    def alerts_at(self, path):
        """(alertname, instance) of all that was told there."""
        return {(alert['labels']['alertname'], alert['labels'].get('instance'))
                for message in self.sink.messages('firing', path) for alert in message['alerts']}

    def test_sent_end_to_end(self):
        self.sink = self.webhook_sink()
        example = EXAMPLE.read_text()
        receiver = 'log_configs: [{}]  # replace by webhook_configs, slack_configs or email_configs'
        for old, new in ((receiver, f"webhook_configs: [{{url: '{self.sink.url}/payments'}}]"),
                         ('for: 1m', 'for: 1s'), ('group_by: [alertname]', 'group_by: [alertname]\n  group_wait: 6s')):
            self.assertEqual(example.count(old), 1, old)
            example = example.replace(old, new)
        self.write('bundles/payments.yml', example)
        self.write('bundles/other.yml', OTHER.replace('SINK', self.sink.url))
        self.write('rules.yml', RULES)
        self.write('am.yml', ALERTMANAGER.replace('SINK', self.sink.url))
        self.write('incidents.yml', INCIDENTS)
        self.write('outrider.yml', 'global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n'
                   'bundle_files: ["bundles/*.yml"]\nalerting: {config_file: am.yml}\nincidents: {config_file: incidents.yml}\n')
        said = self.cli('check', 'bundle', 'bundles/payments.yml', 'bundles/other.yml')
        self.assertEqual(said.count('SUCCESS'), 2)
        self.assertEqual(said.count('WARNING'), 1)  # `pager` may be in alertmanager.yml, as it is here
        self.assertIn('other.yml:6:5: alert Direct: outrider_receiver names "pager"', said)
        self.assertNotIn('WARNING', self.cli('check', 'config', 'outrider.yml'))
        self.start_outrider()
        self.feed(down=True)

        # By its own route; the one that its own rule inhibits is not told.
        harness.wait_for('the bundle\'s alerts', lambda: len(self.alerts_at('/payments')) == 2, 40)
        self.assertEqual(self.alerts_at('/payments'), {('PaymentsDown', 'a'), ('PaymentsSlow', 'b')})
        down = [a for m in self.sink.messages('firing', '/payments') for a in m['alerts']
                if a['labels']['alertname'] == 'PaymentsDown'][0]
        self.assertEqual(down['labels'], {'alertname': 'PaymentsDown', 'instance': 'a', 'outrider_bundle': 'payments',
                                          'service': 'payments', 'severity': 'critical'})
        self.assertEqual(down['annotations']['summary'], 'a of payments is down')
        # Others by theirs. `Direct` goes past every route.
        harness.wait_for('the other alerts', lambda: ('Direct', None) in self.alerts_at('/pager')
                         and self.alerts_at('/other') and self.alerts_at('/everyone'), 20)
        self.assertEqual(self.alerts_at('/other'), {('Ordinary', None)})
        self.assertEqual({name for name, _ in self.alerts_at('/everyone')}, {'OfTheMainFile'})
        # The incident: its runbook, and the policy that the annotation names, which pages at once.
        incidents = harness.get_json(self.url + '/outrider/v1/incidents')
        incident = [i for i in incidents['incidents']
                    if i['labels'].get('alertname') == 'PaymentsDown'][0]
        self.assertEqual(incident['runbook'], 'https://runbooks.example.com/payments/down')
        self.assertEqual(incident['escalation']['policy'], 'default')
        harness.wait_for('the page', lambda: ('PaymentsDown', 'a') in self.alerts_at('/pager'), 20)

    def test_what_is_wrong_with_a_bundle(self):
        rules = 'groups: [{name: g, rules: [{alert: A, expr: vector(1)}]}]\n'
        cases = {
            'an unknown key': (rules + 'recievers: []\n', 'x.yml:2:1'),
            'a receiver that is not there': (rules + 'route: {receiver: nobody}\n', 'x.yml:2:'),
            'a wrong expression': (rules.replace('vector(1)', 'vector('), 'x.yml:1:'),
            'a wrong matcher': (rules + "receivers: [{name: a}]\nroute: {receiver: a, matchers: ['a ~~ b']}\n", 'x.yml:3:'),
            'not YAML': ('groups: [', 'x.yml:1:'),
        }
        for name, (text, place) in cases.items():
            with self.subTest(name):
                self.write('x.yml', text)
                said = self.cli('check', 'bundle', 'x.yml', expect=1)
                self.assertIn('FAILED', said)
                self.assertIn(place, said)


if __name__ == '__main__':
    unittest.main()
