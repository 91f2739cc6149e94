#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Heartbeats and maintenance windows with real processes: a heartbeat that is missing pages and the next beat tells the
recovery; a window of the command line holds a page until it is over; an outage takes its dependant along."""
import json

import harness


class Around(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sink = self.webhook_sink()
        self.write('alertmanager.yml', f'''
route: {{receiver: nobody}}
receivers: [{{name: nobody}}, {{name: pager, webhook_configs: [{{url: '{self.sink.url}'}}]}}]
''')
        self.write('incidents.yml', '''
group_by: [alertname, heartbeat]
escalation_policies: [{name: p, tiers: [{delay: 0s, receivers: [pager]}]}]
heartbeats: [{name: nightly backup, interval: 1s, grace: 1s}]
dependencies: [{name: db, match: [alertname = App], on: [alertname = Db], wait: 3s}]
''')
        self.write('outrider.yml', 'alerting: {config_file: alertmanager.yml}\nincidents: {config_file: incidents.yml}\n')
        self.start_outrider()

    def paged(self, status, name):
        return [m for m in self.sink.messages(status) if m['alerts'][0]['labels']['alertname'] == name]

    def post(self, name):
        self.assertEqual(harness.post_json(self.url + '/api/v2/alerts', [{'labels': {'alertname': name}}])[0], 200)

    def test_heartbeat_maintenance_dependency(self):
        # Two beats a second apart keep it up; then it is forgotten.
        self.assertIn('due again by', self.cli('heartbeat', 'beat', 'nightly backup'))
        self.assertEqual(harness.request(self.url + '/outrider/v1/heartbeats/nightly%20backup')[0], 200)
        self.assertIn('up', self.cli('heartbeat', 'list'))
        harness.wait_for('the page', lambda: self.paged('firing', 'HeartbeatMissed'), 10)
        self.assertIn('missing', self.cli('heartbeat', 'list'))
        self.assertIn('outrider_heartbeat_up{name="nightly backup"} 0', harness.request(self.url + '/metrics')[1])
        self.cli('heartbeat', 'beat', 'nightly backup')
        harness.wait_for('the recovery', lambda: self.paged('resolved', 'HeartbeatMissed'), 10)
        incidents = harness.get_json(self.url + '/outrider/v1/incidents')['incidents']
        self.assertEqual([(i['title'], i['state']) for i in incidents], [('HeartbeatMissed', 'resolved')])
        self.assertIn('no heartbeat "x"', self.cli('heartbeat', 'beat', 'x', expect=1))

        self.assertIn('active', self.cli('maintenance', 'add', 'disk', '--match', 'alertname=Disk', '--for', '1h'))
        self.assertIn('needs an end', self.cli('maintenance', 'add', 'x', '--match', 'a=b', expect=1))
        self.post('Disk')
        self.post('Db')
        self.post('App')
        harness.wait_for('the page of the outage', lambda: self.paged('firing', 'Db'), 10)
        held = {i['title']: i for i in harness.get_json(self.url + '/outrider/v1/incidents?state=open')['incidents']}
        self.assertEqual(set(held) - {'HeartbeatMissed'}, {'Disk', 'Db', 'App'}, 'all are shown')
        answer = harness.get_json(self.url + '/outrider/v1/dependencies')['dependencies'][0]
        self.assertEqual([(o['title'], len(o['dependants'])) for o in answer['outages']], [('Db', 1)])
        listed = json.loads(self.cli('maintenance', 'list', '--output', 'json'))['maintenance']
        self.assertEqual([(w['name'], w['active'], w['source']) for w in listed], [('disk', True, 'api')])
        self.assertEqual(self.paged('firing', 'Disk'), [])
        self.cli('maintenance', 'end', 'disk')
        harness.wait_for('the page after the window', lambda: self.paged('firing', 'Disk'), 10)
        self.assertEqual(self.paged('firing', 'App'), [], 'it hangs on the outage')
        self.assertIn('maintenance_ended', self.cli('audit', 'export', '--subject', 'maintenance:disk'))


if __name__ == '__main__':
    harness.unittest.main()
