"""Python's JWT libraries: verify access tokens with the published keys, or with the shared secret."""

import jwt
import requests
from jose import jwt as jose
from jose.exceptions import JOSEError

from checks import ALGORITHM, AUDIENCE, NAME, PASSWORD, SECRET, URL, check, tampered

KEYS = f"{URL}/.well-known/jwks.json"
CLAIMS = {"iss", "aud", "sub", "uid", "sid", "scope", "iat", "exp", "auth_time", "jti"}

answer = requests.post(f"{URL}/token", data={"username": NAME, "password": PASSWORD})
token = answer.json()["access_token"]


def by_pyjwt(token, issuer=URL, audience=AUDIENCE):
    key = SECRET or jwt.PyJWKClient(KEYS).get_signing_key_from_jwt(token)
    required = {"require": sorted(CLAIMS)}
    return jwt.decode(token, key, algorithms=[ALGORITHM], issuer=issuer, audience=audience, options=required)


def by_jose(token, issuer=URL, audience=AUDIENCE):
    key = SECRET or requests.get(KEYS).json()
    return jose.decode(token, key, algorithms=[ALGORITHM], issuer=issuer, audience=audience)


def verifies(verify, refusal):
    """The token is accepted, with all its claims; a forged one is not."""
    claims = verify(token)
    assert claims["sub"] == NAME and set(claims) == CLAIMS, claims
    elsewhere = "http://elsewhere.test"
    for changed in ({"token": tampered(token)}, {"issuer": elsewhere}, {"audience": elsewhere}):
        wrong = {"token": token} | changed
        try:
            verify(**wrong)
        except refusal:
            continue
        raise AssertionError(f"taken: {wrong}")


with check(f"PyJWT verifies {ALGORITHM}"):
    verifies(by_pyjwt, jwt.InvalidTokenError)

# python-jose does not support EdDSA.
if ALGORITHM != "EdDSA":
    with check(f"python-jose verifies {ALGORITHM}"):
        verifies(by_jose, JOSEError)

if SECRET:
    with check("the shared secret is not published"):
        assert requests.get(KEYS).json() == {"keys": []}
