#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""On call from the command line with a real process: users, teams, schedules and policies are made, shown, changed and
deleted, over a kill -9; swaps, temporary shifts, a contact method that is verified, a calendar that is subscribed to by
URL where everything else needs a password; and examples/, whose pager is told once of an incident."""
import base64
import json
import re
import subprocess
import time
import urllib.parse
import unittest

import harness

PEOPLE = '''# One file, read by two commands.
users:
- {{name: anna, time_zone: Europe/Berlin, webhook_configs: [{{url: '{url}/anna'}}]}}
- {{name: ben, webhook_configs: [{{url: '{url}/ben'}}]}}
teams:
- {{name: db, members: [anna, ben], lead: anna}}
'''
SCHEDULE = '''name: split
time_zone: Asia/Tokyo
layers:
- {name: halves, users: [anna, ben], rotation: custom, lengths: [4d8h, 2d16h], start: 2026-01-05T09:00}
'''
POLICY = 'name: db\nmatch: [team="db"]\ntiers: [{schedules: [split]}, {delay: 5m, targets: ["lead:db"]}]\n'


class OnCallCommands(harness.EndToEnd):
    def run_command(self, *arguments, stdin=None, expect=0):
        done = subprocess.run([harness.OUTRIDER, *arguments, '--url', self.url], text=True, capture_output=True,
                              cwd=self.directory, input=stdin, timeout=60, check=False)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout if expect == 0 else done.stderr

    def test_configuration_by_command(self):
        sink = self.webhook_sink()
        self.write('outrider.yml', 'incidents: {config_file: incidents.yml}\n'
                   'alerting: {webhooks: {allowed_networks: [127.0.0.1]}}\n')
        self.write('incidents.yml', 'users: [{name: boss}]\n')
        self.write('people.yml', PEOPLE.format(url=sink.url))
        self.write('split.yml', SCHEDULE)
        daemon = self.start_outrider()
        self.assertEqual(self.run_command('oncall', 'schedule', 'list'), 'No schedules.\n')
        self.assertEqual(self.run_command('oncall', 'user', 'apply', 'people.yml'),
                         'user anna is made.\nuser ben is made.\n')
        self.assertEqual(self.run_command('oncall', 'team', 'apply', 'people.yml'), 'team db is made.\n')
        self.assertEqual(self.run_command('oncall', 'schedule', 'apply', 'split.yml'), 'schedule split is made.\n')
        self.assertEqual(self.run_command('escalation', 'policy', 'apply', '-', stdin=POLICY), 'policy db is made.\n')
        daemon.kill9()
        self.start_outrider()
        users = self.run_command('oncall', 'user', 'list')
        self.assertRegex(users, r'(?m)^anna +api +Europe/Berlin, webhook ')
        self.assertRegex(users, r'(?m)^boss +file +UTC ')
        self.assertRegex(self.run_command('oncall', 'team', 'list'), r'(?m)^db +api +anna, ben; lead anna ')
        self.assertRegex(self.run_command('oncall', 'schedule', 'list'), r'(?m)^split +api +Asia/Tokyo, 1 layer: anna, ben ')
        self.assertRegex(self.run_command('escalation', 'policy', 'list'), r'(?m)^db +api +all: 2 tiers ')
        self.assertEqual(json.loads(self.run_command('oncall', 'team', 'list', '--output', 'json'))['teams'][0]['name'], 'db')

        # What is shown can be changed and applied again.
        shown = self.run_command('oncall', 'schedule', 'show', 'split')
        self.assertIn('rotation: custom, lengths: ["4d8h", "2d16h"]', shown)
        more = shown.replace('time_zone: Asia/Tokyo', 'time_zone: Europe/Berlin')
        self.assertEqual(self.run_command('oncall', 'schedule', 'apply', '-', stdin=more), 'schedule split is changed.\n')
        self.assertIn('# Version 2, ', self.run_command('oncall', 'schedule', 'show', 'split'))
        self.assertIn('# Of incidents.yml', self.run_command('oncall', 'user', 'show', 'boss'))
        shifts = json.loads(self.run_command('oncall', 'show', 'split', '--from', '2026-03-23T08:00:00Z', '--to',
                                             '2026-03-30T07:00:00Z', '--output', 'json'))['shifts']
        self.assertEqual([(s['start_local'], s['users']) for s in shifts],
                         [('2026-03-23T09:00:00+01:00 (CET)', ['anna']), ('2026-03-27T17:00:00+01:00 (CET)', ['ben'])])

        # Errors name lines of the file; what is used, and what is the file's, stays.
        wrong = SCHEDULE.replace('[4d8h, 2d16h]', '[4d8h, soon]')
        self.assertIn('4:72: a length of a shift is wanted', self.run_command('oncall', 'schedule', 'apply', '-', stdin=wrong, expect=1))
        self.assertIn('-:1:1: a schedule with a name is wanted',
                      self.run_command('oncall', 'schedule', 'apply', '-', stdin='layers: []\n', expect=1))
        self.assertIn(' 409: ', self.run_command('oncall', 'user', 'delete', 'anna', expect=1))
        self.assertIn(' 409: ', self.run_command('oncall', 'user', 'delete', 'boss', expect=1))
        self.assertIn(' 404: ', self.run_command('oncall', 'schedule', 'show', 'none', expect=1))
        self.run_command('oncall', 'schedule', 'apply', expect=2)

        self.assertRegex(self.run_command('oncall', 'swap', 'add', 'split', 'anna', 'ben', '--for', '200h'),
                         r'^Swap \w+ of split is in force\.\n')
        self.assertRegex(self.run_command('oncall', 'swap', 'list', 'split'), r'(?m)^\w+ +anna +ben +20')
        now = json.loads(self.run_command('oncall', 'now', '--output', 'json'))['schedules'][0]['now']
        self.assertEqual(now['users'], ['ben'])
        made = self.run_command('oncall', 'temporary', 'add', 'split', 'boss', 'anna', '--for', '8h')
        temporary = re.match(r'Temporary schedule (\w+) ', made)[1]
        now = json.loads(self.run_command('oncall', 'now', '--output', 'json'))['schedules'][0]['now']
        self.assertEqual((now['users'], now['source']), (['boss', 'anna'], 'temporary'))
        self.assertRegex(self.run_command('oncall', 'temporary', 'list', 'split'), r'(?m)^\w+ +boss, anna +20')
        self.run_command('oncall', 'temporary', 'remove', 'split', temporary)
        self.assertIn('No temporary schedules', self.run_command('oncall', 'temporary', 'list', 'split'))

        self.run_command('oncall', 'contact', 'send-code', 'anna', 'webhook')
        code = harness.wait_for('the code', lambda: re.search(r'\b\d{6}\b', json.dumps(sink.messages(path='/anna')[-1])), 20)[0]
        self.assertIn('webhook of anna is verified', self.run_command('oncall', 'contact', 'verify', 'anna', 'webhook', code))
        self.assertRegex(self.run_command('oncall', 'contact', 'list', 'anna'), r'(?m)^webhook\[0\] +20.* +yes$')

        self.run_command('escalation', 'policy', 'delete', 'db')
        self.assertEqual(self.run_command('oncall', 'schedule', 'delete', 'split'), 'schedule split is deleted.\n')

    def test_times_in_the_zones_of_schedule_and_reader(self):
        self.write('outrider.yml', 'incidents: {config_file: incidents.yml}\n')
        self.write('incidents.yml', f'users: [{{name: anna}}, {{name: ben}}]\nschedules: [{SCHEDULE_FLOW}]\n')
        self.start_outrider()
        for environment, option in (({'TZ': 'America/New_York'}, []), ({'TZ': 'UTC'}, ['--time-zone', 'America/New_York'])):
            done = subprocess.run([harness.OUTRIDER, 'oncall', 'now', '--url', self.url, *option], text=True,
                                  capture_output=True, env=environment, timeout=60, check=True).stdout
            self.assertRegex(done, r'SCHEDULE +ZONE +NOW +NEXT +FROM +FROM in America/New_York\n')
            self.assertRegex(done, r'(?m)^split +Asia/Tokyo +\w+ +\w+ +\S+\+09:00 \(JST\) +\S+-0[45]:00 \(E[SD]T\)$')
        done = subprocess.run([harness.OUTRIDER, 'oncall', 'show', 'split', '--url', self.url], text=True,
                              capture_output=True, env={'TZ': 'Asia/Tokyo'}, timeout=60, check=True).stdout
        self.assertRegex(done, r'^FROM +TO +ON CALL ')
        self.assertIn('Times are those of Asia/Tokyo.', done)

    def test_a_calendar_is_subscribed_to_by_url(self):
        hashed = subprocess.run([harness.OUTRIDER, 'user', 'hash-password', '--cost', '4'], input='test\n', text=True,
                                capture_output=True, check=True).stdout.strip()
        self.write('web.yml', f'outrider_users:\n- {{name: root, role: admin, password_hash: "{hashed}"}}\n'
                   f'- {{name: otto, role: operator, password_hash: "{hashed}"}}\n')
        self.write('outrider.yml', 'incidents: {config_file: incidents.yml}\n')
        self.write('incidents.yml', f'users: [{{name: anna}}, {{name: ben}}]\nschedules: [{SCHEDULE_FLOW}, '
                   f'{SCHEDULE_FLOW.replace("split", "other")}]\n')
        flags = ('outrider.yml', '--web.config.file', 'web.yml', f'--web.external-url={self.url}')
        daemon = self.start_outrider(*flags)
        bare = f'{self.url}/outrider/v1/oncall/split/calendar.ics'
        self.assertEqual(harness.request(bare)[0], 401)
        open_url, self.url = self.url, self.url.replace('://', '://otto:test@')
        feed = self.run_command('oncall', 'feed', 'create', 'split', '--user', 'ben', '--expires-in', '365d').strip()
        listed = self.run_command('oncall', 'feed', 'list', 'split')
        self.assertRegex(listed, r'(?m)^feed-\w+ +ben +otc_\w+… +otto +20')
        token = urllib.parse.parse_qs(urllib.parse.urlsplit(feed).query)['token'][0]
        self.assertNotIn(token, listed)
        daemon.kill9()
        self.url = open_url
        self.start_outrider(*flags)
        status, text, headers = harness.request(feed)
        self.assertEqual((status, headers['Content-Type']), (200, 'text/calendar; charset=utf-8'))
        self.assertIn('SUMMARY:On call: ben (split)', text)
        self.assertNotIn('anna', text)
        refused = [feed.replace('user=ben&', ''), feed.replace('split', 'other'), feed + '0', feed + '&user=anna',
                   feed.replace('/calendar.ics', ''), f'{self.url}/metrics?token={token}',
                   f'{self.url}/outrider/v1/incidents?token={token}']
        self.assertEqual([harness.request(url)[0] for url in refused], [401] * len(refused))
        bearer = {'Authorization': 'Bearer ' + token}
        self.assertEqual(harness.request(f'{self.url}/metrics', headers=bearer)[0], 401)
        basic = {'Authorization': 'Basic ' + base64.b64encode(b'root:test').decode()}
        self.assertIn(token[:12], harness.request(f'{self.url}/outrider/v1/tokens', headers=basic)[1])
        self.url = self.url.replace('://', '://otto:test@')
        self.run_command('oncall', 'feed', 'revoke', 'split', listed.split('\n')[1].split()[0])
        self.assertEqual(harness.request(feed)[0], 401)
        self.assertIn('of a calendar of schedule split made', self.run_command('audit', 'export', '--kind', 'configured'))

    def test_the_examples_page_once(self):
        sink = self.webhook_sink()
        examples = harness.ROOT / 'examples'
        for name in ('alertmanager.yml', 'incidents.yml'):
            text = (examples / name).read_text().replace('http://localhost:5001', sink.url)
            self.write(name, text.replace('group_wait: 30s', 'group_wait: 1s'))
        self.write('outrider.yml', 'alerting: {config_file: alertmanager.yml}\nincidents: {config_file: incidents.yml}\n')
        self.start_outrider()
        labels = {'alertname': 'DiskFull', 'severity': 'critical', 'service': 'web'}
        self.assertEqual(harness.post_json(self.url + '/api/v2/alerts', [{'labels': labels}])[0], 200)
        harness.wait_for('the page', lambda: sink.messages(path='/page'), 20)
        harness.wait_for('the team', lambda: sink.messages(path='/alerts'), 20)
        time.sleep(3)
        self.assertEqual(len(sink.messages(path='/page')), 1)
        self.assertEqual(len(sink.messages(path='/alerts')), 1)


SCHEDULE_FLOW = ('{name: split, time_zone: Asia/Tokyo, layers: [{name: halves, users: [anna, ben], rotation: custom, '
                 'lengths: [4d8h, 2d16h], start: 2026-01-05T09:00}]}')

if __name__ == '__main__':
    unittest.main()
