//! Refuses requests that a browser sends because a page of another site asks it to.
//!
//! Such a page may send a form to any address without permission, but cannot read the answer. It does not
//! need to: wrong passwords from its visitors' browsers would throttle their networks. Browsers say where a
//! request comes from. Other programs do not, and are not affected.

use actix_web::{
    guard::GuardContext,
    http::header::{HOST, HeaderMap, HeaderName, ORIGIN},
    web,
};

use crate::http::state::Api;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a page of another origin, which is not one of `--cors-origin`, has sent a request.
pub(crate) fn is_foreign(context: &GuardContext<'_>) -> bool {
    let Some(api) = context.app_data::<web::Data<Api>>() else { return false };
    let origins = &api.cors_origins;
    Sender::of(context.head().headers())
        .is_foreign(&api.issuer, |origin| origins.iter().any(|allowed| allowed == origin))
}

/// What a browser says about the page that sends a request.
struct Sender<'a> {
    /// How the page's origin relates to ours (Fetch Metadata). Browsers send it over TLS and on the same
    /// machine.
    site: Option<&'a str>,
    origin: Option<&'a str>,
    host: Option<&'a str>,
}

impl<'a> Sender<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        // A header that is not text counts as an unknown origin.
        let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
        Self { site: text(SEC_FETCH_SITE), origin: text(ORIGIN), host: text(HOST) }
    }

    fn is_foreign(&self, issuer: &str, is_allowed: impl FnOnce(&str) -> bool) -> bool {
        let is_own = match (self.site, self.origin) {
            // `none` is an action of the user, such as opening a bookmark.
            (Some("same-origin" | "none"), _) | (None, None) => true,
            // A subdomain or sibling host is `same-site`, and may belong to another party.
            (Some(_), _) => false,
            (None, Some(origin)) => origin_of(issuer) == Some(origin) || self.is_of_our_host(origin),
        };
        !is_own && !self.origin.is_some_and(is_allowed)
    }

    /// Whether the page was loaded from the host that the request is sent to, whatever name that has. The
    /// browser, not the page, writes the origin.
    fn is_of_our_host(&self, origin: &str) -> bool {
        let host = origin.split_once("://").map(|(_, host)| host);
        host.is_some() && host == self.host
    }
}

/// The scheme, host and port of a URL.
fn origin_of(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let end = url.get(start..)?.find('/').map_or(url.len(), |at| start + at);
    url.get(..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_foreign(site: Option<&str>, origin: Option<&str>) -> bool {
        let sender = Sender { site, origin, host: Some("10.0.0.7:8000") };
        sender.is_foreign("https://login.example.com/auth", |origin| origin == "https://app.example.com")
    }

    #[test]
    fn only_pages_of_other_origins_that_are_not_allowed_are_foreign() {
        for (site, origin, expected) in [
            // Not a browser.
            (None, None, false),
            // Our own pages.
            (Some("same-origin"), None, false),
            (Some("same-origin"), Some("https://login.example.com"), false),
            (None, Some("https://login.example.com"), false),
            (None, Some("http://10.0.0.7:8000"), false),
            (None, Some("https://10.0.0.7:8000"), false),
            // An action of the user.
            (Some("none"), None, false),
            // Allowed pages.
            (Some("cross-site"), Some("https://app.example.com"), false),
            (Some("same-site"), Some("https://app.example.com"), false),
            (None, Some("https://app.example.com"), false),
            // Other pages.
            (Some("cross-site"), None, true),
            (Some("cross-site"), Some("https://evil.example"), true),
            (Some("cross-site"), Some("https://login.example.com"), true),
            (Some("cross-site"), Some("null"), true),
            (Some("same-site"), Some("https://blog.example.com"), true),
            (Some("same-site"), None, true),
            (Some("something new"), None, true),
            (Some(""), None, true),
            (None, Some("https://evil.example"), true),
            (None, Some("https://login.example.com.evil.example"), true),
            (None, Some("https://login.example.com:8443"), true),
            (None, Some("http://10.0.0.7"), true),
            (None, Some("10.0.0.7:8000"), true),
            (None, Some("null"), true),
            (None, Some(""), true),
        ] {
            assert_eq!(is_foreign(site, origin), expected, "{site:?} {origin:?}");
        }
    }

    #[test]
    fn an_issuers_origin_has_no_path() {
        for (url, origin) in [
            ("https://login.example.com", "https://login.example.com"),
            ("https://login.example.com:8443/a/b", "https://login.example.com:8443"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ] {
            assert_eq!(origin_of(url), Some(origin));
        }
    }
}
