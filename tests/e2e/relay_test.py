#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Alerts of our rules in Debian's prometheus-alertmanager: several at once, one of them behind TLS with a user, each
with relabelling of its own; resolved there when resolved here, back in an Alertmanager that was restarted, more than a
batch at once. And a rule whose input goes silent, without and with `no_data: keep`."""
import base64
import json
import ssl
import subprocess
import threading
import time
import unittest
import urllib.request

import harness

RULES = '''
groups:
- name: g
  interval: 1s
  rules:
  - alert: Broken
    expr: broken == 1
    labels: {severity: page, team: '{{ $labels.instance }}'}
    annotations: {summary: '{{ $labels.instance }} is broken'}
- name: crowd
  interval: 1s
  rules:
  - alert: Crowd
    expr: crowd == 1
- name: careful
  interval: 1s
  rules:
  - alert: Careful
    expr: careful == 1
    annotations: {outrider_no_data: keep}
  - alert: Careless
    expr: careful == 1
  - alert: Wrong
    expr: careful == 
  - alert: WrongTemplate
    expr: careful == 2
    annotations: {summary: '{{ nonsense }}'}
'''
# "secret", by bcrypt.
HASH = '$2b$04$6QjrfrMMLVuglqoz.SAmdOIMa3HrveDwAjRNhacY7.dq60BOGjoQC'


class RelayToAlertmanager(harness.EndToEnd):
    def start_alertmanager(self, name, port, *flags):
        self.write('am.yml', 'route: {receiver: none}\nreceivers: [{name: none}]\n')
        return self.start(name, ['prometheus-alertmanager', '--config.file=am.yml', f'--storage.path={name}',
                                 f'--web.listen-address=127.0.0.1:{port}', '--cluster.listen-address=', *flags])

    def alerts_of(self, url, **wanted):
        """Active alerts of an Alertmanager, by their labels."""
        headers, context = {}, None
        if url.startswith('https'):
            context = ssl.create_default_context(cafile=str(self.directory / 'cert.pem'))
            headers['Authorization'] = 'Basic ' + base64.b64encode(b'outrider:secret').decode()
        request = urllib.request.Request(url + '/api/v2/alerts', headers=headers)
        with urllib.request.urlopen(request, timeout=5, context=context) as answer:
            alerts = json.load(answer)
        return [a for a in alerts if all(a['labels'].get(k) == v for k, v in wanted.items())]

    def feed(self, values):
        """Sends the values of the dictionary {metric: {instance: value}} every half second, until the test ends."""
        stop = threading.Event()

        def run():
            while not stop.is_set():
                now = time.time()
                series = [({'__name__': name, 'instance': instance}, [(now, value)])
                          for name, instances in list(values.items()) for instance, value in list(instances.items())]
                try:
                    harness.remote_write(self.url, series)
                except OSError:  # outrider is stopped first
                    return
                stop.wait(0.5)

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)

    def make_certificate(self):
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out',
                        'cert.pem', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
                       check=True, capture_output=True, cwd=self.directory)

    def test_several_alertmanagers(self):
        plain, secure = harness.free_port(), harness.free_port()
        self.make_certificate()
        self.write('web.yml', f'tls_server_config: {{cert_file: cert.pem, key_file: key.pem}}\n'
                              f"basic_auth_users: {{outrider: '{HASH}'}}\n")
        self.write('password', 'secret\n')
        first = self.start_alertmanager('am1', plain)
        self.start_alertmanager('am2', secure, '--web.config.file=web.yml')
        plain_url, secure_url = f'http://127.0.0.1:{plain}', f'https://localhost:{secure}'
        for url in (plain_url, secure_url):
            harness.wait_for(f'{url} to answer', lambda u=url: self.alerts_of(u) == [], 20)
        self.write('rules.yml', RULES)
        self.write('outrider.yml', f'''
global: {{external_labels: {{cluster: east, severity: never}}}}
rule_files: [rules.yml]
query: {{lookback_delta: 3s}}
alerting:
  resend_delay: 2s
  alert_relabel_configs: [{{regex: team, action: labeldrop}}]
  alertmanagers:
  - static_configs: [{{targets: ['127.0.0.1:{plain}']}}]
  - scheme: https
    static_configs: [{{targets: ['localhost:{secure}']}}]
    basic_auth: {{username: outrider, password_file: password}}
    tls_config: {{ca_file: cert.pem}}
    alert_relabel_configs:
    - {{source_labels: [instance], regex: a, action: keep}}
    - {{target_label: seen_by, replacement: second}}
''')
        self.start_outrider()
        values = {'broken': {'a': 1, 'b': 1}, 'crowd': {}, 'careful': {}}
        self.feed(values)
        there = harness.wait_for('both alerts', lambda: len(x := self.alerts_of(plain_url)) == 2 and x, 15)
        self.assertEqual([a['labels'] for a in sorted(there, key=lambda a: a['labels']['instance'])], [
            {'alertname': 'Broken', 'cluster': 'east', 'instance': i, 'severity': 'page'} for i in 'ab'])
        self.assertEqual(there[0]['annotations']['summary'], f"{there[0]['labels']['instance']} is broken")
        self.assertIn('/graph?g0.expr=broken+%3D%3D+1&g0.tab=1', there[0]['generatorURL'])
        there = harness.wait_for('one alert', lambda: self.alerts_of(secure_url), 15)
        self.assertEqual([a['labels'] for a in there], [
            {'alertname': 'Broken', 'cluster': 'east', 'instance': 'a', 'severity': 'page', 'seen_by': 'second'}])
        self.restart_and_resolve(first, plain, plain_url, secure_url, values)
        self.a_crowd(plain_url, values)
        self.what_is_shown(plain_url, secure_url)

    def restart_and_resolve(self, first, port, plain_url, secure_url, values):
        first.kill9()
        subprocess.run(['rm', '-rf', 'am1'], cwd=self.directory, check=True)
        self.start_alertmanager('am1', port)
        harness.wait_for('both alerts again', lambda: len(self.alerts_of(plain_url)) == 2, 20)
        values['broken'].update(a=0)
        harness.wait_for('a to be resolved', lambda: [a['labels']['instance'] for a in self.alerts_of(plain_url)] == ['b'],
                         15)
        harness.wait_for('a to be resolved there too', lambda: self.alerts_of(secure_url) == [], 15)

    def a_crowd(self, url, values):
        values['crowd'].update({f'i{i:03}': 1 for i in range(600)})
        harness.wait_for('600 alerts', lambda: len(self.alerts_of(url, alertname='Crowd')) == 600, 20)

    def what_is_shown(self, plain_url, secure_url):
        known = harness.get_json(self.url + '/api/v1/alertmanagers')['data']['activeAlertmanagers']
        self.assertEqual([a['url'] for a in known], [plain_url + '/api/v2/alerts', secure_url + '/api/v2/alerts'])
        metrics = harness.request(self.url + '/metrics')[1]
        sent = {line.split('"')[1]: float(line.split()[-1]) for line in metrics.splitlines()
                if line.startswith('prometheus_notifications_sent_total{')}
        self.assertGreaterEqual(sent[plain_url + '/api/v2/alerts'], 602)
        self.assertIn('prometheus_notifications_alertmanagers_discovered 2', metrics)
        shown = harness.get_json(self.url + '/api/v1/status/config')['data']['yaml']
        self.assertIn('alertmanagers', shown)

    def test_one_bad_rule_and_missing_data(self):
        self.write('rules.yml', RULES)
        self.write('outrider.yml', 'rule_files: [rules.yml]\nquery: {lookback_delta: 3s}\n')
        outrider = self.start_outrider()
        values = {'careful': {'a': 1}}
        self.feed(values)

        def firing():
            return sorted(a['labels']['alertname'] for a in harness.get_json(self.url + '/api/v1/alerts')['data']['alerts'])

        harness.wait_for('both alerts', lambda: firing() == ['Careful', 'Careless'], 15)
        rules = {r['name']: r for g in harness.get_json(self.url + '/api/v1/rules')['data']['groups'] for r in g['rules']}
        for name, place in (('Wrong', 'rules.yml:24:'), ('WrongTemplate', 'rules.yml:27:')):
            self.assertEqual(rules[name]['health'], 'err')
            self.assertIn(place, rules[name]['lastError'])
            self.assertIn(rules[name]['lastError'].split(': ')[0].split('/')[-1], outrider.text())
        metrics = harness.request(self.url + '/metrics')[1]
        self.assertRegex(metrics, r'outrider_rule_group_failing_rules\{rule_group="[^"]*;careful"\} 2')
        self.assertRegex(metrics, r'outrider_rule_group_failing_rules\{rule_group="[^"]*;g"\} 0')
        values['careful'].clear()  # silence
        harness.wait_for('the careless one to be resolved', lambda: firing() == ['Careful', 'OutriderNoData'], 20)
        own = [a for a in harness.get_json(self.url + '/api/v1/alerts')['data']['alerts']
               if a['labels']['alertname'] == 'OutriderNoData'][0]
        self.assertEqual(own['annotations']['summary'], 'no data from careful{instance="a"}')
        time.sleep(5)
        self.assertEqual(firing(), ['Careful', 'OutriderNoData'])
        values['careful'].update(a=0)
        harness.wait_for('all clear', lambda: firing() == [], 15)


if __name__ == '__main__':
    unittest.main()
