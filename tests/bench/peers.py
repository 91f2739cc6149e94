#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Outrider beside Debian's Prometheus on the same load, in one run: remote write, memory, queries, rules, restart after
kill -9. Figures are CPU-seconds of the server process, never wall time alone (but for restarts).
usage: peers.py RWLOAD RULES [SERIES [STEPS]]     RWLOAD: the built load generator; RULES: its rule file"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))
import harness  # noqa: E402

TICK = os.sysconf('SC_CLK_TCK')


def cpu(pid):
    fields = pathlib.Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def rss_mib(pid):
    return next(int(l.split()[1]) / 1024 for l in pathlib.Path(f'/proc/{pid}/status').read_text().splitlines()
                if l.startswith('VmRSS:'))


class Server:
    """One of the two, in its own directory."""

    def __init__(self, name, directory):
        self.name, self.directory, self.port = name, directory, harness.free_port()
        self.url = f'http://127.0.0.1:{self.port}'
        (directory / 'outrider.yml').write_text('{}\n')
        (directory / 'prometheus.yml').write_text('global: {evaluation_interval: 15s}\n')
        self.start()

    def command(self):
        if self.name == 'outrider':
            return [harness.OUTRIDER, 'run', '--config.file=outrider.yml', '--storage.path=data', '--log.level=error',
                    f'--web.listen-address=127.0.0.1:{self.port}']
        return ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=data', '--log.level=error',
                '--web.enable-remote-write-receiver', '--web.enable-lifecycle', f'--web.listen-address=127.0.0.1:{self.port}']

    def start(self):
        begin = time.monotonic()
        self.process = subprocess.Popen(self.command(), cwd=self.directory)
        self.pid = self.process.pid
        harness.wait_for('ready', lambda: harness.request(self.url + '/-/ready')[0] == 200, 120, 0.005)
        return time.monotonic() - begin

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def query_cpu(self, expr, times=5):
        """CPU per evaluation and the number of series of the answer."""
        url = self.url + '/api/v1/query?' + urllib.parse.urlencode({'query': expr})
        answer = harness.get_json(url)
        before = cpu(self.pid)
        for _ in range(times):
            harness.request(url, timeout=60)
        return (cpu(self.pid) - before) / times, len(answer['data']['result'])


def expressions(rules_file):
    return re.findall(r"(?:record|alert): ([\w:]+), expr: '([^']*)'", pathlib.Path(rules_file).read_text())


def main():
    rwload, rules_file = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    series = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    steps = int(sys.argv[4]) if len(sys.argv) > 4 else 40
    with tempfile.TemporaryDirectory() as top:
        servers = []
        for name in ('prometheus', 'outrider'):
            directory = pathlib.Path(top) / name
            directory.mkdir()
            servers.append(Server(name, directory))
        for server in servers:
            out = subprocess.run([rwload, '--port', str(server.port), '--pid', str(server.pid), '--series', str(series),
                                  '--steps', str(steps), '--batch', '2000'], capture_output=True, text=True)
            print(f'{server.name}: remote write: {out.stdout.strip()}{out.stderr.strip()[:300]}', flush=True)
        totals = {}
        for name, expr in expressions(rules_file) + [('count_all', 'count({__name__=~".+"})')]:
            row = []
            for server in servers:
                seconds, found = server.query_cpu(expr)
                totals[server.name] = totals.get(server.name, 0) + (seconds if name != 'count_all' else 0)
                row.append(f'{server.name} {seconds * 1000:.1f} ms ({found} series)')
            print(f'query {name}: ' + ', '.join(row), flush=True)
        print('sum of the rule expressions: ' + ', '.join(f'{k} {v * 1000:.0f} ms' for k, v in totals.items()))
        for server in servers:
            print(f'{server.name}: resident {rss_mib(server.pid):.0f} MiB after the queries')
            server.kill9()
            seconds = server.start()
            print(f'{server.name}: ready {seconds:.2f} s after kill -9, {cpu(server.pid):.2f} CPU-s', flush=True)
        for server in servers:
            server.stop()


if __name__ == '__main__':
    main()
