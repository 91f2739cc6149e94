# SPDX-License-Identifier: Apache-2.0
"""The load generators of peers.py: built with g++ when they are missing or old, run, and their report read."""
import os
import pathlib
import re
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = {
    'rwgen': ['-O2', '-std=c++20', '-lsnappy', '-lpthread'],
    'rwload': ['-O2', '-std=c++20', '-lsnappy', '-lpthread'],
    'rwlimit': ['-O2', '-march=x86-64-v3', '-std=c++20', '-lsnappy', '-lxxhash'],
}
STEP_MS = 15000


class Loads:
    """`tools`: the directory of rwload.cc, rwlimit.cc and rules10.yml. Without rwload, rwgen loads as it does; without
    rwlimit, there is no floor."""

    def __init__(self, tools):
        self.tools = pathlib.Path(tools).resolve()
        self.built = HERE.parent.parent / 'build/bench'
        self.loader = 'rwload' if (self.tools / 'rwload.cc').exists() else 'rwgen'
        self.has_floor = (self.tools / 'rwlimit.cc').exists()

    def binary(self, name):
        source = (HERE if name == 'rwgen' else self.tools) / f'{name}.cc'
        sources = [source] + (sorted(HERE.glob('rwgen_*.h')) if name == 'rwgen' else [])
        out = self.built / name
        if not out.exists() or out.stat().st_mtime < max(s.stat().st_mtime for s in sources):
            self.built.mkdir(parents=True, exist_ok=True)
            subprocess.run(['g++', str(source), *FLAGS[name], '-o', str(out)], check=True)
        return str(out)

    def run(self, server, name=None, *flags, **options):
        """-> the report's figures: samples, refused_requests, server_cpu_s, rss_bytes/series, p50, p99, …"""
        command = [self.binary(name or self.loader), '--port', str(server.port), '--pid', str(server.pid), *flags]
        for option, value in options.items():
            command += ['--' + option.replace('_', '-'), str(value)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f'{" ".join(command)}: {done.stderr}')
        figures = {key: float(value) for key, value in re.findall(r'([\w/]+)=([-\d.e+]+)', done.stdout)}
        if figures['refused_requests']:
            raise SystemExit(f'{server.name} refused {figures["refused_requests"]:.0f} requests: {done.stderr}')
        return figures

    def floor(self, series, steps):
        """Samples per CPU-second of rwlimit's C. It says them per second; what else ran meanwhile is taken out by the
        share of a core it had."""
        command = [self.binary('rwlimit'), str(series), str(steps)]
        begin, before = time.monotonic(), os.times()
        done = subprocess.run(command, capture_output=True, text=True)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        said = float(re.search(r'^C samples/s=(\d+)', done.stdout, re.M)[1])
        return said * max(1, (time.monotonic() - begin) / cpu)

    def rules(self):
        return (self.tools / 'rules10.yml').read_text()


def start_of(steps, step_ms=STEP_MS):
    """The time in ms of the first of `steps` steps, so that the last is about now."""
    now = int(time.time() * 1000)
    return (now - steps * step_ms) // step_ms * step_ms
