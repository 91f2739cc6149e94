#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""/api/v1/rules and /api/v1/alerts of rules at work: Debian's Prometheus and Outrider evaluate the same rules over the
same samples and say the same of them, field by field and in the same order. With PROMETHEUS=<a Prometheus 3.14> that one
is compared too, with what is newer: paging and the order of keys."""
import json
import os
import re
import time
import unittest
import urllib.parse

import harness

# Groups and files in another order than Prometheus shows them.
FILES = {'b.yml': '''
groups:
- name: z
  interval: 1s
  rules:
  - {record: 'r:ok', expr: sum(fed), labels: {team: a}}
  - {record: 'r:failing', expr: fed + on() group_left fed}
  - {record: 'r:twice', expr: vector(1)}
  - {record: 'r:twice', expr: vector(2)}
- name: limited
  interval: 1s
  limit: 1
  rules:
  - {record: 'r:limited', expr: fed}
  - {alert: Limited, expr: fed > 0}
- name: a
  interval: 1s
  rules:
  - {alert: Inactive, expr: fed < 0, labels: {severity: page}}
  - {alert: Firing, expr: fed > 0, labels: {severity: page, i: '{{ $labels.instance }}'},
     annotations: {summary: '{{ $value }} of {{ $labels.instance }}'}}
''', 'a.yml': '''
groups:
- name: m
  interval: 1s
  rules:
  - {alert: Pending, expr: fed == 2, for: 1h, labels: {severity: info}}
  - {alert: Kept, expr: pulse > 0, keep_firing_for: 1h}
  - {alert: Later, expr: 'vector(time())   < 0'}
- name: never
  interval: 1h
  rules:
  - {alert: Unevaluated, expr: fed > 0}
  - {record: unevaluated, expr: fed}
'''}
REQUESTS = ['rules', 'rules?type=alert', 'rules?type=record', 'alerts']
NEWER = ['rules?rule_name[]=Firing', 'rules?rule_group[]=m', 'rules?match[]={severity="page"}', 'rules?exclude_alerts=true',
         'rules?match[]={severity=~".+"}', 'rules?match[]={i="{{ $labels.instance }}"}', 'rules?rule_group[]=a&type=record']
TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$')
MEASURED = ('evaluationTime', 'lastEvaluation', 'activeAt', 'keepFiringSince')


def steady(value, key=''):
    """Measured numbers and times become their kind; alerts of a rule, which come in no order, are sorted."""
    if isinstance(value, dict):
        return {k: steady(v, k) for k, v in value.items()}
    if isinstance(value, list):
        values = [steady(v) for v in value]
        return sorted(values, key=lambda v: json.dumps(v['labels'], sort_keys=True)) if key == 'alerts' else values
    if key == 'evaluationTime':
        return 'seconds' if value > 0 else 0
    if key in MEASURED:
        assert TIME.match(value), value
        return 'never' if value.startswith('0001') else 'time'
    if key == 'lastError':
        value = re.sub(r'\[\{.*\}\]', '[in any order]', value)
        return re.sub(r'(duplicate sample for timestamp).*', r'\1', value)
    if key == 'file':
        return os.path.basename(value)
    return value


class RulesApi(harness.EndToEnd):
    def start_prometheus_of(self, binary):
        port = harness.free_port()
        self.write('prometheus.yml', 'rule_files: [b.yml, a.yml]\n')
        self.start(os.path.basename(binary), [
            binary, '--config.file=prometheus.yml', f'--storage.tsdb.path=tsdb{port}',
            f'--web.listen-address=127.0.0.1:{port}', '--web.enable-remote-write-receiver'])
        url = f'http://127.0.0.1:{port}'
        harness.wait_for('Prometheus to be ready', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
        return url

    def ask(self, url, request):
        path, _, query = request.partition('?')
        if query:
            path += '?' + urllib.parse.urlencode(urllib.parse.parse_qsl(query))
        return harness.get_json(f'{url}/api/v1/{path}')

    def settled(self, url):
        groups = {g['name']: g for g in self.ask(url, 'rules')['data']['groups']}
        kept = groups['m']['rules'][1]['alerts']
        return (groups['a']['rules'][1]['state'] == 'firing' and kept and 'keepFiringSince' in kept[0]
                and groups['z']['rules'][3].get('lastError'))

    @staticmethod
    def as_of_2_42(value):
        """What has changed since: `unknown` states, labels of recording rules that have none, groups of which no rule is
        left."""
        if isinstance(value, list):
            return [RulesApi.as_of_2_42(v) for v in value if not isinstance(v, dict) or v.get('rules') != []]
        if not isinstance(value, dict):
            return value
        value = {k: RulesApi.as_of_2_42(v) for k, v in value.items() if (k, v) != ('labels', {}) or 'state' in value}
        if value.get('state') == 'unknown':
            value['state'] = 'inactive'
        return value

    def compare_with(self, binary, requests, newer):
        for name, text in FILES.items():
            self.write(name, text)
        self.write('outrider.yml', 'rule_files: [b.yml, a.yml]\nrules: {wait_for_data: false, startup_hold: 0s}\n')
        theirs = self.start_prometheus_of(binary)
        self.start_outrider()
        started = time.time()

        def both_settled():
            now = time.time()
            series = [({'__name__': 'fed', 'instance': i}, [(now, v)]) for i, v in (('a', 1), ('b', 2))]
            # Fires, then ends.
            series.append(({'__name__': 'pulse'}, [(now, 1 if now < started + 4 else -1)]))
            for url in (self.url, theirs):
                assert harness.remote_write(url, series)[0] in (200, 204)
            return now > started + 8 and self.settled(self.url) and self.settled(theirs)

        harness.wait_for('the rules to have worked', both_settled, 60, 0.5)
        for request in requests:
            answers = [steady(self.ask(url, request)) for url in (self.url, theirs)]
            if not newer:
                answers = [self.as_of_2_42(answer) for answer in answers]
            got, expected = (json.dumps(answer, indent=1, sort_keys=not newer) for answer in answers)
            self.assertEqual(got, expected, request)
        return theirs

    def test_as_debians_prometheus(self):
        self.compare_with('prometheus', REQUESTS, False)

    @unittest.skipUnless('PROMETHEUS' in os.environ, 'PROMETHEUS names no Prometheus 3')
    def test_as_a_newer_prometheus(self):
        theirs = self.compare_with(os.environ['PROMETHEUS'], REQUESTS + NEWER, True)
        self.assertEqual(self.pages(self.url, 2), self.pages(theirs, 2))
        self.assertEqual(self.pages(self.url, 2), [['m', 'never'], ['a', 'limited'], ['z']])
        self.assertEqual(self.pages(self.url, 2, 'type=record'), self.pages(theirs, 2, 'type=record'))

    def pages(self, url, size, more=''):
        out, token = [], ''
        while True:
            data = self.ask(url, f'rules?group_limit={size}&{more}' + (f'&group_next_token={token}' if token else ''))['data']
            out.append([group['name'] for group in data['groups']])
            token = data.get('groupNextToken')
            if not token:
                return out


if __name__ == '__main__':
    unittest.main()
