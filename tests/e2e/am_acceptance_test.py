#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What Alertmanager does, told as stories at relative seconds (am_cases.py), in Debian's prometheus-alertmanager and in
outrider: each notification within its window, with exactly its alerts and their times, and not one more. All stories
run at the same time, each on a route of its own. `am_acceptance_test.py CASE…` runs some of them;
KINDS=outrider leaves the other daemon out."""
import os
import sys
import time
import unittest

import am_cases
import am_world
import harness
from am_world import ALERTMANAGER

TIMES = (('start', 'startsAt'), ('end', 'endsAt'))
TOLERANCE = 0.02  # seconds, of times that were posted
STALL = 0.3  # a story during which the machine stood still for longer is told again if it went wrong
ROUNDS = 3
KINDS = [k for k in am_world.KINDS if k in os.environ.get('KINDS', ' '.join(am_world.KINDS))]


def path_of(case, hook):
    return f'/{am_cases.CASES.index(case)}/{hook}'


def hooks_of(case):
    names = list(case.expect)
    return {name: case.hooks.get(name, {}) for name in names}


def route_of(case):
    route = {'receiver': case.name, 'matchers': [f'case="{case.name}"'], 'group_wait': case.gw,
             'group_interval': case.gi, 'repeat_interval': case.ri, **case.route}
    if case.receivers and case.name not in case.receivers:
        route['receiver'] = next(iter(case.receivers))
    if case.routes:
        route['routes'] = case.routes
    return route


def config_of(cases, world, sink_url):
    config = {'global': am_cases.WORLDS[world][0], 'receivers': [{'name': 'nobody'}], 'inhibit_rules': [],
              'time_intervals': [], 'route': {'receiver': 'nobody', 'routes': []}}
    for case in cases:
        config['route']['routes'].append(route_of(case))
        config['inhibit_rules'] += case.inhibit
        config['time_intervals'] += case.intervals
        hooks = hooks_of(case)
        for name, its in (case.receivers or {case.name: list(hooks)}).items():
            config['receivers'].append({'name': name, 'webhook_configs': [
                {'url': sink_url + path_of(case, hook), **hooks[hook]} for hook in its]})
    return config


def same_time(want, got, start):
    if want is None:
        return True
    if want == 'none':
        return got is None
    want, by = want if isinstance(want, tuple) else (want, TOLERANCE)
    return got is not None and abs(got - start - want) <= by


def same_alert(case, want, got, start):
    return (want['status'] == got['status'] and {'case': case.name, **want['labels']} == got['labels']
            and (want['note'] is None or want['note'] == got['annotations'].get('note'))
            and all(same_time(want[k], am_world.seconds_of(got[name]), start) for k, name in TIMES))


def same_batch(case, want, delivery, start):
    """The alerts of a body are sorted by job, instance and the labels; expectations need not be."""
    left = list(delivery.body['alerts'])
    for alert in want.alerts:
        found = next((a for a in left if same_alert(case, alert, a, start)), None)
        if found is None:
            return False
        left.remove(found)
    return not left and want.begin <= delivery.at - start <= want.end and all(
        delivery.body.get(k) == v for k, v in want.fields.items())


def show(delivery, start):
    alerts = []
    for a in delivery.body['alerts']:
        s, e = am_world.seconds_of(a['startsAt']), am_world.seconds_of(a['endsAt'])
        labels = ' '.join(f'{k}={v}' for k, v in a['labels'].items() if k != 'case')
        alerts.append(f"{a['status']} {labels} {a['annotations'].get('note', '')} {s - start:.3f}.."
                      + ('' if e is None else f'{e - start:.3f}'))
    return f'{delivery.at - start:7.3f}  ' + ' | '.join(alerts)


def judge(case, kind, deliveries, start):
    """-> lines of what is wrong"""
    wrong = []
    for hook, batches in case.expected(kind).items():
        got = [d for d in deliveries if d.path == path_of(case, hook) and d.accepted and d.at - start <= case.until]
        left = list(got)
        for want in sorted(batches, key=lambda b: b.end):
            found = next((d for d in left if same_batch(case, want, d, start)), None)
            if found is None:
                wrong.append(f'{hook}: not there: {want.begin:.2f}-{want.end:.2f} {want.alerts} {want.fields}')
            else:
                left.remove(found)
        wrong += [f'{hook}: not expected: {show(d, start)}' for d in left]
        if wrong:
            wrong += [f'{hook}:   {show(d, start)}' for d in got]
    return wrong


class Acceptance(harness.EndToEnd):
    maxDiff = None
    home = am_world.FAST_HOME

    def start_world(self, world, cases, kind, number):
        flags = am_cases.WORLDS[world][1]
        mine = [c for c in cases if c.world == world and kind not in c.skip]
        if not mine:
            return None, None
        sink = am_world.Collector()
        self.addCleanup(sink.close)
        daemon = am_world.Daemon(self, kind, config_of(mine, world, sink.url), flags, name=f'{kind}-{world}-{number}')
        daemon.world, daemon.cases = world, mine
        daemon.start()
        return daemon, sink

    def tell(self, cases, number):
        """Runs the cases once -> {(case, kind): lines}, and for how long each was held up."""
        worlds = [self.start_world(w, cases, k, number) for w in am_cases.WORLDS for k in KINDS]
        worlds = [(d, s) for d, s in worlds if d]
        script = am_world.Script([d for d, _ in worlds])
        for case in cases:
            for seconds, step in case.steps:
                def call(daemon, start, case=case, step=step):
                    if case in daemon.cases:
                        step(daemon, start, case)
                script.add(seconds, case.name, call)
        pulse = am_world.Pulse()
        start = time.time() + 0.5
        for case in cases:
            for hook, answer in case.answers.items():
                for daemon, sink in worlds:
                    sink.answers[path_of(case, hook)] = lambda n, now, answer=answer: answer(n, now - start)
        script.run(max(c.until for c in cases), head_start=start - time.time())
        start = script.start
        wrong = {}
        for daemon, sink in worlds:
            deliveries = sink.all()
            for case in daemon.cases:
                lines = judge(case, daemon.kind, deliveries, start)
                lines += [text for name, kind, text in script.errors if (name, kind) == (case.name, daemon.kind)]
                if lines:
                    wrong[case.name, daemon.kind] = lines
        held = {c.name: max(script.late[c.name], pulse.worst(start, start + c.until)) for c in cases}
        pulse.close()
        for daemon, _ in worlds:
            daemon.process.stop()
        return wrong, held

    def test_stories(self):
        cases = [c for c in am_cases.CASES if not CHOSEN or c.name in CHOSEN]
        told = len(cases)
        for number in range(ROUNDS):
            wrong, held = self.tell(cases, number)
            shaky = {name for name, _ in wrong if held[name] > STALL}
            firm = {key: lines for key, lines in wrong.items() if key[0] not in shaky}
            for key, lines in firm.items():
                print(f'{key[0]} ({key[1]}), held up {held[key[0]]:.2f} s:\n  ' + '\n  '.join(lines), file=sys.stderr)
            self.assertEqual(sorted(firm), [])
            cases = [c for c in cases if c.name in shaky]
            if not cases:
                break
            print(f'the machine stood still: again {sorted(shaky)}', file=sys.stderr)
        self.assertEqual(cases, [], 'never undisturbed')
        print(f'{told} stories, {len(KINDS)} daemons, {len(CHOSEN) and "chosen" or "all"}')


CHOSEN = [a for a in sys.argv[1:] if not a.startswith('-')]

if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
