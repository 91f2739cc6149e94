#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 with pending, firing, kept-firing and resolved alerts, a webhook of the built-in pipeline, Debian's
prometheus-alertmanager and a second external one that records what it is sent: after the restart every state and every
clock is as before, nobody hears of anything a second time, and what was waiting comes."""
import calendar
import json
import threading
import time
import unittest

import harness

RULES = '''
groups:
- name: durable
  interval: 1s
  rules:
  - {alert: Pending, expr: pending == 1, for: 2w}
  - {alert: Late, expr: late == 1, for: 25s}
  - {alert: Firing, expr: firing == 1, for: 1s, annotations: {summary: '{{ $labels.instance }} broke'}}
  - {alert: Kept, expr: kept == 1, keep_firing_for: 3d}
  - {alert: Gone, expr: gone == 1}
'''


def seconds(text):
    return calendar.timegm(time.strptime(text[:19], '%Y-%m-%dT%H:%M:%S'))


class DurableAlerts(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.values = {'pending': 1, 'late': 0, 'firing': 1, 'kept': 1, 'gone': 1}
        stop = threading.Event()

        def feed():
            while not stop.is_set():
                now = time.time()
                series = [({'__name__': name, 'instance': 'a'}, [(now, value)])
                          for name, value in list(self.values.items())]
                try:
                    harness.remote_write(self.url, series)
                except OSError:  # between two processes
                    pass
                stop.wait(0.3)

        thread = threading.Thread(target=feed)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)

    def states(self):
        """{name: (state, active since)} as /api/v1/alerts has it."""
        alerts = harness.get_json(self.url + '/api/v1/alerts')['data']['alerts']
        return {a['labels']['alertname']: (a['state'], a['activeAt'], a['annotations']) for a in alerts}

    def kept_since(self):
        rules = harness.get_json(self.url + '/api/v1/rules')['data']['groups'][0]['rules']
        return [a['keepFiringSince'] for r in rules for a in r['alerts'] if r['name'] == 'Kept' and 'keepFiringSince' in a]

    @staticmethod
    def posts(sink, name):
        """What the recording Alertmanager was sent of an alert: [(when, starts, resolved)]."""
        with sink.lock:
            requests = list(sink.requests)
        found = []
        for _, _, body, when in requests:
            for alert in json.loads(body):
                if alert['labels']['alertname'] == name:
                    found.append((when, alert['startsAt'], seconds(alert['endsAt']) < when + 1))
        return found

    def start_everything(self):
        self.hook, self.recorder, port = self.webhook_sink(), self.webhook_sink(), harness.free_port()
        self.write('am.yml', 'route: {receiver: none}\nreceivers: [{name: none}]\n')
        self.start('am', ['prometheus-alertmanager', '--config.file=am.yml', '--storage.path=am',
                          f'--web.listen-address=127.0.0.1:{port}', '--cluster.listen-address='])
        self.am = f'http://127.0.0.1:{port}'
        harness.wait_for('the Alertmanager', lambda: harness.request(self.am + '/-/ready')[0] == 200, 20)
        self.write('rules.yml', RULES)
        self.write('alertmanager.yml', f'''
route: {{receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1d}}
receivers: [{{name: hook, webhook_configs: [{{url: '{self.hook.url}/hook'}}]}}]
''')
        self.write('outrider.yml', f'''
rule_files: [rules.yml]
query: {{lookback_delta: 5s}}
alerting:
  config_file: alertmanager.yml
  alertmanagers:
  - static_configs: [{{targets: ['127.0.0.1:{port}', '{self.recorder.url[7:]}']}}]
''')
        return self.start_outrider()

    def in_alertmanager(self):
        return {a['labels']['alertname']: a['startsAt'] for a in harness.get_json(self.am + '/api/v2/alerts')}

    def hooks(self, name, status):
        return [m for m in self.hook.messages(status) if m['alerts'][0]['labels']['alertname'] == name]

    def test_kill9(self):
        outrider = self.start_everything()
        harness.wait_for('alerts', lambda: {n: s for n, (s, _, _) in self.states().items()} == {
            'Pending': 'pending', 'Firing': 'firing', 'Kept': 'firing', 'Gone': 'firing'}, 30)
        self.values['kept'] = 0
        since = harness.wait_for('the alert to be kept', self.kept_since, 10)
        self.values['late'] = 1
        harness.wait_for('the late alert to be pending', lambda: 'Late' in self.states(), 10)
        self.values['gone'] = 0
        harness.wait_for('an alert to be resolved', lambda: 'Gone' not in self.states(), 10)
        for name in ('Firing', 'Kept', 'Gone'):
            harness.wait_for(f'the message of {name}', lambda n=name: len(self.hooks(n, 'firing')) == 1, 10)
            harness.wait_for(f'{name} to be sent on', lambda n=name: self.posts(self.recorder, n), 10)
        before, there = self.states(), self.in_alertmanager()
        outrider.kill9()
        killed = time.time()
        time.sleep(4)
        self.start_outrider()
        self.assertEqual(self.states(), before)
        self.assertEqual(self.kept_since(), since)
        self.what_comes_after(before, there, killed)
        self.the_end()

    def what_comes_after(self, before, there, killed):
        late = harness.wait_for('the late alert', lambda: self.posts(self.recorder, 'Late'), 40)
        waited = seconds(late[0][1]) - seconds(before['Late'][1])
        self.assertGreaterEqual(waited, 24, 'fired too early')
        self.assertLess(waited, 24 + 20, '`for` began anew')
        self.assertEqual({n: s for n, s in self.states().items() if n != 'Late'},
                         {n: s for n, s in before.items() if n != 'Late'})
        harness.wait_for('the end of what was resolved', lambda: self.hooks('Gone', 'resolved'), 20)
        harness.wait_for('that it is sent on', lambda: [p for p in self.posts(self.recorder, 'Gone') if p[2]], 90)
        for name in ('Firing', 'Kept'):  # a resend a minute later is due; one because of the restart is not
            harness.wait_for(f'{name} again', lambda n=name: [p for p in self.posts(self.recorder, n) if p[0] > killed],
                             90)
        for name in ('Firing', 'Kept', 'Gone'):
            posts = self.posts(self.recorder, name)
            for (first, _, ended), (second, _, ended_too) in zip(posts, posts[1:]):
                if ended == ended_too:
                    self.assertGreater(second - first, 55, f'{name} was sent again at once: {posts}')
            self.assertEqual(len({p[1] for p in posts}), 1, f'{name} began anew: {posts}')
            self.assertEqual(len(self.hooks(name, 'firing')), 1, name)
            self.assertEqual(len(self.hooks(name, 'resolved')), 1 if name == 'Gone' else 0, name)
        now = self.in_alertmanager()
        self.assertEqual({n: now.get(n) for n in ('Firing', 'Kept')}, {n: there[n] for n in ('Firing', 'Kept')})
        self.assertNotIn('Gone', now)

    def the_end(self):
        self.values['firing'] = 0
        harness.wait_for('the end', lambda: self.hooks('Firing', 'resolved'), 20)
        harness.wait_for('the end elsewhere', lambda: 'Firing' not in self.in_alertmanager(), 20)
        self.assertEqual(len(self.hooks('Firing', 'firing')), 1)
        self.assertEqual(self.states()['Kept'][0], 'firing')


if __name__ == '__main__':
    unittest.main()
