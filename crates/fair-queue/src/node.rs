//! A node of the tree, and what its parent ranks it by.

use crate::{Ticket, arena::NodeId, clock::Clock};

/// A flow at the end of the path, and the number of the push.
pub(crate) type EntryKey = (NodeId, u64);

/// What is known of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) weight: u32,
    pub(crate) crowd: u32,
}

/// An entry that waits.
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

/// What decides which of a node's children is served: the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    /// The start tag.
    start: u64,
    /// How many flows elsewhere end in the same key as the entry's.
    crowd: u32,
    /// The number of the push since which the child has something waiting: no two siblings' is the
    /// same.
    since: u64,
}

impl Rank {
    pub(crate) const FIRST: Self = Self { start: 0, crowd: 0, since: 0 };
    pub(crate) const LAST: Self = Self { start: u64::MAX, crowd: u32::MAX, since: u64::MAX };

    /// The rank after an entry of this weight was served, with the crowd of the next.
    pub(crate) fn after(self, weight: u32, crowd: u32) -> Self {
        Self { start: self.start + u64::from(weight), crowd, ..self }
    }
}

#[derive(Debug)]
pub(crate) struct Node<K> {
    pub(crate) parent: NodeId,
    /// `None` for the root.
    pub(crate) key: Option<K>,
    /// The number of keys that lead to it.
    pub(crate) level: usize,
    /// Its start tag, in its parent's virtual time.
    pub(crate) start: u64,
    /// The number of the push since which something waits.
    pub(crate) since: u64,
    /// How many entries wait below it, and their weights together.
    pub(crate) entries: usize,
    pub(crate) cost: u64,
    /// Its virtual time, which its children's start tags are in.
    pub(crate) clock: Clock,
    /// How many children it has: with something waiting, or remembered.
    pub(crate) children: u32,
    /// The first and the last of the entries below it, in the order of their service.
    pub(crate) ends: Option<[Waiting; 2]>,
    /// Its ranks in its parent's orders by the first and the last.
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
            ends: None,
            ranks: None,
        }
    }

    /// Its ranks as they are by now.
    pub(crate) fn current_ranks(&self) -> Option<[Rank; 2]> {
        self.ends.map(|[first, last]| {
            let last_start = self.start + self.cost - u64::from(last.weight);
            let rank = |start, crowd| Rank { start, crowd, since: self.since };
            [rank(self.start, first.crowd), rank(last_start, last.crowd)]
        })
    }
}
