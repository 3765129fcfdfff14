//! The networks that an account has logged in from.

use std::net::IpAddr;

use actix::Message;
use rusqlite::Connection;

use super::{Access, DbError, DbMessage};
use crate::domain::{Network, UserId};

/// Finds out whether one of a user's sessions was opened from a network: of the newest
/// [`HasLoggedInFrom::MAX_SESSIONS`], those that ended and were not purged yet among them.
#[derive(Debug, Message)]
#[rtype(result = "Result<bool, DbError>")]
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
    const ACCESS: Access = Access::Read;

    fn run(self, db: &Connection) -> Result<bool, DbError> {
        let mut statement =
            db.prepare_cached("SELECT ip FROM sessions WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2")?;
        let mut rows = statement.query((self.user_id, Self::MAX_SESSIONS))?;
        while let Some(row) = rows.next()? {
            let network = match row.get_ref(0)?.as_str_or_null().map_err(rusqlite::Error::from)? {
                None => None,
                Some(text) => match text.parse::<IpAddr>() {
                    Ok(ip) => Some(Network::of(ip)),
                    Err(_) => continue,
                },
            };
            if network == self.network {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
