# SPDX-License-Identifier: Apache-2.0
"""Remote write 1.0 and 2.0 by hand, all of it: samples, histograms, exemplars, metadata, and what a sender must not
send. Labels go out in the order given, so that a test says what order it wants. Times are milliseconds."""
import dataclasses
import http.client
import struct

from harness import field, snappy_literals, varint

STALE = struct.unpack('<d', struct.pack('<Q', 0x7ff0000000000002))[0]
NAN = struct.unpack('<d', struct.pack('<Q', 0x7ff8000000000001))[0]
V1_TYPE = 'application/x-protobuf'
V2_TYPE = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'
HEADERS = {'v1': {'Content-Type': V1_TYPE, 'Content-Encoding': 'snappy', 'X-Prometheus-Remote-Write-Version': '0.1.0'},
           'v2': {'Content-Type': V2_TYPE, 'Content-Encoding': 'snappy', 'X-Prometheus-Remote-Write-Version': '2.0.0'}}
METRIC_TYPES = ('unknown', 'counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset')
WRITTEN = ('Samples', 'Histograms', 'Exemplars')


def bits(value):
    return struct.unpack('<Q', struct.pack('<d', value))[0]


def double(number, value):
    return varint(number << 3 | 1) + struct.pack('<d', value)


def integer(number, value):
    return varint(number << 3) + varint(value)


def zigzag(value):
    return value << 1 if value >= 0 else (-value << 1) - 1


def packed(number, values, encode=varint):
    return field(number, b''.join(encode(v) for v in values)) if values else b''


@dataclasses.dataclass
class Histogram:
    """An integer histogram by deltas, or a float one (`floats`) by counts; spans are (offset, length)."""
    count: float = 0
    total: float = 0
    schema: int = 0
    zero_threshold: float = 0
    zero_count: float = None
    negative_spans: tuple = ()
    negative: tuple = ()
    positive_spans: tuple = ()
    positive: tuple = ()
    custom_values: tuple = ()
    hint: int = 0
    floats: bool = False
    start: int = 0
    time: int = 0

    def encode(self, version):
        floats = self.floats
        out = double(2, self.count) if floats else integer(1, self.count)
        out += double(3, self.total) + integer(4, zigzag(self.schema)) + double(5, self.zero_threshold)
        if self.zero_count is not None:
            out += double(7, self.zero_count) if floats else integer(6, self.zero_count)
        for first, spans, buckets in ((8, self.negative_spans, self.negative),
                                      (11, self.positive_spans, self.positive)):
            for offset, length in spans:
                out += field(first, integer(1, zigzag(offset)) + integer(2, length))
            if floats:
                out += packed(first + 2, buckets, lambda v: struct.pack('<d', v))
            else:
                out += packed(first + 1, [zigzag(v) for v in buckets])
        out += integer(14, self.hint) + integer(15, self.time)
        out += packed(16, self.custom_values, lambda v: struct.pack('<d', v))
        return out + (integer(17, self.start) if version == 'v2' and self.start else b'')


@dataclasses.dataclass
class Series:
    """`labels` is a dict or a list of pairs; `samples` (time, value) or (time, value, start); `exemplars` (labels,
    value, time); `metadata` (type, help, unit). `old_start` is 2.0's field 6, gone since; `refs` in place of labels."""
    labels: object = ()
    samples: list = ()
    histograms: list = ()
    exemplars: list = ()
    metadata: tuple = None
    old_start: int = 0
    refs: list = None

    def pairs(self):
        return list(self.labels.items()) if isinstance(self.labels, dict) else list(self.labels)


def text(value):
    return value if isinstance(value, bytes) else value.encode()


def encode_v1(series, extra=b''):
    def pairs(number, labels):
        return b''.join(field(number, field(1, text(k)) + field(2, text(v))) for k, v in labels)

    body = b''
    for one in series:
        message = pairs(1, one.pairs())
        for sample in one.samples:
            message += field(2, double(1, sample[1]) + integer(2, sample[0]))
        for labels, value, time in one.exemplars:
            message += field(3, pairs(1, labels.items()) + double(2, value) + integer(3, time))
        for histogram in one.histograms:
            message += field(4, histogram.encode('v1'))
        if message:
            body += field(1, message)
        if one.metadata:
            name = dict(one.pairs()).get('__name__', '')
            kind, help_text, unit = one.metadata
            body += field(3, integer(1, METRIC_TYPES.index(kind)) + field(2, text(name)) +
                          field(4, text(help_text)) + field(5, text(unit)))
    return body + extra


def encode_v2(series, extra=b'', first_symbol=''):
    symbols = {first_symbol: 0}

    def symbol(value):
        return symbols.setdefault(value, len(symbols))

    def refs(labels):
        return [symbol(value) for pair in labels for value in pair]

    body = b''
    for one in series:
        message = packed(1, one.refs if one.refs is not None else refs(one.pairs()))
        for time, value, *start in one.samples:
            message += field(2, double(1, value) + integer(2, time) + (integer(3, start[0]) if start else b''))
        for histogram in one.histograms:
            message += field(3, histogram.encode('v2'))
        for labels, value, time in one.exemplars:
            message += field(4, packed(1, refs(labels.items())) + double(2, value) + integer(3, time))
        if one.metadata:
            kind, help_text, unit = one.metadata
            message += field(5, integer(1, METRIC_TYPES.index(kind)) + integer(3, symbol(help_text)) +
                             integer(4, symbol(unit)))
        if one.old_start:
            message += integer(6, one.old_start)
        body += field(5, message)
    return b''.join(field(4, text(s)) for s in symbols) + body + extra


def encode(version, series, extra=b''):
    return snappy_literals((encode_v1 if version == 'v1' else encode_v2)(series, extra))


class Sender:
    """One connection, kept open; not for use by several threads at once."""

    def __init__(self, url, timeout=30):
        self.address, self.timeout = url.removeprefix('http://'), timeout
        self.connection = None

    def post(self, body, headers, method='POST'):
        """-> (status, text, {Samples, Histograms, Exemplars: number or None}). OSError and HTTPException are for the
        caller: whether the request was taken is not known then."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
        try:
            self.connection.request(method, '/api/v1/write', body, headers)
            answer = self.connection.getresponse()
            said = answer.read().decode()
        except BaseException:
            self.close()
            raise
        return answer.status, said, written(answer.headers)

    def write(self, version, series, extra=b''):
        return self.post(encode(version, series, extra), HEADERS[version])

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def written(headers):
    values = {name: headers.get(f'X-Prometheus-Remote-Write-{name}-Written') for name in WRITTEN}
    return {name: None if value is None else int(value) for name, value in values.items()}
