"""Restarts a server under load, behind nginx as docs/OPERATIONS.md configures it, and counts the requests that fail.

    cargo build --release && scripts/restarts [--restarts 20] [--connections 32]

The listening socket passes from one server to the next, as with systemd. Exits with 1 if a request fails. It needs nginx
and `wrk`.
"""

import argparse
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

from server import ROOT, Server, Wrk, fail, free_port, need_wrk, request, scratch, stop

NGINX = """pid nginx.pid;
error_log nginx.log;
daemon off;
user root;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{{location}}}
    }}
}}
"""


class Nginx:
    """nginx in front of a server, with what docs/OPERATIONS.md gives for `location /`."""

    def __init__(self, directory, host):
        if not shutil.which("nginx"):
            fail("nginx is not installed; on Debian: apt-get install nginx")
        operations = (ROOT / "docs/OPERATIONS.md").read_text()
        location = re.search(r"location / {(.*?)}", operations, re.DOTALL).group(1).replace("127.0.0.1:8000", host)
        self.host, self.directory = f"127.0.0.1:{free_port()}", pathlib.Path(directory)
        text = NGINX.format(port=self.host.partition(":")[2], location=location)
        (self.directory / "nginx.conf").write_text(text)
        self.process = subprocess.Popen(["nginx", "-e", "stderr", "-p", directory, "-c", "nginx.conf"])
        for _ in range(500):
            try:
                request(self.host, "GET", "/healthz")
                return
            except OSError:
                time.sleep(0.01)
        fail("nginx does not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)

    def errors(self):
        """The lines of its log that name a request that failed at the server."""
        return [line for line in (self.directory / "nginx.log").read_text().splitlines() if "upstream" in line]


def measure(restarts, connections, pause):
    with scratch() as directory, socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        flags = ("--bcrypt-cost", "4")
        server = Server(directory, *flags, listener=listener)
        try:
            server.register("alice")
            headers = [f"Authorization: Bearer {server.token('alice')}"]
            # The load goes on after the last restart.
            seconds = int(restarts * (pause + 0.5)) + 2
            options = {"seconds": seconds, "threads": 2, "connections": connections, "headers": headers}
            with Nginx(directory, server.host) as nginx, \
                    Wrk(f"http://{nginx.host}/users/me", "plain", result=f"{directory}/wrk.json", **options) as load:
                gaps = []
                for _ in range(restarts):
                    time.sleep(pause)
                    began = time.perf_counter()
                    stop(server.process)
                    server = Server(directory, *flags, listener=listener)
                    gaps.append((time.perf_counter() - began) * 1000)
                    if load.process.poll() is not None:
                        fail("the load ended before the last restart")
                return load.figures(), gaps, nginx.errors()
        finally:
            stop(server.process)


def main():
    parser = argparse.ArgumentParser(prog="scripts/restarts", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between two restarts")
    options = parser.parse_args()
    need_wrk()
    figures, gaps, errors = measure(options.restarts, options.connections, options.pause)
    failed = figures["non_2xx"] + figures["socket_errors"] + figures["timeouts"]
    print(f"{figures['requests']:,} requests during {len(gaps)} restarts: {failed} failed, the slowest took {figures['latency_ms']['max']:.0f} ms")
    print(f"a restart took {statistics.median(gaps):.0f} ms ({min(gaps):.0f} to {max(gaps):.0f})")
    for line in errors:
        print(line)
    sys.exit(1 if failed or errors else 0)


if __name__ == "__main__":
    main()
