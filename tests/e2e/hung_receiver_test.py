#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One receiver, and then seven, that take a connection and never answer: what goes to the others comes as it did
before, whoever else waits; a stop does not wait for them; and what they were to be told is told after the restart, once
they answer, under the same key."""
import json
import socket
import sys
import threading
import time
import unittest

import am_world
import harness

COUNT = 40  # alerts of the healthy receiver, each a message of its own
EACH = 5  # messages to each hung one
# A message of the healthy receiver that waited for a hung one would wait for a timeout of that one (10 s and more).
LONGEST = 5


class HungSocket:
    """Takes connections and says nothing; `greet`: the first half of an answer."""

    def __init__(self, greet=b''):
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.url = f'http://127.0.0.1:{self.socket.getsockname()[1]}'
        self.greet, self.taken = greet, []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.taken.append(connection)
            if self.greet:
                connection.sendall(self.greet)

    def close(self):
        self.socket.close()
        for connection in self.taken:
            connection.close()


class HungReceiver(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.good = am_world.Collector()
        self.slow = am_world.Collector()  # reads the whole request and does not answer while `hangs` is set
        self.released = threading.Event()
        self.hung = [HungSocket(b'HTTP/1.1 200 OK\r\nContent-Le' if n % 2 else b'') for n in range(6)]
        for one in (self.good, self.slow, *self.hung):
            self.addCleanup(one.close)
        self.slow.answers['/hung0'] = lambda *_: (200, 0 if self.released.is_set() else 3600, {})
        urls = [self.slow.url, *(h.url for h in self.hung)]
        config = {'route': {'receiver': 'good', 'group_by': ['...'], 'group_wait': '0s', 'group_interval': '10s',
                            'repeat_interval': '1h', 'routes': []},
                  'receivers': [{'name': 'good', 'webhook_configs': [{'url': f'{self.good.url}/good'}]}]}
        for n, url in enumerate(urls):
            config['route']['routes'].append({'receiver': f'hung{n}', 'matchers': [f'to="hung{n}"']})
            config['receivers'].append({'name': f'hung{n}', 'webhook_configs': [{'url': f'{url}/hung{n}'}]})
        self.daemon = am_world.Daemon(self, am_world.OUTRIDER, config).start()

    def alert(self, name, to):
        return {'labels': {'alertname': name, 'to': to}, 'startsAt': am_world.rfc3339(time.time())}

    def taken(self, number):
        """Connections that a hung receiver holds."""
        return len(self.slow.all()) if number == 0 else len(self.hung[number - 1].taken)

    def hang(self, numbers):
        for number in numbers:
            status, answer = self.daemon.post_alerts([self.alert(f'stuck{n}', f'hung{number}') for n in range(EACH)])
            self.assertEqual(status, 200, answer)
        for number in numbers:
            harness.wait_for(f'hung{number} to be called', lambda number=number: self.taken(number), LONGEST)

    def longest(self, name):
        """Posts one alert after another and waits for each -> the longest wait."""
        worst = 0
        for n in range(COUNT):
            begin = time.time()
            self.assertEqual(self.daemon.post_alerts([self.alert(f'{name}{n}', 'good')])[0], 200)
            harness.wait_for(f'{name}{n}', lambda n=n: any(
                d.body['alerts'][0]['labels']['alertname'] == f'{name}{n}' for d in self.good.all()[-3:]), LONGEST, 0.002)
            worst = max(worst, time.time() - begin)
        return worst

    def test_the_others_do_not_notice(self):
        waits = [self.longest('free')]
        self.hang([0])
        waits.append(self.longest('one'))
        self.hang(range(1, 7))
        waits.append(self.longest('seven'))
        print('longest of {} with 0, 1 and 7 hung receivers: {} ms'.format(
            COUNT, ', '.join(f'{1000 * w:.0f}' for w in waits)), file=sys.stderr)
        self.assertEqual(len(self.good.all()), 3 * COUNT)
        self.assertEqual(len(self.daemon.alerts()), 3 * COUNT + 7 * EACH)
        self.stop_and_tell_later()

    def stop_and_tell_later(self):
        keys = {d.headers['Idempotency-Key'] for d in self.slow.all()}
        self.assertTrue(keys)
        begin = time.monotonic()
        self.daemon.process.process.terminate()
        self.daemon.process.process.wait(LONGEST)
        print(f'stopped in {time.monotonic() - begin:.2f} s', file=sys.stderr)
        self.released.set()
        held = len(self.slow.all())
        self.daemon.start()
        # The breaker or the next group interval may hold back what had failed: within a minute it is there.
        harness.wait_for('what the hung receiver was to be told', lambda: {
            a['labels']['alertname'] for d in self.slow.all()[held:] for a in d.body['alerts']} == {
                f'stuck{n}' for n in range(EACH)}, 90)
        later = [d.headers['Idempotency-Key'] for d in self.slow.all()[held:]]
        self.assertEqual(len(later), len(set(later)), 'told twice after it had answered')
        self.assertEqual(len(self.good.all()), 3 * COUNT, 'the others were told again')


if __name__ == '__main__':
    unittest.main()
