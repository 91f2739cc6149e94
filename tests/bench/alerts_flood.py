#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How many alerts a second outrider takes: bodies are made beforehand and posted over several connections.

  tests/bench/alerts_flood.py [--alerts 1000000] [--groups 10000] [--rounds 1] [--connections 4] [--batch 500]
                              [--receiver ok|slow|dead] [--readers 0] [--settle 20] [--outrider build/release/outrider]

The receiver answers at once, after 5 s (slow), or is not there (dead); it only counts what comes. Readers ask for all
alerts again and again. Prints by round: alerts a second, CPU of the server by alert while they are posted, and what
this program took itself of the two cores; after --settle seconds more the CPU in all, and resident memory.
"""
import argparse
import http.client
import os
import pathlib
import socketserver
import subprocess
import sys
import tempfile
import threading
import time

import alerts_pair

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def alert_text(i, groups):
    """The alert of amload.py."""
    return (f'{{"labels": {{"alertname": "PodDown", "severity": "warning", "namespace": "ns-{i % groups}", "pod": "app-{i}", '
            f'"cluster": "eu-1", "instance": "10.0.{i >> 8 & 255}.{i & 255}:8080"}}, "annotations": {{"summary": '
            f'"pod app-{i} is down", "description": "the pod has been down for more than five minutes"}}, '
            '"generatorURL": "http://prom.example/graph"}')


def make_bodies(options):
    return [("[" + ", ".join(alert_text(i, options.groups) for i in range(k, min(options.alerts, k + options.batch))) +
             "]").encode() for k in range(0, options.alerts, options.batch)]


class Receiver(socketserver.StreamRequestHandler):
    """Takes messages without reading what they say."""
    delay = 0.0
    messages = 0
    received = 0

    def handle(self):
        while line := self.rfile.readline():
            length = 0
            while (line := self.rfile.readline().strip()):
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.rfile.read(length)
            Receiver.messages += 1
            Receiver.received += length
            time.sleep(Receiver.delay)
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request, client_address):
        pass  # the server under test was killed


def post_all(port, bodies, first, step):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    for body in bodies[first::step]:
        connection.request("POST", "/api/v2/alerts", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            sys.exit(f"refused: {answer.status}")


def read_all(port, stop):
    while not stop.is_set():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        connection.request("GET", "/api/v2/alerts")
        answer = connection.getresponse()
        while not stop.is_set() and answer.read(1 << 20):
            pass
        connection.close()


def run_threads(target, arguments):
    threads = [threading.Thread(target=target, args=given) for given in arguments]
    for thread in threads:
        thread.start()
    return threads


def flood(options, port, pid, bodies):
    begun_cpu = cpu_seconds(pid)
    stop = threading.Event()
    readers = run_threads(read_all, [(port, stop)] * options.readers)
    for number in range(options.rounds):
        cpu, own, begun = cpu_seconds(pid), time.process_time(), time.monotonic()
        for thread in run_threads(post_all, [(port, bodies, i, options.connections) for i in range(options.connections)]):
            thread.join()
        took = time.monotonic() - begun
        print(f"round {number + 1}: {options.alerts / took:.0f} alerts/s, {took:.1f} s, server "
              f"{(cpu_seconds(pid) - cpu) * 1e6 / options.alerts:.1f} us an alert = {(cpu_seconds(pid) - cpu) / took:.2f} cores, "
              f"this program {(time.process_time() - own) / took:.2f} cores, rss {alerts_pair.resident(pid):.0f} MB", flush=True)
    stop.set()
    for thread in readers:
        thread.join()
    posted = cpu_seconds(pid)
    time.sleep(options.settle)
    cpu = cpu_seconds(pid)
    print(f"after {options.settle} s: {(cpu - begun_cpu) * 1e6 / options.alerts / options.rounds:.2f} us a post in all, of it "
          f"{(cpu - posted) * 1e6 / options.alerts:.2f} us an alert after the last; rss {alerts_pair.resident(pid):.0f} MB, "
          f"{Receiver.messages} messages, {Receiver.received / 1e6:.0f} MB", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--alerts", type=int, default=1000000)
    parser.add_argument("--groups", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--batch", type=int, default=500)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--readers", type=int, default=0)
    parser.add_argument("--receiver", choices=["ok", "slow", "dead"], default="ok")
    parser.add_argument("--settle", type=float, default=20)
    parser.add_argument("--outrider", type=pathlib.Path, default=alerts_pair.TOP / "build/release/outrider")
    options = parser.parse_args()
    bodies = make_bodies(options)
    Receiver.delay = 5.0 if options.receiver == "slow" else 0.0
    with tempfile.TemporaryDirectory() as text:
        directory = pathlib.Path(text)
        port, sink = alerts_pair.free_port(), alerts_pair.free_port()
        if options.receiver != "dead":
            server = Server(("127.0.0.1", sink), Receiver)
            threading.Thread(target=server.serve_forever, daemon=True).start()
        (directory / "alertmanager.yml").write_text(alerts_pair.ROUTES.format(port=sink))
        process = subprocess.Popen(alerts_pair.command("outrider", options, directory, port))
        try:
            alerts_pair.wait_ready(port, process)
            flood(options, port, process.pid, bodies)
        finally:
            process.kill()
            process.wait()
    return os.EX_OK


if __name__ == "__main__":
    sys.exit(main())
