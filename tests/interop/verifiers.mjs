// jose: verify access tokens by the published keys, or by the shared secret.

import assert from "node:assert/strict";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { algorithm, audience, check, password, secret, url, username } from "./checks.mjs";

const answer = await fetch(`${url}/token`, { method: "POST", body: new URLSearchParams({ username, password }) });
const { access_token: token } = await answer.json();

const keys = secret
  ? new TextEncoder().encode(secret)
  : createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`));
const verify = (token, changed = {}) =>
  jwtVerify(token, keys, {
    issuer: url, audience, algorithms: [algorithm], typ: "at+jwt", requiredClaims: ["exp", "sub", "jti"], ...changed,
  });

await check(`jose verifies ${algorithm}`, async () => {
  const { payload } = await verify(token);
  assert.equal(payload.sub, username);

  const [head, claims, signature] = token.split(".");
  const tampered = [head, claims, (signature[0] === "A" ? "B" : "A") + signature.slice(1)].join(".");
  await assert.rejects(verify(tampered), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
  for (const wrong of [{ issuer: "http://elsewhere.test" }, { audience: "http://elsewhere.test" }, { typ: "JWT" }]) {
    await assert.rejects(verify(token, wrong), { code: "ERR_JWT_CLAIM_VALIDATION_FAILED" });
  }
});
