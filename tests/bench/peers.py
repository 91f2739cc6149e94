#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Outrider beside Debian's Prometheus and VictoriaMetrics on the same load, in one run, as a Markdown table. Figures
are CPU-seconds of the server process, never wall time alone (but for restarts and requests). A ratio above 1 means that
Outrider is ahead. `./dev setup bench` installs what this needs."""
import argparse
import dataclasses
import os
import pathlib
import shlex
import signal
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import peer_loads  # noqa: E402
import peer_measures  # noqa: E402
import peer_servers  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@dataclasses.dataclass
class Bench:
    options: argparse.Namespace
    loads: peer_loads.Loads
    peers: list  # names, in the order in which they run

    @staticmethod
    def say(text):
        print(text, file=sys.stderr, flush=True)


def short(value):
    if value >= 1e6:
        return f'{value / 1e6:.2f}M'
    if value >= 1e4:
        return f'{value / 1e3:.0f}k'
    return f'{value:,.0f}' if value >= 100 else f'{value:.3g}'


def cell(values):
    if not values:
        return '–'
    text = short(statistics.median(values))
    return text if len(values) == 1 else f'{text} ({short(min(values))} to {short(max(values))})'


def table(rounds, peers):
    """Markdown lines out of the rows of each round; ratios are of figures of the same round."""
    others = [name for name in peer_servers.KINDS if name != 'outrider' and name in peers]
    names = (['outrider'] if 'outrider' in peers else []) + others + ['floor']
    titles = [peer_servers.KINDS[n].title if n in peer_servers.KINDS else 'floor' for n in names]
    yield '| ' + ' | '.join(['what', *titles, *(f'ahead of {peer_servers.KINDS[n].title}' for n in others)]) + ' |'
    yield '|' + '---|' * (1 + len(titles) + len(others))
    for rows in zip(*rounds):
        cells = [cell([row.values[name] for row in rows if name in row.values]) for name in names]
        for name in others:
            pairs = [(row.values['outrider'], row.values[name]) for row in rows
                     if row.values.get('outrider') and row.values.get(name)]
            cells.append(cell([a / b if row.more_is_better else b / a for (a, b), row in zip(pairs, rows)]))
        yield '| ' + ' | '.join([rows[0].what, *cells]) + ' |'


def heading(peers, loads):
    lines = pathlib.Path('/proc/cpuinfo').read_text().splitlines()
    model = next((line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')), 'unknown')
    memory = int(pathlib.Path('/proc/meminfo').read_text().split()[1]) / 2 ** 20
    commit = subprocess.run(['git', '-C', str(ROOT), 'describe', '--always', '--dirty'], capture_output=True,
                            text=True)
    yield (f'{time.strftime("%Y-%m-%d %H:%M")}, {model}, {os.cpu_count()} cores, {memory:.0f} GiB, load before '
           f'{os.getloadavg()[0]:.2f}; ' + ', '.join(peer_servers.KINDS[n].version() for n in peers))
    yield f'sources at {commit.stdout.strip()}, load by {loads.loader}: `{shlex.join([*sys.argv])}`'


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add('measures', nargs='*', metavar='MEASURE', help=f'default: all of {", ".join(peer_measures.MEASURES)}')
    add('--peers', default=','.join(peer_servers.KINDS), help='default: %(default)s')
    add('--tools', default=ROOT.parent / 'shared/bench',
        help='where rwload.cc, rwlimit.cc and rules10.yml are; default: %(default)s')
    add('--rounds', type=int, default=1, help='of everything; the table then has medians and, in brackets, the range')
    add('--series', type=int, default=100_000)
    add('--steps', type=int, default=40)
    add('--large-series', type=int, default=1_000_000)
    add('--large-steps', type=int, default=10)
    add('--churn-series', type=int, default=50_000, help='new ones a step')
    add('--churn-steps', type=int, default=10)
    add('--growth-series', type=int, default=0, help='against a tenth of it; default: --series')
    add('--pace-ms', type=float, default=100, help='between requests of each of the two connections')
    add('--latency-seconds', type=int, default=90)
    add('--rules-seconds', type=int, default=60)
    options = parser.parse_args()
    unknown = set(options.measures) - set(peer_measures.MEASURES)
    unknown |= set(options.peers.split(',')) - set(peer_servers.KINDS)
    if unknown:
        parser.error(f'unknown: {", ".join(sorted(unknown))}')
    return options


def main():
    options = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is stopped
    loads = peer_loads.Loads(options.tools)
    peers = options.peers.split(',')
    print(*heading(peers, loads), '', sep='\n', flush=True)
    rounds = []
    for number in range(options.rounds):
        rows = []
        for name, function in peer_measures.MEASURES.items():
            if not options.measures or name in options.measures:
                Bench.say(f'{name}, round {number + 1} of {options.rounds}')
                rows += function(Bench(options, loads, peers if number % 2 == 0 else peers[::-1]))
        rounds.append(rows)
    print(*table(rounds, peers), sep='\n')


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
