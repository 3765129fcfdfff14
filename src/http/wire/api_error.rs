//! The error answer of a request.

use std::{borrow::Cow, fmt, rc::Rc, time::Duration};

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::{Map, Value, json};

use super::{
    errors::{self, ErrorKind},
    render::NO_STORE,
    validation::FieldError,
};
use crate::actors::account::ActorError;

/// Why a request failed: a row of the table, and what this request adds to it.
#[derive(Debug)]
pub(crate) struct ApiError {
    kind: &'static ErrorKind,
    addition: Addition,
}

/// What one request adds to an error's row.
#[derive(Debug)]
enum Addition {
    None,
    RetryAfter(Duration),
    /// The methods that the path has.
    Allow(Rc<str>),
    /// The mistakes of the request.
    Fields(Vec<FieldError>),
    /// The actors that are not ready.
    Failing(Vec<&'static str>),
    /// The cause, which is logged but not told to the client.
    Cause(ActorError),
}

impl From<&'static ErrorKind> for ApiError {
    fn from(kind: &'static ErrorKind) -> Self {
        Self { kind, addition: Addition::None }
    }
}

impl From<FieldError> for ApiError {
    fn from(mistake: FieldError) -> Self {
        Self::validation(vec![mistake])
    }
}

impl ApiError {
    /// The request has these mistakes.
    pub(crate) const fn validation(mistakes: Vec<FieldError>) -> Self {
        Self { kind: errors::VALIDATION, addition: Addition::Fields(mistakes) }
    }

    /// The request may succeed later.
    pub(crate) const fn retry_after(kind: &'static ErrorKind, retry_after: Duration) -> Self {
        Self { kind, addition: Addition::RetryAfter(retry_after) }
    }

    /// An actor failed.
    pub(crate) const fn caused_by(kind: &'static ErrorKind, cause: ActorError) -> Self {
        Self { kind, addition: Addition::Cause(cause) }
    }

    /// These actors do not answer.
    pub(crate) const fn not_ready(failing: Vec<&'static str>) -> Self {
        Self { kind: errors::NOT_READY, addition: Addition::Failing(failing) }
    }

    /// The path has only other methods.
    pub(crate) const fn method_not_allowed(allow: Rc<str>) -> Self {
        Self { kind: errors::METHOD_NOT_ALLOWED, addition: Addition::Allow(allow) }
    }

    /// The body, which on OAuth endpoints has the two members of RFC 6749 as well.
    pub(crate) fn body(&self, is_oauth: bool) -> Value {
        let ErrorKind { code, sentence, .. } = *self.kind;
        let mut detail = json!(sentence);
        let mut description = Cow::Borrowed(sentence);
        let mut body = Map::new();
        match &self.addition {
            Addition::Fields(mistakes) => {
                detail = json!(mistakes);
                let sentences: Vec<_> = mistakes.iter().map(FieldError::to_string).collect();
                description = Cow::Owned(sentences.join("; "));
            }
            Addition::Failing(names) => {
                body.insert("failing".to_owned(), json!(names));
            }
            Addition::None | Addition::RetryAfter(_) | Addition::Allow(_) | Addition::Cause(_) => {}
        }
        body.extend([("code".to_owned(), json!(code)), ("detail".to_owned(), detail)]);
        if is_oauth {
            body.insert("error".to_owned(), self.kind.oauth_error().into());
            body.insert("error_description".to_owned(), description.into());
        }
        Value::Object(body)
    }

    fn respond(&self, is_oauth: bool) -> HttpResponse {
        let mut response = HttpResponse::build(self.kind.status);
        response.insert_header(NO_STORE);
        if let Some(challenge) = self.kind.www_authenticate() {
            response.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        if self.kind.is_temporary() {
            let retry_after =
                if let Addition::RetryAfter(duration) = self.addition { duration } else { Duration::ZERO };
            // Whole seconds, rounded up, so that the client does not return too early.
            let seconds = retry_after.as_secs() + u64::from(retry_after.subsec_nanos() > 0);
            response.insert_header((header::RETRY_AFTER, seconds.max(1)));
        }
        if let Addition::Allow(methods) = &self.addition {
            response.insert_header((header::ALLOW, &**methods));
        }
        if matches!(self.kind.status, StatusCode::REQUEST_TIMEOUT | StatusCode::PAYLOAD_TOO_LARGE) {
            // The rest of the body may still arrive, and nothing reads it.
            response.force_close();
        }
        response.json(self.body(is_oauth))
    }
}

impl fmt::Display for ApiError {
    /// The text of the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.addition {
            Addition::Cause(error) => error.fmt(f),
            Addition::Failing(names) => write!(f, "not ready: {}", names.join(", ")),
            Addition::None | Addition::RetryAfter(_) | Addition::Allow(_) | Addition::Fields(_) => {
                f.write_str(self.kind.code)
            }
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.kind.status
    }

    fn error_response(&self) -> HttpResponse {
        self.respond(false)
    }
}

/// What a handler returns.
pub(crate) type Answer = Result<HttpResponse, ApiError>;

/// An error of an OAuth endpoint.
#[derive(Debug)]
pub(crate) struct OAuthError(pub(crate) ApiError);

impl<E: Into<ApiError>> From<E> for OAuthError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ResponseError for OAuthError {
    fn status_code(&self) -> StatusCode {
        self.0.kind.status
    }

    fn error_response(&self) -> HttpResponse {
        self.0.respond(true)
    }
}
