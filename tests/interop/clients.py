"""Python's OAuth clients: log in, use the access token, refresh, revoke."""

import os

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # This machine's loopback has no TLS.

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import InvalidGrantError, LegacyApplicationClient
from requests_oauthlib import OAuth2Session

from checks import ALGORITHM, NAME, PASSWORD, URL, check


def me(session):
    return session.get(f"{URL}/users/me")


with check(f"authlib: password, refresh, revocation ({ALGORITHM})"):
    session = AuthlibSession(
        "any", token_endpoint_auth_method="none", revocation_endpoint_auth_method="none", scope="user"
    )
    first = session.fetch_token(f"{URL}/token", username=NAME, password=PASSWORD)
    assert first["scope"] == "user", first
    assert me(session).json()["username"] == NAME
    second = session.refresh_token(f"{URL}/token")
    assert second["refresh_token"] != first["refresh_token"]
    assert me(session).status_code == 200
    revoked = session.revoke_token(f"{URL}/revoke", token=second["refresh_token"])
    assert revoked.status_code == 200
    assert me(session).status_code == 401

with check(f"authlib: a wrong password is OAuth's error ({ALGORITHM})"):
    session = AuthlibSession("any", token_endpoint_auth_method="none")
    try:
        session.fetch_token(f"{URL}/token", username=NAME, password="not the password")
        raise AssertionError("a wrong password was taken")
    except OAuthError as error:
        assert error.error == "invalid_grant", error

for where in ("client_secret_basic", "client_secret_post"):
    with check(f"authlib: client credentials by {where} are ignored ({ALGORITHM})"):
        session = AuthlibSession("any", "any secret", token_endpoint_auth_method=where)
        session.fetch_token(f"{URL}/token", username=NAME, password=PASSWORD)
        assert me(session).status_code == 200

with check(f"requests-oauthlib: password, refresh, revocation ({ALGORITHM})"):
    session = OAuth2Session(client=LegacyApplicationClient("any", scope="user"))
    first = session.fetch_token(f"{URL}/token", username=NAME, password=PASSWORD)
    assert me(session).json()["username"] == NAME
    second = session.refresh_token(f"{URL}/token", client_id="any")
    assert second["refresh_token"] != first["refresh_token"]
    assert me(session).status_code == 200
    address, headers, body = session._client.prepare_token_revocation_request(
        f"{URL}/revoke", second["refresh_token"], "refresh_token"
    )
    assert session.post(address, data=body, headers=headers, withhold_token=True).status_code == 200
    assert me(session).status_code == 401

with check(f"requests-oauthlib: a wrong password is OAuth's error ({ALGORITHM})"):
    session = OAuth2Session(client=LegacyApplicationClient("any"))
    try:
        session.fetch_token(f"{URL}/token", username=NAME, password="not the password")
        raise AssertionError("a wrong password was taken")
    except InvalidGrantError as error:
        assert error.description == "Incorrect username or password", error
