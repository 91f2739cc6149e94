#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""From an alert to a person who answers, with real processes: remote write -> rule -> incident -> page by mail and webhook
-> a link that a scanner follows and a person uses -> escalation stops, over kill -9 -> resolved -> recoveries, audit, SLA."""
import email
import hashlib
import hmac
import json
import re
import time
import unittest
import urllib.parse

import harness

RULES = '''
groups:
- name: e2e
  interval: 500ms
  rules:
  - alert: SwitchOn
    expr: e2e_switch == 1
    labels: {severity: critical}
    annotations: {summary: 'the switch is on'}
'''
SECOND_TIER = 6  # seconds


class IncidentLife(harness.EndToEnd):
    def configure(self):
        self.sink = self.webhook_sink()
        self.mail = self.smtp_sink()
        self.write('rules.yml', RULES)
        self.write('alertmanager.yml', f'''
global: {{smtp_smarthost: '{self.mail.address}', smtp_from: outrider@example.org, smtp_require_tls: false}}
route: {{receiver: nobody}}
receivers:
- name: nobody
- name: crew
  webhook_configs: [{{url: '{self.sink.url}/crew'}}]
''')
        self.write('incidents.yml', f'''
answering:
  slack: {{signing_secret: slack-e2e, users: {{U1: anna}}}}
escalation_policies:
- name: default
  severities: [critical]
  tiers:
  - {{delay: 0s, receivers: [crew], users: [anna]}}
  - {{delay: {SECOND_TIER}s, users: [boss]}}
users:
- name: anna
  email_configs: [{{to: anna@example.org, text: 'page {{{{ .CommonAnnotations.summary }}}}'}}]
- name: boss
  webhook_configs: [{{url: '{self.sink.url}/boss'}}]
''')
        self.write('outrider.yml', '''
global: {evaluation_interval: 500ms}
rule_files: [rules.yml]
alerting: {config_file: alertmanager.yml}
incidents: {config_file: incidents.yml}
''')

    def switch(self, value):
        now = time.time()
        status, body, _ = harness.remote_write(self.url, [({'__name__': 'e2e_switch'}, [(now, value)])])
        self.assertLess(status, 300, body)

    def incident(self):
        return harness.get_json(self.url + '/outrider/v1/incidents')['incidents'][0]

    def mails(self):
        with self.mail.lock:
            return [email.message_from_string(data) for _, _, data in self.mail.mails]

    def links(self, message):
        """name -> URL, from the plain part of a mail."""
        for part in message.walk():
            if part.get_content_type() == 'text/plain':
                text = part.get_payload(decode=True).decode()
                return dict(re.findall(r'^(\w+): (http\S+)\s*$', text, re.M))
        return {}

    def press_slack(self, token, secret=b'slack-e2e'):
        payload = json.dumps({'type': 'interactive_message', 'actions': [{'value': token}],
                              'user': {'id': 'U1', 'name': 'a'}})
        body = urllib.parse.urlencode({'payload': payload}).encode()
        at = str(int(time.time()))
        signature = 'v0=' + hmac.new(secret, f'v0:{at}:'.encode() + body, hashlib.sha256).hexdigest()
        return harness.request(self.url + '/outrider/v1/callbacks/slack', body,
                               {'Content-Type': 'application/x-www-form-urlencoded',
                                'X-Slack-Request-Timestamp': at, 'X-Slack-Signature': signature}, 'POST')

    def test_from_an_alert_to_a_person_who_answers(self):
        self.configure()
        process = self.start_outrider()
        self.switch(1)
        page = harness.wait_for('the mail', lambda: self.mails()[:1], 20)[0]
        began = time.monotonic()
        crew = harness.wait_for('the webhook', lambda: self.sink.messages(path='/crew'), 10)[0]
        incident = self.incident()
        links = self.links(page)
        self.assertEqual(sorted(links), ['Acknowledge', 'Open', 'Resolve'])
        self.assertEqual([a['name'] for a in crew['outrider_actions']], ['acknowledge', 'resolve', 'view'])
        self.assertEqual(crew['outrider']['incident'], incident['id'])

        # What a mail scanner does changes nothing; what a person does acts, once.
        for link in links.values():
            for method in ('GET', 'HEAD'):
                status, _, headers = harness.request(link, method=method)
                self.assertEqual((status, headers['Referrer-Policy']), (200, 'no-referrer'), link)
        self.assertEqual(self.incident()['state'], 'new')
        status, body, _ = harness.request(links['Acknowledge'], b'', method='POST')
        self.assertEqual(status, 200, body)
        self.assertIn('Acknowledged: SwitchOn.', body)
        process.kill9()
        self.start_outrider()
        self.assertEqual((self.incident()['state'], self.incident()['acknowledged_by']), ('acknowledged', 'anna'))
        status, body, _ = harness.request(links['Acknowledge'], b'', method='POST')
        self.assertEqual(status, 200, body)
        self.assertIn('You did', body)
        # Somebody of the crew is slower, and reads who was first.
        status, body, _ = harness.request(crew['outrider_actions'][0]['url'], b'who=ben', method='POST',
                                          headers={'Content-Type': 'application/x-www-form-urlencoded'})
        self.assertEqual(status, 409, body)
        self.assertIn('acknowledged by anna', body)
        forged = links['Resolve'][:-4] + 'AAAA'
        self.assertEqual(harness.request(forged, b'', method='POST')[0], 403)
        token = links['Resolve'].rsplit('/', 1)[1]
        self.assertEqual(self.press_slack(token, b'not it')[0], 403)
        self.assertEqual(self.incident()['state'], 'acknowledged')

        time.sleep(max(0, SECOND_TIER + 1 - (time.monotonic() - began)))
        self.assertEqual(self.sink.messages(path='/boss'), [], 'the next tier never comes')
        self.assertEqual(len(self.mails()), 1, 'nobody is paged twice')

        status, body, _ = self.press_slack(token)
        self.assertEqual((status, json.loads(body)['text']), (200, 'Resolved: SwitchOn.'))
        recovery = harness.wait_for('the recoveries', lambda: len(self.mails()) == 2 and self.mails()[1], 10)
        harness.wait_for('the recovery of the crew', lambda: self.sink.messages('resolved', '/crew'), 10)
        self.assertEqual(recovery['References'], page['References'])
        self.assertNotEqual(recovery['Message-Id'], page['Message-Id'])
        self.assertEqual(self.links(recovery), {})
        self.assertEqual(self.sink.messages(path='/boss'), [])

        history = harness.get_json(f"{self.url}/outrider/v1/incidents/{incident['id']}")['history']
        did = [(e['by'], e['channel'], e['to']) for e in history if e['kind'] == 'state_changed']
        self.assertEqual(did, [('anna', 'link', 'acknowledged'), ('anna', 'slack', 'resolved')])
        self.assertEqual([e['by'] for e in history if e['kind'] == 'answer_refused'], ['ben (crew)'])
        report = harness.get_json(self.url + '/outrider/v1/sla')
        for kind in ('acknowledge', 'resolve'):
            self.assertEqual((report[kind]['met'], report[kind]['breached']), (1, 0), report)
        status, verdict = harness.post_json(self.url + '/outrider/v1/state/verify', {})
        self.assertTrue(verdict['intact'], verdict)
        log = ''.join(one.text() for one in self.processes)
        for link in links.values():
            self.assertNotIn(link.rsplit('/', 1)[1], log, 'a token is a key: no log has it')


if __name__ == '__main__':
    unittest.main(verbosity=2)
