//! A hierarchical fair queue: start-time fair queueing at every node of a tree.
//!
//! Each entry names the flows that it belongs to by a path of keys, the widest first: a site, a
//! network in it, an account tried from there. At each node of the tree the children that have
//! something waiting share the service evenly, however much each has waiting.
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
//! is ever ahead by more than the weight of one entry of each (Goyal, Vin and Cheng, 1996). Which of
//! a child's entries is served is decided by the same rule one level further down; within a flow at
//! the end of the path it is the oldest.
//!
//! **Newcomers** start at the node's present virtual time: they join the round that is under way,
//! after those who wait in it and before those who were served in it and wait again.
//!
//! **Virtual time** is the start tag of what was served last, but it also goes on by the weight of
//! what was served, divided by the number of children that share the node (as in WF²Q+, Bennett and
//! Zhang, 1996). The first alone would stand still while newcomers keep arriving, and nobody's second
//! entry would ever be served.
//!
//! **A flow that empties** is remembered until virtual time has reached its start tag, and no longer.
//! If it returns before, it goes on where it was, so leaving and returning gains nothing. An entry
//! that is removed without having been served costs its flow nothing. A node in which nothing waits
//! forgets everything.
//!
//! **Ties** are common, since most weights are 1: all start tags of a round are equal. Among equals
//! go first those whose last key is crowded least, then those who have waited longest. How *crowded*
//! a key is, is the number of flows in other places of the tree that end in the same key: so many
//! sites try this one account. A thousand sites that all try one account thus let everybody else pass
//! within a round, and are served within the round themselves.
//!
//! Start-time fair queueing was preferred to deficit round robin because a newcomer need not wait
//! for all others that are in the list, because it stays fair where the service is irregular (what a
//! parent gives to a child is), and because the order has no state but numbers: what would be served
//! last is found as easily as what will be served first.
//!
//! # Bounds
//!
//! With `n` entries waiting, [`push`](FairQueue::push), [`pop`](FairQueue::pop),
//! [`pop_last`](FairQueue::pop_last) and [`remove`](FairQueue::remove) take `O(log n)` for each level.
//! [`ahead`](FairQueue::ahead) follows the order up to the entry, so it takes `O(p log n)` for the `p`
//! entries before it. Memory is `O(n)`, for the largest `n` of the present round and the one before.
//!
//! To bound a queue, take out the last entry when a push has made it too long: that is an entry of
//! the flow with the longest backlog (longest queue drop; Suter and others, 1998), or the newcomer
//! itself where nobody has a longer one. Nobody is kept out by others' backlogs.
#![forbid(unsafe_code)]

mod arena;
mod clock;
mod crowd;
mod node;
mod order;
mod tree;

use std::collections::BTreeMap;

use tree::Tree;

/// An entry's place in a queue, for as long as it waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// The number of the push; never given twice by one queue.
    number: u64,
    leaf: arena::NodeId,
}

/// What is served before an entry if nobody arrives and nobody leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ahead {
    /// How many entries.
    pub entries: usize,
    /// Their weights together.
    pub cost: u64,
}

/// The queue; see the crate's documentation. `DEPTH` is the number of keys of a path.
///
/// Keys are compared and never hashed, so chosen ones do no harm; but a key is all that tells two flows
/// apart.
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

    /// Adds an entry at the end of its flow. The weight is what it costs to serve it; one of 0 counts
    /// as 1.
    pub fn push(&mut self, path: [K; DEPTH], weight: u32, value: T) -> Ticket {
        let ticket = self.tree.push(path, weight.max(1));
        self.values.insert(ticket, value);
        ticket
    }

    /// Takes out the entry that is next, to be served.
    pub fn pop(&mut self) -> Option<T> {
        let ticket = self.tree.pop()?;
        self.values.remove(&ticket)
    }

    /// The entry that is next.
    #[must_use]
    pub fn peek(&self) -> Option<&T> {
        self.values.get(&self.tree.next()?)
    }

    /// The ticket of the entry that would be served last.
    #[must_use]
    pub fn last(&self) -> Option<Ticket> {
        self.tree.last()
    }

    /// Takes out the entry that would be served last, not to be served. Its flow is not charged for it.
    pub fn pop_last(&mut self) -> Option<(Ticket, T)> {
        let ticket = self.tree.last()?;
        Some((ticket, self.remove(ticket)?))
    }

    /// Takes out an entry that no longer waits, wherever it is. Its flow is not charged for it. `None`
    /// where it does not wait any more.
    pub fn remove(&mut self, ticket: Ticket) -> Option<T> {
        self.tree.remove(ticket)?;
        self.values.remove(&ticket)
    }

    /// What is served before an entry; `None` where it does not wait.
    #[must_use]
    pub fn ahead(&self, ticket: Ticket) -> Option<Ahead> {
        self.tree.ahead(ticket, u64::MAX)
    }

    /// What is served before an entry, where that costs `limit` at most; else, and where it does not
    /// wait, `None`. It looks no further than the limit.
    #[must_use]
    pub fn ahead_within(&self, ticket: Ticket, limit: u64) -> Option<Ahead> {
        self.tree.ahead(ticket, limit)
    }

    /// What would be served before an entry if it were pushed now. The queue is afterwards what it was
    /// before.
    #[must_use]
    pub fn ahead_of_new(&mut self, path: [K; DEPTH], weight: u32) -> Ahead {
        self.tree.ahead_of_new(path, weight.max(1))
    }

    /// Whatever waits, in the order in which it is served if nobody arrives and nobody leaves.
    pub fn iter(&self) -> impl Iterator<Item = (Ticket, &T)> {
        self.tree.in_order().filter_map(|entry| Some((entry.ticket, self.values.get(&entry.ticket)?)))
    }

    /// How many entries wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// The weights of all that waits together.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.tree.cost()
    }

    /// How many flows, at any level, are in memory: those with something waiting, and those that are
    /// remembered because they were served more than their share a moment ago.
    #[must_use]
    pub fn flows(&self) -> usize {
        self.tree.flows()
    }
}
