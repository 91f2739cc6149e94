# SPDX-License-Identifier: Apache-2.0
"""What http_api_test.py asks about: the same samples for Outrider and for Prometheus, at fixed times, so that answers can
be compared with recorded ones; and how a line of data/http_api/requests.txt is asked and its answer made comparable."""
import gzip
import json
import re
import urllib.error
import urllib.parse
import urllib.request

import wire

START = 1_700_000_000_000  # ms
STEP, POINTS = 15_000, 80
SPECIAL = (float('nan'), float('inf'), float('-inf'), 0.0, -0.0, 1e-7, 1.5e-6, 1e21, 123456789.125, 1 / 3)
RULES = '''groups:
- name: empty
  interval: 1h
  rules: []
- name: first
  interval: 1h
  limit: 7
  rules:
  - {record: 'job:up:sum', expr: 'sum by(job)(up)', labels: {team: a}}
  - {alert: Down, expr: 'up == 0', for: 5m, keep_firing_for: 90s, labels: {severity: page}, annotations: {summary: 's'}}
- name: second
  interval: 1h
  rules:
  - {alert: Never, expr: 'vector(1) > 2'}
'''


def series():
    times = [START + i * STEP for i in range(POINTS)]
    out = []
    for job in ('api', 'web'):
        for instance in ('a:80', 'b:80', 'c:80'):
            base = {'__name__': 'up', 'instance': instance, 'job': job}
            out.append(wire.Series(base, [(t, float(instance != 'c:80')) for t in times]))
            for code in ('200', '500'):
                rate = 3 if code == '200' else 0.5
                out.append(wire.Series({**base, '__name__': 'http_requests_total', 'code': code},
                                       [(t, rate * i) for i, t in enumerate(times)],
                                       exemplars=[({'trace_id': f't{job}{i}'}, float(i), times[i] + 1)
                                                  for i in (10, 20)]))
    for le, share in (('0.1', 1), ('1', 2), ('+Inf', 3)):
        out.append(wire.Series({'__name__': 'latency_seconds_bucket', 'job': 'api', 'le': le},
                               [(t, float(share * i)) for i, t in enumerate(times)]))
    for i, value in enumerate(SPECIAL):
        out.append(wire.Series({'__name__': 'special', 'i': str(i)}, [(times[-1], value)]))
    out.append(wire.Series({'__name__': 'texts', 'v': '<a> & "b" \\ \n \t é 日本 \u2028 \x01'}, [(times[-1], 1)]))
    out.append(wire.Series({'__name__': 'gone'}, [(times[-3], 1), (times[-2], wire.STALE)]))
    out.append(wire.Series({'__name__': 'memory_bytes', 'job': 'api'}, [(t, 1e6 + 17.25 * i) for i, t in enumerate(times)]))
    for i in range(12):
        out.append(wire.Series({'__name__': f'gauge_{i:02}', 'n': str(i)}, [(t, float(i)) for t in times]))
    # UTF-8 names.
    out.append(wire.Series({'__name__': 'my.metric', 'dotted.label': 'x', 'job': 'utf8'}, [(times[-1], 5)]))
    return out


def send(url):
    """All of it in one request of 1.0."""
    for one in series():
        sender = wire.Sender(url)
        status, said, _ = sender.write('v1', [one])
        assert status in (200, 204), f'{status} {said}'
        sender.close()


# --- requests and answers

class Case:
    """`[flags] METHOD path | name=value | …`. Flags: ~ only the shape is compared; ! known to differ, for the reason
    that stands behind ` ## `. `@Name=value` is a header; a path with `?` goes out as it is."""

    def __init__(self, line):
        self.line = line
        line, _, self.reason = line.partition(' ## ')
        self.shape, self.differs = line.startswith('~'), line.startswith('!')
        first, *rest = [part.strip() for part in line.lstrip('~!').split(' | ')]
        self.method, _, self.path = first.partition(' ')
        self.headers, self.params = {}, []
        for part in rest:
            name, _, value = part.partition('=')
            if name.startswith('@'):
                self.headers[name[1:]] = value
            else:
                self.params.append((name, value.replace('\\n', '\n')))

    def ask(self, url):
        path = self.path if self.path.startswith('/') else '/api/v1/' + self.path
        encoded, data, headers = urllib.parse.urlencode(self.params), None, dict(self.headers)
        if self.method in ('POST', 'PUT'):
            data = encoded.encode()
            headers.setdefault('Content-Type', 'application/x-www-form-urlencoded')
        elif encoded:
            path += '?' + encoded
        request = urllib.request.Request(url + path, data, headers, method=self.method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return self.comparable(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as e:
            return self.comparable(e.code, e.headers, e.read())

    def comparable(self, status, headers, body):
        if headers.get('Content-Encoding') == 'gzip':
            body = gzip.decompress(body)
        out = {'status': status}
        for name in ('Content-Type', 'Access-Control-Allow-Headers', 'Access-Control-Allow-Methods',
                     'Access-Control-Allow-Origin', 'Access-Control-Expose-Headers', 'Content-Encoding', 'Allow'):
            if headers.get(name):
                out[name] = headers[name]
        # Prometheus says that the encoding may vary even where the answer is too short for us to compress it.
        vary = {part.strip() for value in headers.get_all('Vary', ()) for part in value.split(',')}
        if vary - {'Accept-Encoding'}:
            out['Vary'] = sorted(vary - {'Accept-Encoding'})
        text = body.decode()
        try:
            out['body'] = steady(json.loads(text))
        except ValueError:
            out['body'] = text
        if self.shape:
            out['body'] = shape_of(out['body'])
        elif isinstance(out['body'], dict):
            in_order(out['body'], self.path, bool(re.search('sort|topk', self.line)))
        return out


def steady(value):
    """What differs from run to run becomes the same: measured times, the file's directory."""
    if isinstance(value, dict):
        return {k: 'seconds' if k in ('evaluationTime', 'evalTotalTime', 'resultSortTime', 'queryPreparationTime',
                                      'innerEvalTime', 'execQueueTime', 'execTotalTime')
                else 'samples' if k == 'peakSamples' else steady(v) for k, v in value.items()}
    if isinstance(value, list):
        return [steady(v) for v in value]
    if isinstance(value, str):
        value = re.sub(r'(found duplicate series .* operation: )\[.*\]', r'\1[in any order]', value)
        return re.sub(r'/\S*/rules\.yml', 'rules.yml', value)
    return value


def in_order(body, path, sorted_already):
    """What comes in no order. Of more than ten warnings or infos, which ten is left to chance."""
    for key in ('warnings', 'infos'):
        if len(body.get(key, ())) > 10:
            body[key] = [len(body[key]), body[key][-1]]
        elif key in body:
            body[key].sort()
    data = body.get('data')
    if isinstance(data, dict) and data.get('resultType') == 'vector' and not sorted_already:
        data['result'].sort(key=lambda row: sorted(row['metric'].items()))
    if path == 'series' and data:
        data.sort(key=lambda labels: sorted(labels.items()))


def shape_of(value):
    if isinstance(value, dict):
        return {k: shape_of(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shape_of(v) for v in value[:1]]
    return type(value).__name__


def cases(path):
    lines = [line.rstrip('\n') for line in path.open()]
    return [Case(line) for line in lines if line and not line.startswith('#')]
