#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prices: nodes as kube-state-metrics, OpenCost and Karpenter write them, by remote write. Each node has the price of the
first source that knows it, on /metrics, in the windows, in the API and on the command line; a changed price file counts
after a reload, a bad one is refused with its place and changes nothing; what-if prices the same workload elsewhere."""
import json
import subprocess
import time
import unittest

import harness

CONFIG = '''
global: {evaluation_interval: 1s}
analytics: {interval: 1s}
cost: {prices_file: prices.yml, minimum_coverage: 1s}
'''
PRICES = 'nodes: [{match: {labels: {pool: own}}, node_hour: %s}]\n'
GIB = 2**30


def node(name, provider_id, cores, gib, **labels):
    series = [({'__name__': 'kube_node_info', 'node': name, 'provider_id': provider_id, 'job': 'ksm'}, 1)]
    for resource, unit, value in (('cpu', 'core', cores), ('memory', 'byte', gib * GIB)):
        series.append(({'__name__': 'kube_node_status_capacity', 'node': name, 'resource': resource, 'unit': unit,
                        'job': 'ksm'}, value))
    if labels:
        series.append(({'__name__': 'kube_node_labels', 'node': name, 'job': 'ksm',
                        **{f'label_{key}': value for key, value in labels.items()}}, 1))
    return series


SERIES = [
    *node('own', 'aws:///us-east-1a/i-1', 4, 16, pool='own', node_kubernetes_io_instance_type='m5.xlarge'),
    *node('told', 'aws:///us-east-1a/i-2', 4, 16),
    ({'__name__': 'node_total_hourly_cost', 'node': 'told', 'instance': 'told', 'job': 'opencost'}, 0.15),
    *node('offered', 'aws:///us-east-1b/i-3', 4, 16, node_kubernetes_io_instance_type='m5.xlarge',
          karpenter_sh_capacity_type='spot'),
    ({'__name__': 'karpenter_cloudprovider_instance_type_offering_price_estimate', 'instance_type': 'm5.xlarge',
      'capacity_type': 'spot', 'zone': 'us-east-1b', 'job': 'karpenter'}, 0.07),
    *node('listed', 'aws:///us-east-1c/i-4', 4, 15.4, node_kubernetes_io_instance_type='m5.xlarge'),
    *node('bare', 'aws:///us-east-1c/i-5', 4, 16),
    *node('far', 'aws:///ap-south-1a/i-6', 4, 16, node_kubernetes_io_instance_type='m5.xlarge'),
]
EXPECTED = {'own': (0.25, 'user'), 'told': (0.15, 'opencost'), 'offered': (0.07, 'karpenter'),
            'listed': (0.192, 'catalogue'), 'bare': (0.195424, 'shape_fit')}


class Prices(harness.EndToEnd):
    def send(self):
        now = time.time()
        status, body, _ = harness.remote_write(self.url, [(labels, [(now, value)]) for labels, value in SERIES])
        self.assertIn(status, (200, 204), body)

    def send_host(self):
        """Ten minutes of a machine that is half busy, so that there is something to price."""
        now = time.time()
        times = [now - 600 + i * 15 for i in range(41)]
        cpu = [({'__name__': 'node_cpu_seconds_total', 'instance': 'h:9100', 'job': 'node', 'cpu': str(c), 'mode': mode},
                [(t, (t - times[0]) / 2) for t in times]) for c in range(2) for mode in ('user', 'idle')]
        memory = [({'__name__': name, 'instance': 'h:9100', 'job': 'node'}, [(t, value * GIB) for t in times])
                  for name, value in (('node_memory_MemTotal_bytes', 8), ('node_memory_MemAvailable_bytes', 6))]
        status, body, _ = harness.remote_write(self.url, cpu + memory)
        self.assertIn(status, (200, 204), body)

    def reload(self, expect=200):
        status, body, _ = harness.request(f'{self.url}/-/reload', b'', method='POST')
        self.assertEqual(status, expect, body)
        return body

    def prices(self):
        answer = harness.get_json(f'{self.url}/outrider/v1/cost/prices')
        return {one['node']: one for one in answer['nodes']}

    def told(self):
        nodes = self.prices()
        got = {name: (one['dollars_per_hour'], one['source']) for name, one in nodes.items() if 'error' not in one}
        return got if got == EXPECTED else None

    def cli_out(self, *arguments):
        return self.cli(*arguments, '--url', self.url)

    def test_sources(self):
        self.write('prices.yml', PRICES % 0.25)
        self.write('outrider.yml', CONFIG)
        self.start_outrider()
        self.send()
        self.reload()  # the next run prices anew
        harness.wait_for('every source', self.told, seconds=90)
        nodes = self.prices()
        self.assertIn('unknown region "ap-south-1" of aws', nodes['far']['error'])
        for one in nodes.values():
            if 'error' not in one:
                parts = one['cpu_dollars_per_hour'] + one['memory_dollars_per_hour'] + one['gpu_dollars_per_hour']
                self.assertAlmostEqual(parts, one['dollars_per_hour'], places=11)

        metrics = harness.request(f'{self.url}/metrics')[1]
        self.assertIn('outrider_price_dollars_per_hour{capacity_type="on-demand",instance_type="m5.xlarge",provider="aws",'
                      'region="us-east-1",resource="node",source="catalogue"} 0.192', metrics)
        self.assertIn('outrider_priced_nodes{source="none"} 1', metrics)
        harness.wait_for('the windows', lambda: self.query(
            self.url, 'outrider_price_dollars_per_hour{resource="node",source="karpenter"} == 0.07'))

        table = self.cli_out('cost', 'prices')
        self.assertRegex(table, r'offered +m5.xlarge +aws us-east-1 +spot +0.070000 .* karpenter')
        self.assertIn('without a price: far: unknown region', table)
        self.assertRegex(self.cli_out('cost', 'prices', '--instance-type', 'm7i.xlarge', '--spot'), r'0\.094752 .* catalogue')

        self.write('prices.yml', PRICES % 'dear')
        self.assertRegex(self.reload(expect=500), r'prices.yml:1:\d+: node_hour: "dear" is not a decimal number')
        self.write('prices.yml', PRICES % 0.3)
        self.send()
        self.reload()
        harness.wait_for('the new price', lambda: self.prices()['own']['dollars_per_hour'] == 0.3, seconds=30)
        self.assertEqual(self.prices()['listed']['dollars_per_hour'], 0.192)

    def test_what_if(self):
        self.write('prices.yml', '{}\n')
        self.write('outrider.yml', CONFIG)
        self.start_outrider()
        self.send_host()

        def asked():
            answer = harness.get_json(f'{self.url}/outrider/v1/cost/what-if?provider=gcp&spot=0.5')
            return answer if answer['workloads'] else None
        answer = harness.wait_for('a workload', asked, seconds=60)
        self.assertEqual(answer['what_if']['region'], 'us-central1')
        total = answer['now']['dollars_per_month']['total']
        # A machine of two cores and 8 GiB, by the fit to the lists of us-east-1.
        self.assertAlmostEqual(total, round((2 * .035 + 8 * .003464) * 730, 2), places=2)
        self.assertAlmostEqual(total, sum(one['now_dollars_per_month'] for one in answer['workloads']), places=9)
        there = (2 * .031611 + 8 * .004237) * 730 * (.5 + .5 * .24)
        self.assertAlmostEqual(answer['what_if']['dollars_per_month']['total'], round(there, 2), places=2)
        self.assertGreater(answer['what_if']['carbon']['kg_co2e_per_month'], 0)
        table = self.cli_out('cost', 'what-if', '--provider', 'gcp', '--spot', '50%')
        self.assertIn('gcp us-central1', table)
        self.assertIn(f'{total:.2f}', table)
        raw = json.loads(self.cli_out('cost', 'what-if', '--family', 'm7g', '--output', 'json'))
        self.assertIn('m7g.xlarge', raw['what_if']['detail'])
        bad = self.cli('cost', 'what-if', '--provider', 'mars', '--url', self.url, expect=1)
        self.assertIn('known: aws, gcp, azure, on_prem', bad)

    def test_check_config_warns_of_monthly_values(self):
        self.write('default.json', '{"CPU": "1.25", "RAM": "0.004"}')
        config = self.write('outrider.yml', 'cost: {opencost_prices_file: default.json}\n')
        done = subprocess.run([harness.OUTRIDER, 'check', 'config', str(config)], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout + done.stderr, r'default.json:1:9: CPU is 1.25 dollars for a core, which looks monthly')


if __name__ == '__main__':
    unittest.main()
