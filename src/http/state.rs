//! The state that the handlers of one worker share.

use std::{rc::Rc, sync::Arc};

use ipnet::IpNet;

use crate::{
    actors::{Handle, Pinger, account::AccountActor, token::TokenActor},
    domain::{PasswordPolicy, Registration},
    http::docs::documentation::LazyDocumentation,
};

/// The state that the handlers of one worker share.
#[derive(Clone)]
pub struct Api {
    /// The account actor of this worker.
    pub accounts: Handle<AccountActor>,
    /// The token actor of this worker, for the keys to publish.
    pub tokens: Handle<TokenActor>,
    /// The actors that `/readyz` pings.
    pub readiness: Rc<[Pinger]>,
    /// The policy for new passwords.
    pub policy: PasswordPolicy,
    /// Who may register.
    pub registration: Registration,
    /// The documentation, if it is served.
    pub(crate) documentation: Option<Arc<LazyDocumentation>>,
    /// The origins whose pages may call the API.
    pub cors_origins: Arc<[String]>,
    /// The proxies whose forwarded headers are believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The `iss` of tokens, and the base of the addresses in the discovery document.
    pub issuer: Arc<str>,
}

impl Api {
    /// The path below which clients see the API; see [`base_path`].
    pub(crate) fn base_path(&self) -> &str {
        base_path(&self.issuer)
    }
}

/// The path of an issuer's URL: `/auth` for `https://app.example.com/auth`, and nothing if it has none. The
/// proxy takes it away from each request, so only what clients are told has it.
pub(crate) fn base_path(issuer: &str) -> &str {
    let authority = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    authority.find('/').and_then(|start| authority.get(start..)).unwrap_or_default().trim_end_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_path_is_what_follows_the_host() {
        for (issuer, path) in [
            ("https://login.example.com", ""),
            ("http://127.0.0.1:8000", ""),
            ("https://app.example.com/auth", "/auth"),
            ("http://[::1]:8000/a/b", "/a/b"),
            ("http://localhost/", ""),
        ] {
            assert_eq!(base_path(issuer), path);
        }
    }
}
