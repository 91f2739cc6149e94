#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Restart with many active alerts: a real daemon with 100,000 of them, half pending and half firing, is killed with -9,
left down for a while and started again. Prints how long it takes until it is ready, until its groups are evaluated once
their data is current (the wait for their slot included), and whether an alert has changed its state or its clock;
asserts nothing (docs/performance.md holds the results).
usage: restart_alerts.py [--alerts N] [--groups N] [--interval SECONDS] [--down SECONDS] [--rounds N] [path of outrider]"""
import argparse
import http.client
import json
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))
import harness  # noqa: E402

PER_REQUEST = 5000
PER_RULE = 1000


def cpu_seconds(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


class Sender:
    """All series at one time, every label set encoded once."""

    def __init__(self, port, alerts):
        self.port, self.parts = port, []
        for i in range(alerts):
            labels = b''
            for name, value in (('__name__', 'broken'), ('instance', f'host-{i:06}.example:9100'), ('job', 'node'),
                                ('shard', str(i // PER_RULE))):
                labels += harness.field(1, harness.field(1, name.encode()) + harness.field(2, value.encode()))
            self.parts.append(labels)

    def send(self, when):
        sample = harness.field(2, b'\x09' + struct.pack('<d', 1) + b'\x10' + harness.varint(int(when * 1000)))
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=60)
        for start in range(0, len(self.parts), PER_REQUEST):
            body = b''.join(harness.field(1, labels + sample) for labels in self.parts[start:start + PER_REQUEST])
            connection.request('POST', '/api/v1/write', harness.snappy_literals(body), harness.RW_HEADERS)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 204, answer.status
        connection.close()


class World:
    def __init__(self, options, directory):
        self.options, self.directory, self.port = options, directory, harness.free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        self.sender = Sender(self.port, options.alerts)
        rules = []
        for shard in range(options.alerts // PER_RULE):
            hold = '2w' if shard % 2 else '0s'
            rules.append(f'''  - alert: Broken{shard}
    expr: broken{{shard="{shard}"}} == 1
    for: {hold}
    labels: {{severity: warning}}
    annotations: {{summary: '{{{{ $labels.instance }}}} of {{{{ $labels.job }}}} is broken: {{{{ $value }}}}'}}
''')
        text, each = 'groups:\n', -(-len(rules) // options.groups)
        for group in range(0, len(rules), each):
            text += f'- name: g{group}\n  interval: {options.interval}s\n  rules:\n' + ''.join(rules[group:group + each])
        (directory / 'rules.yml').write_text(text)
        (directory / 'outrider.yml').write_text('rule_files: [rules.yml]\nincidents: {}\n')

    def start(self):
        """-> (process, seconds until ready)"""
        began = time.monotonic()
        log = open(self.directory / 'log', 'ab')
        process = subprocess.Popen(
            [self.options.outrider, 'run', '--config.file=outrider.yml', '--storage.path=data',
             f'--web.listen-address=127.0.0.1:{self.port}'], cwd=self.directory, stdout=log, stderr=log)
        harness.wait_for('ready', lambda: harness.request(self.url + '/-/ready')[0] == 200, 120, 0.01)
        return process, time.monotonic() - began

    def evaluated(self):
        """The time of the oldest last evaluation of a group that is not held; 0 while one is held."""
        page = harness.request(self.url + '/metrics', timeout=60)[1]
        if re.search(r'^outrider_rule_group_held\{[^}]*\} 1$', page, re.M):
            return 0
        times = re.findall(r'^prometheus_rule_group_last_evaluation_timestamp_seconds\{[^}]*\} (\S+)$', page, re.M)
        return min(map(float, times))

    def states(self):
        alerts = json.loads(harness.request(self.url + '/api/v1/alerts', timeout=120)[1])['data']['alerts']
        return {json.dumps(a['labels'], sort_keys=True): (a['state'], a['activeAt']) for a in alerts}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--alerts', type=int, default=100_000)
    parser.add_argument('--groups', type=int, default=20)
    parser.add_argument('--interval', type=int, default=1)
    parser.add_argument('--down', type=float, default=30)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('outrider', nargs='?', default=harness.OUTRIDER)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as holder:
        world = World(options, pathlib.Path(holder))
        process, ready = world.start()
        print(f'first start: ready after {ready:.2f} s')
        try:
            deadline = time.monotonic() + 180
            before = {}
            while len(before) < options.alerts and time.monotonic() < deadline:
                world.sender.send(time.time())
                time.sleep(options.interval)
                before = world.states()
            print(f'{len(before)} active alerts, {sum(s == "firing" for s, _ in before.values())} firing')
            for _ in range(options.rounds):
                world.sender.send(time.time())
                time.sleep(options.interval)
                process.kill()
                process.wait()
                time.sleep(options.down)
                process, ready = world.start()
                cpu_ready = cpu_seconds(process.pid)
                world.sender.send(time.time())
                current = time.time()
                harness.wait_for('the evaluation', lambda: world.evaluated() > 0, 300, 0.05)
                done, cpu_done = time.time() - current, cpu_seconds(process.pid) - cpu_ready
                after = world.states()
                changed = sum(after.get(key) != state for key, state in before.items()) + len(after.keys() - before.keys())
                print(f'ready after {ready:.2f} s ({cpu_ready:.2f} s of CPU); all groups evaluated {done:.2f} s after the '
                      f'data was current ({cpu_done:.2f} s of CPU since ready, receiving it included); {changed} alerts changed')
        finally:
            process.kill()
            process.wait()


if __name__ == '__main__':
    main()
