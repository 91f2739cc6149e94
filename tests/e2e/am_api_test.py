#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Requests of the Alertmanager API, one after the other, to Debian's Alertmanager and to outrider: the same codes and
the same bodies (but for ids and times). What later versions or outrider answer differently stands in the table. Behind
a route prefix as well, and with silences and inhibition that show at once."""
import json
import re
import time
import unittest
import urllib.parse

import am_world
import harness

A = {'alertname': 'a', 'team': 'db', 'job': 'j'}
START, END, LATE = '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', '2040-01-01T00:00:00Z'
SILENCE = {'matchers': [{'name': 'alertname', 'value': 'a', 'isRegex': False}], 'startsAt': START, 'endsAt': LATE,
           'createdBy': 'me', 'comment': 'why'}
REGEX = 'what is wrong with a regular expression is said in its own words'
NONE = '00000000-0000-0000-0000-000000000000'
CONFIG = {
    'route': {'receiver': 'default', 'group_by': ['alertname'], 'group_wait': '1h', 'routes': [
        {'receiver': 'db', 'matchers': ['team="db"'], 'continue': True}, {'receiver': 'web.x', 'matchers': ['team=~"d.|web"']}]},
    'receivers': [{'name': n} for n in ('default', 'db', 'web.x')],
    'inhibit_rules': [{'source_matchers': ['alertname="source"'], 'target_matchers': ['alertname="target"'],
                       'equal': ['zone']}]}


def without(value, key):
    return {k: v for k, v in value.items() if k != key}


def silence(**changes):
    return {**SILENCE, **changes}


def matcher(**changes):
    return silence(matchers=[{**SILENCE['matchers'][0], **changes}])


def f(*filters, **more):
    return urllib.parse.urlencode([('filter', x) for x in filters] + list(more.items()))


class Row:
    """A request. `differs`: (why, code, part of the body) of outrider's answer; None: as the other's."""

    def __init__(self, request, body=None, code=200, differs=None, headers=None, bodies=True):
        self.method, self.path = request.split(' ')
        self.body, self.code, self.differs, self.headers, self.bodies = body, code, differs, headers, bodies


ALERT = {'labels': A, 'annotations': {'summary': 's', 'empty': ''}, 'startsAt': START, 'endsAt': LATE,
         'generatorURL': 'http://g/x?y=1'}
ROWS = [
    Row('GET /api/v2/alerts'),
    Row('POST /api/v2/alerts', [ALERT]),
    Row('POST /api/v2/alerts', [{'labels': {'alertname': 'b', 'team': 'web', 'empty': ''}, 'startsAt': START}]),
    Row('POST /api/v2/alerts', [{'labels': {'alertname': 'source', 'zone': 'x'}, 'startsAt': START},
                                {'labels': {'alertname': 'target', 'zone': 'x'}, 'startsAt': START},
                                {'labels': {'alertname': 'target', 'zone': 'y'}, 'startsAt': START}]),
    Row('POST /api/v2/alerts', [{'labels': {'alertname': 'gone'}, 'startsAt': START, 'endsAt': END}]),
    Row('POST /api/v2/alerts', []),
    Row('GET /api/v2/alerts'),
    Row('GET /api/v2/alerts?' + f('alertname="a"')),
    Row('GET /api/v2/alerts?' + f('team=~"d.|web"', 'alertname!="b"')),
    Row('GET /api/v2/alerts?' + f('nothing=""', 'team!~"d.*"')),
    Row('GET /api/v2/alerts?active=false'),
    Row('GET /api/v2/alerts?inhibited=false'),
    Row('GET /api/v2/alerts?silenced=false&inhibited=false&active=true&unprocessed=false'),
    Row('GET /api/v2/alerts?active=nonsense'),
    Row('GET /api/v2/alerts?active=1'),
    Row('GET /api/v2/alerts?receiver=db'),
    Row('GET /api/v2/alerts?receiver=w.*'),
    Row('GET /api/v2/alerts?receiver=d'),
    Row('GET /api/v2/alerts?receiver=(', code=400, differs=(REGEX, 400, 'failed to parse receiver param: error parsing regexp')),
    Row('GET /api/v2/alerts?' + f('foo'), code=400),
    Row('GET /api/v2/alerts?' + f('a=~"("'), code=400, differs=(REGEX, 400, 'error parsing regexp')),
    Row('GET /api/v2/alerts?' + f('{team="db"'), code=400, differs=(
        'later ones name the brace', 400, 'unexpected open or close brace')),
    Row('GET /api/v2/alerts/groups'),
    Row('GET /api/v2/alerts/groups?' + f('alertname="a"')),
    Row('GET /api/v2/alerts/groups?receiver=web.*', differs=(
        'all receivers of an alert are listed, not only those that match', 200, '"receiver":{"name":"web.x"}')),
    Row('GET /api/v2/alerts/groups?active=false'),
    Row('GET /api/v2/alerts/groups?inhibited=false'),
    Row('GET /api/v2/receivers', differs=('labels of receivers came with 0.33', 200, '"name":"web.x"')),
    # what is refused
    Row('POST /api/v2/alerts', {'labels': A}, code=400, bodies=False),
    Row('POST /api/v2/alerts', '{', code=400, bodies=False),
    Row('POST /api/v2/alerts', '', code=422),
    Row('POST /api/v2/alerts', [{'annotations': {}}], code=422),
    Row('POST /api/v2/alerts', [{'labels': {}}], code=400),
    Row('POST /api/v2/alerts', [{'labels': {'a': 1}}], code=400, bodies=False),
    Row('POST /api/v2/alerts', [{'labels': {'': 'x', 'alertname': 'e'}}], code=400, bodies=False),
    Row('POST /api/v2/alerts', [{'labels': A, 'startsAt': 'yesterday'}], code=400, bodies=False),
    Row('POST /api/v2/alerts', [{'labels': A, 'startsAt': END, 'endsAt': START}], code=400),
    Row('POST /api/v2/alerts', [{**ALERT, 'generatorURL': 'no url'}], code=422, bodies=False),
    Row('POST /api/v2/alerts', [ALERT], code=415, headers={'Content-Type': 'text/plain'}),
    Row('DELETE /api/v2/alerts', code=405, differs=("0.25's list of verbs is in random order", 405, 'but [GET,POST] are')),
    Row('GET /api/v2/nope', code=404),
    # silences
    Row('GET /api/v2/silences'),
    Row('POST /api/v2/silences', SILENCE),
    Row('GET /api/v2/silences'),
    Row('GET /api/v2/silence/$id'),
    Row('GET /api/v2/alerts?' + f('alertname="a"')),
    Row('GET /api/v2/alerts?silenced=false'),
    Row('GET /api/v2/alerts/groups?silenced=false'),
    Row('GET /api/v2/silences?' + f('alertname="a"')),
    Row('GET /api/v2/silences?' + f('alertname=~"a"')),
    Row('GET /api/v2/silences?active=false', differs=('active, expired and pending came later', 200, '[]')),
    Row('GET /api/v2/silences?expired=false&pending=false'),
    Row('POST /api/v2/silences', silence(id='$id', comment='in place')),
    Row('GET /api/v2/silence/$id'),
    Row('POST /api/v2/silences', silence(id=NONE), code=404, bodies=False),
    Row('POST /api/v2/silences', {**matcher(value='other'), 'id': '$id'}),
    Row('GET /api/v2/silences'),
    Row('GET /api/v2/alerts?' + f('alertname="a"')),
    Row('POST /api/v2/silences', silence(startsAt='2039-01-01T00:00:00Z', comment='later')),
    Row('GET /api/v2/silences?active=false&expired=false', differs=('active, expired and pending came later', 200, '"later"')),
    Row('DELETE /api/v2/silence/$id'),
    Row('DELETE /api/v2/silence/$id', bodies=False),
    Row('GET /api/v2/silence/$id'),
    Row('DELETE /api/v2/silence/' + NONE, code=500, bodies=False, differs=('later ones say 404', 404, '')),
    Row('GET /api/v2/silence/' + NONE, code=404),
    Row('GET /api/v2/silence/nonsense', code=422),
    Row('DELETE /api/v2/silence/nonsense', code=422),
    *(Row('POST /api/v2/silences', without(SILENCE, k), code=422)
      for k in ('matchers', 'startsAt', 'endsAt', 'createdBy', 'comment')),
    Row('POST /api/v2/silences', silence(matchers=[]), code=422),
    Row('POST /api/v2/silences', silence(startsAt=LATE, endsAt=START), code=400),
    Row('POST /api/v2/silences', silence(endsAt=END), code=400),
    *(Row('POST /api/v2/silences', value, code=400, differs=(
        '0.25 says "silence invalid: "', 400, 'invalid silence: '))
      for value in (matcher(value=''), matcher(name=''), matcher(value='(', isRegex=True))),
    Row('POST /api/v2/silences', silence(createdBy='', comment=''), code=200, bodies=False),
    Row('POST /api/v2/silences', '[]', code=400, bodies=False),
    # others
    Row('GET /-/healthy', bodies=False),
    Row('GET /-/ready', bodies=False),
    Row('POST /-/reload', bodies=False),
    Row('GET /-/reload', code=405, bodies=False),
]
ID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
NOW = re.compile(r'202[6-9]-(?!01-01)\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z')
# Members that came after 0.25.
NEWER = ('routeLabels', 'mutedBy')


def plain(value):
    """Without what differs between any two runs or came later."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in NEWER}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return NOW.sub('<now>', ID.sub('<id>', value)) if isinstance(value, str) else value


class Api(harness.EndToEnd):
    maxDiff = None

    def ask(self, daemon, row):
        """-> (code, plain JSON or text, text)"""
        body = row.body if isinstance(row.body, str) or row.body is None else json.dumps(row.body)
        newest = self.ids.get(daemon, NONE)
        data = None if body is None else body.replace('$id', newest).encode()
        headers = row.headers or (am_world.JSON if data is not None else {})
        code, text, _ = harness.request(daemon.url + row.path.replace('$id', newest), data, headers, row.method)
        try:
            value = json.loads(text)
        except ValueError:
            value = text
        if isinstance(value, dict) and 'silenceID' in value:
            self.ids[daemon] = value['silenceID']
        return code, plain(value), text

    def both(self, row):
        (code1, value1, text1), (code2, value2, text2) = (self.ask(d, row) for d in self.daemons)
        what = f'{row.method} {row.path} {row.body}: {text1!r} | {text2!r}'
        self.assertEqual(code1, row.code, what)
        if row.differs:
            _, code, part = row.differs
            self.assertEqual(code2, code, what)
            self.assertIn(part, text2, what)
            return
        self.assertEqual(code2, code1, what)
        if row.bodies:
            self.assertEqual(value2, value1, what)

    def test_every_request(self):
        for prefix in ('', '/foo'):
            self.ids = {}
            self.daemons = [am_world.Daemon(self, kind, CONFIG, prefix=prefix, name=kind + prefix.replace('/', '-')).start()
                            for kind in am_world.KINDS]
            for row in ROWS:
                with self.subTest(f'{prefix} {row.method} {row.path} {row.body}'):
                    self.both(row)
            status = [d.call('GET', '/api/v2/status')[1] for d in self.daemons]
            self.assertEqual([s['cluster'] for s in status], [{'status': 'disabled', 'peers': []}] * 2)
            self.assertEqual(*(sorted(s) for s in status))
            self.assertEqual(*(sorted(s['versionInfo']) for s in status))
        print(f'{2 * len(ROWS)} requests to both')

    def test_utf8(self):
        """Names that are not classic, which 0.25 does not know: taken, found, silenced, routed."""
        daemon = am_world.Daemon(self, am_world.OUTRIDER, CONFIG).start()
        now = time.time()
        labels = {'alertname': 'u', '00': 'b', 'Σ': 'c', '🙂 face': 'd'}
        self.assertEqual(daemon.post_alerts([{'labels': labels, 'startsAt': am_world.rfc3339(now)}])[0], 200)
        for text, count in (('"00"="b"', 1), ('Σ=c', 1), ('"\\xf0\\x9f\\x99\\x82 face"="d"', 1), ('"Σ"="x"', 0)):
            found = daemon.alerts('?' + f(text))
            self.assertEqual(len(found), count, f'{text}: {found}')
        daemon.silence({'Σ': 'c'}, now, now + 60)
        self.assertEqual(daemon.alerts()[0]['status']['state'], 'suppressed')
        self.assertEqual(daemon.alerts()[0]['labels'], labels)


if __name__ == '__main__':
    unittest.main()
