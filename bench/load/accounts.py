"""The throwaway users of a load run: registers them, logs them in, deletes them, and writes what wrk is to send.

    accounts.py register URL DIRECTORY --speaks KIND           → accounts.json, login.requests
    accounts.py log-in   URL DIRECTORY --speaks KIND --sessions N   → me.requests, and refresh.* to rotate or renew
    accounts.py delete   URL DIRECTORY --speaks KIND

KIND is whose paths the server has: `sekisho`, `fastapi` (the tutorial's part of them), `pocketbase`, or `bare`, which
answers any GET and has no users at all.
"""

import argparse
import http.client
import json
import secrets
import sys
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ACCOUNTS = 8
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


@dataclass
class Request:
    method: str
    path: str
    token: str = ""
    content_type: str = ""
    body: str = ""

    def line(self) -> str:
        """The request as bench/wrk/requests.lua reads it."""
        return "\t".join([self.method, self.path, self.token, self.content_type, self.body]) + "\n"


@dataclass
class Session:
    me: Request
    # A refresh token is for one use, so wrk has to chain it; a renewal may be sent over and over. A server has
    # the one, the other, or neither.
    refresh_token: str | None = None
    renewal: Request | None = None


class Tutorial:
    """The FastAPI tutorial's paths."""

    def registration(self, account: dict) -> Request:
        user = {"email": account["email"], "username": account["username"]}
        return Request("POST", "/users/", "", JSON, json.dumps({"user": user, "password": account["password"]}))

    def login(self, account: dict) -> Request:
        form = {"username": account["username"], "password": account["password"]}
        return Request("POST", "/token", "", FORM, urllib.parse.urlencode(form))

    def session(self, answer: dict) -> Session:
        return Session(Request("GET", "/users/me", answer["access_token"]))

    def deletion(self, _session: Session, _account: dict) -> Request | None:
        return None


class Sekisho(Tutorial):
    """The tutorial's paths, and refresh tokens."""

    def session(self, answer: dict) -> Session:
        return Session(Request("GET", "/users/me", answer["access_token"]), refresh_token=answer["refresh_token"])

    def deletion(self, session: Session, account: dict) -> Request | None:
        body = json.dumps({"password": account["password"]})
        return Request("DELETE", "/users/me", session.me.token, JSON, body)


class PocketBase:
    """PocketBase's `users` collection. Its tokens are not spent by renewing them."""

    USERS = "/api/collections/users"

    def registration(self, account: dict) -> Request:
        body = {
            "email": account["email"],
            "emailVisibility": True,
            "name": account["username"],
            "password": account["password"],
            "passwordConfirm": account["password"],
        }
        return Request("POST", f"{self.USERS}/records", "", JSON, json.dumps(body))

    def login(self, account: dict) -> Request:
        body = {"identity": account["email"], "password": account["password"]}
        return Request("POST", f"{self.USERS}/auth-with-password", "", JSON, json.dumps(body))

    def session(self, answer: dict) -> Session:
        token = answer["token"]
        me = Request("GET", f"{self.USERS}/records/{answer['record']['id']}", token)
        return Session(me, renewal=Request("POST", f"{self.USERS}/auth-refresh", token))

    def deletion(self, session: Session, _account: dict) -> Request | None:
        return Request("DELETE", session.me.path, session.me.token)


SERVERS = {"sekisho": Sekisho(), "fastapi": Tutorial(), "pocketbase": PocketBase()}


def send(url: str, request: Request) -> dict:
    """The JSON of the answer; exits with the server's own words where it is not 2xx."""
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    headers = {}
    if request.token:
        headers["Authorization"] = f"Bearer {request.token}"
    if request.content_type:
        headers["Content-Type"] = request.content_type

    for _attempt in range(20):
        connection = kind(parts.hostname, parts.port, timeout=60)
        try:
            connection.request(request.method, request.path, request.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
        except OSError as error:
            sys.exit(f"error: {url} does not answer: {error}")
        finally:
            connection.close()
        if answer.status not in (429, 503):
            break
        time.sleep(min(int(answer.headers.get("Retry-After", "1")), 5))

    if not 200 <= answer.status < 300:
        said = body[:300].decode(errors="replace")
        sys.exit(f"error: {request.method} {url}{request.path} answered {answer.status}: {said}")
    return json.loads(body) if body else {}


def in_parallel(action, items: list) -> list:
    """Four at a time: enough to keep a few cores hashing, too few to be refused."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(action, items))


def register(url: str, directory: Path, server) -> None:
    run = secrets.token_hex(5)
    accounts = [
        {"email": f"load-{run}-{n}@example.com", "username": f"load-{run}-{n}", "password": secrets.token_urlsafe(18)}
        for n in range(ACCOUNTS)
    ]
    write(directory / "accounts.json", json.dumps(accounts))
    in_parallel(lambda account: send(url, server.registration(account)), accounts)
    write(directory / "login.requests", "".join(server.login(account).line() for account in accounts))


def log_in(url: str, directory: Path, server, count: int) -> None:
    accounts = json.loads((directory / "accounts.json").read_text())
    logins = [server.login(accounts[n % len(accounts)]) for n in range(count)]
    sessions = in_parallel(lambda login: server.session(send(url, login)), logins)

    write(directory / "me.requests", "".join(session.me.line() for session in sessions))
    if sessions[0].refresh_token:
        write(directory / "refresh.tokens", "".join(f"{session.refresh_token}\n" for session in sessions))
    if sessions[0].renewal:
        write(directory / "refresh.requests", "".join(session.renewal.line() for session in sessions))


def delete(url: str, directory: Path, server) -> None:
    accounts = json.loads((directory / "accounts.json").read_text())

    def forget(account: dict) -> None:
        session = server.session(send(url, server.login(account)))
        deletion = server.deletion(session, account)
        if deletion:
            send(url, deletion)

    in_parallel(forget, accounts)


def write(path: Path, text: str) -> None:
    """Only for the owner's eyes: these are passwords and tokens."""
    path.touch(mode=0o600)
    path.write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser(description="the throwaway users of a load run")
    parser.add_argument("action", choices=["register", "log-in", "delete"])
    parser.add_argument("url")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--speaks", choices=[*SERVERS, "bare"], default="sekisho")
    parser.add_argument("--sessions", type=int, default=1)
    options = parser.parse_args()

    if options.speaks == "bare":
        write(options.directory / "me.requests", Request("GET", "/users/me").line())
        return
    server = SERVERS[options.speaks]
    if options.action == "register":
        register(options.url, options.directory, server)
    elif options.action == "log-in":
        log_in(options.url, options.directory, server, options.sessions)
    else:
        delete(options.url, options.directory, server)


if __name__ == "__main__":
    main()
