#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One case of the compliance suite of alert generators (specs/prometheus.md 3.5) in real time, PendingAndFiringAndResolved,
its clock fifteen times as fast: a sample a second, the group every two seconds, `for` 24 s, a resend delay of 4 s. What
/api/v1/alerts, /api/v1/rules and ALERTS say and what an external Alertmanager is sent is checked all the while; the other
cases run on virtual time (tests/sim/alert_generator_test.cc)."""
import calendar
import json
import time
import unittest

import harness

GROUP, ALERT = 'PendingAndFiringAndResolved', 'PendingAndFiringAndResolved_SimpleAlert'
STEP, INTERVAL, RESEND = 1, 2, 4  # seconds
LABELS = {'alertname': ALERT, 'foo': 'bar', 'rulegroup': GROUP}
RULES = f'''
groups:
- name: {GROUP}
  interval: {INTERVAL}s
  rules:
  - alert: {ALERT}
    expr: 'alert_generator_test_suite{{alertname="{ALERT}", rulegroup="{GROUP}"}} > 10'
    for: {24 * STEP}s
    labels: {{foo: bar, rulegroup: {GROUP}}}
    annotations: {{summary: 'now {{{{$value}}}} and {{{{.Value}}}}'}}
'''
# (value, number of samples)
SAMPLES = [(3, 1), (5, 3), (9, 4), (11, 13), (15, 32), (19, 16), (9, 20), (15, 45), (8, 12)]
VALUES = [value for value, count in SAMPLES for _ in range(count)]
# (from step, to step, state, value): what is shown in between, give or take an interval of the group
SPANS = [(0, 8, 'inactive', None), (8, 21, 'pending', 11), (21, 32, 'pending', 15), (32, 53, 'firing', 15),
         (53, 69, 'firing', 19), (69, 89, 'inactive', None), (89, 113, 'pending', 15), (113, 134, 'firing', 15),
         (134, 999, 'inactive', None)]
# A sample is on its way for a moment, and an evaluation waits for it.
SLACK = INTERVAL + 1.5


class AlertGenerator(harness.EndToEnd):
    def allowed(self, at):
        """What may be shown `at` seconds after the first sample."""
        return [(state, value) for start, end, state, value in SPANS if start * STEP - 0.5 <= at < end * STEP + SLACK]

    def check(self, zero):
        asked = time.time()
        alerts = harness.get_json(self.url + '/api/v1/alerts')['data']['alerts']
        rules = harness.get_json(self.url + '/api/v1/rules')['data']['groups'][0]['rules']
        series = [s['metric'] for s in self.query(self.url, 'ALERTS == 1')]
        allowed = self.allowed(asked - zero) + self.allowed(time.time() - zero)
        shown = (alerts[0]['state'], float(alerts[0]['value'])) if alerts else ('inactive', None)
        self.assertIn(shown, allowed, asked - zero)
        for alert in alerts:
            self.assertEqual(alert['labels'], LABELS)
            self.assertEqual(alert['annotations'], {'summary': 'now {0} and {0}'.format(int(shown[1]))})
        self.assertIn(rules[0]['state'], [state for state, _ in allowed] + ['unknown'])
        self.assertEqual(rules[0]['duration'], 24 * STEP)
        self.assertIn(series[0]['alertstate'] if series else 'inactive', [state for state, _ in allowed])
        for metric in series:
            self.assertEqual(metric, {'__name__': 'ALERTS', 'alertstate': metric['alertstate'], **LABELS})
        return shown

    def test_pending_firing_resolved(self):
        sink = self.webhook_sink()
        self.write('rules.yml', RULES)
        self.write('outrider.yml', f'''
rule_files: [rules.yml]
alerting:
  resend_delay: {RESEND}s
  alertmanagers: [{{static_configs: [{{targets: ['{sink.url[7:]}']}}]}}]
''')
        self.start_outrider()
        zero = time.time()
        seen = []
        for step, value in enumerate(VALUES):
            time.sleep(max(0, zero + step * STEP - time.time()))
            self.assertEqual(harness.remote_write(self.url, [(
                {'__name__': 'alert_generator_test_suite', 'alertname': ALERT, 'rulegroup': GROUP},
                [(zero + step * STEP, value)])])[0], 204)
            for _ in range(2):
                shown = self.check(zero)
                if not seen or seen[-1] != shown:
                    seen.append(shown)
                time.sleep(0.3)
        self.assertEqual(seen, [(state, value) for _, _, state, value in SPANS])
        self.check_sent(sink, zero)

    def check_sent(self, sink, zero):
        with sink.lock:
            sent = [(when - zero, alert) for _, _, body, when in sink.requests for alert in json.loads(body)]
        for _, alert in sent:
            self.assertEqual(alert['labels'], LABELS)
            self.assertIn('/graph?g0.expr=', alert['generatorURL'])
        phases = [(32, 53, 'now 15 and 15', False), (53, 69, 'now 19 and 19', False), (69, 89, 'now 19 and 19', True),
                  (113, 134, 'now 15 and 15', False), (134, 999, 'now 15 and 15', True)]
        last = None
        for at, alert in sent:
            ends = calendar.timegm(time.strptime(alert['endsAt'][:19], '%Y-%m-%dT%H:%M:%S')) - zero
            resolved = ends < at
            fitting = [p for p in phases if p[0] * STEP - 0.5 <= at < p[1] * STEP + SLACK and p[3] == resolved
                       and alert['annotations']['summary'] == p[2]]
            self.assertTrue(fitting, f'sent at {at}: {alert}')
            if not resolved:
                self.assertAlmostEqual(ends - at, 4 * RESEND, delta=SLACK)
            if last and last[1] == resolved and at - last[0] < 20:
                self.assertGreater(at - last[0], RESEND - 1)
                self.assertLess(at - last[0], RESEND + SLACK)
            last = (at, resolved)
        for start, _, _, resolved in (phases[0], phases[2], phases[3], phases[4]):
            self.assertTrue([at for at, _ in sent if start * STEP - 0.5 <= at < start * STEP + SLACK],
                            f'nothing sent at {start}')


if __name__ == '__main__':
    unittest.main()
