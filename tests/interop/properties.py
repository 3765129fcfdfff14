"""Schemathesis: the server's answers are those of its OpenAPI document, for every kind of caller.

Once without a token, once as a user, once as an administrator.
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from checks import NAME, check
from processes import CLEAN, ROOT, add_user, sekisho

HERE = pathlib.Path(__file__).resolve().parent
SEED = os.environ.get("SEKISHO_INTEROP_SEED", "1")
EXAMPLES = os.environ.get("SEKISHO_INTEROP_EXAMPLES", "50")

# The operations that each caller must have reached, so that a run that only ever meets 401 does not pass.
REACHED = {
    None: ["POST /users/", "POST /revoke", "GET /.well-known/jwks.json"],
    "user": ["GET /users/me", "PATCH /users/me", "GET /users/me/sessions", "DELETE /users/me/sessions", "POST /logout"],
    "admin": ["GET /users/", "GET /users/{id}", "PATCH /users/{id}", "DELETE /users/{id}",
              "GET /users/{id}/sessions", "DELETE /users/{id}/sessions"],
}


def run(role):
    with tempfile.TemporaryDirectory() as directory, sekisho("--trusted-proxy", "127.0.0.1") as (url, database):
        # The other users come first, because small numbers are tried most often.
        others = 10
        for number in range(others):
            add_user(database, f"other{number}", role="admin" if number == 0 else "user")
        environment = {"SEKISHO_INTEROP_STATUSES": f"{directory}/statuses"}
        if role is not None:
            add_user(database, NAME, role)
            environment |= {"SEKISHO_INTEROP_NAME": NAME, "SEKISHO_INTEROP_ID": str(others + 1)}
            environment |= {"SEKISHO_INTEROP_SCOPE": "user admin" if role == "admin" else "user"}
        environment |= {"SEKISHO_URL": url, "SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(HERE)}
        command = [pathlib.Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json"]
        command += ["--checks", "all", "--max-examples", EXAMPLES, "--seed", SEED, "--no-color"]
        ended = subprocess.run(command, cwd=directory, env=CLEAN | environment, stdout=subprocess.PIPE, text=True)
        print(ended.stdout, file=sys.stderr)
        statuses = collections.defaultdict(collections.Counter)
        for line in pathlib.Path(directory, "statuses").read_text().splitlines():
            operation, status = json.loads(line)
            statuses[operation][status] += 1
    for operation, counted in sorted(statuses.items()):
        print(f"  {operation}: {dict(sorted(counted.items()))}", file=sys.stderr)
    assert ended.returncode == 0, f"exit code {ended.returncode}"
    missed = [name for name in REACHED[role] if not any(status < 300 for status in statuses[name])]
    assert not missed, f"never succeeded: {missed}"


for role in REACHED:
    with check(f"schemathesis as {role or 'no token'} finds nothing"):
        run(role)
