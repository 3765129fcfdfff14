#!/usr/bin/env python3
"""Measures what Sekisho promises, each figure in relation to something in the same run, and says which promise is kept.

    cargo build --release --examples && cargo build --release && scripts/bench [--quick] [--only NAME[,NAME…]] [--json FILE]

Checks: start, me, algorithms, storm, logins, fairness, refresh, writes, timing, overload, connections, memory.
Exits with 1 where a promise is broken. It wants a quiet machine, `wrk`, and a few minutes (memory: ten more).
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target" / "release"
PASSWORD = "correct horse battery staple"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Server:
    """A server of ours on a free port, with a database of its own; ended by pid."""

    def __init__(self, directory, *flags, binary=RELEASE / "sekisho", database="bench.db", metrics=False):
        if metrics:
            self.metrics = f"127.0.0.1:{free_port()}"
            flags += ("--metrics-listen", self.metrics)
        arguments = [binary, "127.0.0.1:0"]
        if binary.name == "sekisho":
            arguments = [binary, "--listen", "127.0.0.1:0", "--database", f"{directory}/{database}", *flags]
        began = time.perf_counter()
        environment = {**os.environ, "RUST_LOG": "warn"}
        self.process = subprocess.Popen(
            arguments, stdout=subprocess.PIPE, text=True, cwd=directory, env=environment, stderr=subprocess.DEVNULL
        )
        line = self.process.stdout.readline()
        self.ready_after = time.perf_counter() - began
        self.url = line.removeprefix("listening on ").strip()
        self.host = self.url.removeprefix("http://")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def memory(self):
        """Resident memory in MB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return float("nan")

    def metric(self, name):
        """A sample of `/metrics`, for which the server was started with `metrics`."""
        connection = http.client.HTTPConnection(self.metrics, timeout=60)
        try:
            connection.request("GET", "/metrics")
            lines = connection.getresponse().read().decode().splitlines()
        finally:
            connection.close()
        return next(float(line.split()[1]) for line in lines if line.split()[0] == name)

    def request(self, method, path, body=None, headers=None, timeout=60, source=None):
        connection = http.client.HTTPConnection(self.host, timeout=timeout, source_address=source)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def register(self, name, source=None):
        body = json.dumps({"email": f"{name}@example.com", "username": name, "password": PASSWORD})
        status, answer = self.request("POST", "/users/", body, {"content-type": "application/json"}, source=source)
        assert status == 201, answer

    def register_many(self, count):
        """Their names. One account would not do where many log in at once: it has five attempts at a time."""
        names = [f"user{number}" for number in range(count)]
        for name in names:
            self.register(name)
        return names

    def log_in(self, name, password=PASSWORD):
        form = urllib.parse.urlencode({"username": name, "password": password})
        return self.request("POST", "/token", form, FORM)

    def token(self, name):
        status, answer = self.log_in(name)
        assert status == 200, answer
        return json.loads(answer)["access_token"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def wrk(url, seconds, token=None, connections=32):
    """Requests per second and the 99th percentile in milliseconds."""
    with tempfile.TemporaryDirectory() as directory:
        script = pathlib.Path(directory) / "report.lua"
        script.write_text(
            "done = function(s, l) io.stderr:write(string.format('%f %f %d', s.requests / s.duration * 1e6, "
            "l:percentile(99) / 1e3, s.errors.status)) end"
        )
        command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
        if token:
            command += ["-H", f"Authorization: Bearer {token}"]
        run = subprocess.run([*command, url], capture_output=True, text=True, check=True, timeout=seconds + 60)
    rate, p99, failed = run.stderr.split()
    assert int(failed) == 0, f"{failed} requests failed"
    return float(rate), float(p99)


def load(server, profile, seconds):
    """What scripts/load measures."""
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory:
        subprocess.run(
            [ROOT / "scripts" / "load", server.url, "--profile", profile, "--duration", str(seconds), "--output", directory],
            check=True, capture_output=True, timeout=seconds + 300,
        )
        return json.loads((pathlib.Path(directory) / "results.json").read_text())["profiles"]


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
        """A bare server and ours, side by side; only one is loaded at a time."""
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory:
            with Server(directory, binary=RELEASE / "examples" / "bare") as bare, Server(directory, *flags) as ours:
                yield bare, ours

    def medians(self, *measurements):
        """The median of each measurement over interleaved rounds."""
        rounds = [[measure() for measure in measurements] for _ in range(self.rounds)]
        return [tuple(map(statistics.median, zip(*column))) for column in zip(*rounds)]

    def hash_seconds(self):
        run = subprocess.run([RELEASE / "examples" / "bench_db", "--json"], capture_output=True, text=True, check=True, cwd=ROOT / "target")
        return json.loads(run.stdout)

    # The checks.

    def start(self):
        size = (RELEASE / "sekisho").stat().st_size / 1e6
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory:
            with Server(directory) as server:
                server.register("alice")
            times = []
            for _ in range(9):
                with Server(directory) as server:
                    times.append(server.ready_after * 1000)
                    server.request("GET", "/healthz")
                    memory = server.memory()
        self.say("ready with an existing database", f"{statistics.median(times):.0f} ms", "below 100 ms", statistics.median(times) < 100)
        self.say("idle memory", f"{memory:.1f} MB", "below 20 MB", memory < 20)
        self.say("binary", f"{size:.1f} MB", "below 30 MB", size < 30)

    def me(self):
        with self.pair("--bcrypt-cost", "4") as (bare, ours):
            ours.register("alice")
            token = ours.token("alice")
            (base, _), (rate, p99) = self.medians(
                lambda: wrk(bare.url, self.seconds), lambda: wrk(f"{ours.url}/users/me", self.seconds, token)
            )
        ratio = rate / base
        self.say("/users/me, 32 connections, to bare actix-web",
                 f"{ratio:.2f} ({rate:,.0f}/s of {base:,.0f}/s, p99 {p99:.1f} ms)", "0.5 or more", ratio >= 0.5)

    def algorithms(self):
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory:
            with Server(directory, "--bcrypt-cost", "4", database="a.db") as es256, \
                    Server(directory, "--bcrypt-cost", "4", "--algorithm", "HS256", database="b.db") as hs256:
                tokens = []
                for server in (es256, hs256):
                    server.register("alice")
                    tokens.append(server.token("alice"))
                (one, _), (other, _) = self.medians(
                    lambda: wrk(f"{es256.url}/users/me", self.seconds, tokens[0]),
                    lambda: wrk(f"{hs256.url}/users/me", self.seconds, tokens[1]),
                )
        self.say("/users/me with ES256, to HS256", f"{one / other:.2f}", "0.9 or more", one / other >= 0.9)

    def storm(self):
        hash_seconds = self.hash_seconds()
        capacity = hash_seconds["cores"] / hash_seconds["bcrypt_12_seconds"]
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory, Server(directory) as server:
            rounds = []
            for _ in range(self.rounds):
                idle = load(server, "me", self.seconds)["me"]["requests_per_second"]
                profiles = load(server, "storm", max(self.seconds, 8))
                me, logins = profiles["storm"], profiles["storm-logins"]
                rounds.append((me["requests_per_second"] / idle, me["latency_ms"]["p99"], logins["requests_per_second"] / capacity))
        ratio, p99, logins = map(statistics.median, zip(*rounds))
        self.say("/users/me while 8 clients log in at cost 12, to its idle rate", f"{ratio:.2f}", "0.5 or more", ratio >= 0.5)
        self.say("its p99 meanwhile", f"{p99:.1f} ms", "below 15 ms", p99 < 15)
        self.say("logins meanwhile, to cores ÷ hash time", f"{logins:.2f}", "1.1 or more", logins >= 1.1)

    def logins(self):
        """Logins per second of many clients, and the time of one alone, beside the `bcrypt` crate in the same rounds."""
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory, Server(directory, metrics=True) as server:
            alone, rates = [], {8: [], 32: []}
            names = server.register_many(32)
            for _ in range(max(self.rounds, 3)):
                before = self.hash_seconds()
                took = [timed(lambda: server.token(names[0])) for _ in range(9)]
                measured = {clients: closed_loop(server, names[:clients], seconds=15) for clients in rates}
                after = self.hash_seconds()
                hash_time = (before["bcrypt_12_seconds"] + after["bcrypt_12_seconds"]) / 2
                alone.append(statistics.median(took) / hash_time)
                for clients, (count, seconds) in measured.items():
                    rates[clients].append(count / seconds / (before["cores"] / hash_time))
            lanes = server.metric("sekisho_hash_lanes_sum") / server.metric("sekisho_hash_lanes_count")
        for (clients, ratios), least in zip(rates.items(), (2.3, 2.5)):
            ratio = statistics.median(ratios)
            self.say(f"logins with nobody else asking, {clients} connections, to cores ÷ hash time", f"{ratio:.2f}", f"{least} or more", ratio >= least)
        ratio = statistics.median(alone)
        self.say("one login alone, to one hash by the bcrypt crate", f"{ratio:.2f}", "1.05 or less", ratio <= 1.05)
        print(f"        hashes computed side by side, in the mean: {lanes:.2f}")

    def fairness(self):
        """Logins of one user beside a flood of 32 clients against another's account from another network."""
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory, Server(directory) as server:
            for name in ("alice", "mallory"):
                server.register(name)
            group = self.hash_seconds()["bcrypt_12_seconds"] * 1.5
            stop = time.perf_counter() + 25
            threads = [threading.Thread(target=self.flood, args=(server, "mallory", stop)) for _ in range(32)]
            for thread in threads:
                thread.start()
            time.sleep(2)
            waited = []
            while time.perf_counter() < stop - 2:
                waited.append(timed(lambda: self.log_in_from(server, "alice", PASSWORD, number=1)))
                time.sleep(max(0, 1 - waited[-1]))
            for thread in threads:
                thread.join()
        # The group that is computed when she comes, and her own; a group of four takes a third longer than one hash.
        self.say(f"the slowest of {len(waited)} logins beside a flood of 32 clients from one network",
                 f"{max(waited):.2f} s (median {statistics.median(waited):.2f} s)", f"within two groups, {2 * group:.2f} s", max(waited) <= 2 * group)

    def flood(self, server, name, stop):
        while time.perf_counter() < stop:
            self.log_in_from(server, name, PASSWORD, number=2)

    def refresh(self):
        with self.pair("--bcrypt-cost", "4") as (bare, ours):
            (base,), (rate,) = self.medians(
                lambda: wrk(bare.url, self.seconds)[:1],
                lambda: (load(ours, "refresh", self.seconds)["refresh"]["requests_per_second"],),
            )
        self.say("durable refreshes, 32 sessions, to bare actix-web", f"{rate / base:.2f} ({rate:,.0f}/s)", "0.17 or more", rate / base >= 0.17)
        self.say("durable refreshes per second", f"{rate:,.0f}", "20,000 or more", rate >= 20_000)

    def writes(self):
        rounds = [self.hash_seconds() for _ in range(self.rounds)]
        for in_flight, target in ((1, 0.9), (8, None), (64, 20.0), (512, None)):
            ratio = statistics.median(next(r["ratio"] for r in figures["rates"] if r["in_flight"] == in_flight) for figures in rounds)
            if target:
                self.say(f"writes with {in_flight} in flight, to one COMMIT each", f"{ratio:.2f}", f"{target} or more", ratio >= target)
            else:
                print(f"        writes with {in_flight} in flight, to one COMMIT each: {ratio:.2f}")

    def timing(self):
        """What logins take whose user is unknown, whose password is wrong or right, or whose hash is outdated; interleaved."""
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory:
            names = [f"user{number}" for number in range(200)]
            outdated = [f"{name}old" for name in names]
            with Server(directory, "--bcrypt-cost", "4") as server:
                for number, name in enumerate(outdated):
                    server.register(name, self.source(number))
            with Server(directory, "--bcrypt-cost", "10", metrics=True) as server:
                for number, name in enumerate(names):
                    server.register(name, self.source(number))
                logins = {
                    "right": lambda number: (names[number], PASSWORD, 200),
                    "wrong": lambda number: (names[number], "not the password", 401),
                    "unknown": lambda number: (f"nobody{number}", "not the password", 401),
                    "outdated": lambda number: (outdated[number], PASSWORD, 200),
                }
                alone, together = ({kind: [] for kind in logins} for _ in range(2))
                for number in range(200):
                    order = random.Random(number).sample(list(logins), len(logins))
                    if number % 2:
                        for kind in order:
                            alone[kind] += self.times_of_logins(server, number, [logins[kind](number)])
                    else:
                        for kind, took in zip(order, self.times_of_logins(server, number, [logins[kind](number) for kind in order])):
                            together[kind].append(took)
        for times, where in ((alone, "alone"), (together, "side by side in the lanes")):
            for kind in list(logins)[1:]:
                self.say_ratio(f"median of {kind} to right passwords, {where}, 100 tries each at cost 10", times[kind], times["right"])

    def say_ratio(self, what, some, others):
        """Two medians within 5 % of each other, with a bootstrapped interval of their ratio."""
        generator = random.Random(1)
        ratios = sorted(
            statistics.median(generator.choices(some, k=len(some))) / statistics.median(generator.choices(others, k=len(others)))
            for _ in range(2000)
        )
        ratio, low, high = statistics.median(some) / statistics.median(others), ratios[50], ratios[1949]
        self.say(what, f"{ratio:.3f} (95 % interval {low:.3f} to {high:.3f})", "within 5 % of 1", abs(ratio - 1) < 0.05 and low <= 1.05 and high >= 0.95)

    def times_of_logins(self, server, number, logins):
        """How long each login takes. Of several, what is timed is from a thread's being free to hash them side by side."""
        moments = {}

        def start(who, name, password, expected, network):
            def run():
                status, _ = self.log_in_from(server, name, password, network)
                moments[who] = time.perf_counter()
                assert status == expected, (name, status)

            threads.append(threading.Thread(target=run))
            threads[-1].start()

        hashed = server.metric("sekisho_hash_lanes_sum")
        began, threads = time.perf_counter(), []
        # Networks of its own, so that the throttle has nothing to say: this is about time.
        network = number % 30 * 8
        if len(logins) > 1:
            for core in range(os.cpu_count()):
                # One hash on each thread, one begun well after the other, so that one thread becomes free first.
                start(f"thread {core}", f"before{number}-{core}", "wrong", 401, network)
                time.sleep(0.03)
        for position, (name, password, expected) in enumerate(logins):
            start(position, name, password, expected, network + 1 + position)
        for thread in threads:
            thread.join()
        # An outdated hash is replaced after its login; that must be over before the next is timed.
        renewals = sum(name.endswith("old") for name, _, _ in logins)
        while server.metric("sekisho_hash_lanes_sum") < hashed + len(threads) + renewals:
            time.sleep(0.002)
        return [moments[position] - moments.get("thread 0", began) for position in range(len(logins))]

    @staticmethod
    def source(number):
        """An address in one of many networks."""
        return f"127.0.{number % 250}.1", 0

    def log_in_from(self, server, name, password, number):
        form = urllib.parse.urlencode({"username": name, "password": password})
        return server.request("POST", "/token", form, FORM, source=self.source(number))

    def overload(self):
        """Offers ten times as many logins as the machine was just seen to serve, and looks at what becomes of them."""
        figures = self.hash_seconds()
        seconds = 10 if self.rounds == 1 else 30
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory, Server(directory) as server:
            names = server.register_many(32)
            count, took = closed_loop(server, names, seconds=15)
            capacity = count / took
            before = server.memory()
            results, threads, peak = [], [], before
            began = time.perf_counter()

            def one(name):
                sent = time.perf_counter()
                status, _ = server.log_in(name)
                results.append((status, time.perf_counter() - sent))

            offered = int(capacity * 10 * seconds)
            for number in range(offered):
                delay = began + number / (capacity * 10) - time.perf_counter()
                if delay > 0:
                    time.sleep(delay)
                thread = threading.Thread(target=one, args=(names[number % len(names)],))
                thread.start()
                threads.append(thread)
                if number % 100 == 0:
                    peak = max(peak, server.memory())
            for thread in threads:
                thread.join()
            elapsed = time.perf_counter() - began
            after = server.memory()
        accepted = [took for status, took in results if status == 200]
        refused = sorted(took for status, took in results if status == 503)
        others = len(results) - len(accepted) - len(refused)
        ratio = len(accepted) / elapsed / capacity
        slowest = refused[int(len(refused) * 0.99)] * 1000 if refused else 0
        to_crate = capacity * figures["bcrypt_12_seconds"] / figures["cores"]
        print(f"        capacity: {capacity:.1f} logins a second with 32 connections, {to_crate:.2f} of cores ÷ hash time")
        self.say(f"{offered} logins offered in {seconds} s, ten times the capacity: accepted, to capacity", f"{ratio:.2f}", "0.8 or more", ratio >= 0.8)
        self.say("the slowest accepted", f"{max(accepted):.1f} s", "within the budget of 5 s and a hash", max(accepted) <= 5 + 3 * figures["bcrypt_12_seconds"])
        self.say(f"refusals (503): {len(refused)}, their p99", f"{slowest:.0f} ms", "within 50 ms", slowest <= 50)
        self.say("other answers", str(others), "none", others == 0)
        print(f"        the slowest refusal: {refused[-1] * 1000 if refused else 0:.0f} ms")
        self.say("memory before, at its peak and after", f"{before:.1f}, {peak:.1f} and {after:.1f} MB", "flat", max(peak, after) < before + 10)

    def connections(self):
        """Ten thousand idle connections and 500 slow ones, and /users/me for the others."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory, Server(directory, "--bcrypt-cost", "4") as server:
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
            rate, p99 = wrk(f"{server.url}/users/me", self.seconds, token)
            alive = sum(1 for connection in idle if still_open(connection))
            stop.set()
            for connection in idle:
                connection.close()
        self.say("p99 of /users/me beside 10,000 idle and 500 slow connections", f"{p99:.1f} ms ({rate:,.0f}/s)", "below 20 ms", p99 < 20)
        self.say("idle connections still open, and slow ones opened", f"{alive:,} and {len(slow):,}", "10,000, and 500 or more", alive == 10_000 and len(slow) >= 500)

    def memory(self):
        """Ten minutes of mixed load: memory, errors, and the write-ahead log."""
        minutes = 1 if self.rounds == 1 else 10
        with tempfile.TemporaryDirectory(dir=ROOT / "target") as directory, Server(directory) as server:
            load(server, "mixed", 30)
            early, largest_wal, failed = server.memory(), 0, 0
            wal = pathlib.Path(directory) / "bench.db-wal"
            for _ in range(minutes):
                profile = load(server, "mixed", 60)["mixed"]
                failed += profile["non_2xx"] + profile["socket_errors"] + profile["timeouts"]
                largest_wal = max(largest_wal, wal.stat().st_size)
            late = server.memory()
        growth = late / early - 1
        self.say(f"memory over {minutes} minutes of mixed load", f"{early:.1f} to {late:.1f} MB", "flat to 10 %", abs(growth) <= 0.10)
        self.say("errors meanwhile", str(failed), "none", failed == 0)
        self.say("the write-ahead log at its largest", f"{largest_wal / 1e6:.1f} MB", "below 64 MB", largest_wal < 64e6)


def still_open(connection):
    connection.setblocking(False)
    try:
        return connection.recv(1, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def closed_loop(server, names, seconds):
    """A client for each user, who logs in without pause: how many logins, in how many seconds."""
    counts, began = [], time.perf_counter()
    lock = threading.Lock()

    def client(name):
        while time.perf_counter() < began + seconds:
            status, _ = server.log_in(name)
            with lock:
                counts.append((time.perf_counter(), status))

    threads = [threading.Thread(target=client, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(status == 200 for _, status in counts), counts
    # Every moment until the last answer was spent on hashes that are counted.
    return len(counts), max(moment for moment, _ in counts) - began


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ["start", "me", "algorithms", "storm", "logins", "fairness", "refresh", "writes", "timing", "overload", "connections", "memory"]
    parser.add_argument("--quick", action="store_true", help="one short round each")
    parser.add_argument("--only", default=",".join(names))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    bench = Bench(options.quick)
    for name in options.only.split(","):
        if name not in names:
            parser.error(f"unknown check {name}")
        getattr(bench, name)()
    if options.json:
        options.json.write_text(json.dumps(bench.rows, indent=2, ensure_ascii=False))
    missed = sum(1 for row in bench.rows if not row["kept"])
    print(f"{len(bench.rows) - missed} kept, {missed} missed")
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
