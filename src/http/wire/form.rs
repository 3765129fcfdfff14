//! Reading HTML forms.

use std::collections::HashSet;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::LocalBoxFuture;
use percent_encoding::percent_decode;
use zeroize::Zeroizing;

use super::{
    api_error::ApiError,
    body::{MediaType, read},
    errors,
};

/// A body that is an HTML form, as OAuth 2 clients send.
pub(crate) struct Form(Vec<(String, String)>);

impl FromRequest for Form {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let media_type = MediaType::of(request, |name| name == "application/x-www-form-urlencoded");
        let payload = payload.take();
        Box::pin(async move { Self::parse(&read(payload, media_type, errors::NOT_A_FORM).await?) })
    }
}

impl Form {
    fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let text = |bytes: &[u8]| {
            let spaced = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte });
            let spaced = Zeroizing::new(spaced.collect::<Vec<u8>>());
            let decoded = percent_decode(&spaced).decode_utf8().map(std::borrow::Cow::into_owned);
            decoded.map_err(|_| errors::FORM_NOT_UTF8)
        };
        let mut names = HashSet::new();
        let mut fields = Vec::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = text(halves.next().unwrap_or_default())?;
            let value = text(halves.next().unwrap_or_default())?;
            // RFC 6749, section 3.2: parameters must not be included more than once.
            if !names.insert(name.clone()) {
                return Err(errors::REPEATED_PARAMETER.into());
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// A field's value. An empty value counts as absent (RFC 6749, section 3.2).
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let index = self.0.iter().position(|(field, _)| field == name)?;
        let (_, value) = self.0.swap_remove(index);
        Some(value).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded_strictly() {
        let mut form = Form::parse(b"a=1+2%2B3&b=&c&d=%E3%81%82").ok().unwrap();

        assert_eq!(form.take("a").as_deref(), Some("1 2+3"));
        assert_eq!(form.take("b"), None);
        assert_eq!(form.take("c"), None);
        assert_eq!(form.take("d").as_deref(), Some("あ"));
        for bad in [&b"a=%ff"[..], b"a=1&a=2", b"a=&a=", b"a=\xff"] {
            assert_eq!(
                Form::parse(bad).err().map(|error| error.to_string()).as_deref(),
                Some("invalid_request")
            );
        }
    }
}
