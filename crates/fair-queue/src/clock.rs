//! The virtual time of a node.

/// A node's virtual time, in units of weight, and the weight that is charged to it next.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Clock {
    /// The current virtual time, without its fraction.
    pub(crate) now: u64,
    /// The fraction of a unit that has passed since `now`, in 2⁻³² units.
    fraction: u64,
    /// The weight of the entry that was served last. It is charged when the next one is served: until then
    /// the entry is in service, and newcomers arrive during it.
    in_service: u32,
}

impl Clock {
    /// Serves an entry with this start tag and weight, at a node with this many children.
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
