//! A hierarchical fair queue: start-time fair queueing at every node of a tree.
//!
//! Each entry names the flows that it belongs to by a path of keys, the widest first: a site, a
//! network in it, an account tried from there. At each node of the tree, the children that have
//! something waiting share the service evenly, however much each of them has.
//!
//! ```
//! use fair_queue::FairQueue;
//!
//! let mut queue = FairQueue::<_, _, 2>::new();
//! for number in 1..=3 {
//!     queue.push(["flooded site", "mallory"], 1, format!("flood {number}"));
//! }
//! let ticket = queue.push(["quiet site", "alice"], 1, "alice".to_owned());
//!
//! assert_eq!(queue.ahead(ticket).unwrap().entries, 1);
//! let served: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
//! assert_eq!(served, ["flood 1", "alice", "flood 2", "flood 3"]);
//! ```
//!
//! # The order
//!
//! Each node keeps a virtual time, and each of its children a *start tag*: the virtual time at which
//! the child's next entry starts. The child with the least start tag is served, and its start tag
//! grows by the entry's weight. So of two children that both always have something waiting, neither
//! is ever ahead by more than the weight of one entry of each (Goyal, Vin and Cheng, 1996). The same
//! rule, one level further down, decides which of a child's entries is served. Within a flow at the
//! end of the path, the oldest entry is served.
//!
//! **Newcomers** start at the node's current virtual time: they join the current round, after the
//! flows that still wait in it and before those that were served in it and wait again.
//!
//! **Virtual time** is the start tag of the entry that was served last, but it also advances by the
//! weight of that entry, divided by the number of children that share the node (as in WF²Q+, Bennett
//! and Zhang, 1996). With the start tag alone, virtual time would stand still while newcomers keep
//! arriving, and the second entry of a flow would never be served.
//!
//! **A flow that empties** is remembered only until virtual time has reached its start tag. If it
//! returns before, it continues where it was, so leaving and returning gains nothing. An entry that is
//! removed without being served costs its flow nothing. A node in which nothing waits forgets
//! everything.
//!
//! **Ties** are common: most weights are 1, so all start tags of a round are equal. Among equal start
//! tags, entries with the least crowded last key go first, then those that have waited longest. A key
//! is *crowded* by the number of flows elsewhere in the tree that end in the same key: that many
//! sites try this one account. So a thousand sites that all try one account let other entries pass
//! within a round, and are still served within the round.
//!
//! Start-time fair queueing was preferred to deficit round robin for three reasons. A newcomer need
//! not wait for all flows in a list. It stays fair when the service is irregular, as the service that
//! a parent gives to a child is. And its state consists of numbers only, so the last entry in the
//! order is found as easily as the first.
//!
//! # Bounds
//!
//! With `n` entries waiting, [`push`](FairQueue::push), [`pop`](FairQueue::pop),
//! [`pop_last`](FairQueue::pop_last) and [`remove`](FairQueue::remove) take `O(log n)` for each level.
//! [`ahead`](FairQueue::ahead) follows the order up to the entry, so it takes `O(p log n)` for the `p`
//! entries before it. Memory is `O(n)`, for the largest `n` of the current and the previous round.
//!
//! To bound a queue, remove the last entry when a push has made it too long. That is an entry of
//! the flow with the longest backlog (longest queue drop; Suter and others, 1998), or the newcomer
//! itself if no backlog is longer. So no flow is kept out by the backlogs of others.
//!
//! A removed entry has waited for nothing. A threshold below the bound prevents most of that: above it,
//! refuse an entry that would be the last of a flow that already holds its share of the places
//! ([`exceeds_share`](FairQueue::exceeds_share)). The places above the threshold are then for flows that hold less.
#![forbid(unsafe_code)]

mod arena;
mod clock;
mod crowd;
mod node;
mod order;
mod ticket;
mod tree;

use std::collections::BTreeMap;

pub use order::Ahead;
pub use ticket::Ticket;
use tree::Tree;

/// The queue; see the crate's documentation. `DEPTH` is the number of keys of a path.
///
/// Keys are compared and never hashed, so keys chosen by an attacker do no harm. Only the keys distinguish
/// two flows.
#[derive(Debug)]
pub struct FairQueue<K, T, const DEPTH: usize> {
    tree: Tree<K, DEPTH>,
    values: BTreeMap<Ticket, T>,
}

impl<K: Copy + Ord, T, const DEPTH: usize> Default for FairQueue<K, T, DEPTH> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K: Copy + Ord, T, const DEPTH: usize> FairQueue<K, T, DEPTH> {
    /// An empty queue.
    #[must_use]
    pub fn new() -> Self {
        Self { tree: Tree::new(), values: BTreeMap::new() }
    }

    /// Adds an entry at the end of its flow. `weight` is the cost of serving it; 0 counts as 1.
    pub fn push(&mut self, path: [K; DEPTH], weight: u32, value: T) -> Ticket {
        let ticket = self.tree.push(path, weight.max(1));
        self.values.insert(ticket, value);
        ticket
    }

    /// Removes the next entry, to serve it.
    pub fn pop(&mut self) -> Option<T> {
        let ticket = self.tree.pop()?;
        self.values.remove(&ticket)
    }

    /// The next entry.
    #[must_use]
    pub fn peek(&self) -> Option<&T> {
        self.values.get(&self.tree.next()?)
    }

    /// The ticket of the entry that would be served last.
    #[must_use]
    pub fn last(&self) -> Option<Ticket> {
        self.tree.last()
    }

    /// Removes the entry that would be served last, without serving it. Its flow is not charged.
    pub fn pop_last(&mut self) -> Option<(Ticket, T)> {
        let ticket = self.tree.last()?;
        Some((ticket, self.remove(ticket)?))
    }

    /// Removes an entry from any position, without serving it. Its flow is not charged. `None` if it is no
    /// longer waiting.
    pub fn remove(&mut self, ticket: Ticket) -> Option<T> {
        self.tree.remove(ticket)?;
        self.values.remove(&ticket)
    }

    /// What is served before an entry; `None` if it is not waiting.
    #[must_use]
    pub fn ahead(&self, ticket: Ticket) -> Option<Ahead> {
        order::ahead(&self.tree, ticket, u64::MAX)
    }

    /// What is served before an entry, if that costs at most `limit`; otherwise, and if the entry is not
    /// waiting, `None`. It looks no further than the limit.
    #[must_use]
    pub fn ahead_within(&self, ticket: Ticket, limit: u64) -> Option<Ahead> {
        order::ahead(&self.tree, ticket, limit)
    }

    /// Whether an entry is the last of a flow, at any level, in which more waits than its even share of this
    /// capacity. The capacity is divided evenly among the children of the root with waiting entries, the
    /// share of each among its own, and so on, rounded down.
    ///
    /// So a flow's excess is charged to those below it that have most: an entry is not beyond the share
    /// because of the backlog of a sibling. An entry that is the only one in a flow does not exceed the
    /// flow's share. Returns `false` for an entry that does not wait.
    #[must_use]
    pub fn exceeds_share(&self, ticket: Ticket, capacity: u64) -> bool {
        self.tree.exceeds_share(ticket, capacity)
    }

    /// What would be served before an entry if it were pushed now. Leaves the queue unchanged.
    #[must_use]
    pub fn ahead_of_new(&mut self, path: [K; DEPTH], weight: u32) -> Ahead {
        let find = |tree: &_, ticket| order::ahead(tree, ticket, u64::MAX);
        self.tree.while_waiting(path, weight.max(1), find).unwrap_or_default()
    }

    /// All entries, in the order in which they are served if none arrives or leaves.
    pub fn iter(&self) -> impl Iterator<Item = (Ticket, &T)> {
        order::of(&self.tree).filter_map(|entry| Some((entry.ticket, self.values.get(&entry.ticket)?)))
    }

    /// The number of waiting entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether no entry waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The sum of the weights of all waiting entries.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.tree.cost()
    }

    /// The number of flows in memory, at any level: those with something waiting, and those that are
    /// remembered because they were recently served more than their share.
    #[must_use]
    pub fn flows(&self) -> usize {
        self.tree.flows()
    }
}
