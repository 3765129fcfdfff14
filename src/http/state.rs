//! The state that the handlers of one worker share.

use std::{rc::Rc, sync::Arc};

use ipnet::IpNet;

use crate::{
    actors::{Handle, Pinger, account::AccountActor, token::TokenActor},
    domain::{PasswordPolicy, Registration},
    http::docs::asset::LazyAsset,
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
    /// The OpenAPI document, if the documentation is served.
    pub document: Option<Arc<LazyAsset>>,
    /// The origins whose pages may call the API.
    pub cors_origins: Arc<[String]>,
    /// The proxies whose forwarded headers are believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The `iss` of tokens, and the base of the addresses in the discovery document.
    pub issuer: Arc<str>,
}
