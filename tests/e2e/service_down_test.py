#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/rules/service_down.yml and its escalation policy with real processes, a hundred times as fast: a service
goes down, flaps once, is paged about after `for`, again after the repeat interval with the duration of then, and comes
back with the whole downtime; GET /alerts says the same (specs/source_systems.md §4)."""
import re
import threading
import time

import harness

FASTER = 100
UNITS = {'s': 1000, 'm': 60_000, 'h': 3_600_000}


def faster(text):
    """Every duration such as 5m, divided."""
    return re.sub(r'\b(\d+)([smh])\b', lambda m: f'{int(m[1]) * UNITS[m[2]] // FASTER}ms', text)


def code_of(text):
    return '\n'.join(line.split(' #')[0] for line in text.splitlines() if not line.lstrip().startswith('#'))


def policy_of(text):
    """The policy service_down, as it stands in the file."""
    begin = text.index('- name: service_down')
    return re.match(r'- .*\n(?:  .*\n)*', text[begin:])[0]


class ServiceDown(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sink, self.mail = self.webhook_sink(), self.smtp_sink()
        examples = harness.ROOT / 'examples'
        self.write('rules.yml', faster(code_of((examples / 'rules/service_down.yml').read_text())))
        policy = faster(code_of(policy_of((examples / 'incidents.yml').read_text())))
        self.write('incidents.yml', 'group_by: [alertname, service]\nescalation_policies:\n' + policy + '\n')
        self.write('alertmanager.yml', f'''
global: {{smtp_smarthost: '{self.mail.address}', smtp_from: o@example.com, smtp_require_tls: false}}
route: {{receiver: nobody}}
receivers:
- name: nobody
- name: pager
  webhook_configs: [{{url: '{self.sink.url}'}}]
  email_configs: [{{to: a@example.com, send_resolved: true}}]
''')
        self.write('outrider.yml', '''
rule_files: [rules.yml]
alerting: {config_file: alertmanager.yml}
incidents: {config_file: incidents.yml}
''')
        self.start_outrider()
        self.up = {'auth-service': 1, 'web': 1}
        self.stop = threading.Event()
        self.sender = threading.Thread(target=self.scrape)
        self.sender.start()

    def tearDown(self):
        self.stop.set()
        self.sender.join()
        super().tearDown()

    def scrape(self):
        while not self.stop.is_set():
            now = time.time()
            harness.remote_write(self.url, [({'__name__': 'up', 'job': job, 'instance': job + ':80'}, [(now, value)])
                                            for job, value in self.up.items()])
            self.stop.wait(0.15)

    def outage(self):
        answer = harness.get_json(self.url + '/alerts')
        self.assertEqual(answer['total_alerts'], len(answer['alerts']))
        return answer['alerts'][0] if answer['alerts'] else None

    def near(self, seconds, wanted, what):
        self.assertTrue(wanted - 1.5 <= seconds <= wanted + 3, f'{what}: {seconds}, about {wanted} was wanted')

    @staticmethod
    def duration(message):
        text = message['alerts'][0]['annotations']['outrider_duration']
        return sum(int(n) * UNITS[u] / 1000 for n, u in re.findall(r'(\d+)([smh])', text))

    def page(self, count):
        firing = harness.wait_for(f'page {count}', lambda: self.sink.messages('firing')[count - 1:], 20)
        return firing[0]

    def test_an_outage_from_the_first_failure_to_the_recovery(self):
        time.sleep(1.5)
        self.assertIsNone(self.outage())
        down = time.time()
        self.up['auth-service'] = 0
        time.sleep(1.5)
        self.up['auth-service'] = 1  # one good scrape
        time.sleep(0.15)
        self.up['auth-service'] = 0
        first = self.page(1)
        self.near(time.time() - down, 3, 'the flap did not start the wait anew')
        self.near(self.duration(first), 3, 'duration in the first page')
        self.assertEqual(first['alerts'][0]['labels']['service'], 'auth-service')
        self.assertEqual((self.outage()['status'], self.outage()['escalation_count']), ('active', 0))

        second = self.page(2)
        self.near(time.time() - down, 12, 'the repeat')
        self.near(self.duration(second), 12, 'duration in the repeat')
        self.assertEqual(second['alerts'][0]['annotations']['outrider_escalations'], '1')
        live = self.outage()
        self.assertEqual((live['alert_id'], live['escalation_count']), ('service_down_auth-service', 1))
        self.near(live['down_duration_seconds'], 12, 'GET /alerts')
        mails = harness.wait_for('both mails', lambda: len(self.mail.mails) >= 2 and list(self.mail.mails))
        self.assertNotIn('[ESCALATION]', mails[0][2])
        self.assertIn('Subject: [ESCALATION] CRITICAL: auth-service is down, for ', mails[1][2])

        back = time.time()
        self.up['auth-service'] = 1
        recovery = harness.wait_for('the recovery', lambda: self.sink.messages('resolved'), 10)[0]
        self.near(self.duration(recovery), back - down, 'the whole downtime')
        over = self.outage()
        self.assertEqual(over['status'], 'resolved')
        self.near(over['down_duration_seconds'], back - down, 'GET /alerts, the whole downtime')
        answer = harness.get_json(self.url + '/alerts?status=active')
        self.assertEqual((answer['alerts'], answer['resolved_alerts']), ([], 1))
        self.assertEqual(answer['config']['escalation_interval_minutes'], 0.15)
        self.assertEqual(answer['config']['service_down_threshold_minutes'], 0.05)
        self.assertTrue(answer['config']['email_enabled'])
        self.assertEqual(len(self.sink.messages()), 3, 'web was up all the time; nothing more was said')


if __name__ == '__main__':
    harness.unittest.main()
