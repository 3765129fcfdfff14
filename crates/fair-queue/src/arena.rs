//! Nodes by number: a tree without pointers.

use std::ops::{Index, IndexMut};

/// A node's number in its arena.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// The first node of every arena.
    pub(crate) const ROOT: Self = Self(0);
}

/// Nodes. The slots of removed ones are reused.
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
                // Four billion nodes would take some hundred gigabytes.
                NodeId(u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX))
            }
        }
    }

    /// Frees a node's slot. Its number must not be used again.
    pub(crate) fn remove(&mut self, id: NodeId) {
        self.free.push(id);
        if self.len() == 1 {
            // Only the root is left, so the memory of a storm is freed.
            self.nodes.truncate(1);
            self.nodes.shrink_to(64);
            self.free.clear();
            self.free.shrink_to(64);
        }
    }

    /// The number of nodes, including the root.
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
