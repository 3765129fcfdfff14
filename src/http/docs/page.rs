//! `/openapi.json`, and `/docs`: the interactive page, served from the binary alone.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};
use serde_json::json;

use super::documentation::{Documentation, FILES};
use crate::http::{
    openapi::{Operation, Parameter, Tag},
    state::Api,
    wire::{ApiError, errors},
};

pub(crate) const HOME: Operation = Operation::new("home", Tag::Operation, "To the page")
    .answers(StatusCode::TEMPORARY_REDIRECT, "To `/docs`.");

pub(crate) async fn home(api: web::Data<Api>) -> HttpResponse {
    let page = format!("{}/docs", api.base_path());
    HttpResponse::TemporaryRedirect().insert_header((header::LOCATION, page)).finish()
}

pub(crate) const OPENAPI: Operation =
    Operation::new("openapi", Tag::Operation, "This document").file("The document.", &["application/json"]);

pub(crate) async fn openapi(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Ok(documentation(&api)?.document.answer(&request))
}

pub(crate) const PAGE: Operation =
    Operation::new("docs", Tag::Operation, "This page").file("The page.", &["text/html"]);

pub(crate) async fn page(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Ok(documentation(&api)?.page.answer(&request))
}

pub(crate) const FILE: Operation = Operation::new("docsFile", Tag::Operation, "A file of the page")
    .parameters(&[Parameter::path("file", "The file's name.", || json!({ "type": "string", "enum": FILES }))])
    .file("A file of the page.", &["text/css", "text/javascript", "image/png", "application/json"])
    .fails(&[errors::NOT_FOUND]);

pub(crate) async fn file(api: web::Data<Api>, request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let name = request.match_info().get("file").unwrap_or_default();
    let file = documentation(&api)?.file(name).ok_or(errors::NOT_FOUND)?;
    Ok(file.answer(&request))
}

fn documentation(api: &Api) -> Result<&Documentation, ApiError> {
    let lazy = api.documentation.as_deref().ok_or(errors::NOT_FOUND)?;
    Ok(lazy)
}
