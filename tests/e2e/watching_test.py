#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""examples/rules/outrider.yml: promtool and outrider accept it and run its unit tests; every metric it names, and those
that the contract promises of incidents, are on the page of a daemon to which all of it has happened; its alerts fire in
the daemon itself."""
import re
import subprocess
import time
import unittest

import harness

RULES = harness.ROOT / 'examples/rules/outrider.yml'
TESTS = harness.ROOT / 'examples/rule_tests/outrider_test.yml'
# docs/watching.md; of the contract.
PROMISED = {
    'outrider_alerts': {'alertname', 'severity', 'state'},
    'outrider_incidents': {'state', 'severity'},
    'outrider_incident_time_to_acknowledge_seconds_count': {'severity'},
    'outrider_incident_time_to_resolve_seconds_count': {'severity'},
    'outrider_sla_breaches_total': {'kind', 'severity'},
    'outrider_sla_open_breaches': set(),
    'outrider_sla_compliance_ratio': {'kind', 'severity'},
    'outrider_escalations_total': {'policy', 'tier', 'outcome'},
    'outrider_oncall_info': {'schedule', 'user'},
    'outrider_oncall_gap_seconds': {'schedule'},
    'outrider_notifications_total': {'receiver', 'integration', 'outcome'},
    'outrider_outbox_rows': set(),
    'outrider_outbox_oldest_seconds': set(),
    'outrider_noise_reduction_ratio': set(),
    'outrider_team_sla_compliance_ratio': {'team', 'kind', 'severity'},
    'outrider_service_sla_compliance_ratio': {'service', 'kind'},
}
INCIDENTS = '''
group_by: [alertname]
sla: {{critical: {{acknowledge: 1s, resolve: 1h}}}}
users:
- {{name: anna, webhook_configs: [{{url: '{url}/anna'}}]}}
- {{name: unreachable}}
teams: [{{name: db, members: [anna]}}]
schedules:
- {{name: primary, layers: [{{name: all, users: [anna], start: 2026-01-05T09:00}}]}}
- {{name: nobody, layers: [{{name: mondays, users: [anna], start: 2036-01-07T09:00}}]}}
escalation_policies:
- {{name: first, match: ['alertname = First'], tiers: [{{users: [unreachable]}}, {{schedules: [primary]}}]}}
- {{name: second, match: ['alertname = Second'], tiers: [{{receivers: [refuses]}}]}}
'''


def names_of(text):
    """The metrics of a rule file's expressions."""
    expressions = re.sub(r'(?m)^ *#.*$|summary:.*|alert:.*|- name:.*', '', text)
    return set(re.findall(r'\b(?:outrider_[a-z0-9_]+|up)\b', expressions))


class Watching(harness.EndToEnd):
    def test_it_is_accepted_and_tested(self):
        for tool in ('promtool', harness.OUTRIDER):
            for arguments in (['check', 'rules', RULES], ['test', 'rules', TESTS]):
                done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # Every alert is looked at by a test.
        tested = self.cli('test', 'rules', '--coverage', '--coverage-min=100', str(TESTS))
        self.assertIn('SUCCESS', tested)

    def start_with_everything(self):
        self.sink = self.webhook_sink()
        refusing = self.webhook_sink()
        refusing.script = [(400, {})] * 1000
        self.write('alertmanager.yml', f'''
route: {{receiver: none}}
receivers: [{{name: none}}, {{name: refuses, webhook_configs: [{{url: '{refusing.url}/no'}}]}}]
''')
        self.write('incidents.yml', INCIDENTS.format(url=self.sink.url))
        self.write('analytics.yml', 'entries: [{name: e, kind: trend, expr: up, windows: [5m]}]\n')
        fast = re.sub(r'(for|interval): \w+', r'\1: 1s', RULES.read_text())
        self.write('rules.yml', fast)
        self.write('outrider.yml', '''
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
analytics_files: [analytics.yml]
analytics: {interval: 1s}
alerting: {config_file: alertmanager.yml}
incidents: {config_file: incidents.yml}
''')
        self.start_outrider()

    def all_of_it_happens(self):
        now = time.time()
        up = {'__name__': 'up', 'job': 'outrider', 'instance': 'o'}
        self.assertLess(harness.remote_write(self.url, [(up, [(now, 0.0)])])[0], 300)
        # Another value at the same time is refused.
        harness.remote_write(self.url, [(up, [(now, 1.0)])])
        for name in ('First', 'Second'):
            alert = {'labels': {'alertname': name, 'severity': 'critical', 'team': 'db', 'service': 'postgres'}}
            self.assertEqual(harness.post_json(self.url + '/api/v2/alerts', [alert])[0], 200)
        harness.wait_for('the page', lambda: self.sink.messages(path='/anna'), 20)
        harness.wait_for('the breaches', lambda: 'outrider_team_sla_open_breaches{team="db"} 2' in self.page(), 20)

    def page(self):
        return harness.request(self.url + '/metrics')[1]

    def firing(self):
        alerts = harness.get_json(self.url + '/api/v1/alerts')['data']['alerts']
        return {a['labels']['alertname'] for a in alerts if a['state'] == 'firing'}

    def test_what_it_names_is_there_and_its_alerts_fire(self):
        self.start_with_everything()
        self.all_of_it_happens()
        samples = [re.match(r'(\w+)(?:\{(.*)\})? ', line) for line in self.page().splitlines() if line[:1] != '#']
        labels = {}
        for one in samples:
            labels.setdefault(one[1], set()).update(re.findall(r'(\w+)="', one[2] or ''))
        names = names_of(RULES.read_text()) - {'up'}
        self.assertGreater(len(names), 18)
        self.assertEqual(sorted(names - set(labels)), [], 'alerts ask for metrics that there are not')
        for name, wanted in PROMISED.items():
            self.assertIn(name, labels)
            self.assertEqual(labels[name], wanted, name)
        rules = harness.get_json(self.url + '/api/v1/rules')['data']['groups']
        group = next(g for g in rules if g['name'] == 'outrider')
        harness.wait_for('every rule to be evaluated', lambda: all(
            r['health'] == 'ok' for g in harness.get_json(self.url + '/api/v1/rules')['data']['groups']
            if g['name'] == 'outrider' for r in g['rules']), 20)
        self.assertEqual(len(group['rules']), len(re.findall(r'- alert:', RULES.read_text())))

        self.write('outrider.yml', 'nonsense: 1\n')
        self.assertEqual(harness.request(self.url + '/-/reload', b'', method='POST')[0], 500)
        wanted = {'OutriderDown', 'OutriderReloadRefused', 'OutriderMessageLost', 'OutriderNobodyPaged',
                  'OutriderNobodyOnCall', 'OutriderOnCallGap', 'OutriderSlaBreachesOpen'}
        harness.wait_for(f'{sorted(wanted)} to fire', lambda: wanted <= self.firing(), 60)
        self.assertFalse(self.firing() & {'OutriderStoreFailing', 'OutriderLogFailing', 'OutriderRulesFailing'})


if __name__ == '__main__':
    unittest.main(verbosity=2)
