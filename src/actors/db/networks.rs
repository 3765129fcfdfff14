//! The networks that an account has logged in from.

use super::DbMessage;
use crate::domain::{Network, UserId};

/// Finds out whether one of a user's sessions was opened from a network. It looks at the newest
/// [`HasLoggedInFrom::MAX_SESSIONS`], including ended ones that are not purged yet.
#[derive(Debug)]
pub struct HasLoggedInFrom {
    /// The user. `None` finds no session. It is sent if a name belongs to no user, so that the response time
    /// does not tell.
    pub user_id: Option<UserId>,
    /// The network; `None` if the address is unknown.
    pub network: Option<Network>,
}

impl HasLoggedInFrom {
    /// The number of sessions that are examined.
    pub const MAX_SESSIONS: i64 = 200;
}

impl DbMessage for HasLoggedInFrom {
    type Answer = bool;
}
