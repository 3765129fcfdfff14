//! The wire: reading requests, refusing what is wrong with them, and rendering answers.

pub(crate) mod api_error;
mod bearer;
mod body;
mod causes;
pub(crate) mod client_address;
pub(crate) mod errors;
mod fields;
mod form;
mod json;
mod origin;
mod parameters;
pub(crate) mod render;
pub(crate) mod validation;

pub(crate) use self::{
    api_error::{Answer, ApiError, OAuthError},
    bearer::{Authorization, Bearer, bearer},
    fields::Fields,
    form::Form,
    json::JsonObject,
    origin::Origin,
    parameters::{PathId, Query},
    render::{
        Items, NO_STORE, ROLE, SESSION_LIST, SessionBody, TOKEN_RESPONSE, TokenResponse, USER, UserBody,
        no_content, ok,
    },
    validation::FieldError,
};
