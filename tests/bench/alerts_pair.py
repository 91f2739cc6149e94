#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's prometheus-alertmanager and outrider under the same load of alerts, one after the other.

  tests/bench/alerts_pair.py [--alerts 50000] [--groups 500] [--rounds 3] [--only outrider|alertmanager]
                             [--outrider build/release/outrider] [--amload ../shared/bench/amload.py] [--get]

Each gets the same configuration (one webhook receiver, group_wait 5s), runs amload.py against it and prints what
that prints: CPU of the server by posted alert, resident bytes by active alert. With --get it then asks for all alerts
and says when the first byte came, when the last, and how much the server's resident memory grew at most. After it,
outrider is killed (-9) and started again: how long until it is ready.
"""
import argparse
import http.client
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

TOP = pathlib.Path(__file__).resolve().parents[2]
ROUTES = """
route: {{receiver: team, group_by: [namespace], group_wait: 5s, group_interval: 5m, repeat_interval: 4h}}
receivers:
- name: team
  webhook_configs: [{{url: 'http://127.0.0.1:{port}/', send_resolved: true}}]
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_ready(port, process, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.02)
    sys.exit("the server did not become ready")


def command(name, options, directory, port):
    if name == "alertmanager":
        return [shutil.which("prometheus-alertmanager") or "alertmanager", f"--config.file={directory}/alertmanager.yml",
                f"--storage.path={directory}/am", f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
                "--log.level=error"]
    (directory / "outrider.yml").write_text("alerting: {config_file: alertmanager.yml}\n")
    return [str(options.outrider), "run", f"--config.file={directory}/outrider.yml", f"--storage.path={directory}/state",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


def ask_all(port, pid, path):
    """First byte, last byte (seconds), bytes, and the most the server grew by (MB)."""
    before = most = resident(pid)
    done = threading.Event()

    def watch():
        nonlocal most
        while not done.wait(0.005):
            most = max(most, resident(pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    begun = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("GET", path)
    answer = connection.getresponse()
    total = len(answer.read(1))
    first = time.monotonic() - begun
    while piece := answer.read(1 << 20):
        total += len(piece)
    last = time.monotonic() - begun
    done.set()
    watcher.join()
    return first, last, total, most - before


def measure(name, options):
    with tempfile.TemporaryDirectory() as text:
        directory = pathlib.Path(text)
        port, sink = free_port(), free_port()
        (directory / "alertmanager.yml").write_text(ROUTES.format(port=sink))
        line = command(name, options, directory, port)
        server = subprocess.Popen(line)
        try:
            wait_ready(port, server)
            print(f"--- {name}", flush=True)
            subprocess.run([sys.executable, str(options.amload), "--url", f"http://127.0.0.1:{port}", "--pid",
                            str(server.pid), "--alerts", str(options.alerts), "--groups", str(options.groups), "--rounds",
                            str(options.rounds), "--sink-port", str(sink)], check=True)
            for path in ("/api/v2/alerts", "/api/v2/alerts/groups") if options.get else ():
                first, last, total, grown = ask_all(port, server.pid, path)
                print(f"GET {path}: first_byte_ms={first * 1000:.1f} last_byte_ms={last * 1000:.0f} mb={total / 1e6:.1f} "
                      f"grown_mb={grown:.1f}", flush=True)
            if name == "outrider":
                server.send_signal(signal.SIGKILL)
                server.wait()
                begun = time.monotonic()
                server = subprocess.Popen(line)
                wait_ready(port, server)
                print(f"restart after kill -9: ready_s={time.monotonic() - begun:.2f} rss_mb={resident(server.pid):.0f}",
                      flush=True)
        finally:
            server.kill()
            server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=50000)
    parser.add_argument("--groups", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=["outrider", "alertmanager"])
    parser.add_argument("--get", action="store_true")
    parser.add_argument("--outrider", type=pathlib.Path, default=TOP / "build/release/outrider")
    parser.add_argument("--amload", type=pathlib.Path, default=TOP.parent / "shared/bench/amload.py")
    options = parser.parse_args()
    for name in ("alertmanager", "outrider"):
        if options.only in (None, name):
            measure(name, options)
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
