#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's amtool in all its subcommands that call a server, each command line against Debian's Alertmanager and against
outrider: the same exit code, the same output (but for ids and times) and the same errors. amtool warns of a version
that is not its own, as it would with a real 0.34."""
import json
import os
import re
import subprocess
import time
import unittest

import am_world
import harness

CONFIG = {
    'route': {'receiver': 'default', 'group_by': ['alertname'], 'group_wait': '10ms', 'group_interval': '1s', 'routes': [
        {'receiver': 'db', 'matchers': ['team="db"'], 'continue': True},
        {'receiver': 'pager', 'matchers': ['severity=~"page|critical"'], 'routes': [
            {'receiver': 'night', 'matchers': ['shift="night"']}]}]},
    'inhibit_rules': [{'source_matchers': ['alertname="source"'], 'target_matchers': ['alertname="target"']}],
}
RECEIVERS = ('default', 'db', 'pager', 'night')
FUTURE = '2040-01-01T00:00:00Z'

# Command lines; $id is the newest silence. `=` is the exit code that is wanted, `~` a text that must be in the output
# of both, so that two empty answers do not pass for two right ones.
COMMANDS = r'''
alert add test1 severity=page --start=2026-01-01T00:00:00Z --annotation=summary=broken --generator-url=http://g/x
alert add alertname=test2 team=db --start=2026-01-02T00:00:00Z
alert add 'alertname={alertname=test3}' team=web --start=2026-01-03T00:00:00Z
alert add source --start=2026-01-04T00:00:00Z
alert add target --start=2026-01-05T00:00:00Z
alert add =1
alert add test4 'bad-name=x' =1
alert query ~test1
alert query test1 ~test1
alert query alertname=test2 -o extended ~team="db"
alert query 'alertname={alertname=test3}' -o json ~test3
alert query team=~'d.|web' severity!=page -o extended ~web
alert query -i -o extended ~target
alert query -a -s -i -u -o json ~source
alert query --receiver=pager -o extended ~test1
alert query --receiver='d.*' -o simple ~test2
alert query nothing
alert query '{a'
alert query 'alertname=~('
silence add alertname=test1 -a me -c why -d 1h ~<id>
silence query ~test1
silence query -o extended ~me
silence query -o json ~why
silence query -q ~<id>
silence query test1 ~test1
silence query alertname=test1 ~test1
silence query test2
silence query --created-by=me -q ~<id>
silence query --created-by=you -q
silence query --within=2h -q ~<id>
silence query --within=10m -q
alert query test1
alert query -s -o extended test1 ~suppressed
alert query -a -s test1 ~suppressed
silence update -d 2h $id
silence update -d 3h -c because $id -o json ~because
silence update -d 1h 00000000-0000-0000-0000-000000000000 =1
silence update -d 1h nonsense =1
silence add alertname=~'test.*' severity!=page team!~'a|b' -a other -c more --start=2039-01-01T00:00:00Z --end=2040-01-01T00:00:00Z ~<id>
silence query -o extended ~team!~
silence query alertname=~'test.*' -q ~<id>
silence add -a me -c nothing =1
silence add test1 -d 1h =1
silence add 'alertname=~(' -a me -c regex -d 1m
silence add alertname= -a me -c c =1
silence expire $id
silence expire $id
silence expire 00000000-0000-0000-0000-000000000000 =1
silence query --expired -o extended ~because
silence query -q ~<id>
silence expire =1
config show ~resolve_timeout: 5m
config routes show ~default-route
config routes ~default-route
config routes test team=db severity=page ~db,pager
config routes test severity=critical shift=night ~night
config routes test --tree team=db ~db
config routes test --verify.receivers=db team=db ~db
config routes test --verify.receivers=pager team=db =1
config routes test '{foo=bar}' =1
config routes test nothing=there ~default
cluster show ~disabled
cluster ~disabled
'''
WARNING = re.compile(r'^Warning: amtool version \(0\.25\.0\) and alertmanager version \(0\.34\.\S*\) are different\.\n', re.M)
ID = re.compile(r'[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
NOW = re.compile(r'20(2[6-9])-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| UTC)')
# `config show` prints what 0.25 does not know as well; the lines of 0.25 must be there.
NEWER = ('config show',)
# command -> why outrider's answer differs, and its exit code
DIFFERS = {
    "alert query 'alertname={alertname=test3}' -o json": (
        1, 'later ones refuse a matcher that begins or ends with a brace: unexpected open or close brace'),
}
# command -> why the texts differ; the exit codes do not
TEXTS = {
    'silence add alertname= -a me -c c': '0.25 begins with "silence invalid: ", later ones with "invalid silence: "',
    'silence expire 00000000-0000-0000-0000-000000000000': '0.25 answers 500, later ones 404',
}


def split(line):
    """-> (arguments, exit code, text)"""
    code, text = 0, None
    if ' ~' in line and not line.endswith("'"):
        line, _, text = line.rpartition(' ~')
    if re.search(r' =\d$', line):
        line, code = line[:-3], int(line[-1])
    return line, code, text


class Amtool(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.sinks, self.daemons, self.ids = {}, [], {}
        for kind in am_world.KINDS:
            sink = self.sinks[kind] = am_world.Collector()
            self.addCleanup(sink.close)
            config = {**CONFIG, 'receivers': [{'name': n, 'webhook_configs': [{'url': f'{sink.url}/{n}'}]} for n in RECEIVERS]}
            self.daemons.append(am_world.Daemon(self, kind, config).start())

    def amtool(self, daemon, line, stdin=None):
        """-> (exit code, output, errors) with ids and times of today replaced"""
        ids = self.ids.setdefault(daemon.kind, [])
        done = subprocess.run(f'exec amtool --alertmanager.url={daemon.url} ' + line.replace('$id', ids[0] if ids else ''),
                              shell=True, capture_output=True, text=True, timeout=60, cwd=self.directory, input=stdin,
                              env={**os.environ, 'HOME': str(self.directory), 'TZ': 'UTC'})
        for found in ID.finditer(done.stdout):
            if found[0] not in ids:
                ids.append(found[0])
        self.raw = done.stdout

        def plain(text):
            return NOW.sub('<now>', ID.sub('<id>', WARNING.sub('', text))).replace(daemon.url, '<url>')

        return done.returncode, plain(done.stdout), plain(done.stderr)

    def both(self, line, code=0, text=None, stdin=None):
        (code1, out1, err1), (code2, out2, err2) = (self.amtool(d, line, stdin) for d in self.daemons)
        codes = code, DIFFERS.get(line, (code,))[0]
        self.assertEqual((code1, code2), codes, f'amtool {line}: {out1} {err1} | {out2} {err2}')
        if line in NEWER:
            # Addresses of webhooks are secrets since 0.26.
            lines = [x for x in out1.splitlines() if ' url: ' not in x and x not in out2.splitlines()]
            self.assertEqual(lines, [], line)
        elif line not in TEXTS and line not in DIFFERS:
            self.assertEqual((out1, err1), (out2, err2), line)
        if text:
            self.assertIn(text, out1, line)
            self.assertIn(text, out1 if line in DIFFERS else out2, line)

    def test_every_subcommand(self):
        count = 0
        for line in COMMANDS.strip().splitlines():
            with self.subTest(line):
                self.both(*split(line))
                count += 1
        self.notified()
        self.import_and_export()
        print(f'{count} command lines against both')

    def notified(self):
        """What was added by amtool is told by both, the same."""
        def told(kind):
            return sorted((d.path, tuple(sorted(a['labels'].items())), a['annotations'].get('summary'), a['generatorURL'])
                          for d in self.sinks[kind].all() for a in d.body['alerts'] if a['status'] == 'firing')

        def same():
            theirs, ours = (told(k) for k in am_world.KINDS)
            return len(theirs) >= 4 and theirs == ours and theirs

        rows = harness.wait_for('the same notifications', same, 15)
        self.assertIn(('/pager', (('alertname', 'test1'), ('severity', 'page')), 'broken', 'http://g/x'), rows)

    def import_and_export(self):
        """Silences out as JSON, expired, and in again; with errors."""
        for daemon in self.daemons:
            for n in range(3):
                self.amtool(daemon, f'silence add alertname=export{n} -a me -c kept -d 1h')
            self.amtool(daemon, 'silence query --created-by=me alertname=~export.* -o json')
            code, _, _ = self.amtool(daemon, 'silence query -o json')
            exported = [s for s in json.loads(self.raw) if s['comment'] == 'kept']
            self.assertEqual(len(exported), 3)
            (self.directory / f'{daemon.kind}.json').write_text(json.dumps(exported))
            code, out, err = self.amtool(daemon, 'silence expire ' + ' '.join(s['id'] for s in exported))
            self.assertEqual(code, 0, err)
            code, out, _ = self.amtool(daemon, 'silence query -q alertname=export1')
            self.assertEqual(out, '')
            code, out, err = self.amtool(daemon, f'silence import {daemon.kind}.json')
            self.assertEqual((code, out.count('<id>'), err), (0, 3, ''), 'an expired silence gets a new id')
            # Another server does not know the ids: 404, and once more without.
            strange = [{**s, 'id': f'11111111-1111-1111-1111-11111111111{i}'} for i, s in enumerate(exported)]
            (self.directory / f'{daemon.kind}.json').write_text(json.dumps(strange))
            code, out, err = self.amtool(daemon, f'silence import -w 2 {daemon.kind}.json')
            self.assertEqual((code, out.count('<id>')), (0, 3), err)
        self.both('silence query -o simple alertname=export2', 0, 'export2')
        self.both('silence import', 1, stdin='{bad')
        zero = {'comment': 'c', 'createdBy': 'me', 'startsAt': '0001-01-01T00:00:00.000Z',
                'endsAt': '0001-01-01T00:00:00.000Z', 'matchers': [{'name': 'a', 'value': 'b', 'isRegex': False}]}
        good = {**zero, 'startsAt': am_world.rfc3339(time.time()), 'endsAt': FUTURE}
        # amtool says "couldn't import 2 out of 5" and ends with 1 only when it wins a race with its own workers.
        for silences in ([zero], [good, zero, good, zero, good]):
            for daemon in self.daemons:
                _, out, err = self.amtool(daemon, 'silence import', json.dumps(silences))
                good_ones = sum(s is good for s in silences)
                self.assertEqual(out.count('<id>'), good_ones, f'{daemon.kind}: {err}')
                self.assertEqual(err.count('Error adding silence'), len(silences) - good_ones, daemon.kind)


if __name__ == '__main__':
    unittest.main()
