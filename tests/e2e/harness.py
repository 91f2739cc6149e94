# SPDX-License-Identifier: Apache-2.0
"""Real processes on loopback for the end-to-end tests: outrider, Debian's Prometheus and node_exporter, HTTP and SMTP
sinks, a remote-write sender. Everything is started on free ports in a temporary directory and stopped at the end."""
import http.client
import http.server
import json
import os
import pathlib
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
OUTRIDER = os.path.abspath(os.environ.get('OUTRIDER', ROOT / 'build/release/outrider'))


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def wait_for(what, check, seconds=60, every=0.1):
    """Calls `check` until it gives something true, which is returned; fails with `what` after `seconds`."""
    end = time.monotonic() + seconds
    last = None
    while time.monotonic() < end:
        try:
            last = check()
            if last:
                return last
        except (OSError, http.client.HTTPException, KeyError, IndexError, ValueError) as e:
            last = e
        time.sleep(every)
    raise AssertionError(f'waited {seconds}s in vain for {what}; last seen: {last!r}')


def request(url, data=None, headers=None, method=None, timeout=10):
    """-> (status, body text, headers); HTTP errors are answers, not exceptions."""
    req = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(req, timeout=timeout) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as e:
        return e.code, e.read().decode(), e.headers


def lintable(metrics):
    """A page of metrics without two of Prometheus' own names, which its lint (a type in a name) does not like."""
    return '\n'.join(line for line in metrics.split('\n') if '_duration_histogram_seconds' not in line)


def get_json(url):
    status, body, _ = request(url)
    assert status == 200, f'{url}: {status} {body}'
    return json.loads(body)


def post_json(url, value):
    status, body, _ = request(url, json.dumps(value).encode(), {'Content-Type': 'application/json'}, 'POST')
    return status, json.loads(body) if body else None


# --- remote write 1.0 by hand: snappy with literals only, protobuf by length prefixes

def varint(n):
    out = b''
    n &= (1 << 64) - 1
    while n >= 0x80:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def snappy_literals(raw):
    out = varint(len(raw))
    for i in range(0, len(raw), 65536):
        part = raw[i:i + 65536]
        out += bytes([61 << 2]) + struct.pack('<H', len(part) - 1) + part
    return out


def write_request(series):
    """series: [({label: value}, [(seconds, value), …])] -> the raw protobuf."""
    body = b''
    for labels, samples in series:
        one = b''
        for name, value in sorted(labels.items()):
            one += field(1, field(1, name.encode()) + field(2, value.encode()))
        for seconds, value in samples:
            one += field(2, b'\x09' + struct.pack('<d', value) + b'\x10' + varint(int(round(seconds * 1000))))
        body += field(1, one)
    return body


RW_HEADERS = {'Content-Type': 'application/x-protobuf', 'Content-Encoding': 'snappy',
              'X-Prometheus-Remote-Write-Version': '0.1.0'}


def remote_write(url, series):
    return request(url + '/api/v1/write', snappy_literals(write_request(series)), RW_HEADERS, 'POST')


# --- sinks

class WebhookSink:
    """Records every POST as (path, headers, body); `script` gives the statuses of the next answers, then 200; paths
    in `refused` get 400."""

    def __init__(self):
        self.requests, self.script, self.refused, self.lock = [], [], set(), threading.Lock()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                with sink.lock:
                    sink.requests.append((self.path, dict(self.headers), body, time.time()))
                    if self.path in sink.refused:
                        status, headers = 400, {}
                    else:
                        status, headers = sink.script.pop(0) if sink.script else (200, {})
                self.send_response(status)
                for k, v in headers.items():
                    self.send_header(k, v)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

        self.server = Server(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def messages(self, status=None, path=None):
        """Bodies as JSON, optionally only those of one status (firing, resolved) or path."""
        with self.lock:
            all_requests = list(self.requests)
        bodies = [(p, json.loads(b)) for p, _, b, _ in all_requests]
        return [b for p, b in bodies if (status is None or b['status'] == status) and (path is None or p == path)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class SmtpSink:
    """Accepts mail and records (from, [to], data)."""

    def __init__(self):
        self.mails, self.lock = [], threading.Lock()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def say(self, text):
                self.wfile.write(text.encode() + b'\r\n')

            def handle(self):
                self.say('220 sink')
                sender, to = '', []
                while True:
                    line = self.rfile.readline().decode().strip()
                    if not line:
                        return
                    verb = line.upper()
                    if verb.startswith(('EHLO', 'HELO')):
                        self.say('250 sink')
                    elif verb.startswith('MAIL FROM:'):
                        sender, to = line[10:], []
                        self.say('250 ok')
                    elif verb.startswith('RCPT TO:'):
                        to.append(line[8:])
                        self.say('250 ok')
                    elif verb == 'DATA':
                        self.say('354 go on')
                        data = b''
                        while not data.endswith(b'\r\n.\r\n'):
                            more = self.rfile.readline()
                            if not more:
                                return
                            data += more
                        with sink.lock:
                            sink.mails.append((sender, to, data.decode()))
                        self.say('250 taken')
                    elif verb == 'QUIT':
                        self.say('221 bye')
                        return
                    else:
                        self.say('250 ok')

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(('127.0.0.1', 0), Handler)
        self.address = f'127.0.0.1:{self.server.server_address[1]}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Process:
    def __init__(self, name, arguments, directory):
        self.log_path = pathlib.Path(directory) / f'{name}.log'
        self.log = open(self.log_path, 'ab')
        self.process = subprocess.Popen(arguments, stdout=self.log, stderr=self.log, cwd=directory)

    def text(self):
        return self.log_path.read_text(errors='replace')

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=20):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill9()
        self.log.close()
        return self.process.returncode


class EndToEnd(unittest.TestCase):
    """A temporary directory, and processes and sinks that are gone at the end; logs are shown on failure."""
    home = None  # where the directory is made; None: where all temporary files are

    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix='outrider-e2e-', dir=self.home)
        self.addCleanup(holder.cleanup)
        self.directory = pathlib.Path(holder.name)
        self.processes = []
        self.port = free_port()
        self.url = f'http://127.0.0.1:{self.port}'

    def run(self, result=None):
        failures = len(result.failures) + len(result.errors) if result else 0
        outcome = super().run(result)
        if result and len(result.failures) + len(result.errors) > failures and getattr(self, 'logs', None):
            # What failed first: a reader of CI sees the head of what a test prints.
            for _, what in (result.failures + result.errors)[failures:]:
                print(what, file=sys.stderr)
            for name, text in self.logs.items():
                print(f'--- {name}\n{text[-2000:]}', file=sys.stderr)
        return outcome

    def tearDown(self):
        self.logs = {}
        for process in reversed(self.processes):
            process.stop()
            self.logs[process.log_path.name] = process.text()

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def start(self, name, arguments):
        process = Process(name, arguments, self.directory)
        self.processes.append(process)
        return process

    def webhook_sink(self):
        sink = WebhookSink()
        self.addCleanup(sink.close)
        return sink

    def smtp_sink(self):
        sink = SmtpSink()
        self.addCleanup(sink.close)
        return sink

    def start_outrider(self, config='outrider.yml', *flags):
        process = self.start('outrider', [OUTRIDER, 'run', f'--config.file={config}', '--storage.path=data',
                                          f'--web.listen-address=127.0.0.1:{self.port}', *flags])

        def ready():
            if process.process.poll() is not None:
                raise AssertionError(f'outrider ended: {process.text()[-2000:]}')
            return request(self.url + '/-/ready')[0] == 200

        wait_for('outrider to be ready', ready, 30, 0.02)
        return process

    def start_prometheus(self, config):
        port = free_port()
        self.write('prometheus.yml', config)
        self.start('prometheus', ['prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
                                  f'--web.listen-address=127.0.0.1:{port}'])
        url = f'http://127.0.0.1:{port}'
        wait_for('Prometheus to be ready', lambda: request(url + '/-/ready')[0] == 200, 30)
        return url

    def start_node_exporter(self):
        port = free_port()
        self.start('node_exporter', ['prometheus-node-exporter', f'--web.listen-address=127.0.0.1:{port}',
                                     '--no-collector.systemd'])
        wait_for('node_exporter', lambda: request(f'http://127.0.0.1:{port}/metrics')[0] == 200, 30)
        return f'127.0.0.1:{port}'

    @staticmethod
    def query(url, expr, when=None):
        """An instant query's result list."""
        params = {'query': expr}
        if when is not None:
            params['time'] = str(when)
        answer = get_json(url + '/api/v1/query?' + urllib.parse.urlencode(params))
        return answer['data']['result']

    def cli(self, *arguments, expect=0):
        done = subprocess.run([OUTRIDER, *arguments], capture_output=True, text=True, timeout=60,
                              cwd=self.directory, env={**os.environ, 'OUTRIDER_URL': self.url})
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout + done.stderr
