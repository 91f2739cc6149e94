#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real process killed with -9 at each state of an outbox row: before there is one, while the receiver has the request
and has not answered, while it waits to be tried again, while Retry-After holds it, as the answer is on its way, after
it; the same for the message that says resolved; and for mail, which cannot tell a repeat. After the restart the
message is there, once under one key, and a mail that may have been taken says that it is a repeat."""
import email
import json
import socketserver
import threading
import time
import unittest

import am_world
import harness


class Mail:
    """An SMTP server that calls `on_data(number)` when a whole mail is there, before it says so; False: says nothing."""

    def __init__(self, on_data):
        self.mails = []
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                self.wfile.write(b'220 sink\r\n')
                for line in self.rfile:
                    verb = line.strip().upper()
                    if verb == b'DATA':
                        self.wfile.write(b'354 go on\r\n')
                        data = b''
                        while not data.endswith(b'\r\n.\r\n'):
                            more = self.rfile.readline()
                            if not more:
                                return
                            data += more
                        sink.mails.append(data.decode())
                        if on_data(len(sink.mails)) is False:
                            return
                    elif verb == b'QUIT':
                        self.wfile.write(b'221 bye\r\n')
                        return
                    self.wfile.write(b'250 ok\r\n')

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *args):
                pass

        self.server = Server(('127.0.0.1', 0), Handler)
        self.address = f'127.0.0.1:{self.server.server_address[1]}'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


# state -> what the receiver does with the first try; None: nothing special
STATES = {
    'before_the_row': None,
    'on_its_way': (200, 3600, {}),
    'to_be_retried': 503,
    'held_by_retry_after': (429, 0, {'Retry-After': '2'}),
    'as_it_is_answered': 200,
    'told': 200,
}


class CrashMatrix(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sink = am_world.Collector()
        self.addCleanup(self.sink.close)
        self.mail = Mail(self.on_mail)
        self.addCleanup(self.mail.close)
        self.kill_at = None  # path: killed as soon as a request for it is answered
        self.dead = threading.Event()
        names = list(STATES)
        config = {
            'global': {'smtp_smarthost': self.mail.address, 'smtp_from': 'o@x', 'smtp_require_tls': False},
            'route': {'receiver': 'none', 'group_by': ['alertname'], 'group_wait': '300ms', 'group_interval': '300ms',
                      'repeat_interval': '1h', 'routes': [
                          {'receiver': n, 'matchers': [f'state="{n}"']} for n in [*names, 'mail', 'slack']]},
            'receivers': [{'name': 'none'}, {'name': 'mail', 'email_configs': [{'to': 'a@x', 'send_resolved': True}]},
                          {'name': 'slack', 'slack_configs': [{'api_url': f'{self.sink.url}/slack', 'channel': 'c'}]}]
            + [{'name': n, 'webhook_configs': [{'url': f'{self.sink.url}/{n}'}]} for n in names]}
        self.daemon = am_world.Daemon(self, am_world.OUTRIDER, config).start()

    def kill(self):
        self.daemon.process.kill9()
        self.dead.set()

    def on_mail(self, number):
        if self.kill_at == 'mail':
            self.kill_at = None
            self.kill()
            return False
        return True

    def post(self, name, state, end=None):
        alert = {'labels': {'alertname': name, 'state': state}, 'startsAt': am_world.rfc3339(self.begin)}
        if end:
            alert['endsAt'] = am_world.rfc3339(end)
        self.assertEqual(self.daemon.post_alerts([alert])[0], 200)

    def requests(self, name, status):
        return [d for d in self.sink.all() if any(
            a['labels']['alertname'] == name and a['status'] == status for a in d.body.get('alerts', []))]

    def reach(self, state, name, status):
        """Waits until the row of the alert is in its state, and kills."""
        if state == 'before_the_row':
            return self.kill()
        if state == 'as_it_is_answered':
            harness.wait_for('the kill', self.dead.is_set, 20, 0.001)
            return None
        harness.wait_for(f'{name} at {state}', lambda: self.requests(name, status), 20, 0.002)
        if state in ('told', 'to_be_retried', 'held_by_retry_after'):
            # Written down by now: nothing more is seen from outside.
            time.sleep(0.15)
        return self.kill()

    def one_message(self, state, status, number):
        name = f'{state}{number}'
        first = STATES[state]
        path = f'/{state}'
        self.dead.clear()
        seen = len(self.sink.all())

        def answer(_number, _now):
            mine = len([d for d in self.sink.deliveries[seen:] if d.path == path])
            if mine or first is None:
                return 200
            if state == 'as_it_is_answered':
                threading.Thread(target=self.kill).start()
            return first

        self.sink.answers[path] = answer
        self.begin = time.time() if status == 'firing' else self.begin
        self.post(name, state, end=time.time() if status == 'resolved' else None)
        self.reach(state, name, status)
        before = len(self.requests(name, status))
        self.daemon.start()
        harness.wait_for(f'{name} to be told {status}', lambda: any(
            d.accepted and (state != 'on_its_way' or n >= before)
            for n, d in enumerate(self.requests(name, status))), 30)
        # Two group intervals: a second message would be there.
        time.sleep(0.8)
        got = self.requests(name, status)
        keys = {d.headers['Idempotency-Key'] for d in got}
        self.assertEqual(len(keys), 1, f'{state} {status}: {[(d.at, d.headers, d.body) for d in got]}')
        most = {'before_the_row': 1, 'told': 1}.get(state, 2)
        self.assertLessEqual(len(got), most, f'{state} {status}')
        self.assertGreaterEqual(len(got), 1 if state in ('before_the_row', 'told', 'as_it_is_answered') else 2,
                                f'{state} {status}: was killed too early')
        return len(got)

    def test_every_state(self):
        counts = {}
        for state in STATES:
            with self.subTest(state):
                counts[state] = [self.one_message(state, status, 1) for status in ('firing', 'resolved')]
                self.assertEqual(self.daemon.alerts('?' + f'filter=state="{state}"'), [])
        print('requests for each message: ' + json.dumps(counts))
        self.mail_keeps_its_id()
        self.slack_is_marked()

    def mail_keeps_its_id(self):
        """Killed when the whole mail is there and before it is taken: told or not, nobody knows."""
        self.dead.clear()
        self.kill_at = 'mail'
        self.begin = time.time()
        self.post('letter', 'mail')
        harness.wait_for('the kill', self.dead.is_set, 20, 0.001)
        self.daemon.start()
        harness.wait_for('the mail again', lambda: len(self.mail.mails) >= 2, 30)
        time.sleep(0.8)
        ids = [email.message_from_string(m)['Message-ID'] for m in self.mail.mails]
        self.assertEqual((len(ids), len(set(ids))), (2, 1), ids)

    def slack_is_marked(self):
        self.dead.clear()
        self.sink.answers['/slack'] = lambda *_: (200, 0 if self.dead.is_set() else 3600, {})
        self.begin = time.time()
        self.post('chat', 'slack')

        def told():
            return [d for d in self.sink.all() if d.path == '/slack']

        harness.wait_for('Slack to be called', told, 20, 0.002)
        self.kill()
        self.daemon.start()
        harness.wait_for('Slack to be called again', lambda: len(told()) >= 2, 30)
        time.sleep(0.8)
        marked = ['it may have arrived before' in json.dumps(d.body) for d in told()]
        self.assertEqual(marked, [False, True])


if __name__ == '__main__':
    unittest.main()
