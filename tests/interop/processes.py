"""The processes that the checks need: servers on free ports, each ended with its block."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from checks import NAME, PASSWORD

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The directory in which cargo builds.
BUILT = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "debug"
BINARY = BUILT / "sekisho"
TIMEOUT = 60  # seconds; a busy machine is slow, and nothing here measures time

# The environment without the variables that configure the server.
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith("SEKISHO_") and name not in ("DATABASE_URL", "RUST_LOG")}


@contextlib.contextmanager
def running(command, **options):
    """A process for the length of a block. At the end it is terminated, and killed if that does not help."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def sekisho(*arguments, **environment):
    """A server on a new database: its URL and the database's path."""
    with tempfile.TemporaryDirectory(prefix="sekisho-interop-") as directory:
        database = pathlib.Path(directory, "interop.db")
        command = [BINARY, "--listen", "127.0.0.1:0", "--database", database, "--bcrypt-cost", "4", *arguments]
        with (
            open(pathlib.Path(directory, "log"), "wb") as log,
            running(command, cwd=directory, env=CLEAN | environment, stdout=subprocess.PIPE, stderr=log) as process,
        ):
            line = process.stdout.readline().decode()
            if not line.startswith("listening on "):
                raise RuntimeError(pathlib.Path(directory, "log").read_text())
            yield line.removeprefix("listening on ").strip(), database


def add_user(database, name=NAME, role="user"):
    """Adds a user as an operator does, beside the running server."""
    command = [BINARY, "users", "add", name, "--email", f"{name}@example.com", "--role", role]
    command += ["--password-stdin", "--database", database, "--bcrypt-cost", "4"]
    subprocess.run(command, input=PASSWORD, text=True, check=True, env=CLEAN, stdout=subprocess.DEVNULL)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def status(url, token=None):
    """The status of a GET; `None` while nothing listens."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError:
        return None


def wait_until_answering(url, process):
    deadline = time.monotonic() + TIMEOUT
    while status(url) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args} does not answer")
        time.sleep(0.05)


def log_in(url, name=NAME, scope="user"):
    """The access token of a new session."""
    body = urllib.parse.urlencode({"username": name, "password": PASSWORD, "scope": scope}).encode()
    with urllib.request.urlopen(f"{url}/token", body, timeout=TIMEOUT) as response:
        return json.load(response)["access_token"]
