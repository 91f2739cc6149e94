#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`outrider evaluate recommend` on series of use made here: a daily rush that a schedule can follow, a steady load that
needs none; the table, JSON, the same again with the same seed, and errors that name file, line and column."""
import json
import math
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import harness

MIDNIGHT = 1_700_006_400
DAYS = 8


class EvaluateRecommend(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        noise = random.Random(1)
        for name in ('rush', 'steady'):
            lines = ['ts,value']
            for minute in range(DAYS * 1440):
                hour = minute % 1440 / 60
                level = 300 + 40 * math.sin(hour)
                if name == 'rush':
                    level = 1000 if 9 <= hour < 12 else 100
                lines.append(f'{MIDNIGHT + 60 * minute},{level * math.exp(noise.gauss(0, .08)):.3f}')
            (self.directory / f'{name}.csv').write_text('\n'.join(lines) + '\n')

    def evaluate(self, *arguments):
        return subprocess.run([harness.OUTRIDER, 'evaluate', 'recommend', str(self.directory), *arguments],
                              capture_output=True, text=True, timeout=120, env={**os.environ})

    def rows(self, *arguments):
        done = self.evaluate('--output', 'json', *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return {(row['policy'], row['kind']): row for row in json.loads(done.stdout)['rows']}

    def test_a_schedule_follows_the_rush_and_is_told_apart(self):
        rows = self.rows()
        one = rows['adaptive', 'one number']['all']
        quarter = rows['adaptive', 'schedule by quarter hour']['all']
        hour = rows['adaptive', 'schedule by hour']['all']
        self.assertEqual(one['days'], 2 * (DAYS - 3))
        # Half of the days are the rush's: one number must leave most of it unused.
        self.assertLess(quarter['slack_ratio'], one['slack_ratio'] - 0.15)
        self.assertLess(hour['slack_ratio'], one['slack_ratio'] - 0.1)
        self.assertLess(quarter['violation_ratio'], 0.03)
        oracle = rows['oracle: p95 of the day itself', 'reference, on samples']['all']
        self.assertAlmostEqual(oracle['violation_ratio'], 0.05, delta=0.002)
        for policy in ('percentile', 'vpa', 'krr', 'krr_limit'):
            self.assertGreater(rows[policy, 'one number']['all']['slack_ratio'], 0)

    def test_the_table_is_the_same_with_the_same_seed(self):
        arguments = ('--policy', 'vpa', '--policy', 'adaptive', '--seed', '7')
        first = self.evaluate(*arguments)
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertEqual(first.stdout, self.evaluate(*arguments).stdout)
        self.assertIn('2 series, 10 days judged', first.stdout)
        names = [line.split()[0] for line in first.stdout.splitlines()[4:]]
        self.assertEqual(names, ['vpa', 'adaptive', 'adaptive', 'adaptive'])

    def test_errors_say_where(self):
        done = self.evaluate('--policy', 'magic')
        self.assertEqual(done.returncode, 1)
        self.assertIn('unknown recommendation policy "magic"; known: adaptive, percentile', done.stderr)
        path = self.directory / 'steady.csv'
        for text, error in (('ts,value\n1,2\n1,3\n', '3:1: the times do not rise'),
                            ('ts,value\n1,-2\n', '2:3: "-2" is not a finite number from 0 on'),
                            ('ts,value\nx,2\n', '2:1: "x" is not a time in seconds'),
                            ('time,value\n1,2\n', '1:1: expected the header ts,value'),
                            ('ts,value\n', 'there are no points')):
            path.write_text(text)
            done = self.evaluate()
            self.assertEqual(done.returncode, 1)
            self.assertIn('steady.csv:', done.stderr)
            self.assertIn(error, done.stderr)
        path.write_text('ts,value\n1,2\n')
        (self.directory / 'rush.csv').unlink()
        self.assertIn('no series has a fourth day', self.evaluate().stderr)
        path.unlink()
        self.assertIn('no *.csv in it', self.evaluate().stderr)


if __name__ == '__main__':
    unittest.main()
