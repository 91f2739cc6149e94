#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One night, with a kill -9 at each turn of it: remote write -> rule -> incident -> pages by mail and webhook -> an SLA
deadline that passes while nobody runs -> the next tier -> acknowledged by the link of the mail -> the last tier never
comes -> resolved -> recoveries -> the report. Nothing is lost, nothing told twice unmarked."""
import datetime
import email
import json
import re
import time
import unittest

import harness

RULES = '''
groups:
- name: night
  interval: 500ms
  rules:
  - alert: DiskGone
    expr: e2e_switch == 1
    labels: {severity: critical, team: db, service: postgres}
    annotations: {summary: 'the disk is gone'}
'''
ACKNOWLEDGE = 8  # seconds, the target
SECOND_TIER = 12
LAST_TIER = 30


def at(text):
    """Seconds since 1970 of an RFC 3339 time; Python knows microseconds only."""
    whole, _, fraction = text.rstrip('Z').partition('.')
    return datetime.datetime.fromisoformat(whole + '+00:00').timestamp() + float('0.' + (fraction or '0'))


class Night(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sink = self.webhook_sink()
        self.mail = self.smtp_sink()
        self.write('rules.yml', RULES)
        self.write('alertmanager.yml', f'''
global: {{smtp_smarthost: '{self.mail.address}', smtp_from: outrider@example.org, smtp_require_tls: false}}
route: {{receiver: nobody}}
receivers: [{{name: nobody}}, {{name: crew, webhook_configs: [{{url: '{self.sink.url}/crew'}}]}}]
''')
        self.write('incidents.yml', f'''
sla: {{critical: {{acknowledge: {ACKNOWLEDGE}s, resolve: 1h}}}}
escalation_policies:
- name: default
  severities: [critical]
  tiers:
  - {{delay: 0s, receivers: [crew], users: [anna]}}
  - {{delay: {SECOND_TIER}s, users: [ben]}}
  - {{delay: {LAST_TIER}s, users: [director]}}
users:
- name: anna
  email_configs: [{{to: anna@example.org, text: '{{{{ .CommonAnnotations.summary }}}}', send_resolved: true}}]
- {{name: ben, webhook_configs: [{{url: '{self.sink.url}/ben'}}]}}
- {{name: director, webhook_configs: [{{url: '{self.sink.url}/director'}}]}}
teams: [{{name: db, members: [anna, ben]}}]
''')
        self.write('outrider.yml', '''
global: {evaluation_interval: 500ms}
rule_files: [rules.yml]
alerting: {config_file: alertmanager.yml}
incidents: {config_file: incidents.yml}
''')
        self.outrider = self.start_outrider()

    def crash(self, down=0.0):
        self.outrider.kill9()
        time.sleep(down)
        self.outrider = self.start_outrider()

    def switch(self, value):
        status, body, _ = harness.remote_write(self.url, [({'__name__': 'e2e_switch'}, [(time.time(), value)])])
        self.assertLess(status, 300, body)

    def incident(self):
        incidents = harness.get_json(self.url + '/outrider/v1/incidents')['incidents']
        self.assertLessEqual(len(incidents), 1, 'it is one incident all night')
        return incidents[0] if incidents else None

    def events(self, kind):
        history = harness.get_json(f"{self.url}/outrider/v1/incidents/{self.incident()['id']}")['history']
        return [event for event in history if event['kind'] == kind]

    def mails(self, status):
        with self.mail.lock:
            mails = [email.message_from_string(data) for _, _, data in self.mail.mails]
        return [m for m in mails if str(email.header.make_header(email.header.decode_header(m['Subject'])))
                .startswith(('[RESOLVED', 'RESOLVED')) == (status == 'resolved')]

    def told_once(self, path, status):
        """What came more than once after a crash came with the key of the first."""
        with self.sink.lock:
            keys = [h['Idempotency-Key'] for p, h, b, _ in self.sink.requests
                    if p == path and json.loads(b)['status'] == status]
        self.assertEqual(len(set(keys)), 1, f'{path} {status}: {keys}')

    def link(self, name):
        for part in self.mails('firing')[0].walk():
            if part.get_content_type() == 'text/plain':
                text = part.get_payload(decode=True).decode()
                return dict(re.findall(r'^(\w+): (http\S+)\s*$', text, re.M))[name]
        raise AssertionError('the mail has no text')

    def test_a_night(self):
        self.the_page_is_lost_by_no_crash()
        self.a_deadline_passes_while_nobody_runs()
        self.somebody_acknowledges()
        self.it_is_over()
        self.the_report_has_it()

    def the_page_is_lost_by_no_crash(self):
        self.switch(1)
        incident = harness.wait_for('the incident', self.incident, 20, 0.01)
        self.opened = at(incident['opened_at'])
        self.crash()  # the page may be waiting, under way, or told
        harness.wait_for('the mail', lambda: self.mails('firing'), 20)
        harness.wait_for('the webhook', lambda: self.sink.messages(path='/crew'), 20)

    def a_deadline_passes_while_nobody_runs(self):
        self.assertLess(time.time(), self.opened + ACKNOWLEDGE, 'this machine is too slow for the test')
        self.assertEqual(self.events('sla_breached'), [])
        self.crash(down=self.opened + ACKNOWLEDGE + 1 - time.time())
        breach = harness.wait_for('the breach', lambda: self.events('sla_breached'), 10)[0]
        self.assertAlmostEqual(at(breach['time']), self.opened + ACKNOWLEDGE, delta=0.001)
        harness.wait_for('the second tier', lambda: self.sink.messages(path='/ben'), 20)
        self.assertGreaterEqual(time.time(), self.opened + SECOND_TIER)

    def somebody_acknowledges(self):
        self.crash()
        status, body, _ = harness.request(self.link('Acknowledge'), b'', method='POST')
        self.assertEqual(status, 200, body)
        self.crash()  # what was answered is kept
        self.assertEqual((self.incident()['state'], self.incident()['acknowledged_by']), ('acknowledged', 'anna'))
        time.sleep(max(0.0, self.opened + LAST_TIER + 1 - time.time()))
        self.assertEqual(self.sink.messages(path='/director'), [], 'the escalation has stopped')

    def it_is_over(self):
        self.switch(0)
        harness.wait_for('the end', lambda: self.incident()['state'] == 'resolved', 20, 0.01)
        self.crash()
        harness.wait_for('the mail of the recovery', lambda: self.mails('resolved'), 20)
        for path in ('/crew', '/ben'):
            harness.wait_for(f'the recovery of {path}', lambda p=path: self.sink.messages('resolved', p), 20)
            self.told_once(path, 'firing')
            self.told_once(path, 'resolved')
        self.assertEqual(self.sink.messages(path='/director'), [])

    def the_report_has_it(self):
        self.crash()
        self.assertEqual(len(self.events('sla_breached')), 1, 'once, whatever happened since')
        report = json.loads(self.cli('sla', 'report', '--by', 'team,service', '--output', 'json'))
        row, = report['rows']
        self.assertEqual((row['team'], row['service'], row['incidents']), ('db', 'postgres', 1))
        for kind, met, breached in (('acknowledge', 0, 1), ('resolve', 1, 0)):
            self.assertEqual((row[kind]['met'], row[kind]['breached'], row[kind]['open_breached']), (met, breached, 0))
        self.assertIn('db', self.cli('sla', 'report', '--by', 'team', '--output', 'csv'))
        self.assertIn('| db |', self.cli('sla', 'report', '--by', 'team', '--output', 'markdown'))
        metrics = harness.request(self.url + '/metrics')[1].splitlines()
        for line in ('outrider_sla_breaches_total{kind="acknowledge",severity="critical"} 1',
                     'outrider_team_sla_breaches_total{kind="acknowledge",severity="critical",team="db"} 1',
                     'outrider_team_sla_compliance_ratio{kind="resolve",severity="critical",team="db"} 1',
                     'outrider_team_incidents{severity="critical",state="resolved",team="db"} 1',
                     'outrider_team_incident_time_to_resolve_seconds_count{team="db"} 1',
                     'outrider_service_sla_compliance_ratio{kind="acknowledge",service="postgres"} 0'):
            self.assertIn(line, metrics)
        status, verdict = harness.post_json(self.url + '/outrider/v1/state/verify', {})
        self.assertTrue(status == 200 and verdict['intact'], verdict)


if __name__ == '__main__':
    unittest.main(verbosity=2)
