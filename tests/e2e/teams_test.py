#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An operator of one team with a real process: windows, overrides and incidents of others are refused, their own work;
what is held says so in its trail, and when it is told; a refused reload and the start are in the audit trail."""
import base64
import json
import subprocess
import unittest

import harness

INCIDENTS = '''
group_by: [alertname]
users: [{{name: anna, webhook_configs: [{{url: '{url}/anna'}}]}}, {{name: ben}}]
teams: [{{name: web, members: [anna]}}, {{name: db, members: [ben]}}]
schedules:
- {{name: web, team: web, layers: [{{users: [anna], start: 2026-01-05T09:00}}]}}
- {{name: db, team: db, layers: [{{users: [ben, ben], start: 2026-01-05T09:00}}]}}
escalation_policies: [{{name: p, severities: [critical], tiers: [{{schedules: [web]}}]}}]
'''


def basic(name):
    return {'Authorization': 'Basic ' + base64.b64encode(f'{name}:test'.encode()).decode()}


class Teams(harness.EndToEnd):
    def begin(self):
        self.sink = self.webhook_sink()
        hashed = subprocess.run([harness.OUTRIDER, 'user', 'hash-password', '--cost', '4'], input='test\n', text=True,
                                capture_output=True, check=True).stdout.strip()
        self.write('web.yml', 'outrider_users:\n'
                   f'- {{name: root, role: admin, password_hash: "{hashed}"}}\n'
                   f'- {{name: teo, role: operator, teams: [web], password_hash: "{hashed}"}}\n')
        self.write('outrider.yml', 'incidents: {config_file: incidents.yml}')
        self.write('incidents.yml', INCIDENTS.format(url=self.sink.url))
        self.start_outrider('outrider.yml', '--web.config.file', 'web.yml')

    def call(self, user, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {**basic(user), 'Content-Type': 'application/json'}
        status, text, _ = harness.request(self.url + path, data, headers, method)
        return status, text

    def texts(self, ident):
        shown = json.loads(self.call('root', 'GET', f'/outrider/v1/incidents/{ident}')[1])
        return [e.get('text', '') for e in shown['history']]

    def audit(self, subject):
        lines = self.call('root', 'GET', f'/outrider/v1/audit?subject={subject}')[1].splitlines()
        return [json.loads(line) for line in lines]

    def test_an_operator_of_a_team(self):
        self.begin()
        period = {'start': '2026-12-01T00:00:00Z', 'end': '2099-01-02T00:00:00Z'}
        for team, code in (('db', 403), ('web', 201)):
            window = {'name': f'of {team}', 'match': [f'team="{team}"'], 'end': '2099-01-01T00:00:00Z'}
            self.assertEqual(self.call('teo', 'POST', '/outrider/v1/maintenance', window)[0], code, team)
            override = {'user': 'ben', **period}
            path = f'/outrider/v1/oncall/schedules/{team}/overrides'
            self.assertEqual(self.call('teo', 'POST', path, {**override, 'start': '2099-01-01T00:00:00Z'})[0], code, team)
            incident = {'title': 'by hand', 'severity': 'low', 'labels': {'team': team}}
            self.assertEqual(self.call('teo', 'POST', '/outrider/v1/incidents', incident)[0], code, team)
        status, text = self.call('teo', 'POST', '/outrider/v1/maintenance', {'name': 'x', 'match': ['team=~".*"'], 'end': '2099-01-01T00:00:00Z'})
        self.assertEqual(status, 403)
        self.assertIn('teo acts for web', text)

        alert = [{'labels': {'alertname': 'Down', 'severity': 'critical', 'team': 'web'}}]
        self.assertEqual(self.call('teo', 'POST', '/api/v2/alerts', alert)[0], 200)
        incidents = json.loads(self.call('teo', 'GET', '/outrider/v1/incidents')[1])['incidents']
        ident = next(i['id'] for i in incidents if i['title'] == 'Down')
        self.assertIn('tier 1 not paged: in maintenance: of web', self.texts(ident))
        self.assertFalse([t for t in self.texts(ident) if 'has been told' in t or t.startswith('escalated')])
        self.assertEqual(self.sink.messages(path='/anna'), [])
        self.assertEqual(self.call('teo', 'DELETE', '/outrider/v1/maintenance/of%20web')[0], 204)
        harness.wait_for('the page', lambda: self.sink.messages(path='/anna'), 30)
        self.assertIn('no longer held: tier 1 goes to user:anna', self.texts(ident))

        self.write('incidents.yml', 'users: [{name: anna}, {name: anna}]')
        self.assertEqual(self.call('root', 'POST', '/-/reload')[0], 500)
        event = self.audit('configuration')[-1]
        self.assertEqual(event['by'], 'root')
        self.assertIn('reload refused', event['text'])
        self.assertIn('is not unique', event['text'])
        self.assertIn('started: version', self.audit('daemon')[-1]['text'])


if __name__ == '__main__':
    unittest.main()
