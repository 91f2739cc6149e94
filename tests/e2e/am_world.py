# SPDX-License-Identifier: Apache-2.0
"""Debian's Alertmanager and Outrider side by side: the same configuration for each, a collector of what their webhooks
send, steps at relative seconds for both at the same time, and a measure of how late the machine itself was."""
import collections
import concurrent.futures
import datetime
import http.server
import json
import os
import signal
import threading
import time
import urllib.parse

import harness

ALERTMANAGER, OUTRIDER = 'alertmanager', 'outrider'
KINDS = (ALERTMANAGER, OUTRIDER)
BIN = {ALERTMANAGER: os.environ.get('ALERTMANAGER', 'prometheus-alertmanager'), OUTRIDER: harness.OUTRIDER}
JSON = {'Content-Type': 'application/json'}
# What is compared within fractions of a second is kept off a disk that others keep busy.
FAST_HOME = '/dev/shm' if os.access('/dev/shm', os.W_OK) else None

# One request of a webhook. `at`: when its body was complete; `accepted`: it got a 2xx.
Delivery = collections.namedtuple('Delivery', 'path at accepted headers body')


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat().replace('+00:00', 'Z')


def seconds_of(text):
    """RFC 3339 with up to nine digits -> seconds; the zero time is None."""
    if text.startswith('0001-'):
        return None
    head, _, fraction = text.rstrip('Z').partition('.')
    zone = '+00:00'
    for sign in '+-':
        if sign in fraction:
            fraction, zone = fraction.split(sign)[0], sign + fraction.split(sign)[1]
        elif not fraction and sign in head[19:]:
            head, zone = head[:19], head[19:]
    return datetime.datetime.fromisoformat(head + zone).timestamp() + (float('0.' + fraction) if fraction else 0)


class Collector:
    """An HTTP server that records what is posted. `answers[path]` is called with (number of the try of this group, from
    0; time) and gives a status, or (status, seconds to wait before it, headers); the default is 200."""

    def __init__(self, port=0):
        self.deliveries, self.answers, self.tries = [], {}, collections.Counter()
        self.lock = threading.Lock()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            timeout = 120

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get('Content-Length', 0)))
                status, wait, headers = sink.answer(self.path, dict(self.headers), body, time.time())
                if wait:
                    time.sleep(wait)
                # "ok" is what Slack says and what others do not look at.
                lines = [f'HTTP/1.1 {status} X', 'Content-Length: 2', *(f'{k}: {v}' for k, v in headers.items())]
                try:
                    self.wfile.write(('\r\n'.join(lines) + '\r\n\r\nok').encode())
                except OSError:
                    pass

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 256

            def handle_error(self, *args):  # a sender that was killed
                pass

        self.server = Server(('127.0.0.1', port), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, path, headers, body, now):
        value = json.loads(body)
        with self.lock:
            key = path, value.get('groupKey') if isinstance(value, dict) else None
            number = self.tries[key]
            self.tries[key] += 1
            answer = self.answers[path](number, now) if path in self.answers else 200
            status, wait, more = answer if isinstance(answer, tuple) else (answer, 0, {})
            self.deliveries.append(Delivery(path, now, status // 100 == 2, headers, value))
        return status, wait, more

    def all(self):
        with self.lock:
            return list(self.deliveries)

    def accepted(self, path):
        return [d for d in self.all() if d.path == path and d.accepted]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Daemon:
    """One of the two, on a port of its own; `prefix` is its --web.route-prefix."""

    def __init__(self, test, kind, config, flags=(), prefix='', name=None, sections=''):
        self.test, self.kind, self.prefix, self.flags, self.sections = test, kind, prefix, tuple(flags), sections
        self.name = name or kind
        self.port = harness.free_port()
        self.url = f'http://127.0.0.1:{self.port}{prefix}'
        self.process = None
        self.write(config)

    def write(self, config):
        self.config = config
        self.test.write(f'{self.name}.am.yml', json.dumps(config, ensure_ascii=False, indent=1))
        self.test.write(f'{self.name}.outrider.yml', f'alerting: {{config_file: {self.name}.am.yml}}\n{self.sections}')

    def start(self):
        if self.kind == ALERTMANAGER:
            arguments = [f'--config.file={self.name}.am.yml', '--cluster.listen-address=']
        else:
            arguments = ['run', f'--config.file={self.name}.outrider.yml']
        if self.prefix:
            arguments.append(f'--web.route-prefix={self.prefix}')
        self.process = self.test.start(self.name, [
            BIN[self.kind], *arguments, f'--storage.path={self.name}.data',
            f'--web.listen-address=127.0.0.1:{self.port}', *self.flags])
        harness.wait_for(f'{self.name} to be ready', self.is_ready, 30, 0.02)
        return self

    def is_ready(self):
        if self.process.process.poll() is not None:
            raise AssertionError(f'{self.name} ended: {self.process.text()[-2000:]}')
        return harness.request(self.url + '/-/ready')[0] == 200

    def reload(self):
        self.process.process.send_signal(signal.SIGHUP)

    def call(self, method, path, value=None):
        """-> (status, JSON or text)"""
        data = None if value is None else json.dumps(value).encode()
        status, body, _ = harness.request(self.url + path, data, JSON if data else {}, method)
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body

    def post_alerts(self, alerts):
        return self.call('POST', '/api/v2/alerts', alerts)

    def silence(self, matchers, starts, ends, comment='c', silence_id=None):
        """matchers: {name: value} -> the id"""
        value = {'matchers': [{'name': k, 'value': v, 'isRegex': False, 'isEqual': True} for k, v in matchers.items()],
                 'startsAt': rfc3339(starts), 'endsAt': rfc3339(ends), 'createdBy': 'test', 'comment': comment}
        if silence_id:
            value['id'] = silence_id
        status, answer = self.call('POST', '/api/v2/silences', value)
        assert status == 200, f'{self.name}: silence {status} {answer}'
        return answer['silenceID']

    def alerts(self, query=''):
        return self.call('GET', '/api/v2/alerts' + query)[1]


class Pulse:
    """How long this machine kept a thread waiting that wanted to run every 20 ms: a test that misses a window while
    the machine stood still proves nothing."""

    def __init__(self):
        self.stalls, self.stop = [], threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        last = time.time()
        while not self.stop.is_set():
            time.sleep(0.02)
            now = time.time()
            if now - last > 0.12:
                self.stalls.append((last, now))
            last = now

    def worst(self, begin, end):
        return max((b - a for a, b in list(self.stalls) if b > begin and a < end), default=0)

    def close(self):
        self.stop.set()
        self.thread.join()


class Script:
    """Steps (seconds, name, call) of many stories, each run at its time for every daemon at once. `late[name]` is the
    longest that a step of that story was done after its time."""

    def __init__(self, daemons):
        self.daemons, self.steps, self.late, self.errors = daemons, [], collections.Counter(), []
        self.start = None

    def add(self, seconds, name, call):
        self.steps.append((seconds, name, call))

    def run(self, until, head_start=0.5):
        self.start = time.time() + head_start
        pool = concurrent.futures.ThreadPoolExecutor(16)
        futures = []
        for seconds, name, call in sorted(self.steps, key=lambda s: s[0]):
            time.sleep(max(0, self.start + seconds - time.time()))
            futures += [pool.submit(self.one, seconds, name, call, daemon) for daemon in self.daemons]
        concurrent.futures.wait(futures)
        pool.shutdown()
        time.sleep(max(0, self.start + until - time.time()))

    def one(self, seconds, name, call, daemon):
        try:
            call(daemon, self.start)
        except (AssertionError, OSError, KeyError) as e:
            self.errors.append((name, daemon.kind, f'step at {seconds}: {e!r}'))
        self.late[name] = max(self.late[name], time.time() - self.start - seconds)


def amtool(daemon, *arguments, directory, stdin=None, expect=0):
    """-> (stdout, stderr) of Debian's amtool against a daemon."""
    import subprocess
    done = subprocess.run(['amtool', f'--alertmanager.url={daemon.url}', *arguments], capture_output=True, text=True,
                          timeout=60, cwd=directory, input=stdin, env={**os.environ, 'HOME': str(directory)})
    assert expect is None or done.returncode == expect, \
        f'amtool {" ".join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}'
    return done.stdout, done.stderr


def query(**values):
    return '?' + urllib.parse.urlencode(values, doseq=True)
