#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Receivers that accept and never answer: the others are told at once, a stop ends although they hang, the next start
tells them; `outrider alerts why` and the API say what happened; a daemon in shadow sends nothing and shows what it would."""
import json
import socket
import threading
import time
import unittest

import harness


class SilentServer:
    """Accepts connections, reads and never answers; `answer()` makes it answer from then on."""

    def __init__(self):
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=256)
        self.url = f'http://127.0.0.1:{self.listener.getsockname()[1]}'
        self.bodies, self.lock, self.answering = [], threading.Lock(), threading.Event()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        file = connection.makefile('rb')
        try:
            while True:
                line = file.readline()
                if not line:
                    return
                length, key = 0, ''
                while line.strip():
                    name, _, value = line.decode().partition(':')
                    if name.lower() == 'content-length':
                        length = int(value)
                    if name.lower() == 'idempotency-key':
                        key = value.strip()
                    line = file.readline()
                body = file.read(length)
                with self.lock:
                    self.bodies.append((key, json.loads(body)))
                if self.answering.is_set():
                    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def count(self):
        with self.lock:
            return len(self.bodies)

    def close(self):
        self.listener.close()


class Delivery(harness.EndToEnd):
    def post(self, **labels):
        status, _ = harness.post_json(self.url + '/api/v2/alerts', [{'labels': labels}])
        self.assertEqual(status, 200)

    def fingerprint(self, name):
        alerts = harness.get_json(f'{self.url}/api/v2/alerts?filter=alertname%3D{name}')
        return alerts[0]['fingerprint']

    def test_seven_dead_receivers(self):
        dead = [SilentServer() for _ in range(7)]
        for server in dead:
            self.addCleanup(server.close)
        sink = self.webhook_sink()
        routes = ''.join(f"  - {{matchers: [to=d{i}], receiver: d{i}}}\n" for i in range(7))
        receivers = ''.join(f"- {{name: d{i}, webhook_configs: [{{url: '{s.url}/'}}]}}\n" for i, s in enumerate(dead))
        self.write('alertmanager.yml', f'''
route:
  receiver: alive
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1m
  routes:
{routes}receivers:
- {{name: alive, webhook_configs: [{{url: '{sink.url}/alive'}}]}}
{receivers}''')
        self.write('outrider.yml', 'alerting: {config_file: alertmanager.yml}\n')
        outrider = self.start_outrider()
        for i in range(7):
            for n in range(10):
                self.post(alertname=f'Dead{n}', to=f'd{i}')
        harness.wait_for('the dead receivers to be busy', lambda: all(s.count() >= 8 for s in dead), 20)
        for n in range(20):
            self.post(alertname=f'Alive{n}', to='alive')
        harness.wait_for('the receiver that lives', lambda: len(sink.messages(path='/alive')) == 20, 10)
        self.assertEqual([s.count() for s in dead], [8] * 7, 'no more than max_in_flight at once')
        self.assertEqual(harness.get_json(self.url + '/outrider/v1/notifications?outcome=retry')['notifications'], [],
                         'they hang still')
        # What hangs does not keep the process.
        outrider.process.terminate()
        outrider.process.wait(15)
        self.assertEqual(outrider.process.returncode, 0)
        for server in dead:
            server.answering.set()
        before = [s.count() for s in dead]
        self.start_outrider()
        harness.wait_for('the dead receivers, alive again',
                         lambda: all(s.count() >= before[i] + 10 for i, s in enumerate(dead)), 30)
        for server in dead:
            with server.lock:
                keys = {}
                for key, body in server.bodies:
                    keys.setdefault(body['groupKey'], set()).add(key)
            self.assertEqual(len(keys), 10)
            self.assertEqual({len(k) for k in keys.values()}, {1}, 'told again under the same key')
        self.assertEqual(len(sink.messages(path='/alive')), 20, 'nobody else is told twice')

    def test_why(self):
        sink = self.webhook_sink()
        sink.script = [(503, {})]
        self.write('alertmanager.yml', f'''
route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: '{sink.url}/hook'}}]}}]
inhibit_rules: [{{source_matchers: [alertname=Source], target_matchers: [alertname=Target]}}]
''')
        self.write('outrider.yml', 'alerting: {config_file: alertmanager.yml}\n')
        self.start_outrider()
        self.post(alertname='Down', instance='a')
        harness.wait_for('two attempts', lambda: len(sink.messages()) >= 2, 20)
        harness.post_json(self.url + '/api/v2/silences', {
            'matchers': [{'name': 'alertname', 'value': 'Hushed', 'isRegex': False}], 'createdBy': 'anna',
            'comment': 'c', 'startsAt': '2020-01-01T00:00:00Z', 'endsAt': '2099-01-01T00:00:00Z'})
        self.post(alertname='Source')
        self.post(alertname='Target')
        self.post(alertname='Hushed')

        def history(name):
            return harness.get_json(f'{self.url}/outrider/v1/alerts/{self.fingerprint(name)}/history')

        def attempts():
            return [a['outcome'] for a in history('Down')['attempts']]
        harness.wait_for('the outcome', lambda: attempts()[-1:] == ['delivered'], 20)
        self.assertEqual(attempts()[0], 'retry')
        down = history('Down')
        self.assertTrue(down['known'])
        self.assertEqual(down['groups'][0]['receiver'], 'hook')
        self.assertEqual(down['flushes'][0]['result'], 'notified')
        self.assertEqual(down['flushes'][0]['decisions'][0]['decision'], 'first notification')
        held = harness.wait_for('the flush', lambda: history('Hushed')['flushes'], 20)[0]
        self.assertEqual((held['result'], len(held['by'])), ('silenced', 1))
        held = harness.wait_for('the flush', lambda: history('Target')['flushes'], 20)[0]
        self.assertEqual((held['result'], held['by']), ('inhibited', [self.fingerprint('Source')]))
        text = self.cli('alerts', 'why', 'alertname=Down')
        for part in ('goes to hook by route {}', 'first notification', 'retry', 'delivered'):
            self.assertIn(part, text)
        self.assertIn('Down', self.cli('alerts', 'list', 'alertname=Down'))
        self.assertEqual(self.cli('alerts', 'why', self.fingerprint('Down'), '--output', 'json').count('"attempts"'), 1)
        self.cli('alerts', 'why', '0000000000000000', expect=1)
        _, metrics, _ = harness.request(self.url + '/metrics')
        self.assertIn('outrider_notifications_suppressed_total{reason="silence"}', metrics)
        attempts_line = next(line for line in metrics.splitlines()
                             if line.startswith('outrider_delivery_attempts_total{'))
        self.assertIn('receiver="hook"', attempts_line)

    def test_shadow(self):
        sink = self.webhook_sink()
        self.write('alertmanager.yml', f'''
route: {{receiver: hook, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: '{sink.url}/hook'}}]}}]
''')
        self.write('outrider.yml', 'alerting: {config_file: alertmanager.yml}\n')
        outrider = self.start_outrider('outrider.yml', '--notify.shadow')
        self.post(alertname='Down')
        shadowed = harness.wait_for('the record', lambda: harness.get_json(
            self.url + '/outrider/v1/notifications?outcome=shadow')['notifications'], 20)
        self.assertEqual([(n['receiver'], n['reason'], n['alerts']) for n in shadowed],
                         [('hook', 'first notification', 1)])
        self.assertIn('first notification', self.cli('alerts', 'diff'))
        # Compared with another Alertmanager: here with itself, and with nobody's groups.
        self.assertIn('0 differences', self.cli('alerts', 'diff', '--alertmanager.url', self.url))
        self.assertEqual(sink.messages(), [])
        outrider.stop()
        second = self.start_outrider()
        self.assertIn('shadow has ended', second.text())
        self.post(alertname='Up')
        harness.wait_for('what is new', lambda: sink.messages(), 20)
        self.assertEqual([m['groupLabels'] for m in sink.messages()], [{'alertname': 'Up'}])


if __name__ == '__main__':
    unittest.main()
