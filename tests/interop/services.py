"""The services of examples/verify: each accepts Sekisho's tokens, and no others."""

import os
import subprocess
import sys

from checks import ALGORITHM, AUDIENCE, URL, check, tampered
from processes import BUILT, CLEAN, ROOT, free_port, log_in, running, status, wait_until_answering

NODE = ROOT / "target/interop/node"


def services(port):
    """The command, directory and environment of each service, for a port."""
    return {
        "FastAPI and PyJWT": (
            [sys.executable, "-m", "uvicorn", "main:app", "--port", str(port), "--log-level", "warning"],
            ROOT / "examples/verify/fastapi",
            {"PYTHONDONTWRITEBYTECODE": "1"},
        ),
        "Express and jose": (["node", "server.mjs"], NODE, {"PORT": str(port)}),
        "actix-web and jsonwebtoken": (
            [BUILT / "examples/verify"],
            ROOT,
            {"LISTEN": f"127.0.0.1:{port}"},
        ),
    }


def answers(name, issuer, ask, audience=AUDIENCE):
    """Starts a service of that audience that trusts `issuer`, and yields `ask`, which returns its answer to a token."""
    port = free_port()
    command, directory, environment = services(port)[name]
    environment = CLEAN | environment | {"SEKISHO_ISSUER": issuer, "AUDIENCE": audience}
    hello = f"http://127.0.0.1:{port}/hello"
    with running(command, cwd=directory, env=environment, stdout=subprocess.DEVNULL) as process:
        wait_until_answering(hello, process)
        ask(lambda token=None: status(hello, token))


def takes_only_our_tokens(answer):
    token = log_in(URL)
    foreign = log_in(os.environ["SEKISHO_INTEROP_OTHER_URL"])
    head, payload, _ = token.split(".")
    found = {
        "valid": answer(token),
        "valid again": answer(token),
        "tampered": answer(tampered(token)),
        "of another issuer": answer(foreign),
        "an administrator's": answer(log_in(URL, "root", "user admin")),
        "the same person's as a user": answer(log_in(URL, "root", "user")),
        "unsigned": answer(f"{head}.{payload}."),
        "nonsense": answer("nonsense"),
        "missing": answer(),
    }
    expected = {kind: 200 if kind.startswith(("valid", "the same")) else 401 for kind in found}
    assert found == expected, found


def takes_nothing_for_others(answer):
    assert answer(log_in(URL)) == 401


def blames_nobody_for_missing_keys(answer):
    assert answer(log_in(URL)) == 503


for name in services(0):
    with check(f"{name} take valid tokens and refuse others ({ALGORITHM})"):
        answers(name, URL, takes_only_our_tokens)
    with check(f"{name} refuse tokens that are for other services ({ALGORITHM})"):
        answers(name, URL, takes_nothing_for_others, "http://elsewhere.test")
    with check(f"{name} answer 503 while the keys cannot be fetched ({ALGORITHM})"):
        answers(name, f"http://127.0.0.1:{free_port()}", blames_nobody_for_missing_keys)
