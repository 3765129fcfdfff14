// OAuth clients of Node: find the endpoints (RFC 8414), log in, use the token, refresh, revoke.

import assert from "node:assert/strict";
import * as oauth from "oauth4webapi";
import * as openid from "openid-client";
import { algorithm, check, password, url, username } from "./checks.mjs";

// This machine's loopback has no TLS.
const insecure = { [oauth.allowInsecureRequests]: true };
const me = new URL(`${url}/users/me`);

async function discovered() {
  const issuer = new URL(url);
  const response = await oauth.discoveryRequest(issuer, { algorithm: "oauth2", ...insecure });
  return oauth.processDiscoveryResponse(issuer, response);
}

await check(`oauth4webapi: discovery, password, refresh, revocation (${algorithm})`, async () => {
  const server = await discovered();
  const [client, none] = [{ client_id: "any" }, oauth.None()];
  const status = async (token) =>
    (await oauth.protectedResourceRequest(token.access_token, "GET", me, undefined, undefined, insecure)).status;

  const parameters = { username, password, scope: "user" };
  const login = await oauth.genericTokenEndpointRequest(server, client, none, "password", parameters, insecure);
  const first = await oauth.processGenericTokenEndpointResponse(server, client, login);
  assert.equal(await status(first), 200);

  const refresh = await oauth.refreshTokenGrantRequest(server, client, none, first.refresh_token, insecure);
  const second = await oauth.processRefreshTokenResponse(server, client, refresh);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(await status(second), 200);

  const revocation = await oauth.revocationRequest(server, client, none, second.refresh_token, insecure);
  await oauth.processRevocationResponse(revocation);
  await assert.rejects(status(second), (error) => {
    assert.ok(error instanceof oauth.WWWAuthenticateChallengeError, error);
    assert.equal(error.status, 401);
    assert.equal(error.cause[0].parameters.error, "invalid_token");
    return true;
  });
});

await check(`oauth4webapi: a wrong password is OAuth's error (${algorithm})`, async () => {
  const server = await discovered();
  const client = { client_id: "any" };
  const parameters = { username, password: "not the password" };
  const login = await oauth.genericTokenEndpointRequest(
    server, client, oauth.None(), "password", parameters, insecure,
  );
  await assert.rejects(oauth.processGenericTokenEndpointResponse(server, client, login), /invalid_grant|Unauthorized|challenge/i);
});

await check(`openid-client: discovery, password, refresh, revocation (${algorithm})`, async () => {
  const options = { algorithm: "oauth2", execute: [openid.allowInsecureRequests] };
  const config = await openid.discovery(new URL(url), "any", undefined, openid.None(), options);
  const user = async (token) =>
    (await openid.fetchProtectedResource(config, token.access_token, me, "GET")).json();

  const first = await openid.genericGrantRequest(config, "password", { username, password });
  assert.equal((await user(first)).username, username);

  const second = await openid.refreshTokenGrant(config, first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal((await user(second)).username, username);

  await openid.tokenRevocation(config, second.access_token);
  await assert.rejects(user(second));
});
