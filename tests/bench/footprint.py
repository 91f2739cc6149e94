#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Start-up time and resident memory of a real daemon: empty directory to ready; 1,000 series; 10,000 series with 100
rules and all built-in entries. Prints one line a figure; asserts nothing (docs/performance.md holds the results).
usage: footprint.py [path of outrider]"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))
import harness  # noqa: E402

GIB = 1 << 30


def world(series, when):
    """About `series` series of pods on nodes, as cAdvisor, kube-state-metrics and node_exporter send them."""
    out = []
    per_pod = 10
    for pod in range(series // per_pod):
        base = {'namespace': f'ns-{pod % 20}', 'pod': f'app-{pod // 3}-7d9f8b6c5d-{pod:05d}',
                'container': f'app-{pod // 3}'}
        cadvisor = {**base, 'job': 'cadvisor', 'image': 'registry/app', 'node': f'node-{pod % 30}'}
        ksm = {**base, 'job': 'kube-state-metrics', 'node': f'node-{pod % 30}'}
        out += [
            ({'__name__': 'container_cpu_usage_seconds_total', 'cpu': 'total', **cadvisor}, when % 1e6 * 0.2),
            ({'__name__': 'container_memory_working_set_bytes', **cadvisor}, GIB // 2 + pod * 1000 + when % 100 * 1e5),
            ({'__name__': 'container_cpu_cfs_throttled_seconds_total', **cadvisor}, when % 1e6 * 0.001),
            ({'__name__': 'container_network_receive_bytes_total', **cadvisor}, when % 1e6 * 1000),
            ({'__name__': 'kube_pod_container_resource_requests', 'resource': 'cpu', 'unit': 'core', **ksm}, 0.5),
            ({'__name__': 'kube_pod_container_resource_requests', 'resource': 'memory', 'unit': 'byte', **ksm}, GIB),
            ({'__name__': 'kube_pod_container_resource_limits', 'resource': 'memory', 'unit': 'byte', **ksm}, 2 * GIB),
            ({'__name__': 'kube_pod_container_status_restarts_total', **ksm}, 0),
            ({'__name__': 'http_requests_total', 'job': 'app', **base}, when % 1e6 * 30),
            ({'__name__': 'process_resident_memory_bytes', 'job': 'app', **base}, GIB // 3),
        ]
    return out


def rss_mib(pid):
    for line in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines():
        if line.startswith('VmRSS:'):
            return int(line.split()[1]) / 1024
    return 0


def cpu_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def measure(outrider, name, series, rules, steps=40):
    with tempfile.TemporaryDirectory() as directory:
        port = harness.free_port()
        url = f'http://127.0.0.1:{port}'
        config = pathlib.Path(directory) / 'outrider.yml'
        config.write_text('rule_files: [rules.yml]\ncost: {minimum_coverage: 5m}\n' if rules else '')
        lines = ['groups:', '- name: g', '  rules:']
        for i in range(rules):
            lines.append(f'  - {{alert: A{i}, expr: "sum by (namespace) (rate(container_cpu_usage_seconds_total'
                         f'{{namespace=~\\"ns-{i % 20}\\"}}[5m])) > 1e9", for: 5m}}')
        (pathlib.Path(directory) / 'rules.yml').write_text('\n'.join(lines) + '\n' if rules else 'groups: []\n')
        begin = time.monotonic()
        process = subprocess.Popen([outrider, 'run', '--config.file=outrider.yml', '--storage.path=data',
                                    f'--web.listen-address=127.0.0.1:{port}', '--log.level=error'], cwd=directory)
        try:
            while True:
                try:
                    if harness.request(url + '/-/ready')[0] == 200:
                        break
                except OSError:
                    pass
                time.sleep(0.002)
            ready = time.monotonic() - begin
            start = int(time.time()) - steps * 15
            for step in range(steps):
                when = start + step * 15
                rows = world(series, when)
                for i in range(0, len(rows), 2000):
                    status, text, _ = harness.remote_write(url, [(l, [(when, v)]) for l, v in rows[i:i + 2000]])
                    assert status == 204, text
            time.sleep(35)  # two evaluations and analytics runs
            print(f'{name}: ready after {ready * 1000:.0f} ms, {series} series x {steps} samples, {rules} rules: '
                  f'resident {rss_mib(process.pid):.1f} MiB, {cpu_seconds(process.pid):.2f} CPU-s', flush=True)
        finally:
            process.terminate()
            process.wait()


if __name__ == '__main__':
    binary = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else harness.OUTRIDER)
    measure(binary, 'small', 1000, 0)
    measure(binary, 'medium', 10000, 100)
