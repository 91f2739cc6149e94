#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Objectives: a Sloth file and counters by remote write. An hour of good requests, then a quarter of an hour of bad ones,
as a sender that catches up delivers them: events are counted exactly, the page alert fires, is in /api/v1/alerts and
/api/v1/rules and reaches a webhook; Sloth's series can be asked for and stay off /metrics; `outrider slo` shows the budget;
a clean restart and a kill -9 lose and repeat nothing; a reload with an objective that can never fire is refused."""
import json
import time
import unittest

import harness

SLOTH = '''
version: prometheus/v1
service: shop
labels: {owner: payments}
slos:
- name: requests
  objective: 99
  description: Requests are answered.
  sli:
    events:
      error_query: sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))
      total_query: sum(rate(http_requests_total[{{.window}}]))
  alerting:
    name: ShopErrors
    labels: {category: availability}
    annotations: {summary: 'budget of {{ $labels.sloth_slo }} burns'}
    page_alert: {labels: {severity: critical}}
    ticket_alert: {disable: true}
'''
OWN = '''
entries:
- name: by_instance
  kind: slo
  objective: 99.995
  good: sum by (instance) (http_requests_total{code="200"})
  total: sum by (instance) (http_requests_total)
  alerting: {page: {disabled: true}, ticket: {disabled: true}}
- {name: load, kind: trend, expr: node_load1}
'''
STEP, GOOD, BAD = 15, 240, 60  # seconds a scrape; scrapes without and with errors


class Slo(harness.EndToEnd):
    def start_everything(self):
        self.hook = self.webhook_sink()
        self.write('slo/sloth.yml', SLOTH)
        self.write('slo/own.yml', OWN)
        self.write('alertmanager.yml', f'''
route: {{receiver: hook, group_wait: 0s, group_interval: 1s}}
receivers: [{{name: hook, webhook_configs: [{{url: '{self.hook.url}/hook'}}]}}]
''')
        self.write('outrider.yml', '''
global: {evaluation_interval: 1s}
analytics: {interval: 1s}
analytics_files: [slo/*.yml]
alerting: {config_file: alertmanager.yml}
''')
        return self.start_outrider()

    def send(self, first, scrapes, errors):
        """Scrapes of two instances; each serves 100 requests a scrape, of which `errors` fail."""
        series = {}
        for i in range(scrapes):
            when = first + i * STEP
            for instance in ('a', 'b'):
                for code, share in (('200', 100 - errors), ('500', errors)):
                    key = (instance, code)
                    self.counters[key] = self.counters.get(key, 0) + share
                    series.setdefault(key, []).append((when, self.counters[key]))
        for (instance, code), samples in series.items():
            labels = {'__name__': 'http_requests_total', 'job': 'shop', 'instance': instance, 'code': code}
            status, body, _ = harness.remote_write(self.url, [(labels, samples)])
            self.assertIn(status, (200, 204), body)
        return first + scrapes * STEP

    def shown(self, name='shop-requests'):
        return harness.get_json(f'{self.url}/outrider/v1/slos/{name}')

    def counts(self, name='shop-requests'):
        return [(s['bad_events'], s['events']) for s in self.shown(name)['series']]

    def test_budget_alert_and_restarts(self):
        outrider = self.start_everything()
        self.counters = {}
        begin = int(time.time()) - (GOOD + BAD + 6) * STEP  # some time is left for more
        end = self.send(self.send(begin, GOOD, 0), BAD, 80)
        want = (BAD * 80 * 2, (GOOD + BAD - 1) * 100 * 2)  # the first sample of a counter begins it
        harness.wait_for('all events', lambda: [tuple(map(round, c)) for c in self.counts()] == [want], 20)
        self.check_windows()
        self.check_alert()
        self.check_series()
        self.check_cli()
        own = [(BAD * 80, (GOOD + BAD - 1) * 100)] * 2
        self.assertEqual([tuple(map(round, c)) for c in self.counts('by_instance')], own)
        self.check_reload()
        before = self.counts()
        outrider.stop()
        again = self.start_outrider()
        harness.wait_for('the events of before', lambda: self.counts() == before, 20)
        end = self.send(end, 4, 0)
        more = (want[0], want[1] + 4 * 200)
        harness.wait_for('more events', lambda: [tuple(map(round, c)) for c in self.counts()] == [more], 20)
        again.kill9()
        self.start_outrider()
        harness.wait_for('each once', lambda: [tuple(map(round, c)) for c in self.counts()] == [more], 20)
        self.assertEqual(len(self.hook.messages('firing')), 1, 'nobody hears of it twice')

    def check_windows(self):
        slo = self.shown()
        windows = {w['window']: w for w in slo['series'][0]['windows']}
        self.assertAlmostEqual(windows['5m']['burn_rate'], 80, delta=1)
        self.assertAlmostEqual(windows['1h']['error_ratio'], 0.2, delta=0.01)
        self.assertTrue(slo['counted'])
        left = slo['series'][0]['error_budget_remaining_ratio']
        self.assertAlmostEqual(left, 1 - (BAD * 80 / ((GOOD + BAD - 1) * 100)) / 0.01, places=6)
        timeline = slo['series'][0]['timeline']
        self.assertAlmostEqual(sum(b['events'] for b in timeline), slo['series'][0]['events'], places=3)
        self.assertAlmostEqual(timeline[-1]['error_budget_remaining_ratio'], left, places=9)

    def check_alert(self):
        alerts = harness.wait_for('the page alert', lambda: [
            a for a in harness.get_json(self.url + '/api/v1/alerts')['data']['alerts']
            if a['labels']['alertname'] == 'ShopErrors' and a['state'] == 'firing'], 20)
        self.assertEqual(alerts[0]['labels'], {
            'alertname': 'ShopErrors', 'category': 'availability', 'owner': 'payments', 'severity': 'critical',
            'sloth_id': 'shop-requests', 'sloth_service': 'shop', 'sloth_severity': 'page', 'sloth_slo': 'requests'})
        self.assertEqual(alerts[0]['annotations']['summary'], 'budget of requests burns')
        groups = harness.get_json(self.url + '/api/v1/rules')['data']['groups']
        self.assertEqual([(g['name'], g['file'].endswith('slo/sloth.yml')) for g in groups],
                         [('sloth-slo-alerts-shop-requests', True)])
        message = harness.wait_for('the webhook', lambda: self.hook.messages('firing'), 20)[0]
        self.assertEqual(message['alerts'][0]['labels']['alertname'], 'ShopErrors')

    def check_series(self):
        selector = 'slo:sli_error:ratio_rate5m{sloth_slo="requests"}'
        found = harness.wait_for("Sloth's series", lambda: self.query(self.url, selector), 10)
        self.assertAlmostEqual(float(found[0]['value'][1]), 0.8, delta=0.01)
        self.assertEqual(found[0]['metric']['sloth_window'], '5m')
        metrics = harness.request(self.url + '/metrics')[1]
        self.assertIn('outrider_slo_burn_rate{entry="shop-requests",owner="payments",service="shop",window="5m"}', metrics)
        self.assertNotIn('slo:sli_error', metrics)
        self.assertNotIn('sloth_slo_info', metrics)

    def check_cli(self):
        listed = self.cli('slo', 'list')
        self.assertRegex(listed, r'shop-requests +99 % +30d +-1\d{3}(\.\d+)? % +\d')
        self.assertEqual(listed.count('by_instance'), 2)
        shown = self.cli('slo', 'show', 'shop-requests')
        self.assertIn('Alert         ShopErrors, page: 1h/5m × 14.4 6h/30m × 6', shown)
        self.assertRegex(shown, r'Budget left   -1\d{3}(\.\d+)? %')
        self.assertRegex(shown, r'Timeline      \S*!  since')
        self.assertEqual(json.loads(self.cli('slo', 'show', 'by_instance', '--output', 'json'))['objective_ratio'], 0.99995)
        self.assertRegex(listed, r'by_instance +99.995 % ')
        self.assertIn('no objective named', self.cli('slo', 'show', 'nothing', expect=1))
        self.assertIn('1 objectives with 1 alerts', self.cli('check', 'analytics', 'slo/sloth.yml'))
        self.assertIn('1 entries, 1 objectives with 0 alerts', self.cli('check', 'analytics', 'slo/own.yml'))

    def check_reload(self):
        self.write('slo/sloth.yml', SLOTH.replace('objective: 99', 'objective: 90'))
        status, body, _ = harness.request(self.url + '/-/reload', b'', method='POST')
        self.assertEqual(status, 500)
        self.assertIn('slo/sloth.yml:6:3: objective "shop-requests": the page alert over 5m and 1h can never fire', body)
        self.assertIn('can never fire', self.cli('check', 'config', 'outrider.yml', expect=1))
        self.write('slo/sloth.yml', SLOTH)
        self.assertEqual(harness.request(self.url + '/-/reload', b'', method='POST')[0], 200)


if __name__ == '__main__':
    unittest.main()
