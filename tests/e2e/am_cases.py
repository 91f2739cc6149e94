# SPDX-License-Identifier: Apache-2.0
"""The table of am_acceptance_test.py: what Alertmanager does with alerts, as stories at relative seconds. Rules:
specs/alertmanager.md §2 and §4. What the two daemons do differently on purpose stands here, each with its reason."""
import dataclasses
import typing

from am_world import ALERTMANAGER, rfc3339

FAR = 3600


# --- values of the table

def alert(name, start=None, end=None, note=None, **labels):
    """An alert to post; times are seconds of the story, None is left out."""
    return {'labels': {'alertname': name, **labels}, 'start': start, 'end': end, 'note': note}


def near(seconds, by=0.6):
    """A time that the daemon chooses."""
    return seconds, by


def firing(name, start=None, note=None, **labels):
    return {'status': 'firing', 'labels': {'alertname': name, **labels}, 'start': start, 'end': 'none', 'note': note}


def resolved(name, start=None, end=None, note=None, **labels):
    return {'status': 'resolved', 'labels': {'alertname': name, **labels}, 'start': start, 'end': end, 'note': note}


@dataclasses.dataclass
class Batch:
    """One notification: between `begin` and `end`, with exactly these alerts; `fields` of its body are equal."""
    begin: float
    end: float
    alerts: list
    fields: dict = dataclasses.field(default_factory=dict)


def at(seconds, *alerts, early=0.15, late=0.75, **fields):
    return Batch(seconds - early, seconds + late, list(alerts), fields)


def between(begin, end, *alerts, **fields):
    return Batch(begin, end, list(alerts), fields)


# --- steps

def post(*alerts, status=200):
    def call(daemon, start, case):
        body = []
        for a in alerts:
            one = {'labels': {'case': case.name, **a['labels']}}
            for key, name in (('start', 'startsAt'), ('end', 'endsAt')):
                if a[key] is not None:
                    one[name] = rfc3339(start + a[key])
            if a['note'] is not None:
                one['annotations'] = {'note': a['note']}
            body.append(one)
        answer = daemon.post_alerts(body)
        assert answer[0] == status, answer
    return call


def silence(name, begin, end, **matchers):
    def call(daemon, start, case):
        case.memory[daemon.kind, name] = daemon.silence({'case': case.name, **matchers}, start + begin, start + end)
    return call


def unsilence(name):
    def call(daemon, start, case):
        answer = daemon.call('DELETE', f'/api/v2/silence/{case.memory[daemon.kind, name]}')
        assert answer[0] == 200, answer
    return call


def longer(name, end):
    """Posts a silence with its id and another end; the id stays."""
    def call(daemon, start, case):
        silence_id = case.memory[daemon.kind, name]
        _, now = daemon.call('GET', f'/api/v2/silence/{silence_id}')
        value = {k: now[k] for k in ('id', 'matchers', 'startsAt', 'createdBy', 'comment')}
        answer = daemon.call('POST', '/api/v2/silences', {**value, 'endsAt': rfc3339(start + end)})
        assert answer == (200, {'silenceID': silence_id}), answer
    return call


def reload():
    return lambda daemon, start, case: daemon.reload()


# --- answers of a receiver: (number of the try, seconds) -> status

def failing_until(seconds, status=503):
    return lambda number, now: status if now < seconds else 200


def failing_first(count, status=503):
    return lambda number, now: status if number < count else 200


def slow_first(count, seconds):
    return lambda number, now: (200, seconds, {}) if number < count else 200


def failing_after(count, status=400):
    return lambda number, now: 200 if number < count else status


@dataclasses.dataclass
class Case:
    name: str
    shows: str
    steps: list  # (seconds, step)
    expect: dict  # hook -> [Batch]
    until: float
    gw: str = '1s'
    gi: str = '1s'
    ri: str = '1h'
    hooks: dict = dataclasses.field(default_factory=dict)  # hook -> fields of webhook_configs
    answers: dict = dataclasses.field(default_factory=dict)  # hook -> answer
    route: dict = dataclasses.field(default_factory=dict)  # more of the route
    receivers: typing.Optional[dict] = None  # receiver -> [hook]; otherwise one that is called as the case
    routes: typing.Optional[list] = None
    inhibit: list = dataclasses.field(default_factory=list)
    intervals: list = dataclasses.field(default_factory=list)
    differs: dict = dataclasses.field(default_factory=dict)  # kind -> (reason, expect)
    skip: dict = dataclasses.field(default_factory=dict)  # kind -> reason
    world: str = 'main'
    memory: dict = dataclasses.field(default_factory=dict)

    def expected(self, kind):
        return self.differs[kind][1] if kind in self.differs else self.expect


A1 = firing('a', start=1)
INHIBIT = [{'source_matchers': ['severity="critical"'], 'target_matchers': ['severity="warning"'],
            'equal': ['case', 'zone']}]
ALL_WEEK = {'weekdays': ['sunday:saturday']}
OLD_YEAR = {'years': ['2000']}

CASES = [
    Case('merge_start', 'the earliest start is kept, the newest annotations win', ri='1ms', until=6.5,
         steps=[(1, post(alert('a', 1, note='v1'))), (2.4, post(alert('a', 0.5, note='v2'))),
                (3.4, post(alert('a', 2, note='v3'))), (4.4, post(alert('a', 1, end=4.4, note='v4')))],
         expect={'hook': [at(2, firing('a', 1, 'v1')), at(3, firing('a', 0.5, 'v2')), at(4, firing('a', 0.5, 'v3')),
                          at(5, resolved('a', 0.5, 4.4, 'v4'))]}),
    Case('merge_gap', 'no merge after a gap', until=6.5,
         steps=[(1, post(alert('a', 1, end=2.3))), (3.4, post(alert('a', 3.4)))],
         expect={'hook': [at(2, A1), at(3, resolved('a', 1, 2.3)), between(3.8, 5.2, firing('a', 3.4))]}),
    Case('merge_end', 'which end and start are left when two posts overlap', gi='2s', until=7.5,
         route={'group_by': ['pair']},
         steps=[(1, post(*(alert('a', 1, pair=p) for p in ('later', 'earlier', 'timeout', 'once')),
                         alert('a', 1, end=5, pair='firing'), alert('a', 1, pair='both'),
                         alert('a', 1.4, pair='both', end=0.9 + FAR))),
                (1.4, post(alert('a', 1.2, end=3.5, pair='firing'), alert('a', 1.2, end=3.3, pair='timeout'))),
                (2.4, post(*(alert('a', 1, end=2.2, pair=p) for p in ('later', 'earlier', 'once')))),
                (2.8, post(alert('a', 1.5, end=2.6, pair='later'), alert('a', 1.5, end=2.0, pair='earlier')))],
         expect={'hook': [*(at(2, firing('a', 1, pair=p)) for p in ('later', 'earlier', 'timeout', 'once', 'firing',
                                                                    'both')),
                          at(4, resolved('a', 1, 2.6, pair='later')), at(4, resolved('a', 1, 2.2, pair='earlier')),
                          at(4, resolved('a', 1, 2.2, pair='once')), at(4, resolved('a', 1, 3.3, pair='timeout')),
                          at(6, resolved('a', 1, 5, pair='firing'))]}),
    Case('one_body', 'the same alert several times in one body is merged in order', until=4.5,
         route={'group_by': ['pair']},
         steps=[(1, post(alert('a', 0.7, pair='start'), alert('a', 0.95, pair='start'))),
                (1.1, post(alert('a', 0.9, pair='ended'), alert('a', 0.9, end=1.05, pair='ended')))],
         expect={'hook': [at(2, firing('a', 0.7, pair='start'))]}),
    Case('repeat', 'repeat every group interval, then resolved with its end', ri='1ms', until=7,
         steps=[(1, post(alert('a', 1, end=4.4)))],
         expect={'hook': [at(2, A1), at(3, A1), at(4, A1), at(5, resolved('a', 1, 4.4))]}),
    # The receiver takes its time: 0.25 compares with the time of the flush and not of its tick, which is close.
    Case('repeat_multiple', 'a repeat interval of k group intervals repeats at k+1', gi='2s', ri='4s', until=15,
         answers={'hook': slow_first(99, 0.4)}, steps=[(1, post(alert('a', 1)))], expect={'hook': [at(2, A1), at(8, A1), at(14, A1)]}),
    Case('retry', 'one of two webhooks fails for a while: each gets it, the first is not told twice', gi='2s',
         until=10, hooks={'good': {}, 'bad': {}}, answers={'bad': failing_until(3.1)},  # too short for a breaker
         steps=[(1, post(alert('a', 1)))],
         expect={'good': [at(2, A1)], 'bad': [between(3.0, 7, A1)]}),
    Case('retry_final', 'a 4xx is final for a flush and tried again at the next', until=6,
         answers={'hook': failing_first(2, 400)}, steps=[(1, post(alert('a', 1)))], expect={'hook': [at(4, A1)]}),
    Case('retry_5xx', 'a 5xx is tried again within the flush', gi='1m', until=6, answers={'hook': failing_first(2)},
         steps=[(1, post(alert('a', 1)))], expect={'hook': [between(2.5, 5, A1)]}),
    Case('timeout', 'a slow answer is given up after `timeout` and tried again within the flush', gi='1m', until=8,
         hooks={'hook': {'timeout': '500ms'}}, answers={'hook': slow_first(2, 3)}, steps=[(1, post(alert('a', 1)))],
         # The collector counts what it took, not what the sender saw: the two slow ones are there as well.
         expect={'hook': [at(2, A1), between(2.5, 4.5, A1), between(3.4, 7, A1)]},
         skip={ALERTMANAGER: 'webhook_configs.timeout came with 0.26'}),
    Case('batching', 'one batch a group interval, all alerts of the group in it', ri='4s500ms', until=10.5,
         steps=[(1.1, post(alert('a', 1), alert('b', 1))), (3.5, post(*(alert(n, 3.5) for n in 'cde')))],
         expect={'hook': [at(2.1, A1, firing('b', 1)),
                          at(4.1, A1, firing('b', 1), *(firing(n, 3.5) for n in 'cde')),
                          at(9.1, A1, firing('b', 1), *(firing(n, 3.5) for n in 'cde'))]}),
    Case('resolved', 'without an end an alert ends resolve_timeout after it was posted last', gi='5s', until=9,
         world='short',
         steps=[(1, post(alert('a', 1), alert('b', 1))), (2.6, post(alert('b', 1)))],
         expect={'hook': [at(2, A1, firing('b', 1)), at(7, resolved('a', 1, near(4)), resolved('b', 1, near(5.6)))]}),
    Case('default_times', 'a start that is not said is now', gi='5s', until=4, steps=[(1, post(alert('a')))],
         expect={'hook': [at(2, firing('a', near(1)))]}),
    Case('send_resolved', 'a receiver that wants no ends hears of no end, and is not told again because of one',
         until=9, hooks={'all': {}, 'firing': {'send_resolved': False}},
         steps=[(1, post(alert('a', 1), alert('b', 1))), (2.4, post(alert('b', 1, end=2.4))),
                (4.4, post(alert('c', 4.4))),
                (6.4, post(alert('a', 1, end=6.4), alert('c', 4.4, end=6.4)))],
         expect={'all': [at(2, A1, firing('b', 1)), at(3, A1, resolved('b', 1, 2.4)), at(5, A1, firing('c', 4.4)),
                         at(7, resolved('a', 1, 6.4), resolved('c', 4.4, 6.4))],
                 'firing': [at(2, A1, firing('b', 1)), at(5, A1, firing('c', 4.4))]}),
    Case('filtered', 'resolved alerts are left out of a firing batch for it', until=5, ri='1ms', gi='2s',
         hooks={'hook': {'send_resolved': False}},
         steps=[(1, post(alert('a', 1), alert('b', 1))), (2.4, post(alert('b', 1, end=2.4)))],
         expect={'hook': [at(2, A1, firing('b', 1)), at(4, A1)]}),
    Case('ended_before', 'what has ended before the first flush is not told', until=4,
         steps=[(1, post(alert('a', 1))), (1.4, post(alert('a', 1, end=1.4)))], expect={'hook': []}),
    Case('flap', 'an end and a new start between two flushes are not told', gi='2s', until=5.5,
         steps=[(1, post(alert('a', 1))), (2.5, post(alert('a', 1, end=2.5))), (3.1, post(alert('a', 3.1)))],
         expect={'hook': [at(2, A1)]}),
    Case('annotations', 'a change of annotations is not told', until=5,
         steps=[(1, post(alert('a', 1, note='x'))), (2.4, post(alert('a', 1, note='y')))],
         expect={'hook': [at(2, firing('a', 1, 'x'))]}),
    Case('inhibiting', 'a target disappears while its source fires and is back when it has ended', ri='1ms', until=6.5,
         inhibit=INHIBIT,
         steps=[(1, post(alert('t', 1, severity='warning', zone='x'), alert('t', 1, severity='warning', zone='y'))),
                (2.4, post(alert('s', 2.4, severity='critical', zone='x'))),
                (4.4, post(alert('s', 2.4, end=4.4, severity='critical', zone='x')))],
         expect={'hook': [
             at(2, firing('t', severity='warning', zone='x'), firing('t', severity='warning', zone='y')),
             at(3, firing('s', severity='critical', zone='x'), firing('t', severity='warning', zone='y')),
             at(4, firing('s', severity='critical', zone='x'), firing('t', severity='warning', zone='y')),
             at(5, resolved('s', severity='critical', zone='x'), firing('t', severity='warning', zone='x'),
                firing('t', severity='warning', zone='y')),
             at(6, firing('t', severity='warning', zone='x'), firing('t', severity='warning', zone='y'))]}),
    Case('inhibited_ends', 'source and target that end together are told as ended, both', until=5, inhibit=INHIBIT,
         steps=[(1, post(alert('s', 1, severity='critical'), alert('t', 1, severity='warning'))),
                (2.5, post(alert('s', 1, end=2.5, severity='critical'), alert('t', 1, end=2.5, severity='warning')))],
         expect={'hook': [at(2, firing('s', severity='critical')),
                          at(3, resolved('s', severity='critical'), resolved('t', severity='warning'))]}),
    Case('inhibit_self', 'an alert on both sides of a rule does not inhibit itself', until=3.5,
         inhibit=[{'source_matchers': ['case="inhibit_self"'], 'target_matchers': ['case="inhibit_self"']}],
         steps=[(1, post(alert('a', 1), alert('b', 1)))], expect={'hook': [at(2, A1, firing('b', 1))]}),
    Case('inhibit_empty', 'a rule without matchers inhibits nothing and stops nothing', until=3.5,
         inhibit=[{'source_matchers': []}], steps=[(1, post(alert('a', 1)))], expect={'hook': [at(2, A1)]}),
    Case('inhibit_null', 'nor does a null rule', until=3.5, inhibit=[None],
         steps=[(1, post(alert('a', 1)))], expect={'hook': [at(2, A1)]},
         skip={ALERTMANAGER: '0.25 panics on it'}),
    Case('inhibit_silenced', 'a silenced source inhibits all the same', until=6, inhibit=INHIBIT,
         steps=[(0.6, silence('s', 0.5, 60, severity='critical')),
                (1, post(alert('s', 1, severity='critical'), alert('t', 1, severity='warning'), alert('u', 1))),
                (4.4, unsilence('s'))],
         expect={'hook': [at(2, firing('u')), at(5, firing('s', severity='critical'), firing('u'))]}),
    Case('inhibited_end', 'an end that is inhibited is not told, and the alert leaves its group', until=7.5,
         inhibit=INHIBIT, ri='1ms',
         steps=[(1, post(alert('t', 1, severity='warning'), alert('u', 1))),
                (2.4, post(alert('s', 2.4, severity='critical'))),
                (3.4, post(alert('t', 1, end=3.4, severity='warning'))),
                (5.4, post(alert('s', 2.4, end=5.4, severity='critical')))],
         expect={'hook': [at(2, firing('t', severity='warning'), firing('u')),
                          at(3, firing('s', severity='critical'), firing('u')),
                          at(4, firing('s', severity='critical'), firing('u')),
                          at(5, firing('s', severity='critical'), firing('u')),
                          at(6, resolved('s', severity='critical'), firing('u')), at(7, firing('u'))]}),
    Case('inhibit_chain', 'what is inhibited inhibits all the same', until=3.5,
         inhibit=[{'source_matchers': [f'level="{n}"'], 'target_matchers': [f'level="{n + 1}"'], 'equal': ['case']}
                  for n in (1, 2)],
         steps=[(1, post(alert('a', 1, level='1'), alert('b', 1, level='2'), alert('c', 1, level='3')))],
         expect={'hook': [at(2, firing('a', level='1'))]}),
    Case('silence_pending', 'a silence that begins later mutes from then on', ri='1ms', until=5.6,
         steps=[(0.6, silence('s', 2.5, 4.5)), (1, post(alert('a', 1)))],
         expect={'hook': [at(2, A1), at(5, A1)]}),
    Case('silence_again', 'a silence that is made longer in place goes on', ri='1ms', until=5.6,
         steps=[(0.6, silence('s', 0.5, 2.5)), (1, post(alert('a', 1))), (1.6, longer('s', 4.5))],
         expect={'hook': [at(5, A1)]}),
    Case('silencing', 'a silence mutes the alert it matches, while it lasts', ri='1ms', until=5.6,
         steps=[(1, post(alert('a', 1), alert('b', 1))), (2.5, silence('s', 2.4, 4.5, alertname='a'))],
         expect={'hook': [at(2, A1, firing('b', 1)), at(3, firing('b', 1)), at(4, firing('b', 1)),
                          at(5, A1, firing('b', 1))]}),
    Case('silence_delete', 'what was silenced is told at the next flush after the silence is deleted', until=6,
         steps=[(0.6, silence('s', 0.5, 60)), (1, post(alert('a', 1), alert('b', 1))), (3.5, unsilence('s'))],
         expect={'hook': [at(4, A1, firing('b', 1))]}),
    Case('silenced_again', 'what was told before a silence is not told again after it', until=6,
         steps=[(1, post(alert('a', 1))), (2.4, silence('s', 2.3, 60)), (4.4, unsilence('s'))],
         expect={'hook': [at(2, A1)]}),
    Case('refire_after_silence', 'an end under a silence is not told, and the alert that fires again neither', until=9,
         steps=[(1, post(alert('a', 1))), (2.4, silence('s', 2.3, 60)), (3.4, post(alert('a', 1, end=3.4))),
                (5.4, unsilence('s')), (6.4, post(alert('a', 6.4)))],
         expect={'hook': [at(2, A1)]}),
    Case('stuck_resolved', 'an ended alert stays in its group while one of two receivers fails', until=7.5,
         hooks={'good': {}, 'bad': {}}, answers={'bad': failing_after(1)},
         steps=[(1, post(alert('a', 1))), (2.4, post(alert('a', 1, end=2.4))), (5.4, post(alert('b', 5.4)))],
         expect={'good': [at(2, A1), at(3, resolved('a', 1, 2.4)),
                          between(5.8, 6.9, resolved('a', 1, 2.4), firing('b', 5.4))], 'bad': [at(2, A1)]}),
    Case('old_alert', 'an alert older than group_wait makes its group flush at once', gw='3s', until=5,
         steps=[(1, post(alert('a', -100)))], expect={'hook': [at(1, firing('a', -100))]}),
    Case('old_alert_joins', 'an old alert that joins a waiting group waits with it', gw='3s', until=6,
         steps=[(1, post(alert('a', 1))), (1.6, post(alert('b', -100)))],
         expect={'hook': [at(4, A1, firing('b', -100))]},
         differs={ALERTMANAGER: ('until 0.27 any old alert made a group flush that had not yet',
                                 {'hook': [at(1.6, A1, firing('b', -100))]})}),
    Case('group_by', 'a group for each value, and the fields of the body', until=3.5, route={'group_by': ['zone']},
         steps=[(1, post(alert('a', 1, note='n', zone='x'), alert('b', 1, note='n', zone='x'),
                         alert('b', 1, zone='y')))],
         expect={'hook': [at(2, firing('a', zone='x'), firing('b', zone='x'), groupLabels={'zone': 'x'},
                             commonLabels={'case': 'group_by', 'zone': 'x'}, commonAnnotations={'note': 'n'},
                             groupKey='{}/{case="group_by"}:{zone="x"}', version='4', truncatedAlerts=0,
                             status='firing'),
                          at(2, firing('b', zone='y'), groupLabels={'zone': 'y'}, commonAnnotations={},
                             commonLabels={'alertname': 'b', 'case': 'group_by', 'zone': 'y'})]}),
    Case('group_all', 'group_by: [...] makes a group of each alert', until=3.5, route={'group_by': ['...']},
         steps=[(1, post(alert('a', 1, zone='x'), alert('a', 1, zone='y')))],
         expect={'hook': [at(2, firing('a', zone=z), groupLabels={'alertname': 'a', 'case': 'group_all', 'zone': z})
                          for z in 'xy']}),
    Case('max_alerts', 'the first alerts by job, instance and labels', until=3.5, hooks={'hook': {'max_alerts': 2}},
         steps=[(1, post(alert('a', 1, job='2'), alert('b', 1, job='1', instance='2'),
                         alert('c', 1, job='1', instance='1')))],
         expect={'hook': [at(2, firing('c', job='1', instance='1'), firing('b', job='1', instance='2'),
                             truncatedAlerts=1)]}),
    Case('continue', 'a route with continue tells its receiver and the next one', until=3.5,
         receivers={'continue_1': ['first'], 'continue_2': ['second'], 'continue_3': ['third']},
         routes=[{'receiver': 'continue_1', 'continue': True, 'match': {'alertname': 'a'}},
                 {'receiver': 'continue_2', 'match_re': {'alertname': 'a|b'}}, {'receiver': 'continue_3'}],
         steps=[(1, post(alert('a', 1), alert('b', 1), alert('c', 1)))],
         expect={'first': [at(2, A1)], 'second': [at(2, A1, firing('b', 1))], 'third': [at(2, firing('c', 1))]}),
    Case('deepest', 'without a matching child the node itself; matchers of all kinds', until=3.5,
         receivers={'deepest': ['node'], 'deepest_child': ['child']},
         routes=[{'receiver': 'deepest_child', 'matchers': ['zone=~"x|y", severity!="low"', 'alertname!~"b.*"']}],
         steps=[(1, post(alert('a', 1, zone='x'), alert('a', 1, zone='xy'), alert('a', 1, zone='y', severity='low'),
                         alert('bb', 1, zone='x')))],
         expect={'child': [at(2, firing('a', zone='x'))],
                 'node': [at(2, firing('a', zone='xy'), firing('a', zone='y', severity='low'),
                             firing('bb', zone='x'))]}),
    Case('quoted.name+', "the receiver's name is quoted as a regular expression in the body", until=3.5,
         steps=[(1, post(alert('a', 1)))], expect={'hook': [at(2, A1, receiver='quoted\\.name\\+')]}),
    Case('empty_label', 'a label without a value is no label', until=3.5,
         steps=[(1, post(alert('a', 1, zone='')))], expect={'hook': [at(2, A1)]}),
    Case('partial', 'the good alerts of a body with a bad one are taken, and the answer is 400', until=3.5,
         steps=[(1, post(alert('a', 1), alert('b', 1, end=0.5), status=400))], expect={'hook': [at(2, A1)]}),
    Case('muted', 'mute and active time intervals', until=5,
         receivers={n: [n[6:]] for n in ('muted_always', 'muted_never', 'muted_inactive', 'muted_active')},
         intervals=[{'name': 'all week', 'time_intervals': [ALL_WEEK]},
                    {'name': 'old year', 'time_intervals': [OLD_YEAR]}],
         routes=[{'receiver': 'muted_always', 'continue': True, 'mute_time_intervals': ['old year', 'all week']},
                 {'receiver': 'muted_never', 'continue': True, 'mute_time_intervals': ['old year']},
                 {'receiver': 'muted_inactive', 'continue': True, 'active_time_intervals': ['old year']},
                 {'receiver': 'muted_active', 'active_time_intervals': ['old year', 'all week']}],
         steps=[(1, post(alert('a', 1)))],
         expect={'always': [], 'never': [at(2, A1)], 'inactive': [], 'active': [at(2, A1)]}),
    Case('reload', 'after a reload nothing is told twice, and groups count from the reload', gi='6s', until=11,
         world='reload',
         steps=[(1, post(alert('a', 1))), (3.1, reload()), (4.5, post(alert('b', 4.5)))],
         expect={'hook': [at(2, A1), at(9.1, A1, firing('b', 4.5), early=0.4)]}),
    Case('reload_repeat', 'a group that is older than group_wait is flushed at the reload', gi='6s', ri='1ms', until=11,
         world='reload', steps=[(1, post(alert('a', 1)))],
         expect={'hook': [at(2, A1), at(3.1, A1), at(9.1, A1, early=0.4)]}),
    Case('cold_start', 'with --dispatch.start-delay nothing is told before it is over', until=9, world='cold', gi='5s',
         steps=[(0.5, post(alert('a', -100))), (6, post(alert('b', 6)))],
         expect={'hook': [between(2.4, 5.5, firing('a', -100)), between(7, 9, firing('a', -100), firing('b', 6))]},
         skip={ALERTMANAGER: '--dispatch.start-delay came after 0.25'}),
    Case('utf8', 'names of labels that are not classic', until=3.5, route={'group_by': ['Σ']},
         steps=[(1, post(alert('a', 1, **{'Σ': '🙂', '00': 'x'})))],
         expect={'hook': [at(2, firing('a', 1, **{'Σ': '🙂', '00': 'x'}))]},
         skip={ALERTMANAGER: 'UTF-8 names came with 0.27'}),
    Case('Σroute', 'a route on a name that is not classic', until=3.5,
         receivers={'Σroute': ['other'], 'Σchild': ['hook']},
         routes=[{'receiver': 'Σchild', 'matchers': ['"Σ"="🙂"']}],
         steps=[(1, post(alert('a', 1, **{'Σ': '🙂'}), alert('a', 1, **{'Σ': 'x'})))],
         expect={'hook': [at(2, firing('a', 1, **{'Σ': '🙂'}))], 'other': [at(2, firing('a', 1, **{'Σ': 'x'}))]},
         skip={ALERTMANAGER: 'UTF-8 names came with 0.27'}),
    Case('empty_group_by', 'an empty group_by of a child is one group', until=3.5,
         receivers={'empty_group_by': ['other'], 'empty_child': ['hook']}, route={'group_by': ['alertname']},
         routes=[{'receiver': 'empty_child', 'group_by': []}],
         steps=[(1, post(alert('a', 1), alert('b', 1)))],
         expect={'hook': [at(2, A1, firing('b', 1))], 'other': []},
         differs={ALERTMANAGER: ("until 0.30 an empty group_by meant the parent's",
                                 {'hook': [at(2, A1), at(2, firing('b', 1))], 'other': []})}),
    Case('fields_034', 'the reason and the labels of the route are in the body', until=3.5,
         steps=[(1, post(alert('a', 1)))],
         expect={'hook': [at(2, A1, notification_reason='first notification')]},
         skip={ALERTMANAGER: 'notification_reason came with 0.30'}),
]

# world -> (global section, flags)
WORLDS = {'main': ({'resolve_timeout': '5m'}, []), 'short': ({'resolve_timeout': '3s'}, []),
          'reload': ({}, []), 'cold': ({}, ['--dispatch.start-delay=3s'])}
