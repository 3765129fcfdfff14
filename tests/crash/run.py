"""Kills a server in the middle of its work, many times.

Starts a server, lets eight clients work on it, kills it with SIGKILL, starts it again on the same file, and checks what
must be true. The exit code is 0 if every check passed; otherwise the database and the server's log are kept and their
paths are printed.
"""

import argparse
import os
from pathlib import Path

TEST = "what_was_acknowledged_survives_kills_and_what_was_ended_stays_ended"


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/crash", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kills", nargs="?", type=int, default=1000, help="how many times (1000)")
    parser.add_argument("seed", nargs="?", type=int, help="repeats the choices of another run")
    parser.add_argument("--debug", action="store_true", help="kills a debug build instead of a release build")
    options = parser.parse_args()
    os.chdir(Path(__file__).resolve().parents[2])
    os.environ["SEKISHO_CRASH_KILLS"] = str(options.kills)
    if options.seed is not None:
        os.environ["SEKISHO_CRASH_SEED"] = str(options.seed)
    profile = [] if options.debug else ["--release"]
    os.execvp("cargo", ["cargo", "test", "--quiet", *profile, "--test", "crash", "--", "--nocapture", "--exact", TEST])


if __name__ == "__main__":
    main()
