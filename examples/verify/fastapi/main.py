"""A service that verifies Sekisho's access tokens and fetches only public keys from Sekisho.

    pip install fastapi 'pyjwt[crypto]' uvicorn
    uvicorn main:app --port 9000

Start Sekisho with the name of this service: sekisho serve --audience http://127.0.0.1:9000
"""

import os
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

ISSUER = os.environ.get("SEKISHO_ISSUER", "http://127.0.0.1:8000")
AUDIENCE = os.environ.get("AUDIENCE", "http://127.0.0.1:9000")
keys = jwt.PyJWKClient(f"{ISSUER}/.well-known/jwks.json", lifespan=300)


def claims(bearer: Annotated[HTTPAuthorizationCredentials, Depends(HTTPBearer())]) -> dict:
    try:
        token = jwt.decode_complete(
            bearer.credentials,
            keys.get_signing_key_from_jwt(bearer.credentials),
            algorithms=["ES256", "RS256", "EdDSA"],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": ["aud", "exp", "iss", "sub"]},
        )
        if token["header"].get("typ") != "at+jwt":
            raise jwt.InvalidTokenError("Not an access token")
        return token["payload"]
    except jwt.PyJWKClientConnectionError as error:
        raise HTTPException(503, "The keys cannot be fetched") from error
    except jwt.PyJWTError as error:
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
        raise HTTPException(401, "Could not validate credentials", challenge) from error


app = FastAPI()


@app.get("/hello")
def hello(claims: Annotated[dict, Depends(claims)]) -> str:
    return f"Hello, {claims['sub']}"
