"""The logins in scripts/bench: their rate, their fairness, their timing, and overload."""

import os
import random
import statistics
import threading
import time

from server import PASSWORD, Server, scratch


def logins(bench):
    """Logins per second of many clients, and the time of one alone, beside the `bcrypt` crate in the same rounds."""
    with scratch() as directory, Server(directory, metrics=True) as server:
        alone, rates = [], {8: [], 32: []}
        names = server.register_many(32)
        for _ in range(max(bench.rounds, 3)):
            before = bench.hash_seconds()
            took = [timed(lambda: server.token(names[0])) for _ in range(9)]
            measured = {clients: closed_loop(server, names[:clients], seconds=15) for clients in rates}
            after = bench.hash_seconds()
            hash_time = (before["bcrypt_12_seconds"] + after["bcrypt_12_seconds"]) / 2
            alone.append(statistics.median(took) / hash_time)
            for clients, (count, seconds) in measured.items():
                rates[clients].append(count / seconds / (before["cores"] / hash_time))
        lanes = server.metric("sekisho_hash_lanes_sum") / server.metric("sekisho_hash_lanes_count")
    for (clients, ratios), least in zip(rates.items(), (2.3, 2.5)):
        ratio = statistics.median(ratios)
        bench.say(f"logins without other requests, {clients} connections, to cores ÷ hash time", f"{ratio:.2f}", f"{least} or more", ratio >= least)
    ratio = statistics.median(alone)
    bench.say("one login alone, to one hash by the bcrypt crate", f"{ratio:.2f}", "1.05 or less", ratio <= 1.05)
    print(f"        hashes computed side by side, in the mean: {lanes:.2f}")


def fairness(bench):
    """Logins of one user beside a flood of 32 clients against another's account from another network."""
    with scratch() as directory, Server(directory) as server:
        for name in ("alice", "mallory"):
            server.register(name)
        group = bench.hash_seconds()["bcrypt_12_seconds"] * 1.5
        stop = time.perf_counter() + 25
        threads = [threading.Thread(target=flood, args=(server, "mallory", stop)) for _ in range(32)]
        for thread in threads:
            thread.start()
        time.sleep(2)
        waited = []
        while time.perf_counter() < stop - 2:
            waited.append(timed(lambda: log_in_from(server, "alice", PASSWORD, number=1)))
            time.sleep(max(0, 1 - waited[-1]))
        for thread in threads:
            thread.join()
    # The group that is being computed when the user arrives, and the user's own; a group of four takes a third longer than one hash.
    bench.say(f"the slowest of {len(waited)} logins beside a flood of 32 clients from one network",
             f"{max(waited):.2f} s (median {statistics.median(waited):.2f} s)", f"within two groups, {2 * group:.2f} s", max(waited) <= 2 * group)


def flood(server, name, stop):
    while time.perf_counter() < stop:
        log_in_from(server, name, PASSWORD, number=2)


def timing(bench):
    """The time of logins with an unknown user, a wrong or the right password, or an outdated hash, interleaved."""
    with scratch() as directory:
        names = [f"user{number}" for number in range(200)]
        outdated = [f"{name}old" for name in names]
        with Server(directory, "--bcrypt-cost", "4") as server:
            for number, name in enumerate(outdated):
                server.register(name, source(number))
        with Server(directory, "--bcrypt-cost", "10", metrics=True) as server:
            for number, name in enumerate(names):
                server.register(name, source(number))
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
                        alone[kind] += times_of_logins(server, number, [logins[kind](number)])
                else:
                    for kind, took in zip(order, times_of_logins(server, number, [logins[kind](number) for kind in order])):
                        together[kind].append(took)
    for times, where in ((alone, "alone"), (together, "side by side in the lanes")):
        for kind in list(logins)[1:]:
            say_ratio(bench, f"median of {kind} to right passwords, {where}, 100 tries each at cost 10", times[kind], times["right"])


def say_ratio(bench, what, some, others):
    """Two medians within 5 % of each other, with a bootstrapped interval of their ratio."""
    generator = random.Random(1)
    ratios = sorted(
        statistics.median(generator.choices(some, k=len(some))) / statistics.median(generator.choices(others, k=len(others)))
        for _ in range(2000)
    )
    ratio, low, high = statistics.median(some) / statistics.median(others), ratios[50], ratios[1949]
    bench.say(what, f"{ratio:.3f} (95 % interval {low:.3f} to {high:.3f})", "within 5 % of 1", abs(ratio - 1) < 0.05 and low <= 1.05 and high >= 0.95)


def times_of_logins(server, number, logins):
    """The time of each login. For several logins, it is measured from when a thread is free to hash them side by side."""
    moments = {}

    def start(who, name, password, expected, network):
        def run():
            status, _ = log_in_from(server, name, password, network)
            moments[who] = time.perf_counter()
            assert status == expected, (name, status)

        threads.append(threading.Thread(target=run))
        threads[-1].start()

    hashed = server.metric("sekisho_hash_lanes_sum")
    began, threads = time.perf_counter(), []
    # Separate networks, so that the throttle does not interfere.
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
    # An outdated hash is replaced after its login, and that must be over before the next login is timed.
    renewals = sum(name.endswith("old") for name, _, _ in logins)
    while server.metric("sekisho_hash_lanes_sum") < hashed + len(threads) + renewals:
        time.sleep(0.002)
    return [moments[position] - moments.get("thread 0", began) for position in range(len(logins))]


def source(number):
    """An address in one of many networks."""
    return f"127.0.{number % 250}.1", 0


def log_in_from(server, name, password, number):
    return server.log_in(name, password, source(number))


def overload(bench):
    """Offers ten times as many logins as the machine has just served, and counts their outcomes."""
    figures = bench.hash_seconds()
    seconds = 10 if bench.rounds == 1 else 30
    with scratch() as directory, Server(directory) as server:
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
    bench.say(f"{offered} logins offered in {seconds} s, ten times the capacity: accepted, to capacity", f"{ratio:.2f}", "0.8 or more", ratio >= 0.8)
    bench.say("the slowest accepted", f"{max(accepted):.1f} s", "within the budget of 5 s and a hash", max(accepted) <= 5 + 3 * figures["bcrypt_12_seconds"])
    bench.say(f"refusals (503): {len(refused)}, their p99", f"{slowest:.0f} ms", "within 50 ms", slowest <= 50)
    bench.say("other answers", str(others), "none", others == 0)
    print(f"        the slowest refusal: {refused[-1] * 1000 if refused else 0:.0f} ms")
    bench.say("memory before, at its peak and after", f"{before:.1f}, {peak:.1f} and {after:.1f} MB", "flat", max(peak, after) < before + 10)


def timed(action):
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def closed_loop(server, names, seconds):
    """Lets a client for each user log in without pause; returns the number of logins and the seconds."""
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
    # All of the time until the last answer was spent on hashes that are counted.
    return len(counts), max(moment for moment, _ in counts) - began
