#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same rule file and the same remote-written samples in Debian's Prometheus and in outrider, for a minute and a
half of real time, samples flowing all the while, with a gap, a counter reset, a series that comes and goes. Afterwards
the recorded series, ALERTS and ALERTS_FOR_STATE are compared second by second, and the alerts that both sent to an
Alertmanager one by one, times included: both evaluate at the same slots."""
import json
import math
import struct
import threading
import time
import urllib.parse
import unittest

import harness
import wire

SECONDS = 90
INTERVAL = 5
EXTERNAL = 'http://rules.example'

RULES = '''
groups:
- name: {first}
  interval: 5s
  rules:
  - record: job:requests:rate
    expr: sum by (job) (rate(requests_total[15s]))
    labels: {{from: rules}}
  - record: job:requests:rate_doubled
    expr: job:requests:rate * 2
  - record: instance:temperature:copy
    expr: temperature
  - record: everything:count
    expr: count({{job="app"}})
  - alert: Hot
    expr: temperature > 70
    labels: {{severity: page, where: '{{{{ $labels.instance }}}}'}}
    annotations: {{summary: '{{{{ $labels.instance }}}} is at {{{{ $value }}}} in {{{{ $externalLabels.cluster }}}}'}}
  - alert: HotForAWhile
    expr: temperature > 70
    for: 12s
    annotations: {{summary: '{{{{ printf "%.1f" $value }}}} degrees', rate: '{{{{ query "job:requests:rate" | first | value | humanize }}}}'}}
  - alert: HotAndKept
    expr: temperature > 70
    keep_firing_for: 12s
  - alert: Silent
    expr: absent(temperature{{instance="b"}}) and on () count(requests_total)
  - alert: FewerRequests
    expr: job:requests:rate < 15
    for: 3s
- name: {second}
  interval: 5s
  limit: 2
  rules:
  - alert: SeesTheOthers
    expr: ALERTS{{alertname=~"Hot.*",   alertstate="firing"}}
    labels: {{alertname: SeesTheOthers, seen: yes}}
  - record: too:many
    expr: temperature
  - alert: Few
    expr: count by (job) (temperature) < 3
  - record: resets:seen
    expr: resets(requests_total[30s])
'''


def xxh64(data):
    """The hash by its definition, for short inputs too; only for choosing names."""
    p1, p2, p3, p4, p5 = (11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
                          2870177450012600261)
    mask = (1 << 64) - 1

    def rol(x, n):
        return (x << n | x >> 64 - n) & mask

    def step(acc, lane):
        return rol((acc + lane * p2) & mask, 31) * p1 & mask

    at = 0
    if len(data) >= 32:
        accs = [(p1 + p2) & mask, p2, 0, -p1 & mask]
        while at + 32 <= len(data):
            accs = [step(a, lane) for a, lane in zip(accs, struct.unpack_from('<4Q', data, at))]
            at += 32
        h = sum(rol(a, n) for a, n in zip(accs, (1, 7, 12, 18))) & mask
        for a in accs:
            h = ((h ^ step(0, a)) * p1 + p4) & mask
    else:
        h = p5
    h = (h + len(data)) & mask
    while at + 8 <= len(data):
        h = (rol(h ^ step(0, struct.unpack_from('<Q', data, at)[0]), 27) * p1 + p4) & mask
        at += 8
    if at + 4 <= len(data):
        h = (rol(h ^ struct.unpack_from('<I', data, at)[0] * p1 & mask, 23) * p2 + p3) & mask
        at += 4
    for byte in data[at:]:
        h = rol(h ^ byte * p5 & mask, 11) * p1 & mask
    h = (h ^ h >> 33) * p2 & mask
    h = (h ^ h >> 29) * p3 & mask
    return h ^ h >> 32


def offset_ms(path, name):
    """Where Prometheus (Debian's) puts the slots of a group."""
    data = b'file\xff' + path.encode() + b'\xffname\xff' + name.encode() + b'\xff'
    return xxh64(data) % (INTERVAL * 10**9) // 10**6


def name_for(path, prefix, low, high):
    """A group name whose slots lie so far behind full seconds, when samples arrive."""
    return next(f'{prefix}{i}' for i in range(10000) if low <= offset_ms(path, f'{prefix}{i}') % 1000 < high)


def samples_at(second, now):
    """What the world looks like `second` seconds after the beginning."""
    counter = second * 10 if second < 40 else (second - 40) * 10  # a reset
    out = [({'__name__': 'requests_total', 'job': 'app', 'instance': 'a'}, [(now, counter)]),
           ({'__name__': 'requests_total', 'job': 'app', 'instance': 'b'}, [(now, second * 7.5)]),
           ({'__name__': 'temperature', 'job': 'app', 'instance': 'a'},
            [(now, 60 + 20 * math.sin(second * 2 * math.pi / 45))])]
    if not 45 <= second < 65:  # a gap without a marker
        out.append(({'__name__': 'temperature', 'job': 'app', 'instance': 'b'}, [(now, 75 - second / 4)]))
    if 20 <= second <= 50:  # comes, and goes with a marker
        out.append(({'__name__': 'temperature', 'job': 'app', 'instance': 'c'},
                    [(now, 90 if second < 50 else wire.STALE)]))
    return out


def milliseconds(text):
    whole, _, rest = text.rstrip('Z').partition('.')
    seconds = time.mktime(time.strptime(whole, '%Y-%m-%dT%H:%M:%S')) - time.timezone
    return round(seconds * 1000 + float('0.' + (rest or '0')) * 1000)


class SideBySide(harness.EndToEnd):
    def start_both(self, path):
        self.sinks = {'prometheus': self.webhook_sink(), 'outrider': self.webhook_sink()}
        port = harness.free_port()
        self.write('prometheus.yml', f'''
global: {{evaluation_interval: 5s, external_labels: {{cluster: east}}}}
rule_files: ['{path}']
alerting:
  alertmanagers: [{{static_configs: [{{targets: ['{self.sinks["prometheus"].url[7:]}']}}]}}]
''')
        self.start('prometheus', [
            'prometheus', '--config.file=prometheus.yml', '--storage.tsdb.path=tsdb', '--query.lookback-delta=10s',
            '--web.enable-remote-write-receiver', f'--web.listen-address=127.0.0.1:{port}',
            '--rules.alert.resend-delay=15s', f'--web.external-url={EXTERNAL}'])
        self.write('outrider.yml', f'''
global: {{evaluation_interval: 5s, external_labels: {{cluster: east}}}}
rule_files: ['{path}']
query: {{lookback_delta: 10s}}
alerting:
  resend_delay: 15s
  alertmanagers: [{{static_configs: [{{targets: ['{self.sinks["outrider"].url[7:]}']}}]}}]
''')
        self.start_outrider('outrider.yml', f'--web.external-url={EXTERNAL}')
        url = f'http://127.0.0.1:{port}'
        harness.wait_for('Prometheus to be ready', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
        # Prometheus writes no ALERTS before it has restored what it knew, after its second evaluation.
        harness.wait_for('both groups to be evaluated twice', lambda: all(
            count >= 3 for count in self.iterations(url)), 30, 0.5)
        return {'prometheus': url, 'outrider': self.url}

    @staticmethod
    def iterations(url):
        metrics = harness.request(url + '/metrics')[1].splitlines()
        return [float(line.split()[-1]) for line in metrics
                if line.startswith('prometheus_rule_group_iterations_total{')]

    def feed(self, urls):
        """A sample a second and series to both, as close to the full second as can be."""
        start = int(time.time()) + 2
        for second in range(SECONDS):
            now = start + second
            time.sleep(max(0, now - time.time()))
            series = samples_at(second, now)
            answers = {}

            def send(name, url):
                answers[name] = harness.remote_write(url, series)[0]

            threads = [threading.Thread(target=send, args=item) for item in urls.items()]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(answers, {'prometheus': 204, 'outrider': 204})
            self.assertLess(time.time() - now, 0.35, 'this machine is too busy to compare anything')
        return start

    @staticmethod
    def by_second(url, query, start, end):
        answer = harness.get_json(f'{url}/api/v1/query_range?' + urllib.parse.urlencode(
            {'query': query, 'start': start, 'end': end, 'step': '1s'}))
        return {json.dumps(s['metric'], sort_keys=True): {t: float(v) for t, v in s['values']}
                for s in answer['data']['result']}

    def compare_series(self, urls, query, start, end):
        theirs, ours = (self.by_second(urls[name], query, start, end) for name in ('prometheus', 'outrider'))
        self.assertEqual(sorted(theirs), sorted(ours), query)
        points = 0
        for series, values in theirs.items():
            self.assertEqual(sorted(values), sorted(ours[series]), f'{query}: {series}')
            for at, value in values.items():
                self.assertAlmostEqual(value, ours[series][at], delta=abs(value) * 1e-12 + 1e-300,
                                       msg=f'{query}: {series} at {at}')
                points += 1
        return points

    def sent(self, name):
        """Alert -> [(startsAt, endsAt, annotations, URL), …] in the order of arrival; times in ms."""
        out = {}
        for path, _, body, _ in self.sinks[name].requests:
            self.assertEqual(path, '/api/v2/alerts')
            for alert in json.loads(body):
                key = json.dumps(alert['labels'], sort_keys=True)
                out.setdefault(key, []).append((milliseconds(alert['startsAt']), milliseconds(alert['endsAt']),
                                                alert.get('annotations', {}), alert['generatorURL']))
        return out

    def test_same_rules_same_samples(self):
        path = str(self.directory / 'rules.yml')
        names = {'first': name_for(path, 'first', 450, 600), 'second': name_for(path, 'second', 650, 800)}
        self.write('rules.yml', RULES.format(**names))
        urls = self.start_both(path)
        start = self.feed(urls)
        end = start + SECONDS - 2
        time.sleep(3)  # the last slot may wait for its data
        # Not the samples themselves: since 3.0 a look-back of 10 s does not reach a sample of exactly 10 s ago.
        for query, least in (('job:requests:rate', 60), ('job:requests:rate_doubled', 60), ('everything:count', 60),
                             ('instance:temperature:copy', 150), ('too:many', 0), ('resets:seen', 100),
                             ('ALERTS', 300), ('ALERTS_FOR_STATE', 300)):
            points = self.compare_series(urls, query, start, end)
            print(f'{query}: {points} points equal')
            self.assertGreaterEqual(points, least, query)
        self.compare_slots(urls, path, names)
        self.compare_sent()
        self.compare_rules(urls)

    def compare_slots(self, urls, path, names):
        """Times of samples are those of slots, to the millisecond, and were compared; here, when the slots were
        evaluated: behind their time, ours up to a third of the interval more when data is missing, as it is now."""
        for name, url in urls.items():
            for group in harness.get_json(url + '/api/v1/rules')['data']['groups']:
                self.assertIn(group['name'], names.values())
                late = (milliseconds(group['lastEvaluation']) - offset_ms(path, group['name'])) % (INTERVAL * 1000)
                self.assertLess(late, 1500 + (INTERVAL * 1000 / 3 if name == 'outrider' else 0), name)

    def compare_rules(self, urls):
        def seen(url):
            return [(g['name'], g['file'], g['interval'], g['limit'], r['name'], r['type'], r['query'], r['health'],
                     r.get('lastError'), r.get('duration'), r.get('keepFiringFor'), r.get('labels') or {}, r.get('annotations') or {})
                    for g in harness.get_json(url + '/api/v1/rules')['data']['groups'] for r in g['rules']]

        self.assertEqual(seen(urls['outrider']), seen(urls['prometheus']))

    def compare_sent(self):
        theirs, ours = self.sent('prometheus'), self.sent('outrider')
        self.assertEqual(sorted(theirs), sorted(ours))
        alerts = 0
        for key, sent in theirs.items():
            # One may have been stopped in the middle of a slot.
            both = min(len(sent), len(ours[key]))
            self.assertLessEqual(abs(len(sent) - len(ours[key])), 1, key)
            self.assertEqual(ours[key][:both], sent[:both], key)
            alerts += both
        print(f'{alerts} alerts of {len(theirs)} label sets sent by both, equal')
        self.assertGreaterEqual(len(theirs), 8)
        self.assertGreaterEqual(alerts, 30)


if __name__ == '__main__':
    unittest.main()
