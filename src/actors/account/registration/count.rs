//! Limits the registrations of a network.

use crate::{
    actors::{
        account::{CheckError, Dependencies},
        throttle::ThrottleError,
    },
    domain::RequestOrigin,
    metrics,
};

/// Counts an attempt to take a name against the client's network, whatever its result. It runs before the
/// names are looked up, because "taken" reveals who has an account.
pub(in crate::actors::account) async fn count_registration(
    deps: &Dependencies,
    origin: &RequestOrigin,
) -> Result<(), CheckError> {
    let counted = deps.throttle.count_registration(origin.ip).await;
    if let Err(ThrottleError::Throttled { .. }) = counted {
        metrics::account::REGISTRATIONS_THROTTLED.inc();
    }
    Ok(counted?)
}
