#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What must not happen twice or by half, with a real process: a page that is answered "escalate" again and again over
kill -9, a code for an address that was changed, an edit by API beside files that nobody has reloaded, a refused reload; and
what the audit trail says of all that. Without users: who counts as this machine."""
import json
import re
import signal
import unittest

import harness

CALENDAR = '''BEGIN:VCALENDAR\r
VERSION:2.0\r
BEGIN:VEVENT\r
UID:1\r
SUMMARY:{user}\r
DTSTART:20260101T000000Z\r
DTEND:20400101T000000Z\r
END:VEVENT\r
END:VCALENDAR\r
'''


class Twice(harness.EndToEnd):
    def begin(self):
        self.sink = self.webhook_sink()
        self.write('am.yml', f'''
route: {{receiver: nobody}}
receivers:
- name: nobody
- name: crew
  webhook_configs: [{{url: '{self.sink.url}/crew'}}]
templates: [x.tmpl]
''')
        self.write('x.tmpl', '{{ define "x" }}old{{ end }}')
        self.write('duty.ics', CALENDAR.format(user='anna'))
        self.write('incidents.yml', f'''
escalation_policies:
- name: default
  severities: [critical]
  tiers:
  - {{delay: 0s, receivers: [crew]}}
  - {{delay: 1h, users: [anna]}}
  - {{delay: 2h, users: [ben]}}
users:
- name: anna
  webhook_configs: [{{url: '{self.sink.url}/anna'}}]
- name: ben
  webhook_configs: [{{url: '{self.sink.url}/ben'}}]
schedules: [{{name: primary, layers: [{{ical_file: duty.ics}}]}}]
''')
        self.write('outrider.yml', 'alerting: {config_file: am.yml}\nincidents: {config_file: incidents.yml}\n')
        self.process = self.start_outrider()

    def call(self, path, method='GET', body=None, headers=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {'Content-Type': 'application/json', **(headers or {})}
        status, text, _ = harness.request(self.url + path, data, headers, method)
        return status, text

    def audit(self, query):
        _, text = self.call('/outrider/v1/audit?' + query)
        return [json.loads(line) for line in text.splitlines()]

    def on_call(self):
        _, text = self.call('/api/v1/on-call/current?schedule_id=primary')
        return json.loads(text)['user_id']

    def test_a_page_escalates_once(self):
        self.begin()
        status, text = self.call('/api/v2/alerts', 'POST', [{'labels': {'alertname': 'Down', 'severity': 'critical'}}])
        self.assertEqual(status, 200, text)
        page = harness.wait_for('the page', lambda: self.sink.messages(path='/crew'), 20)[0]
        link = next(a['url'] for a in page['outrider_actions'] if a['name'] == 'escalate')
        self.assertIn('Escalated: Down.', harness.request(link, b'who=ben', method='POST')[1])
        harness.wait_for('the next tier', lambda: self.sink.messages(path='/anna'), 10)
        for _ in range(2):
            status, text, _ = harness.request(link, b'who=ben', method='POST')
            self.assertEqual(status, 200)
            self.assertIn('Escalated already: Down; tier 2 has been told.', text)
            self.process.kill9()
            self.process = self.start_outrider()
        self.assertEqual(self.sink.messages(path='/ben'), [])
        tiers = [event['to'] for event in self.audit('kind=escalated')]
        self.assertEqual(tiers, ['1', '2'])
        by_hand = self.audit('kind=escalated')[1]
        self.assertEqual((by_hand['channel'], by_hand['data']['contact'], by_hand['data']['address']),
                         ('link', 'crew', '127.0.0.1'))

    def test_a_code_is_for_its_address(self):
        self.begin()
        path = '/outrider/v1/users/anna/contacts/webhook/verify/'
        self.assertEqual(self.call(path + 'start', 'POST')[0], 202)
        message = harness.wait_for('the code', lambda: self.sink.messages(path='/anna'), 10)[0]
        code = re.search(r'code is (\d{6})', json.dumps(message)).group(1)
        with open(f'{self.directory}/incidents.yml', encoding='utf-8') as file:
            text = file.read()
        self.write('incidents.yml', text.replace('/anna', '/elsewhere'))
        self.assertEqual(self.call('/-/reload', 'POST')[0], 200)
        status, text = self.call(path + 'confirm', 'POST', {'code': code})
        self.assertEqual(status, 409, text)
        self.assertIn('was changed after the code was sent', text)

    def test_edits_and_reloads(self):
        self.begin()
        self.assertEqual(self.on_call(), 'anna')
        self.write('duty.ics', CALENDAR.format(user='ben'))
        self.write('x.tmpl', '{{ define')
        self.assertEqual(self.call('/outrider/v1/users', 'POST', {'name': 'cleo'})[0], 201)
        self.assertEqual(self.on_call(), 'anna', 'what nobody has reloaded does not count')
        self.assertEqual(self.call('/-/reload', 'POST')[0], 500)
        self.assertEqual(self.on_call(), 'anna')
        refused = self.audit('subject=configuration')
        self.assertEqual([event['data'].get('refused') for event in refused], ['true'])
        self.assertIn('x.tmpl:1: unclosed action', refused[0]['text'])
        self.write('x.tmpl', '{{ define "x" }}new{{ end }}')
        self.process.process.send_signal(signal.SIGHUP)
        harness.wait_for('the reload', lambda: self.on_call() == 'ben', 10)
        event = harness.wait_for('what the trail says of it', lambda: self.audit('subject=configuration')[1:], 10)[0]
        self.assertEqual((event['by'], event['channel']), ('', 'signal'))
        self.assertIn('x.tmpl', event['data']['changed_files'])
        self.assertIn('duty.ics', event['data']['changed_files'])
        policy = {'name': 'night', 'severities': ['high'],
                  'rules': [{'tier': 1, 'delay_minutes': 0, 'targets': ['oncall:primary']}]}
        status, text = self.call('/api/v1/escalation-policies', 'POST', policy)
        self.assertEqual((status, json.loads(text)['policy_id']), (201, 'night'), text)
        self.assertEqual(self.call('/api/v1/escalation-policies', 'POST', policy)[0], 409)
        self.assertEqual(self.audit('subject=policy:night')[0]['data'], {'kind': 'policy', 'name': 'night'})

    def test_a_proxy_is_not_this_machine(self):
        self.begin()
        for header in ('Forwarded', 'Via', 'X-Forwarded-For', 'X-Real-IP'):
            self.assertEqual(self.call('/-/reload', 'POST', headers={header: '203.0.113.9'})[0], 401, header)
        self.assertEqual(self.call('/-/reload', 'POST')[0], 200)


if __name__ == '__main__':
    unittest.main()
