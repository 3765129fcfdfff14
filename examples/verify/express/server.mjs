// A service that verifies Sekisho's access tokens and fetches only public keys from Sekisho.
//
//     npm install express jose
//     node server.mjs
//
// Start Sekisho with the name of this service: sekisho serve --audience http://127.0.0.1:9000
import express from "express";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";

const issuer = process.env.SEKISHO_ISSUER ?? "http://127.0.0.1:8000";
const audience = process.env.AUDIENCE ?? "http://127.0.0.1:9000";
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), { cacheMaxAge: 300_000 });
const refusals = ["JWTInvalid", "JWTExpired", "JWTClaimValidationFailed", "JWSInvalid", "JOSEAlgNotAllowed",
  "JWSSignatureVerificationFailed", "JWKSNoMatchingKey", "JOSENotSupported"].map((name) => errors[name]);

async function authenticate(request, response, next) {
  const [, token] = /^Bearer +(\S+)$/i.exec(request.get("authorization")) ?? [];
  try {
    const { payload } = await jwtVerify(token ?? "", keys, {
      issuer,
      audience,
      typ: "at+jwt",
      algorithms: ["ES256", "RS256", "EdDSA"],
      requiredClaims: ["exp", "sub"],
    });
    request.claims = payload;
  } catch (error) {
    // Any other error, such as a failure to fetch the keys, is not the caller's fault.
    const status = refusals.some((refusal) => error instanceof refusal) ? 401 : 503;
    if (status === 401) response.set("WWW-Authenticate", "Bearer");
    return response.status(status).json({ detail: status === 401 ? "Could not validate credentials" : "Try again" });
  }
  next();
}

const app = express();
app.get("/hello", authenticate, (request, response) => {
  response.json(`Hello, ${request.claims.sub}`);
});
app.listen(process.env.PORT ?? 9000, "127.0.0.1");
