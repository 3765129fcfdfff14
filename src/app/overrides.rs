//! What a test replaces.

use super::ConnectionLimits;
use crate::domain::{Clock, Random};

/// Replacements for the system clock, the system randomness and the default connection limits, for tests.
/// The default replaces nothing.
///
/// ```
/// use std::time::Duration;
///
/// use sekisho::{
///     app::{Overrides, Sekisho},
///     config::{Config, Database},
///     domain::{Clock, Timestamp},
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix::System::new().block_on(async {
/// let clock = Clock::manual(Timestamp::from_seconds(1_800_000_000));
/// let overrides = Overrides { clock: clock.clone(), ..Overrides::default() };
/// let mut config = Config::default();
/// config.database.location = Database::Memory;
/// let sekisho = Sekisho::start(config, "http://localhost:8000", overrides).await?;
///
/// // A month passes, and no test waits for it.
/// clock.advance(Duration::from_hours(30 * 24));
/// # sekisho.close().await?;
/// # Ok(()) })
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The source of time.
    pub clock: Clock,
    /// The source of randomness.
    pub random: Random,
    /// The limits on connections.
    pub connections: ConnectionLimits,
}
