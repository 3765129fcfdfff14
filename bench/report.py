"""Makes the figures of a load run readable: a table, results.json, results.md and results.svg."""

import json
from datetime import datetime, timezone
from pathlib import Path

from machine import machine
from plot import plot

# In the order of the table. The logins beside a profile have a separate row.
ROWS = {
    "me": "me",
    "login": "login",
    "refresh": "refresh",
    "mixed": "mixed",
    "mixed-logins": "mixed: logins",
    "storm": "storm",
    "storm-logins": "storm: logins",
}
# Each percentile with the number of requests below which it would depend on a single slow one.
PERCENTILES = {"p50": 10, "p90": 10, "p99": 100, "p99.9": 1000}
HEADER = ["profile", "requests/s", *(f"{name} ms" for name in PERCENTILES), "non-2xx"]


def figures(directory: Path) -> dict[str, dict]:
    files = {name: directory / f"wrk-{name}.json" for name in ROWS}
    return {name: json.loads(file.read_text()) for name, file in files.items() if file.exists()}


def cells(name: str, figure: dict) -> list[str]:
    latencies = [
        f"{figure['latency_ms'][percentile]:,.2f}" if figure["requests"] >= enough else "-"
        for percentile, enough in PERCENTILES.items()
    ]
    failed = f"{figure['non_2xx']:,}"
    broken = figure["socket_errors"] + figure["timeouts"]
    if broken:
        failed += f" (and {broken:,} without an answer)"
    rate = figure["requests_per_second"]
    return [ROWS[name], f"{rate:,.0f}" if rate >= 100 else f"{rate:,.1f}", *latencies, failed]


def table(profiles: dict[str, dict]) -> list[list[str]]:
    return [HEADER, *(cells(name, figure) for name, figure in profiles.items())]


def as_text(profiles: dict[str, dict]) -> str:
    rows = table(profiles)
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def as_markdown(profiles: dict[str, dict]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in table(profiles)]
    lines.insert(1, "|---" + "|---:" * (len(HEADER) - 1) + "|")
    return "\n".join(lines)


def report(directory: Path, url: str, server: str) -> dict:
    """Reads the wrk-NAME.json files in a directory, writes results.* beside them, and returns the content of results.json."""
    profiles = figures(directory)
    place = machine()
    results = {
        "server": server,
        "url": url,
        "measured_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": place,
        "profiles": profiles,
    }

    on = f"client on {place['cpu']}, {place['cores']} cores, {place['memory_gib']} GiB, {place['system']}"
    (directory / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (directory / "results.md").write_text(f"{as_markdown(profiles)}\n\n{on[0].upper()}{on[1:]}.\n")
    svg = plot([(ROWS[name], figure) for name, figure in profiles.items()], f"{server}, {results['measured_at']}", on)
    (directory / "results.svg").write_text(svg)
    return results
