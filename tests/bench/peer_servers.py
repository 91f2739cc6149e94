# SPDX-License-Identifier: Apache-2.0
"""Outrider, Debian's Prometheus and Debian's VictoriaMetrics as servers of a measurement: each in a fresh directory,
stopped at its end, and seen as the kernel sees it (CPU time, resident memory)."""
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))
import harness  # noqa: E402

TICK = os.sysconf('SC_CLK_TCK')
QUERY_TIMEOUT = 600


class Server:
    name = title = ready_path = ''

    def __init__(self, directory, rules='', alone=False):
        self.directory, self.port, self.alone = directory, harness.free_port(), alone
        self.url = f'http://127.0.0.1:{self.port}'
        self.log = open(directory / 'log', 'ab')
        (directory / 'rules.yml').write_text(rules or 'groups: []\n')
        self.configure()

    def configure(self):
        pass

    def command(self):
        raise NotImplementedError

    @classmethod
    def version(cls):
        shown = subprocess.run(['dpkg-query', '-W', '-f', '${Version}', cls.package], capture_output=True, text=True)
        return f'{cls.title} {shown.stdout or "(not installed)"} (Debian)'

    def start(self):
        """-> seconds to ready."""
        begin = time.monotonic()
        self.process = subprocess.Popen(self.command(), cwd=self.directory, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid

        def ready():
            if self.process.poll() is not None:
                raise SystemExit(f'{self.name} ended: {(self.directory / "log").read_text()[-2000:]}')
            return harness.request(self.url + self.ready_path)[0] == 200

        harness.wait_for(f'{self.name} to be ready', ready, 600, 0.005)
        return time.monotonic() - begin

    def kill9(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def cpu(self):
        fields = pathlib.Path(f'/proc/{self.pid}/stat').read_text().rsplit(')', 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def cpu_exact(self):
        """The same in nanoseconds' steps, of the threads that there are."""
        total = 0
        for task in pathlib.Path(f'/proc/{self.pid}/task').iterdir():
            try:
                total += int((task / 'schedstat').read_text().split()[0])
            except OSError:  # it has ended
                pass
        return total / 1e9

    def rss(self):
        lines = pathlib.Path(f'/proc/{self.pid}/status').read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith('VmRSS:'))

    def peak_rss(self, work):
        """-> (what `work` gives, the most resident bytes meanwhile beyond those before)."""
        before = self.rss()
        pathlib.Path(f'/proc/{self.pid}/clear_refs').write_text('5')
        out = work()
        lines = pathlib.Path(f'/proc/{self.pid}/status').read_text().splitlines()
        peak = next(int(line.split()[1]) * 1024 for line in lines if line.startswith('VmHWM:'))
        return out, peak - before

    def counter(self, name):
        """The sum of a family of the server's own /metrics."""
        body = harness.request(self.url + '/metrics')[1]
        return sum(float(line.rsplit(' ', 1)[1]) for line in body.splitlines()
                   if line.split('{')[0].split(' ')[0] == name)

    def lag(self):
        """Seconds, quantile 0.99: how long after it could be a rule group's evaluation begins; None: not told."""
        body = harness.request(self.url + '/metrics')[1]
        return next((float(line.rsplit(' ', 1)[1]) for line in body.splitlines()
                     if line.startswith('outrider_rule_group_lag_seconds{quantile="0.99"}')), None)

    def range_query(self, expr, start, end, step):
        """The body of the answer."""
        url = self.url + '/api/v1/query_range?' + urllib.parse.urlencode(
            {'query': expr, 'start': start, 'end': end, 'step': step, 'nocache': 1})
        status, body, _ = harness.request(url, timeout=QUERY_TIMEOUT)
        if status != 200:
            raise SystemExit(f'{self.name}: {expr}: HTTP {status} {body[:200]}')
        return body

    def query(self, expr, when):
        """The result of an instant query; [] when the server refuses it."""
        url = self.url + '/api/v1/query?' + urllib.parse.urlencode({'query': expr, 'time': when, 'nocache': 1})
        status, body, _ = harness.request(url, timeout=QUERY_TIMEOUT)
        if status != 200:
            print(f'{self.name}: {expr}: HTTP {status} {body[:200]}', file=sys.stderr)
            return []
        return harness.json.loads(body)['data']['result']

    def number(self, expr, when):
        result = self.query(expr, when)
        return float(result[0]['value'][1]) if result else 0

    def query_cpu(self, expr, when, times=5):
        """-> CPU-seconds a time, of the first time, series in the answer. The kernel tells CPU time in steps of 10 ms:
        what costs little is asked more often. Each time at another time, as rules do."""
        begin = self.cpu_exact()
        found = len(self.query(expr, when))
        first = self.cpu_exact() - begin
        before, asked, used = self.cpu(), 0, 0
        while asked < times or (used < 0.5 and asked < 20 * times):
            asked += 1
            self.query(expr, when + asked / 1000)
            used = self.cpu() - before
        return used / asked, first, found


class Outrider(Server):
    name, title, ready_path = 'outrider', 'Outrider', '/-/ready'

    def configure(self):
        # The others compute nothing like the built-in trends and scores.
        entries = ('workload_cpu', 'workload_memory', 'host_cpu', 'host_memory', 'host_disk')
        (self.directory / 'analytics.yml').write_text(
            'builtin_entries: {' + ', '.join(f'{entry}: false' for entry in entries) + '}\n')
        # `alone`: nor costs and recommendations, every 15 s, half a CPU-second for 100,000 series of rwload.
        rare = 'analytics: {interval: 10m}\n' if self.alone else ''
        (self.directory / 'outrider.yml').write_text(
            f'rule_files: [rules.yml]\nanalytics_files: [analytics.yml]\n{rare}')

    def command(self):
        return [harness.OUTRIDER, 'run', '--config.file=outrider.yml', '--storage.path=data', '--log.level=error',
                f'--web.listen-address=127.0.0.1:{self.port}']

    @classmethod
    def version(cls):
        shown = subprocess.run([harness.OUTRIDER, 'version'], capture_output=True, text=True).stdout
        return shown.partition('\n')[0].replace('outrider, version', 'Outrider')


class Prometheus(Server):
    name = package = 'prometheus'
    title, ready_path = 'Prometheus', '/-/ready'

    def configure(self):
        (self.directory / 'prometheus.yml').write_text(
            'global: {evaluation_interval: 15s}\nrule_files: [rules.yml]\n')

    def command(self):
        return ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=data', '--log.level=error',
                '--web.enable-remote-write-receiver', f'--web.listen-address=127.0.0.1:{self.port}']


class VictoriaMetrics(Server):
    name, package = 'victoria', 'victoria-metrics'
    title, ready_path = 'VictoriaMetrics', '/health'

    def command(self):
        # By default it answers nothing about the last 30 s, and no query of more than 300,000 series.
        return ['victoria-metrics', '-storageDataPath=data', '-loggerLevel=ERROR', '-search.latencyOffset=1ms',
                '-search.maxUniqueTimeseries=100000000', f'-search.maxQueryDuration={QUERY_TIMEOUT}s',
                f'-httpListenAddr=127.0.0.1:{self.port}']


KINDS = {kind.name: kind for kind in (Outrider, Prometheus, VictoriaMetrics)}


@contextlib.contextmanager
def fresh(name, rules='', alone=False):
    """A started server in a directory of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f'outrider-peers-{name}-') as directory:
        server = KINDS[name](pathlib.Path(directory), rules, alone)
        try:
            server.start()
            yield server
        finally:
            if hasattr(server, 'process'):
                server.kill9()
            server.log.close()
