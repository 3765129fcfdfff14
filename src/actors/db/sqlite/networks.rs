//! The SQL of the networks that an account has logged in from.

use std::net::IpAddr;

use super::{Access, Run, Tx};
use crate::{
    actors::db::{DbError, HasLoggedInFrom},
    domain::Network,
};

impl Run for HasLoggedInFrom {
    const ACCESS: Access = Access::Read;

    fn run(self, tx: &Tx<'_>) -> Result<bool, DbError> {
        let mut statement =
            tx.prepare_cached("SELECT ip FROM sessions WHERE user_id = ?1 ORDER BY id DESC LIMIT ?2")?;
        let mut rows = statement.query((self.user_id, Self::MAX_SESSIONS))?;
        while let Some(row) = rows.next()? {
            let network = match row.get_ref("ip")?.as_str_or_null().map_err(rusqlite::Error::from)? {
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
