//! The document's operations.

use serde_json::{Value, json};

use super::{
    operation::{Operation, common_headers, reference},
    schemas::merged,
};
use crate::{domain::Email, http::docs::page::FILES};

pub(crate) fn id_parameter(what: &str) -> Value {
    json!({
        "name": "id", "in": "path", "required": true, "description": what,
        "schema": { "type": "integer", "format": "int64", "minimum": 1, "maximum": i64::MAX },
    })
}

#[expect(clippy::too_many_lines, reason = "a list of the wire's operations, not logic")]
pub(crate) fn paths() -> Value {
    const OAUTH_ERRORS: [&str; 7] = [
        "OAuthBadRequest",
        "OAuthRequestTimeout",
        "OAuthPayloadTooLarge",
        "OAuthUnsupportedMediaType",
        "OAuthValidationError",
        "OAuthInternalServerError",
        "OAuthServiceUnavailable",
    ];
    const UNCHANGED: &str = "The client has it: `if-none-match` names its `etag`.";
    let form = "application/x-www-form-urlencoded";
    let user_id = json!([id_parameter("The user's number.")]);
    let created = json!({
        "description": "The user was created.",
        "headers": merged(&common_headers(), &json!({ "location": reference("headers", "location") })),
        "content": { "application/json": { "schema": reference("schemas", "User") } },
    });
    let asset = json!({
        "description": "A file of the page.",
        "content": { "text/css": {}, "text/javascript": {}, "image/png": {}, "application/json": {} },
    });
    json!({
        "/users/": {
            "post": Operation::new("register", "Account", "Create a user")
                .describe("Takes two shapes: flat, or with the names under `user`. Other members, `id` and \
                    `hashed_password` among them, are ignored.")
                .takes_json("NewUser")
                .respond("201", created)
                .fails(&["RegistrationClosed", "NamesTaken", "TooManyRequests"])
                .done(),
            "get": Operation::new("listUsers", "Administration", "List users, a page at a time")
                .describe("A page may hold fewer users than `limit`; `next` tells whether there are more.")
                .parameters(&json!([
                    { "name": "limit", "in": "query", "description": "How many at most.",
                      "schema": { "type": "integer", "minimum": 1, "maximum": 200, "default": 50 } },
                    { "name": "after", "in": "query", "description": "The `next` of the page before; empty for the first.",
                      "schema": { "type": "string", "format": "sekisho-cursor" } },
                    { "name": "q", "in": "query", "description": "What the username or the e-mail address begins with.",
                      "schema": { "type": "string", "maxLength": Email::MAX_LENGTH } },
                ]))
                .for_admins()
                .answers("200", "A page of users.", "UserPage")
                .done(),
        },
        "/users/me": {
            "get": Operation::new("readMe", "Account", "Who am I?")
                .describe("Takes a token of any scope.")
                .secured().answers("200", "The user.", "User").done(),
            "patch": Operation::new("changeEmail", "Account", "Change my e-mail address")
                .takes_json("EmailChange").for_owners().answers("200", "The user.", "User")
                .fails(&["WrongPassword", "EmailTaken", "TooManyRequests"]).done(),
            "delete": Operation::new("deleteMe", "Account", "Delete my account")
                .describe("All sessions end. The username is never given to another.")
                .takes_json("PasswordConfirmation").for_owners()
                .answers_empty("204", "The account is deleted.")
                .fails(&["WrongPassword", "LastAdmin", "TooManyRequests"]).done(),
        },
        "/users/me/password": {
            "post": Operation::new("changePassword", "Account", "Change my password")
                .describe("Every session ends, this one too; the answer's tokens are a new one's.")
                .takes_json("PasswordChange").for_owners()
                .answers("200", "The password is changed.", "TokenResponse")
                .fails(&["WrongPassword", "TooManyRequests"]).done(),
        },
        "/users/me/sessions": {
            "get": Operation::new("listSessions", "Sessions", "Where am I logged in?")
                .describe("The newest first, at most 200.")
                .parameters(&json!([{
                    "name": "ended", "in": "query", "description": "Whether to list those that ended lately, with the reason.",
                    "schema": { "type": "boolean", "default": false },
                }]))
                .for_owners().answers("200", "The sessions.", "SessionList").done(),
            "delete": Operation::new("endOtherSessions", "Sessions", "Log out everywhere else")
                .for_owners().answers_empty("204", "All sessions but this one have ended.").done(),
        },
        "/users/me/sessions/{id}": {
            "delete": Operation::new("endSession", "Sessions", "End one of my sessions")
                .parameters(&json!([id_parameter("The session's number.")]))
                .for_owners().answers_empty("204", "The session has ended.").fails(&["NotFound"]).done(),
        },
        "/users/{id}": {
            "get": Operation::new("readUser", "Administration", "Show a user")
                .parameters(&user_id).for_admins().answers("200", "The user.", "User").fails(&["NotFound"]).done(),
            "patch": Operation::new("changeUser", "Administration", "Change a user's role, state or e-mail address")
                .describe("Disabling ends the user's sessions. The administrator's password must have been given at most 10 \
                    minutes ago.")
                .takes_json("UserChange").parameters(&user_id).for_recent_admins()
                .answers("200", "The user.", "User").fails(&["NotFound", "ChangeConflict"]).done(),
            "delete": Operation::new("deleteUser", "Administration", "Delete a user")
                .describe("The administrator's password must have been given at most 10 minutes ago.")
                .parameters(&user_id).for_recent_admins()
                .answers_empty("204", "The user is deleted.").fails(&["NotFound", "LastAdmin"]).done(),
        },
        "/users/{id}/sessions": {
            "get": Operation::new("listSessionsOfUser", "Administration", "List a user's sessions, ended ones too")
                .parameters(&user_id).for_admins().answers("200", "The sessions.", "SessionList")
                .fails(&["NotFound"]).done(),
            "delete": Operation::new("endSessionsOfUser", "Administration", "End all of a user's sessions")
                .parameters(&user_id).for_admins()
                .answers_empty("204", "The sessions have ended.").fails(&["NotFound"]).done(),
        },
        "/token": {
            "post": Operation::new("token", "Tokens", "Log in, or refresh")
                .describe("A refresh token is replaced at each use. Presented again within the grace (by default 10 \
                    seconds) it gives the same successor; later, or from another network and by another program, \
                    its session ends.")
                .takes(form, "TokenRequest")
                .answers("200", "A pair of tokens.", "TokenResponse")
                .fails(&OAUTH_ERRORS)
                .fails(&["InvalidGrant", "AccountDisabled", "OAuthTooManyRequests"]).done(),
        },
        "/revoke": {
            "post": Operation::new("revoke", "Tokens", "Revoke a token")
                .describe("RFC 7009: the token's session ends at once. A token that is unknown or no longer valid is \
                    no error.")
                .takes(form, "RevocationRequest")
                .answers_empty("200", "The token is of no use any more.")
                .fails(&OAUTH_ERRORS).done(),
        },
        "/logout": {
            "post": Operation::new("logOut", "Sessions", "End this session")
                .describe("Takes a token of any scope.")
                .secured().answers_empty("204", "The session has ended.").done(),
        },
        "/.well-known/jwks.json": {
            "get": Operation::new("jwks", "Operation", "The public keys (RFC 7517)")
                .respond("200", json!({
                    "description": "The keys that sign, will, and did; none for HS256.",
                    "headers": common_headers(),
                    "content": { "application/jwk-set+json": { "schema": reference("schemas", "JwkSet") } },
                })).done(),
        },
        "/.well-known/oauth-authorization-server": {
            "get": Operation::new("serverMetadata", "Operation", "Discovery (RFC 8414)")
                .answers("200", "Where everything is.", "ServerMetadata").done(),
        },
        "/openapi.json": {
            "get": Operation::new("openapi", "Operation", "This document")
                .respond("200", json!({ "description": "The document.", "content": { "application/json": {} } }))
                .answers_empty("304", UNCHANGED).done(),
        },
        "/docs": {
            "get": Operation::new("docs", "Operation", "This page")
                .respond("200", json!({ "description": "The page.", "content": { "text/html": {} } }))
                .answers_empty("304", UNCHANGED).done(),
        },
        "/docs/{file}": {
            "get": Operation::new("docsFile", "Operation", "A file of the page")
                .parameters(&json!([{
                    "name": "file", "in": "path", "required": true,
                    "schema": { "type": "string", "enum": FILES },
                }]))
                .respond("200", asset).answers_empty("304", UNCHANGED).fails(&["NotFound"]).done(),
        },
        "/healthz": {
            "get": Operation::new("alive", "Operation", "Does the process live?")
                .answers("200", "It does.", "Status").done(),
        },
        "/readyz": {
            "get": Operation::new("ready", "Operation", "Can it work?")
                .answers("200", "Each actor answered in time.", "Status").fails(&["NotReady"]).done(),
        },
        "/": {
            "get": Operation::new("home", "Operation", "To the page")
                .respond("307", json!({ "description": "To `/docs`." })).done(),
        },
    })
}
