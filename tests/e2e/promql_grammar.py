# SPDX-License-Identifier: Apache-2.0
"""Random PromQL as trees, for comparing two engines. What is left out, and why:

- Prometheus 2.42 does not have what came later (`modern`), and has its own bounds: ranges and subqueries there include
  their left edge. Samples and evaluation times are chosen so that nothing lies on an edge (see EDGE below).
- Comparisons, rounding, topk and the like make a visible difference of one in the last digit. They are given only what
  both engines compute exactly (`exact`): values, minima, counts, sums of eighths.
- topk and bottomk choose freely between equal values: they are given plain selectors, whose values differ.
- 2.42 keeps the name under atan2, has its own mind about predict_linear with @ and about stddev of infinities, takes no
  durations for numbers, stretches rates of counters near zero further, and has scalars beside a range with @ wrong.
- Dates of what is no number are undefined in Go, and timestamp() forgets the offset of a selector with @.
- limitk takes the first series it meets. Native histograms have tests of their own.
"""
import dataclasses

EDGE = 15  # samples lie at 7 s behind multiples of this, evaluations at 5 s; ranges and offsets are multiples of it
LABELS = ('instance', 'job', 'mode', 'le', '__name__')
ARITHMETIC = ('+', '-', '*', '/')
COMPARISONS = ('==', '!=', '<', '<=', '>', '>=')
DURATIONS = ('15s', '1m', '90s', '5m', '10m')


@dataclasses.dataclass
class Node:
    """`kind` is v (vector), s (scalar) or m (range vector); `text` has a {} for each of `kids`."""
    kind: str
    text: str
    kids: list = dataclasses.field(default_factory=list)
    exact: bool = True  # both engines give the same bits

    def __str__(self):
        return self.text.format(*self.kids)

    def descendants(self):
        for kid in self.kids:
            yield kid
            yield from kid.descendants()

    def size(self):
        return 1 + sum(kid.size() for kid in self.kids)


def plain(text):
    """As part of Node.text."""
    return text.replace('{', '{{').replace('}', '}}')


class Grammar:
    def __init__(self, random, modern, moments):
        """`moments`: texts of times for @."""
        self.random, self.modern, self.moments = random, modern, moments
        self.in_subquery = False

    def pick(self, *choices):
        return self.random.choice(choices)

    def expression(self):
        return self.scalar(0) if self.random.random() < 0.1 else self.vector(0)

    # --- leaves

    def selector_text(self):
        return self.pick('gauge', 'requests_total', 'odd', 'latency_bucket', 'gauge{instance="a"}', 'gauge{mode!="x"}',
                         'requests_total{instance=~"a|b"}', '{__name__=~"gauge|requests_total"}',
                         'gauge{missing=""}', 'nothing', 'gauge{mode!~"x.*"}')

    def time_text(self):
        out = self.pick('', '', '', '', ' offset 1m', ' offset -1m', ' offset 5m')
        return self.pick('', '', '', f' @ {self.pick(*self.moments)}', ' @ start()', ' @ end()') + out

    def selector(self):
        extended = self.pick('', '', '', ' smoothed', ' anchored') if self.modern else ''
        return Node('v', plain(self.selector_text()) + extended + self.time_text(), exact=' s' not in extended)

    def matrix(self, depth, exact=False):
        # Of 2.42 a subquery inside another lies on edges: the outer one looks at multiples of its step.
        if depth < 4 and self.random.random() < 0.25 and (self.modern or not self.in_subquery):
            outside, self.in_subquery = self.in_subquery, True
            inner = self.vector(depth + 1, exact)
            self.in_subquery = outside
            # Prometheus 3.14 loses what a subquery with @ gives inside another.
            time = '' if self.in_subquery else self.time_text()
            text = '({})[' + self.pick('5m', '10m', '2m') + ':' + self.pick('', '30s', '1m') + ']' + time
            return Node('m', text, [inner], inner.exact)
        duration = self.pick(*DURATIONS)
        if self.modern and self.random.random() < 0.1:
            duration = self.pick('step() + 1m', '2 * 45s', 'max_of(1m, step())', '(5m - 30s)')
        return Node('m', plain(self.selector_text()) + '[' + duration + ']' + self.time_text())

    # --- scalars

    def scalar(self, depth, exact=False):
        choice = 0 if depth >= 4 else self.random.randrange(8)
        if choice == 1:
            inner = self.vector(depth + 1, exact)
            return Node('s', 'scalar({})', [inner], inner.exact)
        if choice == 2:
            return Node('s', 'time()')
        if choice == 3:
            kids = [self.scalar(depth + 1, exact), self.scalar(depth + 1, exact)]
            return Node('s', '({} ' + self.pick('+', '-', '*') + ' {})', kids, all(k.exact for k in kids))
        if choice == 4 and self.modern:
            return Node('s', self.pick('start()', 'end()', 'step()', 'range()', 'max_of(1, 2.5)', 'min_of(1, time())'))
        return Node('s', self.pick('0', '1', '2.5', '-3', '60', 'Inf', 'NaN', '0.5', '5m' if self.modern else '2'))

    # --- vectors

    def vector(self, depth, exact=False):
        if depth >= 5:
            return self.selector()
        makers = [lambda: self.selector()] * 3 + [
            lambda: self.over_range(depth, exact), lambda: self.over_range(depth, exact),
            lambda: self.aggregate(depth, exact), lambda: self.aggregate(depth, exact),
            lambda: self.binary(depth, exact), lambda: self.binary(depth, exact), lambda: self.sets(depth, exact),
            lambda: self.over_elements(depth, exact), lambda: self.labels(depth, exact)]
        for _ in range(20):
            made = self.random.choice(makers)()
            if made.exact or not exact:
                return made
        return self.selector() if not exact else Node('v', 'gauge')

    def over_range(self, depth, exact):
        functions = ['min', 'max', 'count', 'last', 'present']
        if not exact:
            functions += ['avg', 'sum', 'stddev', 'stdvar']
        functions = [f + '_over_time' for f in functions] + ['changes', 'resets', 'absent_over_time']
        if not exact:
            functions += ['rate', 'increase', 'delta', 'irate', 'idelta', 'deriv', 'quantile', 'predict_linear']
        if self.modern:
            functions += ['first_over_time', 'ts_of_min_over_time', 'ts_of_last_over_time']
            functions += [] if exact else ['mad_over_time', 'extended', 'smoothing']
        function = self.random.choice(functions)
        if function == 'quantile':
            scalar = self.scalar(depth + 1) if self.modern else Node('s', '0.75')
            return Node('v', 'quantile_over_time({}, {})', [scalar, self.matrix(depth + 1)], False)
        if function == 'predict_linear':
            inner = self.matrix(depth + 1) if self.modern else Node('m', 'gauge[5m]')
            return Node('v', 'predict_linear({}, {})', [inner, Node('s', '600')], False)
        if function == 'smoothing':
            return Node('v', 'double_exponential_smoothing({}, 0.5, 0.25)', [self.matrix(depth + 1)], False)
        if function == 'extended':
            text = f'[{self.pick(*DURATIONS)}] {self.pick("anchored", "smoothed")}{self.time_text()})'
            name = self.pick('rate', 'increase', 'delta')
            return Node('v', f'{name}({plain(self.selector_text())}{text}', exact=False)
        if function in ('rate', 'increase') and not self.modern:
            return Node('v', function + '(requests_total[5m]' + self.time_text() + ')', exact=False)
        counting = function in ('changes', 'resets')  # a difference in the last digit is a change
        inner = self.matrix(depth + 1, exact or counting)
        inexact = function.startswith(('avg', 'sum', 'std', 'rate', 'incr', 'delta', 'irate', 'idelta', 'deriv', 'mad'))
        return Node('v', function + '({})', [inner], inner.exact and not inexact)

    def grouping(self):
        label, other = self.pick(*LABELS), self.pick(*LABELS)
        return self.pick('', '', f' by ({label})', f' by ({label}, {other})', f' without ({label})')

    def aggregate(self, depth, exact):
        function = self.pick('sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar', 'topk', 'bottomk',
                             'quantile', 'count_values')
        if function in ('topk', 'bottomk'):
            values = Node('v', self.pick('gauge', 'requests_total', 'gauge{{instance="a"}}'))
            return Node('v', function + self.grouping() + ' ({}, {})', [Node('s', self.pick('1', '2', '0')), values])
        if function == 'count_values':
            return Node('v', 'count_values' + self.grouping() + ' ("v", {})', [self.vector(depth + 1, True)])
        if function == 'quantile':
            kids = [Node('s', self.pick('0.5', '0.9', '0', '1', '-1', 'NaN', '2')), self.vector(depth + 1)]
            return Node('v', 'quantile' + self.grouping() + ' ({}, {})', kids, False)
        inner = self.vector(depth + 1, exact)
        if function.startswith('std') and not self.modern:
            inner = Node('v', 'gauge')
        inexact = function in ('sum', 'avg', 'stddev', 'stdvar')
        return Node('v', function + self.grouping() + ' ({})', [inner], inner.exact and not inexact)

    def matching(self):
        on = f' {self.pick("on", "ignoring")} ({self.pick("instance", "instance, job", "mode", "", "le", "job")})'
        group = self.pick('', '', '', ' group_left ()', ' group_right (extra)', ' group_left (extra)')
        fill = self.pick('', '', '', ' fill (0)', ' fill_left (1)', ' fill_right (-1)') if self.modern else ''
        return self.pick('', on + group + fill, on + group + fill, fill)

    def binary(self, depth, exact):
        comparison = self.random.random() < 0.4
        operator = self.pick(*COMPARISONS) if comparison else self.pick(*ARITHMETIC, *(['atan2'] if self.modern else []))
        if not comparison and self.random.random() < 0.2:
            operator, comparison = self.pick('%', '^'), True  # as touchy
        if operator in COMPARISONS:
            operator += self.pick('', '', ' bool')
        make = lambda: self.vector(depth + 1, exact or comparison)  # noqa: E731
        shape = self.random.randrange(4)
        if shape == 0:
            kids, text = [make(), self.scalar(depth + 1, exact or comparison)], f'({{}} {operator} {{}})'
        elif shape == 1:
            kids, text = [self.scalar(depth + 1, exact or comparison), make()], f'({{}} {operator} {{}})'
        else:
            kids, text = [make(), make()], f'({{}} {operator}{self.matching()} {{}})'
        return Node('v', text, kids, all(k.exact for k in kids) and operator[0] not in '/^a%')

    def sets(self, depth, exact):
        kids = [self.vector(depth + 1, exact), self.vector(depth + 1, exact)]
        on = self.pick('', ' on (instance)', ' ignoring (mode)', ' on ()')
        return Node('v', f'({{}} {self.pick("and", "or", "unless")}{on} {{}})', kids, all(k.exact for k in kids))

    def over_elements(self, depth, exact):
        function = self.pick('abs', 'sgn', 'ceil', 'floor', 'round', 'timestamp', 'absent', '-', '+', 'clamp', 'vector',
                             'exp', 'ln', 'sqrt', 'sin', 'sort', 'sort_desc', 'hour', 'day_of_month', 'year')
        inner = self.vector(depth + 1, True)
        if function in ('hour', 'day_of_month', 'year', 'timestamp'):
            inner = Node('v', 'requests_total' + self.pick('', ' offset 1m', ' @ end()'))
        if function == 'clamp':
            kids = [inner, self.scalar(depth + 1, True), self.scalar(depth + 1, True)]
            return Node('v', 'clamp({}, {}, {})', kids)
        if function == 'vector':
            scalar = self.scalar(depth + 1, exact)
            return Node('v', 'vector({})', [scalar], scalar.exact)
        inexact = function in ('exp', 'ln', 'sqrt', 'sin')
        return Node('v', function + '({})', [inner], not inexact)

    def labels(self, depth, exact):
        choice = self.random.randrange(5 if self.modern else 3)
        inner = self.vector(depth + 1, exact)
        if choice == 0:
            target, source = self.pick('instance', 'extra', 'mode'), self.pick(*LABELS)
            return Node('v', f'label_replace({{}}, "{target}", "x$1", "{source}", "(.+)")', [inner], inner.exact)
        if choice == 1:
            return Node('v', f'label_join({{}}, "{self.pick("extra", "job")}", "-", "instance", "mode")', [inner],
                        inner.exact)
        if choice == 2:
            kids = [Node('s', self.pick('0.5', '0.9', '0', '1', '-1')),
                    Node('v', self.pick('latency_bucket', 'sum by (le) (latency_bucket)', 'rate(latency_bucket[5m])'))]
            return Node('v', 'histogram_quantile({}, {})', kids, False)
        if choice == 3:
            return Node('v', 'info({}' + plain(self.pick('', ', {version=~".+"}', ', {__name__=~".+_info"}')) + ')',
                        [inner], inner.exact)
        return Node('v', f'sort_by_label({{}}, "{self.pick("instance", "mode")}")', [inner], inner.exact)


def smaller(node):
    """Trees with a part less, the smallest first."""
    found = [d for d in node.descendants() if d.kind in 'vs']

    def without(tree):
        for i, kid in enumerate(tree.kids):
            for other in [d for d in kid.descendants() if d.kind == kid.kind] + list(without(kid)):
                yield dataclasses.replace(tree, kids=tree.kids[:i] + [other] + tree.kids[i + 1:])

    return sorted(found + list(without(node)), key=lambda n: n.size())
