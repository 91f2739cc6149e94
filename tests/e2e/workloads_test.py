#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A cluster told of by cAdvisor- and kube-state-metrics-shaped series: a leak, a spike and a container at its limit are
found, health falls, alerts and incidents appear once, survive kill -9, and end when the cause does. The real-time API and
the product's own say the same."""
import threading
import time
import unittest

import harness

CONFIG = '''
global: {evaluation_interval: 1s}
alerting: {config_file: alertmanager.yml}
analytics:
  interval: 1s
  workload_alerts: {enabled: true}
'''
ALERTMANAGER = '''
route: {{receiver: hook, group_by: [alertname, namespace, service], group_wait: 0s, group_interval: 1s}}
receivers:
- name: hook
  webhook_configs: [{{url: '{url}/alerts', send_resolved: true}}]
'''
STEP = 20  # seconds between scrapes
PAST = 3 * 3600
MIB = 1024 * 1024


class Cluster:
    """Three workloads of one pod each, and a namesake. Everything is a function of time, so that the past can be told."""

    def __init__(self, begin):
        self.begin = begin
        self.spike_at = begin + PAST - 240
        self.cpu_limit = 1.0

    def cpu_seconds(self, workload, now):
        rate = {'leaky': 0.2, 'spiky': 0.5, 'full': 0.96, 'spiky-api': 0.5}[workload]
        extra = 2.5 * max(0, now - self.spike_at) if workload == 'spiky' else 0
        return rate * (now - self.begin) + extra

    def memory(self, workload, now):
        return (300 + (now - self.begin) / 60) * MIB if workload == 'leaky' else 200 * MIB

    def scrape(self, times):
        series = []
        for workload in ('leaky', 'spiky', 'full', 'spiky-api'):
            pod = {'namespace': 'shop', 'pod': f'{workload}-6b7f9c4d5f-x2k9p', 'container': 'app'}

            def add(name, labels, value):
                series.append(({'__name__': name, **pod, **labels}, [(t, value(t)) for t in times]))

            add('container_cpu_usage_seconds_total', {'cpu': 'total'}, lambda t: self.cpu_seconds(workload, t))
            add('container_memory_working_set_bytes', {}, lambda t: self.memory(workload, t))
            add('kube_pod_owner', {'owner_kind': 'ReplicaSet', 'owner_name': f'{workload}-6b7f9c4d5f',
                                   'owner_is_controller': 'true'}, lambda t: 1)
            add('kube_pod_container_resource_limits', {'resource': 'memory'}, lambda t: 1024 * MIB)
            if workload == 'full':
                add('kube_pod_container_resource_limits', {'resource': 'cpu'}, lambda t: self.cpu_limit)
        return series


class Workloads(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.hook = self.webhook_sink()
        self.write('outrider.yml', CONFIG)
        self.write('alertmanager.yml', ALERTMANAGER.format(url=self.hook.url))
        now = time.time()
        self.cluster = Cluster(now - PAST)
        self.outrider = self.start_outrider()
        for start in range(int(now - PAST), int(now), 1800):
            times = list(range(start, min(start + 1800, int(now)), STEP))
            status, body, _ = harness.remote_write(self.url, self.cluster.scrape(times))
            self.assertIn(status, (200, 204), body)
        stop = threading.Event()

        def feed():
            while not stop.wait(2):
                try:
                    harness.remote_write(self.url, self.cluster.scrape([time.time()]))
                except OSError:  # between two processes
                    pass

        thread = threading.Thread(target=feed)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)

    def restart(self):
        self.outrider.kill9()
        self.outrider = self.start_outrider()

    def workloads(self):
        """{workload: (health, {type: finding})}"""
        rows = harness.get_json(self.url + '/outrider/v1/workloads?namespace=shop')['workloads']
        return {r['workload']: (r['health_score'], {f['type']: f for f in r['findings']}) for r in rows}

    def incidents(self, state='open'):
        """{workload: incident}; never two of one."""
        found = {}
        for incident in harness.get_json(self.url + f'/outrider/v1/incidents?state={state}')['incidents']:
            key = incident['group_labels']['service']
            self.assertNotIn(key, found)
            found[key] = incident
        return found

    def wait_for_findings(self):
        def all_there():
            rows = self.workloads()
            return ('memory_leak' in rows['leaky'][1] and 'cpu_spike' in rows['spiky'][1] and
                    'resource_saturation' in rows['full'][1] and rows)
        return harness.wait_for('the findings', all_there, 240, 1)

    def test_from_series_to_incidents_and_back(self):
        # The past was sent before anybody looked: a start reads it from the windows.
        self.restart()
        rows = self.wait_for_findings()
        leak = rows['leaky'][1]['memory_leak']
        self.assertRegex(leak['description'], r'memory grows by 1\d\.\d % an hour, now 4\d\d MiB; the limit of 1.00 GiB')
        for workload in ('leaky', 'spiky', 'full'):
            self.assertLess(rows[workload][0], 100, workload)
        self.assertEqual(rows['spiky-api'], (100, {}))  # web-.* would have matched it
        health = {r['metric']['workload']: float(r['value'][1])
                  for r in self.query(self.url, 'outrider_workload_health_score{namespace="shop"}')}
        self.assertLess(health['spiky'], 100)

        expected = {'leaky', 'spiky', 'full'}
        kinds = {'memory_leak', 'cpu_spike', 'resource_saturation'}
        before = harness.wait_for('the incidents', lambda: set(self.incidents()) >= expected and self.incidents(), 60, 1)
        harness.wait_for('the messages', lambda: {m['commonLabels']['type'] for m in self.hook.messages('firing')} >=
                         kinds, 30)
        message = [m for m in self.hook.messages('firing') if m['commonLabels']['type'] == 'memory_leak'][0]
        annotations = message['alerts'][0]['annotations']
        self.assertIn('leaky, container app', annotations['summary'])
        self.assertRegex(annotations['description'], r'^\d+\.\d times the edge of what counts, \d\d')
        self.assertIn('heap profiles', annotations['recommendation'])
        groups = {g['name']: g for g in harness.get_json(self.url + '/api/v1/rules')['data']['groups']}
        self.assertTrue(all(r['health'] == 'ok' for r in groups['outrider_workloads']['rules']))

        self.check_realtime()
        self.check_restart(before, rows)
        self.check_end()

    def check_realtime(self):
        who = {'namespace': 'shop', 'workload_name': 'spiky', 'container_name': 'app'}
        status, use = harness.post_json(self.url + '/api/v1/realtime/metrics', who)
        self.assertEqual(status, 200)
        self.assertAlmostEqual(use['cpu_cores'], 3.0, delta=0.4)
        self.assertEqual(use['memory_bytes'], 200 * MIB)
        status, answer = harness.post_json(self.url + '/api/v1/realtime/status', {**who, 'window': '1h'})
        self.assertEqual([a['anomaly_type'] for a in answer['active_alerts']], ['cpu_spike'])
        self.assertTrue(answer['cpu_status']['is_anomalous'])
        status, answer = harness.post_json(self.url + '/api/v1/realtime/monitor/start',
                                           {'workloads': [who], 'check_interval': 10})
        self.assertEqual((status, answer), (200, {'status': 'started', 'workloads_monitored': 1, 'check_interval': 10,
                                                  'is_running': True}))
        alerts = harness.get_json(self.url + '/api/v1/realtime/alerts')
        self.assertEqual([(a['workload_name'], a['anomaly_type']) for a in alerts['alerts']], [('spiky', 'cpu_spike')])

    def check_restart(self, before, rows):
        told = len(self.hook.messages())
        self.restart()
        after = self.wait_for_findings()
        for workload, (_, findings) in rows.items():
            for kind, finding in findings.items():
                self.assertEqual(after[workload][1][kind]['started_at'], finding['started_at'])
        monitor = harness.wait_for('the monitor to go on', lambda: [
            m for m in [harness.get_json(self.url + '/api/v1/realtime/monitor/status')] if m['active_alerts_count'] == 1], 60, 1)
        self.assertTrue(monitor[0]['is_running'])
        incidents = self.incidents()
        for key, incident in before.items():
            self.assertEqual(incidents[key]['id'], incident['id'])
        self.assertEqual([m for m in self.hook.messages()[told:] if m['status'] == 'resolved'], [])

    def check_end(self):
        """Somebody raises the limit."""
        self.cluster.cpu_limit = 4.0
        harness.wait_for('the incident to end', lambda: 'full' not in self.incidents(), 120, 1)
        self.assertNotIn('resource_saturation', self.workloads()['full'][1])
        harness.wait_for('the message', lambda: [m for m in self.hook.messages('resolved')
                                                 if m['commonLabels']['type'] == 'resource_saturation'], 30)
        self.assertIn('leaky', self.incidents())
        status, answer = harness.post_json(self.url + '/api/v1/realtime/monitor/stop', {})
        self.assertEqual((status, answer['is_running']), (200, False))


if __name__ == '__main__':
    unittest.main()
