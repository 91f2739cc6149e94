# SPDX-License-Identifier: Apache-2.0
"""Series out of saved scrapes (the text format, one file a scrape, named by its time in ms: 1795577538365.txt), and
what Gorilla's codec, which ours is held against, makes of them: exact bytes by kind of series."""
import math
import pathlib
import re
import struct

CHUNK_SAMPLES, CHUNK_SPAN_MS = 120, 2 * 3600 * 1000
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(r'\\(.)')


class Series:
    def __init__(self, labels):
        self.labels, self.times, self.values = labels, [], []


def parse_key(key, extra):
    """`name{a="b"}` -> labels."""
    name, _, rest = key.partition('{')
    labels = {k: ESCAPE.sub(lambda m: '\n' if m[1] == 'n' else m[1], v) for k, v in LABEL.findall(rest)}
    return {**extra, **labels, '__name__': name}


def load(directory, align_ms=0, interval_ms=15000, extra=None):
    """-> [Series] in order of first sight, times as in the files' names. With `align_ms`, a time that near to a
    multiple of the interval is taken for it, as Prometheus does (its tolerance is 2 ms; ours may have to be wider)."""
    extra = extra or {'job': 'node', 'instance': 'localhost:9100'}
    found = {}
    for path in sorted(pathlib.Path(directory).glob('*.txt'), key=lambda p: int(p.stem)):
        when = int(path.stem)
        grid = round(when / interval_ms) * interval_ms
        if abs(when - grid) <= align_ms:
            when = grid
        for line in path.read_text().splitlines():
            if not line or line[0] == '#':
                continue
            end = line.rfind('}') + 1 or line.find(' ')
            key = line[:end]
            one = found.get(key)
            if one is None:
                one = found[key] = Series(parse_key(key, extra))
            one.times.append(when)
            one.values.append(float(line[end:].split()[0]))
    return list(found.values())


def dump(series, path):
    """Little-endian: u32 number of series; each: u32 n, n times int64 (ms), n times double."""
    with open(path, 'wb') as out:
        out.write(struct.pack('<I', len(series)))
        for one in series:
            n = len(one.times)
            out.write(struct.pack(f'<I{n}q{n}d', n, *one.times, *one.values))


# --- kinds of series, by what all their values have in common

def decimals(value):
    """Digits behind the point the double needs (it is the nearest one to such a decimal), up to 9; 10: more."""
    if not math.isfinite(value):
        return 10
    for digits in (0, 3, 6, 9):
        if round(value, digits) == value and abs(value) * 10 ** digits < 2 ** 53:
            return digits
    return 10


def kind_of(one):
    first = one.values[0]
    if all(v == first for v in one.values):
        return 'constant'
    digits = max(map(decimals, one.values))
    return {0: 'integer', 10: 'other float'}.get(digits, f'decimals, {digits} digits')


KINDS = ['constant', 'integer', 'decimals, 3 digits', 'decimals, 6 digits', 'decimals, 9 digits', 'other float']


# --- sizes of Gorilla's codec, bit by bit

def bits_of(value):
    return struct.unpack('<Q', struct.pack('<d', value))[0]


def time_bits(delta_of_delta):
    if delta_of_delta == 0:
        return 1
    length = (delta_of_delta * 2 if delta_of_delta > 0 else -delta_of_delta * 2 - 1).bit_length()
    return next(prefix + bits for prefix, bits in ((2, 7), (3, 14), (4, 20), (4, 64)) if length <= bits)


class ValueBits:
    def __init__(self):
        self.leading = self.significant = 0

    def take(self, xor):
        if xor == 0:
            return 1
        leading = min(64 - xor.bit_length(), 31)
        trailing = (xor & -xor).bit_length() - 1
        significant = 64 - leading - trailing
        if (self.significant and leading >= self.leading and trailing >= 64 - self.leading - self.significant
                and self.significant <= significant + 11):
            return 2 + self.significant
        self.leading, self.significant = leading, significant
        return 13 + significant


def chunk_bytes(one):
    """-> bytes of the series' chunks, and of them bits of first samples, of times and of values."""
    total = firsts = times = values = 0
    count = size = start = last = delta = word = 0
    coder = ValueBits()
    for when, value in zip(one.times, one.values):
        if count == CHUNK_SAMPLES or (count and when - start >= CHUNK_SPAN_MS):
            total += (size + 7) // 8
            count = size = delta = 0
            coder = ValueBits()
        now = bits_of(value)
        if count == 0:
            start = when
            firsts += 128
            size += 128
        else:
            t, v = time_bits(when - last - delta), coder.take(now ^ word)
            delta = when - last
            times += t
            values += v
            size += t + v
        last, word = when, now
        count += 1
    return total + (size + 7) // 8, firsts, times, values


def split(series):
    """The table of kinds, as Markdown lines."""
    rows = {kind: [0] * 7 for kind in KINDS}  # series, samples, as before, bytes, first, time and value bits
    for one in series:
        row = rows[kind_of(one)]
        same = sum(a == b for a, b in zip(one.values, one.values[1:]))
        for i, value in enumerate((1, len(one.times), same, *chunk_bytes(one))):
            row[i] += value
    rows['all'] = [sum(column) for column in zip(*rows.values())]
    all_samples = rows['all'][1] or 1
    yield '| kind of series | series | samples | share | same as before | bytes a sample | first | time | value |'
    yield '|---|---|---|---|---|---|---|---|---|'
    for kind, (count, samples, same, size, first, time, value) in rows.items():
        if samples:
            parts = ' | '.join(f'{bits / 8 / samples:.3f}' for bits in (first, time, value))
            yield (f'| {kind} | {count} | {samples} | {samples / all_samples:.1%} | {same / samples:.1%} | '
                   f'{size / samples:.3f} | {parts} |')
