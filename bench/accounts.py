"""The throwaway users of a load run: registers them, logs them in, deletes them, and writes the requests that wrk sends."""

import http.client
import json
import secrets
import time
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from server import fail

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
        """The request in the format of bench/wrk/requests.lua."""
        return "\t".join([self.method, self.path, self.token, self.content_type, self.body]) + "\n"


@dataclass
class Session:
    me: Request
    # A refresh token can be used once, so wrk has to chain refreshes; a renewal can be repeated. A server has
    # one of them, or neither.
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
    """PocketBase's `users` collection. Renewing a token leaves the old one valid."""

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


def send(url: str, request: Request) -> dict:
    """The JSON of the answer; exits with the server's words if it is not 2xx."""
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
            fail(f"{url} does not answer: {error}")
        finally:
            connection.close()
        if answer.status not in (429, 503):
            break
        time.sleep(min(int(answer.headers.get("Retry-After", "1")), 5))

    if not 200 <= answer.status < 300:
        said = body[:300].decode(errors="replace")
        fail(f"{request.method} {url}{request.path} answered {answer.status}: {said}")
    return json.loads(body) if body else {}


def in_parallel(action, items: list) -> list:
    """Runs four at a time: enough to keep a few cores hashing, too few to be refused."""
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(action, items))


class Accounts:
    """Users at a server of a kind, and files for wrk in a directory."""

    KINDS = {"sekisho": Sekisho(), "fastapi": Tutorial(), "pocketbase": PocketBase(), "bare": None}

    def __init__(self, url: str, kind: str, directory: Path) -> None:
        self.url, self.server, self.directory = url, self.KINDS[kind], directory
        run = secrets.token_hex(5)
        self.accounts = [
            {"email": f"load-{run}-{n}@example.com", "username": f"load-{run}-{n}", "password": secrets.token_urlsafe(18)}
            for n in range(ACCOUNTS)
        ]

    def register(self) -> None:
        """Registers them, and writes login.requests."""
        if self.server:
            in_parallel(lambda account: send(self.url, self.server.registration(account)), self.accounts)
            self.write("login.requests", (self.server.login(account).line() for account in self.accounts))

    def log_in(self, count: int) -> None:
        """Writes me.requests for this many new sessions, and refresh.tokens to rotate or refresh.requests to renew."""
        if not self.server:
            return self.write("me.requests", [Request("GET", "/users/me").line()])
        logins = [self.server.login(self.accounts[n % ACCOUNTS]) for n in range(count)]
        sessions = in_parallel(lambda login: self.server.session(send(self.url, login)), logins)
        self.write("me.requests", (session.me.line() for session in sessions))
        if sessions[0].refresh_token:
            self.write("refresh.tokens", (f"{session.refresh_token}\n" for session in sessions))
        if sessions[0].renewal:
            self.write("refresh.requests", (session.renewal.line() for session in sessions))

    def delete(self) -> None:
        def forget(account: dict) -> None:
            session = self.server.session(send(self.url, self.server.login(account)))
            if deletion := self.server.deletion(session, account):
                send(self.url, deletion)

        if self.server:
            in_parallel(forget, self.accounts)

    def write(self, name: str, lines) -> None:
        path = self.directory / name
        # Only its owner may read the file: it has passwords and tokens.
        path.touch(mode=0o600)
        path.write_text("".join(lines))
