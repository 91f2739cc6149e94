#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may do what, end to end with a real process: users of --web.config.file, remote write and a scrape with
credentials, tokens and the command line, an override by command that survives kill -9, TLS that stops the start."""
import base64
import json
import os
import subprocess
import time
import unittest

import harness

USERS = {'vera': 'viewer', 'otto': 'operator', 'root': 'admin'}


def basic(name, password='test'):
    return {'Authorization': 'Basic ' + base64.b64encode(f'{name}:{password}'.encode()).decode()}


class Access(harness.EndToEnd):
    def begin(self):
        hashed = subprocess.run([harness.OUTRIDER, 'user', 'hash-password', '--cost', '4'], input='test\n', text=True,
                                capture_output=True, check=True).stdout.strip()
        users = '\n'.join(f'- {{name: {name}, role: {role}, password_hash: "{hashed}"}}' for name, role in USERS.items())
        self.write('web.yml', f'basic_auth_users: {{toolkit: "{hashed}"}}\noutrider_users:\n{users}\n')
        self.write('outrider.yml', 'incidents: {config_file: incidents.yml}')
        self.write('incidents.yml', 'users: [{name: anna}, {name: ben}]\n'
                   'schedules: [{name: primary, layers: [{users: [anna], start: 2026-01-05T09:00}]}]\n')
        self.daemon = self.start_outrider('outrider.yml', '--web.config.file', 'web.yml')

    def code(self, path, method='GET', headers=None, body=None):
        data = None if body is None else json.dumps(body).encode()
        return harness.request(self.url + path, data, headers or {}, method)[0]

    def command(self, *arguments, token, expect=0):
        done = subprocess.run([harness.OUTRIDER, *arguments, '--url', self.url], text=True, capture_output=True,
                              env={**os.environ, 'OUTRIDER_TOKEN': token}, timeout=60, check=False)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_users_tokens_and_what_they_may(self):
        self.begin()
        self.assertEqual(self.code('/-/healthy'), 200)
        for path in ('/metrics', '/api/v1/query?query=1', '/outrider/v1/incidents', '/'):
            self.assertEqual(self.code(path), 401, path)
            self.assertEqual(self.code(path, headers=basic('vera')), 200, path)
        self.assertEqual(self.code('/metrics', headers=basic('vera', 'wrong')), 401)
        series = [({'__name__': 'up', 'job': 'x'}, [(time.time(), 1)])]
        self.assertEqual(harness.remote_write(self.url, series)[0], 401)
        body = harness.snappy_literals(harness.write_request(series))
        sent = {name: harness.request(self.url + '/api/v1/write', body, {**harness.RW_HEADERS, **basic(name)}, 'POST')[0]
                for name in ('vera', 'otto')}
        self.assertEqual(sent, {'vera': 403, 'otto': 204})
        self.assertEqual(self.code('/-/reload', 'POST', basic('otto')), 403)
        self.assertEqual(self.code('/-/reload', 'POST', basic('toolkit')), 200)
        status, page, _ = harness.request(self.url + '/', None, {'Accept': 'text/html'})
        self.assertEqual(status, 401)
        self.assertIn('name="password"', page)

        admin = json.loads(harness.request(self.url + '/outrider/v1/tokens', b'{"name": "boss", "role": "admin"}',
                                           basic('root'), 'POST')[1])['token']
        made = self.command('token', 'create', 'ci', '--role', 'operator', token=admin)
        token = made.strip().splitlines()[-1]
        self.assertTrue(token.startswith('otr_'), made)
        self.assertIn('ci', self.command('token', 'list', token=admin))
        self.assertIn('needs the role admin', self.command('token', 'list', token=token, expect=1))
        self.assertIn('401', self.command('incident', 'list', token='', expect=1))

        alert = [{'labels': {'alertname': 'Down', 'severity': 'critical'}}]
        self.assertEqual(self.code('/api/v2/alerts', 'POST', {**basic('otto'), 'Content-Type': 'application/json'}, alert),
                         200)
        incidents = json.loads(self.command('incident', 'list', '--output', 'json', token=token))['incidents']
        self.command('incident', 'ack', incidents[0]['id'], '--by', 'somebody', token=token)
        shown = json.loads(self.command('incident', 'show', incidents[0]['id'], '--output', 'json', token=token))
        self.assertEqual(shown['acknowledged_by'], 'ci')

        added = self.command('oncall', 'override', 'add', 'primary', 'ben', '--for', '8h', token=token)
        self.assertIn('is in force', added)
        self.daemon.kill9()
        self.daemon = self.start_outrider('outrider.yml', '--web.config.file', 'web.yml')
        self.assertIn('ben', self.command('oncall', 'now', token=token))
        listed = self.command('oncall', 'override', 'list', 'primary', token=token)
        override = listed.splitlines()[1].split()[0]
        self.command('oncall', 'override', 'remove', 'primary', override, token=token)
        self.assertIn('anna', self.command('oncall', 'now', token=token))
        self.command('token', 'revoke', 'ci', token=admin)
        self.assertIn('401', self.command('oncall', 'now', token=token, expect=1))
        audit = self.command('audit', 'export', '--kind', 'configured', token=admin)
        self.assertIn('"by":"ci"', audit)

    def test_tls_stops_the_start(self):
        self.write('web.yml', 'tls_server_config: {cert_file: a.crt, key_file: a.key}')
        done = subprocess.run([harness.OUTRIDER, 'run', '--web.config.file', 'web.yml', '--web.listen-address',
                               '127.0.0.1:0'], cwd=self.directory, text=True, capture_output=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('web.yml:1:20: tls_server_config: TLS is not available', done.stderr)


if __name__ == '__main__':
    unittest.main()
