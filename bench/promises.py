"""Measures Sekisho's promises, each figure in relation to something in the same run, and says which promises are kept.

    cargo build --release --examples && cargo build --release && scripts/bench [--quick] [--only NAME[,NAME…]] [--json FILE]

Checks: start, me, algorithms, storm, logins, fairness, refresh, writes, timing, overload, connections, memory.
Exits with 1 if a promise is broken. It needs a quiet machine, `wrk`, and a few minutes (memory: ten more).
"""

import argparse
import contextlib
import json
import pathlib
import resource
import socket
import statistics
import subprocess
import sys
import threading

import logins
from load import measure
from server import BARE, RELEASE, ROOT, SEKISHO, Server, scratch, wrk


def load(server, profile, seconds):
    """The measurements of scripts/load."""
    with scratch() as directory:
        return measure(server.url, [profile], seconds, pathlib.Path(directory))["profiles"]


class Bench:
    def __init__(self, quick):
        self.seconds = 4 if quick else 10
        self.rounds = 1 if quick else 3
        self.rows = []

    def say(self, what, measured, target, kept):
        self.rows.append({"what": what, "measured": measured, "target": target, "kept": kept})
        print(f"{'ok    ' if kept else 'MISSED'}  {what}: {measured} (asked: {target})", flush=True)

    @contextlib.contextmanager
    def pair(self, *flags):
        """A bare server and Sekisho, side by side; only one is under load at a time."""
        with scratch() as directory:
            with Server(directory, binary=BARE) as bare, Server(directory, *flags) as ours:
                yield bare, ours

    def medians(self, *measurements):
        """The median of each measurement over interleaved rounds."""
        rounds = [[measure() for measure in measurements] for _ in range(self.rounds)]
        return [tuple(map(statistics.median, zip(*column))) for column in zip(*rounds)]

    def hash_seconds(self):
        run = subprocess.run([RELEASE / "examples/bench_db", "--json"], capture_output=True, text=True, check=True, cwd=ROOT / "target")
        return json.loads(run.stdout)


def start(bench):
    size = SEKISHO.stat().st_size / 1e6
    with scratch() as directory:
        with Server(directory) as server:
            server.register("alice")
        times = []
        for _ in range(9):
            with Server(directory) as server:
                times.append(server.ready_after * 1000)
                server.request("GET", "/healthz")
                memory = server.memory()
    bench.say("ready with an existing database", f"{statistics.median(times):.1f} ms", "below 10 ms", statistics.median(times) < 10)
    bench.say("idle memory", f"{memory:.1f} MB", "below 20 MB", memory < 20)
    bench.say("binary", f"{size:.1f} MB", "below 30 MB", size < 30)


def me(bench):
    with bench.pair("--bcrypt-cost", "4") as (bare, ours):
        ours.register("alice")
        token = ours.token("alice")
        (base, _), (rate, p99) = bench.medians(
            lambda: wrk(bare.url, bench.seconds), lambda: wrk(f"{ours.url}/users/me", bench.seconds, token)
        )
    ratio = rate / base
    bench.say("/users/me, 32 connections, to bare actix-web",
             f"{ratio:.2f} ({rate:,.0f}/s of {base:,.0f}/s, p99 {p99:.1f} ms)", "0.5 or more", ratio >= 0.5)


def algorithms(bench):
    with scratch() as directory:
        with Server(directory, "--bcrypt-cost", "4", database="a.db") as es256, \
                Server(directory, "--bcrypt-cost", "4", "--algorithm", "HS256", database="b.db") as hs256:
            tokens = []
            for server in (es256, hs256):
                server.register("alice")
                tokens.append(server.token("alice"))
            (one, _), (other, _) = bench.medians(
                lambda: wrk(f"{es256.url}/users/me", bench.seconds, tokens[0]),
                lambda: wrk(f"{hs256.url}/users/me", bench.seconds, tokens[1]),
            )
    bench.say("/users/me with ES256, to HS256", f"{one / other:.2f}", "0.9 or more", one / other >= 0.9)


def storm(bench):
    hash_seconds = bench.hash_seconds()
    capacity = hash_seconds["cores"] / hash_seconds["bcrypt_12_seconds"]
    with scratch() as directory, Server(directory) as server:
        rounds = []
        for _ in range(bench.rounds):
            idle = load(server, "me", bench.seconds)["me"]["requests_per_second"]
            profiles = load(server, "storm", max(bench.seconds, 8))
            me, logins = profiles["storm"], profiles["storm-logins"]
            rounds.append((me["requests_per_second"] / idle, me["latency_ms"]["p99"], logins["requests_per_second"] / capacity))
    ratio, p99, logins = map(statistics.median, zip(*rounds))
    bench.say("/users/me while 8 clients log in at cost 12, to its idle rate", f"{ratio:.2f}", "0.5 or more", ratio >= 0.5)
    bench.say("its p99 meanwhile", f"{p99:.1f} ms", "below 15 ms", p99 < 15)
    bench.say("logins meanwhile, to cores ÷ hash time", f"{logins:.2f}", "1.1 or more", logins >= 1.1)


def refresh(bench):
    with bench.pair("--bcrypt-cost", "4") as (bare, ours):
        (base,), (rate,) = bench.medians(
            lambda: wrk(bare.url, bench.seconds)[:1],
            lambda: (load(ours, "refresh", bench.seconds)["refresh"]["requests_per_second"],),
        )
    bench.say("durable refreshes, 32 sessions, to bare actix-web", f"{rate / base:.2f} ({rate:,.0f}/s)", "0.17 or more", rate / base >= 0.17)
    bench.say("durable refreshes per second", f"{rate:,.0f}", "20,000 or more", rate >= 20_000)


def writes(bench):
    rounds = [bench.hash_seconds() for _ in range(bench.rounds)]
    for in_flight, target in ((1, 0.9), (8, None), (64, 20.0), (512, None)):
        ratio = statistics.median(next(r["ratio"] for r in figures["rates"] if r["in_flight"] == in_flight) for figures in rounds)
        if target:
            bench.say(f"writes with {in_flight} in flight, to one COMMIT each", f"{ratio:.2f}", f"{target} or more", ratio >= target)
        else:
            print(f"        writes with {in_flight} in flight, to one COMMIT each: {ratio:.2f}")


def connections(bench):
    """Measures /users/me beside ten thousand idle connections and 500 slow ones."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with scratch() as directory, Server(directory, "--bcrypt-cost", "4") as server:
        server.register("alice")
        token = server.token("alice")
        host, port = server.host.split(":")
        request = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
        idle, stop = [], threading.Event()
        for number in range(10_000):
            connection = socket.create_connection((host, int(port)), 10, source_address=(f"127.0.1.{number % 200 + 1}", 0))
            connection.sendall(request)
            connection.recv(1024)
            idle.append(connection)

        def crawl():
            while not stop.is_set():
                with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 10) as crawling:
                    slow.append(crawling)
                    for byte in b"POST /token HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n" + b"x" * 900:
                        crawling.sendall(bytes([byte]))
                        if stop.wait(0.5):
                            return

        slow = []
        crawlers = [threading.Thread(target=crawl, daemon=True) for _ in range(500)]
        for crawler in crawlers:
            crawler.start()
        rate, p99 = wrk(f"{server.url}/users/me", bench.seconds, token)
        alive = sum(1 for connection in idle if still_open(connection))
        stop.set()
        for connection in idle:
            connection.close()
    bench.say("p99 of /users/me beside 10,000 idle and 500 slow connections", f"{p99:.1f} ms ({rate:,.0f}/s)", "below 20 ms", p99 < 20)
    bench.say("idle connections still open, and slow ones opened", f"{alive:,} and {len(slow):,}", "10,000, and 500 or more", alive == 10_000 and len(slow) >= 500)


def memory(bench):
    """Measures memory, errors and the write-ahead log during ten minutes of mixed load."""
    minutes = 1 if bench.rounds == 1 else 10
    with scratch() as directory, Server(directory) as server:
        load(server, "mixed", 30)
        early, largest_wal, failed = server.memory(), 0, 0
        wal = pathlib.Path(directory) / "bench.db-wal"
        for _ in range(minutes):
            profile = load(server, "mixed", 60)["mixed"]
            failed += profile["non_2xx"] + profile["socket_errors"] + profile["timeouts"]
            largest_wal = max(largest_wal, wal.stat().st_size)
        late = server.memory()
    growth = late / early - 1
    bench.say(f"memory over {minutes} minutes of mixed load", f"{early:.1f} to {late:.1f} MB", "flat to 10 %", abs(growth) <= 0.10)
    bench.say("errors meanwhile", str(failed), "none", failed == 0)
    bench.say("the write-ahead log at its largest", f"{largest_wal / 1e6:.1f} MB", "below 64 MB", largest_wal < 64e6)


def still_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


CHECKS = {
    "start": start,
    "me": me,
    "algorithms": algorithms,
    "storm": storm,
    "logins": logins.logins,
    "fairness": logins.fairness,
    "refresh": refresh,
    "writes": writes,
    "timing": logins.timing,
    "overload": logins.overload,
    "connections": connections,
    "memory": memory,
}


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one short round each")
    parser.add_argument("--only", default=",".join(CHECKS))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    bench = Bench(options.quick)
    for name in options.only.split(","):
        if name not in CHECKS:
            parser.error(f"unknown check {name}")
        CHECKS[name](bench)
    if options.json:
        options.json.write_text(json.dumps(bench.rows, indent=2, ensure_ascii=False))
    missed = sum(1 for row in bench.rows if not row["kept"])
    print(f"{len(bench.rows) - missed} kept, {missed} missed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
