#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""outrider test rules and check rules against promtool: Prometheus' own fixtures with the verdicts of 3.14 and, where
its version allows, of the promtool at hand; random rules and tests, whose whole output must be equal; then what
Outrider has beside promtool. PROMTOOL=/path COUNT=300 SEED=7 for another binary, more, elsewhere."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import time
import unittest
import xml.etree.ElementTree

import harness
from rule_test_generator import Generator

CONFORMANCE = harness.ROOT.parent / 'shared/conformance'
FIXTURES = CONFORMANCE / 'rule_tests'
PROMTOOL = os.environ.get('PROMTOOL') or shutil.which('promtool')

# `test rules` of 3.14, and why an older promtool says something else.
VERDICTS = {
    'at-modifier-test.yml': (0, None),
    'bad-input-series.yml': (1, None),
    'bad-promql.yml': (1, None),
    'bad-rules-error-test.yml': (1, None),
    'bad-rules-syntax-test.yml': (1, None),
    'failing.yml': (1, None),
    'long-period.yml': (0, None),
    'negative-offset-test.yml': (0, None),
    'no-test-group-interval.yml': (0, 'a test without interval'),
    'rules_run.yml': (1, None),
    'rules_run_extrafields.yml': (1, None),
    'rules_run_fuzzy.yml': (1, None),
    'rules_run_no_fuzzy.yml': (1, None),
    'start-time-test.yml': (0, 'start_timestamp'),
    'unittest.yml': (0, 'histograms, ranges open on the left'),
    # Rule files are no test files.
    'rules.yml': (1, None),
    'rules-bad.yml': (1, None),
    'rules_duplicates.yml': (1, None),
    'prometheus-rules.lint.yml': (1, None),
}
# Flags of 3.x beside the file, and the verdict.
WITH_FLAGS = [
    ('rules_run.yml', ['--run', 'correct'], 0),
    ('rules_run.yml', ['--run', 'wrong'], 1),
    ('rules_run.yml', ['--run', 'correct', '--run', 'wrong'], 1),
    ('rules_run.yml', ['--run', 'neither'], 0),
    ('rules_run_fuzzy.yml', ['--run', 'correct'], 0),
    ('rules_run_fuzzy.yml', ['--run', 'wrong'], 1),
    ('rules_run_extrafields.yml', ['--ignore-unknown-fields'], 0),
    ('failing.yml', ['--diff'], 1),
    ('unittest.yml', ['--debug'], 0),
]


def run(program, *arguments, directory=None, text=None):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120, cwd=directory, input=text,
                          env={k: v for k, v in os.environ.items() if k != 'OUTRIDER_URL'})


def version_of(promtool):
    done = run(promtool, '--version')
    return tuple(int(n) for n in re.search(r'version (\d+)\.(\d+)', done.stdout + done.stderr).groups())


def failures(text):
    """Standard error without what only one of the two says: our places, promtool's time since 1970, details."""
    lines = [line for line in text.split('\n') if line.strip() and not re.match(r'\S+\.yml:\d+:\d+:$', line)]
    text = re.sub(r'duplicate sample for timestamp.*', 'duplicate sample for timestamp', '\n'.join(lines))
    return re.sub(r'time: [0-9hms]+, err: (?!.*parse)', 'err: ', text)


def need(what, there):
    if not there:
        print(f'SKIPPED: {what} is absent', flush=True)
        raise unittest.SkipTest(f'{what} is absent')


class Promtool(harness.EndToEnd):
    def test_fixtures(self):
        need('../shared/conformance', FIXTURES.exists())
        compared = 0
        for name, (code, differs) in VERDICTS.items():
            with self.subTest(name):
                ours = run(harness.OUTRIDER, 'test', 'rules', name, directory=FIXTURES)
                self.assertEqual(ours.returncode, code, ours.stdout + ours.stderr)
                if PROMTOOL is None or (differs and version_of(PROMTOOL) < (3, 0)):
                    continue
                theirs = run(PROMTOOL, 'test', 'rules', name, directory=FIXTURES)
                self.assertEqual(theirs.returncode, code, theirs.stdout + theirs.stderr)
                compared += 1
                if name == 'failing.yml':
                    self.assertEqual(failures(ours.stderr), failures(theirs.stderr))
        print(f'{len(VERDICTS)} fixtures, {compared} compared with {PROMTOOL}', flush=True)

    def test_flags(self):
        need('../shared/conformance', FIXTURES.exists())
        modern = PROMTOOL is not None and version_of(PROMTOOL) >= (3, 0)
        for name, flags, code in WITH_FLAGS:
            with self.subTest(name, flags=flags):
                ours = run(harness.OUTRIDER, 'test', 'rules', *flags, name, directory=FIXTURES)
                self.assertEqual(ours.returncode, code, ours.stdout + ours.stderr)
                if modern:
                    self.assertEqual(run(PROMTOOL, 'test', 'rules', *flags, name, directory=FIXTURES).returncode, code)
        dump = run(harness.OUTRIDER, 'test', 'rules', '--debug', '--run', '^$', 'unittest.yml',
                   directory=FIXTURES).stderr
        self.assertIn('test_increase =>\n1 @[0s]\n2 @[1m]\n3 @[2m]\n', dump)
        misuse = run(harness.OUTRIDER, 'test', 'rules', '--run', '(', 'rules_run.yml', directory=FIXTURES)
        self.assertEqual(misuse.returncode, 2)

    def test_random(self):
        need('promtool', PROMTOOL is not None)
        modern = version_of(PROMTOOL) >= (3, 0)
        first, count = int(os.environ.get('SEED', 1)), int(os.environ.get('COUNT', 60))
        lines = 0
        for seed in range(first, first + count):
            generator = Generator(seed, modern)
            self.write('r.yml', json.dumps(generator.rules(), indent=1))
            self.write('t.yml', json.dumps(generator.test('r.yml'), indent=1))
            theirs = run(PROMTOOL, 'test', 'rules', 't.yml', directory=self.directory)
            ours = run(harness.OUTRIDER, 'test', 'rules', 't.yml', directory=self.directory)
            self.assertEqual(ours.returncode, theirs.returncode, f'seed {seed}')
            # 2.42 sums a single -0 to -0, 3.14 to 0.
            said = failures(theirs.stderr) if modern else re.sub(r'-0E\+00\b', '0E+00', failures(theirs.stderr))
            told = failures(ours.stderr) if modern else re.sub(r'-0E\+00\b', '0E+00', failures(ours.stderr))
            self.assertEqual(told, said, f'seed {seed}')
            lines += len(theirs.stderr.split('\n'))
        self.assertGreater(lines, 10 * count)
        print(f'{count} random tests: {lines} lines of promtool {version_of(PROMTOOL)} equal', flush=True)

    def test_check_rules(self):
        need('../shared/conformance', FIXTURES.exists())
        need('promtool', PROMTOOL is not None)
        files = sorted(FIXTURES.glob('*.yml')) + sorted((CONFORMANCE / 'rules').rglob('*.yml'))
        self.assertGreater(len(files), 100)
        known = {'success': 0, 'failed': 0}
        for flags in ([], ['--lint=none', '--lint-fatal'], ['--lint=all', '--lint-fatal'], ['--lint=duplicate-rules']):
            for path in files if not flags else sorted(FIXTURES.glob('*.yml')):
                with self.subTest(path.name, flags=flags):
                    theirs = run(PROMTOOL, 'check', 'rules', *flags, str(path))
                    ours = run(harness.OUTRIDER, 'check', 'rules', *flags, str(path))
                    self.assertEqual(ours.returncode, theirs.returncode, ours.stdout + ours.stderr + theirs.stderr)
                    found = re.findall(r'SUCCESS: \d+ rules found', theirs.stdout)
                    self.assertEqual(re.findall(r'SUCCESS: \d+ rules found', ours.stdout), found)
                    known['success' if found else 'failed'] += 1
        print(f'check rules as {PROMTOOL}: {known}', flush=True)

    def test_check_rules_of_several_files(self):
        need('../shared/conformance', FIXTURES.exists())
        program = [harness.OUTRIDER, 'check', 'rules', '--lint-fatal']
        duplicates, bad, good = (str(FIXTURES / f) for f in ('rules_duplicates.yml', 'rules-bad.yml', 'rules.yml'))
        for files, code in (([good], 0), ([duplicates, good], 3), ([duplicates, bad], 1), ([bad, duplicates], 1)):
            self.assertEqual(run(*program, *files).returncode, code, files)
        self.assertEqual(run(*program, text=pathlib.Path(good).read_text()).returncode, 0)
        piped = run(*program, text='groups: [')
        self.assertEqual(piped.returncode, 1)
        self.assertIn('Checking standard input', piped.stdout)
        unknown = run(*program, '--lint=tidy', good)
        self.assertIn('WARNING: unknown lint option: "tidy"', unknown.stdout)
        extra = str(FIXTURES / 'rules_extrafields.yml')
        self.assertEqual(run(*program, '--ignore-unknown-fields', extra).returncode, 0)
        self.assertEqual(run(*program, extra).returncode, 1)


RULES = '''
groups:
- name: hosts
  rules:
  - record: job:up:sum
    expr: sum by (job) (up)
  - alert: HostDown
    expr: up == 0
    for: 5m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.instance }} is down'}
  - alert: JobDown
    expr: job:up:sum == 0
    annotations: {summary: '{{ $labels.instance }} of {{ $labels.job }}'}
  - record: never:looked:at
    expr: rate(requests_total[5m])
'''
TESTS = '''
rule_files: [rules.yml]
tests:
- name: extensions
  input_series:
  - {series: 'up{job="api", instance="a"}', values: '0x20'}
  - {series: 'up{job="api", instance="b"}', values: '0x2 1 0x20'}
  alert_rule_test:
  - eval_time: 4m
    alertname: HostDown
    states: [pending]
    match: partial
    exp_alerts:
    - {exp_state: pending, exp_labels: {instance: a}}
    - {exp_state: pending, exp_labels: {instance: b}}
  - eval_time: 6m
    alertname: HostDown
    match: partial
    exp_alerts:
    - {exp_state: firing, exp_annotations: {summary: a is down}}
    - {exp_state: pending, exp_labels: {instance: b}}
  - eval_time: 10m
    alertname: HostDown
    match: partial
    allow_more: true
    exp_alerts:
    - exp_labels: {instance: b}
  promql_expr_test:
  - expr: job:up:sum
    eval_time: 1m
    match: partial
    exp_samples:
    - {labels: '{job="api"}', value: 0}
'''


class Extensions(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.write('rules.yml', RULES)
        self.write('test.yml', TESTS)

    def test_partial_pending_more(self):
        self.assertIn('SUCCESS', self.cli('test', 'rules', 'test.yml'))
        for old, new in (('exp_state: pending, exp_labels: {instance: a}', 'exp_state: pending, exp_labels: {instance: c}'),
                         ('exp_state: firing, exp_ann', 'exp_state: pending, exp_ann'),
                         ('summary: a is down', 'summary: b is down'),
                         ('    allow_more: true\n', ''),
                         ('    match: partial\n    allow_more: true\n', '    allow_more: true\n'),
                         ('job="api"}\', value: 0', 'job="db"}\', value: 0')):
            self.assertIn(old, TESTS)
            self.write('changed.yml', TESTS.replace(old, new))
            self.assertIn('FAILED', self.cli('test', 'rules', 'changed.yml', expect=1), new)

    def test_diff_names_what_differs(self):
        self.write('changed.yml', TESTS.replace('summary: a is down', 'summary: b is down'))
        text = self.cli('test', 'rules', '--diff', 'changed.yml', expect=1)
        self.assertIn('changed.yml:16:5:', text)
        self.assertRegex(text, r'- +annotation summary="b is down"\n +\+ +annotation summary="a is down"')

    def test_coverage(self):
        text = self.cli('test', 'rules', '--coverage', 'test.yml')
        self.assertIn('Coverage: 2 of 4 rules are tested (50.0%)', text)
        self.assertIn('rules.yml:12: group hosts, alert JobDown: not tested', text)
        self.assertIn('rules.yml:15: group hosts, record never:looked:at: not tested', text)
        self.cli('test', 'rules', '--coverage-min', '50', 'test.yml')
        self.assertIn('coverage is below 51%', self.cli('test', 'rules', '--coverage-min', '51', 'test.yml', expect=1))

    def test_junit(self):
        self.write('bad.yml', TESTS.replace('summary: a is down', 'summary: <&">'))
        self.write('broken.yml', 'tests: [')
        self.cli('test', '--junit', 'out.xml', 'rules', 'test.yml', 'bad.yml', 'broken.yml', expect=1)
        suites = xml.etree.ElementTree.parse(self.directory / 'out.xml').getroot().findall('testsuite')
        self.assertEqual([s.get('name') for s in suites], ['test.yml', 'bad.yml', 'broken.yml'])
        counts = [(s.get('tests'), s.get('failures'), s.get('errors')) for s in suites]
        self.assertEqual(counts, [('1', '0', '0'), ('1', '1', '0'), ('1', '0', '1')])
        self.assertIn('summary="<&\\">"', suites[1].find('testcase/failure').text)
        self.assertIn('broken.yml:1:', suites[2].find('testcase/error').text)

    def test_bad_files_name_the_place(self):
        for text, place in (('tests: [', 'bad.yml:1:'), ('tests:\n- foo: 1', 'bad.yml:2:3: field foo not found'),
                            ('tests:\n- alert_rule_test: [{eval_time: x}]', 'bad.yml:2:33: eval_time'),
                            ('group_eval_order: [a, a]', 'group name repeated in evaluation order: a'),
                            ('tests:\n- input_series: [{series: "up{", values: 1}]', 'bad.yml:2:18: input series')):
            self.write('bad.yml', text)
            self.assertIn(place, self.cli('test', 'rules', 'bad.yml', expect=1))

    def test_watch(self):
        process = self.start('watch', [harness.OUTRIDER, 'test', 'rules', '--watch', 'test.yml'])
        harness.wait_for('the first run', lambda: process.text().count('Watching 2 files') == 1)
        self.assertEqual(process.text().count('SUCCESS'), 1)
        self.write('rules.yml', RULES.replace('for: 5m', 'for: 1m'))
        harness.wait_for('a run after the rules changed', lambda: process.text().count('Watching 2 files') == 2)
        self.assertEqual(process.text().count('FAILED'), 1)
        time.sleep(1)
        self.assertEqual(process.text().count('Watching 2 files'), 2)  # nothing changed, nothing ran
        self.write('test.yml', TESTS.replace('[rules.yml]', "['rules*.yml']"))
        harness.wait_for('a run after the test changed', lambda: process.text().count('Watching 2 files') == 3)
        self.write('rules2.yml', RULES)
        harness.wait_for('a run with a new file', lambda: 'Watching 3 files' in process.text())
        process.process.terminate()
        self.assertEqual(process.process.wait(10), 1)  # the last run's verdict

    def test_own_lints(self):
        text = self.cli('check', 'rules', '--lint=missing-for,dropped-labels,unbounded-cardinality', '--lint-fatal',
                        'rules.yml', expect=3)
        self.assertIn('rules.yml:12: group "hosts", "JobDown": fires at the first evaluation', text)
        self.assertIn('annotation "summary" reads the label instance, which the expression drops: its result has only job '
                      '[dropped-labels]', text)
        self.assertIn('"never:looked:at": records a series for each one it reads', text)
        self.assertEqual(text.count('lint error'), 3)
        self.cli('check', 'rules', '--lint=all', '--lint-fatal', 'rules.yml')  # promtool's all knows none of them

    def test_never_fires_asks_the_server(self):
        self.write('outrider.yml', '')
        self.start_outrider()
        status, body, _ = harness.remote_write(self.url, [({'__name__': 'up', 'job': 'api'}, [(time.time(), 1)])])
        self.assertIn(status, (200, 204), body)
        self.write('seen.yml', '''
groups:
- name: g
  rules:
  - {record: recorded, expr: sum(up)}
  - {alert: Seen, expr: 'up{job="api"} == 0'}
  - {alert: Typo, expr: 'up{job="apl"} == 0 and up'}
  - {alert: Absent, expr: 'absent(up{job="apl"})'}
  - {alert: Either, expr: 'up{job="apl"} or up'}
  - {alert: Recorded, expr: 'recorded > 1'}
''')
        text = self.cli('check', 'rules', '--lint=never-fires', '--lint-fatal', '--url', self.url, 'seen.yml', expect=3)
        self.assertEqual(re.findall(r'"(\w+)": can never fire: the server has seen nothing that (.*?) match', text),
                         [('Typo', 'up{job="apl"}')])

    def test_examples(self):
        examples = harness.ROOT / 'examples'
        done = run(harness.OUTRIDER, 'test', 'rules', '--coverage', *sorted(map(str, examples.glob('rule_tests/*.yml'))))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(run(harness.OUTRIDER, 'check', 'rules', '--lint=missing-for,dropped-labels', '--lint-fatal',
                             *map(str, examples.glob('rules/*.yml'))).returncode, 0)


if __name__ == '__main__':
    unittest.main(verbosity=2)
