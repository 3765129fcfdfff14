//! stub
use std::time::Duration;
pub(crate) enum Refusal { Busy, TimedOut, Stopped }
pub(crate) fn message_refused(_a: &'static str, _r: Refusal) {}
pub(crate) fn message_answered<M>(_a: &'static str, _t: Duration) {}
pub(crate) fn batch_committed(_n: usize, _t: Duration) {}
pub(crate) fn password_hashed(_t: Duration) {}
pub(crate) fn login_refused() {}
pub(crate) fn login_waited(_t: Duration) {}
pub(crate) fn attempt_throttled() {}
pub(crate) enum LoginOutcome { Success, Incorrect, Disabled, InvalidScope, Throttled, Busy, Failed }
pub(crate) fn login(_: LoginOutcome) {}
pub(crate) enum RefreshOutcome { Rotated, Replayed, Reused, Refused }
pub(crate) fn refresh(_: RefreshOutcome) {}
pub(crate) fn rows(_: crate::actors::db::RowCounts) {}
