#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Webhooks by API, end to end: made, told of an alert that comes in, signed, logged, changed, disabled, deleted, kept
over kill -9; what the address guard refuses; who may use them; `outrider test receiver` online and offline."""
import hashlib
import hmac
import http.server
import json
import threading
import time
import unittest

import harness


def call(url, method='GET', value=None, headers=None):
    data = None if value is None else json.dumps(value).encode()
    status, body, _ = harness.request(url, data, {'Content-Type': 'application/json', **(headers or {})}, method)
    return status, json.loads(body) if body else None


class Webhooks(harness.EndToEnd):
    CONFIG = 'alerting: {config_file: alertmanager.yml, webhooks: {allowed_networks: [127.0.0.1]}}'

    def begin(self, config=CONFIG):
        self.sink = self.webhook_sink()
        self.write('outrider.yml', config)
        self.write('alertmanager.yml', f'''
route: {{receiver: everyone, group_wait: 0s, group_by: ['...']}}
receivers:
- name: everyone
  webhook_configs: [{{url: '{self.sink.url}/file'}}]
- name: two
  webhook_configs: [{{url: '{self.sink.url}/ok'}}, {{url: '{self.sink.url}/bad'}}]
''')
        self.daemon = self.start_outrider()
        self.api = self.url + '/api/v1/webhooks'

    def make(self, name, **more):
        status, hook = call(self.api, 'POST', {'name': name, 'url': f'{self.sink.url}/{name}', **more})
        self.assertEqual(status, 201, hook)
        return hook

    def post_alert(self, name, severity, **annotations):
        alert = {'labels': {'alertname': name, 'severity': severity}, 'annotations': annotations}
        self.assertEqual(call(self.url + '/api/v2/alerts', 'POST', [alert])[0], 200)

    def at(self, path):
        return [(headers, body) for p, headers, body, _ in list(self.sink.requests) if p == path]

    def logs(self, hook, query=''):
        status, answer = call(f'{self.api}/{hook["id"]}/logs{query}')
        self.assertEqual(status, 200)
        return answer['logs']

    def test_an_alerts_way_to_webhooks(self):
        self.begin()
        self.sink.script = []
        signed = self.make('signed', secret='s3cret', custom_headers={'X-Team': 'storage'})
        self.assertNotIn('secret', signed)
        high = self.make('high', severity_filter='high', webhook_type='slack')
        own = self.make('own', template='{"text": "${severity} ${description}", "score": ${score}}')
        self.post_alert('Disk', 'warning', description='full "now"\n', score='0.5')
        harness.wait_for('the webhooks', lambda: self.at('/signed') and self.at('/own') and self.at('/file'))
        headers, body = self.at('/signed')[0]
        self.assertEqual(headers['X-KubeOpt-Signature'],
                         'sha256=' + hmac.new(b's3cret', body, hashlib.sha256).hexdigest())
        self.assertEqual(headers['X-Team'], 'storage')
        self.assertTrue(headers['Idempotency-Key'])
        self.assertEqual(json.loads(body)['severity'], 'medium')
        self.assertEqual(json.loads(self.at('/own')[0][1]), {'text': 'MEDIUM full "now"\n', 'score': 0.5})
        self.post_alert('Fire', 'critical')
        harness.wait_for('the one for high severities', lambda: self.at('/high'))
        self.assertEqual(json.loads(self.at('/high')[0][1])['blocks'][0]['type'], 'header')
        time.sleep(0.5)
        self.assertEqual(len(self.at('/high')), 1)  # not the warning
        self.assertEqual(len(self.at('/signed')), 2)
        log = harness.wait_for('the log', lambda: self.logs(signed, '?status=delivered')[1:] and self.logs(signed))
        self.assertEqual([entry['attempt_count'] for entry in log], [1, 1])
        self.assertNotIn('payload', log[0])
        self.assertEqual(len(self.logs(high)), 1)
        # Alertmanager's API goes on as if there were none.
        receivers = [r['name'] for r in harness.get_json(self.url + '/api/v2/receivers')]
        self.assertEqual(receivers, ['everyone', 'two'])

    def test_kept_changed_and_deleted(self):
        self.begin()
        hook = self.make('one', secret='x')
        self.daemon.kill9()
        self.daemon = self.start_outrider()
        status, listed = call(self.api)
        self.assertEqual((status, listed['total']), (200, 1))
        self.assertEqual(listed['webhooks'][0], hook)
        one = f'{self.api}/{hook["id"]}'
        status, changed = call(one, 'PUT', {'url': self.sink.url + '/moved', 'webhook_type': 'discord'})
        self.assertEqual((status, changed['name'], changed['webhook_type']), (200, 'one', 'discord'))
        self.post_alert('A', 'info')
        harness.wait_for('the moved webhook', lambda: self.at('/moved'))
        self.assertEqual(call(one + '/disable', 'POST')[1]['enabled'], False)
        self.assertEqual(call(self.api + '?enabled=true')[1]['total'], 0)
        self.post_alert('B', 'info')
        harness.wait_for('the receiver of the file', lambda: len(self.at('/file')) >= 2, 30)
        self.assertEqual(len(self.at('/moved')), 1)
        self.assertEqual(call(one + '/enable', 'POST')[1]['enabled'], True)
        harness.wait_for('what fires still', lambda: len(self.at('/moved')) >= 2)
        self.assertEqual(call(one, 'DELETE')[0], 200)
        for method, path in (('GET', ''), ('PUT', ''), ('DELETE', ''), ('GET', '/logs'), ('POST', '/test'),
                             ('POST', '/enable')):
            self.assertEqual(call(one + path, method, {} if method == 'PUT' else None)[0], 404, method + path)
        self.assertEqual(call(self.api)[1], {'webhooks': [], 'total': 0})

    def test_tests_and_retries(self):
        self.begin()
        hook = self.make('one')
        status, answer = call(f'{self.api}/{hook["id"]}/test', 'POST', {'severity': 'low', 'message': 'hello'})
        self.assertEqual((status, answer['success'], answer['status_code']), (200, True, 200))
        self.assertEqual(json.loads(self.at('/one')[0][1])['description'], 'hello')
        self.sink.script = [(503, {})]
        status, answer = call(f'{self.api}/{hook["id"]}/test', 'POST')
        self.assertEqual((status, answer['success'], answer['status_code']), (502, False, 503))
        self.assertEqual([e['status'] for e in self.logs(hook)], ['failed', 'delivered'])
        self.assertEqual(self.logs(hook)[0]['alert_id'], 'test')

    def test_four_sends_in_all(self):
        self.begin()
        failing = FailingServer()
        self.addCleanup(failing.close)
        hook = self.make('x', url=failing.url)
        self.post_alert('A', 'info')
        log = harness.wait_for('the last attempt', lambda: self.logs(hook, '?status=failed'), 40)
        self.assertEqual(log[0]['attempt_count'], 4)
        self.assertEqual(failing.count, 4)
        time.sleep(2)
        self.assertEqual(failing.count, 4)

    def test_guard(self):
        self.begin('alerting: {config_file: alertmanager.yml}')
        for url in ('http://127.0.0.1:1/', self.sink.url, 'http://localhost:1/', 'http://[::ffff:127.0.0.1]:1/',
                    'http://169.254.169.254/latest/', 'http://0.0.0.0:1/'):
            hook = self.make('x', url=url)
            status, answer = call(f'{self.api}/{hook["id"]}/test', 'POST')
            self.assertEqual(status, 502)
            self.assertRegex(answer['error_message'], ' is a', url)
        self.assertEqual(self.sink.requests, [])

    def test_bad_requests(self):
        self.begin()
        for value, fields in (({}, ['name', 'url']), ({'name': 'x', 'url': 'ftp://y'}, ['url']),
                              ({'name': 'x', 'url': 'http://y', 'webhook_type': 'fax'}, ['webhook_type']),
                              ({'name': 'x', 'url': 'http://y', 'severity_filter': 'loud'}, ['severity_filter']),
                              ({'name': 'x', 'url': 'http://y', 'template': '{'}, ['template']),
                              ({'name': 5, 'url': 'http://y', 'custom_headers': {'Host': 'z'}}, ['name', 'custom_headers'])):
            status, answer = call(self.api, 'POST', value)
            self.assertEqual((status, answer['code']), (400, 'VALIDATION_ERROR'), answer)
            self.assertEqual(sorted(detail['loc'][0] for detail in answer['details']), sorted(fields))
        status, body, _ = harness.request(self.api, b'nonsense', {}, 'POST')
        self.assertEqual(status, 400, body)
        self.assertEqual(call(self.api + '?type=fax')[0], 400)
        # A page of another site can neither read nor change them.
        foreign = {'Origin': 'http://evil.example'}
        self.assertEqual(call(self.api, headers=foreign)[0], 403)
        self.assertEqual(call(self.api, 'POST', {'name': 'x', 'url': 'http://y'}, foreign)[0], 403)
        self.assertEqual(call(self.api, headers={'X-Forwarded-For': '1.2.3.4'})[0], 401)

    def test_test_receiver(self):
        self.begin()
        self.sink.refused = {'/bad'}  # by path: the two are asked beside each other
        shown = self.cli('test', 'receiver', 'two', '--label', 'team=a', expect=1)
        self.assertRegex(shown, r'webhook\[0\] +delivered +200')
        self.assertRegex(shown, r'webhook\[1\] +rejected +400 .* HTTP 400')
        message = json.loads(self.at('/ok')[0][1])
        self.assertEqual(message['alerts'][0]['labels'], {'alertname': 'OutriderTest', 'severity': 'info', 'team': 'a'})
        self.assertEqual(message['notification_reason'], 'test')
        offline = self.cli('test', 'receiver', 'everyone', '--config.file', 'alertmanager.yml', '--resolved', '--output',
                           'json')
        self.assertTrue(json.loads(offline)['delivered'])
        self.assertEqual(json.loads(self.at('/file')[-1][1])['status'], 'resolved')
        self.assertIn('no receiver', self.cli('test', 'receiver', 'nobody', expect=1))
        self.assertIn('no receiver', self.cli('test', 'receiver', 'nobody', '--config.file', 'alertmanager.yml', expect=1))


class FailingServer:
    def __init__(self):
        self.count = 0
        failing = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                failing.count += 1
                self.send_response(503)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self.server.server_port}/'
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


if __name__ == '__main__':
    unittest.main()
