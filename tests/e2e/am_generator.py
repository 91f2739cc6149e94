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


class Maker:
    def __init__(self, seed, name):
        self.random = random.Random(seed)
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
        """One alert of a body: new, again, with another start or end, or ended."""
        ended = known.setdefault('ended', set())
        choices = [k for k in known if k != 'ended']
        if choices and self.chance(0.55):
            key = self.random.choice(choices)
        else:
            key = tuple(sorted(self.labels().items()))
        if not self.world.anchored and key in ended:
            return None
        first = known.setdefault(key, slot)
        one = {'labels': dict(key), 'start': 0.0}
        if self.chance(0.5):
            one['note'] = str(self.random.randint(0, 9))
        if slot - first >= 5 and self.chance(0.4):
            one['start'] = -self.random.choice([0.5, 1.5, 3.5]) * SLOT
        roll = self.random.random()
        if first < slot and roll < 0.4:
            one['end'] = self.random.choice([0.0, -0.1])
            one['start'] = min(one['start'], one['end'] - 0.01 - self.random.choice([0, 1, 2]))
            ended.add(key)
        elif roll < 0.55:
            one['end'] = self.random.choice([2, 3, 5, 6, 100]) * SLOT
            ended.add(key)
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


def make(seed, name):
    return Maker(seed, name).make()


def alert_json(world, one, now):
    out = {'labels': {**one['labels'], 'world': world.name}, 'startsAt': rfc3339(now + one['start'])}
    if 'end' in one:
        out['endsAt'] = rfc3339(now + one['end'])
    if 'note' in one:
        out['annotations'] = {'note': one['note']}
    return out
