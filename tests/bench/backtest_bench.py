#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Back-tests of 100 rules over days of series at 15 s: CPU-seconds, times real time and peak memory of `outrider
backtest`, and what the server spent that it read from. Prints one line a run; asserts nothing (docs/performance.md holds
the results).
usage: backtest_bench.py [--days 7] [--series 10000] [--runs 1] [--source outrider|prometheus]
                         [--keep DIR]  the server's directory; filled once, used again
                         [--outrider PATH] [--server PATH]  binaries that are measured, and that serve"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))
import harness  # noqa: E402
import peer_loads  # noqa: E402

STEP = 15
NAMES = 11  # of rwgen's metrics: the last has buckets
COUNTERS = ('container_cpu_usage_seconds_total', 'container_network_receive_bytes_total', 'http_requests_total',
            'container_fs_writes_bytes_total')
GAUGES = ('container_memory_working_set_bytes', 'go_goroutines', 'process_resident_memory_bytes',
          'node_filesystem_avail_bytes')
REQUESTS = 'kube_pod_container_resource_requests'
BUCKETS = 'http_request_duration_seconds_bucket'
TARGET = 'cluster, namespace, pod, container'


def rule(expr, hold='', **name):
    kind, value = next(iter(name.items()))
    fields = [f'{kind}: "{value}"', f'expr: "{expr}"'] + ([f'for: {hold}'] if hold else [])
    return '  - {' + ', '.join(fields) + '}'


def of_counter(m):
    return [
        rule(f'sum by (namespace) (rate({m}[5m]))', record=f'namespace:{m}:rate5m'),
        rule(f'sum by (cluster, namespace, pod, container) (rate({m}[5m]))', record=f'pod:{m}:rate5m'),
        rule(f'namespace:{m}:rate5m > 1400', '5m', alert='NamespaceRateHigh'),
        rule(f'rate({m}[5m]) > 5.6', '2m', alert='PodRateHigh'),
        rule(f'rate({m}[10m]) < 1', '15m', alert='PodRateLow'),
        rule(f'increase({m}[15m]) == 0', '5m', alert='Stalled'),
        rule(f'pod:{m}:rate5m / on ({TARGET}) group_left() max by ({TARGET}) ({REQUESTS}) > 2', '5m', alert='OverRequest'),
        rule(f'rate({m}[5m]) > 1.25 * rate({m}[5m] offset 1h)', '10m', alert='MoreThanAnHourAgo'),
        rule(f'resets({m}[30m]) > 3', alert='Restarts'),
        rule(f'topk(3, sum by (pod) (irate({m}[5m]))) > 6.5', '1m', alert='TopPods'),
        rule(f'sum by (cluster) (rate({m}[5m])) / count by (cluster) ({m}) > 3.4', '5m', alert='ClusterRate'),
        rule(f'absent({m})', '5m', alert='Gone'),
    ]


def of_gauge(m):
    return [
        rule(f'avg by (namespace) ({m})', record=f'namespace:{m}:avg'),
        rule(f'{m} > 150000', '5m', alert='High'),
        rule(f'avg_over_time({m}[10m]) > 200000', '5m', alert='AverageHigh'),
        rule(f'predict_linear({m}[15m], 14400) < -1e7', '10m', alert='WillFill'),
        rule(f'max_over_time({m}[15m]) - min_over_time({m}[15m]) > 40000', alert='Jumpy'),
        rule(f'{m} / on ({TARGET}) group_left() max by ({TARGET}) ({REQUESTS}) > 10', '15m', alert='OverRequest'),
        rule(f'max by (namespace) ({m}) - min by (namespace) ({m}) > 1e6', '5m', alert='Spread'),
        rule(f'stddev by (cluster) ({m}) > 1e6', '5m', alert='Uneven'),
        rule(f'absent({m})', '5m', alert='Gone'),
    ]


def of_buckets():
    rules = [rule(f'sum by (cluster, namespace, le) (rate({BUCKETS}[5m]))', record='namespace:latency:rate5m'),
             rule(f'sum by (le) (rate({BUCKETS}[5m]))', record='latency:rate5m')]
    for i, q in enumerate((0.5, 0.9, 0.99)):
        rules += [rule(f'histogram_quantile({q}, namespace:latency:rate5m) > {2 + 3 * i}', '5m', alert=f'NamespaceP{q * 100:g}'),
                  rule(f'histogram_quantile({q}, sum by (le, pod) (rate({BUCKETS}[5m]))) > 9', '2m', alert=f'PodP{q * 100:g}'),
                  rule(f'histogram_quantile({q}, latency:rate5m) > 9', '5m', alert=f'P{q * 100:g}')]
    threshold = f'sum by (namespace) (rate({BUCKETS}{{le=\'5\'}}[5m]))'
    rules += [rule(f'1 - {threshold} / sum by (namespace) (rate({BUCKETS}{{le=\'10\'}}[5m])) > 0.6', '5m', alert='Burn5m'),
              rule(f'1 - {threshold.replace("5m", "1h")} / sum by (namespace) (rate({BUCKETS}{{le=\'10\'}}[1h])) > 0.6',
                   '5m', alert='Burn1h')]
    return rules


def rules_text():
    groups = [(m, of_counter(m)) for m in COUNTERS] + [(m, of_gauge(m)) for m in GAUGES] + [('latency', of_buckets())]
    count = sum(len(rules) for _, rules in groups)
    fill = [rule(f'count by (job) ({REQUESTS}{{namespace=\'namespace-{i}\'}}) < 1', '5m', alert=f'Missing{i}')
            for i in range(100 - count)]
    groups.append(('requests', fill))
    lines = ['groups:']
    for name, rules in groups:
        lines += [f'- name: "{name}"', f'  interval: {STEP}s', '  rules:', *rules]
    return '\n'.join(lines) + '\n'


def cpu_of(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def serve(options, directory):
    """-> (process, url) of a server that keeps what it gets."""
    port = harness.free_port()
    if options.source == 'prometheus':
        (directory / 'prometheus.yml').write_text('global: {}\n')
        command = ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
                   '--storage.tsdb.retention.time=30d', f'--web.listen-address=127.0.0.1:{port}',
                   '--web.enable-remote-write-receiver']
    else:
        keep = f'{int(options.days * 24) + 24}h'
        names = ('workload_cpu', 'workload_memory', 'host_cpu', 'host_memory', 'host_disk')
        (directory / 'analytics.yml').write_text(
            'builtin_entries: {' + ', '.join(f'{name}: false' for name in names) + '}\n')
        (directory / 'outrider.yml').write_text(
            f'analytics_files: [analytics.yml]\n'
            f'storage: {{retention: {keep}, unreferenced_retention: {keep}, memory_limit: 16GiB}}\n')
        command = [options.server, 'run', '--config.file=outrider.yml', f'--web.listen-address=127.0.0.1:{port}']
    log = open(directory / 'log', 'ab')
    process = subprocess.Popen(command, cwd=directory, stdout=log, stderr=log)
    url = f'http://127.0.0.1:{port}'

    def ready():
        if process.poll() is not None:
            raise SystemExit(f'the server ended: {(directory / "log").read_text()[-2000:]}')
        return harness.request(url + '/-/ready')[0] == 200

    harness.wait_for('the server to be ready', ready, 600)
    return process, url, port


def fill(options, directory, port, end):
    steps = int(options.days * 86400) // STEP
    loads = peer_loads.Loads(directory)
    command = [loads.binary('rwgen'), '--port', str(port), '--series', str(options.series), '--names', str(NAMES),
               '--steps', str(steps), '--start-ms', str((end - steps * STEP) * 1000), '--round-mb', '256']
    subprocess.run(command, check=True, stdout=sys.stderr)


def measure(options, directory, url, server, end):
    start = end - int(options.days * 86400)
    command = [options.outrider, 'backtest', str(directory / 'rules.yml'), '--url', url, '--start', str(start),
               '--end', str(end - STEP), '--output', 'json', *options.flags]
    before, begun = cpu_of(server.pid), time.monotonic()
    with open(directory / 'report.json', 'wb') as out:
        process = subprocess.Popen(command, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    if status:
        raise SystemExit(f'{" ".join(command)}: {status}')
    report = json.loads((directory / 'report.json').read_text())
    cpu, covered = usage.ru_utime + usage.ru_stime, end - start
    fired = sum(alert['firings'] for alert in report['alerts'])
    failed = [alert['last_error'] for alert in report['alerts'] if alert['failures']]
    print(f'days={options.days} samples={report["samples"]} evaluations={report["evaluations"]} '
          f'firings={fired} wall_s={wall:.1f} times_real_time={covered / wall:.0f} cpu_s={cpu:.1f} '
          f'times_real_time_of_cpu={covered / cpu:.0f} peak_rss_mb={usage.ru_maxrss / 1024:.0f} '
          f'server_cpu_s={cpu_of(server.pid) - before:.1f} failed={failed}', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--days', type=float, default=7)
    parser.add_argument('--series', type=int, default=10000)
    parser.add_argument('--runs', type=int, default=1)
    parser.add_argument('--source', choices=('outrider', 'prometheus'), default='outrider')
    parser.add_argument('--keep', type=pathlib.Path)
    parser.add_argument('--outrider', default=harness.OUTRIDER)
    parser.add_argument('--server', default=harness.OUTRIDER)
    parser.add_argument('flags', nargs='*', help='of the back-test, behind --')
    options = parser.parse_args()
    options.days = int(options.days) if options.days == int(options.days) else options.days
    with tempfile.TemporaryDirectory() as temporary:
        directory = options.keep or pathlib.Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / 'rules.yml').write_text(rules_text())
        server, url, port = serve(options, directory)
        try:
            filled = directory / 'filled'
            if not filled.exists():
                end = int(time.time()) // 3600 * 3600
                fill(options, directory, port, end)
                filled.write_text(str(end))
            for _ in range(options.runs):
                measure(options, directory, url, server, int(filled.read_text()))
        finally:
            server.terminate()
            server.wait()


if __name__ == '__main__':
    main()
