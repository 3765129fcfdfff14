"""A server on a free port with its own database, and wrk, which puts it under load."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELEASE = ROOT / "target/release"
SEKISHO, BARE = RELEASE / "sekisho", RELEASE / "examples/bare"
PASSWORD = "correct horse battery staple"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


def scratch():
    """A temporary directory on the disk of the target directory, because a file system in memory would make durable writes free."""
    (ROOT / "target").mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(dir=ROOT / "target")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def stop(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# The standard input becomes the file 3, by which systemd passes a socket.
ON_SOCKET = 'exec 3<&0 </dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec "$0" "$@"'


class Server:
    """Sekisho, or another `binary` with the arguments of `bench/bare.rs`; stopped at the end of its `with` block. It
    listens on a free port, or on the socket `listener`, as systemd would pass it."""

    def __init__(self, directory, *flags, binary=SEKISHO, database="bench.db", metrics=False, log=None, listener=None):
        if metrics:
            self.metrics = f"127.0.0.1:{free_port()}"
            flags += ("--metrics-listen", self.metrics)
        command = [binary, "127.0.0.1:0"]
        if Path(binary).name == "sekisho":
            command = [binary, "--listen", "127.0.0.1:0", "--database", Path(directory).resolve() / database, *flags]
        # With a file for the log, it logs at the default level.
        environment = os.environ if log else {**os.environ, "RUST_LOG": "warn"}
        if listener:
            command = ["sh", "-c", ON_SOCKET, *command]
        began = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=listener or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log or subprocess.DEVNULL, text=True,
            cwd=directory, env=environment,
        )
        line = self.process.stdout.readline()
        self.ready_after = time.perf_counter() - began
        self.url = line.removeprefix("listening on ").strip()
        if not self.url.startswith("http"):
            stop(self.process)
            fail(f"{binary} did not start")
        self.host = self.url.removeprefix("http://")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)

    def memory(self):
        """Resident memory in MB."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return float("nan")

    def cpu_seconds(self):
        """The processor time that the process has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def metric(self, name):
        """A sample of `/metrics`; the server must have been started with `metrics`."""
        _, text = request(self.metrics, "GET", "/metrics")
        lines = text.decode().splitlines()
        return next(float(line.split()[1]) for line in lines if line.split()[0] == name)

    def request(self, method, path, body=None, headers=None, source=None):
        return request(self.host, method, path, body, headers, source)

    def register(self, name, source=None):
        body = json.dumps({"email": f"{name}@example.com", "username": name, "password": PASSWORD})
        status, answer = self.request("POST", "/users/", body, {"content-type": "application/json"}, source=source)
        assert status == 201, answer

    def register_many(self, count):
        """Registers users and returns their names. Simultaneous logins need several users, because each may have five attempts at a time."""
        names = [f"user{number}" for number in range(count)]
        for name in names:
            self.register(name)
        return names

    def log_in(self, name, password=PASSWORD, source=None):
        form = urllib.parse.urlencode({"username": name, "password": password})
        return self.request("POST", "/token", form, FORM, source=source)

    def token(self, name):
        status, answer = self.log_in(name)
        assert status == 200, answer
        return json.loads(answer)["access_token"]


def request(host, method, path, body=None, headers=None, source=None):
    """The status and the body of the answer."""
    with contextlib.closing(http.client.HTTPConnection(host, timeout=60, source_address=source)) as connection:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read()


def need_wrk():
    if shutil.which("wrk"):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        fail("wrk is not installed; on Debian: apt-get install wrk")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=True, stdout=subprocess.DEVNULL)


class Wrk:
    """A run of wrk with a script of bench/wrk. It ends by itself after `seconds`; `figures` waits for it."""

    def __init__(self, url, script, *arguments, result, seconds, threads, connections, headers=()):
        self.result, self.seconds = Path(result), seconds
        self.result.unlink(missing_ok=True)
        options = ["--threads", threads, "--connections", connections, "--duration", f"{seconds}s", "--timeout", "30s"]
        options += [part for header in headers for part in ("--header", header)]
        command = ["wrk", *options, "--script", f"{script}.lua", url, "--", *arguments]
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT / "bench/wrk", env={**os.environ, "WRK_RESULT": str(self.result)},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            stop(self.process)

    def figures(self):
        """The figures that bench/wrk/report.lua wrote."""
        said, _ = self.process.communicate(timeout=self.seconds + 60)
        if self.process.returncode != 0:
            fail(f"wrk failed: {said}")
        return json.loads(self.result.read_text())


def wrk(url, seconds, token=None, connections=32):
    """Repeats one GET; returns requests per second and the 99th percentile in milliseconds."""
    headers = [f"Authorization: Bearer {token}"] if token else []
    with scratch() as directory:
        options = {"seconds": seconds, "threads": 2, "connections": connections, "headers": headers}
        with Wrk(url, "plain", result=f"{directory}/wrk.json", **options) as run:
            figures = run.figures()
    assert figures["non_2xx"] == 0, f"{figures['non_2xx']} requests failed"
    return figures["requests_per_second"], figures["latency_ms"]["p99"]
