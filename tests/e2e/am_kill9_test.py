#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Seven kill -9 while 200 alerts arrive by API, and seven more while they end: every alert that was accepted is told,
each firing and each end once, and what comes a second time comes under the key of the first; a silence that was accepted
just before a kill is there after it. Half of the alerts are groups of their own, half are groups of five. KILLS=0 and
KIND=alertmanager show the counters without kills and of the other daemon."""
import collections
import os
import random
import threading
import time
import unittest

import am_world
import harness

COUNT = 200
KILLS = int(os.environ.get('KILLS', 7))
KIND = os.environ.get('KIND', am_world.OUTRIDER)


def config(url):
    return {'route': {'receiver': 'alone', 'group_by': ['...'], 'group_wait': '50ms', 'group_interval': '500ms',
                      'repeat_interval': '1h',
                      'routes': [{'receiver': 'grouped', 'matchers': ['kind="grouped"'], 'group_by': ['five']}]},
            'receivers': [{'name': n, 'webhook_configs': [{'url': f'{url}/{n}'}]} for n in ('alone', 'grouped')]}


class Kill9(harness.EndToEnd):
    def post(self, alert):
        """As a client does: again until it is accepted."""
        def accepted():
            try:
                return self.daemon.post_alerts([alert])[0] == 200
            except OSError:
                return False
        harness.wait_for(f'{alert["labels"]} to be accepted', accepted, 60, 0.02)

    def feed(self, alerts, kills):
        """Posts all alerts, a few at a time, while the process is killed `kills` times in between."""
        left = list(alerts)
        lock = threading.Lock()

        def work():
            while True:
                with lock:
                    if not left:
                        return
                    alert = left.pop()
                self.post(alert)
                time.sleep(0.04)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for t in threads:
            t.start()
        share = len(alerts) // (kills + 1)
        for number in range(kills):
            # At a random instant of the number-th part of the alerts, whatever is being done then.
            harness.wait_for('the next part', lambda: len(left) <= len(alerts) - (number + 0.3) * share, 60, 0.002)
            time.sleep(self.random.uniform(0, 0.2))
            now = time.time()
            self.silences.add(self.daemon.silence({'alertname': f'quiet{self.killed}'}, now, now + 3600))
            self.daemon.process.kill9()
            self.killed += 1
            self.daemon.start()
            kept = {s['id'] for s in self.daemon.call('GET', '/api/v2/silences')[1]}
            self.assertEqual(self.silences - kept, set(), 'accepted silences are gone')
        for t in threads:
            t.join()

    def told(self, status):
        """{alert: {keys of messages in which it has this status, and was not in the message before of its group}}"""
        out, last = collections.defaultdict(list), {}
        for d in self.sink.all():
            if not d.accepted:
                continue
            now = {(a['labels']['alertname'], a['status']) for a in d.body['alerts']}
            key = d.headers.get('Idempotency-Key', '')
            for name, state in sorted(now - last.get((d.path, d.body['groupKey']), set())):
                if state == status:
                    out[name].append(key)
            last[d.path, d.body['groupKey']] = now
        return out

    def seen_keys(self):
        """{(group, texts): {key}}: what was said, and under how many keys."""
        keys = collections.defaultdict(set)
        for d in self.sink.all():
            text = tuple(sorted((a['labels']['alertname'], a['status']) for a in d.body['alerts']))
            keys[d.path, d.body['groupKey'], text].add(d.headers.get('Idempotency-Key', ''))
        return keys

    def test_alerts_under_kills(self):
        self.random, self.killed = random.Random(int(os.environ.get('SEED', '8'))), 0
        self.silences = set()
        self.sink = am_world.Collector()
        self.addCleanup(self.sink.close)
        for name in ('alone', 'grouped'):  # slow, so that some are on the way at a kill
            self.sink.answers[f'/{name}'] = lambda *_: (200, self.random.uniform(0, 0.2), {})
        self.daemon = am_world.Daemon(self, KIND, config(self.sink.url)).start()
        begin = time.time()
        alerts = []
        for i in range(COUNT):
            labels = {'alertname': f'n{i:03}'}
            if i % 2:
                labels.update(kind='grouped', five=str(i // 10))
            alerts.append({'labels': labels, 'startsAt': am_world.rfc3339(begin)})
        self.feed(alerts, KILLS)
        names = {a['labels']['alertname'] for a in alerts}

        def missing(status):
            told = self.told(status)
            return [n for n in sorted(names) if n not in told]

        try:
            harness.wait_for('every accepted alert to be told', lambda: not missing('firing'), 20)
        finally:
            print(f'{KIND}: {self.killed} kills, {COUNT} accepted, {len(missing("firing"))} never told')
        ends = am_world.rfc3339(time.time())
        self.feed([{**a, 'endsAt': ends} for a in alerts], KILLS)
        harness.wait_for('every end to be told', lambda: not missing('resolved'), 20)
        active = self.daemon.alerts()
        self.assertEqual(active, [])
        deliveries = self.sink.all()
        twice = {k: v for k, v in self.seen_keys().items() if len(v) > 1}
        self.assertEqual(twice, {}, 'said twice under different keys')
        keys = collections.Counter(d.headers['Idempotency-Key'] for d in deliveries)
        for key in keys:
            bodies = {str(d.body['alerts']) for d in deliveries if d.headers['Idempotency-Key'] == key}
            self.assertEqual(len(bodies), 1, f'one key, different messages: {bodies}')
        print(f'{self.killed} kills, {len(deliveries)} messages, {len(keys)} keys, '
              f'{sum(1 for n in keys.values() if n > 1)} sent again under their key')


if __name__ == '__main__':
    unittest.main()
