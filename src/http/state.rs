//! What the handlers of one worker reach.

use std::{rc::Rc, sync::Arc};

use ipnet::IpNet;

use crate::{
    actors::{Handle, Pinger, account::AccountActor, token::TokenActor},
    domain::{PasswordPolicy, Registration},
    http::docs::asset::Asset,
};

/// What the handlers of one worker reach.
#[derive(Clone)]
pub struct Api {
    /// The use cases.
    pub accounts: Handle<AccountActor>,
    /// The keys to publish.
    pub tokens: Handle<TokenActor>,
    /// The actors that `/readyz` pings.
    pub readiness: Rc<[Pinger]>,
    /// What a new password must be.
    pub policy: PasswordPolicy,
    /// Who may register.
    pub registration: Registration,
    /// The OpenAPI document, if the documentation is served.
    pub document: Option<Arc<Asset>>,
    /// The origins whose pages may call.
    pub cors_origins: Arc<[String]>,
    /// Whose forwarded headers are believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// The `iss` of tokens, and the base of the discovery document's addresses.
    pub issuer: Arc<str>,
}
