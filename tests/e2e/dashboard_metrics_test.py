#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every metric that a Grafana dashboard asks for is one that the sources write, and every dashboard is well formed."""
import json
import re
import unittest

import harness

DASHBOARDS = harness.ROOT / 'deploy/grafana/dashboards'
NAME = re.compile(r'\boutrider_[a-z0-9_]+')


class DashboardMetrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.written = set()
        for top in ('rules', 'notifiers', 'exporter', 'storage'):
            for path in (harness.ROOT / top).rglob('*.cc'):
                cls.written.update(re.findall(r'"(outrider_[a-z0-9_]+)"', path.read_text()))

    def test_metrics_exist(self):
        boards = sorted(DASHBOARDS.glob('*.json'))
        self.assertGreaterEqual(len(boards), 3)
        for board in boards:
            dashboard = json.loads(board.read_text())
            queries = [t['expr'] for p in dashboard['panels'] for t in p['targets']]
            queries += [v['query'] for v in dashboard.get('templating', {}).get('list', []) if v['type'] == 'query']
            self.assertTrue(queries)
            for query in queries:
                names = NAME.findall(query)
                self.assertTrue(names, query)
                for name in names:
                    self.assertIn(name, self.written, f'{board.name}: {query}')

    def test_panels(self):
        for board in DASHBOARDS.glob('*.json'):
            dashboard = json.loads(board.read_text())
            ids = [p['id'] for p in dashboard['panels']]
            self.assertEqual(len(ids), len(set(ids)), board.name)
            taken = set()
            for panel in dashboard['panels']:
                at = panel['gridPos']
                self.assertLessEqual(at['x'] + at['w'], 24)
                cells = {(x, y) for x in range(at['x'], at['x'] + at['w']) for y in range(at['y'], at['y'] + at['h'])}
                self.assertFalse(cells & taken, f"{board.name}: {panel['title']} overlaps")
                taken |= cells


if __name__ == '__main__':
    unittest.main()
