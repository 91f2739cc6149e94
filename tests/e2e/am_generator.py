# SPDX-License-Identifier: Apache-2.0
"""Random worlds for am_differential_test.py: a routing tree with its receivers, inhibition rules and what happens, all
from a seed. What happens does so at multiples of SLOT; group_wait is an odd multiple of half a slot, group_interval a
multiple of a slot and repeat_interval an odd multiple of half a slot, so that flushes and events are never closer
than half a slot and neither daemon is asked what a race decides."""
import dataclasses
import random

from am_world import rfc3339

SLOT = 0.4  # seconds
EVENTS = 24  # slots in which something may happen
END = (EVENTS + 8) * SLOT
VALUES = ('x', 'y')
LABELS = ('alertname', 'a', 'b')
INTERVALS = [{'name': 'always', 'time_intervals': [{'weekdays': ['sunday:saturday']}]},
             {'name': 'never', 'time_intervals': [{'years': ['1999']}]}]


def milliseconds(slots):
    return f'{round(slots * SLOT * 1000)}ms'


@dataclasses.dataclass
class World:
    name: str
    seed: str
    anchored: bool  # an alert that never ends keeps every group from becoming empty
    route: dict = None
    receivers: list = None  # [(name, [fields of a webhook])]
    inhibit: list = None
    answers: dict = None  # webhook number -> how many first tries get a 400
    events: list = None  # (slot, kind, value)


@dataclasses.dataclass
class Stored:
    """What is kept of an alert, in seconds of the world."""
    start: float
    end: float
    timeout: bool
    first: int  # slot of its first post


def merged(old, new, now):
    if old is None or not (old.start < new.end < old.end or old.start < new.start < old.end):
        return new
    out = dataclasses.replace(new, start=min(old.start, new.start))
    if new.end <= now:
        out.end = max(old.end, new.end) if old.end <= now else new.end
    elif old.end > new.end and not old.timeout:
        out.end = old.end
    return out


class Maker:
    """`all_ends`: also ends of alerts that do not fire, and alerts that fire again with a start before their end:
    Alertmanager keeps what has ended for half an hour, outrider until it is told."""

    def __init__(self, seed, name, all_ends):
        self.random, self.all_ends = random.Random(seed), all_ends
        self.world = World(name, seed, self.random.random() < 0.6)
        self.hooks = 0

    def chance(self, p):
        return self.random.random() < p

    def matcher(self):
        label, value = self.random.choice(LABELS), self.random.choice(VALUES)
        return self.random.choice([f'{label}="{value}"', f'{label}="{value}"', f'{label}!="{value}"',
                                   f'{label}=~"{value}|z"', f'{label}!~"{value}.*"', f'{label}=""', f'{label}!=""'])

    def matchers(self, most=2):
        return [self.matcher() for _ in range(self.random.randint(1, most))]

    def timing(self, route, p):
        if self.chance(p):
            route['group_wait'] = milliseconds(self.random.choice([0.5, 1.5, 2.5]))
        if self.chance(p):
            route['group_interval'] = milliseconds(self.random.choice([2, 3, 4]))
        if self.chance(p):
            route['repeat_interval'] = '1h' if self.chance(0.6) else milliseconds(self.random.choice([0.5, 3.5, 6.5, 8.5]))

    def group_by(self, route):
        if not self.world.anchored and self.chance(0.3):
            route['group_by'] = ['...']
        else:
            route['group_by'] = self.random.sample(LABELS, self.random.randint(1, 3))

    def receiver(self):
        hooks = []
        for _ in range(1 if self.chance(0.6) else 2):
            fields = {'send_resolved': self.chance(0.7)}
            if self.chance(0.15):
                fields['max_alerts'] = self.random.randint(1, 3)
            if self.chance(0.15):
                self.world.answers[self.hooks] = self.random.randint(1, 3)
            hooks.append((self.hooks, fields))
            self.hooks += 1
        name = f'{self.world.name}-{len(self.world.receivers)}'
        self.world.receivers.append((name, hooks))
        return name

    def child(self, depth):
        route = {'matchers': self.matchers()}
        if self.chance(0.8):
            route['receiver'] = self.receiver()
        if self.chance(0.4):
            route['continue'] = True
        if self.chance(0.4):
            self.group_by(route)
        self.timing(route, 0.3)
        if self.chance(0.15):
            route['mute_time_intervals'] = [self.random.choice(['always', 'never'])]
        if self.chance(0.15):
            route['active_time_intervals'] = [self.random.choice(['always', 'never'])]
        if depth and self.chance(0.5):
            route['routes'] = [self.child(depth - 1) for _ in range(self.random.randint(1, 2))]
        return route

    def tree(self):
        root = {'matchers': [f'world="{self.world.name}"'], 'receiver': self.receiver()}
        self.timing(root, 1)
        self.group_by(root)
        root['routes'] = [self.child(1) for _ in range(self.random.randint(0, 3))]
        return root

    def rule(self):
        mine = f'world="{self.world.name}"'
        equal = ['world', *self.random.sample(LABELS, self.random.randint(0, 2))]
        return {'source_matchers': [mine, *self.matchers()], 'target_matchers': [mine, *self.matchers()], 'equal': equal}

    # --- what happens

    def labels(self):
        labels = {'alertname': self.random.choice(VALUES), 'a': self.random.choice(VALUES)}
        if self.chance(0.8):
            labels['b'] = self.random.choice(VALUES)
        if self.world.anchored and self.chance(0.3):
            labels['n'] = str(self.random.randint(0, 2))
        if self.chance(0.1):
            labels['instance'] = self.random.choice(VALUES)
        return labels

    def anchors(self):
        return [{'labels': {'alertname': n, 'a': a, **({'b': b} if b else {}), 'anchor': '1'}, 'start': 0.0}
                for n in VALUES for a in VALUES for b in ('', *VALUES)]

    def fire(self, slot, known):
        """One alert of a body: new, again, with another start or end, or ended. `known`: what is stored of each."""
        if known and self.chance(0.55):
            key = self.random.choice(list(known))
        else:
            key = tuple(sorted(self.labels().items()))
        now, old = slot * SLOT, known.get(key)
        # Without an anchor a group may become empty, which 0.25 notices every 30 s only: nothing fires after an end.
        ending = not self.world.anchored and slot >= EVENTS // 2
        if ending and not (old and old.end > now + 0.01):
            return None
        first = old.first if old else slot
        one = {'labels': dict(key), 'start': 0.0}
        if self.chance(0.5):
            one['note'] = str(self.random.randint(0, 9))
        # 0.25 flushes a group at once that has not been yet when an alert older than group_wait joins it.
        if slot - first >= 5 and self.chance(0.4) and (self.all_ends or old.end > now + 0.01):
            one['start'] = -self.random.choice([0.5, 1.5, 3.5]) * SLOT
        roll = self.random.random()
        may_end = old and (self.all_ends or old.end > now + 0.01) and (self.world.anchored or ending)
        if ending or may_end and roll < 0.4:
            one['end'] = self.random.choice([0.0, -0.1])
            earlier = self.random.choice([0, 1, 2]) if slot - first >= 5 else 0
            one['start'] = min(one['start'], one['end'] - 0.01 - earlier)
        elif roll < 0.55:
            one['end'] = self.random.choice([2, 3, 5, 6, 100] if self.world.anchored else [100]) * SLOT
        known[key] = merged(old, Stored(now + one['start'], now + one.get('end', 300), 'end' not in one, first), now)
        return one

    def happen(self):
        known, silences, events = {}, 0, []
        if self.world.anchored:
            events.append((1, 'post', self.anchors()))
        for slot in range(2 if self.world.anchored else 1, EVENTS):
            if not self.chance(0.6):
                continue
            roll = self.random.random()
            if roll < 0.75:
                body = [x for x in (self.fire(slot, known) for _ in range(self.random.randint(1, 3))) if x]
                if body:
                    events.append((slot, 'post', body))
            elif roll < 0.9 or not silences:
                begin = self.random.choice([0, 0, 2, 4])
                events.append((slot, 'silence', (silences, self.silence_matchers(), begin,
                                                 begin + self.random.choice([3, 5, 60]))))
                silences += 1
            else:
                events.append((slot, 'unsilence', self.random.randrange(silences)))
        return events

    def silence_matchers(self):
        matchers = [{'name': 'world', 'value': self.world.name, 'isRegex': False, 'isEqual': True}]
        for _ in range(self.random.randint(1, 2)):
            regex = self.chance(0.3)
            matchers.append({'name': self.random.choice(LABELS), 'isRegex': regex, 'isEqual': self.chance(0.8),
                             'value': self.random.choice(VALUES) + ('|z' if regex else '')})
        return matchers

    def make(self):
        world = self.world
        world.receivers, world.answers, world.inhibit = [], {}, []
        world.route = self.tree()
        world.inhibit = [self.rule() for _ in range(self.random.choice([0, 0, 1, 2]))]
        world.events = self.happen()
        return world


def make(seed, name, all_ends=False):
    return Maker(seed, name, all_ends).make()


def alert_json(world, one, now):
    out = {'labels': {**one['labels'], 'world': world.name}, 'startsAt': rfc3339(now + one['start'])}
    if 'end' in one:
        out['endsAt'] = rfc3339(now + one['end'])
    if 'note' in one:
        out['annotations'] = {'note': one['note']}
    return out
