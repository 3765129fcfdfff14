//! Keeps a panic in a sync actor's handler from ending the actor's only thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A handler panicked. The panic hook has already logged what and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Runs `work`, and turns a panic into an error.
///
/// The caller must discard the state that `work` may have left half changed: both sync actors restart with
/// fresh state.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked)
}
