"""Measures the cost of a request with many users, relative to few.

Fills two databases, one with 1,000 users and 2,000 sessions and one with 1,000,000 users and 2,000,000 sessions, starts
a server on each, and puts them under the same load by turns. Prints for each kind of request how many the servers
answer in a second, what one costs in processor time, and the ratios of large to small: 1.0 is "size does not matter".
The servers work on copies; the databases themselves stay in target/scale for the next run.
"""

import argparse
import base64
import contextlib
import http.client
import json
import random
import shutil
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlencode

from server import FORM, RELEASE, ROOT, SEKISHO, Server, Wrk, fail, need_wrk

# The password of every seeded user, as in examples/seed.rs.
PASSWORD = "correct horse battery"
SMALL_USERS, SMALL_SESSIONS = 1_000, 2_000
CONNECTIONS, THREADS = 8, 2
SIGN_IN_CONNECTIONS = 4

# The measurements, in the order of the table.
LOADS = {
    "first": "GET /users, first page",
    "deep": "GET /users, deep pages",
    "narrow": "GET /users?q=, one user",
    "broad": "GET /users?q=, all users",
    "broad-deep": "GET /users?q=, all users, deep",
    "login": "POST /token, password",
    "refresh": "POST /token, refresh",
    "me": "GET /users/me",
}


def seed(database: Path, users: int, sessions: int) -> None:
    if not database.exists():
        partial = database.with_suffix(".partial")
        remove(partial)
        counts = ["--users", str(users), "--sessions", str(sessions)]
        subprocess.run([RELEASE / "examples/seed", "--database", partial, *counts], check=True)
        partial.rename(database)


def login_form(name: str, scope: str) -> str:
    return urlencode({"username": name, "password": PASSWORD, "scope": scope})


class SeededServer(Server):
    """A server on a seeded database; `users` is the number of seeded users."""

    def __init__(self, name: str, directory: Path, users: int) -> None:
        super().__init__(directory, "--bcrypt-cost", "4", database=f"{name}.db")
        self.name, self.users, self.directory = name, users, directory

    def sign_in(self, count: int) -> None:
        """Signs random users in: `tokens` are their access and refresh tokens."""
        numbers = [random.randint(1, self.users) for _ in range(count)]
        self.names = [f"user-{number:07}" for number in numbers]
        parts = [self.names[start::SIGN_IN_CONNECTIONS] for start in range(SIGN_IN_CONNECTIONS)]
        with ThreadPoolExecutor(SIGN_IN_CONNECTIONS) as pool:
            self.tokens = [token for tokens in pool.map(self._sign_in, parts) for token in tokens]
        [self.admin] = self._sign_in(["admin"], "user admin")

    def _sign_in(self, names: list[str], scope: str = "user") -> list[dict]:
        with contextlib.closing(http.client.HTTPConnection(self.host)) as connection:
            tokens = []
            for name in names:
                connection.request("POST", "/token", login_form(name, scope), FORM)
                response = connection.getresponse()
                body = response.read()
                if response.status != 200:
                    fail(f"{response.status} to the login of {name}: {body.decode()}")
                tokens.append(json.loads(body))
        return tokens


def cursor(number: int, term: str = "") -> str:
    """A cursor as the server writes it; seeded users have the numbers after the administrator's."""
    return base64.urlsafe_b64encode(f"{number}:{term}".encode()).decode().rstrip("=")


def requests(server: SeededServer, load: str) -> list[str]:
    """The lines of a file for bench/wrk/replay.lua."""
    if load == "me":
        return [f"GET\t/users/me\t{tokens['access_token']}\t\t" for tokens in server.tokens]
    if load == "login":
        return [f"POST\t/token\t\t{FORM['content-type']}\t{login_form(name, 'user')}" for name in server.names]
    # The last tenth of all users, without the last page.
    deep = [random.randint(server.users * 9 // 10, server.users - 60) for _ in range(500)]
    queries = {
        "first": ["limit=50"],
        "deep": [f"limit=50&after={cursor(number + 1)}" for number in deep],
        "narrow": [f"limit=50&q={quote(name)}" for name in server.names[:500]],
        "broad": ["limit=50&q=user-"],
        "broad-deep": [f"limit=50&q=user-&after={cursor(n + 1, f'user-{n:07}')}" for n in deep],
    }[load]
    admin = server.admin["access_token"]
    return [f"GET\t/users?{query}\t{admin}\t\t" for query in queries]


def expect_pages(server: SeededServer) -> None:
    """Checks that the measured listings are right, because a fast error is not a result."""
    for load, count in {"first": 50, "deep": 50, "narrow": 1, "broad": 50, "broad-deep": 50}.items():
        path = requests(server, load)[0].split("\t")[1]
        status, body = server.request("GET", path, headers={"authorization": f"Bearer {server.admin['access_token']}"})
        if status != 200 or len(json.loads(body)["items"]) != count:
            fail(f"{path} on {server.name} does not list {count} users: {status} {body.decode()}")


def put_under_load(server: SeededServer, load: str, seconds: int) -> dict:
    """Runs wrk and returns its figures, with the processor time of a request."""
    if load == "refresh":
        # Each token is good for one rotation, and wrk does not return the new ones, so the next load needs others.
        share = len(server.tokens) // server.refresh_rounds
        taken, server.tokens_left = server.tokens_left[:share], server.tokens_left[share:]
        lines = [tokens["refresh_token"] for tokens in taken]
        script, more = "refresh", [THREADS]
    else:
        lines, script, more = requests(server, load), "replay", []
    file, result = (server.directory / f"{server.name}-{kind}" for kind in ("requests", "wrk.json"))
    file.write_text("".join(f"{line}\n" for line in lines))
    before = server.cpu_seconds()
    options = {"result": result, "seconds": seconds, "threads": THREADS, "connections": CONNECTIONS}
    with Wrk(server.url, script, file, *more, **options) as run:
        figures = run.figures()
    used = server.cpu_seconds() - before
    if figures["non_2xx"] or figures["socket_errors"] or not figures["requests"]:
        fail(f"{load} on {server.name}: {figures}")
    return {
        "rate": figures["requests_per_second"],
        "cpu": 1e6 * used / figures["requests"],
        "p50": figures["latency_ms"]["p50"],
        "p99": figures["latency_ms"]["p99"],
    }


def compare(servers: list[SeededServer], loads: list[str], arguments: argparse.Namespace) -> dict:
    found = {load: {server.name: [] for server in servers} for load in loads}
    for number in range(arguments.rounds):
        for load in loads:
            # In turns, and each first as often as second, so that a disturbance affects both.
            for server in servers if number % 2 == 0 else servers[::-1]:
                show(f"round {number + 1} of {arguments.rounds}: {load} on {server.name}")
                found[load][server.name].append(put_under_load(server, load, arguments.seconds))
    show("")
    return {
        load: {
            name: {figure: statistics.median(run[figure] for run in runs) for figure in runs[0]}
            for name, runs in by_server.items()
        }
        for load, by_server in found.items()
    }


def show(progress: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress}\x1b[K", end="", file=sys.stderr, flush=True)


def report(found: dict, goal: float) -> bool:
    """Prints the table; whether each cost ratio is within the goal."""
    print(f"{'':32}{'requests/s':>20}{'CPU µs':>18}{'p99 ms':>16}{'rate':>8}{'cost':>8}")
    print(f"{'':32}" + f"{'small':>10}{'large':>10}" + f"{'small':>9}{'large':>9}" + f"{'small':>8}{'large':>8}")
    fine = True
    for load, by_server in found.items():
        small, large = by_server["small"], by_server["large"]
        rate, cost = small["rate"] / large["rate"], large["cpu"] / small["cpu"]
        fine &= cost <= goal
        print(
            f"{LOADS[load]:32}{small['rate']:>10,.0f}{large['rate']:>10,.0f}"
            f"{small['cpu']:>9,.1f}{large['cpu']:>9,.1f}{small['p99']:>8,.2f}{large['p99']:>8,.2f}"
            f"{rate:>8.2f}{cost:>8.2f}{'' if cost <= goal else '  over ' + str(goal)}"
        )
    print("rate: requests/s, small to large; cost: processor time of the server for a request, large to small")
    return fine


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench-scale", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--users", type=int, default=1_000_000, help="users of the large database")
    parser.add_argument("--sessions", type=int, default=2_000_000, help="sessions of the large database")
    parser.add_argument("--sign-ins", type=int, default=8_000, help="random users who are signed in for the measurement")
    parser.add_argument("--seconds", type=int, choices=range(1, 6), default=3, help="of each load")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each load on each server; medians count")
    parser.add_argument("--goal", type=float, default=1.3, help="the exit code is 1 if a cost ratio is larger")
    parser.add_argument(
        "--only", type=lambda text: text.split(","), default=list(LOADS), help=f"some of: {', '.join(LOADS)}"
    )
    parsed = parser.parse_args()
    if unknown := set(parsed.only) - set(LOADS):
        parser.error(f"--only takes {', '.join(LOADS)}, not {', '.join(unknown)}")
    return parsed


def remove(database: Path) -> None:
    for file in database.parent.glob(f"{database.name}*"):
        file.unlink()


def main() -> None:
    parsed = arguments()
    need_wrk()
    scratch = ROOT / "target/scale"
    if not all(program.exists() for program in (SEKISHO, RELEASE / "examples/seed")):
        build = ["cargo", "build", "--quiet", "--release", "--bin", "sekisho", "--example", "seed"]
        subprocess.run(build, cwd=ROOT, check=True)
    scratch.mkdir(parents=True, exist_ok=True)
    sizes = {"small": (SMALL_USERS, SMALL_SESSIONS), "large": (parsed.users, parsed.sessions)}
    with contextlib.ExitStack() as stack:
        servers = []
        for name, (users, sessions) in sizes.items():
            database = scratch / f"{users}-{sessions}.db"
            seed(database, users, sessions)
            copy = scratch / f"{name}.db"
            remove(copy)
            shutil.copyfile(database, copy)
            stack.callback(remove, copy)
            servers.append(stack.enter_context(SeededServer(name, scratch, users)))
        for server in servers:
            server.sign_in(parsed.sign_ins)
            server.tokens_left, server.refresh_rounds = server.tokens, parsed.rounds
            expect_pages(server)
        fine = report(compare(servers, parsed.only, parsed), parsed.goal)
    raise SystemExit(0 if fine else 1)


if __name__ == "__main__":
    main()
