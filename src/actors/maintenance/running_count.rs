//! Counting a table over many passes.

use crate::actors::db::Slice;

/// A count of a table that is summed up slice by slice.
#[derive(Default)]
pub(super) struct RunningCount {
    /// The last row that was counted.
    pub(super) after: i64,
    count: i64,
}

impl RunningCount {
    /// Adds a slice. Returns the total if the slice was the last of the table.
    pub(super) fn add(&mut self, slice: Slice) -> Option<i64> {
        self.count += slice.count;
        match slice.next {
            Some(after) => {
                self.after = after;
                None
            }
            None => Some(std::mem::take(self).count),
        }
    }
}
