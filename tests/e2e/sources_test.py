#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where incidents come from, end to end, with the rules of examples/ a hundred times as fast: a series that behaves
unusually -> anomaly score -> rule -> incident `anomaly`; a probe's result -> incident `health_check`; results of a check
of one's own as beats, over a kill -9; and by hand."""
import re
import time
import unittest

import harness

ANALYTICS = '''
entries:
- name: request_rate
  kind: anomaly
  expr: shop_queue_length
  detector: robust_z
'''
INCIDENTS = '''
group_by: [alertname]
escalation_policies: [{name: p, tiers: [{receivers: [pager]}]}]
heartbeats: [{name: checkout, interval: 1h, team: web}]
'''


def faster(name):
    """The example's rules with minutes as seconds."""
    text = (harness.ROOT / 'examples/rules' / name).read_text()
    text = re.sub(r'\[1m\]', '[3s]', text)
    text = re.sub(r'(interval|keep_firing_for): \w+', r'\1: 1s', text)
    return re.sub(r'\bfor: (\d+)\w', r'for: 2s', text).replace('- name: anomalies', '- name: anomalies\n  interval: 1s')


class Sources(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sink = self.webhook_sink()
        self.write('alertmanager.yml', f'''
route: {{receiver: none}}
receivers: [{{name: none}}, {{name: pager, webhook_configs: [{{url: '{self.sink.url}'}}]}}]
''')
        self.write('incidents.yml', INCIDENTS)
        self.write('analytics.yml', ANALYTICS)
        for name in ('anomalies.yml', 'health_checks.yml'):
            self.write(f'rules/{name}', faster(name))
        self.write('outrider.yml', '''
global: {evaluation_interval: 1s}
rule_files: ["rules/*.yml"]
analytics_files: [analytics.yml]
analytics: {interval: 1s}
alerting: {config_file: alertmanager.yml}
incidents: {config_file: incidents.yml}
''')
        self.outrider = self.start_outrider()

    def send(self, queue, success):
        now = time.time()
        series = [({'__name__': 'shop_queue_length', 'job': 'shop'}, [(now, queue)]),
                  ({'__name__': 'probe_success', 'job': 'shop', 'instance': 'https://shop'}, [(now, success)])]
        status, body, _ = harness.remote_write(self.url, series)
        self.assertLess(status, 300, body)

    def send_until(self, what, check, queue, success):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.send(queue, success)
            if check():
                return
            time.sleep(0.5)
        self.fail(f'waited in vain for {what}; last seen: {self.incidents()}')

    def incidents(self, state='open'):
        rows = harness.get_json(f'{self.url}/outrider/v1/incidents?state={state}')['incidents']
        return {i['title']: i['source'] for i in rows}

    def beat(self, *arguments):
        return self.cli('heartbeat', 'beat', 'checkout', *arguments)

    def test_each_says_where_it_comes_from(self):
        for i in range(40):  # what is usual
            self.send(20.0 + i % 3, 1.0)
            time.sleep(0.5)
        self.assertEqual(self.incidents(), {})
        wanted = {'UnusualTraffic': 'anomaly', 'ProbeFails': 'health_check'}
        self.send_until('both incidents', lambda: self.incidents() == wanted, 900.0, 0.0)
        paged = lambda status: {m['alerts'][0]['labels']['alertname'] for m in self.sink.messages(status)}
        harness.wait_for('the pages', lambda: paged('firing') == set(wanted), 20)
        self.assertIn('shop', self.cli('anomaly', 'list'))
        self.send_until('their end', lambda: self.incidents() == {}, 21.0, 1.0)
        harness.wait_for('the recoveries', lambda: paged('resolved') == set(wanted), 20)
        self.assertEqual(self.incidents('resolved'), wanted)

        # Two failures are none yet, also when the process is killed between them and the third.
        self.assertIn('heard', self.beat())
        self.beat('--error', 'timeout')
        self.beat('--failed')
        self.assertEqual(self.incidents(), {})
        self.outrider.kill9()
        self.outrider = self.start_outrider()
        status, body, _ = harness.request(self.url + '/outrider/v1/heartbeats/checkout', b'success=false&error=no+route',
                                          {'Content-Type': 'application/x-www-form-urlencoded'}, 'POST')
        self.assertEqual(status, 200, body)
        self.assertEqual(self.incidents(), {'HealthCheckFailed': 'health_check'})
        self.assertRegex(self.cli('heartbeat', 'list'), r'checkout +failing .*no route')
        self.assertIn('outrider_heartbeat_healthy{name="checkout"} 0', harness.request(self.url + '/metrics')[1])
        harness.wait_for('the page', lambda: 'HealthCheckFailed' in paged('firing'), 20)
        self.assertEqual(harness.request(self.url + '/outrider/v1/heartbeats/checkout?success=perhaps')[0], 400)
        self.beat()
        self.assertEqual(self.incidents(), {'HealthCheckFailed': 'health_check'}, 'one success is no end')
        self.beat()
        self.assertEqual(self.incidents(), {})
        harness.wait_for('the recovery', lambda: 'HealthCheckFailed' in paged('resolved'), 20)
        self.assertIn('health_check_back', self.cli('audit', 'export', '--subject', 'heartbeat:checkout'))

        self.cli('incident', 'create', 'Somebody called', '--severity', 'high')
        self.assertEqual(self.incidents(), {'Somebody called': 'hand'})


if __name__ == '__main__':
    unittest.main(verbosity=2)
