//! A node of the tree, and how its parent ranks it.

use crate::{arena::NodeId, clock::Clock, ticket::Ticket};

/// A flow at the end of the path, and the number of the push.
pub(crate) type EntryKey = (NodeId, u64);

/// The properties of an entry that decide its rank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) weight: u32,
    pub(crate) crowd: u32,
}

/// A waiting entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) ticket: Ticket,
    pub(crate) weight: u32,
    pub(crate) crowd: u32,
}

impl From<(&EntryKey, &Facts)> for Waiting {
    fn from(((leaf, number), facts): (&EntryKey, &Facts)) -> Self {
        let ticket = Ticket { number: *number, leaf: *leaf };
        Self { ticket, weight: facts.weight, crowd: facts.crowd }
    }
}

/// The rank of a child in its node. The lowest is served next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// The start tag.
    start: u64,
    /// The number of other flows that end in the same key as the entry's.
    crowd: u32,
    /// The number of the push since which the child has something waiting; unique among siblings.
    since: u64,
}

impl Rank {
    pub(crate) const FIRST: Self = Self { start: 0, crowd: 0, since: 0 };
    pub(crate) const LAST: Self = Self { start: u64::MAX, crowd: u32::MAX, since: u64::MAX };

    /// The rank after an entry of this weight was served, with the crowd of the next entry.
    pub(crate) fn after(self, weight: u32, crowd: u32) -> Self {
        Self { start: self.start + u64::from(weight), crowd, ..self }
    }
}

#[derive(Debug)]
pub(crate) struct Node<K> {
    pub(crate) parent: NodeId,
    /// `None` for the root.
    pub(crate) key: Option<K>,
    /// The number of keys that lead to this node.
    pub(crate) level: usize,
    /// Its start tag, in the virtual time of its parent.
    pub(crate) start: u64,
    /// The number of the push since which something waits below it.
    pub(crate) since: u64,
    /// The number of entries below it, and the sum of their weights.
    pub(crate) entries: usize,
    pub(crate) cost: u64,
    /// Its virtual time, in which the start tags of its children are measured.
    pub(crate) clock: Clock,
    /// The number of its children: those with something waiting, and those that are remembered.
    pub(crate) children: u32,
    /// How many of them have something waiting.
    pub(crate) waiting_children: u32,
    /// The first and the last of the entries below it, in the order of their service.
    pub(crate) ends: Option<[Waiting; 2]>,
    /// Its ranks in its parent's two orders, by the first and by the last entry.
    pub(crate) ranks: Option<[Rank; 2]>,
}

impl<K> Node<K> {
    pub(crate) fn new(parent: NodeId, key: Option<K>, level: usize, start: u64) -> Self {
        Self {
            parent,
            key,
            level,
            start,
            since: 0,
            entries: 0,
            cost: 0,
            clock: Clock::default(),
            children: 0,
            waiting_children: 0,
            ends: None,
            ranks: None,
        }
    }

    /// Its ranks according to its current state.
    pub(crate) fn current_ranks(&self) -> Option<[Rank; 2]> {
        self.ends.map(|[first, last]| {
            let last_start = self.start + self.cost - u64::from(last.weight);
            let rank = |start, crowd| Rank { start, crowd, since: self.since };
            [rank(self.start, first.crowd), rank(last_start, last.crowd)]
        })
    }
}
