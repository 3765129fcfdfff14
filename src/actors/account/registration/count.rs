//! How many accounts a network may register.

use crate::{
    actors::{
        account::{CheckError, Dependencies},
        throttle::ThrottleError,
    },
    domain::RequestOrigin,
    metrics,
};

/// Counts an attempt to have a name against the client's network, whatever will come of it: before anybody
/// looks whether the name is taken, since that tells who has an account.
pub(in crate::actors::account) async fn count_registration(
    deps: &Dependencies,
    origin: &RequestOrigin,
) -> Result<(), CheckError> {
    let counted = deps.throttle.count_registration(origin.ip).await;
    if let Err(ThrottleError::Throttled { .. }) = counted {
        metrics::registration_throttled();
    }
    Ok(counted?)
}
