"""Reports the checks of a script: a line for each, `ok` or `FAILED`, which run.py counts."""

import contextlib
import os
import traceback

URL = os.environ.get("SEKISHO_URL", "")
ALGORITHM = os.environ.get("SEKISHO_INTEROP_ALGORITHM", "")
AUDIENCE = os.environ.get("SEKISHO_INTEROP_AUDIENCE", "")
SECRET = os.environ.get("SEKISHO_INTEROP_SECRET", "")
NAME, PASSWORD = "alice", "correct horse battery"


@contextlib.contextmanager
def check(name):
    """Reports whether its block succeeded."""
    try:
        yield
    except Exception as error:
        traceback.print_exc(limit=-1)
        print(f"FAILED {name}: {type(error).__name__}: {' '.join(str(error).split())}", flush=True)
    else:
        print(f"ok {name}", flush=True)


def tampered(token):
    """The token with another first character in its signature."""
    head, payload, signature = token.split(".")
    other = "B" if signature[0] == "A" else "A"
    return f"{head}.{payload}.{other}{signature[1:]}"
