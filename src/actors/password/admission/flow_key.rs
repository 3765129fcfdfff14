//! What determines a hash's place in the fair order.

use crate::domain::{LoginName, Network, RequestOrigin};

/// What a hash is computed for. Hashes with the same key share a place in the fair order.
#[derive(Debug, Clone)]
pub struct FlowKey {
    pub(super) account: Option<LoginName>,
    pub(super) network: Option<Network>,
}

impl FlowKey {
    /// A password that is tried for an account.
    #[must_use]
    pub fn login(account: &LoginName, origin: &RequestOrigin) -> Self {
        Self { account: Some(account.clone()), ..Self::registration(origin) }
    }

    /// A registration: there is no account yet.
    #[must_use]
    pub fn registration(origin: &RequestOrigin) -> Self {
        Self { account: None, network: origin.ip.map(Network::of) }
    }

    /// The renewal of a stored hash, for which no request waits. One runs at a time, so it has one place in
    /// a round.
    #[must_use]
    pub fn renewal() -> Self {
        Self { account: None, network: None }
    }
}
