"""Puts a running server under load and prints its figures.

Measures a server with wrk. Without URL it starts target/release/sekisho on a free port with a temporary database,
and stops it afterwards. It registers throwaway users first, and deletes them at the end.

Profiles:
  me        GET /users/me with many sessions' access tokens
  login     POST /token with a password, without pause
  refresh   POST /token with a refresh token, each session a chain of rotations
  mixed     nine GET /users/me for each refresh, while about two users a second log in
  storm     GET /users/me, while other connections log in without pause
"""

import argparse
import ipaddress
import os
import signal
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

from accounts import Accounts
from report import as_text, report
from server import ROOT, SEKISHO, Server, Wrk, fail, need_wrk

OFFERS = {
    "sekisho": ["me", "login", "refresh", "mixed", "storm"],
    "pocketbase": ["me", "login", "refresh", "storm"],
    "fastapi": ["me", "login", "storm"],
    "bare": ["me"],
}


class Load:
    """Profiles at a URL, each a method; wrk's figures go to wrk-NAME.json in the output directory."""

    def __init__(self, url, kind, output, scratch, seconds, connections=32, login_connections=8):
        self.url, self.output, self.scratch = url, output, scratch
        self.seconds, self.connections, self.login_connections = seconds, connections, login_connections
        self.threads = min(len(os.sched_getaffinity(0)), connections)
        self.accounts = Accounts(url, kind, scratch)

    def wrk(self, name, script, *arguments, **options):
        defaults = {"seconds": self.seconds, "threads": self.threads, "connections": self.connections}
        return Wrk(self.url, script, *arguments, result=self.output / f"wrk-{name}.json", **(defaults | options))

    def logins(self, name, *arguments, **options):
        """Connections that log in."""
        options = {"threads": 1, "connections": self.login_connections} | options
        return self.wrk(name, "replay", self.scratch / "login.requests", *arguments, **options)

    def browsing(self, name, **options):
        return self.wrk(name, "replay", self.scratch / "me.requests", **options)

    def fresh_sessions(self):
        """One for each connection, and a spare one for each thread (see bench/wrk/refresh.lua)."""
        self.accounts.log_in(self.connections + self.threads)

    def warm_up(self):
        self.accounts.register()
        self.fresh_sessions()
        with self.browsing("warm-up", seconds=1) as run:
            run.figures()

    def me(self):
        with self.browsing("me") as run:
            run.figures()

    def login(self):
        with self.logins("login") as run:
            run.figures()

    def refresh(self):
        tokens = self.scratch / "refresh.tokens"
        if tokens.exists():
            self.fresh_sessions()
            script, *arguments = "refresh", tokens, self.threads
        else:
            script, *arguments = "replay", self.scratch / "refresh.requests"
        with self.wrk("refresh", script, *arguments) as run:
            run.figures()

    def mixed(self):
        self.fresh_sessions()
        files = self.scratch / "me.requests", self.scratch / "refresh.tokens"
        # Two connections that pause for a second after each answer.
        with (
            self.logins("mixed-logins", 1000, connections=2) as logins,
            self.wrk("mixed", "mixed", *files, self.threads) as run,
        ):
            run.figures()
            logins.figures()

    def storm(self):
        # The logins begin a second earlier and end a second later, so that the whole measurement lies in the storm.
        with self.logins("storm-logins", seconds=self.seconds + 2) as logins:
            time.sleep(1)
            with self.browsing("storm") as run:
                run.figures()
            logins.figures()


def measure(url, profiles, seconds, output, kind="sekisho", delete=True, say=lambda _: None, **options):
    """Measures profiles and returns the content of results.json."""
    need_wrk()
    # On the same disk as the results, which contain no passwords.
    with tempfile.TemporaryDirectory(dir=output, prefix="scratch.") as scratch:
        load = Load(url, kind, output, Path(scratch), seconds, **options)
        say(f"registering users and logging them in at {url}")
        load.warm_up()
        for profile in profiles:
            say(f"measuring {profile} for {seconds} s")
            getattr(load, profile)()
        if delete:
            load.accounts.delete()
    return report(output, url, kind)


def is_loopback(url):
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        return False
    try:
        return parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname).is_loopback
    except ValueError:
        return False


def between(smallest, largest):
    """A parser of numbers within limits."""

    def number(text):
        if not text.isascii() or not text.isdigit() or not smallest <= int(text) <= largest:
            raise argparse.ArgumentTypeError(f"a number from {smallest} to {largest} is needed, not {text}")
        return int(text)

    return number


def arguments():
    parser = argparse.ArgumentParser(
        prog="scripts/load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("url", nargs="?", metavar="URL", type=lambda url: url.rstrip("/"))
    parser.add_argument("--profile", default="all", metavar="NAME[,NAME…]", help="some of the above, or all (all)")
    parser.add_argument("--connections", type=between(1, 4096), default=32, help="without those that log in (32)")
    parser.add_argument("--login-connections", type=between(1, 256), default=8, help="that log in without pause (8)")
    parser.add_argument("--duration", type=between(1, 300), default=10, help="seconds of each profile, at most 300 (10)")
    parser.add_argument(
        "--output", type=Path, metavar="DIR", help="for results.json, results.md and results.svg (target/load/TIME)"
    )
    parser.add_argument(
        "--server", choices=OFFERS, default="sekisho",
        help="the kind of server at URL; fastapi is the tutorial, bare answers any GET; profiles that it lacks are skipped",
    )
    parser.add_argument(
        "--i-own-this-host", action="store_true",
        help="allow a URL that is not on this machine: a load test against another operator's server is an attack",
    )
    options = parser.parse_args()
    offers = OFFERS[options.server]
    options.profiles = offers if options.profile == "all" else options.profile.split(",")
    for profile in options.profiles:
        if profile not in OFFERS["sekisho"]:
            parser.error(f"--profile takes {', '.join(OFFERS['sekisho'])} or all, not {profile}")
        if profile not in offers:
            parser.error(f"a {options.server} server has nothing to measure for {profile}")
    if options.url and not options.i_own_this_host and not is_loopback(options.url):
        parser.error(f"{options.url} is not on this machine; load-test only what is yours, and say so with --i-own-this-host")
    return options


def main():
    options = arguments()
    if not options.url and not SEKISHO.exists():
        fail(f"there is no {SEKISHO}; build it with: cargo build --release")
    output = (options.output or ROOT / "target/load" / time.strftime("%Y%m%d-%H%M%S")).resolve()
    output.mkdir(parents=True, exist_ok=True)
    for old in output.glob("wrk-*.json"):
        old.unlink()
    # So that a signal to this script also stops the processes that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    def run(url):
        say = lambda text: print(text, file=sys.stderr, flush=True)
        more = {"connections": options.connections, "login_connections": options.login_connections}
        results = measure(
            url, options.profiles, options.duration, output, options.server, delete=bool(options.url), say=say, **more
        )
        print(as_text(results["profiles"]))
        say(f"written to {output}")

    if options.url:
        return run(options.url)
    # The server runs in a separate directory, because it would read a .env in its working directory.
    with tempfile.TemporaryDirectory(dir=output, prefix="server.") as directory, open(output / "server.log", "w") as log:
        with Server(directory, database="load.db", log=log) as server:
            run(server.url)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
