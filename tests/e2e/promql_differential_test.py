#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same series in Outrider and in Prometheus, by remote write; then random expressions to both, as instant and as
range queries. Any difference is made as small as it gets and printed. PROMETHEUS names another binary than Debian's,
SECONDS how long to go on (20), SEED where to begin."""
import http.client
import itertools
import json
import math
import os
import random
import shutil
import subprocess
import time
import unittest
import urllib.parse

import harness
import promql_grammar
import wire

PROMETHEUS = os.environ.get('PROMETHEUS', 'prometheus')
SECONDS = float(os.environ.get('SECONDS', '20'))
SEED = int(os.environ.get('SEED', '20261125'))
FEATURES = 'promql-experimental-functions,promql-extended-range-selectors,promql-binop-fill-modifiers'
SPAN = 2400  # seconds of samples
SHOWN = 5    # differences that are made small and printed


def version():
    said = subprocess.run([PROMETHEUS, '--version'], capture_output=True, text=True)
    return (said.stdout + said.stderr).split(' version ')[1].split(' ')[0]


def series_from(rng, start):
    """Samples lie 7 s behind multiples of EDGE, so that no evaluation or range ends on one."""
    step = promql_grammar.EDGE

    def times(gaps=True):
        at = start + 7 + step * rng.randrange(10)
        while at < start + SPAN:
            yield at * 1000
            at += step * (rng.choice((1, 1, 1, 1, 1, 1, 2, 5, 30)) if gaps and rng.random() < 0.1 else 1)

    def with_stale(samples):
        return [(t, wire.STALE if rng.random() < 0.02 else v) for t, v in samples]

    def counter(instance, mode):
        value, samples = 1e6 + rng.randrange(100000), []
        for t in times():
            # A reset leaves much: 2.42 stretches a rate towards zero in its own way.
            value = value // 2 if rng.random() < 0.03 else value + rng.randrange(0, 400)
            samples.append((t, value + 0.0))
        return {'__name__': 'requests_total', 'instance': instance, 'job': 'j', 'mode': mode}, samples

    def gauge(name, instance, mode, odd):
        samples = []
        for t in times():
            value = rng.randrange(-80000, 80000) / 8
            if odd:
                value = rng.choice((value, value, value, 0.0, -0.0, math.inf, -math.inf, wire.NAN))
            samples.append((t, value))
        return {'__name__': name, 'instance': instance, 'job': 'j', 'mode': mode}, samples

    for instance, mode in itertools.product('abc', ('x', 'y')):
        for labels, samples in (counter(instance, mode), gauge('gauge', instance, mode, False)):
            yield labels, with_stale(samples)
    for instance in 'ab':
        yield gauge('odd', instance, 'x', True)
        info = {'__name__': 'target_info', 'instance': instance, 'job': 'j', 'version': '1.' + instance}
        yield info, [(t, 1.0) for t in times()]
        common = list(times(gaps=False))
        counts = [100000] * 4  # far from zero, for the same reason
        rows = [[] for _ in counts]
        for t in common:
            for i in range(rng.randrange(4), 4):
                counts[i] += rng.randrange(5)
            for i, total in enumerate(itertools.accumulate(counts)):
                rows[i].append((t, total + 0.0))
        for le, row in zip(('0.1', '0.5', '1', '+Inf'), rows):
            yield {'__name__': 'latency_bucket', 'instance': instance, 'job': 'j', 'le': le}, row


class Server:
    def __init__(self, url):
        self.connection = http.client.HTTPConnection(url.removeprefix('http://'), timeout=60)

    def ask(self, path, parameters):
        body = urllib.parse.urlencode(parameters)
        self.connection.request('POST', path, body, {'Content-Type': 'application/x-www-form-urlencoded'})
        answer = json.loads(self.connection.getresponse().read())
        if answer['status'] != 'success':
            return 'error', answer['error']
        data = answer['data']
        if data['resultType'] == 'scalar':
            return 'scalar', {(): float(data['result'][1])}
        rows = {}
        for row in data['result']:
            labels = tuple(sorted(row['metric'].items()))
            for t, v in row.get('values') or [row['value']]:
                rows[labels, t] = float(v)
        return data['resultType'], rows


def close(a, b):
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or math.isclose(a, b, rel_tol=1e-7, abs_tol=1e-6)


def difference(here, there, texts):
    """"" or how two answers differ."""
    if not texts and here[0] == 'error' and 'multiple matches for labels' in here[1]:
        return ''  # 2.42 looks at what a comparison leaves
    if here[0] != there[0]:
        return f'{here} and {there}'[:600]
    if here[0] == 'error':
        # Which of several duplicates or labels is named is free.
        same = here[1].split(':')[0].split('{')[0] == there[1].split(':')[0].split('{')[0]
        return '' if same or not texts else f'{here[1]} and {there[1]}'
    for key in sorted(here[1].keys() ^ there[1].keys(), key=str):
        return f'only one has {key}: {here[1].get(key)} and {there[1].get(key)}'
    for key, value in here[1].items():
        if not texts and math.isinf(value) and math.isnan(there[1][key]):
            continue  # 2.42 loses a compensated sum that overflows
        if not close(value, there[1][key]):
            return f'{key}: {value} and {there[1][key]}'
    return ''


@unittest.skipIf(shutil.which(PROMETHEUS) is None, 'there is no prometheus here')
class Differential(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.version = version()
        self.modern = not self.version.startswith('2.')

    def start_both(self, *features):
        flags = [f'--enable-feature={name}' for name in features]
        self.write('outrider.yml', 'global: {evaluation_interval: 1m}\nanalytics: {interval: 1h}\n')
        self.start_outrider('outrider.yml', *flags)
        port = harness.free_port()
        self.write('prometheus.yml', 'global: {evaluation_interval: 1m}\n')
        self.start('prometheus', [PROMETHEUS, '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb',
                                  '--web.enable-remote-write-receiver', f'--web.listen-address=127.0.0.1:{port}',
                                  *flags])
        peer = f'http://127.0.0.1:{port}'
        harness.wait_for('Prometheus to be ready', lambda: harness.request(peer + '/-/ready')[0] == 200, 30)
        return peer

    def send(self, peer, rng, start):
        rows = [wire.Series(labels=sorted(labels.items()), samples=samples)
                for labels, samples in series_from(rng, start)]
        for url in (self.url, peer):
            sender = wire.Sender(url)
            status, said, _ = sender.write('v1', rows)
            sender.close()
            self.assertIn(status, (200, 204), f'{url}: {said}')

    def questions(self, expression, rng, start):
        """Instant and range: (path, parameters)."""
        at = start + 5 + promql_grammar.EDGE * rng.randrange(SPAN // promql_grammar.EDGE + 20)
        begin = start + 5 + promql_grammar.EDGE * rng.randrange(60)
        step = rng.choice((15, 30, 60, 75))
        yield '/api/v1/query', {'query': expression, 'time': at}
        yield '/api/v1/query_range', {'query': expression, 'start': begin, 'end': begin + step * 20, 'step': step}

    def compare(self, *features):
        rng = random.Random(SEED)
        start = (int(time.time()) - SPAN - 300) // 300 * 300
        peer = self.start_both(*features)
        self.send(peer, rng, start)
        here, there = Server(self.url), Server(peer)
        self.addCleanup(here.connection.close)
        self.addCleanup(there.connection.close)
        moments = [str(start + 5 + promql_grammar.EDGE * n) for n in (20, 60, 100)]
        grammar = promql_grammar.Grammar(rng, self.modern, moments)

        def differ(path, parameters, tree):
            asked = {**parameters, 'query': str(tree)}
            return difference(here.ask(path, asked), there.ask(path, asked), self.modern)

        end = time.monotonic() + SECONDS
        asked, answered, found = 0, 0, []
        while time.monotonic() < end and len(found) < SHOWN:
            tree = grammar.expression()
            for path, parameters in self.questions(str(tree), rng, start):
                asked += 1
                mine = here.ask(path, parameters)
                answered += mine[0] != 'error' and bool(mine[1])
                if not difference(mine, there.ask(path, parameters), self.modern):
                    continue
                small = tree
                while better := next((t for t in promql_grammar.smaller(small) if differ(path, parameters, t)), None):
                    small = better
                found.append(f'{small}\n  {({**parameters, "query": ""})}\n  {differ(path, parameters, small)}')
        print(f'Prometheus {self.version}: {asked} questions, {answered} with an answer, {len(found)} differences')
        self.assertEqual(found, [], '\n' + '\n'.join(found))
        self.assertGreater(answered, 0.3 * asked)
        return peer

    def test_random_expressions(self):
        self.compare(*([FEATURES] if self.modern else []))

    def test_random_expressions_with_delayed_name_removal(self):
        if not self.modern:
            self.skipTest('Prometheus 2 does not have it')
        self.compare(FEATURES + ',promql-delayed-name-removal')


if __name__ == '__main__':
    unittest.main()
