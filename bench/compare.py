"""Measures Sekisho beside its peers on this machine and writes docs/BENCHMARKS.md.

Measures, one after the other and each alone on the machine: bare actix-web, which answers a constant body of the same
size; Sekisho; the FastAPI tutorial (bench/peers/fastapi); PocketBase (bench/peers/pocketbase). The table holds the
median of the rounds. The peers are installed into target/peers at the first run.
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from load import OFFERS, between, measure
from page import page
from server import BARE, ROOT, SEKISHO, Server, fail, free_port, stop

PEERS = {name: ROOT / "bench/peers" / name / "run" for name in ("fastapi", "pocketbase")}
NEEDED = {"bare": BARE, "sekisho": SEKISHO, **PEERS}
BUILD = "cargo build --release --examples && cargo build --release"


@contextlib.contextmanager
def peer(name, directory, log):
    """Starts another server for the length of a block, and yields its URL. A peer is installed at its first start, which takes a while."""
    port = free_port()
    process = subprocess.Popen([PEERS[name], str(port), directory], stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            if process.poll() is not None or time.monotonic() > deadline:
                fail(f"{name} did not start; see {log.name}")
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(process)


def run(name, output, seconds):
    profiles = [profile for profile in ("me", "storm", "login", "refresh") if profile in OFFERS[name]]
    directory = output / "server"
    directory.mkdir(parents=True)
    with open(output / "server.log", "w") as log:
        if name in PEERS:
            with peer(name, directory, log) as url:
                measure(url, profiles, seconds, output, name)
        else:
            with Server(directory, binary=NEEDED[name], log=log) as server:
                measure(server.url, profiles, seconds, output, name, delete=False)
    shutil.rmtree(directory)


def odd(text):
    number = between(1, 9)(text)
    if number % 2 == 0:
        raise argparse.ArgumentTypeError("an odd number is needed")
    return number


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/compare", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--duration", type=between(1, 99), default=10, help="seconds of each measurement (10)")
    parser.add_argument("--rounds", type=odd, default=3, help="of all servers; an odd number, at most 9 (3)")
    parser.add_argument("--servers", default=",".join(NEEDED), metavar="LIST", help=f"some of {','.join(NEEDED)} (all)")
    parser.add_argument("--write", type=Path, default=ROOT / "docs/BENCHMARKS.md", metavar="FILE", help="the page (docs/BENCHMARKS.md)")
    options = parser.parse_args()
    servers = options.servers.split(",")
    for name in servers:
        if name not in NEEDED:
            parser.error(f"--servers takes {', '.join(NEEDED)}, not {name}")
        if not NEEDED[name].exists():
            fail(f"there is no {NEEDED[name]}; build it with: {BUILD}")
    # So that a signal to this script also stops the processes that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if (busy := os.getloadavg()[0]) >= 1:
        print(f"warning: other processes keep this machine busy (load {busy}); the figures will be too low", file=sys.stderr)

    results = ROOT / "target/compare" / time.strftime("%Y%m%d-%H%M%S")
    for number in range(1, options.rounds + 1):
        for name in servers:
            print(f"round {number} of {options.rounds}: {name}", file=sys.stderr, flush=True)
            run(name, results / str(number) / name, options.duration)
    options.write.parent.mkdir(parents=True, exist_ok=True)
    options.write.write_text(page(results, options.duration, options.rounds))
    print(f"written to {options.write}", file=sys.stderr)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
