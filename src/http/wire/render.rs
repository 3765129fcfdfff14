//! Domain values in their wire format.

use actix_web::{
    HttpResponse,
    http::header::{CACHE_CONTROL, HeaderName, HeaderValue},
};
use serde::Serialize;
use serde_json::json;
use strum::VariantNames;

use crate::{
    domain::{EndReason, Role, Scope, Session, SessionId, Timestamp, TokenPair, User, UserId},
    http::openapi::schema::{Schema, object, time},
};

/// Keeps an answer with a token or a user out of every cache.
pub(crate) const NO_STORE: (HeaderName, HeaderValue) = (CACHE_CONTROL, HeaderValue::from_static("no-store"));

/// 200 with a body that no cache may keep.
pub(crate) fn ok(body: impl Serialize) -> HttpResponse {
    HttpResponse::Ok().insert_header(NO_STORE).json(body)
}

/// 204.
pub(crate) fn no_content() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// A user. There is no field for a password hash, and never will be.
#[derive(Serialize)]
pub(crate) struct UserBody<'a> {
    id: UserId,
    email: &'a str,
    username: &'a str,
    role: &'static str,
    disabled: bool,
    created_at: Timestamp,
}

impl<'a> From<&'a User> for UserBody<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            id: user.id,
            email: user.email.as_str(),
            username: user.username.as_str(),
            role: user.role.as_str(),
            disabled: user.disabled,
            created_at: user.created_at,
        }
    }
}

pub(crate) const USER: &Schema = &Schema::new("User", |schemas| {
    object(&json!({
        "id": { "type": "integer", "format": "int64", "minimum": 1, "examples": [1] },
        "email": { "type": "string", "examples": ["alice@example.com"] },
        "username": { "type": "string", "examples": ["alice"] },
        "role": schemas.refer(ROLE),
        "disabled": { "type": "boolean" },
        "created_at": time(),
    }))
});

pub(crate) const ROLE: &Schema =
    &Schema::new("Role", |_| json!({ "type": "string", "enum": Role::VARIANTS }));

/// A session, as its owner or an administrator sees it.
#[derive(Serialize)]
pub(crate) struct SessionBody<'a> {
    id: SessionId,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    user_agent: Option<&'a str>,
    ip: Option<&'a str>,
    scope: Scope,
    current: bool,
    ended_at: Option<Timestamp>,
    end_reason: Option<&'static str>,
}

impl<'a> SessionBody<'a> {
    pub(crate) fn new(session: &'a Session, current: Option<SessionId>) -> Self {
        Self {
            id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            user_agent: session.user_agent.as_deref(),
            ip: session.ip.as_deref(),
            scope: session.scope,
            current: current == Some(session.id),
            ended_at: session.ended.map(|(at, _)| at),
            end_reason: session.ended.map(|(_, reason)| reason.as_str()),
        }
    }
}

/// A list that is not paged.
#[derive(Serialize)]
pub(crate) struct Items<T> {
    pub(crate) items: Vec<T>,
}

pub(crate) const SESSION_LIST: &Schema = &Schema::new("SessionList", |schemas| {
    object(&json!({
        "items": { "type": "array", "maxItems": 200, "items": schemas.refer(SESSION) },
    }))
});

const SESSION: &Schema = &Schema::new("Session", |_| {
    let described = |text: &str| json!({ "type": "string", "format": "date-time", "description": text });
    let reasons: Vec<_> = EndReason::VARIANTS.iter().map(Some).chain([None]).collect();
    object(&json!({
        "id": { "type": "integer", "format": "int64", "minimum": 1 },
        "created_at": time(),
        "last_used_at": described("A use is reported a minute after it, not sooner."),
        "expires_at": described("When it ends unless it is used before; follows from `last_used_at`."),
        "user_agent": { "type": ["string", "null"] },
        "ip": { "type": ["string", "null"] },
        "scope": { "type": "string" },
        "current": { "type": "boolean" },
        "ended_at": { "type": ["string", "null"], "format": "date-time" },
        "end_reason": { "type": ["string", "null"], "enum": reasons },
    }))
});

/// A pair of tokens (RFC 6749, section 5.1).
#[derive(Serialize)]
pub(crate) struct TokenResponse<'a> {
    access_token: &'a str,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: &'a str,
    scope: Scope,
}

impl<'a> From<&'a TokenPair> for TokenResponse<'a> {
    fn from(pair: &'a TokenPair) -> Self {
        Self {
            access_token: pair.access_token.expose(),
            token_type: "bearer",
            expires_in: pair.expires_in,
            refresh_token: pair.refresh_token.expose(),
            scope: pair.scope,
        }
    }
}

pub(crate) const TOKEN_RESPONSE: &Schema = &Schema::new("TokenResponse", |schemas| {
    object(&json!({
        "access_token": {
            "type": "string",
            "description": "A JWT of type `at+jwt` (RFC 9068); see `/.well-known/jwks.json`. `aud` lists the \
                issuer and every service that the server knows. With the scope `admin` it is only \
                `<issuer>/admin`; never send such a token to another service.",
        },
        "token_type": { "const": "bearer" },
        "expires_in": {
            "type": "integer", "minimum": 0,
            "maximum": schemas.config.token.access.lifetime.as_secs(),
            "examples": [schemas.config.token.access.lifetime.as_secs()],
            "description": "In seconds. Shorter than usual if the session ends before.",
        },
        "refresh_token": { "type": "string" },
        "scope": { "type": "string", "examples": ["user"] },
    }))
});
