#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`outrider evaluate anomaly` on a small labelled corpus made here: the table, JSON, the written scores, and errors that
name file, line and column."""
import csv
import datetime
import json
import math
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

import harness

START = datetime.datetime(2014, 4, 1)


class EvaluateAnomaly(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        noise = random.Random(1)
        windows = {}
        for name, jump in (('jump', 3000), ('quiet', None)):
            lines = ['timestamp,value']
            for i in range(4000):
                value = 50 + 20 * math.sin(i * 2 * math.pi / 288) + noise.gauss(0, 1)
                if jump and jump <= i < jump + 30:
                    value += 100
                lines.append(f'{START + datetime.timedelta(minutes=5 * i)},{value:.4f}')
            self.write(f'data/made/{name}.csv', '\n'.join(lines) + '\n')
            windows[f'made/{name}.csv'] = [] if jump is None else [
                [str(START + datetime.timedelta(minutes=5 * (jump + k))) + '.000000' for k in (0, 200)]]
        self.write('combined_windows.json', json.dumps(windows))

    def write(self, name, text):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def evaluate(self, *arguments):
        return subprocess.run([harness.OUTRIDER, 'evaluate', 'anomaly', str(self.directory), *arguments],
                              capture_output=True, text=True, timeout=60, env={**os.environ})

    def test_the_jump_is_found_and_the_scores_are_written(self):
        out = self.directory / 'out'
        done = self.evaluate('--write-scores', str(out), '--output', 'json')
        self.assertEqual(done.returncode, 0, done.stderr)
        total = json.loads(done.stdout)['categories'][-1]
        self.assertEqual((total['name'], total['files'], total['points']), ('total', 2, 8000))
        fixed = total['profiles']['standard']['fixed']
        self.assertEqual((fixed['threshold'], fixed['windows'], fixed['found']), (1, 1, 1))
        self.assertGreater(fixed['score'], 60)
        with open(out / 'made/jump.csv', newline='') as file:
            rows = list(csv.DictReader(file))
        self.assertEqual(list(rows[0]), ['timestamp', 'value', 'anomaly_score'])
        self.assertEqual(len(rows), 4000)
        called = [i for i, row in enumerate(rows) if float(row['anomaly_score']) >= 1]
        self.assertIn(3000, called)
        self.assertEqual(rows[3000]['timestamp'], str(START + datetime.timedelta(minutes=15000)))
        table = self.evaluate()
        self.assertEqual(table.returncode, 0, table.stderr)
        self.assertRegex(table.stdout.splitlines()[-1], r'^total +2 +8000 +1/1 ')

    def test_every_detector_and_its_options(self):
        for name in ('quantile', 'mad', 'zscore', 'level_shift', 'novelty', 'auto'):
            done = self.evaluate('--detector', name, '--risk', '1e-5', '--rest', '2h', '--half-life', '7d',
                                 '--time-zone', 'Europe/Berlin')
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_errors_say_where(self):
        for arguments, text in ((['--detector', 'prophet'], 'detector "prophet" is not known'),
                                (['--risk', '0.9'], 'risk is 0.9: expected 1e-9 to 0.01'),
                                (['--time-zone', 'Mars'], 'time_zone "Mars"'),
                                (['--rest', 'soon'], '--rest "soon": expected a duration')):
            done = self.evaluate(*arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)
        self.write('data/made/jump.csv', 'timestamp,value\n2014-04-01 00:00:00,1\n2014-04-01 00:05:00,x\n')
        done = self.evaluate()
        self.assertEqual(done.returncode, 1)
        self.assertIn('data/made/jump.csv:3:21: "x" is not a finite number', done.stderr)
        (self.directory / 'combined_windows.json').unlink()
        self.assertIn('combined_windows.json', self.evaluate().stderr)


if __name__ == '__main__':
    unittest.main()
