//! The description of an endpoint.

use actix_web::http::StatusCode;

use super::schema::{Parameter, Schema};
use crate::http::wire::errors::{
    CROSS_SITE_REQUEST, ErrorKind, FAILURES, FORM_NOT_UTF8, INVALID_TOKEN, NEEDS_ADMIN, NEEDS_USER_SCOPE,
    NOT_A_FORM, NOT_AUTHENTICATED, NOT_JSON, NOT_RECENT, PAYLOAD_TOO_LARGE, REPEATED_PARAMETER,
    REQUEST_TIMEOUT, TOO_MANY_ATTEMPTS, TOO_MANY_LOGINS, UNREADABLE_BODY, VALIDATION,
};

/// Errors that go together.
type Errors = &'static [&'static ErrorKind];

/// A section of the document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Tag {
    Account,
    Tokens,
    Sessions,
    Administration,
    Operation,
}

impl Tag {
    /// The sections in their order, with their descriptions.
    pub(super) const ALL: [(Self, &'static str); 5] = [
        (Self::Account, "Users and their own accounts."),
        (Self::Tokens, "OAuth 2.0: logging in, refreshing, revoking."),
        (Self::Sessions, "Your own logins."),
        (Self::Administration, "All accounts. Needs the role and the scope `admin`."),
        (Self::Operation, "For other services and for operators."),
    ];
}

/// The body of an answer.
#[derive(Clone, Copy)]
pub(super) enum Content {
    Empty,
    /// A body of this media type and schema.
    Schema(&'static str, &'static Schema),
    /// A file of one of these media types, which has an `etag`.
    File(&'static [&'static str]),
}

/// The description of an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(super) id: &'static str,
    pub(super) tag: Tag,
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
    pub(super) parameters: &'static [Parameter],
    /// The media type and schema of the request's body.
    pub(super) body: Option<(&'static str, &'static Schema)>,
    /// The scopes that a token must have; `None` if no token is needed.
    pub(super) scopes: Option<&'static [&'static str]>,
    /// The answer to a request that succeeded: its status, description and body.
    pub(super) answer: (StatusCode, &'static str, Content),
    /// Whether its errors have the members of RFC 6749.
    pub(crate) is_oauth: bool,
    own_errors: Errors,
    body_errors: Errors,
    access_errors: Errors,
    throttle_errors: Errors,
}

impl Operation {
    /// An operation that anyone may call.
    pub(crate) const fn new(id: &'static str, tag: Tag, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: "",
            parameters: &[],
            body: None,
            scopes: None,
            answer: (StatusCode::NO_CONTENT, "", Content::Empty),
            is_oauth: false,
            own_errors: &[],
            body_errors: &[],
            access_errors: &[],
            throttle_errors: &[],
        }
    }

    /// Makes it an operation of an OAuth endpoint.
    pub(crate) const fn oauth(self) -> Self {
        Self { is_oauth: true, ..self }
    }

    pub(crate) const fn describe(self, description: &'static str) -> Self {
        Self { description, ..self }
    }

    pub(crate) const fn parameters(self, parameters: &'static [Parameter]) -> Self {
        Self { parameters, ..self }
    }

    pub(crate) const fn takes_json(self, schema: &'static Schema) -> Self {
        let body_errors = &[UNREADABLE_BODY, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, NOT_JSON, VALIDATION];
        Self { body: Some(("application/json", schema)), body_errors, ..self }
    }

    pub(crate) const fn takes_form(self, schema: &'static Schema) -> Self {
        let body_errors = &[
            UNREADABLE_BODY,
            FORM_NOT_UTF8,
            REPEATED_PARAMETER,
            REQUEST_TIMEOUT,
            PAYLOAD_TOO_LARGE,
            NOT_A_FORM,
            VALIDATION,
        ];
        Self { body: Some(("application/x-www-form-urlencoded", schema)), body_errors, ..self }
    }

    /// Needs a bearer token, of any scope.
    pub(crate) const fn for_callers(self) -> Self {
        Self { scopes: Some(&[]), access_errors: &[NOT_AUTHENTICATED, INVALID_TOKEN], ..self }
    }

    /// Needs a bearer token with the scope `user`.
    pub(crate) const fn for_owners(self) -> Self {
        let access_errors = &[NOT_AUTHENTICATED, INVALID_TOKEN, NEEDS_USER_SCOPE];
        Self { scopes: Some(&["user"]), access_errors, ..self }
    }

    /// Needs an administrator's token.
    pub(crate) const fn for_admins(self) -> Self {
        let access_errors = &[NOT_AUTHENTICATED, INVALID_TOKEN, NEEDS_ADMIN];
        Self { scopes: Some(&["admin"]), access_errors, ..self }
    }

    /// Needs the token of an administrator who gave the password recently.
    pub(crate) const fn for_recent_admins(self) -> Self {
        let access_errors = &[NOT_AUTHENTICATED, INVALID_TOKEN, NOT_RECENT, NEEDS_ADMIN];
        Self { access_errors, ..self.for_admins() }
    }

    /// Hashes a password, so a request may wait, and may be refused for too many attempts.
    pub(crate) const fn throttled(self) -> Self {
        Self { throttle_errors: &[TOO_MANY_ATTEMPTS, TOO_MANY_LOGINS], ..self }
    }

    /// The errors that are this operation's own.
    pub(crate) const fn fails(self, errors: Errors) -> Self {
        Self { own_errors: errors, ..self }
    }

    /// An answer without a body.
    pub(crate) const fn answers(self, status: StatusCode, description: &'static str) -> Self {
        Self { answer: (status, description, Content::Empty), ..self }
    }

    /// 204.
    pub(crate) const fn no_content(self, description: &'static str) -> Self {
        self.answers(StatusCode::NO_CONTENT, description)
    }

    /// 200 with a JSON body.
    pub(crate) const fn ok(self, description: &'static str, schema: &'static Schema) -> Self {
        self.ok_as("application/json", description, schema)
    }

    /// 200 with a body of another media type.
    pub(crate) const fn ok_as(
        self,
        media_type: &'static str,
        text: &'static str,
        schema: &'static Schema,
    ) -> Self {
        Self { answer: (StatusCode::OK, text, Content::Schema(media_type, schema)), ..self }
    }

    /// 201 with a JSON body, and a `location`.
    pub(crate) const fn created(self, description: &'static str, schema: &'static Schema) -> Self {
        let content = Content::Schema("application/json", schema);
        Self { answer: (StatusCode::CREATED, description, content), ..self }
    }

    /// 200 with a file of one of these media types, or 304 to a client that has it.
    pub(crate) const fn file(self, description: &'static str, media_types: &'static [&'static str]) -> Self {
        Self { answer: (StatusCode::OK, description, Content::File(media_types)), ..self }
    }

    /// All errors that it may answer with. `is_change` says whether its method changes something.
    pub(super) fn errors(&self, is_change: bool) -> Vec<&'static ErrorKind> {
        let parameter_errors: Errors = if self.parameters.is_empty() { &[] } else { &[VALIDATION] };
        let cross_site: Errors = if is_change { &[CROSS_SITE_REQUEST] } else { &[] };
        let groups = [
            self.own_errors,
            self.throttle_errors,
            self.access_errors,
            parameter_errors,
            self.body_errors,
            cross_site,
            FAILURES,
        ];
        let mut all: Vec<&'static ErrorKind> = Vec::new();
        for error in groups.concat() {
            if all.iter().all(|known| known.sentence != error.sentence) {
                all.push(error);
            }
        }
        all
    }
}
