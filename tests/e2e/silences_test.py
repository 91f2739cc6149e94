#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What silences can do here and in no Alertmanager: a look before, guard rails, recurring ones, those that end when
nothing matches; by API, by `outrider silence`, and beside amtool, which knows nothing of it."""
import datetime
import json
import subprocess

import harness


class Silences(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sink = self.webhook_sink()
        self.write('alertmanager.yml', f'''
route: {{receiver: team, group_by: [alertname], group_wait: 100ms, group_interval: 1s}}
receivers: [{{name: team, webhook_configs: [{{url: '{self.sink.url}'}}]}}]
''')
        self.write('outrider.yml', '''
alerting:
  config_file: alertmanager.yml
  silences: {max_matching: 2, max_duration: 2d}
''')
        self.start_outrider()

    def post(self, *names):
        self.assertEqual(harness.post_json(self.url + '/api/v2/alerts',
                                           [{'labels': {'alertname': n, 'team': 't'}} for n in names])[0], 200)

    def silence(self, identity):
        return harness.get_json(self.url + '/api/v2/silence/' + identity)

    def amtool(self, *arguments):
        done = subprocess.run(['amtool', f'--alertmanager.url={self.url}', *arguments], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_preview_and_guard_rails(self):
        self.post('A', 'B', 'C')
        out = self.cli('silence', 'preview', 'team=t')
        self.assertIn('would mute 3 of 3 firing alerts now (0 of them are muted already), 3 in the last day', out)
        self.assertIn('would be refused without --force: silence too broad', out)
        preview = json.loads(self.cli('silence', 'preview', 'A', '--output=json'))
        self.assertEqual((preview['matching'], preview['alerts'][0]['labels']['alertname']), (1, 'A'))
        self.assertIn('answered 400: silence too broad: it would mute 3 of 3 firing alerts now (limit: 2)',
                      self.cli('silence', 'add', 'team=t', '-c', 'all', expect=1))
        self.assertIn('silence too long: 3d (limit: 2d)',
                      self.cli('silence', 'add', 'A', '-c', 'long', '-d', '3d', expect=1))
        identity = self.cli('silence', 'add', 'team=t', '-c', 'all', '--force').strip()
        self.assertEqual(self.silence(identity)['status']['state'], 'active')
        self.assertIn(identity, self.cli('silence', 'list'))
        self.cli('silence', 'expire', identity)
        self.assertEqual(self.silence(identity)['status']['state'], 'expired')
        self.assertNotIn(identity, self.cli('silence', 'list'))
        self.assertIn(identity, self.cli('silence', 'list', '--expired'))

    def test_a_recurring_silence_beside_amtool(self):
        now = datetime.datetime.now(datetime.timezone.utc)
        today, other = [(now + datetime.timedelta(days=d)).strftime('%A').lower() for d in (0, 3)]
        held = self.cli('silence', 'add', 'Held', '-c', 'today', '-a', 'anna', '--recurrence',
                        f'[{{weekdays: [{today}]}}]').strip()
        free = self.cli('silence', 'add', 'Free', '-c', 'not today', '--recurrence',
                        f'[{{weekdays: [{other}]}}]').strip()
        self.assertEqual(self.silence(held)['recurrence'], [{'weekdays': [today], 'location': 'UTC'}])
        self.assertEqual(self.silence(free)['status']['state'], 'pending')
        self.post('Held', 'Free')
        harness.wait_for('the one that is not silenced', lambda: self.sink.messages())
        self.assertEqual({m['groupLabels']['alertname'] for m in self.sink.messages()}, {'Free'})
        self.assertIn(held, self.amtool('silence', 'query'))
        self.amtool('silence', 'update', '--comment=changed', held)
        after = self.silence(held)
        self.assertEqual(after['comment'], 'changed')
        self.assertEqual(after['recurrence'], [{'weekdays': [today], 'location': 'UTC'}])
        self.assertIn('unknown time zone Mars',
                      self.cli('silence', 'add', 'X', '-c', 'c', '--recurrence', '[{location: Mars}]', expect=1))

    def test_a_silence_that_ends_when_nothing_matches(self):
        identity = self.cli('silence', 'add', 'Idle', '-c', 'c', '--expire-when-idle', '3s').strip()
        self.assertEqual(self.silence(identity)['expireWhenIdle'], '3s')
        harness.wait_for('its end', lambda: self.silence(identity)['status']['state'] == 'expired', 20)
        self.post('Busy')
        busy = self.cli('silence', 'add', 'Busy', '-c', 'c', '--expire-when-idle', '3s').strip()
        harness.time.sleep(6)
        self.assertEqual(self.silence(busy)['status']['state'], 'active')


if __name__ == '__main__':
    harness.unittest.main()
