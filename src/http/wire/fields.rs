//! Reading the fields of a JSON object, and reporting every mistake at once.

use std::fmt;

use serde_json::{Map, Value};

use crate::{
    domain::{Email, NewPassword, Password, PasswordPolicy},
    http::wire::{api_error::ApiError, json::JsonObject, validation::FieldError},
};

/// Reads fields from an object, and collects all mistakes.
pub(crate) struct Fields<'a> {
    object: &'a Map<String, Value>,
    at: &'a [&'static str],
    mistakes: Vec<FieldError>,
}

impl<'a> Fields<'a> {
    /// The fields of a request's body.
    pub(crate) const fn of(body: &'a JsonObject) -> Self {
        Self { object: &body.0, at: &["body"], mistakes: Vec::new() }
    }

    /// The fields of another object, which is at `at` in the request. The mistakes found so far stay.
    pub(crate) fn then_of(self, object: &'a Map<String, Value>, at: &'a [&'static str]) -> Self {
        Self { object, at, ..self }
    }

    /// An error if there are mistakes.
    pub(crate) fn check(self) -> Result<(), ApiError> {
        if self.mistakes.is_empty() { Ok(()) } else { Err(self.refuse()) }
    }

    /// The error that names the mistakes.
    pub(crate) fn refuse(self) -> ApiError {
        ApiError::validation(self.mistakes)
    }

    fn wrong(&mut self, name: &'static str, kind: &'static str, msg: impl Into<String>) {
        self.mistakes.push(FieldError::new(kind, &self.loc(name), msg));
    }

    fn loc(&self, name: &'static str) -> Vec<&'static str> {
        [self.at, &[name]].concat()
    }

    /// A required text.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        if !self.object.contains_key(name) {
            self.mistakes.push(FieldError::missing(&self.loc(name)));
            return None;
        }
        self.optional_text(name)
    }

    /// An optional text.
    pub(crate) fn optional_text(&mut self, name: &'static str) -> Option<String> {
        match self.object.get(name)? {
            Value::String(text) => Some(text.clone()),
            _ => {
                self.wrong(name, "string_type", "Input should be a valid string");
                None
            }
        }
    }

    /// An optional boolean.
    pub(crate) fn optional_bool(&mut self, name: &'static str) -> Option<bool> {
        match self.object.get(name)? {
            Value::Bool(value) => Some(*value),
            _ => {
                self.wrong(name, "bool_type", "Input should be a valid boolean");
                None
            }
        }
    }

    /// Parses a text that was read, and records a mistake at its name.
    pub(crate) fn parse<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        text: Option<String>,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(&text?) {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(name, "value_error", error.to_string());
                None
            }
        }
    }

    /// A required e-mail address.
    pub(crate) fn email(&mut self, name: &'static str) -> Option<Email> {
        let text = self.text(name);
        self.parse(name, text, Email::parse)
    }

    /// A required password, which is checked against no policy.
    pub(crate) fn password(&mut self, name: &'static str) -> Option<Password> {
        self.text(name).map(Password::new)
    }

    /// A required password that is to be set for a user with these names.
    pub(crate) fn new_password(
        &mut self,
        name: &'static str,
        policy: PasswordPolicy,
        names: &[&str],
    ) -> Option<NewPassword> {
        let password = self.password(name)?;
        policy
            .accept(password, names)
            .map_err(|error| self.mistakes.push(FieldError::password(error, &self.loc(name))))
            .ok()
    }
}
