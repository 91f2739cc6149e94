# SPDX-License-Identifier: Apache-2.0
"""What peers.py measures. Each measure takes the bench (options, loads) and gives rows of the table; the servers run
one after the other, so that none takes CPU or memory from another."""
import dataclasses
import re
import time

import peer_loads
from peer_servers import fresh

ALL = 'count({job="kubelet"})'  # all series of a load
NAMES = ['container_cpu_usage_seconds_total', 'container_memory_working_set_bytes',
         'container_network_receive_bytes_total', 'http_requests_total', 'http_request_duration_seconds_sum',
         'kube_pod_container_resource_requests', 'go_goroutines', 'process_resident_memory_bytes',
         'node_filesystem_avail_bytes', 'container_fs_writes_bytes_total']
MEASURES = {}


@dataclasses.dataclass
class Row:
    what: str
    values: dict  # of a server's name, or 'floor'
    more_is_better: bool = True


def measure(name):
    def register(function):
        MEASURES[name] = function
        return function
    return register


@dataclasses.dataclass
class Ingested:
    cpu: float       # until all answered a query, without the queries' own
    acked_cpu: float  # until the last request was answered
    query_cpu: float  # of that query
    samples: float
    rss: float       # bytes, at the last request's answer
    rss_before: float  # of the fresh server
    when: float      # s, of the last step


def wait_for_all(server, expected, when, seconds=120):
    """Asks until all series answer -> number of queries."""
    end = time.monotonic() + seconds
    found = None
    for asked in range(1, 1000000):
        found = server.number(ALL, when)
        if found == expected:
            return asked
        if time.monotonic() > end:
            break
        time.sleep(1)
    raise SystemExit(f'{server.name}: {found} of {expected} series answer {seconds} s after the load')


def check_samples(server, expected, when, seconds):
    """Every sample can be read: counted name by name, as no server likes to read them all at once."""
    found = sum(server.number(f'sum(count_over_time({name}[{seconds}s]))', when) for name in NAMES)
    if found != expected:
        raise SystemExit(f'{server.name}: {found:.0f} of {expected:.0f} samples are there')


def ingest(server, loads, series, steps, tool=None, flags=(), check=True, start=None):
    """`steps` steps, by default up to now, into a fresh server, and back by a query."""
    start = start or peer_loads.start_of(steps)
    when = (start + (steps - 1) * peer_loads.STEP_MS) / 1000
    total = series * (steps if '--churn' in flags else 1)
    rss_before, before = server.rss(), server.cpu()
    figures = loads.run(server, tool, *flags, series=series, steps=steps, batch=2000, start_ms=start)
    rss, acked = server.rss(), server.cpu() - before
    asked = wait_for_all(server, total, when)
    until = server.cpu() - before
    query = server.query_cpu(ALL, when, 3)[0]
    if check:
        check_samples(server, figures['samples'], when, steps * peer_loads.STEP_MS // 1000)
    return Ingested(max(acked, until - asked * query), acked, query, figures['samples'], rss, rss_before, when)


def per_server(bench, of, rules='', alone=False):
    """{name: of(fresh server)}, said as it comes. `alone`: without what it computes beside its answers."""
    out = {}
    for name in bench.peers:
        begin = time.monotonic()
        with fresh(name, rules, alone) as server:
            out[name] = of(server)
        bench.say(f'  {name}: {time.monotonic() - begin:.0f} s')
    return out


def write_rows(bench, series, steps):
    what = f'{series:,} series × {steps}'
    got = per_server(bench, lambda server: ingest(server, bench.loads, series, steps))
    rate = {name: one.samples / one.cpu for name, one in got.items()}
    rows = [Row(f'remote write 1.0, {what}: samples per CPU-second until all answer', rate),
            Row('– until all are acknowledged', {n: o.samples / o.acked_cpu for n, o in got.items()}),
            Row('– CPU-s of the query that counts them', {n: o.query_cpu for n, o in got.items()}, False),
            Row(f'resident bytes per series, {what}', {n: o.rss / series for n, o in got.items()}, False)]
    if bench.loads.has_floor:
        floor = rate['floor'] = bench.loads.floor(series, steps)
        rows.insert(1, Row('– share of the floor C', {n: r / floor for n, r in rate.items() if n != 'floor'}))
    return rows


@measure('write')
def write(bench):
    return write_rows(bench, bench.options.series, bench.options.steps)


@measure('write-large')
def write_large(bench):
    return write_rows(bench, bench.options.large_series, bench.options.large_steps)


@measure('write2')
def write2(bench):
    """2.0 against 1.0 of the same generator; the peers' Debian versions do not take 2.0."""
    rate, series, steps = {}, bench.options.series, bench.options.steps
    for version, flags in (('1.0', ()), ('2.0', ('--v2',))):
        with fresh('outrider') as server:
            one = ingest(server, bench.loads, series, steps, 'rwgen', flags)
            rate[version] = one.samples / one.cpu
    return [Row(f'remote write 2.0, {series:,} series × {steps}: samples per CPU-second', {'outrider': rate['2.0']}),
            Row('– 1.0 of the same generator', {'outrider': rate['1.0']}),
            Row('– 2.0 against 1.0', {'outrider': rate['2.0'] / rate['1.0']})]


@measure('churn')
def churn(bench):
    series, steps = bench.options.churn_series, bench.options.churn_steps
    if steps > 15:
        raise SystemExit('--churn-steps: more than 15 would not all be within the 5 minutes a query looks back')
    got = per_server(bench, lambda server: ingest(server, bench.loads, series, steps, 'rwgen', ('--churn',)))
    return [Row(f'new series per CPU-second, {series:,} × {steps}', {n: o.samples / o.cpu for n, o in got.items()}),
            Row('– resident bytes per series', {n: o.rss / o.samples for n, o in got.items()}, False)]


@measure('latency')
def latency(bench):
    options = bench.options
    rules = re.sub(r'interval: \S+', 'interval: 15s', bench.loads.rules(), count=1)
    requests = -(-options.series // 2000)
    step_ms = max(1, round(requests * options.pace_ms / 2))  # two connections: steps as long as they take

    def paced(server):
        ingest(server, bench.loads, options.series, options.steps, check=False)
        steps = max(1, round(options.latency_seconds * 1000 / step_ms))
        before = server.cpu()
        start = int(time.time() * 1000)
        figures = bench.loads.run(server, 'rwgen', series=options.series, steps=steps, batch=2000, start_ms=start,
                                  interval_ms=step_ms, pace_ms=options.pace_ms)
        figures['cpu'] = server.cpu() - before
        if not server.query('ns:cpu:rate5m', time.time()):
            raise SystemExit(f'{server.name} has not evaluated the rules')
        return figures

    names = [name for name in bench.peers if name != 'victoria']  # which has no rules
    got = per_server(dataclasses.replace(bench, peers=names), paced, rules)
    what = f'{2000 / options.pace_ms:.0f} requests of 2,000 samples a second beside rules10.yml every 15 s'
    return [Row(f'{what}: p50, ms', {n: f['p50'] for n, f in got.items()}, False),
            Row('– p99, ms', {n: f['p99'] for n, f in got.items()}, False),
            Row('– longest, ms', {n: f['max'] for n, f in got.items()}, False),
            Row(f'– CPU-s of these {options.latency_seconds} s', {n: f['cpu'] for n, f in got.items()}, False)]


@measure('restart')
def restart(bench):
    series, steps = bench.options.series, bench.options.steps

    def again(server):
        when = ingest(server, bench.loads, series, steps).when
        time.sleep(6)  # VictoriaMetrics keeps no log: what it did not write out in 5 s is lost
        server.kill9()
        begin = time.monotonic()
        ready = server.start()
        cpu = server.cpu()
        wait_for_all(server, series, when, 60)
        return ready, cpu, time.monotonic() - begin

    got = per_server(bench, again)
    what = f'kill -9 with {series:,} series × {steps} in the log to ready'
    return [Row(f'{what}, s', {n: g[0] for n, g in got.items()}, False),
            Row('– CPU-s to ready', {n: g[1] for n, g in got.items()}, False),
            Row('– s until all series answer', {n: g[2] for n, g in got.items()}, False)]


@measure('growth')
def growth(bench):
    """The same server with a tenth of the series. CPU per sample of series that are there already should not depend on
    how many there are; the small server gets ten times the steps, so that both get as many samples. Memory is what the
    first steps added to a fresh server."""
    large, steps = bench.options.growth_series or bench.options.series, bench.options.steps
    small = large // 10

    def of(series, more_steps):
        def run(server):
            start = peer_loads.start_of(steps + more_steps)
            one = ingest(server, bench.loads, series, steps, check=False, start=start)
            more = bench.loads.run(server, series=series, steps=more_steps, batch=2000,
                                   start_ms=start + steps * peer_loads.STEP_MS)
            return more['server_cpu_s'] / more['samples'], (one.rss - one.rss_before) / series
        return run

    at_large, at_small = per_server(bench, of(large, steps)), per_server(bench, of(small, steps * 10))
    what = f'growth, {large:,} against {small:,} series'
    return [Row(f'{what}: CPU per sample, times', {n: at_large[n][0] / at_small[n][0] for n in at_large}, False),
            Row('– memory added per series, times', {n: at_large[n][1] / at_small[n][1] for n in at_large}, False)]


@measure('rules')
def rules_every_second(bench):
    """All ten as rules; a server that cannot keep up evaluates as often as it can. What it does without rules is
    measured too: Outrider computes costs and recommendations of these series."""
    series, steps, seconds = bench.options.series, bench.options.steps, bench.options.rules_seconds
    bench = dataclasses.replace(bench, peers=[n for n in bench.peers if n != 'victoria'])  # which has no rules

    def of(server):
        ingest(server, bench.loads, series, steps, check=False)
        name = 'prometheus_rule_evaluations_total'
        time.sleep(20)  # the load's own maintenance is over
        before, begin, count = server.cpu(), time.monotonic(), server.counter(name)
        time.sleep(seconds)
        done = server.counter(name) - count
        wall = time.monotonic() - begin
        return (server.cpu() - before) / wall, done / wall, server.rss()

    with_rules, without = per_server(bench, of, bench.loads.rules()), per_server(bench, of)
    for name, (_, rate, _) in with_rules.items():
        if rate < 0.1:
            raise SystemExit(f'{name} has not evaluated the rules')
    return [Row(f'rules10.yml every second, {series:,} series × {steps}: CPU per evaluation of a rule, ms',
                {n: 1000 * (cpu - without[n][0]) / rate for n, (cpu, rate, _) in with_rules.items()}, False),
            Row('– with all that the server does beside', {n: 1000 * g[0] / g[1] for n, g in with_rules.items()}, False),
            Row('– evaluations per second', {n: g[1] for n, g in with_rules.items()}),
            Row('– resident bytes per series meanwhile', {n: g[2] / series for n, g in with_rules.items()}, False),
            Row('– without rules', {n: g[2] / series for n, g in without.items()}, False)]


FOURS = 3977  # (container, namespace) pairs of the loads: 97 times 41


def small_rules(count, groups, interval):
    """Alert rules about the four or five series that a container of a namespace has of one name, when six names share
    100,000 series: half of them look at values, half at rates."""
    def rule(i):
        selector = f'{NAMES[i // FOURS]}{{container="app-{i % 97}", namespace="namespace-{i % 41}"}}'
        expr = f'rate({selector}[5m])' if i % 2 else selector
        return (f"  - {{alert: A{i}, expr: '{expr} > 1e12', for: 5m, labels: {{severity: page}}, "
                "annotations: {summary: '{{ $labels.pod }}: {{ $value }}'}}\n")

    return 'groups:\n' + ''.join(
        f'- name: g{g}\n  interval: {interval}\n  rules:\n' +
        ''.join(rule(i) for i in range(g * count // groups, (g + 1) * count // groups)) for g in range(groups))


def evaluated(bench, rules, seconds, live, alone):
    """-> of each server without VictoriaMetrics: CPU-seconds a second, evaluations a second, of which CPU of the same
    server without rules, quantile .99 of the lag. `live`: samples keep coming."""
    bench = dataclasses.replace(bench, peers=[n for n in bench.peers if n != 'victoria'])

    def of(server):
        bench.loads.run(server, 'rwgen', '--names', '6', series=100_000, steps=20, batch=2000,
                        start_ms=peer_loads.start_of(20))
        name = 'prometheus_rule_evaluations_total'
        time.sleep(20)
        before, begin, count = server.cpu_exact(), time.monotonic(), server.counter(name)
        if live:
            bench.loads.run(server, 'rwgen', '--names', '6', series=100_000, steps=seconds // 15, batch=2000,
                            start_ms=int(time.time() * 1000), pace_ms=590)
        time.sleep(max(0, seconds - (time.monotonic() - begin)))
        done, wall = server.counter(name) - count, time.monotonic() - begin
        return (server.cpu_exact() - before) / wall, done / wall, server.lag()

    return per_server(bench, of, rules, alone), per_server(bench, of, alone=alone)


@measure('small-rules')
def five_hundred_rules(bench):
    seconds = bench.options.rules_seconds
    with_rules, without = evaluated(bench, small_rules(500, 1, '1s'), seconds, live=False, alone=True)
    return [Row('500 alert rules of 4 to 5 series each, every second: CPU per evaluation, µs',
                {n: 1e6 * (cpu - without[n][0]) / rate for n, (cpu, rate, _) in with_rules.items()}, False),
            Row('– evaluations per second', {n: g[1] for n, g in with_rules.items()})]


@measure('many-rules')
def ten_thousand_rules(bench):
    with_rules, without = evaluated(bench, small_rules(10_000, 500, '15s'), 90, live=True, alone=False)
    return [Row('10,000 rules in 500 groups every 15 s while 6,800 samples a second come: cores',
                {n: g[0] for n, g in with_rules.items()}, False),
            Row('– without rules', {n: g[0] for n, g in without.items()}, False),
            Row('– evaluations per second', {n: g[1] for n, g in with_rules.items()}),
            Row('– lag of a group behind the time it was due, quantile 0.99, ms',
                {n: 1000 * g[2] for n, g in with_rules.items() if g[2] is not None}, False)]


@measure('range')
def range_query(bench):
    """An hour of one metric's rates."""
    series, steps = 10_000, 260
    expr = f'sum by (namespace) (rate({NAMES[0]}[5m]))'

    def of(server):
        start = peer_loads.start_of(steps)
        bench.loads.run(server, 'rwgen', '--names', '1', series=series, steps=steps, batch=2000, start_ms=start)
        end = (start + (steps - 1) * peer_loads.STEP_MS) / 1000
        begin = server.cpu_exact()
        body, peak = server.peak_rss(lambda: server.range_query(expr, end - 3600, end, 15))
        first = server.cpu_exact() - begin
        before, times = server.cpu(), 10
        for i in range(times):
            server.range_query(expr, end - 3600 + i / 1000, end, 15)
        return (server.cpu() - before) / times, peak, len(body), first

    got = per_server(bench, of, alone=True)
    return [Row(f'`{expr}` over {series:,} series, 1 h at 15 s: CPU, ms', {n: g[0] * 1000 for n, g in got.items()}, False),
            Row('– the first time', {n: g[3] * 1000 for n, g in got.items()}, False),
            Row('– resident memory that the first added at its peak, MB', {n: g[1] / 1e6 for n, g in got.items()}, False),
            Row('– its answer, MB', {n: g[2] / 1e6 for n, g in got.items()}, False)]


@measure('trivial')
def trivial(bench):
    got = per_server(bench, lambda server: server.query_cpu('1+1', time.time(), 5000)[0], alone=True)
    return [Row('`1+1`: CPU with HTTP, ms', {n: g * 1000 for n, g in got.items()}, False)]


@measure('queries')
def queries(bench):
    series, steps = bench.options.series, bench.options.steps
    rules = re.findall(r"(?:record|alert): ([\w:]+), expr: '([^']*)'", bench.loads.rules())

    def ask(server):
        when = ingest(server, bench.loads, series, steps, check=False).when
        cost, first = {}, {}
        for name, expr in rules + [('all', 'count({__name__=~".+"})')]:
            cost[name], first[name], found = server.query_cpu(expr, when)
            bench.say(f'  {server.name}: {name}: {cost[name] * 1000:.1f} ms, {found} series')
        cost['first'] = sum(first[name] for name, _ in rules)
        cost['rss'] = server.rss() / series
        return cost

    got = per_server(bench, ask, alone=True)
    rows = [Row(f'{name}: CPU, ms', {n: c[name] * 1000 for n, c in got.items()}, False) for name, _ in rules]
    total = {n: 1000 * sum(c[name] for name, _ in rules) for n, c in got.items()}
    return [Row(f'the {len(rules)} expressions of rules10.yml, {series:,} series × {steps}: CPU, ms', total, False),
            Row('– each for the first time', {n: 1000 * c['first'] for n, c in got.items()}, False),
            *rows,
            Row('`count({__name__=~".+"})`: CPU, ms', {n: c['all'] * 1000 for n, c in got.items()}, False),
            Row('resident bytes per series right after these', {n: c['rss'] for n, c in got.items()}, False)]
