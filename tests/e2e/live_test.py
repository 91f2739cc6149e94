#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The demo as a user sees it: every expression of the Grafana dashboard has data, /metrics and the examples pass
promtool, the page and the CLI show the story, an alert fires and resolves."""
import json
import re
import subprocess
import unittest

import harness


class Live(harness.EndToEnd):
    def test_demo(self):
        demo = self.start('demo', [harness.OUTRIDER, 'demo', '--for', '3m',
                                   f'--web.listen-address=127.0.0.1:{self.port}'])
        harness.wait_for('the demo to be ready', lambda: harness.request(self.url + '/-/ready')[0] == 200, 30)
        harness.wait_for('an alert to fire', lambda: self.query(self.url, 'ALERTS{alertstate="firing",severity="critical"}'), 90, 1)
        incident = harness.wait_for('an incident', lambda: [
            i for i in harness.get_json(self.url + '/outrider/v1/incidents')['incidents']
            if i['severity'] == 'critical'], 30, 1)[0]
        status, answer = harness.post_json(f"{self.url}/outrider/v1/incidents/{incident['id']}/acknowledge",
                                           {'by': 'anna', 'note': 'on it'})
        self.assertEqual(status, 200, answer)
        self.page_tells_the_story()
        harness.wait_for('the incident to be resolved', lambda: harness.get_json(
            f"{self.url}/outrider/v1/incidents/{incident['id']}")['state'] == 'resolved', 120, 1)
        self.dashboard_has_data()
        self.metrics_are_well_formed()
        self.assertIn(incident['id'], self.cli('incident', 'list', '--state', 'resolved'))
        self.assertIn('firing', demo.text())

    def dashboard_has_data(self):
        dashboard = json.loads((harness.ROOT / 'deploy/grafana/dashboards/outrider.json').read_text())
        self.assertEqual(len(dashboard['panels']), 10)
        for panel in dashboard['panels']:
            for target in panel['targets']:
                harness.wait_for(f"data for {panel['title']}: {target['expr']}",
                                 lambda e=target['expr']: self.query(self.url, e), 60, 1)

    def page_tells_the_story(self):
        """The page as a browser shows it."""
        done = subprocess.run(['chromium', '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
                               '--disable-background-networking', '--disable-component-update', '--disable-sync',
                               f'--user-data-dir={self.directory}/browser', '--dump-dom', self.url + '/'],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ('HighErrorRate', 'Open incidents', 'acknowledged', 'Receivers', 'What is wrong'):
            self.assertIn(text, done.stdout)

    def metrics_are_well_formed(self):
        metrics = harness.request(self.url + '/metrics')[1]
        done = subprocess.run(['promtool', 'check', 'metrics'], input=harness.lintable(metrics), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for name in ('outrider_trend_slope', 'outrider_anomaly_score', 'outrider_recommendation_memory_bytes',
                     'outrider_cost_dollars_per_hour', 'outrider_workload_health_score'):
            self.assertIn('\n' + name, metrics)
        opened = harness.request(self.url + '/metrics', headers={'Accept': 'application/openmetrics-text'})[1]
        self.assertTrue(opened.endswith('# EOF\n'))

    def test_examples_are_accepted_by_the_real_tools(self):
        rules = sorted(map(str, (harness.ROOT / 'examples/rules').glob('*.yml')))
        done = subprocess.run(['promtool', 'check', 'rules', *rules], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = subprocess.run(['promtool', 'check', 'config', str(harness.ROOT / 'examples/prometheus.yml')],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = subprocess.run(['amtool', 'check-config', str(harness.ROOT / 'examples/alertmanager.yml')],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.cli('check', 'rules', *rules)
        self.cli('check', 'config', str(harness.ROOT / 'examples/outrider.yml'))
        self.cli('check', 'alertmanager', str(harness.ROOT / 'examples/alertmanager.yml'))

    def test_help_everywhere(self):
        text = self.cli('--help')
        for command in re.findall(r'^  ([a-z]+) ', text, re.M):
            self.assertIn('Usage', self.cli(command, '--help'))
        self.cli('nonsense', expect=2)
        self.cli('run', '--no.such.flag', expect=2)
        self.assertIn('outrider', self.cli('version'))


if __name__ == '__main__':
    unittest.main()
