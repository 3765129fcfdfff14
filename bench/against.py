"""Measures this build beside another one, in one interleaved run, and says which figures are worse.

    cargo build --release --examples && cargo build --release && scripts/bench-against OTHER_SEKISHO [--quick] [--only NAME[,NAME…]] [--least 0.95]

Checks: start, idle, me, refresh, logins, storm, registrations. Each round measures both builds, which take turns at going
first. The figure is the median over the rounds of the ratio of this build to the other, so above 1 is better for rates. Exits
with 1 if a figure is below `--least`. It needs a quiet machine, `wrk`, and about ten minutes.
"""

import argparse
import json
import pathlib
import statistics
import sys
import time

from logins import closed_loop
from promises import load
from server import PASSWORD, SEKISHO, Server, scratch, wrk


def ready(server, _):
    return 1 / server.ready_after


def idle(server, _):
    server.request("GET", "/healthz")
    return 1 / server.memory()


def me(server, seconds):
    server.register("alice")
    return wrk(f"{server.url}/users/me", seconds, server.token("alice"))[0]


def refresh(server, seconds):
    return load(server, "refresh", seconds)["refresh"]["requests_per_second"]


def logins(server, seconds):
    count, took = closed_loop(server, server.register_many(8), seconds=seconds)
    return count / took


def storm(server, seconds):
    """Requests per second of other clients while clients log in."""
    return load(server, "storm", max(seconds, 8))["storm"]["requests_per_second"]


def registrations(server, _):
    """One after the other, each from a different network, as a trusted proxy reports it."""
    began = time.perf_counter()
    for number in range(400):
        body = json.dumps({"email": f"u{number}@example.com", "username": f"u{number}", "password": PASSWORD})
        headers = {"content-type": "application/json", "x-forwarded-for": f"10.{number // 250}.{number % 250}.1"}
        status, answer = server.request("POST", "/users/", body, headers)
        assert status == 201, answer
    return 400 / (time.perf_counter() - began)


CHEAP = ("--bcrypt-cost", "4")
CHECKS = {
    "start": (ready, CHEAP),
    "idle": (idle, CHEAP),
    "me": (me, CHEAP),
    "refresh": (refresh, CHEAP),
    "logins": (logins, ("--bcrypt-cost", "11")),
    "storm": (storm, ()),
    "registrations": (registrations, (*CHEAP, "--trusted-proxy", "127.0.0.1")),
}


def measure(binary, name, seconds):
    check, flags = CHECKS[name]
    with scratch() as directory:
        with Server(directory, *flags, binary=binary):
            pass  # What is measured is a start with an existing database.
        with Server(directory, *flags, binary=binary) as server:
            return check(server, seconds)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench-against", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=pathlib.Path, help="the binary to compare with")
    parser.add_argument("--quick", action="store_true", help="short rounds")
    parser.add_argument("--only", default=",".join(CHECKS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--least", type=float, default=0.95)
    options = parser.parse_args()
    binaries = [SEKISHO, options.other.resolve()]
    seconds = 3 if options.quick else 8
    worse = 0
    for name in options.only.split(","):
        if name not in CHECKS:
            parser.error(f"unknown check {name}")
        ratios, figures = [], []
        for number in range(options.rounds):
            order = binaries if number % 2 == 0 else binaries[::-1]
            measured = {binary: measure(binary, name, seconds) for binary in order}
            ours, others = (measured[binary] for binary in binaries)
            ratios.append(ours / others)
            figures.append((ours, others))
        ratio = statistics.median(ratios)
        ours, others = (statistics.median(column) for column in zip(*figures))
        kept = ratio >= options.least
        worse += not kept
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{'ok   ' if kept else 'worse'}   {name}: {ratio:.3f} ({spread}; {ours:,.4g} to {others:,.4g})", flush=True)
    print(f"{len(options.only.split(',')) - worse} kept, {worse} worse")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
