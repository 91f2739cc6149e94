#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`outrider state import-alertmanager`: silences and notification log of Debian's prometheus-alertmanager, as it wrote
them when it stopped. What it told is not told again, what it silenced stays silenced; without the import all of it is
told again."""
import datetime
import os
import time

import harness


def when(seconds):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime(
        '%Y-%m-%dT%H:%M:%S.%fZ')


class ImportFromAlertmanager(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sink = self.webhook_sink()
        self.write('alertmanager.yml', f'''
route:
  receiver: team
  group_by: [alertname]
  group_wait: 200ms
  group_interval: 1s
  repeat_interval: 1h
  routes:
  - matchers: [severity="critical"]
    receiver: pager
receivers:
- name: team
  webhook_configs: [{{url: '{self.sink.url}/team'}}, {{url: '{self.sink.url}/second'}}]
- name: pager
  webhook_configs: [{{url: '{self.sink.url}/pager'}}]
''')

    def post(self, url, *alerts):
        body = [{'labels': labels, 'startsAt': when(-60), 'endsAt': when(600)} for labels in alerts]
        self.assertEqual(harness.post_json(url + '/api/v2/alerts', body)[0], 200)

    def fill_alertmanager(self):
        port = harness.free_port()
        url = f'http://127.0.0.1:{port}'
        process = self.start('alertmanager', [
            'prometheus-alertmanager', '--config.file=alertmanager.yml', '--storage.path=am',
            f'--web.listen-address=127.0.0.1:{port}', '--cluster.listen-address='])
        harness.wait_for('Alertmanager', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
        self.silences = {}
        for name, regex in (('Quiet', False), ('Also.*', True)):
            status, answer = harness.post_json(url + '/api/v2/silences', {
                'matchers': [{'name': 'alertname', 'value': name, 'isRegex': regex}], 'startsAt': when(-1),
                'endsAt': when(3600), 'createdBy': 'anna', 'comment': f'because of {name}'})
            self.assertEqual(status, 200, answer)
            self.silences[answer['silenceID']] = name
        self.post(url, *self.told)
        harness.wait_for('all to be told', lambda: len(self.sink.messages()) >= 4, 30)
        self.assertEqual(process.stop(), 0)
        self.assertTrue(os.path.exists(self.directory / 'am/nflog'))

    told = [{'alertname': 'Down', 'instance': 'a'}, {'alertname': 'Down', 'instance': 'ü "b"'},
            {'alertname': 'Slow', 'severity': 'critical', 'instance': 'c'},
            {'alertname': 'Full', 'severity': 'critical', 'empty': ''}]

    def test_nothing_is_told_twice(self):
        self.fill_alertmanager()
        before = len(self.sink.messages())
        out = self.cli('state', 'import-alertmanager', 'am', '--config.file=alertmanager.yml', '--storage.path=data')
        self.assertIn('2 silences and 4 entries of the notification log taken over; 0 outdated, 0 not taken', out)
        again = self.cli('state', 'import-alertmanager', 'am', '--config.file=alertmanager.yml', '--storage.path=data')
        self.assertIn('0 silences and 0 entries', again, 'the same again changes nothing')
        self.start_outrider('alertmanager.yml')
        silences = harness.get_json(self.url + '/api/v2/silences')
        self.assertEqual({s['id']: s['matchers'][0]['value'] for s in silences}, self.silences)
        self.assertEqual({s['comment'] for s in silences}, {'because of Quiet', 'because of Also.*'})
        # One after the other, so that the group has been flushed before its second alert comes.
        for alert in self.told:
            self.post(self.url, alert)
            time.sleep(1.5)
        self.post(self.url, {'alertname': 'Quiet'}, {'alertname': 'AlsoThis'})
        time.sleep(3)
        self.assertEqual(self.sink.messages()[before:], [])
        # What is new is told, and the end of what was told.
        self.post(self.url, {'alertname': 'Down', 'instance': 'new'})
        news = harness.wait_for('the new alert', lambda: self.sink.messages()[before:], 20)
        self.assertEqual({a['labels']['instance'] for a in news[0]['alerts']}, {'a', 'ü "b"', 'new'})
        self.assertEqual(news[0]['notification_reason'], 'new alerts added')
        end = [{'labels': self.told[2], 'startsAt': when(-60), 'endsAt': when(-1)}]
        self.assertEqual(harness.post_json(self.url + '/api/v2/alerts', end)[0], 200)
        harness.wait_for('the end', lambda: [m for m in self.sink.messages('resolved', '/pager')
                                             if m['groupLabels'] == {'alertname': 'Slow'}], 20)

    def test_without_the_import_all_is_told_again(self):
        self.fill_alertmanager()
        before = len(self.sink.messages())
        self.start_outrider('alertmanager.yml')
        self.post(self.url, *self.told)
        harness.wait_for('all to be told again', lambda: len(self.sink.messages()) >= before + 4, 20)

    def test_what_cannot_be_imported(self):
        os.makedirs(self.directory / 'empty')
        self.assertIn('holds neither silences nor nflog', self.cli(
            'state', 'import-alertmanager', 'empty', '--config.file=alertmanager.yml', expect=1))
        self.write('bad/nflog', '{"no": "protobuf"}')
        self.assertIn('bad/nflog: message 1 is cut', self.cli(
            'state', 'import-alertmanager', 'bad', '--config.file=alertmanager.yml', expect=1))
        self.start_outrider('alertmanager.yml')
        self.write('good/nflog', '')
        self.cli('state', 'import-alertmanager', 'good', '--config.file=alertmanager.yml', '--storage.path=data',
                 expect=1)  # the daemon runs and has the state


if __name__ == '__main__':
    harness.unittest.main()
