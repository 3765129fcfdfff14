"""Makes a load run's figures readable: report.py DIRECTORY --url URL --server KIND

Reads the wrk-NAME.json files in DIRECTORY; prints a table; writes results.json, results.md and results.svg beside them.
"""

import argparse
import json
from datetime import datetime, timezone
from pathlib import Path

from machine import machine
from plot import plot

# In the order of the table. The logins beside a profile are a row of their own.
ROWS = {
    "me": "me",
    "login": "login",
    "refresh": "refresh",
    "mixed": "mixed",
    "mixed-logins": "mixed: logins",
    "storm": "storm",
    "storm-logins": "storm: logins",
}
# Each with how many requests it takes until it is more than the slowest one's luck.
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


def as_text(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADER))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))])
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def as_markdown(rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---" + "|---:" * (len(HEADER) - 1) + "|")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="makes a load run's figures readable")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--server", required=True)
    options = parser.parse_args()

    profiles = figures(options.directory)
    rows = [HEADER, *(cells(name, figure) for name, figure in profiles.items())]
    place = machine()
    results = {
        "server": options.server,
        "url": options.url,
        "measured_at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "machine": place,
        "profiles": profiles,
    }

    on = f"client on {place['cpu']}, {place['cores']} cores, {place['memory_gib']} GiB, {place['system']}"
    (options.directory / "results.json").write_text(json.dumps(results, indent=2) + "\n")
    (options.directory / "results.md").write_text(f"{as_markdown(rows)}\n\n{on[0].upper()}{on[1:]}.\n")
    (options.directory / "results.svg").write_text(
        plot(
            rows=[(ROWS[name], figure) for name, figure in profiles.items()],
            title=f"{options.server}, {results['measured_at']}",
            subtitle=on,
        )
    )
    print(as_text(rows))


if __name__ == "__main__":
    main()
