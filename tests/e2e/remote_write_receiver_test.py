#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The receiver of remote write, 1.0 and 2.0, from outside: the cases of Prometheus' compliance suite (its receiver
part) as a table, twice each as the suite sends them, and what the specifications and Prometheus say beyond it. Unlike
the suite, this reads back what was acked."""
import collections
import json
import random
import socket
import time
import unittest
import urllib.parse

import harness
import wire
from wire import Histogram, Series

# Cases with native histograms; they run in test_compliance_of_histograms.
NEEDS_HISTOGRAMS = [
    'histogram with a bad count', 'histogram basic', 'histogram custom buckets', 'histogram positive only',
    'histogram negative only', 'histogram minimal', 'histogram with start time', 'histograms, several',
    'histogram without buckets', 'histogram with metadata', 'histogram with exemplar',
    'histogram with metadata and exemplar', 'histograms with metadata each', 'metadata histogram',
    'metadata with many labels', 'combined histogram, metadata, exemplar', 'combined histograms',
    'combined histogram families', 'combined 50 histograms', 'combined custom buckets with exemplar']

MINUTE, HOUR = 60_000, 3_600_000
VALUES = {'1': 1.0, 'stale': wire.STALE, 'NaN': wire.NAN, '+Inf': float('inf'), '-Inf': float('-inf')}


def metric(name, **labels):
    return {'__name__': name, **labels}


UP = metric('up', job='testjob', instance='localhost:9090')


def histogram(total, positive=False, negative=False, zero=False, custom=False, count=None):
    """As the suite builds them: buckets 1 3 4 7 8 in two spans, negative ones 1 2, zero bucket 1."""
    made = Histogram(total=total)
    if positive:
        made.positive_spans, made.positive = ((0, 3), (2, 2)), (1, 2, 1, 3, 1)
    if negative:
        made.negative_spans, made.negative = ((0, 2),), (1, 1)
    if zero:
        made.zero_count = 1
    made.count = 23 * positive + 3 * negative + zero
    if custom:
        made.schema, made.custom_values, made.count = -53, (0.1, 0.5, 1, 2.5, 5, 10), 30
        made.positive_spans, made.positive = ((0, 6),), (2, 1, 2, 3, -1, -2)
    if count is not None:
        made.count = count
    return made


# `series` is of wire.Series whose times are offsets from now. Written: samples, histograms, exemplars of 2.0. `again`
# is what the second sending gives when that differs; `may`: 400 with nothing written is right too.
Case = collections.namedtuple('Case', 'name series status written again may', defaults=(204, (1, 0, 0), None, False))


def metric_cases():
    nameless = [{'job': 'testjob', 'instance': f'localhost:909{i}'} for i in range(4)]
    named = [metric('up', **labels) for labels in nameless]
    for text, value in VALUES.items():
        one = [(0, value)]
        for name, labels in (
                ('simple', metric('up')), ('labels', UP),
                ('newlines', metric('up', job='test\njob\n', instance='localhost:9090')),
                ('dots', metric('resource.cpu.usage', **{'job.name': 'testjob', 'instance.name': 'localhost:9090'})),
                ('spaces', metric('resource cpu usage', **{'job name': 'testjob', 'instance name': 'localhost:9090'}))):
            yield Case(f'metric {name} {text}', [Series(labels, one)])
        for name, labels in (('without a name', nameless[0]), ('without labels', {}), ('empty name', metric(''))):
            yield Case(f'metric {name} {text}', [Series(labels, one)], 400, (0, 0, 0))
        yield Case(f'metrics, four {text}', [Series(labels, one) for labels in named], 204, (4, 0, 0))
        yield Case(f'metrics, four without names {text}', [Series(labels, one) for labels in nameless], 400, (0, 0, 0))
        yield Case(f'metrics, one without a name {text}', [Series(labels, one) for labels in nameless[:1] + named[1:]],
                   400, (3, 0, 0))
    yield Case('metric with start time', [Series(metric('http_requests_total', job='api'), [(0, 100.0)],
                                                 old_start=-HOUR)])
    yield Case('metric with start time of now', [Series(metric('http_requests_total', job='api'), [(0, 101.0, -HOUR)])])


def exemplar_cases():
    for name, labels, exemplar, value in (
            ('basic', metric('http_requests_total', job='api'), {'trace_id': 'abc123def456'}, 1.0),
            ('span', metric('request_seconds', method='GET'), {'trace_id': 'xyz789', 'span_id': 'span123'}, 0.125),
            ('no trace', metric('cpu_usage', instance='host1'), {'user_id': 'user123'}, 0.85),
            ('several labels', metric('request_latency', service='auth'),
             {'trace_id': 'trace456', 'user': 'admin', 'endpoint': '/login'}, 0.05),
            ('no labels', metric('simple_counter'), {}, 1.0),
            ('special characters', metric('test_metric'), {'trace_id': 'with-dashes_and_underscores.123'}, 42.0),
            ('unicode', metric('unicode_test', region='🌍'), {'trace_id': 'unicode_trace_测试'}, 100.0)):
        yield Case(f'exemplar {name}', [Series(labels, [(0, value)], exemplars=[(exemplar, value, 0)])], 204, (1, 0, 1))
    trace = {'trace_id': 'special_value_trace'}
    for value in (0.0, -123.456, 1e10, 1e-10, wire.NAN, float('inf'), float('-inf')):
        yield Case(f'exemplar of value {value}',
                   [Series(metric('test_metric'), [(0, value)], exemplars=[(trace, value, 0)])], 204, (1, 0, 1))
    yield Case('exemplar with start time',
               [Series(metric('http_requests_total', job='api'), [(0, 250.0)], old_start=-2 * HOUR,
                       exemplars=[({'trace_id': 'abc123', 'span_id': 'span456'}, 250.0, 0)])], 204, (1, 0, 1))
    yield Case('exemplars of three series', [
        Series(metric('request_duration', method='GET'), [(0, 0.1)], exemplars=[({'trace_id': 'trace1'}, 0.1, 0)]),
        Series(metric('request_duration', method='POST'), [(0, 0.25)], exemplars=[({'trace_id': 'trace2'}, 0.25, 0)]),
        Series(metric('error_count', service='payment'), [(0, 1.0)], exemplars=[({'trace_id': 'trace3'}, 1.0, 0)])],
               204, (3, 0, 3))
    # Sent again, the sample of an hour ago is too late, that of a minute ago is not; both exemplars are.
    yield Case('exemplars of different times', [
        Series(metric('latency_hist'), [(offset, value)], exemplars=[({'trace_id': trace_id}, value, offset)])
        for offset, value, trace_id in ((-HOUR, 0.05, 'old'), (-MINUTE, 0.15, 'recent'), (0, 0.08, 'current'))],
               204, (3, 0, 3), again=(400, (2, 0, 1)))
    for labels, name in (({'job': 'test'}, 'without a name'), (metric(''), 'with an empty name')):
        yield Case(f'exemplar {name}', [Series(labels, [(0, 1.0)], exemplars=[({'trace_id': 't'}, 1.0, 0)])],
                   400, (0, 0, 0))
    yield Case('exemplar valid', [Series(metric('valid_metric'), [(0, 1.0)], exemplars=[({'trace_id': 't'}, 1.0, 0)])],
               204, (1, 0, 1))


def metadata_cases():
    for kind, name, help_text, unit in (
            ('counter', 'http_requests_total', 'Total number of HTTP requests', 'requests'),
            ('gauge', 'cpu_usage_percent', 'Current CPU usage percentage', 'percent'),
            ('counter', 'simple_counter', '', ''), ('gauge', 'test_metric', 'With\nnewlines and "quotes"', 'bytes/sec'),
            ('unknown', 'unknown_metric', 'Unknown metric type', ''), ('info', 'build_info', 'Build information', ''),
            ('stateset', 'node_state', 'Node state information', ''),
            ('summary', 'request_latency_summary', 'Request latency summary', 'seconds'),
            ('gaugehistogram', 'temperature_histogram', 'Temperature distribution', 'celsius')):
        yield Case(f'metadata {kind} {name}', [Series(metric(name), [(0, 1.0)], metadata=(kind, help_text, unit))])
    yield Case('metadata histogram', [Series(metric('request_duration_seconds'), histograms=[histogram(1, 1, 1, 1)],
                                             metadata=('histogram', 'Request duration in seconds', 'seconds'))],
               204, (0, 1, 0))
    yield Case('metadata with start time', [Series(metric('http_requests_total', job='api'), [(0, 150.0)],
                                                   old_start=-HOUR, metadata=('counter', 'Total', 'requests'))])
    yield Case('metadata, several', [
        Series(metric('cpu_usage'), [(0, 85.5)], metadata=('gauge', 'CPU usage percentage', 'percent')),
        Series(metric('memory_usage'), [(0, 4096e6)], metadata=('gauge', 'Memory usage in bytes', 'bytes')),
        Series(metric('disk_usage', device='sda1'), [(0, 75.2)], metadata=('gauge', 'Disk usage', 'percent'))],
               204, (3, 0, 0))
    yield Case('metadata with many labels', [Series(
        metric('http_request_duration_seconds', job='api-server', instance='localhost:8080', method='GET', status='200',
               endpoint='/api/v1/users'), histograms=[histogram(0.25, 1, 1, 1)],
        metadata=('histogram', 'HTTP request duration in seconds', 'seconds'))], 204, (0, 1, 0))
    for labels, name in (({'job': 'test'}, 'without a name'), (metric(''), 'with an empty name')):
        yield Case(f'metadata {name}', [Series(labels, [(0, 1.0)], metadata=('gauge', 'Test help', 'unit'))],
                   400, (0, 0, 0))
    yield Case('metadata valid', [Series(metric('valid_metric'), [(0, 1.0)], metadata=('counter', 'Test', 'unit'))])


def histogram_cases():
    name = metric('test_histogram')
    for title, labels, made in (
            ('basic', name, histogram(1, 1, 1, 1)), ('custom buckets', name, histogram(1, custom=True)),
            ('positive only', metric('test_histogram', job='test'), histogram(1, 1, 0, 1)),
            ('negative only', metric('test_histogram', instance='localhost'), histogram(1, 0, 1)),
            ('minimal', metric('minimal_hist'), histogram(1, zero=True)),
            ('without buckets', metric('empty_hist'), histogram(0))):
        yield Case(f'histogram {title}', [Series(labels, histograms=[made])], 204, (0, 1, 0))
    yield Case('histogram with a bad count', [Series(metric('minimal_hist'), histograms=[histogram(1, 1, count=99)])],
               400, (0, 0, 0))
    yield Case('histogram with start time', [Series(metric('request_duration_seconds', job='api'), old_start=-HOUR // 2,
                                                    histograms=[histogram(1.5, 1, 1, 1)])], 204, (0, 1, 0))
    yield Case('histograms, several', [Series(metric('hist1', job='test'), histograms=[histogram(10.5, 1, 0, 1)]),
                                       Series(metric('hist2', job='test'), histograms=[histogram(5.2, 0, 1)])],
               204, (0, 2, 0))
    seconds, size = ('histogram', 'HTTP request duration', 'seconds'), ('histogram', 'HTTP response size', 'bytes')
    yield Case('histogram with metadata', [Series(metric('request_duration_seconds', job='api'), metadata=seconds,
                                                  histograms=[histogram(2.5, 1, 1, 1)])], 204, (0, 1, 0))
    yield Case('histogram with exemplar', [Series(
        metric('http_request_duration_seconds', method='GET'), histograms=[histogram(1.23, 1, 0, 1)],
        exemplars=[({'trace_id': 'abc123def456', 'span_id': 'span789'}, 1.23, 0)])], 204, (0, 1, 1))
    yield Case('histogram with metadata and exemplar', [Series(
        metric('response_size_bytes', service='upload'), histograms=[histogram(10485760, 1, 1, 1)], metadata=size,
        exemplars=[({'trace_id': 'large_upload_trace', 'user_id': 'user456'}, 10485760, 0)])], 204, (0, 1, 1))
    yield Case('histograms with metadata each', [
        Series(metric('cpu_usage_histogram', instance='server1'), histograms=[histogram(0.75, 1, 0, 1)],
               metadata=('histogram', 'CPU usage distribution', 'ratio')),
        Series(metric('memory_usage_histogram', instance='server1'), histograms=[histogram(8589934592, 1, 1)],
               metadata=('histogram', 'Memory usage distribution', 'bytes'))], 204, (0, 2, 0))


def combined_cases():
    counter, gauge = ('counter', 'Total number of HTTP requests', 'requests'), ('gauge', 'CPU usage ratio', 'ratio')
    seconds = ('histogram', 'Request duration', 'seconds')
    yield Case('combined sample, metadata, exemplar', [Series(
        metric('http_requests_total', job='api', method='POST'), [(0, 1.0)], metadata=counter,
        exemplars=[({'trace_id': 'request_trace_123', 'user_id': 'user789'}, 1.0, 0)])], 204, (1, 0, 1))
    yield Case('combined histogram, metadata, exemplar', [Series(
        metric('request_duration_seconds', service='auth'), histograms=[histogram(0.456, 1, 1, 1)], metadata=seconds,
        exemplars=[({'trace_id': 'slow_request_trace', 'endpoint': '/login'}, 0.456, 0)])], 204, (0, 1, 1))
    yield Case('combined samples', [
        Series(metric('cpu_usage', instance='server1'), [(0, 0.85)], metadata=gauge,
               exemplars=[({'trace_id': 'high_cpu_trace', 'process': 'worker'}, 0.85, 0)]),
        Series(metric('memory_usage', instance='server1'), [(0, 8589934592)], metadata=gauge)], 204, (2, 0, 1))
    yield Case('combined histograms', [
        Series(metric('response_time_hist', endpoint='/api/v1/users'), histograms=[histogram(0.125, 1, 0, 1)],
               metadata=seconds, exemplars=[({'trace_id': 'fast_response', 'user': 'premium'}, 0.125, 0)]),
        Series(metric('request_size_hist', method='POST'), histograms=[histogram(1024, 0, 1, 1)], metadata=seconds)],
               204, (0, 2, 1))
    yield Case('combined sample families', [
        Series(metric('http_requests_total', status='200'), [(0, 1000.0)], metadata=counter,
               exemplars=[({'trace_id': 'successful_request'}, 1000.0, 0)]),
        Series(metric('temperature_celsius', location='datacenter1'), [(0, 23.5)], metadata=gauge)], 204, (2, 0, 1))
    yield Case('combined histogram families', [Series(
        metric('request_duration_seconds', handler='/metrics'), histograms=[histogram(0.003, 1, 0, 1)],
        metadata=seconds, exemplars=[({'trace_id': 'metrics_scrape', 'scraper': 'prometheus'}, 0.003, 0)])],
               204, (0, 1, 1))
    yield Case('combined metadata only', [Series(metric('orphan_metric'), metadata=counter)], 204, (0, 0, 0), may=True)
    yield Case('combined exemplar only', [Series(
        metric('orphan_metric'), exemplars=[({'trace_id': 'orphan'}, 42.0, 0)])], 204, (0, 0, 1), may=True)
    yield Case('combined old and new', [
        Series(metric('old_metric'), [(-HOUR, 1.0)], exemplars=[({'trace_id': 'old_trace'}, 1.0, -HOUR // 2)]),
        Series(metric('new_metric'), [(0, 2.0)])], 204, (2, 0, 1))
    yield Case('combined 50 samples', [Series(
        metric(f'counter_metric_{i}', series=f'series_{i}'), [(0, i * 100.0)], metadata=counter,
        exemplars=[({'trace_id': f'trace_{i}'}, i * 100.0, 0)]) for i in range(50)], 204, (50, 0, 50))
    yield Case('combined 50 histograms', [Series(
        metric(f'histogram_metric_{i}', bucket=f'bucket_{i}'), histograms=[histogram(i / 10, 1, i % 2 == 0, 1)],
        metadata=seconds, exemplars=[({'trace_id': f'trace_{i}'}, i / 10, 0)]) for i in range(50)], 204, (0, 50, 50))
    yield Case('combined special characters', [Series(
        metric('test_metric', job='test-job_with.special@chars', instance='localhost:9090', environment='test🚀'),
        [(0, 42.0)], metadata=('gauge', 'äöü, newlines\nand "quotes"', 'special/units'),
        exemplars=[({'trace_id': 'special_trace_äöü-123', 'span_id': 'span_with.dots'}, 42.0, 0)])], 204, (1, 0, 1))
    yield Case('combined custom buckets with exemplar', [Series(
        metric('custom_latency_hist', version='v2'), histograms=[histogram(0.05, custom=True)],
        exemplars=[({'trace_id': 'custom_bucket_trace', 'bucket': '0.1'}, 0.05, 0)])], 204, (0, 1, 1))


def compliance_cases():
    for cases in (metric_cases, exemplar_cases, metadata_cases, histogram_cases, combined_cases):
        yield from cases()


def at(now, series):
    """The series with absolute times, and labels in no order."""
    moved = []
    for one in series:
        pairs = one.pairs()
        random.shuffle(pairs)
        moved.append(Series(
            pairs, [(now + time_, value, *(now + s for s in start)) for time_, value, *start in one.samples],
            [Histogram(**{**vars(h), 'time': now + h.time}) for h in one.histograms],
            [(labels, value, now + time_) for labels, value, time_ in one.exemplars], one.metadata,
            now + one.old_start if one.old_start else 0, one.refs))
    return moved


def selector(labels):
    return '{' + ','.join(json.dumps(k) + '=' + json.dumps(v, ensure_ascii=False) for k, v in labels.items()) + '}'


class Receiver(harness.EndToEnd):
    def setUp(self):
        super().setUp()
        self.write('outrider.yml', '')
        self.last = 0

    def start_receiver(self):
        self.start_outrider()
        self.sender = wire.Sender(self.url)

    def tearDown(self):
        self.sender.close()  # or the end of the process waits for it
        super().tearDown()

    def now(self):
        """Milliseconds; every call a later time."""
        self.last = max(int(time.time() * 1000), self.last + 10)
        return self.last

    def check(self, version, answer, status, written):
        """`written` is what 2.0 must be told; 1.0 must not be told anything."""
        self.assertEqual(answer[0], status, answer)
        if status == 204:
            self.assertEqual(answer[1], '')
        else:
            self.assertGreater(len(answer[1].strip()), 8, 'a refusal needs a sentence')
        expected = dict(zip(wire.WRITTEN, written if version == 'v2' else (None,) * 3))
        self.assertEqual(answer[2], expected, answer)

    def send(self, version, series, status=204, written=(1, 0, 0), extra=b''):
        """Times are offsets from now, which is returned."""
        now = self.now()
        answer = self.sender.write(version, at(now, series), extra)
        self.check(version, answer, status, written)
        return now

    def value(self, labels, when):
        """The value of exactly this series at `when`: text, a histogram as a dict, or None."""
        labels = {k: v for k, v in labels.items() if v}
        found = [r for r in self.query(self.url, selector(labels), when / 1000) if r['metric'] == labels]
        return found[0].get('value', found[0].get('histogram'))[1] if found else None

    def values(self, labels, when):
        found = self.query(self.url, selector(labels) + '[7h]', when / 1000)
        return [(round(float(t) * 1000), v) for r in found if r['metric'] == labels for t, v in r['values']]

    def exemplars(self, labels, when):
        query = urllib.parse.urlencode({'query': selector(labels), 'start': (when - 7 * HOUR) / 1000,
                                        'end': when / 1000})
        found = harness.get_json(f'{self.url}/api/v1/query_exemplars?{query}')['data']
        return [(e['labels'], e['value'], round(float(e['timestamp']) * 1000))
                for r in found if r['seriesLabels'] == labels for e in r['exemplars']]

    def read_back(self, case, now):
        """All of an accepted case is there, and of a refused one what was not refused."""
        for one in case.series:
            if not one.labels.get('__name__'):
                continue
            for time_, value, *_ in one.samples:
                found = self.value(one.labels, now + time_)
                if wire.bits(value) == wire.bits(wire.STALE):
                    self.assertIsNone(found, one.labels)
                else:
                    self.assertEqual(str(float(found)), str(float(value)), one.labels)
            for made in one.histograms:
                found = self.value(one.labels, now + made.time)
                self.assertIsInstance(found, dict, f'{one.labels} is no histogram')
                self.assertEqual((float(found['count']), float(found['sum'])), (made.count, made.total))
                buckets = sum(float(b[3]) for b in found.get('buckets', ()))
                self.assertEqual(buckets, made.count)
            for labels, value, time_ in one.exemplars:
                found = [(l, t) for l, _, t in self.exemplars(one.labels, now)]
                self.assertIn((labels, now + time_), found)

    def run_case(self, case, version, again):
        status, written = case.again if again and case.again else (case.status, case.written)
        if case.may:
            now = self.now()
            answer = self.sender.write(version, at(now, case.series))
            refused = answer[0] == 400
            self.check(version, answer, 400 if refused else 204, (0, 0, 0) if refused else written)
            return
        now = self.send(version, case.series, status, written)
        if status == 204:
            self.read_back(case, now)

    def compliance(self, version, wanted):
        self.start_receiver()
        for case in compliance_cases():
            for again in (False, True):
                if wanted(case.name):
                    with self.subTest(version=version, case=case.name, again=again):
                        self.run_case(case, version, again)

    def test_compliance_v1(self):
        self.compliance('v1', lambda name: name not in NEEDS_HISTOGRAMS)

    def test_compliance_v2(self):
        self.compliance('v2', lambda name: name not in NEEDS_HISTOGRAMS)

    def test_compliance_of_histograms_v1(self):
        names = [case.name for case in compliance_cases()]
        self.assertEqual(len(set(names)), len(names))
        self.assertEqual(set(NEEDS_HISTOGRAMS) - set(names), set())
        self.compliance('v1', lambda name: name in NEEDS_HISTOGRAMS)

    def test_compliance_of_histograms_v2(self):
        self.compliance('v2', lambda name: name in NEEDS_HISTOGRAMS)

    # --- what stands before the body

    def answer_to(self, method, headers, body=b'', close=False):
        """Sends a head and perhaps the beginning of a body; the answer must come all the same. -> (status, headers)"""
        head = [f'{method} /api/v1/write HTTP/1.1', 'Host: outrider'] + [f'{k}: {v}' for k, v in headers.items()]
        with socket.create_connection(('127.0.0.1', self.port), timeout=10) as connection:
            connection.sendall('\r\n'.join(head + ['', '']).encode() + body)
            answer = b''
            while b'\r\n\r\n' not in answer:
                part = connection.recv(65536)
                if not part:
                    break
                answer += part
        lines = answer.partition(b'\r\n\r\n')[0].decode().split('\r\n')
        return int(lines[0].split()[1]), dict(line.lower().split(': ', 1) for line in lines[1:])

    def test_head_decides_before_the_body(self):
        self.start_receiver()
        waiting = {'Content-Length': '1000'}  # of which nothing comes
        for version, headers in wire.HEADERS.items():
            for extra in ({}, {'Expect': '100-continue'}):
                for content_type in ('application/json', 'image/png', 'text/plain; version=0.0.4',
                                     'application/x-protobuf;proto=prometheus.Unknown', 'application/x-protobuf;proto'):
                    with self.subTest(version=version, type=content_type, extra=extra):
                        changed = {**headers, **waiting, **extra, 'Content-Type': content_type}
                        self.assertEqual(self.answer_to('POST', changed)[0], 415)
                for encoding in ('gzip', 'deflate', 'zstd', 'snappy, gzip'):
                    with self.subTest(version=version, encoding=encoding, extra=extra):
                        changed = {**headers, **waiting, **extra, 'Content-Encoding': encoding}
                        self.assertEqual(self.answer_to('POST', changed)[0], 415)
                for method in ('GET', 'PUT', 'DELETE', 'PATCH'):
                    with self.subTest(version=version, method=method, extra=extra):
                        status, answer = self.answer_to(method, {**headers, **waiting, **extra})
                        self.assertEqual(status, 405)
                        self.assertIn('post', answer['allow'])

    def test_content_types_and_encodings(self):
        self.start_receiver()
        v1, v2 = (wire.encode(version, at(self.now(), [Series(metric('m'), [(0, 1.0)])])) for version in ('v1', 'v2'))
        absent = object()
        for content_type, encoding, body, version in (
                (wire.V1_TYPE, 'snappy', v1, 'v1'), (wire.V1_TYPE, absent, v1, 'v1'), (absent, absent, v1, 'v1'),
                (absent, 'snappy', v1, 'v1'), (wire.V1_TYPE + ';proto=prometheus.WriteRequest', 'snappy', v1, 'v1'),
                (wire.V1_TYPE + ';charset=utf-8', 'snappy', v1, 'v1'), (wire.V2_TYPE, 'snappy', v2, 'v2'),
                (wire.V2_TYPE, absent, v2, 'v2')):
            headers = {'Content-Type': content_type, 'Content-Encoding': encoding}
            headers = {k: v for k, v in headers.items() if v is not absent}
            with self.subTest(**headers):
                for agent in ({}, {'User-Agent': 'compliance', 'X-Prometheus-Remote-Write-Version': '7'}):
                    self.check(version, self.sender.post(body, {**headers, **agent}), 204, (1, 0, 0))
        for headers in ({'Content-Type': 'application/json'}, {'Content-Type': 'image/png'},
                        {'Content-Encoding': 'gzip'}, {'Content-Encoding': 'deflate'}):
            for version in ('v1', 'v2'):
                with self.subTest('with a corrupt body, all of it sent', version=version, **headers):
                    status, _, _ = self.sender.post(b'0' + v2[1:], {**wire.HEADERS[version], **headers})
                    self.assertEqual(status, 415)

    # --- bodies

    def test_bad_bodies(self):
        self.start_receiver()
        for version, headers in wire.HEADERS.items():
            good = wire.encode(version, at(self.now(), [Series(metric('m', of=version), [(0, 1.0)])]))
            for name, body in (
                    ('empty', b''), ('first byte 0', b'0' + good[1:]), ('first byte 0xff', b'\xff' + good[1:]),
                    ('cut off', good[:-3]), ('too long', good + b'x'),
                    ('framed', b'\xff\x06\x00\x00sNaPpY' + good), ('gzip', b'\x1f\x8b\x08' + good),
                    ('says it is 33 MiB', harness.varint(33 << 20) + good),
                    ('says it is 4 GiB', harness.varint((1 << 32) - 1) + good),
                    ('no protobuf', harness.snappy_literals(b'\xff\xff\xff')),
                    ('protobuf cut off', harness.snappy_literals(b'\x0a\x7f\x0a')),
                    ('32 MiB of nothing', b'\0' * (32 << 20))):
                with self.subTest(version=version, body=name):
                    self.check(version, self.sender.post(body, headers), 400, (0, 0, 0))
            self.check(version, self.sender.post(b'\0', headers), 204, (0, 0, 0))
            self.assertIsNone(self.value(metric('m', of=version), self.now()))
            self.check(version, self.sender.post(good, headers), 204, (1, 0, 0))
        body = wire.encode_v2(at(self.now(), [Series(metric('m'), [(0, 1.0)])]), first_symbol='x')
        self.check('v2', self.sender.post(harness.snappy_literals(body), wire.HEADERS['v2']), 400, (0, 0, 0))

    def test_unknown_fields_are_passed_over(self):
        self.start_receiver()
        future = wire.integer(99, 7) + harness.field(100, b'later') + wire.double(101, 1.0)
        for version in ('v1', 'v2'):
            now = self.send(version, [Series(metric('m', of=version), [(0, 1.0)])], extra=future)
            self.assertEqual(self.value(metric('m', of=version), now), '1')

    def test_too_big(self):
        self.start_receiver()
        for version, headers in wire.HEADERS.items():
            size = (32 << 20) + 1
            with self.subTest(version=version, how='said in the head'):
                self.assertEqual(self.answer_to('POST', {**headers, 'Content-Length': str(size)})[0], 413)
            chunk = b'100000\r\n' + b'x' * (1 << 20) + b'\r\n'
            with self.subTest(version=version, how='found in chunks'):
                status, _ = self.answer_to('POST', {**headers, 'Transfer-Encoding': 'chunked'},
                                           chunk * 32 + b'1\r\nx\r\n0\r\n\r\n')
                self.assertEqual(status, 413)
        self.send('v1', [Series(metric('still_there'), [(0, 1.0)])])

    # --- samples

    def test_order_of_samples(self):
        self.start_receiver()
        for version in ('v1', 'v2'):
            labels = metric('ordered', of=version)
            now = self.now()

            def send(samples, status, stored, *texts):
                answer = self.sender.write(version, [Series(labels, [(now + t, v) for t, v in samples])])
                self.check(version, answer, status, (stored, 0, 0))
                for text in texts:
                    self.assertIn(text, answer[1])

            send([(0, 1.0)], 204, 1)
            send([(0, 1.0)], 204, 1)  # sent again: no harm
            send([(0, 2.0)], 400, 0, 'duplicate sample for timestamp', 'ordered')
            send([(-MINUTE, 3.0)], 204, 1)
            send([(-MINUTE, 3.0)], 204, 1)
            send([(-MINUTE, 4.0)], 400, 0, 'duplicate sample for timestamp')
            send([(-5 * MINUTE, 5.0)], 204, 1)
            send([(-5 * MINUTE - 1, 6.0)], 400, 0, 'out of order sample')
            send([(-HOUR, 6.0)], 400, 0, 'out of order sample')
            send([(11 * MINUTE, 7.0)], 400, 0, 'too far in the future')
            send([(1, 8.0), (1, 8.0), (0, 9.0), (-HOUR, 9.0), (HOUR, 9.0), (2, 10.0), (-2, 11.0)], 400, 4,
                 'duplicate sample for timestamp', 'out of order sample', 'too far in the future')
            send([(9 * MINUTE, 12.0)], 204, 1)
            self.assertEqual(self.values(labels, now + HOUR), [
                (now - 5 * MINUTE, '5'), (now - MINUTE, '3'), (now - 2, '11'), (now, '1'), (now + 1, '8'),
                (now + 2, '10'), (now + 9 * MINUTE, '12')])

    def test_older_than_kept(self):
        self.start_receiver()
        for version in ('v1', 'v2'):
            self.send(version, [Series(metric('new', of=version), [(0, 1.0)])])
            answer = self.sender.write(version, at(self.now(), [Series(metric('old', of=version), [(-7 * HOUR, 1.0)]),
                                                                Series(metric('new', of=version), [(0, 2.0)])]))
            self.check(version, answer, 400, (1, 0, 0))
            self.assertIn('out of bounds', answer[1])
            self.assertEqual(self.value(metric('new', of=version), self.now()), '2')
            self.assertEqual(self.query(self.url, 'count(last_over_time({__name__="old"}[1d]))'), [])

    def test_bits_are_compared(self):
        self.start_receiver()
        for version in ('v1', 'v2'):
            for first, second in ((wire.NAN, wire.STALE), (wire.STALE, wire.NAN), (0.0, -0.0), (wire.NAN, 1.0)):
                labels = metric('compared', of=version, first=f'{wire.bits(first):x}', second=f'{wire.bits(second):x}')
                now = self.now()
                for value, status in ((first, 204), (first, 204), (second, 400)):
                    answer = self.sender.write(version, [Series(labels, [(now, value)])])
                    self.check(version, answer, status, (1 if status == 204 else 0, 0, 0))

    def test_staleness_marker(self):
        self.start_receiver()
        for version in ('v1', 'v2'):
            labels = metric('goes', of=version)
            first = self.send(version, [Series(labels, [(0, 1.0)])])
            gone = self.send(version, [Series(labels, [(0, wire.STALE)])])
            self.assertEqual((self.value(labels, first), self.value(labels, gone)), ('1', None))
            back = self.send(version, [Series(labels, [(0, wire.NAN)])])
            self.assertEqual(self.values(labels, back), [(first, '1'), (back, 'NaN')])

    def test_without_an_out_of_order_window(self):
        self.write('outrider.yml', 'ingest: {out_of_order_window: 0s}')
        self.start_receiver()
        for version in ('v1', 'v2'):
            labels, now = metric('ordered', of=version), self.now()
            for time_, value, status in ((0, 1.0, 204), (0, 1.0, 204), (-1, 1.0, 400), (1, 2.0, 204), (0, 1.0, 400)):
                answer = self.sender.write(version, [Series(labels, [(now + time_, value)])])
                self.check(version, answer, status, (1 if status == 204 else 0, 0, 0))
            self.assertEqual(self.values(labels, now + 1), [(now, '1'), (now + 1, '2')])

    # --- labels, and what one bad series costs the others: nothing

    def test_one_bad_series(self):
        self.start_receiver()
        bad = {'no name': {'lost': 'x'}, 'no labels': {}, 'empty name': metric('', lost='x'),
               'duplicate label': [('__name__', 'lost'), ('a', '1'), ('a', '2')],
               'duplicate label of one value': [('__name__', 'lost'), ('a', '1'), ('a', '1')],
               'empty label name': metric('lost', **{'': 'x'}), 'value no UTF-8': metric('lost', a=b'\xff\xfe'),
               'label no UTF-8': [('__name__', 'lost'), (b'\xc3\x28', 'x')], 'name no UTF-8': metric(b'\x80lost')}
        for version in ('v1', 'v2'):
            for name, labels in bad.items():
                with self.subTest(version=version, bad=name):
                    good = [metric('kept', of=version, bad=name, i=str(i)) for i in range(3)]
                    series = [Series(one, [(-1, 1.0), (0, 2.0)]) for one in good]
                    series.insert(1, Series(labels, [(0, 1.0)]))
                    now = self.send(version, series, 400, (6, 0, 0))
                    for one in good:
                        self.assertEqual(self.values(one, now), [(now - 1, '1'), (now, '2')])
        for query in ('{__name__=~"(?s).*lost.*", __name__!~"outrider_.*"}', '{lost=~".+"}'):
            self.assertEqual(self.query(self.url, f'last_over_time({query}[1h])'), [])

    def test_bad_references(self):
        """What only 2.0 can get wrong."""
        self.start_receiver()
        for name, one in (('beyond the table', Series(refs=[1, 200], samples=[(0, 1.0)])),
                          ('odd', Series(refs=[1, 2, 3], samples=[(0, 1.0)])),
                          ('none', Series(refs=[], samples=[(0, 1.0)])), ('no data', Series(metric('lost')))):
            with self.subTest(name):
                good = metric('kept', bad=name)
                now = self.send('v2', [one, Series(good, [(0, 1.0)])], 400, (1, 0, 0))
                self.assertEqual(self.value(good, now), '1')
        now = self.now()
        answer = self.sender.write('v2', [Series(metric('lost')), Series({'a': 'b'}, [(now, 1.0)]),
                                          Series(metric('kept'), [(now, 1.0), (now - HOUR, 1.0)])])
        self.check('v2', answer, 400, (1, 0, 0))
        for text in ('TimeSeries must contain at least one sample or histogram', 'out of order sample', 'name'):
            self.assertIn(text, answer[1])

    def test_labels(self):
        self.start_receiver()
        for version in ('v1', 'v2'):
            labels = metric('many', **{f'l{i}': str(i) for i in range(20)}, of=version)
            sent = [self.send(version, [Series({**labels, 'empty': '', 'also': ''} if i % 2 else labels, [(0, i)])])
                    for i in range(6)]
            self.assertEqual(self.values(labels, sent[-1]), [(t, str(i)) for i, t in enumerate(sent)])
            odd = {'__name__': 'größe in µm', 'a b': 'new\nline', 'ключ': '"\\', '测试': '🚀' * 50, 'of': version,
                   'long': 'x' * 5000}
            now = self.send(version, [Series(odd, [(0, 1.5)])])
            self.assertEqual(self.value(odd, now), '1.5')
            now = self.send(version, [Series(metric('twice', of=version), [(-1, 1.0)]),
                                      Series(metric('twice', of=version), [(0, 2.0)])], 204, (2, 0, 0))
            self.assertEqual(self.values(metric('twice', of=version), now), [(now - 1, '1'), (now, '2')])

    # --- exemplars, metadata

    def test_exemplars(self):
        self.start_receiver()
        for version in ('v1', 'v2'):
            labels = metric('requests_total', of=version)
            first = self.send(version, [Series(labels, [(0, 1.0)], exemplars=[
                ({'trace_id': 'a'}, 1.0, -MINUTE), ({'trace_id': 'b'}, 1.0, 0)])], 204, (1, 0, 2))
            kept = [({'trace_id': 'a'}, '1', first - MINUTE), ({'trace_id': 'b'}, '1', first)]
            self.assertEqual(self.exemplars(labels, self.now()), kept)
            answer = self.sender.write(version, [Series(labels, [(first, 1.0)],
                                                        exemplars=[({'trace_id': 'b'}, 1.0, first)])])
            self.check(version, answer, 204, (1, 0, 1))  # sent again: no harm
            # Behind the newest: an error of 2.0; 1.0 passes over it. The sample is kept in both.
            now = self.send(version, [Series(labels, [(0, 2.0)], exemplars=[({'trace_id': 'late'}, 1.0, -HOUR)])],
                            *((400, (1, 0, 0)) if version == 'v2' else (204,)))
            self.assertEqual(self.value(labels, now), '2')
            # 128 runes of names and values are the limit; beyond it there is no error.
            fits, now = {'trace_id': '测' * 120}, self.now()
            answer = self.sender.write(version, [Series(labels, [(now, 3.0)], exemplars=[
                (fits, 1.0, now), ({'trace_id': 'x' * 121}, 1.0, now)])])
            self.check(version, answer, 204, (1, 0, 1))
            self.assertEqual(self.exemplars(labels, self.now()), kept + [(fits, '1', now)])

    def metadata(self, name):
        found = harness.get_json(f'{self.url}/api/v1/metadata?' + urllib.parse.urlencode({'metric': name}))['data']
        return [tuple(one[k] for k in ('type', 'help', 'unit')) for one in found.get(name, ())]

    def test_metadata(self):
        self.start_receiver()
        for version in ('v1', 'v2'):
            for kind in wire.METRIC_TYPES:
                name, said = f'm_{kind}_{version}', (kind, 'Line\nand "quotes" äöü', 'bytes/sec')
                self.send(version, [Series(metric(name), [(0, 1.0)], metadata=said)])
                self.assertEqual(self.metadata(name), [said])

    def test_metadata_of_a_known_series(self):
        """It may come later than the series, and change."""
        self.start_receiver()
        for version in ('v1', 'v2'):
            with self.subTest(version=version):
                name = f'later_{version}'
                self.send(version, [Series(metric(name), [(0, 1.0)])])
                for said in (('counter', 'Early', ''), ('gauge', 'Late', 'seconds')):
                    self.send(version, [Series(metric(name), [(0, 1.0)], metadata=said)])
                    self.assertEqual(self.metadata(name)[-1:], [said])

    # --- histograms

    def test_histogram_rules(self):
        self.start_receiver()
        floats = Histogram(23, 1.5, positive_spans=((0, 3), (2, 2)), positive=(1.0, 3.0, 4.0, 7.0, 8.0), floats=True)
        nan_sum = histogram(wire.NAN, 1, count=24)
        rules = (
            ('integers', histogram(1, 1, 1, 1), 204), ('floats', floats, 204),
            ('gauge', Histogram(**{**vars(floats), 'hint': 3}), 204), ('sum NaN, count above', nan_sum, 204),
            ('sum NaN, count below', histogram(wire.NAN, 1, count=22), 400),
            ('count wrong', histogram(1, 1, count=22), 400),
            ('floats, count differs', Histogram(**{**vars(floats), 'count': 99.5}), 204),
            ('floats, count negative', Histogram(**{**vars(floats), 'count': -1.0}), 400),
            ('floats, bucket negative', Histogram(**{**vars(floats), 'positive': (1.0, 3.0, -4.0, 7.0, 8.0)}), 400),
            ('floats, zero bucket negative', Histogram(**{**vars(floats), 'zero_count': -1.0}), 400),
            ('schema -4', Histogram(**{**vars(histogram(1, 1)), 'schema': -4}), 204),
            ('schema 8', Histogram(**{**vars(histogram(1, 1)), 'schema': 8}), 204),
            ('schema 9, merged down', Histogram(**{**vars(histogram(1, 1)), 'schema': 9}), 204),
            ('schema -5', Histogram(**{**vars(histogram(1, 1)), 'schema': -5}), 400),
            ('schema 53', Histogram(**{**vars(histogram(1, 1)), 'schema': 53}), 400),
            ('more buckets than spans', Histogram(6, 1, positive_spans=((0, 1),), positive=(1, 1, 1)), 400),
            ('fewer buckets than spans', Histogram(1, 1, positive_spans=((0, 3),), positive=(1,)), 400),
            ('span going back', Histogram(2, 1, positive_spans=((0, 1), (-1, 1)), positive=(1, 0)), 400),
            ('bucket negative', Histogram(0, 1, positive_spans=((0, 2),), positive=(1, -2)), 400),
            ('custom', histogram(1, custom=True), 204),
            ('custom, +Inf bucket', Histogram(3, 1, -53, positive_spans=((0, 2),), positive=(1, 1),
                                              custom_values=(1,)), 204),
            ('custom, bucket beyond', Histogram(6, 1, -53, positive_spans=((0, 3),), positive=(1, 1, 1),
                                                custom_values=(1,)), 400),
            ('custom, bounds not rising', Histogram(3, 1, -53, positive_spans=((0, 2),), positive=(1, 1),
                                                    custom_values=(2, 1)), 400),
            ('custom, zero bucket', Histogram(4, 1, -53, zero_count=1, positive_spans=((0, 2),), positive=(1, 1),
                                              custom_values=(1,)), 400),
            ('custom, negative buckets', Histogram(1, 1, -53, negative_spans=((0, 1),), negative=(1,),
                                                   custom_values=(1,)), 400))
        for version in ('v1', 'v2'):
            for name, made, status in rules:
                with self.subTest(version=version, rule=name):
                    labels, beside = metric('h', rule=name, of=version), metric('beside', rule=name, of=version)
                    now = self.send(version, [Series(labels, histograms=[made]), Series(beside, [(0, 1.0)])], status,
                                    (1, 1 if status == 204 else 0, 0))
                    self.assertEqual(self.value(beside, now), '1')
                    found = self.value(labels, now)
                    if status == 400:
                        self.assertIsNone(found)
                        continue
                    self.assertIsInstance(found, dict)
                    self.assertEqual(float(found['count']), made.count)
                    self.assertEqual(found['sum'].lower(), f'{made.total:g}')

    def test_histogram_buckets(self):
        self.start_receiver()
        for version in ('v1', 'v2'):
            for name, made, expected in (
                    ('integers', histogram(1, 1, 1, 1), [
                        (1, -2, -1, 2), (1, -1, -0.5, 1), (3, 0, 0, 1), (0, 0.5, 1, 1), (0, 1, 2, 3), (0, 2, 4, 4),
                        (0, 16, 32, 7), (0, 32, 64, 8)]),
                    ('schema 1, floats', Histogram(2.5, 1, 1, positive_spans=((1, 1),), positive=(2.5,), floats=True), [
                        (0, 1, 2 ** 0.5, 2.5)]),
                    ('schema 9, merged to 8', Histogram(5, 1, 9, positive_spans=((1, 2),), positive=(2, 1)), [
                        (0, 1, 2 ** (1 / 256), 5)]),
                    ('custom', histogram(1, custom=True), [
                        (0, float('-inf'), 0.1, 2), (0, 0.1, 0.5, 3), (0, 0.5, 1, 5), (0, 1, 2.5, 8), (0, 2.5, 5, 7),
                        (0, 5, 10, 5)])):
                with self.subTest(version=version, histogram=name):
                    labels = metric('h', buckets=name, of=version)
                    now = self.send(version, [Series(labels, histograms=[made])], 204, (0, 1, 0))
                    found = self.value(labels, now)
                    self.assertIsInstance(found, dict)
                    found = found['buckets']
                    self.assertEqual(len(found), len(expected), found)
                    for (_, *numbers), (_, *wanted) in zip(found, expected):
                        for a, b in zip(map(float, numbers), wanted):
                            self.assertAlmostEqual(a, b, 9) if abs(b) < float('inf') else self.assertEqual(a, b)

    def test_histogram_order(self):
        self.start_receiver()
        one, other = histogram(1, 1, 1, 1), histogram(2, 1, 0, 1)
        for version in ('v1', 'v2'):
            labels, now = metric('h', of=version), self.now()

            def send(time_, made, status, text=''):
                answer = self.sender.write(version, [Series(labels, histograms=[
                    Histogram(**{**vars(made), 'time': now + time_})])])
                self.check(version, answer, status, (0, 1 if status == 204 else 0, 0))
                self.assertIn(text, answer[1])

            send(0, one, 204)
            send(0, one, 204)
            send(0, other, 400, 'duplicate sample for timestamp')
            send(-HOUR, other, 400, 'out of order sample')
            send(11 * MINUTE, other, 400, 'too far in the future')
            send(-MINUTE, other, 204)
            self.assertEqual(float(self.value(labels, now - 1)['sum']), 2)
            self.assertEqual(float(self.value(labels, now)['sum']), 1)
            send(1, Histogram(total=wire.STALE), 204)
            self.assertIsNone(self.value(labels, now + 1))
            answer = self.sender.write(version, [Series(labels, [(now + 2, 7.0)])])  # a series may change its kind
            self.check(version, answer, 204, (1, 0, 0))
            self.assertEqual(self.value(labels, now + 2), '7')


if __name__ == '__main__':
    unittest.main()
