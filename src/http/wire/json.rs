//! Reading JSON objects.

use std::fmt;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{
    api_error::ApiError,
    body::{MediaType, read},
    errors,
    validation::FieldError,
};

/// A body that is a JSON object.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl FromRequest for JsonObject {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = MediaType::of(request, |name| name == "application/json" || name.ends_with("+json"));
        let payload = payload.take();
        Box::pin(async move {
            let body = read(payload, media_type, errors::NOT_JSON).await?;
            Ok(parse_object(&body)?)
        })
    }
}

fn parse_object(body: &[u8]) -> Result<JsonObject, FieldError> {
    let invalid = |error| FieldError::new("json_invalid", &["body"], format!("JSON decode error: {error}"));
    match serde_json::from_slice(body).map_err(invalid)? {
        DuplicateFree(Value::Object(object)) => Ok(JsonObject(object)),
        DuplicateFree(_) => Err(FieldError::not_an_object(&["body"])),
    }
}

/// A JSON value in whose objects, at any depth, all names are different, because it cannot be known which of
/// two equal names the sender meant.
struct DuplicateFree(Value);

impl<'de> Deserialize<'de> for DuplicateFree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DuplicateFreeVisitor).map(Self)
    }
}

struct DuplicateFreeVisitor;

impl<'de> Visitor<'de> for DuplicateFreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((name, DuplicateFree(value))) = access.next_entry()? {
            if map.insert(name, value).is_some() {
                return Err(de::Error::custom("a name occurs twice"));
            }
        }
        Ok(Value::Object(map))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut access: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(DuplicateFree(item)) = access.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(body: &[u8]) -> &'static str {
        parse_object(body).map_or_else(|mistake| mistake.kind(), |_| "ok")
    }

    #[test]
    fn a_body_is_one_json_object_with_different_names() {
        for (body, expected) in [
            (&b"{}"[..], "ok"),
            (br#"{"a": [1, {"b": null}]}"#, "ok"),
            (b"", "json_invalid"),
            (b"{", "json_invalid"),
            (b"{} {}", "json_invalid"),
            (br#"{"a": 1, "a": 2}"#, "json_invalid"),
            (br#"{"a": [{"b": {"c": 1, "c": 1}}]}"#, "json_invalid"),
            (b"{\"a\": \"\xff\"}", "json_invalid"),
            (br#"{"a": "\ud800"}"#, "json_invalid"),
            (b"[]", "model_attributes_type"),
            (b"[1, 2]", "model_attributes_type"),
            (b"null", "model_attributes_type"),
            (b"1", "model_attributes_type"),
            (b"-1", "model_attributes_type"),
            (b"1.5", "model_attributes_type"),
            (b"true", "model_attributes_type"),
            (br#""text""#, "model_attributes_type"),
        ] {
            assert_eq!(kind(body), expected, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn deep_json_is_refused_and_does_not_exhaust_the_stack() {
        let body = [br#"{"a":"#.to_vec(), vec![b'['; 60_000]].concat();

        assert_eq!(kind(&body), "json_invalid");
        assert_eq!(kind(&vec![b'['; 60_000]), "json_invalid");
    }
}
