"""What Schemathesis must know about Sekisho: its caller's token and address.

Its requests log their sender out, and guess passwords. Therefore each is sent with a token of a live session, from a
different address, so that neither an ended session nor the throttle answers in place of the endpoint.
"""

import base64
import ipaddress
import json
import os
import random

import schemathesis
from hypothesis import strategies

from checks import PASSWORD, URL
from processes import log_in, status

NAME = os.environ.get("SEKISHO_INTEROP_NAME")
SCOPE = os.environ.get("SEKISHO_INTEROP_SCOPE", "user")
OWN_ID = os.environ.get("SEKISHO_INTEROP_ID")
STATUSES = os.environ.get("SEKISHO_INTEROP_STATUSES")
ADDRESSES = random.Random(1)


def cursor(number, term):
    return base64.urlsafe_b64encode(f"{number}:{term}".encode()).decode().rstrip("=")


# The `next` of a page, for which the document has a separate format.
cursors = strategies.builds(cursor, strategies.integers(0, 2**63 - 1), strategies.text(max_size=10))
schemathesis.openapi.format("sekisho-cursor", cursors)


def with_passwords_of_its_own(body):
    """What no schema can express: a new password is neither one of the names nor one of the most common passwords."""
    if not isinstance(body, dict):
        return body
    new = {name: f"{body[name]} of its own" for name in ("password", "new_password")
           if isinstance(body.get(name), str) and 8 <= len(body[name]) <= 240}
    return {**body, **new}


@schemathesis.hook
def before_call(context, case, kwargs):
    address = ipaddress.IPv4Address(ADDRESSES.randrange(2**24, 2**32))
    case.headers = {**(case.headers or {}), "X-Forwarded-For": str(address)}
    # An administrator may change any user, but here not themselves.
    if OWN_ID is not None and str((case.path_parameters or {}).get("id")) == OWN_ID:
        case.path_parameters = {**case.path_parameters, "id": 1}
    # The right password is not found by chance, and without it no address is ever changed.
    if case.operation.label == "PATCH /users/me" and isinstance(case.body, dict) and "current_password" in case.body:
        case.body = {**case.body, "current_password": PASSWORD}
    if case.operation.label in ("POST /users/", "POST /users/me/password"):
        case.body = with_passwords_of_its_own(case.body)


@schemathesis.hook
def after_call(context, case, response):
    with open(STATUSES, "a") as file:
        print(json.dumps([case.operation.label, response.status_code]), file=file)


if NAME is not None:

    @schemathesis.auth(refresh_interval=None)
    class LoggedIn:
        token = None

        def get(self, case, context):
            if self.token is None or status(f"{URL}/users/me", self.token) != 200:
                self.token = log_in(URL, NAME, SCOPE)
            return self.token

        def set(self, case, data, context):
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}
