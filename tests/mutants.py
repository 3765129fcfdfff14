"""Changes the code where a mistake would admit a stranger or lose data, and lists the changes that no test notices.

Runs cargo-mutants (https://mutants.rs) on the throttle, the fair queue, the rotation of refresh tokens, the verification of
tokens and the group commit, or on some of these areas. A change is tested by the tests of its area alone: the unit tests beside
it and what tests/it has for it. The exit code is 0 if tests noticed every change; missed.txt below target/mutants lists the
others. cargo-mutants is installed below the target directory at the first run.
"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# For each area: its files, and the tests that may notice a change, by words in their names (all tests without a word).
AREAS = {
    "fair-queue": (["crates/fair-queue/src/*.rs"], []),
    "throttle": (
        ["src/actors/throttle/**/*.rs", "src/domain/throttling.rs"],
        ["throttl", "attempts", "networks"],
    ),
    "queue": (["src/actors/password/admission/mod.rs"], ["admission", "password", "overload"]),
    "rotation": (
        ["src/domain/session/refresh_chain/mod.rs", "src/domain/session/rotation/mod.rs", "src/actors/db/sqlite/rotation.rs"],
        ["refresh", "rotation"],
    ),
    "batch": (["src/actors/db/sqlite/batch.rs", "src/actors/db/sqlite/commit.rs"], ["group_commit", "faults", "handle::"]),
    "token": (
        ["src/actors/token/access.rs", "src/actors/token/tag.rs", "src/actors/token/refresh/mod.rs"],
        ["token", "forgery", "keys", "refresh"],
    ),
}


def cargo_mutants(target):
    found = shutil.which("cargo-mutants") or target / "tools/bin/cargo-mutants"
    if not pathlib.Path(found).exists():
        install = ["cargo", "install", "--quiet", "--locked", "--root", target / "tools", "cargo-mutants@27.1.0"]
        subprocess.run(install, check=True)
    return found


def mutate(area, target, more):
    """Changes the files of an area and returns cargo-mutants' outcomes by summary."""
    files, words = AREAS[area]
    missing = [file for file in files if not list(ROOT.glob(file))]
    if missing:
        sys.exit(f"error: there is no {missing[0]}")
    package = files[0].split("/")[1] if files[0].startswith("crates/") else "sekisho"
    output = target / "mutants" / area
    shutil.rmtree(output, ignore_errors=True)
    output.mkdir(parents=True)
    command = [cargo_mutants(target), "mutants", "--output", output, "--package", package, "--test-package", package]
    command += [part for file in files for part in ("--file", file)]
    # A change may make a test wait for ever. Tests are stopped after twice the time of the unchanged code; the change counts
    # as noticed.
    command += ["--timeout-multiplier", "2", "--minimum-test-timeout", "60", "--no-shuffle", *more, "--"]
    command += ["--lib", "--test", "it", "--", *words] if package == "sekisho" else ["--tests"]
    # A target directory of its own, so that cargo does not take the build of a changed copy for a build of this one; and
    # without debug information, which takes as long to write as the code.
    environment = {
        "CARGO_TARGET_DIR": str(target / "mutants/build"),
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_PROFILE_TEST_DEBUG": "0",
    }
    if package != "sekisho":
        # A small crate is built at once, and its tests calculate much.
        environment["CARGO_PROFILE_DEV_OPT_LEVEL"] = "1"
    subprocess.run(command, cwd=ROOT, env=os.environ | environment)
    outcomes = json.loads((output / "mutants.out/outcomes.json").read_text())
    for missed in (output / "mutants.out/missed.txt").read_text().splitlines():
        print(f"missed: {missed}", flush=True)
    return {summary: outcomes[summary] for summary in ("caught", "timeout", "missed", "unviable")}


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"some of {', '.join(AREAS)} (all)")
    parser.add_argument("--shard", metavar="K/N", help="an Nth of the changes only, the Kth from 0")
    options = parser.parse_args()
    if unknown := set(options.areas) - set(AREAS):
        parser.error(f"unknown area {', '.join(unknown)}")
    metadata = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--format-version", "1", "--locked"], cwd=ROOT, check=True, capture_output=True
    )
    target = pathlib.Path(json.loads(metadata.stdout)["target_directory"])
    counted = {area: mutate(area, target, ["--shard", options.shard] if options.shard else []) for area in options.areas or AREAS}
    for area, counts in counted.items():
        viable = counts["caught"] + counts["timeout"] + counts["missed"]
        noticed = viable - counts["missed"]
        print(f"{area}: {noticed} of {viable} changes noticed ({counts['timeout']} by a timeout)")
    sys.exit(any(counts["missed"] for counts in counted.values()))


if __name__ == "__main__":
    main()
