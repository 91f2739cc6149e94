#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random routing trees, receivers, inhibition rules, alerts and silences (am_generator.py) in Debian's Alertmanager and
in outrider at the same time: what each webhook was sent, in which order, with which body and when, is equal. Many
worlds run at once in one pair of processes, told apart by a label. SEED=7 WORLDS=40 ROUNDS=10 for others and more;
RESOLVES=all also posts ends of alerts that do not fire, RELOAD=1 reloads both in the middle: both show that Alertmanager
keeps what has ended for half an hour and tells it again. SHRINK=1 makes the first world that differs small."""
import collections
import copy
import json
import os
import sys
import unittest

import am_generator
import am_world
import harness
from am_world import ALERTMANAGER, KINDS, OUTRIDER

SEED = os.environ.get('SEED', '1')
WORLDS = int(os.environ.get('WORLDS', 30))
ROUNDS = int(os.environ.get('ROUNDS', 1))
RESOLVES = os.environ.get('RESOLVES') == 'all'
RELOAD = bool(os.environ.get('RELOAD'))
APART = am_generator.SLOT * 0.45  # seconds between the same notification of both
STALL = 0.06 if RELOAD else 0.12  # beyond this a difference of times or order proves nothing
# Came after 0.25.
NEWER = ('notification_reason', 'routeLabels', 'externalURL')


def config_of(worlds, url):
    config = {'route': {'receiver': 'nobody', 'group_by': ['alertname'], 'routes': []},
              'receivers': [{'name': 'nobody'}], 'inhibit_rules': [], 'time_intervals': am_generator.INTERVALS}
    for world in worlds:
        config['route']['routes'].append(world.route)
        config['inhibit_rules'] += world.inhibit
        for name, hooks in world.receivers:
            config['receivers'].append({'name': name, 'webhook_configs': [
                {'url': f'{url}/{world.name}/{number}', **fields} for number, fields in hooks]})
    return config


def step_of(world, kind, value, ids):
    def call(daemon, _start, now):
        if kind == 'post':
            status, answer = daemon.post_alerts([am_generator.alert_json(world, a, now) for a in value])
            assert status == 200, answer
        elif kind == 'silence':
            number, matchers, begin, end = value
            status, answer = daemon.call('POST', '/api/v2/silences', {
                'matchers': matchers, 'createdBy': 't', 'comment': 'c',
                'startsAt': am_world.rfc3339(now + begin * am_generator.SLOT),
                'endsAt': am_world.rfc3339(now + end * am_generator.SLOT)})
            assert status == 200, answer
            ids[daemon.kind, number] = answer['silenceID']
        elif (daemon.kind, value) in ids:
            daemon.call('DELETE', f'/api/v2/silence/{ids[daemon.kind, value]}')
    return call


def told(deliveries, start):
    """{(path, group key): [(seconds, body)]}"""
    out = collections.defaultdict(list)
    for d in deliveries:
        if d.at - start > am_generator.END or not d.accepted:
            continue
        body = {k: v for k, v in d.body.items() if k not in NEWER}
        out[d.path, d.body['groupKey']].append((d.at - start, body))
    return out


def text_of(seconds, body, start):
    alerts = []
    for a in body['alerts']:
        ends = am_world.seconds_of(a['endsAt'])
        labels = ' '.join(f'{k}={v}' for k, v in a['labels'].items() if k != 'world')
        alerts.append(f"{a['status']}({labels} {a['annotations'].get('note', '')} "
                      f"{am_world.seconds_of(a['startsAt']) - start:.2f}.." + ('' if ends is None else f'{ends - start:.2f}') + ')')
    return f'{seconds:7.3f} ' + ', '.join(alerts)


def differences(ours, theirs, start):
    """-> {world: lines}"""
    found = collections.defaultdict(list)
    for key in sorted(set(ours) | set(theirs)):
        a, b = theirs.get(key, []), ours.get(key, [])
        if len(a) == len(b) and all(x[1] == y[1] and abs(x[0] - y[0]) <= APART for x, y in zip(a, b)):
            continue
        lines = found[key[0].split('/')[1]]
        lines.append(f'webhook {key[0]} group {key[1]}: {len(a)} messages of alertmanager, {len(b)} of outrider')
        same = next((i for i, (x, y) in enumerate(zip(a, b)) if x[1] != y[1] or abs(x[0] - y[0]) > APART),
                    min(len(a), len(b)))
        for name, rows in (('alertmanager', a), ('outrider', b)):  # from the last one that is equal
            lines += [f'  {name:12} {text_of(*row, start)}' for row in rows[max(0, same - 1):same + 3]]
        for x, y in list(zip(a, b))[same:same + 1]:
            lines += [f'  {field}: {value!r} and {y[1].get(field)!r}' for field, value in x[1].items()
                      if field != 'alerts' and value != y[1].get(field)]
    return found


def smaller(world):
    """Versions of a world that lack one event, alert, child route or rule."""
    for i, (_, kind, value) in enumerate(world.events):
        one = copy.deepcopy(world)
        del one.events[i]
        yield one
        if kind == 'post' and len(value) > 1:
            for j in range(len(value)):
                one = copy.deepcopy(world)
                del one.events[i][2][j]
                yield one
    for i in range(len(world.inhibit)):
        one = copy.deepcopy(world)
        del one.inhibit[i]
        yield one
    for i in range(len(world.route.get('routes', []))):
        one = copy.deepcopy(world)
        del one.route['routes'][i]
        yield one


def renamed(world, name):
    text = json.dumps([world.route, world.receivers, world.inhibit, world.events]).replace(f'"{world.name}"', f'"{name}"')
    text = text.replace(f'"{world.name}-', f'"{name}-').replace(f'world=\\"{world.name}\\"', f'world=\\"{name}\\"')
    one = copy.copy(world)
    one.name = name
    one.route, one.receivers, one.inhibit, one.events = json.loads(text)
    return one


class Differential(harness.EndToEnd):
    maxDiff = None
    home = am_world.FAST_HOME

    def setUp(self):
        super().setUp()
        self.number = 0

    def run_worlds(self, worlds):
        """-> ({world: lines}, {world: how long it was held up})"""
        self.number += 1
        sinks, daemons = {}, []
        for kind in KINDS:
            sinks[kind] = am_world.Collector()
            daemons.append(am_world.Daemon(self, kind, config_of(worlds, sinks[kind].url), name=f'{kind}-{self.number}'))
            for world in worlds:
                for hook, count in world.answers.items():
                    sinks[kind].answers[f'/{world.name}/{hook}'] = lambda n, _, count=count: 400 if n < int(count) else 200
        for daemon in daemons:
            daemon.start()
        script, ids = am_world.Script(daemons), collections.defaultdict(dict)
        for world in worlds:
            for slot, kind, value in world.events:
                call = step_of(world, kind, value, ids[world.name])
                script.add(slot * am_generator.SLOT, world.name,
                           lambda d, start, call=call, slot=slot: call(d, start, start + slot * am_generator.SLOT))
        if RELOAD:  # between the instants of events and flushes
            script.add((am_generator.EVENTS // 2 + 0.25) * am_generator.SLOT, 'reload', lambda d, *_: d.reload())
        pulse = am_world.Pulse()
        script.run(am_generator.END)
        start = script.start
        found = differences(*(told(sinks[k].all(), start) for k in (OUTRIDER, ALERTMANAGER)), start)
        for name, kind, text in script.errors:
            found[name].append(f'{kind}: {text}')
        worst = pulse.worst(start, start + am_generator.END)
        pulse.close()
        self.sent = len(sinks[ALERTMANAGER].all())
        for daemon in daemons:
            daemon.process.stop()
        for sink in sinks.values():
            sink.close()
        return found, {w.name: max(worst, script.late[w.name]) for w in worlds}

    def firm(self, worlds):
        """Worlds that differ; those that were held up are run again, fewer at a time."""
        firm, left = {}, worlds
        for _ in range(4):
            found, held = self.run_worlds(left)
            firm.update({name: lines for name, lines in found.items() if held[name] <= STALL})
            left = [w for w in left if w.name in found and held[w.name] > STALL]
            if not left:
                return firm
            print(f'the machine stood still for up to {max(held.values()):.2f} s: {len(left)} worlds again', file=sys.stderr)
        self.fail(f'never undisturbed: {[w.name for w in left]}')

    def shrink(self, world):
        lines = []
        while True:
            tries = [renamed(one, f'{world.name}s{i}') for i, one in enumerate(smaller(world))]
            for begin in range(0, len(tries), 40):
                found = self.firm(tries[begin:begin + 40])
                if found:
                    name = sorted(found)[0]
                    world, lines = next(t for t in tries if t.name == name), found[name]
                    break
            else:
                return world, lines

    def test_worlds(self):
        sent = different = 0
        for number in range(ROUNDS):
            # Once all, to see; what differs then runs again in less of a crowd, and must differ again.
            worlds = [am_generator.make(f'{SEED}.{number}.{i}', f'w{number}x{i}', RESOLVES) for i in range(WORLDS)]
            found = self.firm(worlds)
            sent += self.sent
            again = [w for w in worlds if w.name in found]
            found = self.firm(again) if again else {}
            different += len(found)
            for world in again:
                if world.name not in found:
                    print(f'{world.name} differed once only', file=sys.stderr)
            for name, lines in sorted(found.items()):
                world = next(w for w in worlds if w.name == name)
                if os.environ.get('SHRINK'):
                    world, small = self.shrink(world)
                    lines = small or lines
                print(f'=== world {name} (SEED={SEED})\nroute {json.dumps(world.route)}\nreceivers '
                      f'{json.dumps(world.receivers)}\ninhibit {json.dumps(world.inhibit)}\nanswers {world.answers}\n'
                      + '\n'.join(f'at {s * am_generator.SLOT:.1f} {k} {json.dumps(v)}' for s, k, v in world.events)
                      + '\n' + '\n'.join(lines), file=sys.stderr)
                if os.environ.get('SHRINK'):
                    break
        print(f'{ROUNDS * WORLDS} worlds, {sent} notifications, {different} differ')
        self.assertEqual(different, 0)


if __name__ == '__main__':
    unittest.main()
