#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What people take away: a small shop told of by cAdvisor- and kube-state-metrics-shaped series, its recommendations in
every format (read by readers of their kinds; applied by kubectl, where there is one), put into a manifest, sent as a
weekly summary once and not again after kill -9, and under the autoscaler's metric names."""
import csv
import datetime
import html.parser
import io
import json
import shutil
import subprocess
import time
import unittest
import urllib.parse

import yaml

import harness

CONFIG = '''
global: {{evaluation_interval: 1s}}
alerting: {{config_file: alertmanager.yml}}
analytics: {{interval: 1s}}
cost:
  provider: aws
  vpa_metrics: true
  summary:
    every: {every}
    timezone: UTC
    receivers:
    - {{receiver: hook, team: shop, namespaces: [shop]}}
    - {{receiver: mail}}
'''
ALERTMANAGER = '''
global: {{smtp_smarthost: '{smtp}', smtp_from: 'outrider@example.org', smtp_require_tls: false}}
route: {{receiver: quiet}}
receivers:
- name: quiet
- name: hook
  webhook_configs: [{{url: '{url}/summary'}}]
- name: mail
  email_configs: [{{to: 'finops@example.org'}}]
'''
MANIFEST = '''# The shop.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
  namespace: shop
spec:
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec:
      containers:
      - name: app   # sells
        image: shop/checkout:1
        resources:
          limits: {cpu: 2, memory: 2Gi}
          requests:
            cpu: 1000m # too much?
            memory: "1Gi"
      - name: proxy
        image: envoy:1
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, namespace: shop}
spec:
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: postgres
          image: postgres:16
          resources: {requests: {cpu: 500m}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: batch}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: job
              image: report:1
'''
MIB = 1024 * 1024
PAST = 3 * 3600
STEP = 30
HASH = '6b7f9c4d5f'


class Pod:
    """One container of one pod: use and what is set; `age`: since when it is watched."""

    def __init__(self, namespace, pod, owner, container, cpu, memory, requests=None, limits=None, age=PAST):
        self.labels = {'namespace': namespace, 'pod': pod, 'container': container}
        self.owner, self.cpu, self.memory, self.age = owner, cpu, memory, age
        self.requests, self.limits = requests or {}, limits or {}

    def scrape(self, times, begin):
        times = [t for t in times if t >= begin + PAST - self.age]
        if not times:
            return []

        def one(name, labels, value):
            return {'__name__': name, **self.labels, **labels}, [(t, value(t)) for t in times]

        kind, name = self.owner
        series = [one('container_cpu_usage_seconds_total', {'cpu': 'total'}, lambda t: self.cpu * (t - begin)),
                  one('container_memory_working_set_bytes', {}, lambda t: self.memory * MIB),
                  one('kube_pod_owner', {'owner_kind': kind, 'owner_name': name, 'owner_is_controller': 'true'},
                      lambda t: 1)]
        for what, amounts in (('requests', self.requests), ('limits', self.limits)):
            for resource, amount in amounts.items():
                series.append(one(f'kube_pod_container_resource_{what}',
                                  {'resource': resource, 'unit': 'core' if resource == 'cpu' else 'byte'},
                                  lambda t, amount=amount: amount))
        return series


SHOP = [Pod('shop', f'checkout-{HASH}-{end}', ('ReplicaSet', f'checkout-{HASH}'), 'app', 0.2, 200,
            {'cpu': 1, 'memory': 1024 * MIB}, {'cpu': 2, 'memory': 2048 * MIB}) for end in ('x2k9p', 'b7c4d')]
SHOP += [Pod('shop', f'checkout-{HASH}-x2k9p', ('ReplicaSet', f'checkout-{HASH}'), 'proxy', 0.01, 30, age=300),
         Pod('shop', 'db-0', ('StatefulSet', 'db'), 'postgres', 0.9, 900, {'cpu': 0.5}),
         Pod('batch', 'report-28012345-abcde', ('Job', 'report-28012345'), 'job', 0.1, 50)]


class Tags(html.parser.HTMLParser):
    """Counts what is open; nothing may be left open or closed twice."""
    VOID = {'meta', 'br', 'link'}

    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()


class Recommend(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.hook, self.smtp = self.webhook_sink(), self.smtp_sink()
        # The first moment of the summary is the next whole minute that is at least half a minute away.
        self.moment = datetime.datetime.fromtimestamp((int(time.time()) + 90) // 60 * 60, datetime.timezone.utc)
        self.write('outrider.yml', CONFIG.format(every=self.moment.strftime('%A %H:%M')))
        self.write('alertmanager.yml', ALERTMANAGER.format(url=self.hook.url, smtp=self.smtp.address))
        self.manifest = self.write('deploy.yaml', MANIFEST)
        self.outrider = self.start_outrider()
        self.begin = int(time.time()) - PAST
        for start in range(self.begin, self.begin + PAST, 1800):
            self.send(range(start, min(start + 1800, int(time.time())), STEP))
        self.outrider.kill9()  # a start reads the past from the windows
        self.outrider = self.start_outrider()
        self.rows = harness.wait_for('recommendations', self.settled, 120, 1)

    def send(self, times):
        series = [one for pod in SHOP for one in pod.scrape(list(times), self.begin)]
        job = {'__name__': 'kube_job_owner', 'namespace': 'batch', 'job_name': 'report-28012345',
               'owner_kind': 'CronJob', 'owner_name': 'report', 'owner_is_controller': 'true'}
        series.append((job, [(t, 1) for t in times]))
        status, body, _ = harness.remote_write(self.url, series)
        self.assertIn(status, (200, 204), body)

    def settled(self):
        self.send([int(time.time())])
        answer = harness.get_json(self.url + '/outrider/v1/recommendations')
        rows = {(r['workload_kind'], r['workload'], r['container']): r for r in answer['recommendations']}
        wanted = {('Deployment', 'checkout', 'app'), ('Deployment', 'checkout', 'proxy'),
                  ('StatefulSet', 'db', 'postgres'), ('CronJob', 'report', 'job')}
        ready = set(rows) == wanted and all(
            r['cpu_cores']['enough_data'] and r['memory_bytes']['enough_data']
            for key, r in rows.items() if key[2] != 'proxy')
        return rows if ready else None

    def recommend(self, *arguments, expect=0):
        done = subprocess.run([harness.OUTRIDER, 'recommend', '--url', self.url, *arguments], capture_output=True,
                              timeout=60, cwd=self.directory)
        out, errors = done.stdout.decode(), done.stderr.decode()  # line ends as they are
        self.assertEqual(done.returncode, expect, out + errors)
        return out, errors

    def test_all(self):
        self.check_summary_begins()
        self.check_api()
        self.check_reading_formats()
        documents = self.check_applied_formats()
        self.check_manifest(documents)
        self.check_errors()
        self.check_cost()
        self.check_vpa_metrics()
        self.check_summary()

    def check_api(self):
        url = self.url + '/outrider/v1/recommendations?'

        def names(query):
            return [r['workload'] + '/' + r['container'] for r in harness.get_json(url + query)['recommendations']]

        everything = ['report/job', 'checkout/app', 'checkout/proxy', 'db/postgres']
        self.assertEqual(names(''), everything)
        self.assertEqual(names('namespace=batch'), ['report/job'])
        self.assertEqual(names('namespace=batch,shop&workload_kind=CronJob&workload_kind=StatefulSet'),
                         ['report/job', 'db/postgres'])
        self.assertEqual(names('container=proxy'), ['checkout/proxy'])
        self.assertEqual(names('min_savings=1'), ['checkout/app'])
        self.assertNotIn('checkout/proxy', names('enough_data=true'))
        self.assertEqual(names('severity=critical'), ['checkout/app'])
        self.assertEqual(names('sort=savings')[0], 'checkout/app')
        seen, after = [], ''
        while True:
            page = harness.get_json(url + urllib.parse.urlencode({'limit': 1, 'after': after} if after else {'limit': 1}))
            seen += [r['workload'] + '/' + r['container'] for r in page['recommendations']]
            self.assertEqual(page['summary']['containers'], 4)
            after = page.get('next')
            if not after:
                break
        self.assertEqual(seen, everything)
        for query in ('severity=odd', 'format=xls', 'min_savings=x', 'sort=x', 'after=zz', 'limit=x', 'enough_data=x'):
            status, body, _ = harness.request(url + query)
            self.assertEqual(status, 400, query)
            self.assertIn('error', json.loads(body))
        for name, kind in (('csv', 'text/csv'), ('html', 'text/html'), ('patch', 'application/yaml')):
            status, body, headers = harness.request(url + 'format=' + name)
            self.assertEqual((status, headers['Content-Type'].split(';')[0]), (200, kind))
            self.assertEqual(body, self.recommend('--format', name)[0], name)

    def check_reading_formats(self):
        table = self.recommend()[0]
        for text in ('SEVERITY', '1 -> ', 'not enough data', 'NAMESPACE  CONTAINERS', 'total'):
            self.assertIn(text, table)
        self.assertEqual(table, self.recommend('--limit', '0', '--sort', 'workload')[0])
        answer = json.loads(self.recommend('--output', 'json')[0])
        self.assertEqual({r['workload'] for r in answer['recommendations']}, {'checkout', 'db', 'report'})
        self.assertEqual([n['namespace'] for n in answer['namespaces']], ['batch', 'shop'])
        self.assertEqual(yaml.safe_load(self.recommend('--format', 'yaml')[0]), answer)
        rows = list(csv.DictReader(io.StringIO(self.recommend('--format', 'csv')[0])))
        self.assertEqual(list(rows[0])[:13], ['Namespace', 'Name', 'Pods', 'Old Pods', 'Type', 'Container', 'Severity',
                                              'CPU Diff', 'CPU Requests', 'CPU Limits', 'Memory Diff',
                                              'Memory Requests', 'Memory Limits'])
        app = [r for r in rows if r['Container'] == 'app'][0]
        self.assertRegex(app['CPU Requests'], r'^\(-\d+m\) 1 -> \d+m$')
        self.assertEqual([r['CPU Requests'] for r in rows if r['Container'] == 'proxy'], ['unset -> ?'])
        raw = [r for r in csv.DictReader(io.StringIO(self.recommend('--format', 'csv-raw')[0]))
               if r['Container'] == 'app'][0]
        advice = self.rows['Deployment', 'checkout', 'app']
        self.assertAlmostEqual(float(raw['CPU Requests Recommended']), advice['cpu_cores']['recommended']['target'],
                               delta=0.001)
        self.assertEqual(float(raw['Memory Limits Current']), 2048 * MIB)
        markdown = self.recommend('--format', 'markdown')[0]
        for text in ('Savings a month', '#### Top opportunities', '| shop/Deployment/checkout | app |',
                     '#### Not enough data', 'container proxy'):
            self.assertIn(text, markdown)
        page = self.recommend('--format', 'html')[0]
        tags = Tags()
        tags.feed(page)
        self.assertEqual(tags.open, [])
        self.assertFalse({'script', 'link', 'img', 'iframe'} & tags.seen)
        self.assertIn('not enough data', page)

    def check_applied_formats(self):
        patches = [d for d in yaml.safe_load_all(self.recommend('--format', 'patch')[0]) if d]
        self.assertEqual([(d['kind'], d['metadata']['name']) for d in patches],
                         [('CronJob', 'report'), ('Deployment', 'checkout'), ('StatefulSet', 'db')])
        containers = patches[1]['spec']['template']['spec']['containers']
        self.assertEqual([c['name'] for c in containers], ['app'])
        vpas = [d for d in yaml.safe_load_all(self.recommend('--format', 'vpa')[0]) if d]
        for vpa in vpas:
            self.assertEqual(vpa['spec']['updatePolicy']['updateMode'], 'Off')
            policies = {p['containerName']: p for p in vpa['spec']['resourcePolicy']['containerPolicies']}
            self.assertTrue(all(set(p) >= {'minAllowed', 'maxAllowed'} for name, p in policies.items()
                                if name != 'proxy'))
        helm = [d for d in yaml.safe_load_all(self.recommend('--format', 'helm', '--workload', 'db')[0]) if d]
        self.assertEqual(helm[0]['resources'], patches[2]['spec']['template']['spec']['containers'][0]['resources'])
        out = self.recommend('--format', 'patch', '--output-dir', 'patches')[0]
        self.assertIn('3 files written', out)
        files = sorted(p.name for p in (self.directory / 'patches').iterdir())
        self.assertEqual(files, ['batch_cronjob_report.yaml', 'shop_deployment_checkout.yaml',
                                 'shop_statefulset_db.yaml'])
        self.recommend('--format', 'kustomize', '--output-dir', 'component')
        component = yaml.safe_load((self.directory / 'component/kustomization.yaml').read_text())
        self.assertEqual({p['path'] for p in component['patches']}, set(files))
        self.check_with_kubectl(patches)
        return patches

    def kubectl(self, *arguments):
        done = subprocess.run(['kubectl', *arguments], capture_output=True, text=True, timeout=60, cwd=self.directory)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [d for d in yaml.safe_load_all(done.stdout) if d]

    @staticmethod
    def resources(documents):
        """{(kind, container): resources} of manifests."""
        found = {}
        for d in documents:
            spec = d['spec']['jobTemplate']['spec'] if d['kind'] == 'CronJob' else d['spec']
            for c in spec['template']['spec']['containers']:
                found[d['kind'], c['name']] = {part: {k: str(v) for k, v in amounts.items()}
                                               for part, amounts in c.get('resources', {}).items()}
        return found

    def check_with_kubectl(self, patches):
        """Where there is a kubectl, it says what the patches come to, without a cluster."""
        wanted = self.resources(patches)
        if not shutil.which('kubectl'):
            return
        self.write('overlay/kustomization.yaml', 'resources: [deploy.yaml]\ncomponents: [../component]\n')
        self.write('overlay/deploy.yaml', MANIFEST)
        built = self.resources(self.kubectl('kustomize', 'overlay'))
        for key, resources in wanted.items():
            self.assertEqual(built[key], resources, key)
        self.assertIn(('Deployment', 'proxy'), built)  # the list is merged, not replaced
        commands = self.recommend('--format', 'kubectl', '--workload', 'checkout')[0].splitlines()
        self.assertEqual(len([c for c in commands if not c.startswith('#')]), 1)

    def check_manifest(self, patches):
        patched, notes = self.recommend('--manifest', self.manifest)
        wanted = self.resources(patches)
        got = self.resources(d for d in yaml.safe_load_all(patched))
        self.assertEqual(got['Deployment', 'app'], {**wanted['Deployment', 'app'],
                                                    'limits': {'cpu': '2', **{'memory': wanted['Deployment', 'app']['limits']['memory']}}})
        self.assertEqual(got['CronJob', 'job'], wanted['CronJob', 'job'])
        self.assertEqual(got['StatefulSet', 'postgres'], wanted['StatefulSet', 'postgres'])
        self.assertEqual(got['Deployment', 'proxy'], {})
        for comment in ('# The shop.', '# sells', '# too much?'):
            self.assertIn(comment, patched)
        self.assertIn('deploy.yaml:13:9: Deployment shop/checkout, container app: cpu requests 1000m -> ', notes)
        self.assertIn('container proxy: CPU: not enough data', notes)
        self.recommend('--manifest', self.manifest, '-o', 'out.yaml')
        self.assertEqual((self.directory / 'out.yaml').read_text(), patched)
        again, _ = self.recommend('--manifest', 'out.yaml', '--diff')
        self.assertEqual(again, '')
        diff, _ = self.recommend('--manifest', 'deploy.yaml', '--diff')
        self.assertIn('-            cpu: 1000m # too much?\n', diff)
        if shutil.which('patch'):
            copy = self.write('copy.yaml', MANIFEST)
            subprocess.run(['patch', '-s', copy], input=diff, text=True, check=True, cwd=self.directory)
            self.assertEqual((self.directory / 'copy.yaml').read_text(), patched)

    def check_errors(self):
        self.write('chart.yaml', 'kind: Deployment\nmetadata:\n  name: {{ .Release.Name }}\n')
        self.assertIn('chart.yaml:3:9: this is a template of Helm', self.recommend('--manifest', 'chart.yaml', expect=1)[1])
        self.write('bad.yaml', 'kind: [\n')
        self.assertIn('bad.yaml:', self.recommend('--manifest', 'bad.yaml', expect=1)[1])
        self.assertIn('nothere.yaml', self.recommend('--manifest', 'nothere.yaml', expect=1)[1])
        self.recommend('--format', 'xls', expect=2)
        self.recommend('--diff', expect=2)
        self.assertIn('min_savings', self.recommend('--min-savings', 'x', expect=1)[1])

    def check_cost(self):
        table = self.cli('cost')
        for text in ('Deployment/checkout', 'StatefulSet/db', 'SAVES/YEAR', 'total'):
            self.assertIn(text, table)
        self.assertNotIn('Deployment/checkout', self.cli('cost', '--by', 'namespace'))
        self.assertIn('workloads', json.loads(self.cli('cost', '--output', 'json')))
        harness.wait_for('what was counted', lambda: self.settled() and 'EFFICIENCY' in self.cli(
            'cost', '--by', 'team', '--window', '1h'), 150, 2)

    def check_vpa_metrics(self):
        name = 'kube_customresource_verticalpodautoscaler_status_recommendation_containerrecommendations_'
        found = harness.wait_for('the autoscaler\'s metrics', lambda: self.query(
            self.url, name + 'target{target_kind="Deployment",container="app",resource="cpu",unit="core"}'), 30)
        self.assertEqual(found[0]['metric']['verticalpodautoscaler'], 'checkout')
        ours = self.rows['Deployment', 'checkout', 'app']['cpu_cores']['recommended']
        self.assertAlmostEqual(float(found[0]['value'][1]), ours['target'], delta=0.05 * ours['target'])
        for bound in ('lowerbound', 'upperbound', 'uncappedtarget'):
            self.assertEqual(len(self.query(self.url, name + bound + '{container="app",resource="memory"}')), 1)
        self.assertNotIn(name, harness.request(self.url + '/metrics')[1])  # as other names that are not ours

    def check_summary_begins(self):
        text = self.recommend('--summary', '--namespace', 'shop')[0]
        self.assertRegex(text, r'^Right-sizing of shop: \$\d+\.\d\d a month can be saved\n')
        self.assertIn('Top savings:\n- shop/Deployment/checkout, app: CPU (-', text)
        self.assertEqual(self.hook.messages(), [])

    def check_summary(self):
        def told():
            self.send([int(time.time())])
            return self.hook.messages(path='/summary') and self.smtp.mails
        harness.wait_for('the weekly summary', told, 150, 1)
        self.assertGreaterEqual(time.time(), self.moment.timestamp())
        message, = self.hook.messages()
        alert, = message['alerts']
        self.assertEqual(alert['labels'], {'alertname': 'OutriderWeeklySummary', 'severity': 'info', 'team': 'shop'})
        self.assertRegex(alert['annotations']['summary'], r'^Right-sizing of shop: \$\d+\.\d\d a month can be saved$')
        self.assertIn('shop/StatefulSet/db, postgres', alert['annotations']['description'])
        self.assertNotIn('batch/', alert['annotations']['description'])
        mail = self.smtp.mails[0][2]
        self.assertRegex(mail, r'(?m)^Subject: Right-sizing: \$\d+\.\d\d a month can be saved')
        self.outrider.kill9()
        self.outrider = self.start_outrider()
        harness.wait_for('recommendations', self.settled, 60, 1)
        time.sleep(5)  # some rounds of the maintenance loop
        self.assertEqual((len(self.hook.messages()), len(self.smtp.mails)), (1, 1))


if __name__ == '__main__':
    unittest.main()
