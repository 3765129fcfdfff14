//! Reading request bodies: bounded in size and time.

use std::{collections::HashSet, fmt, time::Duration};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header::CONTENT_TYPE};
use futures_util::{StreamExt, future::LocalBoxFuture};
use percent_encoding::percent_decode;
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, Visitor},
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::http::wire::errors::{ApiError, FieldError};

/// The largest body.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What the `Content-Type` of a request says of its body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MediaType {
    /// It is what the endpoint reads.
    Expected,
    /// There is no such header: a body without one must be empty.
    Missing,
    Other,
}

impl MediaType {
    fn of(request: &HttpRequest, is_expected: impl FnOnce(&str) -> bool) -> Self {
        match request.headers().contains_key(CONTENT_TYPE) {
            false => Self::Missing,
            true if is_expected(&request.content_type().to_ascii_lowercase()) => Self::Expected,
            true => Self::Other,
        }
    }
}

/// Reads a whole body. `unsupported` is what a client is told of one of another type.
async fn read(
    mut payload: Payload,
    media_type: MediaType,
    unsupported: &'static str,
) -> Result<Zeroizing<Vec<u8>>, ApiError> {
    let whole = async {
        if media_type == MediaType::Other {
            return Err(ApiError::UnsupportedMediaType(unsupported));
        }
        let mut body = Zeroizing::new(Vec::new());
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| ApiError::InvalidRequest("The body could not be read"))?;
            if media_type == MediaType::Missing && !chunk.is_empty() {
                return Err(ApiError::UnsupportedMediaType(unsupported));
            }
            if body.len() + chunk.len() > MAX_BODY {
                return Err(ApiError::PayloadTooLarge);
            }
            append(&mut body, &chunk);
        }
        Ok(body)
    };
    tokio::time::timeout(BODY_TIMEOUT, whole).await.unwrap_or(Err(ApiError::RequestTimeout))
}

/// Appends to a buffer that may hold a password. One that is too small is wiped, not only left.
fn append(body: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    let needed = body.len() + chunk.len();
    if needed > body.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * body.capacity())));
        larger.extend_from_slice(body);
        *body = larger;
    }
    body.extend_from_slice(chunk);
}

/// A body that is a JSON object.
pub(crate) struct JsonObject(pub(crate) Map<String, Value>);

impl FromRequest for JsonObject {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = MediaType::of(request, |name| name == "application/json" || name.ends_with("+json"));
        let payload = payload.take();
        Box::pin(async move {
            let body = read(payload, media_type, "The content type should be application/json").await?;
            parse_object(&body)
        })
    }
}

fn parse_object(body: &[u8]) -> Result<JsonObject, ApiError> {
    let invalid = |error: serde_json::Error| {
        ApiError::Validation(vec![FieldError {
            kind: "json_invalid",
            loc: vec!["body"],
            msg: format!("JSON decode error: {error}"),
        }])
    };
    match serde_json::from_slice(body).map_err(invalid)? {
        DuplicateFree(Value::Object(object)) => Ok(JsonObject(object)),
        DuplicateFree(_) => Err(ApiError::Validation(vec![FieldError {
            kind: "model_attributes_type",
            loc: vec!["body"],
            msg: "Input should be a valid dictionary or object to extract fields from".to_owned(),
        }])),
    }
}

/// A JSON value in whose objects, at any depth, all names are different: which of two the sender
/// meant cannot be known.
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

/// A body that is an HTML form, as OAuth 2 sends them.
pub(crate) struct Form(Vec<(String, String)>);

impl FromRequest for Form {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = MediaType::of(request, |name| name == "application/x-www-form-urlencoded");
        let payload = payload.take();
        Box::pin(async move {
            let unsupported = "The content type should be application/x-www-form-urlencoded";
            Self::parse(&read(payload, media_type, unsupported).await?)
        })
    }
}

impl Form {
    fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let text = |bytes: &[u8]| {
            let spaced = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte });
            let spaced = Zeroizing::new(spaced.collect::<Vec<u8>>());
            let decoded = percent_decode(&spaced).decode_utf8().map(std::borrow::Cow::into_owned);
            decoded.map_err(|_| ApiError::InvalidRequest("The form is not UTF-8"))
        };
        let mut names = HashSet::new();
        let mut fields = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = text(halves.next().unwrap_or_default())?;
            let value = text(halves.next().unwrap_or_default())?;
            // RFC 6749, section 3.2: parameters must not be included more than once.
            if !names.insert(name.clone()) {
                return Err(ApiError::InvalidRequest("A parameter is included more than once"));
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// A field's value; one that is empty is as good as absent (RFC 6749, section 3.2).
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(field, _)| field == name)?;
        let (_, value) = self.0.swap_remove(index);
        Some(value).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(body: &[u8]) -> &'static str {
        match parse_object(body) {
            Err(ApiError::Validation(errors)) => errors[0].kind,
            Err(other) => panic!("{other}"),
            Ok(_) => "ok",
        }
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

    #[test]
    fn a_form_is_decoded_strictly() {
        let mut form = Form::parse(b"a=1+2%2B3&b=&c&d=%E3%81%82").ok().unwrap();

        assert_eq!(form.take("a").as_deref(), Some("1 2+3"));
        assert_eq!(form.take("b"), None);
        assert_eq!(form.take("c"), None);
        assert_eq!(form.take("d").as_deref(), Some("あ"));
        for bad in [&b"a=%ff"[..], b"a=1&a=2", b"a=&a=", b"a=\xff"] {
            assert!(matches!(Form::parse(bad), Err(ApiError::InvalidRequest(_))), "{bad:?}");
        }
    }
}
