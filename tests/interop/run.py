"""Runs third-party clients and verifiers, unmodified, against running servers, and compares the OpenAPI document with the answers.

Prints a line for each check, ends with `interop: N passed, N failed`, and fails if a check does.
"""

import os
import subprocess
import sys

from prepare import HERE, NODE, PYTHON, prepare
from processes import ROOT, add_user, sekisho

SECRET = "Yb0tT9cH4v7mKqz1R2uE5xWgLd8sAfPjN6yZoXiVhCQ"
AUDIENCE = "http://orders.test"

# Each algorithm, and the scripts to run with it.
ROUNDS = {
    "ES256": ["clients.py", "verifiers.py", "clients.mjs", "verifiers.mjs", "services.py"],
    "RS256": ["verifiers.py", "verifiers.mjs", "services.py"],
    "EdDSA": ["verifiers.py", "verifiers.mjs", "services.py"],
    "HS256": ["clients.py", "verifiers.py", "verifiers.mjs"],
}


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def run(self, command, **options):
        """Runs a script and counts its lines; one that fails without a report counts too."""
        process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
        lines = process.stdout.splitlines()
        verdicts = [line for line in lines if line.startswith(("ok ", "FAILED "))]
        failed = sum(line.startswith("FAILED ") for line in verdicts)
        if process.returncode != 0 or not verdicts:
            verdicts.append(f"FAILED {command[-1]}: exit code {process.returncode}, {len(verdicts)} checks")
            failed += 1
        print("\n".join(verdicts), flush=True)
        if failed:
            print(process.stdout, process.stderr, sep="\n", file=sys.stderr, flush=True)
        self.passed += sum(line.startswith("ok ") for line in verdicts)
        self.failed += failed


def interpreter(script):
    return ["node", NODE / script] if script.endswith(".mjs") else [PYTHON, HERE / script]


def main():
    prepare()
    build = ["cargo", "build", "--quiet", "--manifest-path", ROOT / "Cargo.toml", "--bin", "sekisho", "--example", "verify"]
    subprocess.run(build, check=True)
    tally = Tally()
    with sekisho() as (other_url, other_database):
        add_user(other_database)
        for algorithm, scripts in ROUNDS.items():
            secret = {"SEKISHO_SECRET_KEY": SECRET} if algorithm == "HS256" else {}
            with sekisho("--algorithm", algorithm, "--audience", AUDIENCE, **secret) as (url, database):
                add_user(database)
                add_user(database, "root", "admin")
                environment = os.environ | {
                    "SEKISHO_URL": url,
                    "SEKISHO_INTEROP_OTHER_URL": other_url,
                    "SEKISHO_INTEROP_ALGORITHM": algorithm,
                    "SEKISHO_INTEROP_AUDIENCE": AUDIENCE,
                    "SEKISHO_INTEROP_SECRET": SECRET if secret else "",
                }
                for script in scripts:
                    tally.run(interpreter(script), env=environment)
    tally.run([PYTHON, HERE / "properties.py"])
    print(f"interop: {tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
