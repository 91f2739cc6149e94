# SPDX-License-Identifier: Apache-2.0
"""Random rule files and unit tests of them, whose expectations are empty, so that a run prints everything that came.
Values are small halves, so that no sum depends on its order. For promtool before 3.0 (`modern` false) no range ends on
a sample and no gap is as long as the lookback, because 3.0 made both open on the left; fields and functions that came
later stay away."""
import random

LABELS = {'job': ['api', 'db', 'web'], 'instance': ['a', 'b', 'c'], 'zone': ['x', 'y']}
SEVERITY = '{{ if gt $value 2.0 }}high{{ else }}low{{ end }}'
ANNOTATIONS = [
    '{{ $labels.job }} is {{ $value }}',
    '{{ $labels }}',
    '{{ .ExternalLabels.cluster }} {{ $value | humanize }}',
    '{{ range query "sum by (instance) (m)" | sortByLabel "instance" }}{{ .Labels.instance }}={{ .Value }} {{ end }}',
    '{{ $value }} {{ $externalLabels.cluster }}',
]


class Generator:
    def __init__(self, seed, modern):
        self.random = random.Random(seed)
        self.modern = modern

    def pick(self, *choices):
        return self.random.choice(choices)

    def number(self):
        return self.pick('0', '1', '2', '3', '0.5', '1.5', '7', '10')

    def labels(self):
        return {k: self.random.choice(v) for k, v in LABELS.items() if self.random.random() < 0.7}

    def values(self, count):
        parts, length = [], 0
        while length < count:
            kind = self.random.random()
            n = self.random.randint(1, 6)
            if kind < 0.4:
                parts.append(f'{self.number()}{self.pick("+", "-")}{self.number()}x{n}')
                length += n + 1
            elif kind < 0.7:
                parts.append(f'{self.number()}x{n}')
                length += n + 1
            elif kind < 0.85:
                gap = self.random.randint(1, 8 if self.modern else 3)
                parts += [f'_x{gap}', self.number()]
                length += gap + 1
            elif kind < 0.92:
                parts.append('stale')
                length += 1
            else:
                parts.append(self.pick('NaN', 'Inf', '-Inf', '1e3', '-2'))
                length += 1
        return ' '.join(parts)

    def histogram(self):
        counts = [self.random.randint(0, 4) for _ in range(self.random.randint(1, 4))]
        zero = self.random.randint(0, 2)
        return (f'{{{{schema:{self.pick(0, 0, 1)} count:{sum(counts) + zero} sum:{self.number()} z_bucket:{zero} '
                f'z_bucket_w:0.5 offset:{self.pick(0, 0, 1)} buckets:[{" ".join(map(str, counts))}]}}}}')

    def histograms(self, count):
        """Sequences of native histograms, for a promtool that knows them. No stale markers: promtool 3.14 loses one
        that comes in another step than the histogram before it."""
        parts, length = [], 0
        while length < count:
            n = self.random.randint(1, 8)
            one = self.histogram()
            parts.append(self.pick(f'{one}x{n}', f'{one}+{one}x{n}', one, '_', self.number()))
            length += n + 1
        return ' '.join(parts)

    def histogram_expr(self):
        h = self.pick('h', 'h{job="api"}')
        return self.pick(
            h, f'sum by (job) ({h})', f'round(histogram_quantile(0.5, {h}), 0.001)', f'histogram_count({h})', f'{h} * 2',
            f'increase({h}[{self.window()}])', f'sum({h}) + sum({h})', f'{h} or m', f'-{h}', f'last_over_time({h}[2m])',
            f'round(histogram_fraction(0, 1, {h}), 0.001)', f'count({h})', f'avg({h})', f'{h} == {h}')

    def selector(self):
        name = self.pick('m', 'n', 'm', 'n', 'r:one', 'r:two')
        if self.random.random() < 0.5:
            return name
        key = self.random.choice(list(LABELS))
        value = self.random.choice(LABELS[key])
        return name + self.pick(f'{{{key}="{value}"}}', f'{{{key}!="{value}"}}', f'{{{key}=~"{value}|a"}}',
                                f'{{{key}=""}}')

    def window(self):
        return self.pick('5m', '2m', '3m', '10m') if self.modern else self.pick('290s', '110s', '170s')

    def vector(self, depth):
        if self.modern and self.random.random() < 0.15:
            return self.histogram_expr()
        if depth == 0:
            return self.selector()
        kind = self.random.randint(0, 8)
        inner = self.vector(depth - 1)
        if kind <= 1:
            by = self.pick('by (job)', 'by (job, zone)', 'without (instance)', '')
            return f'{self.pick("sum", "max", "min", "count", "group")} {by} ({inner})'
        if kind == 2:
            function = self.pick('sum_over_time', 'max_over_time', 'count_over_time', 'changes', 'last_over_time')
            return f'{function}({self.selector()}[{self.window()}])'
        if kind == 3:
            return f'({inner}) {self.pick("+", "*", "-")} {self.number()}'
        if kind == 4:
            return f'({inner}) {self.pick("and", "or", "unless")} ({self.vector(depth - 1)})'
        if kind == 5:
            return f'{self.pick("abs", "-", "floor", "timestamp")}({inner})'
        if kind == 6:
            return self.pick(f'vector({self.number()})', f'absent({self.selector()})', 'vector(time())',
                             self.selector() + ' offset 1m')
        if kind == 7:
            return f'({inner}) {self.pick(">", "<", "==", "!=", ">= bool")} {self.number()}'
        return f'max by (job) ({inner}) / on (job) sum by (job) ({self.vector(depth - 1)})'

    def rules(self):
        groups = []
        for g in range(self.random.randint(1, 3)):
            rules = []
            for r in range(self.random.randint(1, 4)):
                if self.random.random() < 0.4:
                    rule = {'record': self.pick('r:one', 'r:two', 'r:three'), 'expr': self.vector(2)}
                    if self.random.random() < 0.3:
                        rule['labels'] = {'zone': self.pick('x', 'z')}
                else:
                    rule = {'alert': self.pick('One', 'Two', 'Three'), 'expr': self.vector(2)}
                    if self.random.random() < 0.6:
                        rule['for'] = self.pick('1m', '2m', '90s', '5m')
                    if self.random.random() < 0.3:
                        rule['keep_firing_for'] = self.pick('1m', '3m')
                    if self.random.random() < 0.6:
                        rule['labels'] = {'severity': self.pick('page', SEVERITY)}
                    if self.random.random() < 0.7:
                        rule['annotations'] = {'a': self.pick(*ANNOTATIONS), 'empty': ''}
                rules.append(rule)
            group = {'name': f'g{g}', 'rules': rules}
            if self.random.random() < 0.3:
                group['interval'] = '7m'  # unit tests do not look at it
            if self.modern and self.random.random() < 0.3:
                group['query_offset'] = '1m'
            if self.modern and self.random.random() < 0.3:
                group['labels'] = {'team': 't'}
            groups.append(group)
        return {'groups': groups}

    def test(self, rule_file):
        tests = []
        for t in range(self.random.randint(1, 3)):
            series = {}
            for _ in range(self.random.randint(1, 6)):
                labels = ', '.join(f'{k}="{v}"' for k, v in sorted(self.labels().items()))
                series[f'{self.pick("m", "n")}{{{labels}}}'] = self.values(40)
            if self.modern:
                for job in ('api', 'db'):
                    series[f'h{{job="{job}"}}'] = self.histograms(40)
            test = {'interval': self.pick('1m', '30s', '1m'),
                    'input_series': [{'series': s, 'values': v} for s, v in series.items()]}
            if self.random.random() < 0.5:
                test['name'] = f'test {t}'
            if self.random.random() < 0.5:
                test['external_labels'] = {'cluster': 'c1'}
            times = [f'{self.random.randint(0, 14)}m', f'{self.random.randint(0, 14)}m',
                     f'{self.random.randint(0, 800)}s']
            test['alert_rule_test'] = [{'eval_time': self.random.choice(times), 'alertname': name, 'exp_alerts': []}
                                       for name in ('One', 'Two', 'Three')]
            exprs = ['{__name__=~"r:.*"}', 'ALERTS', 'ALERTS_FOR_STATE'] + [self.vector(2) for _ in range(3)]
            # The two versions of Prometheus differ where a query looks exactly one lookback back.
            test['promql_expr_test'] = [{'eval_time': self.pick(*times) if self.modern else '14m', 'expr': e,
                                         'exp_samples': []} for e in exprs]
            if self.modern and self.random.random() < 0.3:
                test['start_timestamp'] = '2024-01-01T00:00:00Z'
            tests.append(test)
        return {'rule_files': [rule_file], 'evaluation_interval': self.pick('1m', '30s', '2m'),
                'group_eval_order': ['g0', 'g1', 'g2'], 'tests': tests}
