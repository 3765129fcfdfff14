//! The tree of flows: which of its entries is next, and which is last.
//!
//! All nodes and all orders are in a few maps for the whole tree, not in separate maps for each node: most
//! nodes have one child, and their maps would take most of the memory.

use std::collections::{BTreeMap, BTreeSet, btree_map::Range};

use crate::{
    arena::{Arena, NodeId},
    clock::Clock,
    crowd::Crowds,
    node::{EntryKey, Facts, Node, Rank, Waiting},
    ticket::Ticket,
};

/// See the module's documentation.
#[derive(Debug)]
pub(crate) struct Tree<K, const DEPTH: usize> {
    nodes: Arena<Node<K>>,
    /// The children by parent and key.
    index: BTreeMap<(NodeId, K), NodeId>,
    /// For each node, its children with something waiting, by the rank of the first entry of each…
    heads: BTreeMap<(NodeId, Rank), NodeId>,
    /// …and by the rank of the last entry of each.
    tails: BTreeMap<(NodeId, Rank), NodeId>,
    /// For each node, its children with nothing waiting, by start tag.
    idle: BTreeSet<(NodeId, u64, NodeId)>,
    entries: BTreeMap<EntryKey, Facts>,
    crowds: Crowds<K>,
    pushes: u64,
}

impl<K: Copy + Ord, const DEPTH: usize> Tree<K, DEPTH> {
    pub(crate) fn new() -> Self {
        Self {
            nodes: Arena::new(Node::new(NodeId::ROOT, None, 0, 0)),
            index: BTreeMap::new(),
            heads: BTreeMap::new(),
            tails: BTreeMap::new(),
            idle: BTreeSet::new(),
            entries: BTreeMap::new(),
            crowds: Crowds::new(),
            pushes: 0,
        }
    }

    pub(crate) fn push(&mut self, path: [K; DEPTH], weight: u32) -> Ticket {
        self.pushes += 1;
        let number = self.pushes;
        let mut id = NodeId::ROOT;
        self.count_in(id, weight);
        for key in path {
            let parent = id;
            id = self.child(parent, key);
            if self.nodes[id].entries == 0 {
                self.nodes[id].since = number;
                self.nodes[parent].waiting_children += 1;
            }
            self.count_in(id, weight);
        }
        let crowd = self.nodes[id].key.map_or(0, |key| {
            if self.nodes[id].entries == 1 {
                self.crowds.enter(key);
            }
            self.crowds.others(key)
        });
        self.entries.insert((id, number), Facts { weight, crowd });
        self.rank_anew(id);
        Ticket { number, leaf: id }
    }

    pub(crate) fn pop(&mut self) -> Option<Ticket> {
        let [Waiting { ticket, weight, .. }, _] = self.nodes[NodeId::ROOT].ends?;
        let mut id = ticket.leaf;
        while id != NodeId::ROOT {
            let (parent, start) = (self.nodes[id].parent, self.nodes[id].start);
            let children = self.nodes[parent].children;
            self.nodes[parent].clock.serve(start, weight, children);
            self.forget(parent, self.nodes[parent].clock.now);
            self.nodes[id].start += u64::from(weight);
            id = parent;
        }
        self.remove(ticket).map(|()| ticket)
    }

    /// Removes an entry without charging its flow.
    pub(crate) fn remove(&mut self, ticket: Ticket) -> Option<()> {
        let Facts { weight, .. } = self.entries.remove(&(ticket.leaf, ticket.number))?;
        let mut id = ticket.leaf;
        loop {
            let node = &mut self.nodes[id];
            node.entries -= 1;
            node.cost -= u64::from(weight);
            if id == NodeId::ROOT {
                break;
            }
            let (parent, is_empty) = (node.parent, node.entries == 0);
            self.nodes[parent].waiting_children -= u32::from(is_empty);
            id = parent;
        }
        if self.nodes[ticket.leaf].entries == 0
            && let Some(key) = self.nodes[ticket.leaf].key
        {
            self.crowds.leave(key);
        }
        self.rank_anew(ticket.leaf);
        self.retire(ticket.leaf);
        Some(())
    }

    pub(crate) fn next(&self) -> Option<Ticket> {
        self.nodes[NodeId::ROOT].ends.map(|[first, _]| first.ticket)
    }

    pub(crate) fn last(&self) -> Option<Ticket> {
        self.nodes[NodeId::ROOT].ends.map(|[_, last]| last.ticket)
    }

    /// Whether an entry waits.
    pub(crate) fn contains(&self, ticket: Ticket) -> bool {
        self.entries.contains_key(&(ticket.leaf, ticket.number))
    }

    pub(crate) fn exceeds_share(&self, ticket: Ticket, capacity: u64) -> bool {
        let Some(Facts { weight, .. }) = self.entries.get(&(ticket.leaf, ticket.number)) else {
            return false;
        };
        let mut id = ticket.leaf;
        while id != NodeId::ROOT {
            let node = &self.nodes[id];
            let is_last = node.ends.is_some_and(|[_, last]| last.ticket == ticket);
            if is_last && node.cost > u64::from(*weight) && node.cost > self.share(id, capacity) {
                return true;
            }
            id = node.parent;
        }
        false
    }

    /// A node's even share of a capacity among those that have something waiting.
    fn share(&self, id: NodeId, capacity: u64) -> u64 {
        if id == NodeId::ROOT {
            return capacity;
        }
        let parent = self.nodes[id].parent;
        self.share(parent, capacity) / u64::from(self.nodes[parent].waiting_children.max(1))
    }

    /// Adds an entry, looks at it and removes it again. Leaves the tree unchanged.
    pub(crate) fn while_waiting<R>(
        &mut self,
        path: [K; DEPTH],
        weight: u32,
        look: impl FnOnce(&Self, Ticket) -> R,
    ) -> R {
        // An entry that is removed unserved leaves a trace only in the crowd's peak.
        let crowd = path.last().map(|key| (*key, self.crowds.get(*key)));
        let ticket = self.push(path, weight);
        let seen = look(self, ticket);
        self.remove(ticket);
        if let Some((key, crowd)) = crowd {
            self.crowds.restore(key, crowd);
        }
        seen
    }

    pub(crate) fn cost(&self) -> u64 {
        self.nodes[NodeId::ROOT].cost
    }

    pub(crate) fn flows(&self) -> usize {
        self.nodes.len() - 1
    }

    /// Whether a node is a flow at the end of the path.
    pub(crate) fn is_flow(&self, id: NodeId) -> bool {
        self.nodes[id].level == DEPTH
    }

    pub(crate) fn entries_of(&self, flow: NodeId) -> Range<'_, EntryKey, Facts> {
        self.entries.range((flow, 0)..=(flow, u64::MAX))
    }

    /// A node's children with something waiting, in the order of service.
    pub(crate) fn children_in_order(&self, id: NodeId) -> Range<'_, (NodeId, Rank), NodeId> {
        self.heads.range((id, Rank::FIRST)..=(id, Rank::LAST))
    }

    /// The child with this key, created if it is not in memory.
    fn child(&mut self, parent: NodeId, key: K) -> NodeId {
        if let Some(&id) = self.index.get(&(parent, key)) {
            self.idle.remove(&(parent, self.nodes[id].start, id));
            return id;
        }
        let node = Node::new(parent, Some(key), self.nodes[parent].level + 1, self.nodes[parent].clock.now);
        let id = self.nodes.insert(node);
        self.index.insert((parent, key), id);
        self.nodes[parent].children += 1;
        id
    }

    fn count_in(&mut self, id: NodeId, weight: u32) {
        let node = &mut self.nodes[id];
        node.entries += 1;
        node.cost += u64::from(weight);
    }

    /// Updates the orders from a flow that has changed up to the root.
    fn rank_anew(&mut self, flow: NodeId) {
        let mut id = flow;
        loop {
            self.nodes[id].ends = self.find_ends(id);
            if id == NodeId::ROOT {
                return;
            }
            let node = &self.nodes[id];
            let (parent, before, after) = (node.parent, node.ranks, node.current_ranks());
            if before != after {
                if let Some([first, last]) = before {
                    self.heads.remove(&(parent, first));
                    self.tails.remove(&(parent, last));
                }
                if let Some([first, last]) = after {
                    self.heads.insert((parent, first), id);
                    self.tails.insert((parent, last), id);
                }
                self.nodes[id].ranks = after;
            }
            id = parent;
        }
    }

    fn find_ends(&self, id: NodeId) -> Option<[Waiting; 2]> {
        if self.is_flow(id) {
            let mut entries = self.entries_of(id);
            let first = Waiting::from(entries.next()?);
            return Some([first, entries.next_back().map_or(first, Waiting::from)]);
        }
        let (_, first) = self.children_in_order(id).next()?;
        let (_, last) = self.tails.range((id, Rank::FIRST)..=(id, Rank::LAST)).next_back()?;
        let ([first, _], [_, last]) = (self.nodes[*first].ends?, self.nodes[*last].ends?);
        Some([first, last])
    }

    /// Forgets the state of an emptied flow, and of the emptied nodes above it, that need not be remembered.
    fn retire(&mut self, flow: NodeId) {
        let mut id = flow;
        while self.nodes[id].entries == 0 {
            self.forget(id, u64::MAX);
            self.nodes[id].clock = Clock::default();
            if id == NodeId::ROOT {
                return;
            }
            let Node { parent, start, .. } = self.nodes[id];
            if start > self.nodes[parent].clock.now {
                self.idle.insert((parent, start, id));
            } else {
                self.free(id);
            }
            id = parent;
        }
    }

    /// Forgets the children with nothing waiting whose start tag virtual time has reached.
    fn forget(&mut self, parent: NodeId, now: u64) {
        let first = (parent, 0, NodeId::ROOT);
        while let Some(&(_, start, id)) =
            self.idle.range(first..).next().filter(|(of, start, _)| *of == parent && *start <= now)
        {
            self.idle.remove(&(parent, start, id));
            self.free(id);
        }
    }

    fn free(&mut self, id: NodeId) {
        let Node { parent, key, .. } = self.nodes[id];
        if let Some(key) = key {
            self.index.remove(&(parent, key));
        }
        self.nodes[parent].children -= 1;
        self.nodes.remove(id);
    }
}
