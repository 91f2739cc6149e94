#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reload on change, amid traffic: files that are written, renamed over, added, removed, broken and mended; a mounted
Kubernetes ConfigMap; what is not touched goes on as if nothing had happened. And reloads that nobody may hold up."""
import json
import os
import re
import socket
import threading
import time
import unittest

import harness

CONFIG = '''
global: {evaluation_interval: 1s, reload_on_change: true}
rule_files: [rules/*.yml]
bundle_files: [bundles/*.yml]
analytics_files: [analytics/*.yml]
alerting: {config_file: am.yml}
incidents: {config_file: incidents.yml}
rules: {wait_for_data: false}
'''
STEADY = '''
groups:
- name: steady
  rules:
  - {record: steady, expr: fed}
  - {alert: Steady, expr: fed > 0, annotations: {summary: goes on}}
'''


def alertmanager(receiver):
    return f'route: {{receiver: {receiver}}}\nreceivers: [{{name: {receiver}, log_configs: [{{}}]}}]\n'


def rule(name, expr='vector(1)'):
    return f'groups:\n- name: {name}\n  rules:\n  - {{record: {name}, expr: {expr}}}\n'


class Reload(harness.EndToEnd):
    def prepare(self, config=CONFIG):
        self.write('outrider.yml', config)
        self.write('rules/steady.yml', STEADY)
        self.write('rules/changed.yml', rule('first'))
        self.write('am.yml', alertmanager('one'))
        self.write('incidents.yml', 'default_severity: low\n')

    def feed(self):
        """A sample four times a second, until the test ends."""
        stop = threading.Event()

        def run():
            while not stop.is_set():
                try:
                    harness.remote_write(self.url, [({'__name__': 'fed'}, [(time.time(), 1)])])
                except OSError:
                    return
                stop.wait(0.25)
        thread = threading.Thread(target=run)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)

    def groups(self):
        return {group['name']: group for group in harness.get_json(self.url + '/api/v1/rules')['data']['groups']}

    def names(self):
        return sorted(self.groups())

    def wait_for_groups(self, *names):
        harness.wait_for(f'groups {names}', lambda: self.names() == sorted(names), 20)

    def metric(self, name):
        text = harness.request(self.url + '/metrics')[1]
        return float(re.search(rf'^{name} (\S+)$', text, re.M).group(1))

    def wait_for_outcome(self, good):
        harness.wait_for(f'a reload that went {"well" if good else "wrong"}',
                         lambda: self.metric('prometheus_config_last_reload_successful') == good, 20)

    def rename_over(self, name, text):
        self.write(name + '.new', text)
        os.replace(self.directory / (name + '.new'), self.directory / name)

    def steady_alert(self):
        return self.groups()['steady']['rules'][1]['alerts'][0]['activeAt']

    def test_every_kind_of_change(self):
        self.prepare()
        outrider = self.start_outrider()
        self.feed()
        harness.wait_for('an alert', lambda: self.steady_alert(), 20)
        since = self.steady_alert()
        self.wait_for_groups('first', 'steady')
        self.write('rules/changed.yml', rule('second'))           # in place
        self.wait_for_groups('second', 'steady')
        self.rename_over('rules/changed.yml', rule('third'))      # as editors write
        self.wait_for_groups('third', 'steady')
        self.write('rules/added.yml', rule('added'))
        self.wait_for_groups('third', 'added', 'steady')
        (self.directory / 'rules/added.yml').unlink()
        self.wait_for_groups('third', 'steady')
        # The first of a directory that was not there.
        self.write('bundles/team.yml', rule('team') + alertmanager('team'))
        self.wait_for_groups('third', 'team', 'steady')
        loaded = self.metric('prometheus_config_last_reload_success_timestamp_seconds')

        broken = 'groups:\n- name: third\n  rules: [{record: third, expr: vector(1), nonsense: 1}]\n'
        self.write('rules/changed.yml', broken)
        self.wait_for_outcome(False)
        self.assertEqual(self.names(), ['steady', 'team', 'third'])
        self.assertEqual(self.metric('prometheus_config_last_reload_success_timestamp_seconds'), loaded)
        os.utime(self.directory / 'rules/changed.yml')
        self.write('rules/unrelated.txt', 'nothing')
        time.sleep(3)                                             # it is not tried again
        said = re.findall(r'level=error msg="reload failed[^\n]*', outrider.text())
        self.assertEqual(len(said), 1, said)
        self.assertIn('changed.yml:3:', said[0])
        self.rename_over('rules/changed.yml', rule('third'))      # as it was before: good again
        self.wait_for_outcome(True)
        self.assertGreater(self.metric('prometheus_config_last_reload_success_timestamp_seconds'), loaded)

        self.write('am.yml', alertmanager('two'))
        harness.wait_for('the other receiver', lambda: 'two' in harness.get_json(
            self.url + '/api/v2/status')['config']['original'], 20)
        self.write('analytics/a.yml', 'entries: [{name: fed_trend, kind: trend, expr: fed, windows: [5m]}]\n')
        harness.wait_for('the entry', lambda: 'fed_trend' in harness.request(self.url + '/metrics')[1], 30)
        # A file that is named only now, and broken: mending it is noticed.
        self.write('other/new.yml', 'groups: [')
        self.write('outrider.yml', CONFIG.replace('rules/*.yml', 'rules/*.yml, other/new.yml'))
        self.wait_for_outcome(False)
        self.write('other/new.yml', rule('new'))
        self.wait_for_groups('third', 'team', 'steady', 'new')
        self.wait_for_outcome(True)

        # All the while: the alert is the same one, and no slot of the group was left out.
        self.assertEqual(self.steady_alert(), since)
        self.expect_every_slot('steady', 'steady')

    def expect_every_slot(self, series, group):
        """A sample each second, but for slots that the machine was too busy for, which are counted."""
        times = [int(t) for t, _ in self.query(self.url, series + '[5m]')[0]['values']]
        missed = sum(b - a - 1 for a, b in zip(times, times[1:]))
        text = harness.request(self.url + '/metrics')[1]
        counted = re.search(rf'^prometheus_rule_group_iterations_missed_total{{rule_group="[^"]*;{group}"}} (\S+)$', text, re.M)
        self.assertLessEqual(missed, float(counted.group(1)), times)

    def test_changed_groups_leave_no_slot_out(self):
        self.prepare()
        self.start_outrider()
        self.feed()
        for i in range(1, 6):
            self.write('rules/changed.yml', rule('counted', f'vector({i})').replace('name: counted', 'name: changed'))
            harness.wait_for(f'value {i}', lambda: float(self.query(self.url, 'counted')[0]['value'][1]) == i, 20)
        self.expect_every_slot('counted', 'changed')

    def test_a_config_map(self):
        """rules/a.yml -> ..data/a.yml, ..data -> ..1: an update makes ..2 and renames another link over ..data."""
        self.prepare()
        for revision in (1, 2, 3):
            self.write(f'mounted/..{revision}/a.yml', rule(f'revision{revision}'))
        mounted = self.directory / 'mounted'
        os.symlink('..1', mounted / '..data')
        os.symlink('..data/a.yml', mounted / 'a.yml')
        self.write('outrider.yml', CONFIG.replace('rules/*.yml', 'mounted/*.yml'))
        self.start_outrider()
        self.wait_for_groups('revision1')
        for revision in (2, 3):
            os.symlink(f'..{revision}', mounted / '..data_tmp')
            os.replace(mounted / '..data_tmp', mounted / '..data')
            self.wait_for_groups(f'revision{revision}')

    def test_switched_off_and_on(self):
        self.prepare(CONFIG.replace('reload_on_change: true', 'reload_on_change: false'))
        outrider = self.start_outrider()
        self.wait_for_groups('first', 'steady')
        self.write('rules/changed.yml', rule('second'))
        time.sleep(3)
        self.assertEqual(self.names(), ['first', 'steady'])
        self.write('outrider.yml', CONFIG)
        self.assertEqual(harness.request(self.url + '/-/reload', b'', method='POST')[0], 200)
        self.wait_for_groups('second', 'steady')
        self.write('rules/changed.yml', rule('third'))
        self.wait_for_groups('third', 'steady')
        self.assertNotIn('level=error', outrider.text())
        self.assertEqual(outrider.stop(), 0)                      # the watch does not hold the end up
        self.processes.remove(outrider)
        self.prepare('rule_files: [rules/*.yml]\n')
        self.start_outrider('outrider.yml', '--enable-feature=auto-reload-config')
        self.write('rules/changed.yml', rule('fourth'))
        self.wait_for_groups('fourth', 'steady')
        self.assertTrue(harness.get_json(self.url + '/api/v1/features')['data']['prometheus']['auto_reload_config'])

    def test_an_alertmanager_that_does_not_answer_holds_no_reload_up(self):
        with socket.create_server(('127.0.0.1', 0)) as silent:
            target = f'127.0.0.1:{silent.getsockname()[1]}'
            self.prepare('global: {evaluation_interval: 1s}\nrule_files: [rules/*.yml]\nalerting:\n'
                         f'  alertmanagers: [{{timeout: 5m, static_configs: [{{targets: ["{target}"]}}]}}]\n')
            self.write('rules/changed.yml', 'groups: [{name: a, rules: [{alert: A, expr: vector(1)}]}]')
            outrider = self.start_outrider()
            accepted, _ = silent.accept()                         # the request is on its way, for five minutes
            accepted.recv(10)
            self.write('rules/changed.yml', rule('second'))
            self.write('outrider.yml', 'global: {evaluation_interval: 1s}\nrule_files: [rules/*.yml]\n')
            self.assertEqual(harness.request(self.url + '/-/reload', b'', method='POST', timeout=30)[0], 200)
            self.wait_for_groups('second', 'steady')
            self.assertEqual(outrider.stop(), 0)                  # nor the end
            accepted.close()
            self.processes.remove(outrider)


if __name__ == '__main__':
    unittest.main()
