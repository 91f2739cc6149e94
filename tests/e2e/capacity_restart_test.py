#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Usage as kubelets and kube-state-metrics really tell it (both endpoints, exported_ labels, a replaced pod): who used what
is counted once, survives kill -9 with the windows, and a clean end even without them."""
import shutil
import time
import unittest

import harness

CONFIG = '''
global: {evaluation_interval: 1s}
cost: {minimum_coverage: 5m}
'''
STEP = 15
PAST = 1800
MIB = 1024 * 1024


class Cluster:
    """A deployment whose first pod is replaced halfway, and a process group. Everything is a function of time."""

    def __init__(self, begin):
        self.begin = begin
        self.replaced = begin + PAST / 2

    def pods(self):
        return [('web-7d4b9c6f5d-x2k9p', self.begin, self.replaced), ('web-7d4b9c6f5d-b4c5d', self.replaced, None)]

    def scrape(self, times):
        series = []

        def add(name, labels, value, wanted):
            samples = [(t, value(t)) for t in wanted]
            if samples:
                series.append(({'__name__': name, **labels}, samples))

        for pod, born, died in self.pods():
            alive = [t for t in times if t >= born and (died is None or t < died)]
            names = {'namespace': 'shop', 'pod': pod}
            for path in ('/metrics/cadvisor', '/metrics/resource'):
                shift = 0 if path == '/metrics/cadvisor' else 2
                labels = {**names, 'container': 'app', 'metrics_path': path, 'job': 'kubelet'}
                at = [t + shift for t in alive]
                add('container_cpu_usage_seconds_total', labels, lambda t: 0.25 * (t - born), at)
                add('container_memory_working_set_bytes', labels, lambda t: 200 * MIB, at)
            add('container_cpu_usage_seconds_total', {**names, 'container': 'POD', 'job': 'kubelet'},
                lambda t: t - born, alive)
            kube = {'exported_namespace': 'shop', 'exported_pod': pod, 'namespace': 'monitoring', 'pod': 'ksm-0',
                    'container': 'ksm'}
            add('kube_pod_owner', {**kube, 'owner_kind': 'ReplicaSet', 'owner_name': 'web-7d4b9c6f5d',
                                   'owner_is_controller': 'true'}, lambda t: 1, alive)
            add('kube_pod_container_resource_requests', {**kube, 'exported_container': 'app', 'resource': 'cpu'},
                lambda t: 1, alive)
        add('kube_replicaset_owner', {'namespace': 'shop', 'replicaset': 'web-7d4b9c6f5d', 'owner_kind': 'Rollout',
                                      'owner_name': 'web'}, lambda t: 1, times)
        for mode in ('user', 'system'):
            add('namedprocess_namegroup_cpu_seconds_total', {'groupname': 'postgres', 'instance': 'db1', 'mode': mode},
                lambda t: 0.1 * (t - self.begin), times)
        return series


class CapacityRestart(harness.EndToEnd):
    def recommendations(self):
        """{(kind, workload): recommendation}"""
        rows = harness.get_json(self.url + '/outrider/v1/recommendations')['recommendations']
        return {(r['workload_kind'], r['workload']): r for r in rows}

    def samples(self, key):
        row = self.recommendations().get(key)
        return row['cpu_cores']['samples'] if row else 0

    def send(self, times):
        status, body, _ = harness.remote_write(self.url, self.cluster.scrape(times))
        self.assertIn(status, (200, 204), body)

    def test_counts_once_and_survives(self):
        self.write('outrider.yml', CONFIG)
        now = int(time.time())
        self.cluster = Cluster(now - PAST)
        outrider = self.start_outrider()
        times = list(range(now - PAST, now + 1, STEP))
        for start in range(0, len(times), 20):
            self.send(times[start:start + 20])
        web = ('Rollout', 'web')
        group = ('Process', 'postgres')
        # Each pod's first sample of a counter is no rate yet.
        expected = len(times) - 2
        # A few samples more are no reason to judge anew; a start is.
        harness.wait_for('most samples', lambda: self.samples(web) > 0.8 * expected, 90, 1)

        outrider.kill9()
        outrider = self.start_outrider()
        seen = []

        def all_samples():
            seen[:] = self.samples(web), self.samples(group)
            return seen == [expected, len(times) - 1]

        try:
            harness.wait_for('all samples', all_samples, 30, 0.2)
        except AssertionError as error:
            self.fail(f'{error}: {seen} instead of {[expected, len(times) - 1]}')
        row = self.recommendations()[web]
        self.assertEqual(row['cpu_cores']['request'], 1)
        self.assertAlmostEqual(row['cpu_cores']['mean_use'], 0.25, 3)
        self.assertAlmostEqual(self.recommendations()[group]['cpu_cores']['mean_use'], 0.2, 3)

        outrider.stop()
        for name in ('wal', 'chunks'):
            shutil.rmtree(self.directory / 'data' / name)
        self.start_outrider()
        # Nobody is there, and nobody sends: what was known stays.
        harness.wait_for('what was known', lambda: self.samples(web) == expected, 30, 0.2)
        time.sleep(max(0, now + 2 * STEP - time.time()))  # both samples are behind those of before
        later = int(time.time())
        self.send([later - STEP, later])
        harness.wait_for('what was before', lambda: self.samples(web) == expected + 1, 60, 0.2)


if __name__ == '__main__':
    unittest.main()
