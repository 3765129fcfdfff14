//! The virtual time of a node.

/// A node's virtual time, in units of weight, and what is charged to it next.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    /// The present virtual time, without its fraction.
    pub(crate) now: u64,
    /// The fraction of a unit that has passed since, of 2³².
    fraction: u64,
    /// The weight of what was served last. It is charged when the next is served, for until then the
    /// service of the last is under way, and newcomers arrive while it is.
    in_service: u32,
}

impl Clock {
    /// Serves an entry of this start tag and weight, at a node that so many children share.
    pub(crate) fn serve(&mut self, start: u64, weight: u32, children: u32) {
        self.fraction += (u64::from(self.in_service) << 32) / u64::from(children.max(1));
        self.now += self.fraction >> 32;
        self.fraction &= u64::from(u32::MAX);
        if start > self.now {
            (self.now, self.fraction) = (start, 0);
        }
        self.in_service = weight;
    }
}
