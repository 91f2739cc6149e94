#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names and files in incidents.yml and in objects of the API, with a real process: check, start and reload refuse the same names at
the same places; an object names no file of the daemon; a policy of open incidents stays."""
import json
import unittest

import harness

GOOD = '''users: [{name: anna}]
escalation_policies: [{name: p, severities: [low], tiers: [{users: [anna]}]}]
'''
NAMES = '''users: [{name: anna}]
escalation_policies:
- name: p
  tiers:
  - {users: [zz]}
  - {delay: 1h, schedules: [nix]}
  - {delay: 2h, targets: ['user:yy', 'team:tt']}
  fallback: ['user:qq']
heartbeats: [{name: h, interval: 1h, policy: typo}]
'''
PLACES = ['5:14: escalation policy "p" names user:zz', '6:29: escalation policy "p" names schedule:nix',
          '7:27: escalation policy "p" names user:yy', '7:38: escalation policy "p" names team:tt',
          '8:14: escalation policy "p" names user:qq']
HEARTBEAT = '9:46: heartbeat "h" names the escalation policy "typo"'


class Names(harness.EndToEnd):
    def begin(self, incidents):
        self.write('outrider.yml', 'incidents: {config_file: incidents.yml}\n')
        self.write('incidents.yml', incidents)

    def call(self, path, method='GET', body=None):
        data = None if body is None else json.dumps(body).encode()
        status, text, _ = harness.request(self.url + path, data, {'Content-Type': 'application/json'}, method)
        return status, text

    def test_check_start_and_reload_say_the_same(self):
        self.begin(NAMES)
        text = self.cli('check', 'incidents', 'incidents.yml', expect=1)
        for place in [*PLACES, HEARTBEAT]:
            self.assertIn(f'incidents.yml:{place}', text)
        text = self.cli('check', 'config', 'outrider.yml', expect=1)
        for place in PLACES:
            self.assertIn(f'incidents.yml:{place}', text)
        refused = self.cli('run', '--config.file=outrider.yml', '--storage.path=data',
                           f'--web.listen-address=127.0.0.1:{self.port}', expect=1)
        for place in PLACES:
            self.assertIn(place.replace('"', ''), refused.replace('\\', '').replace('"', ''))
        self.begin(GOOD)
        self.start_outrider()
        self.begin(NAMES)
        status, text = self.call('/-/reload', 'POST')
        self.assertEqual(status, 500)
        for place in PLACES:
            self.assertIn(f'incidents.yml:{place}', text)

    def test_policies_of_heartbeats(self):
        heartbeat = GOOD + 'heartbeats: [{name: h, interval: 1h, severity: high, policy: typo}]\n'
        message = 'incidents.yml:3:62: heartbeat "h" names the escalation policy "typo", which the file does not have'
        self.begin(heartbeat)
        for kind, file in (('incidents', 'incidents.yml'), ('config', 'outrider.yml')):
            self.assertIn(message, self.cli('check', kind, file, expect=1))
        refused = self.cli('run', '--config.file=outrider.yml', '--storage.path=data',
                           f'--web.listen-address=127.0.0.1:{self.port}', expect=1)
        self.assertIn('incidents.yml:3:62', refused)
        self.begin(GOOD)
        self.start_outrider()
        self.begin(heartbeat)
        status, text = self.call('/-/reload', 'POST')
        self.assertEqual(status, 500)
        self.assertIn(message, text)
        made = self.call('/outrider/v1/policies', 'POST', {'name': 'typo', 'tiers': [{'users': ['anna']}]})
        self.assertEqual(made[0], 201, made)
        self.assertEqual(self.call('/-/reload', 'POST')[0], 200, 'the API has it now')

    def test_objects_name_no_files_of_the_daemon(self):
        self.begin(GOOD)
        secret = self.write('secret.txt', 'top-secret\n')
        sink = self.webhook_sink()
        self.start_outrider()
        hidden = {'name': 'x', 'webhook_configs': [
            {'url': sink.url, 'http_config': {'authorization': {'credentials_file': secret}}}]}
        status, text = self.call('/outrider/v1/users', 'POST', hidden)
        self.assertEqual(status, 400, text)
        self.assertIn('webhook_configs[0].http_config.authorization.credentials_file names a file of the daemon', text)
        status, text = self.call('/outrider/v1/users', 'POST', {'name': 'x', 'webhook_configs': [{'url_file': secret}]})
        self.assertEqual(status, 400, text)
        status, text = self.call('/outrider/v1/oncall/schedules', 'POST', {'name': 's', 'layers': [{'ical_file': secret}]})
        self.assertEqual(status, 400, text)
        self.assertIn('layers[0].ical_file', text)
        self.assertEqual(self.call('/outrider/v1/users/x')[0], 404)

    def test_a_policy_of_open_incidents_stays(self):
        self.begin(GOOD)
        self.start_outrider()
        made = self.call('/outrider/v1/policies', 'POST',
                         {'name': 'api', 'severities': ['high'], 'tiers': [{'users': ['anna']}]})
        self.assertEqual(made[0], 201, made)
        self.call('/api/v2/alerts', 'POST', [{'labels': {'alertname': 'X', 'severity': 'high'}}])

        def opened():
            return json.loads(self.call('/outrider/v1/incidents')[1])['incidents']
        incident = harness.wait_for('the incident', opened, 10)[0]['id']
        status, text = self.call('/outrider/v1/policies/api', 'DELETE')
        self.assertEqual(status, 409, text)
        self.assertIn(f'is used by 1 open incident: {incident}', text)
        self.assertEqual(self.call(f'/outrider/v1/incidents/{incident}/resolve', 'POST', {})[0], 200)
        self.assertEqual(self.call('/outrider/v1/policies/api', 'DELETE')[0], 204)


if __name__ == '__main__':
    unittest.main()
