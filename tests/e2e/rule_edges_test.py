#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Edges of rules, seen from outside: empty values of flags, rule files as templates and generators leave them, files that
were cut off or are not there, and what a restart or a reload leaves of alerts. promtool, where it is installed, says the same."""
import json
import os
import shutil
import subprocess
import threading
import time
import unittest

import harness

PROMTOOL = os.environ.get('PROMTOOL') or shutil.which('promtool')
BAD = 'groups: [{name: g, rules: [{record: r, expr: "up +"}]}]\n'
GOOD = 'groups: [{name: g, rules: [{record: r, expr: up}]}]\n'


class Commands(harness.EndToEnd):
    def test_empty_values_of_flags(self):
        self.write('bad.yml', BAD)
        self.write('good.yml', GOOD)
        self.write('test.yml', 'rule_files: [good.yml]\ntests: [{promql_expr_test: [{expr: r}]}]\n')
        for flag in ('--lint=', '--url='):
            self.assertIn('bad.yml:1:', self.cli('check', 'rules', flag, 'bad.yml', expect=1))
            self.assertIn('1 rules found', self.cli('check', 'rules', 'good.yml', flag))
        self.assertIn('SUCCESS', self.cli('test', 'rules', '--run=', 'test.yml'))
        self.cli('test', 'rules', '--coverage-min=', 'test.yml', expect=2)
        self.assertIn('--lint', self.cli('check', 'rules', '--lint=', '--help'))

    def test_coverage_of_json_files(self):
        rules = [{'record': 'a', 'expr': 'm'}, {'record': 'b', 'expr': 'm'}, {'alert': 'C', 'expr': 'm > 9'}]
        self.write('r.json', json.dumps({'groups': [{'name': 'g', 'rules': rules}]}))
        self.write('t.yml', 'rule_files: [r.json]\ntests:\n- input_series: [{series: m, values: 1}]\n'
                            '  promql_expr_test: [{expr: b, exp_samples: [{labels: b, value: 1}]}]\n')
        self.assertIn('1 of 3 rules', self.cli('test', 'rules', '--coverage-min=34', 't.yml', expect=1))
        self.cli('test', 'rules', '--coverage-min=33', 't.yml')
        self.assertIn('there are no rules', self.cli('test', 'rules', '--coverage-min=1', '--run=none', 't.yml', expect=1))

    def test_what_go_reads(self):
        texts = {'groups:\n-\n- name: g\n  rules:\n  -\n  - {record: r, expr: up}\n  - ~\n': 0}
        for limit, code in (('1_000', 0), ('0x10', 0), ('0o17', 0), ('0b11', 0), ('010', 0), ('1e3', 0), ('5.0', 0), ('5.5', 0),
                            ('"5"', 1), ("'5'", 1), ('many', 1), ('_5', 1), ('1e30', 1), ('.nan', 1), ('[5]', 1)):
            texts[f'groups:\n- name: g\n  limit: {limit}\n  rules: [{{record: r, expr: up}}]\n'] = code
        for text, code in texts.items():
            with self.subTest(text):
                self.write('r.yml', text)
                self.cli('check', 'rules', 'r.yml', expect=code)
                if PROMTOOL:
                    theirs = subprocess.run([PROMTOOL, 'check', 'rules', 'r.yml'], cwd=self.directory, capture_output=True)
                    self.assertEqual(theirs.returncode, code, theirs)
        self.write('r.yml', 'groups: [{name: g, limit: 010, rules: [{record: r, expr: m}]}]')
        self.write('t.yml', 'rule_files: [r.yml]\ntests:\n- input_series: [' + ', '.join(
            f'{{series: "m{{i=\\"{i}\\"}}", values: 1}}' for i in range(9)) + ']\n  promql_expr_test: [{expr: r}]\n')
        self.assertIn('exceeded limit of 8 with 9 series', self.cli('test', 'rules', 't.yml', expect=1))

    def test_a_file_of_seconds_that_was_cut_off(self):
        self.write('rules.yml', 'groups: [{name: g, interval: 15s, rules: [{alert: A, expr: up == 0}]}]')
        whole = 'up 0 1700000000\nup 0 1700003600\n'
        self.write('whole.om', whole + '# EOF\n')
        self.write('cut.om', whole)
        self.write('fraction.om', whole + 'up 0 1700003600.25\n')
        self.assertNotIn('warning', self.cli('backtest', 'rules.yml', '--input', 'whole.om', '--quiet'))
        said = self.cli('backtest', 'rules.yml', '--input', 'cut.om', '--quiet')
        self.assertRegex(said, r'warning: cut.om: the newest sample is of 1970-01-20T.*# EOF')
        said = self.cli('backtest', 'rules.yml', '--input', 'fraction.om', '--quiet', expect=1)
        self.assertIn('fraction.om:3:6: expected a timestamp in milliseconds', said)

    def test_warnings_of_annotations(self):
        rule = '{alert: A, expr: up, annotations: {outrider_no_data: banana}}'
        self.write('r.yml', f'groups:\n- name: g\n  rules:\n  - {rule}\n')
        for kind in ('rules', 'bundle'):
            said = self.cli('check', kind, 'r.yml')
            self.assertIn('WARNING: r.yml:4:5: alert A: outrider_no_data: ', said)

    def test_files_that_are_not_there(self):
        self.write('rules.yml', GOOD)
        self.write('tls.yml', 'alerting:\n  alertmanagers:\n  - scheme: https\n    tls_config: {ca_file: nope.pem}\n'
                              '    static_configs: [{targets: ["127.0.0.1:1"]}]\n')
        self.assertIn('tls.yml:4:27: ca_file: ', self.cli('check', 'config', 'tls.yml', expect=1))
        self.assertIn('tls.yml:4:27: ca_file: ', self.cli('run', '--config.file=tls.yml', '--storage.path=data',
                                                          f'--web.listen-address=127.0.0.1:{self.port}', expect=1))
        self.write('rule.yml', 'rule_files: [rules.yml, nope.yml]\n')
        self.assertIn('nope.yml, which does not exist', self.cli('check', 'config', 'rule.yml', expect=1))


class Daemon(harness.EndToEnd):
    def feed(self):
        self.value = 1
        stop = threading.Event()

        def run():
            while not stop.is_set():
                try:
                    harness.remote_write(self.url, [({'__name__': 'm', 'i': 'a'}, [(time.time(), self.value)])])
                except OSError:  # between two processes
                    pass
                stop.wait(0.3)

        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)

    def rules(self):
        return {rule['name']: rule for group in harness.get_json(self.url + '/api/v1/rules')['data']['groups']
                for rule in group['rules']}

    def alert(self, name):
        return [a for a in harness.get_json(self.url + '/api/v1/alerts')['data']['alerts']
                if a['labels']['alertname'] == name]

    def metric(self, text):
        return [r['value'][1] for r in self.query(self.url, text)]

    RULES = '''
groups:
- name: g
  interval: 1s
  rules:
  - alert: A
    expr: m > 0
    labels: {team: '{{ if eq $labels.i "b" }}web{{ end }}'}
    annotations: {v: '{{ $value }}', e: '{{ query "nope(" }}'}
  - record: r
    expr: m
'''

    def test_life(self):
        self.write('rules.yml', self.RULES)
        self.write('outrider.yml', '''
global: {external_labels: {a b: c}}
rule_files: [rules.yml, nope.yml]
alerting:
  alertmanagers:
  - relabel_configs: [{source_labels: [__address__], regex: '.*:2', action: drop}]
    static_configs: [{targets: ["127.0.0.1:1", "127.0.0.1:2"]}]
''')
        process = self.start_outrider()
        self.assertIn('nope.yml, which does not exist', process.text())
        self.feed()
        harness.wait_for('the alert', lambda: self.alert('A')[0]['state'] == 'firing', 20)
        there = harness.get_json(self.url + '/api/v1/alertmanagers')['data']
        self.assertEqual(there, {'activeAlertmanagers': [{'url': 'http://127.0.0.1:1/api/v2/alerts'}],
                                 'droppedAlertmanagers': [{'url': 'http://127.0.0.1:2/api/v2/alerts'}]})
        self.assertIn('\nprometheus_rule_group_duration_histogram_seconds_bucket{le="0.1"}',
                      harness.request(self.url + '/metrics')[1])
        raw = '{{ if eq $labels.i "b" }}web{{ end }}'
        for name in ('ALERTS', 'ALERTS_FOR_STATE'):
            labels = [r['metric'] for r in self.query(self.url, name)]
            self.assertEqual([one.get('team') for one in labels], [raw], labels)
        self.assertNotIn('team', self.alert('A')[0]['labels'])
        time.sleep(2)
        self.assertEqual(process.text().count('expanding a template of an alert failed'), 1, process.text())
        self.assertRegex(process.text(), r'place=\S*rules.yml:6:5 rule=A annotation=e')
        self.a_clean_stop(process)
        self.a_rule_that_a_reload_disables()

    def a_clean_stop(self, process):
        """The last value was told to nobody yet: less than a minute has passed."""
        self.value = 0.5
        harness.wait_for('the value', lambda: self.alert('A')[0]['annotations']['v'] == '0.5', 10)
        process.stop()
        self.value = 0.25
        self.start_outrider()
        self.assertIn(self.alert('A')[0]['annotations']['v'], ('0.5', '0.25'))  # not 1
        harness.wait_for('the next value', lambda: self.alert('A')[0]['annotations']['v'] == '0.25', 20)

    def a_rule_that_a_reload_disables(self):
        harness.wait_for('the record', lambda: self.metric('r') == ['0.25'], 10)
        self.write('rules.yml', self.RULES.replace('m > 0', 'm >').replace('expr: m\n', 'expr: m +\n'))
        self.assertEqual(harness.request(self.url + '/-/reload', method='POST')[0], 200)
        harness.wait_for('the rule to fail', lambda: self.rules()['A']['health'] == 'err', 10)
        harness.wait_for('the record to end', lambda: self.metric('r') == [], 10)
        time.sleep(2)
        self.assertEqual(self.metric('ALERTS'), ['1'])
        age = self.query(self.url, 'time() - timestamp(ALERTS)')
        self.assertLess(float(age[0]['value'][1]), 3)
        self.assertEqual(self.alert('A')[0]['state'], 'firing')
        (self.directory / 'rules.yml').unlink()  # in the middle of a change, perhaps
        self.assertEqual(harness.request(self.url + '/-/reload', method='POST')[0], 500)
        self.assertEqual(self.alert('A')[0]['state'], 'firing')


if __name__ == '__main__':
    unittest.main(verbosity=2)
