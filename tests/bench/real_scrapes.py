#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bytes per sample in chunks on real scrapes of node_exporter, 15 s apart.
usage: real_scrapes.py record DIRECTORY [--hours H]   starts Debian's node_exporter and saves its scrapes, one file each
       real_scrapes.py split DIRECTORY [--align MS] [--dump FILE]   kinds of series, and what Gorilla's codec makes of each
       real_scrapes.py replay DIRECTORY [--align MS]  sends them to an outrider of its own and reads its /metrics"""
import argparse
import pathlib
import signal
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'e2e'))
import harness  # noqa: E402
import scrape_series  # noqa: E402

INTERVAL = 15


def record(directory, hours):
    directory.mkdir(parents=True, exist_ok=True)
    address = f'127.0.0.1:{harness.free_port()}'
    exporter = subprocess.Popen(['prometheus-node-exporter', f'--web.listen-address={address}'],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f'http://{address}/metrics'
        harness.wait_for('node_exporter', lambda: harness.request(url)[0] == 200, 30)
        end = time.time() + hours * 3600
        while time.time() < end:
            time.sleep(INTERVAL - time.time() % INTERVAL)
            when = int(time.time() * 1000)
            with urllib.request.urlopen(url, timeout=10) as answer:
                text = answer.read()
            (directory / f'{when}.txt').write_bytes(text)
    finally:
        exporter.terminate()
        exporter.wait()


def in_order(series, shift):
    """Remote write bodies, one a scrape, in order of time."""
    steps = {}
    for one in series:
        labels = b''.join(harness.field(1, harness.field(1, k.encode()) + harness.field(2, v.encode()))
                          for k, v in sorted(one.labels.items()))
        for when, value in zip(one.times, one.values):
            sample = b'\x09' + struct.pack('<d', value) + b'\x10' + harness.varint(when + shift)
            steps.setdefault(when, []).append(harness.field(1, labels + harness.field(2, sample)))
    return [b''.join(steps[when]) for when in sorted(steps)]


def own_metrics(url, *names):
    text = harness.request(url + '/metrics')[1]
    found = dict(line.rsplit(' ', 1) for line in text.splitlines() if line.startswith('outrider_'))
    return [float(found[name]) for name in names]


def replay(series, keep):
    newest = max(one.times[-1] for one in series)
    # Whole intervals, so that times stay as near to the grid as they were.
    shift = (int(time.time()) * 1000 - 5000 - newest) // (INTERVAL * 1000) * (INTERVAL * 1000)
    sent = sum(len(one.times) for one in series)
    with tempfile.TemporaryDirectory(prefix='outrider-scrapes-') as directory:
        (pathlib.Path(directory) / 'outrider.yml').write_text(
            f'storage: {{retention: {keep}h, unreferenced_retention: {keep}h}}\nanalytics: {{interval: 1h}}\n')
        port = harness.free_port()
        url = f'http://127.0.0.1:{port}'
        process = harness.Process('outrider', [harness.OUTRIDER, 'run', '--config.file=outrider.yml',
                                               '--storage.path=data', '--log.level=error',
                                               f'--web.listen-address=127.0.0.1:{port}'], directory)
        try:
            harness.wait_for('ready', lambda: harness.request(url + '/-/ready')[0] == 200, 30)
            names = ['outrider_window_chunk_bytes', 'outrider_window_samples', 'outrider_series']
            before = own_metrics(url, *names)
            for body in in_order(series, shift):
                status, text, _ = harness.request(url + '/api/v1/write', harness.snappy_literals(body),
                                                  harness.RW_HEADERS, 'POST')
                assert status in (200, 204), text
            size, samples, count = (a - b for a, b in zip(own_metrics(url, *names), before))
            accepted, = own_metrics(url, 'outrider_remote_write_samples_total')
            print(f'replay: {len(series)} series, {sent} samples sent, {accepted:.0f} accepted; the daemon has '
                  f'{count:.0f} series, {samples:.0f} samples more than before, in {size:.0f} bytes of chunks, slack '
                  f'of open ones included: {size / samples:.3f} bytes a sample')
            print(process.text(), end='', file=sys.stderr)
        finally:
            process.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('action', choices=['record', 'split', 'replay'])
    parser.add_argument('directory', type=pathlib.Path)
    parser.add_argument('--hours', type=float, default=6, help='record: how long')
    parser.add_argument('--align', type=int, default=0, metavar='MS',
                        help='take times this near to a multiple of 15 s for it (Prometheus: 2)')
    parser.add_argument('--dump', help='split: also write the series to this file (scrape_series.dump)')
    options = parser.parse_args()
    if options.action == 'record':
        return record(options.directory, options.hours)
    series = scrape_series.load(options.directory, options.align, INTERVAL * 1000)
    if not series:
        sys.exit(f'no scrapes in {options.directory}')
    hours = (max(s.times[-1] for s in series) - min(s.times[0] for s in series)) / 3.6e6
    print(f'{len(series)} series over {hours:.2f} h')
    if options.dump:
        scrape_series.dump(series, options.dump)
    if options.action == 'replay':
        replay(series, int(hours) + 25)
    else:
        print(*scrape_series.split(series), sep='\n')


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is stopped
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
