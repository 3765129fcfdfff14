//! The order in which the waiting entries would be served, computed without serving any.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, btree_map::Range},
    iter::Peekable,
};

use crate::{
    arena::NodeId,
    node::{EntryKey, Facts, Rank, Waiting},
    ticket::Ticket,
    tree::Tree,
};

/// What is served before an entry if no other entry arrives or leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ahead {
    /// The number of entries.
    pub entries: usize,
    /// The sum of their weights.
    pub cost: u64,
}

/// What is served before an entry, if that costs at most `limit`; otherwise, and if the entry is not waiting, `None`.
pub(crate) fn ahead<K: Copy + Ord, const DEPTH: usize>(
    tree: &Tree<K, DEPTH>,
    ticket: Ticket,
    limit: u64,
) -> Option<Ahead> {
    if !tree.contains(ticket) {
        return None;
    }
    let mut ahead = Ahead::default();
    for entry in of(tree).take_while(|entry| entry.ticket != ticket) {
        ahead.entries += 1;
        ahead.cost += u64::from(entry.weight);
        if ahead.cost > limit {
            return None;
        }
    }
    Some(ahead)
}

/// All that waits, in the order of its service.
pub(crate) fn of<K: Copy + Ord, const DEPTH: usize>(tree: &Tree<K, DEPTH>) -> InOrder<'_, K, DEPTH> {
    InOrder::below(tree, NodeId::ROOT)
}

/// The entries below a node, in the order of their service.
pub(crate) struct InOrder<'a, K, const DEPTH: usize> {
    tree: &'a Tree<K, DEPTH>,
    source: Source<'a, K, DEPTH>,
    next: Option<Waiting>,
}

enum Source<'a, K, const DEPTH: usize> {
    /// A flow at the end of the path: its entries.
    Flow(Range<'a, EntryKey, Facts>),
    Node {
        /// The children that were not served yet.
        fresh: Peekable<Range<'a, (NodeId, Rank), NodeId>>,
        /// The children that were served and have entries left.
        served: BinaryHeap<Reverse<(Rank, NodeId)>>,
        /// The entries left below those.
        below: BTreeMap<NodeId, InOrder<'a, K, DEPTH>>,
    },
}

impl<'a, K: Copy + Ord, const DEPTH: usize> InOrder<'a, K, DEPTH> {
    fn below(tree: &'a Tree<K, DEPTH>, id: NodeId) -> Self {
        let source = if tree.is_flow(id) {
            Source::Flow(tree.entries_of(id))
        } else {
            Source::Node {
                fresh: tree.children_in_order(id).peekable(),
                served: BinaryHeap::new(),
                below: BTreeMap::new(),
            }
        };
        let mut this = Self { tree, source, next: None };
        this.next = this.find();
        this
    }

    fn find(&mut self) -> Option<Waiting> {
        match &mut self.source {
            Source::Flow(entries) => entries.next().map(Waiting::from),
            Source::Node { fresh, served, below } => {
                let is_fresh = match (fresh.peek(), served.peek()) {
                    (Some(((_, one), _)), Some(Reverse((other, _)))) => one < other,
                    (fresh, _) => fresh.is_some(),
                };
                let (rank, child) = if is_fresh {
                    fresh.next().map(|((_, rank), child)| (*rank, *child))?
                } else {
                    served.pop()?.0
                };
                let entries = below.entry(child).or_insert_with(|| Self::below(self.tree, child));
                let entry = entries.next()?;
                match entries.next {
                    Some(next) => served.push(Reverse((rank.after(entry.weight, next.crowd), child))),
                    None => drop(below.remove(&child)),
                }
                Some(entry)
            }
        }
    }
}

impl<K: Copy + Ord, const DEPTH: usize> Iterator for InOrder<'_, K, DEPTH> {
    type Item = Waiting;

    fn next(&mut self) -> Option<Waiting> {
        let next = self.next?;
        self.next = self.find();
        Some(next)
    }
}
