//! The description of an endpoint.

use actix_web::http::StatusCode;

use super::schema::{Parameter, Schema};
use crate::http::wire::errors::{self, ErrorKind};

/// A section of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Account,
    Tokens,
    Sessions,
    Administration,
    Operation,
}

impl Tag {
    /// The sections in their order, with their descriptions.
    pub(crate) const ALL: [(Self, &'static str); 5] = [
        (Self::Account, "Users and their own accounts."),
        (Self::Tokens, "OAuth 2.0: logging in, refreshing, revoking."),
        (Self::Sessions, "Your own logins."),
        (Self::Administration, "All accounts. Needs the role and the scope `admin`."),
        (Self::Operation, "For other services and for operators."),
    ];
}

/// Who may call an endpoint.
#[derive(Clone, Copy)]
enum Access {
    Anyone,
    /// Anyone with a token, of any scope.
    Caller,
    /// The owner of an account, by a token with the scope `user`.
    Owner,
    Admin,
    /// An administrator who gave the password recently.
    RecentAdmin,
}

impl Access {
    fn errors(self) -> &'static [&'static ErrorKind] {
        use errors::{INVALID_TOKEN, NEEDS_ADMIN, NEEDS_USER_SCOPE, NOT_AUTHENTICATED, NOT_RECENT};
        match self {
            Self::Anyone => &[],
            Self::Caller => &[NOT_AUTHENTICATED, INVALID_TOKEN],
            Self::Owner => &[NOT_AUTHENTICATED, INVALID_TOKEN, NEEDS_USER_SCOPE],
            Self::Admin => &[NOT_AUTHENTICATED, INVALID_TOKEN, NEEDS_ADMIN],
            Self::RecentAdmin => &[NOT_AUTHENTICATED, INVALID_TOKEN, NOT_RECENT, NEEDS_ADMIN],
        }
    }
}

/// The body of a request.
#[derive(Clone, Copy)]
pub(crate) enum Body {
    None,
    Json(&'static Schema),
    Form(&'static Schema),
}

impl Body {
    fn errors(self) -> &'static [&'static ErrorKind] {
        use errors::{
            FORM_NOT_UTF8, NOT_A_FORM, NOT_JSON, PAYLOAD_TOO_LARGE, REPEATED_PARAMETER, REQUEST_TIMEOUT,
            UNREADABLE_BODY, VALIDATION,
        };
        match self {
            Self::None => &[],
            Self::Json(_) => &[UNREADABLE_BODY, REQUEST_TIMEOUT, PAYLOAD_TOO_LARGE, NOT_JSON, VALIDATION],
            Self::Form(_) => &[
                UNREADABLE_BODY,
                FORM_NOT_UTF8,
                REPEATED_PARAMETER,
                REQUEST_TIMEOUT,
                PAYLOAD_TOO_LARGE,
                NOT_A_FORM,
                VALIDATION,
            ],
        }
    }
}

/// The answer to a request that succeeded.
#[derive(Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) description: &'static str,
    pub(crate) content: Content,
    /// Whether it has an `etag`, so that a client that has the content is answered 304.
    pub(crate) has_etag: bool,
    /// Whether the `location` header gives the address of a new user.
    pub(crate) has_location: bool,
}

/// The body of an answer.
#[derive(Clone, Copy)]
pub(crate) enum Content {
    Empty,
    /// A body of this media type and schema.
    Schema(&'static str, &'static Schema),
    /// A file of one of these media types.
    File(&'static [&'static str]),
}

/// The description of an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Operation {
    pub(crate) id: &'static str,
    pub(crate) tag: Tag,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) body: Body,
    pub(crate) answer: Answer,
    /// Whether its errors have the members of RFC 6749.
    pub(crate) is_oauth: bool,
    access: Access,
    errors: &'static [&'static ErrorKind],
}

impl Operation {
    /// An operation that anyone may call and that answers 204.
    pub(crate) const fn new(id: &'static str, tag: Tag, summary: &'static str) -> Self {
        Self {
            id,
            tag,
            summary,
            description: "",
            parameters: &[],
            body: Body::None,
            answer: Answer {
                status: StatusCode::NO_CONTENT,
                description: "",
                content: Content::Empty,
                has_etag: false,
                has_location: false,
            },
            is_oauth: false,
            access: Access::Anyone,
            errors: &[],
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
        Self { body: Body::Json(schema), ..self }
    }

    pub(crate) const fn takes_form(self, schema: &'static Schema) -> Self {
        Self { body: Body::Form(schema), ..self }
    }

    /// Needs a bearer token, of any scope.
    pub(crate) const fn for_callers(self) -> Self {
        Self { access: Access::Caller, ..self }
    }

    /// Needs a bearer token with the scope `user`.
    pub(crate) const fn for_owners(self) -> Self {
        Self { access: Access::Owner, ..self }
    }

    /// Needs an administrator's token.
    pub(crate) const fn for_admins(self) -> Self {
        Self { access: Access::Admin, ..self }
    }

    /// Needs the token of an administrator who gave the password recently.
    pub(crate) const fn for_recent_admins(self) -> Self {
        Self { access: Access::RecentAdmin, ..self }
    }

    /// The answer's status and description.
    pub(crate) const fn answers(self, status: StatusCode, description: &'static str) -> Self {
        Self { answer: Answer { status, description, ..self.answer }, ..self }
    }

    /// The answer's JSON body.
    pub(crate) const fn with(self, schema: &'static Schema) -> Self {
        self.with_media("application/json", schema)
    }

    /// The answer's body, of another media type.
    pub(crate) const fn with_media(self, media_type: &'static str, schema: &'static Schema) -> Self {
        Self { answer: Answer { content: Content::Schema(media_type, schema), ..self.answer }, ..self }
    }

    /// The answer is a file of one of these media types, which has an `etag`.
    pub(crate) const fn with_file(self, media_types: &'static [&'static str]) -> Self {
        Self { answer: Answer { content: Content::File(media_types), has_etag: true, ..self.answer }, ..self }
    }

    /// The answer has a `location` header with the address of a new user.
    pub(crate) const fn with_location(self) -> Self {
        Self { answer: Answer { has_location: true, ..self.answer }, ..self }
    }

    /// The errors that are specific to this operation.
    pub(crate) const fn fails(self, errors: &'static [&'static ErrorKind]) -> Self {
        Self { errors, ..self }
    }

    /// All errors that it may answer. `is_change` says whether its method changes something.
    pub(crate) fn errors(&self, is_change: bool) -> Vec<&'static ErrorKind> {
        let parameters: &[_] = if self.parameters.is_empty() { &[] } else { &[errors::VALIDATION] };
        let cross_site: &[_] = if is_change { &[errors::CROSS_SITE_REQUEST] } else { &[] };
        let (access, body) = (self.access.errors(), self.body.errors());
        let mut all = [self.errors, access, parameters, body, cross_site, errors::FAILURES].concat();
        let mut seen = Vec::new();
        all.retain(|kind| {
            !seen.contains(&kind.sentence) && {
                seen.push(kind.sentence);
                true
            }
        });
        all
    }

    /// The scopes that a token must have; `None` if no token is needed.
    pub(crate) fn scopes(&self) -> Option<&'static [&'static str]> {
        match self.access {
            Access::Anyone => None,
            Access::Caller => Some(&[]),
            Access::Owner => Some(&["user"]),
            Access::Admin | Access::RecentAdmin => Some(&["admin"]),
        }
    }
}
