//! How a caller identifies an entry.

use crate::arena::NodeId;

/// Identifies an entry while it waits in a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// The number of the push, unique in its queue.
    pub(crate) number: u64,
    pub(crate) leaf: NodeId,
}
