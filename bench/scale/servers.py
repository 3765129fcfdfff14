"""A server on a seeded database, and what it takes to put it under load."""

import http.client
import json
import os
import random
import subprocess
import urllib.parse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PASSWORD = "correct horse battery"
SIGN_IN_CONNECTIONS = 4
FORM = "application/x-www-form-urlencoded"


def seed(binary: Path, database: Path, users: int, sessions: int) -> None:
    if not database.exists():
        partial = database.with_suffix(".partial")
        for file in database.parent.glob(partial.name + "*"):
            file.unlink()
        counts = ["--users", str(users), "--sessions", str(sessions)]
        subprocess.run([binary, "--database", partial, *counts], check=True)
        partial.rename(database)


class Server:
    """A running server; `users` is how many of its users the seed made."""

    def __init__(self, name: str, binary: Path, database: Path, users: int) -> None:
        self.name, self.users, self.scratch = name, users, database.parent
        command = [binary, "--listen", "127.0.0.1:0", "--database", database.resolve(), "--bcrypt-cost", "4"]
        self.log = open(self.scratch / f"{name}.log", "w")
        self.process = subprocess.Popen(
            command, cwd=self.scratch, stdout=subprocess.PIPE, stderr=self.log, text=True, env={"RUST_LOG": "warn"}
        )
        line = self.process.stdout.readline()
        self.url = line.strip().removeprefix("listening on ")
        if not self.url.startswith("http"):
            raise SystemExit(f"error: the server did not start; see {self.log.name}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()

    def cpu_seconds(self) -> float:
        """What the process has used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def file(self, name: str) -> Path:
        return self.scratch / f"{self.name}-{name}"

    def sign_in(self, count: int) -> None:
        """Signs random users in: `tokens` are their access and refresh tokens."""
        numbers = [random.randint(1, self.users) for _ in range(count)]
        self.names = [f"user-{number:07}" for number in numbers]
        parts = [self.names[start::SIGN_IN_CONNECTIONS] for start in range(SIGN_IN_CONNECTIONS)]
        with ThreadPoolExecutor(SIGN_IN_CONNECTIONS) as pool:
            self.tokens = [token for tokens in pool.map(self._sign_in, parts) for token in tokens]
        [self.admin] = self._sign_in(["admin"], "user admin")

    def _sign_in(self, names: list[str], scope: str = "user") -> list[dict]:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        tokens = []
        for name in names:
            connection.request("POST", "/token", log_in(name, scope), {"Content-Type": FORM})
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise SystemExit(f"error: {response.status} to the login of {name}: {body.decode()}")
            tokens.append(json.loads(body))
        connection.close()
        return tokens

    def get(self, path: str) -> dict:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"))
        connection.request("GET", path, headers={"Authorization": f"Bearer {self.admin['access_token']}"})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != 200:
            raise SystemExit(f"error: {response.status} to {path}: {body.decode()}")
        return json.loads(body)


def log_in(name: str, scope: str) -> str:
    return urllib.parse.urlencode({"username": name, "password": PASSWORD, "scope": scope})
