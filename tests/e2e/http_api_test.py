#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Prometheus HTTP API: Outrider answers each line of data/http_api/requests.txt as Prometheus 3.14 did (the answers
are in expected.json), and Debian's Prometheus 2.42 agrees where nothing has changed since.

`PROMETHEUS=<a Prometheus 3.14> http_api_test.py --record` asks Prometheus anew."""
import json
import os
import shutil
import sys
import unittest

import harness
import http_api_world as world

DATA = harness.ROOT / 'tests/data/http_api'
CASES = world.cases(DATA / 'requests.txt')


def same_answer(one, other):
    """Without the headers, of which 2.42 has fewer."""
    return all(one.get(key) == other.get(key) for key in ('status', 'body'))


class HttpApi(harness.EndToEnd):
    def start_server(self, binary, *flags):
        port = harness.free_port()
        self.write('rules.yml', world.RULES)
        self.write('prometheus.yml', 'rule_files: [rules.yml]\n')
        self.start('prometheus', [binary, '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
                                  f'--web.listen-address=127.0.0.1:{port}', '--web.enable-remote-write-receiver',
                                  '--enable-feature=exemplar-storage,promql-per-step-stats', *flags])
        url = f'http://127.0.0.1:{port}'
        harness.wait_for('Prometheus to be ready', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
        world.send(url)
        return url

    def start_ours(self):
        self.write('rules.yml', world.RULES)
        self.write('outrider.yml', 'rule_files: [rules.yml]\nstorage: {retention: 20y, unreferenced_retention: 20y}\n')
        self.start_outrider()
        world.send(self.url)

    def differences(self, url, expected, wanted=lambda case: True, same=lambda one, other: one == other):
        out = []
        for case in CASES:
            if case.differs or not wanted(case):
                continue
            mine, theirs = case.ask(url), expected[case.line]['answer']
            if not same(mine, theirs):
                out.append(f'{case.line}\n' + '\n'.join(
                    f'  {key}: {json.dumps(mine.get(key))[:600]}\n  expected {json.dumps(theirs.get(key))[:600]}'
                    for key in sorted({*mine, *theirs}) if mine.get(key) != theirs.get(key)))
        return out

    def test_as_recorded(self):
        expected = json.loads((DATA / 'expected.json').read_text())
        self.assertEqual([case.line for case in CASES], list(expected), 'expected.json is of other requests')
        self.start_ours()
        out = self.differences(self.url, expected)
        self.assertEqual(out, [], f'{len(out)} answers differ\n' + '\n'.join(out))

    def test_debians_prometheus_agrees(self):
        """The recorded answers are not ours: an independent Prometheus gives them."""
        if not shutil.which('prometheus'):
            self.skipTest('no prometheus is installed')
        expected = json.loads((DATA / 'expected.json').read_text())
        url = self.start_server('prometheus')
        out = self.differences(url, expected, lambda case: expected[case.line]['since_2_42'], same_answer)
        self.assertEqual(out, [], '\n'.join(out))


class Record(HttpApi):
    """Not a test: makes expected.json."""

    def test_as_recorded(self):
        new = self.start_server(os.environ['PROMETHEUS'])
        answers = {case.line: case.ask(new) for case in CASES}
        self.processes.pop().stop()
        shutil.rmtree(self.directory / 'tsdb')
        old = self.start_server('prometheus')
        expected = {case.line: {'answer': answers[case.line], 'since_2_42': same_answer(case.ask(old), answers[case.line])}
                    for case in CASES}
        lines = [f'{json.dumps(line)}: {json.dumps(entry, sort_keys=True)}' for line, entry in expected.items()]
        (DATA / 'expected.json').write_text('{\n' + ',\n'.join(lines) + '\n}\n')

    def test_debians_prometheus_agrees(self):
        self.skipTest('recording')


if __name__ == '__main__':
    if '--record' in sys.argv:
        unittest.main(argv=[sys.argv[0], 'Record'])
    unittest.main(argv=[sys.argv[0], 'HttpApi'])
