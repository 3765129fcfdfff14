//! A panic in a sync actor's handler must not take the actor's only thread with it.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// A handler panicked; the panic hook has already written what and where to standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Panicked;

/// Runs `work`; a panic becomes an error.
///
/// Whoever gets the error must throw away what `work` could have left half changed: both sync
/// actors restart with fresh state.
pub(crate) fn catch_panic<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked)
}
