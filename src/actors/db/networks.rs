//! The networks that an account has logged in from.

use super::DbMessage;
use crate::domain::{Network, UserId};

/// Finds out whether one of a user's sessions was opened from a network: of the newest
/// [`HasLoggedInFrom::MAX_SESSIONS`], those that ended and were not purged yet among them.
#[derive(Debug)]
pub struct HasLoggedInFrom {
    /// Whose. `None` is nobody, who has no sessions: the question is asked all the same where a name
    /// is no user's, so that the time until the answer does not tell.
    pub user_id: Option<UserId>,
    /// The network; `None` where the address is not known.
    pub network: Option<Network>,
}

impl HasLoggedInFrom {
    /// How many sessions are looked at.
    pub const MAX_SESSIONS: i64 = 200;
}

impl DbMessage for HasLoggedInFrom {
    type Answer = bool;
}
