//! Nodes by number: a tree without pointers.

use std::ops::{Index, IndexMut};

/// A node's number in its arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The first node that an arena is given.
    pub(crate) const ROOT: Self = Self(0);
}

/// Nodes, with the places of those that were removed used again.
#[derive(Debug)]
pub(crate) struct Arena<N> {
    nodes: Vec<N>,
    free: Vec<NodeId>,
}

impl<N> Arena<N> {
    pub(crate) fn new(root: N) -> Self {
        Self { nodes: vec![root], free: Vec::new() }
    }

    pub(crate) fn insert(&mut self, node: N) -> NodeId {
        match self.free.pop() {
            Some(id) => {
                self[id] = node;
                id
            }
            None => {
                self.nodes.push(node);
                // Four billion nodes would be some hundred gigabytes.
                NodeId(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX))
            }
        }
    }

    /// Gives a node's place free. Nobody may use its number any more.
    pub(crate) fn remove(&mut self, id: NodeId) {
        self.free.push(id);
        if self.len() == 1 {
            // All but the root are gone, and a storm's memory with them.
            self.nodes.truncate(1);
            self.nodes.shrink_to(64);
            self.free.clear();
            self.free.shrink_to(64);
        }
    }

    /// How many nodes there are, the root among them.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len() - self.free.len()
    }
}

impl<N> Index<NodeId> for Arena<N> {
    type Output = N;

    #[expect(
        clippy::indexing_slicing,
        reason = "numbers come from `insert`, and a removed node's is not kept"
    )]
    fn index(&self, id: NodeId) -> &N {
        &self.nodes[id.0 as usize]
    }
}

impl<N> IndexMut<NodeId> for Arena<N> {
    #[expect(
        clippy::indexing_slicing,
        reason = "numbers come from `insert`, and a removed node's is not kept"
    )]
    fn index_mut(&mut self, id: NodeId) -> &mut N {
        &mut self.nodes[id.0 as usize]
    }
}
