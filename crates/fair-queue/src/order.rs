//! The order in which the waiting entries would be served, computed without serving any.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, btree_map::Range},
    iter::Peekable,
};

use crate::{
    arena::NodeId,
    node::{EntryKey, Facts, Rank, Waiting},
    tree::Tree,
};

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
    pub(crate) fn below(tree: &'a Tree<K, DEPTH>, id: NodeId) -> Self {
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
