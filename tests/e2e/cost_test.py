#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Costs end to end: an exporter with the shapes of cAdvisor and kube-state-metrics -> Prometheus -> remote write ->
Outrider -> allocation, idle, budgets that alert, insights, OpenCost's names -> scraped back by Prometheus; over a
restart."""
import http.server
import json
import re
import threading
import time
import unittest
import urllib.parse

import harness

GIB = 1 << 30
CORE, MEMORY = 0.04, 0.005  # dollars an hour for a core and a GiB, as configured
NODE = {'cores': 8, 'gib': 32}
# namespace, workload, kind, pods: name, cores and GiB requested, cores used
WORKLOADS = [
    ('shop', 'web', 'Deployment', ['web-6b7f9c4d5f-x2k9p', 'web-6b7f9c4d5f-q7w4z'], 0.5, 1, 0.1),
    ('shop', 'db', 'StatefulSet', ['db-0'], 1, 4, 0.2),
    ('kube-system', 'dns', 'DaemonSet', ['dns-abcde'], 0.25, 0.5, 0.05),
]
CONFIG = '''
global: {evaluation_interval: 1s}
alerting: {config_file: alertmanager.yml}
analytics: {interval: 1s}
cost:
  cpu_core_hour: 0.04
  memory_gib_hour: 0.005
  minimum_coverage: 5s
  interval: 1s
  teams: [{name: buyers, namespaces: [shop]}]
  opencost_metrics: true
  budgets:
  - {name: shop-small, amount: 0.00001, namespaces: [shop]}
  - {name: everything, amount: 100000, thresholds: [0.9]}
'''
ALERTMANAGER = '''
route: {{receiver: hook, group_by: [alertname, budget], group_wait: 0s, group_interval: 1s}}
receivers:
- name: hook
  webhook_configs: [{{url: '{url}/alerts'}}]
'''
# Panels whose data needs days, or somebody who takes up a recommendation, say so in their description.
LATER = ('From ', 'Empty until')


class Exporter(http.server.BaseHTTPRequestHandler):
    """/cadvisor and /ksm, counters by wall time."""
    begin = time.time()

    def do_GET(self):
        lines = self.cadvisor() if self.path == '/cadvisor' else self.ksm()
        body = ('\n'.join(lines) + '\n').encode()
        self.send_response(200)
        self.send_header('Content-Type', 'text/plain; version=0.0.4')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

    def cadvisor(self):
        age = time.time() - self.begin
        for namespace, workload, _, pods, _, gib, used in WORKLOADS:
            for pod in pods:
                ids = f'namespace="{namespace}",pod="{pod}",id="/kubepods/{pod}"'
                for container, image, share in (('app', f'{workload}:1', 1), ('POD', 'pause:3', 0.001), ('', '', 1.001)):
                    labels = f'{ids},container="{container}",image="{image}",name="{container}-{pod}"'
                    yield f'container_cpu_usage_seconds_total{{{labels},cpu="total"}} {used * share * age}'
                    yield f'container_memory_working_set_bytes{{{labels}}} {gib * GIB / 2 * share}'
                yield f'container_network_transmit_bytes_total{{{ids},container="",interface="eth0"}} {int(1e6 * age)}'

    def ksm(self):
        yield ('kube_node_info{node="node-1",internal_ip="10.0.0.1",provider_id="kind://docker/kind/node-1"} 1')
        for resource, unit, value in (('cpu', 'core', NODE['cores']), ('memory', 'byte', NODE['gib'] * GIB)):
            for what in ('capacity', 'allocatable'):
                yield f'kube_node_status_{what}{{node="node-1",resource="{resource}",unit="{unit}"}} {value}'
        for namespace, workload, kind, pods, cores, gib, _ in WORKLOADS:
            for pod in pods:
                ids = f'namespace="{namespace}",pod="{pod}",uid="u-{pod}"'
                owner = ('ReplicaSet', pod.rsplit('-', 1)[0]) if kind == 'Deployment' else (kind, workload)
                yield f'kube_pod_info{{{ids},node="node-1",host_ip="10.0.0.1"}} 1'
                yield f'kube_pod_status_phase{{{ids},phase="Running"}} 1'
                yield (f'kube_pod_owner{{{ids},owner_kind="{owner[0]}",owner_name="{owner[1]}",'
                       'owner_is_controller="true"} 1')
                for resource, unit, value in (('cpu', 'core', cores), ('memory', 'byte', gib * GIB)):
                    yield (f'kube_pod_container_resource_requests{{{ids},container="app",node="node-1",'
                           f'resource="{resource}",unit="{unit}"}} {value}')
        yield 'kube_replicaset_owner{namespace="shop",replicaset="web-6b7f9c4d5f",owner_kind="Deployment",owner_name="web"} 1'
        claim = 'namespace="shop",persistentvolumeclaim="data-db-0"'
        yield f'kube_persistentvolumeclaim_info{{{claim},storageclass="gp3",volumename="pv-1"}} 1'
        yield f'kube_persistentvolumeclaim_resource_requests_storage_bytes{{{claim}}} {100 * GIB}'
        yield f'kube_pod_spec_volumes_persistentvolumeclaims_info{{{claim},pod="db-0",volume="data"}} 1'
        yield 'kube_service_spec_type{namespace="shop",service="front",type="LoadBalancer"} 1'


class Cost(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.hook = self.webhook_sink()
        self.write('outrider.yml', CONFIG)
        self.write('alertmanager.yml', ALERTMANAGER.format(url=self.hook.url))
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Exporter)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.outrider = self.start_outrider()
        target = f'127.0.0.1:{server.server_port}'
        self.prometheus = self.start_prometheus(f'''
global: {{scrape_interval: 1s}}
scrape_configs:
- job_name: kubernetes-cadvisor
  metrics_path: /cadvisor
  honor_labels: true
  static_configs: [{{targets: ['{target}']}}]
# As often found: without honor_labels, so that its series say exported_namespace and exported_pod.
- job_name: kube-state-metrics
  metrics_path: /ksm
  static_configs: [{{targets: ['{target}'], labels: {{namespace: monitoring, pod: ksm-0}}}}]
- job_name: outrider
  honor_labels: true
  static_configs: [{{targets: ['127.0.0.1:{self.port}']}}]
remote_write:
- url: {self.url}/api/v1/write
  queue_config: {{batch_send_deadline: 1s, min_backoff: 100ms, max_backoff: 1s}}
''')

    def allocation(self, **parameters):
        query = urllib.parse.urlencode({'window': 'today', **parameters})
        answer = harness.get_json(f'{self.url}/outrider/v1/cost/allocation?{query}')
        self.assertEqual((answer['code'], answer['status']), (200, 'success'))
        return answer['data'][0]

    def rate(self, expr):
        """One value of Outrider's own series; None: not there (yet)."""
        result = self.query(self.url, expr)
        return float(result[0]['value'][1]) if result else None

    def test_cost(self):
        idle = 'sum(outrider_cost_idle_dollars_per_hour{resource="cpu"})'
        # What of 8 cores nobody requests; use is below all requests.
        harness.wait_for('idle CPU of the node', lambda: (self.rate(idle) or 0) > 0 and
                         abs(self.rate(idle) - (NODE['cores'] - 2.25) * CORE) < 1e-6, 90, 0.5)
        self.check_rates()
        self.check_allocation()
        self.check_budgets()
        self.check_insights()
        self.check_scraped_back()
        self.check_dashboards()
        self.check_restart()

    def check_rates(self):
        for expr, dollars in (
                ('sum(outrider_cost_namespace_dollars_per_hour{namespace="shop",resource="cpu"})', 2 * CORE),
                ('sum(outrider_cost_namespace_dollars_per_hour{namespace="shop",resource="memory"})', 6 * MEMORY),
                ('sum(outrider_cost_idle_dollars_per_hour{resource="memory"})', (NODE['gib'] - 6.5) * MEMORY),
                ('sum(outrider_cost_dollars_per_hour{workload="db",resource="storage"})', 100 * 0.08 / 730)):
            self.assertAlmostEqual(self.rate(expr), dollars, delta=1e-6, msg=expr)
        self.assertGreater(self.rate('sum(outrider_cost_dollars_per_hour{workload="front",resource="load_balancer"})'), 0)

    def check_allocation(self):
        rows = self.allocation(aggregate='namespace', includeIdle='true')
        self.assertLessEqual({'shop', 'kube-system', '__idle__'}, set(rows))
        shop = rows['shop']
        hours = shop['minutes'] / 60
        self.assertGreater(hours, 0)
        # From the first seconds on something may not have been known yet: held for at most all of the time.
        self.assertGreater(shop['cpuCoreHours'], 0)
        self.assertLessEqual(shop['cpuCoreHours'], 2 * hours * 1.0001)
        self.assertAlmostEqual(shop['cpuCost'], shop['cpuCoreHours'] * CORE, delta=1e-6)
        self.assertAlmostEqual(shop['ramCost'], shop['ramByteHours'] / GIB * MEMORY, delta=1e-6)
        self.assertLess(0, shop['cpuEfficiency'])
        self.assertLess(shop['cpuEfficiency'], 0.5)
        # However it is cut, it is the same whole; the clock goes on between two questions.
        end = int(time.time()) - 1
        window = f'{end - 3600},{end}'
        totals = []
        for by in ('namespace', 'controller', 'container', 'cluster', 'team', 'node', 'pod'):
            for idle in ({'includeIdle': 'true'}, {'shareIdle': 'true'}):
                rows = self.allocation(window=window, aggregate=by, **idle)
                totals.append(sum(row['totalCost'] for row in rows.values()))
        self.assertGreater(totals[0], 0)
        # A bucket's share of its time is rounded, to 1e-9 a row, and grows meanwhile.
        self.assertLess((max(totals) - min(totals)) / totals[0], 0.1, totals)
        only = self.allocation(aggregate='controller', filter='namespace:"shop"+controllerKind:"statefulset"')
        self.assertEqual(set(only), {'db'})
        self.assertGreater(only['db']['pvCost'], 0)
        self.assertEqual(only['db']['properties']['controllerKind'], 'statefulset')
        self.assertEqual(set(self.allocation(aggregate='team')), {'buyers', '__unallocated__'} |
                         ({'__overhead__'} & set(self.allocation(aggregate='team'))))
        for bad, word in (('window=', 'required'), ('window=never', 'not understood'),
                          ('window=today&aggregate=colour', 'unknown property'),
                          ('window=today&filter=namespace:shop', 'quotes')):
            status, body, _ = harness.request(f'{self.url}/outrider/v1/cost/allocation?{bad}')
            self.assertEqual(status, 400, body)
            self.assertIn(word, json.loads(body)['error'])

    def check_budgets(self):
        def small():
            alerts = harness.get_json(self.url + '/api/v2/alerts')
            return [a for a in alerts if a['labels']['alertname'] == 'CostBudgetThreshold']
        alert = harness.wait_for('the alert of the budget', small, 60, 0.5)
        self.assertEqual({a['labels']['budget'] for a in alert}, {'shop-small'})
        self.assertEqual(alert[0]['labels']['severity'], 'critical')
        harness.wait_for('its message', lambda: [m for m in self.hook.messages('firing')
                                                if m['commonLabels'].get('budget') == 'shop-small'], 30)
        self.assertRegex(alert[0]['annotations']['description'], r'\d+\.\d\d dollars of 0\.00 are spent this month')
        budgets = {b['name']: b for b in
                   harness.get_json(self.url + '/outrider/v1/cost/budgets')['budgets']}
        self.assertGreater(budgets['shop-small']['spent_ratio'], 1)
        self.assertEqual(budgets['shop-small']['threshold_reached'], 1)
        self.assertGreater(budgets['everything']['forecast']['expected'], budgets['everything']['spent'])
        self.assertIsNone(budgets['everything']['threshold_reached'])

    def check_insights(self):
        recommended = harness.wait_for('recommendations', lambda: {
            r['workload'] for r in harness.get_json(self.url + '/outrider/v1/recommendations')['recommendations']
            if r['cpu_cores']['enough_data']} >= {'web', 'db', 'dns'}, 120, 1)
        self.assertTrue(recommended)
        status, body = harness.post_json(self.url + '/api/v1/optimize/run', {'manifest_path': 'deploy/', 'lookback_days': 7})
        self.assertEqual(status, 202, body)
        self.assertEqual(body['summary']['workload_count'], 3)
        run = body['run_id']
        status, cost = harness.post_json(self.url + '/api/v1/insights/cost', {'run_id': run, 'provider': 'gcp'})
        self.assertEqual(status, 200, cost)
        self.assertEqual((cost['provider'], cost['region'], cost['currency']), ('gcp', 'us-central1', 'USD'))
        monthly = sum(len(pods) * 730 * (cores * 0.0335 + gib * 0.0045) for _, _, _, pods, cores, gib, _ in WORKLOADS)
        self.assertAlmostEqual(cost['total_current_monthly'], monthly, delta=0.02)
        self.assertAlmostEqual(cost['total_annual_savings'], 12 * cost['total_monthly_savings'], delta=0.01)
        self.assertEqual(harness.get_json(f'{self.url}/api/v1/insights/cost/{run}?provider=gcp'), cost)
        status, anomalies = harness.post_json(self.url + '/api/v1/insights/anomalies', {'run_id': run})
        self.assertEqual((status, anomalies['total_workloads']), (200, 3))
        summary = harness.get_json(f'{self.url}/api/v1/insights/summary/{run}?provider=gcp')
        self.assertEqual(summary['cost_summary']['current_monthly'], cost['total_current_monthly'])
        self.assertEqual(summary['workload_count'], 3)
        shown = harness.get_json(f'{self.url}/api/v1/optimize/run/{run}')
        self.assertEqual(len(shown['workloads']), 3)
        self.assertEqual(shown['summary']['suggestion_count'], len(shown['suggestions']))
        self.assertEqual([r['id'] for r in harness.get_json(self.url + '/api/v1/optimize/runs')['runs']], [run])
        for path, body, code in (('insights/cost', {'run_id': 'x'}, 404), ('insights/cost', {}, 400),
                                 ('insights/cost', {'run_id': run, 'provider': 'mars'}, 400),
                                 ('insights/anomalies', {'run_id': run, 'hours': 1000}, 400),
                                 ('optimize/run', {'lookback_days': 0}, 400)):
            self.assertEqual(harness.post_json(f'{self.url}/api/v1/{path}', body)[0], code, (path, body))

    def check_scraped_back(self):
        def back():
            return self.query(self.prometheus, 'sum(outrider_cost_idle_dollars_per_hour)')
        value = float(harness.wait_for('the series in Prometheus', back, 30, 1)[0]['value'][1])
        expected = (NODE['cores'] - 2.25) * CORE + (NODE['gib'] - 6.5) * MEMORY
        self.assertAlmostEqual(value, expected, delta=1e-6)
        # OpenCost's names, and that they did not become our own price source.
        price = self.query(self.prometheus, 'node_cpu_hourly_cost{node="node-1"}')
        self.assertEqual(len(price), 1, price)
        self.assertAlmostEqual(float(price[0]['value'][1]), CORE, delta=1e-9)
        self.assertEqual(price[0]['metric']['price_source'], 'user')
        held = self.query(self.prometheus, 'sum(container_cpu_allocation{namespace="shop"})')
        self.assertAlmostEqual(float(held[0]['value'][1]), 2, delta=1e-9)

    def check_dashboards(self):
        for name in ('cost', 'rightsizing'):
            dashboard = json.loads((harness.ROOT / f'deploy/grafana/dashboards/{name}.json').read_text())
            for panel in dashboard['panels']:
                if panel.get('description', '').startswith(LATER):
                    continue
                for target in panel['targets']:
                    expr = re.sub(r'\$(namespace|workload)', '.*', target['expr'])
                    if ' < 0' in expr or ' > 0' in expr:
                        expr = expr.replace(' < 0', '').replace(' > 0', '')
                    harness.wait_for(f"data for {panel['title']}: {expr}", lambda e=expr: self.query(self.url, e), 30, 1)

    def check_restart(self):
        before = self.allocation(aggregate='namespace')['shop']['totalCost']
        self.outrider.stop()
        self.outrider = self.start_outrider()
        after = self.allocation(aggregate='namespace')['shop']['totalCost']
        self.assertGreaterEqual(after, before)
        self.assertEqual(len(harness.get_json(self.url + '/api/v1/optimize/runs')['runs']), 1)


if __name__ == '__main__':
    unittest.main()
