//! The parameters of a request: the `{id}` of its path, and its query.

use std::{
    collections::HashMap,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};

use super::{api_error::ApiError, validation::FieldError};
use crate::domain::{Cursor, Email};

/// The `{id}` of a path.
pub(crate) struct PathId(pub(crate) i64);

impl FromRequest for PathId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("id").and_then(|id| id.parse().ok());
        ready(id.map(Self).ok_or_else(|| {
            FieldError::new("int_parsing", &["path", "id"], "Input should be a valid integer").into()
        }))
    }
}

/// The query of a request.
pub(crate) struct Query(HashMap<String, String>);

impl FromRequest for Query {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let query = web::Query::from_query(request.query_string());
        ready(match query {
            Ok(web::Query(map)) => Ok(Self(map)),
            Err(_) => Err(refused("query", "value_error", "the query cannot be read")),
        })
    }
}

fn refused(name: &'static str, kind: &'static str, msg: &str) -> ApiError {
    FieldError::new(kind, &["query", name], msg).into()
}

impl Query {
    /// A boolean, `false` if it is missing.
    pub(crate) fn boolean(&self, name: &'static str) -> Result<bool, ApiError> {
        match self.0.get(name).map(String::as_str) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(refused(name, "bool_parsing", "Input should be 'true' or 'false'")),
        }
    }

    pub(crate) fn limit(&self) -> Result<usize, ApiError> {
        let Some(text) = self.0.get("limit") else { return Ok(50) };
        text.parse()
            .ok()
            .filter(|limit| (1..=200).contains(limit))
            .ok_or_else(|| refused("limit", "int_parsing", "Input should be a whole number from 1 to 200"))
    }

    /// The cursor; `None` for the first page, which an empty cursor asks for as well.
    pub(crate) fn after(&self) -> Result<Option<Cursor>, ApiError> {
        let Some(text) = self.0.get("after").filter(|text| !text.is_empty()) else { return Ok(None) };
        Cursor::parse(text)
            .map(Some)
            .map_err(|_| refused("after", "value_error", "Input should be the 'next' of another page"))
    }

    pub(crate) fn prefix(&self) -> Result<String, ApiError> {
        let prefix = self.0.get("q").cloned().unwrap_or_default();
        if prefix.chars().count() > Email::MAX_LENGTH {
            return Err(refused("q", "string_too_long", "String should have at most 254 characters"));
        }
        Ok(prefix)
    }
}
