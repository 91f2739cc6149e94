#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A disk that runs full among disks that do not: ninety minutes of one that falls, one whose logs are rotated, one that
only rattles. The slope is the least-squares slope of the samples it names, the alert on the forecast fires for the one
disk and reaches the receiver, and after kill -9 the forecast is what it was."""
import math
import random
import time
import unittest

import harness

CONFIG = '''
global: {evaluation_interval: 1s}
rule_files: ['rules.yml']
analytics_files: ['analytics.yml']
alerting: {config_file: alertmanager.yml}
'''
ANALYTICS = '''
entries:
- name: disk
  kind: forecast
  expr: disk_free_bytes
  windows: [1h]
  horizons: [30m, 1h]
  threshold: 0
  direction: below
- name: disk
  kind: trend
  expr: disk_free_bytes
  windows: [5m, 30m, 90m]
  errors: true
  theil_sen: true
  mann_kendall: true
'''
RULES = '''
groups:
- name: g
  interval: 1s
  rules:
  - alert: DiskFull
    expr: outrider_forecast_seconds_to_threshold{entry="disk"} < 2 * 3600
'''
ALERTMANAGER = '''
route: {receiver: sink, group_wait: 0s, group_by: [disk]}
receivers:
- name: sink
  webhook_configs: [{url: '%s'}]
'''
STEP = 15
COUNT = 360
FALL = 100_000.0  # bytes a second


def least_squares_slope(samples):
    n = len(samples)
    mean_t = sum(t for t, _ in samples) / n
    mean_v = sum(v for _, v in samples) / n
    return (sum((t - mean_t) * (v - mean_v) for t, v in samples) / sum((t - mean_t) ** 2 for t, _ in samples))


class Forecasts(harness.EndToEnd):
    def test_the_disk_that_runs_full_and_no_other(self):
        sink = self.webhook_sink()
        self.write('outrider.yml', CONFIG)
        self.write('analytics.yml', ANALYTICS)
        self.write('rules.yml', RULES)
        self.write('alertmanager.yml', ALERTMANAGER % sink.url)
        outrider = self.start_outrider()
        dice = random.Random(1)
        now = time.time()
        times = [round(now - (COUNT - 1 - i) * STEP, 3) for i in range(COUNT)]
        disks = {
            # At 0 an hour and a half from now.
            'falls': [FALL * 5400 + FALL * (now - t) + dice.gauss(0, 1e6) for t in times],
            # From 3e9 to 1e9 in twenty minutes, then the logs go.
            'rotated': [3e9 - 2e9 * (i % 80) / 80 for i in range(COUNT)],
            'rattles': [5e8 + dice.gauss(0, 1e8) for _ in times],
        }
        series = {disk: list(zip(times, values)) for disk, values in disks.items()}
        status, body, _ = harness.remote_write(self.url, [
            ({'__name__': 'disk_free_bytes', 'disk': disk}, samples) for disk, samples in series.items()])
        self.assertEqual(status, 204, body)

        seconds = harness.wait_for('the forecasts', lambda: self.by_disk('outrider_forecast_seconds_to_threshold', 3), 60)
        self.assertAlmostEqual(seconds['falls'] + time.time() - now, 5400, delta=400)
        self.assertEqual((seconds['rotated'], seconds['rattles']), (math.inf, math.inf), 'no false alarm')
        full = self.by_disk('outrider_forecast_full_timestamp_seconds', 1)
        self.assertAlmostEqual(full['falls'], now + 5400, delta=400)
        earliest = self.by_disk('outrider_forecast_seconds_to_threshold_lower', 3)['falls']
        latest = self.by_disk('outrider_forecast_seconds_to_threshold_upper', 3)['falls']
        self.assertLess(earliest, seconds['falls'] + 30)
        self.assertGreater(latest, seconds['falls'] - 30)
        for horizon, ahead in (('30m', 1800), ('1h', 3600)):
            value = self.by_disk(f'outrider_forecast_value{{horizon="{horizon}"}}', 3)
            self.assertAlmostEqual(value['falls'], FALL * (5400 - ahead), delta=FALL * 400)
            self.assertGreater(value['rotated'], 7e8, 'not below where it is always cleaned')

        self.the_slope_is_that_of_the_samples_it_names(series)
        harness.wait_for('the alert', lambda: sink.messages('firing'), 30)
        told = {alert['labels']['disk'] for message in sink.messages('firing') for alert in message['alerts']}
        self.assertEqual(told, {'falls'})

        outrider.kill9()
        self.start_outrider()
        again = harness.wait_for('the forecasts again',
                                 lambda: self.by_disk('outrider_forecast_seconds_to_threshold', 3), 60)
        self.assertAlmostEqual(again['falls'] + time.time() - now, 5400, delta=400)
        self.assertEqual((again['rotated'], again['rattles']), (math.inf, math.inf))

    def by_disk(self, expr, count):
        """{disk: value} once there are `count` of them, else nothing."""
        found = {row['metric']['disk']: float(row['value'][1]) for row in self.query(self.url, expr)}
        return found if len(found) == count else None

    def the_slope_is_that_of_the_samples_it_names(self, series):
        for window in ('30m', '90m'):
            # One evaluation writes both; asked at one time they belong together.
            rows = self.query(self.url, f'{{__name__=~"outrider_trend_(slope|start_timestamp_seconds)",window="{window}"}}')
            got = {}
            for row in rows:
                got.setdefault(row['metric']['disk'], {})[row['metric']['__name__']] = float(row['value'][1])
            self.assertEqual(set(got), set(series), window)
            for disk, samples in series.items():
                start = got[disk]['outrider_trend_start_timestamp_seconds']
                exact = least_squares_slope([(t, v) for t, v in samples if t >= start - 5e-4])
                slope = got[disk]['outrider_trend_slope']
                self.assertLess(abs(slope - exact), 1e-5 * abs(exact), (window, disk, slope, exact))


if __name__ == '__main__':
    unittest.main()
