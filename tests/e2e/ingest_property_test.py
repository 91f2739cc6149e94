#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random writes against a model: several connections, 1.0 and 2.0, samples in order, late, too late, too early,
repeated and contradicting, markers and NaN; kill -9 at any moment; what is read back is what was acked, no more and no
less. Only of a request in flight when the process died both is right: all of it or nothing; and a sample that was
refused as too late may be there after a start whose log begins behind a checkpoint: how new the series was then is not
kept, and nothing acked may be lost.

OUTRIDER_PROPERTY_SEED and OUTRIDER_PROPERTY_ROUNDS set the seed and how often the process is killed; a failure prints
the seed."""
import http.client
import multiprocessing
import os
import random
import struct
import threading
import time
import unittest
import urllib.parse

import harness
import wire
from wire import Series

SEED = int(os.environ.get('OUTRIDER_PROPERTY_SEED', 0)) or random.SystemRandom().randrange(1, 1 << 32)
ROUNDS = int(os.environ.get('OUTRIDER_PROPERTY_ROUNDS', 4))
CONNECTIONS = 4
MINUTE, HOUR = 60_000, 3_600_000
WINDOW = 5 * MINUTE  # ingest.out_of_order_window
CHECKPOINT = 65 << 20  # more bytes of log than that, and the next second makes one
VALUES = (0.0, -0.0, 1.0, wire.NAN, wire.STALE, float('inf'), float('-inf'), 5e-324, 1.7976931348623157e308, 0.1)


class Model:
    """One series: what a receiver keeps of it."""

    def __init__(self, labels, start, step):
        self.labels, self.step = labels, step
        self.next = start  # of the samples in order
        self.samples, self.last = {}, None
        self.too_late = set()  # refused: (time, bits)

    def copy(self):
        other = Model(self.labels, self.next, self.step)
        other.samples, other.last = dict(self.samples), self.last
        other.too_late = set(self.too_late)
        return other

    def take(self, when, value, now):
        """Whether the sample is to be accepted, which a repeated one is as well."""
        same = self.samples.get(when)
        if when > now + 10 * MINUTE or when < now - 6 * HOUR:
            return False
        if self.last is not None and when < self.last - WINDOW:
            self.too_late.add((when, wire.bits(value)))
            return False
        if same is not None:
            return same == wire.bits(value)
        self.samples[when] = wire.bits(value)
        self.last = when if self.last is None else max(self.last, when)
        return True

    def readable(self):
        """As a query gives it: markers of staleness are not samples."""
        return {t: bits for t, bits in self.samples.items() if bits != wire.bits(wire.STALE)}


class Client:
    """One connection and its own series, so that the order of what arrives is the order of what is sent."""

    def __init__(self, number, seed, now):
        self.random, self.number = random.Random(f'{seed} {number}'), number
        self.models = []
        for i in range(self.random.randint(4, 8)):
            labels = {'__name__': f'prop_{i % 3}', 'client': str(number), 'i': str(i)}
            if self.random.random() < 0.3:
                labels[self.random.choice(('ключ', 'a.b', 'with space'))] = self.random.choice(('ü', '🚀', '"\\\n'))
            step = self.random.choice((1_000, 5_000, 15_000))
            self.models.append(Model(labels, now - 50 * MINUTE + self.random.randrange(MINUTE), step))
        self.pending = None  # the models as they are if the request in flight was taken
        self.acked = self.requests = self.refused = 0
        self.error = None

    def value(self):
        kind = self.random.random()
        if kind < 0.6:
            return float(self.random.randrange(1000))
        return self.random.choice(VALUES) if kind < 0.8 else self.random.uniform(-1e6, 1e6)

    def samples(self, model, now):
        """Some samples for one series; mostly what a good sender sends."""
        out = []
        for _ in range(self.random.randint(1, 30)):
            kind, known = self.random.random(), list(model.samples)[-200:]
            newest = max([model.last or 0] + [t for t, _ in out])
            if kind < 0.80 or not known:
                if model.next > now + 9 * MINUTE:
                    break
                out.append((model.next, self.value()))
                model.next += self.random.choice((1, 1, 1, 2, 5)) * model.step
            elif kind < 0.84:  # sent again
                when = self.random.choice(known)
                out.append((when, struct.unpack('<d', struct.pack('<Q', model.samples[when]))[0]))
            elif kind < 0.87:  # contradicts
                out.append((self.random.choice(known), self.value()))
            elif kind < 0.94:  # late, perhaps just not too late
                out.append((newest - self.random.choice((1, WINDOW, WINDOW + 1, self.random.randrange(WINDOW))),
                            self.value()))
            elif kind < 0.97:  # too late
                out.append((newest - WINDOW - self.random.randrange(1, HOUR), self.value()))
            else:  # out of bounds
                ahead = self.random.randrange(11, 90) * MINUTE
                out.append((now + self.random.choice((ahead, -7 * HOUR)), self.value()))
        return out

    def send(self, url, sender, lenient):
        """One request. `lenient` says whether the process was not ready: it then acks what it only logs."""
        now = int(time.time() * 1000)
        after = [model.copy() for model in self.models]
        series, sent, taken = [], 0, 0
        for index in self.random.sample(range(len(after)), self.random.randint(1, len(after))):
            samples = self.samples(after[index], now)
            labels = list(after[index].labels.items())
            if self.random.random() < 0.3:  # mostly as before: 1.0's series are known by their bytes
                self.random.shuffle(labels)
            for when, value in samples:
                sent += 1
                taken += after[index].take(when, value, now)
            if samples:
                series.append(Series(labels, samples))
        bad = self.random.random() < 0.05
        if bad:
            series.insert(self.random.randint(0, len(series)), Series({'nameless': 'x'}, [(now, 1.0)]))
        version = self.random.choice(('v1', 'v2'))
        # Once in a while so much that a checkpoint is due: in a field that nobody knows.
        extra = harness.field(99, bytes(CHECKPOINT // 3)) if self.random.random() < 0.004 else b''
        body = wire.encode(version, series, extra)
        self.pending = after
        unsure = lenient()
        status, text, written = sender.post(body, wire.HEADERS[version])
        expected = 400 if bad or taken < sent else 204
        right = status == expected and written['Samples'] == (taken if version == 'v2' else None)
        if not right and unsure:
            right = status == (400 if bad else 204) and written['Samples'] == (sent if version == 'v2' else None)
        if not right:
            differences = difference(read(url, self.number), by_labels(after))
            raise AssertionError(f'client {self.number}, {version}: {status} {written} instead of {expected}, '
                                 f'{taken} of {sent} samples; then: {differences or "as expected"}; {text}')
        self.models, self.pending = after, None
        self.requests += 1
        self.acked += taken
        self.refused += sent - taken

    def run(self, url, stop, lenient):
        sender = wire.Sender(url)
        try:
            while not stop.is_set():
                try:
                    self.send(url, sender, lenient)
                except (OSError, http.client.HTTPException) as error:
                    if isinstance(error, ConnectionRefusedError):
                        self.pending = None  # certainly not taken
                    elif not stop.is_set():
                        raise
                    if self.pending is None and not stop.is_set():
                        time.sleep(0.002)
                        continue
                    return
        except Exception as error:  # shown by the main thread
            self.error = error
        finally:
            sender.close()


def parse(values):
    out = {}
    for when, text in values:
        value = wire.NAN if text == 'NaN' else float(text)
        out[round(float(when) * 1000)] = wire.bits(value)
    return out


def by_labels(models):
    """-> {labels: {time: bits}} of what can be read back."""
    readable = {tuple(sorted(model.labels.items())): model.readable() for model in models}
    return {labels: samples for labels, samples in readable.items() if samples}


def read(url, client):
    query = urllib.parse.urlencode({'query': f'{{__name__=~"prop_.*",client="{client}"}}[2h]',
                                    'time': time.time() + 600})
    found = harness.get_json(f'{url}/api/v1/query?{query}')['data']['result']
    return {tuple(sorted(r['metric'].items())): parse(r['values']) for r in found}


def adopt_too_late(models, found):
    """Takes over what is there although it was refused as too late."""
    for model in models:
        kept = found.get(tuple(sorted(model.labels.items())), {})
        for when in kept.keys() - model.samples.keys():
            if (when, kept[when]) in model.too_late:
                model.samples[when] = kept[when]


def difference(found, expected):
    """What tells the two apart, in words; nothing when they are equal."""
    lines = []
    for labels in sorted(found.keys() | expected.keys()):
        have, want = found.get(labels, {}), expected.get(labels, {})
        for what, times in (('lost', want.keys() - have.keys()), ('not acked', have.keys() - want.keys()),
                            ('changed', {t for t in have.keys() & want.keys() if have[t] != want[t]})):
            if times:
                newest = max(want, default=0)
                behind = [f'{newest - t} ms' for t in sorted(times)[:4]]
                lines.append(f'{dict(labels)}: {len(times)} of {len(want)} {what}, behind the newest: {behind}')
    return '; '.join(lines[:6])


class Property(harness.EndToEnd):
    def compare(self, client):
        found = read(self.url, client.number)
        differences = []
        for models in filter(None, (client.models, client.pending)):
            if any((self.directory / 'data' / 'chunks').iterdir()):
                adopt_too_late(models, found)
            expected = by_labels(models)
            if found == expected:
                client.models, client.pending = models, None
                return
            differences.append(difference(found, expected))
        self.fail(f'client {client.number}: what is kept is neither what was acked nor that and the request in '
                  f'flight: {" / ".join(differences)}')

    def test_what_was_acked_is_kept(self):
        self.write('outrider.yml', 'storage: {wal_segment_size: 1MiB}\n')
        chance = random.Random(SEED)
        clients = [Client(n, SEED, int(time.time() * 1000)) for n in range(CONNECTIONS)]
        try:
            for number in range(ROUNDS):
                self.round(number, clients, chance)
            self.start_outrider()
            for client in clients:
                self.compare(client)
        except BaseException:
            print(f'OUTRIDER_PROPERTY_SEED={SEED} OUTRIDER_PROPERTY_ROUNDS={ROUNDS}', flush=True)
            raise
        sealed = [m for c in clients for m in c.models if len(m.samples) > 240]
        print(f'{sum(c.requests for c in clients)} requests, {sum(c.acked for c in clients)} samples acked, '
              f'{sum(c.refused for c in clients)} refused, {len(sealed)} series of more than two chunks')

    def round(self, number, clients, chance):
        ready, stop = threading.Event(), threading.Event()
        threads = {client.number: threading.Thread(target=client.run, args=(self.url, stop, lambda: not ready.is_set()))
                   for client in clients}
        # Some write from the first moment on, while the log is read; of others it is not known yet what was kept.
        early = [c for c in clients if number > 0 and c.pending is None and chance.random() < 0.5]
        for client in early:
            threads[client.number].start()
        process = self.start_outrider()
        ready.set()
        for client in clients:
            if client not in early:
                self.compare(client)
                threads[client.number].start()
        time.sleep(chance.choice((0.05, 0.5, 1.5, 2.5)) * chance.uniform(0.5, 1.5))
        stop.set()
        if chance.random() < 0.8:
            process.kill9()
        for thread in threads.values():
            thread.join()
        process.stop()
        self.processes.remove(process)
        for client in clients:
            if client.error:
                raise client.error


def contend(url, who, base, requests, barrier, answers):
    """Sends the same series and times as the others, with a value of its own."""
    sender = wire.Sender(url)
    for number in range(requests):
        series = [Series({'__name__': 'shared', 'i': str(i)}, [(base + number, float(who))]) for i in range(300)]
        body = wire.encode('v2', series)
        barrier.wait()
        answers.put(sender.post(body, wire.HEADERS['v2'])[2]['Samples'])
    sender.close()


class Contention(harness.EndToEnd):
    def kept(self):
        return {(row['metric']['i'], t): v for row in self.query(self.url, 'shared[20m]') for t, v in row['values']}

    def test_senders_of_the_same_series(self):
        """The first one is acked and the others are refused; a restart does not turn that round."""
        self.write('outrider.yml', '')
        process, senders, requests = self.start_outrider(), 3, 250
        barrier, answers = multiprocessing.Barrier(senders), multiprocessing.Queue()
        base = int(time.time() * 1000) - 10 * MINUTE
        workers = [multiprocessing.Process(target=contend, args=(self.url, n, base, requests, barrier, answers))
                   for n in range(senders)]
        for worker in workers:
            worker.start()
        acked = sum(answers.get(timeout=60) for _ in range(senders * requests))
        for worker in workers:
            worker.join()
        before = self.kept()
        self.assertEqual((acked, len(before)), (300 * requests,) * 2)
        process.kill9()
        self.start_outrider()
        after = self.kept()
        self.assertEqual(before.keys(), after.keys())
        self.assertEqual(sum(before[key] != after[key] for key in before), 0, 'samples changed')


class AfterRestarts(harness.EndToEnd):
    """What the random rounds meet too seldom."""

    def setUp(self):
        super().setUp()
        self.write('outrider.yml', 'storage: {wal_segment_size: 1MiB}\n')
        self.process = self.start_outrider()
        self.sender = wire.Sender(self.url)
        self.now = int(time.time() * 1000)

    def tearDown(self):
        self.sender.close()
        super().tearDown()

    def restart(self):
        self.sender.close()
        self.process.kill9()
        self.process = self.start_outrider()

    def send(self, status, when, value, metadata=None):
        series = [Series({'__name__': 'm'}, [(self.now + when, value)], metadata=metadata)]
        answer = self.sender.write('v2', series)
        self.assertEqual(answer[0], status, answer)

    def kept(self):
        return {t - self.now: v for t, v in ((round(float(t) * 1000), float(v))
                                             for t, v in self.query(self.url, 'm[3h]')[0]['values'])}

    def checkpoint(self, times):
        """So much log that a checkpoint is due, several times: all that came before is in chunk files then."""
        def count():
            page = harness.request(self.url + '/metrics')[1]
            return int(page.partition('\noutrider_checkpoints_total ')[2].partition('\n')[0])

        for _ in range(times):
            before = count()
            for _ in range(4):
                answer = self.sender.write('v1', [Series({'__name__': 'pad'}, [(int(time.time() * 1000), 1.0)])],
                                           harness.field(99, bytes(CHECKPOINT // 4)))
                self.assertEqual(answer[0], 204, answer)
            harness.wait_for('a checkpoint', lambda: count() > before, 30)

    def test_a_sample_from_the_future_costs_nothing(self):
        """It is refused, and what came late after it, and was acked, is there after a restart."""
        self.send(204, 0, 1.0)
        self.send(400, HOUR, 9.0)
        self.send(204, -MINUTE, 2.0)
        before = self.kept()
        self.restart()
        self.assertEqual((before, self.kept()), ({-MINUTE: 2.0, 0: 1.0},) * 2)

    def test_metadata_comes_back(self):
        """It is in memory only; a sender of 2.0 repeats it in every request."""
        said = ('counter', 'Help', 'seconds')
        for at in (0, 1):
            self.send(204, at, 1.0, said)
            found = harness.get_json(self.url + '/api/v1/metadata?metric=m')['data']
            self.assertEqual(found.get('m'), [dict(zip(('type', 'help', 'unit'), said))], f'life {at + 1}')
            if at == 0:
                self.checkpoint(3)
                self.restart()


if __name__ == '__main__':
    unittest.main()
