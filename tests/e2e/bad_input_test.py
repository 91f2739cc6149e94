#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input gets a clear error and nothing acked is lost: bodies, files, keys, receivers, disk, port."""
import os
import socket
import subprocess
import time
import unittest

import harness


class BadInput(harness.EndToEnd):
    def test_bodies(self):
        self.write('outrider.yml', '')
        self.start_outrider()
        now = time.time()
        good = harness.snappy_literals(harness.write_request([({'__name__': 'm'}, [(now, 1)])]))
        bomb = harness.varint(64 << 20) + good
        cases = [
            ('truncated snappy', good[:-3], {}, 400),
            ('not snappy', b'hello', {}, 400),
            ('decodes to too much', bomb, {}, 400),
            ('garbage protobuf', harness.snappy_literals(b'\xff\xff\xff'), {}, 400),
            ('too large', b'\0' * ((32 << 20) + 1), {}, 413),
            ('json', good, {'Content-Type': 'application/json'}, 415),
            ('gzip, and corrupt', b'x', {'Content-Encoding': 'gzip'}, 415),
            ('no name', harness.snappy_literals(harness.write_request([({'a': 'b'}, [(now, 1)])])), {}, 400),
            ('fine', good, {}, 204),
        ]
        for name, body, headers, expected in cases:
            try:
                status, text, _ = harness.request(self.url + '/api/v1/write', body,
                                                  {**harness.RW_HEADERS, **headers}, 'POST')
            except (BrokenPipeError, ConnectionResetError, OSError):
                self.assertEqual(name, 'too large', 'only the oversized body may see its connection closed')
                continue
            self.assertEqual(status, expected, f'{name}: {text}')
            if expected != 204:
                self.assertGreater(len(text.strip()), 8, f'{name} needs a sentence')
        # One bad series or sample does not cost the others.
        status, text, _ = harness.remote_write(self.url, [
            ({'__name__': 'kept', 'i': '1'}, [(now, 1)]), ({'nameless': 'x'}, [(now, 1)]),
            ({'__name__': 'm'}, [(now - 60, 5)])])
        self.assertEqual(status, 400)
        self.assertIn('nameless', text)
        self.assertEqual(len(self.query(self.url, 'kept')), 1)
        status, _, _ = harness.request(self.url + '/api/v1/write', method='GET')
        self.assertEqual(status, 405)

    def refused(self, files, *expected, arguments=()):
        for name, text in files.items():
            self.write(name, text)
        done = subprocess.run([harness.OUTRIDER, 'run', '--config.file=outrider.yml', '--storage.path=data',
                               f'--web.listen-address=127.0.0.1:{self.port}', *arguments],
                              capture_output=True, text=True, timeout=20, cwd=self.directory)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        for text in expected:
            self.assertIn(text, done.stdout + done.stderr)

    def test_files_that_refuse_the_start(self):
        self.refused({'outrider.yml': 'globl: {}\n'}, 'outrider.yml:1:1: field globl not found')
        self.refused({'outrider.yml': 'scrape_configs: []\n'}, 'does not scrape')
        self.refused({'outrider.yml': 'rule_files: [r.yml]\n',
                      'r.yml': 'groups:\n- name: g\n  rules:\n  - alert: A\n    exprr: up\n'}, 'r.yml:5:5')
        self.refused({'outrider.yml': 'alerting: {config_file: am.yml}\n',
                      'am.yml': 'route: {receiver: x}\nreceivers: [{name: y}]\n'},
                     'undefined receiver "x" used in route')
        self.refused({'outrider.yml': 'analytics_files: [a.yml]\n',
                      'a.yml': 'entries:\n- name: x\n  kind: magic\n  expr: up\n'}, 'a.yml:3')

    def test_one_bad_expression_disables_only_its_rule(self):
        self.write('outrider.yml', 'global: {evaluation_interval: 1s}\nrule_files: [r.yml]\n')
        self.write('r.yml', 'groups:\n- name: g\n  rules:\n  - record: bad\n    expr: sum(\n'
                            '  - record: good\n    expr: vector(7)\n')
        self.start_outrider()
        harness.wait_for('the good rule', lambda: self.query(self.url, 'good'), 15)
        rules = harness.get_json(self.url + '/api/v1/rules')['data']['groups'][0]['rules']
        bad = next(r for r in rules if r['name'] == 'bad')
        self.assertEqual(bad['health'], 'err')
        self.assertIn('r.yml:5', bad['lastError'])
        self.assertIn('r.yml:5', self.processes[0].text())

    def test_reload_keeps_the_old_set(self):
        self.write('outrider.yml', 'global: {evaluation_interval: 1s}\nrule_files: [r.yml]\n')
        self.write('r.yml', 'groups: [{name: g, rules: [{record: one, expr: vector(1)}]}]\n')
        self.start_outrider()
        self.write('r.yml', 'groups: [{name: g, rulez: []}]\n')
        status, text, _ = harness.request(self.url + '/-/reload', b'', method='POST')
        self.assertEqual(status, 500)
        self.assertIn('r.yml:1:', text)
        harness.wait_for('the old rule', lambda: self.query(self.url, 'one'), 15)
        self.write('r.yml', 'groups: [{name: g, rules: [{record: two, expr: vector(2)}]}]\n')
        self.assertEqual(harness.request(self.url + '/-/reload', b'', method='POST')[0], 200)
        harness.wait_for('the new rule', lambda: self.query(self.url, 'two'), 15)
        harness.wait_for('the old series to end', lambda: not self.query(self.url, 'one'), 15)

    def test_port_in_use_and_locked_directory(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', self.port))
            taken.listen()
            self.refused({'outrider.yml': ''}, str(self.port), 'in use')
        self.start_outrider()
        status, text, _ = harness.remote_write(self.url, [({'__name__': 'm'}, [(time.time(), 1)])])
        self.assertEqual(status, 204, text)
        segments = sorted(p.name for p in (self.directory / 'data' / 'wal').iterdir())
        self.port = harness.free_port()
        self.refused({'outrider.yml': ''}, 'in use by another process')
        self.assertEqual(sorted(p.name for p in (self.directory / 'data' / 'wal').iterdir()), segments,
                         'the next segment of the one that runs')

    def test_full_disk(self):
        self.write('outrider.yml', 'storage: {min_free: 1000TB}\n')
        self.start_outrider()
        status, text, _ = harness.remote_write(self.url, [({'__name__': 'm'}, [(time.time(), 1)])])
        self.assertEqual(status, 503)
        self.assertIn('free', text)
        self.assertEqual(self.query(self.url, 'm'), [], 'refused, so not kept either')

    def test_really_full_disk(self):
        """A file system without a free block: nothing is acked, people are told all the same, and what was acked before
        is there when there is room again."""
        (self.directory / 'data').mkdir()
        mount = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=96m', 'none', str(self.directory / 'data')],
                               capture_output=True, text=True)
        if mount.returncode != 0:
            self.skipTest(f'needs to mount a small file system: {mount.stderr.strip()}')
        self.addCleanup(subprocess.run, ['umount', '-l', str(self.directory / 'data')], check=True)
        sink = self.webhook_sink()
        self.write('rules.yml', 'groups: [{name: g, rules: [{alert: A, expr: broken == 1, for: 3s}]}]\n')
        self.write('alertmanager.yml', f"""
route: {{receiver: hook, group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}
receivers: [{{name: hook, webhook_configs: [{{url: '{sink.url}/'}}]}}]
""")
        self.write('outrider.yml', 'global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n'
                                   'alerting: {config_file: alertmanager.yml}\nstorage: {min_free: 0}\n')
        outrider = self.start_outrider()
        acked, filler = {}, self.directory / 'data' / 'filler'

        def send(broken):
            at = time.time()
            status, text, _ = harness.remote_write(self.url, [({'__name__': 'broken'}, [(at, broken)])])
            if status == 204:
                acked[round(at, 3)] = broken
            return status, text

        self.assertEqual(send(1)[0], 204)
        with open(filler, 'wb', buffering=0) as out:
            for size in (65536, 1):
                with self.assertRaises(OSError):
                    while True:
                        out.write(b'x' * size)
        text = harness.wait_for('a write to be refused', lambda: (lambda a: a[0] == 503 and a[1])(send(1)), 30)
        self.assertIn('nothing was stored', text)
        # RocksDB has room set aside in its log: the decision may be recorded all the same. Either way it is not lost.
        harness.wait_for('people to be told while the disk is full', lambda: sink.messages('firing'), 30)
        filler.unlink()
        harness.wait_for('writes to be taken again', lambda: send(1)[0] == 204, 30)
        time.sleep(3)  # what was decided meanwhile is written now
        outrider.kill9()
        self.start_outrider()
        kept = self.query(self.url, 'broken[5m]')[0]['values']
        self.assertEqual({round(float(t), 3): int(v) for t, v in kept}, acked)
        time.sleep(3)
        self.assertEqual(len(sink.messages('firing')), 1)
        self.assertEqual(len(harness.get_json(self.url + '/outrider/v1/incidents')['incidents']), 1)

    def test_unreachable_receiver_is_retried(self):
        dead = harness.free_port()
        self.write('alertmanager.yml', f'''
route: {{receiver: hook, group_wait: 100ms, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: 'http://127.0.0.1:{dead}/'}}]}}]
''')
        self.write('outrider.yml', 'global: {evaluation_interval: 1s}\nrule_files: [r.yml]\n'
                                   'alerting: {config_file: alertmanager.yml}\n')
        self.write('r.yml', 'groups: [{name: g, rules: [{alert: A, expr: vector(1)}]}]\n')
        self.start_outrider()

        def failing():
            body = harness.request(self.url + '/metrics')[1]
            return [l for l in body.splitlines()
                    if l.startswith('outrider_notifications_total{') and 'delivered' not in l and not l.endswith(' 0')]

        harness.wait_for('failed tries to be counted', failing, 20)
        self.assertIn('hook', harness.request(self.url + '/')[1])


if __name__ == '__main__':
    unittest.main()
