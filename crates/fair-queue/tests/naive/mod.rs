//! The rules of the queue in their simplest form: lists that are scanned.

use std::collections::BTreeMap;

#[derive(Debug, Clone)]
struct Entry {
    number: u64,
    weight: u32,
    crowd: u32,
}

#[derive(Debug, Clone, Default)]
struct Node {
    start: u64,
    since: u64,
    now: u64,
    /// In 2⁻³² units.
    fraction: u64,
    in_service: u32,
    children: Vec<(u8, Node)>,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Default)]
pub struct Naive {
    root: Node,
    /// For each account with waiting entries, the largest number of places that tried it at once.
    peaks: BTreeMap<u8, u32>,
}

impl Node {
    fn waits(&self) -> bool {
        !self.entries.is_empty() || self.children.iter().any(|(_, child)| child.waits())
    }

    fn next_child(&self) -> Option<usize> {
        let waiting = self.children.iter().enumerate().filter(|(_, (_, child))| child.waits());
        waiting
            .min_by_key(|(_, (_, child))| (child.start, child.first().crowd, child.since))
            .map(|(at, _)| at)
    }

    fn first(&self) -> &Entry {
        match self.next_child() {
            Some(at) => self.children[at].1.first(),
            None => &self.entries[0],
        }
    }

    fn serve(&mut self) -> Entry {
        let Some(at) = self.next_child() else { return self.entries.remove(0) };
        let sharing = self.children.len() as u64;
        let child = &mut self.children[at].1;
        let entry = child.serve();
        self.fraction += (u64::from(self.in_service) << 32) / sharing;
        self.now += self.fraction >> 32;
        self.fraction %= 1 << 32;
        if child.start > self.now {
            (self.now, self.fraction) = (child.start, 0);
        }
        child.start += u64::from(entry.weight);
        self.in_service = entry.weight;
        self.forget();
        entry
    }

    fn remove(&mut self, number: u64) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| entry.number != number);
        let removed =
            before > self.entries.len() || self.children.iter_mut().any(|(_, child)| child.remove(number));
        self.forget();
        removed
    }

    fn forget(&mut self) {
        let now = self.now;
        self.children.retain(|(_, child)| child.waits() || child.start > now);
        if !self.waits() {
            *self = Self { start: self.start, ..Self::default() };
        }
    }

    fn cost(&self) -> u64 {
        let own = self.entries.iter().map(|entry| u64::from(entry.weight)).sum::<u64>();
        own + self.children.iter().map(|(_, child)| child.cost()).sum::<u64>()
    }

    fn waits_here(&self, number: u64) -> Option<&Entry> {
        let own = self.entries.iter().find(|entry| entry.number == number);
        own.or_else(|| self.children.iter().find_map(|(_, child)| child.waits_here(number)))
    }

    /// The entries below, in the order of service, found by serving all of them.
    fn order(&self) -> Vec<(u64, u32)> {
        let mut node = self.clone();
        let mut order = Vec::new();
        while node.waits() {
            let entry = node.serve();
            order.push((entry.number, entry.weight));
        }
        order
    }

    /// Whether an entry below is the last of a node, at some level, that has more than its share of what this
    /// node has.
    fn exceeds_share(&self, number: u64, capacity: u64) -> bool {
        let sharing = self.children.iter().filter(|(_, child)| child.waits()).count() as u64;
        self.children.iter().any(|(_, child)| {
            child.waits_here(number).is_some_and(|entry| {
                let share = capacity / sharing;
                let is_alone = child.cost() == u64::from(entry.weight);
                let is_last = child.order().last().is_some_and(|(last, _)| *last == number);
                is_last && !is_alone && child.cost() > share || child.exceeds_share(number, share)
            })
        })
    }

    /// The number of places from which an account has waiting entries.
    fn places(&self, account: u8, level: usize) -> u32 {
        let below = self.children.iter();
        match level {
            2 => below.map(|(key, child)| u32::from(*key == account && child.waits())).sum(),
            _ => below.map(|(_, child)| child.places(account, level + 1)).sum(),
        }
    }
}

impl Naive {
    pub fn push(&mut self, path: [u8; 3], weight: u32, number: u64) {
        let mut node = &mut self.root;
        for key in path {
            let at = node.children.iter().position(|(other, _)| *other == key).unwrap_or_else(|| {
                node.children.push((key, Node { start: node.now, ..Node::default() }));
                node.children.len() - 1
            });
            node = &mut node.children[at].1;
            if !node.waits() {
                node.since = number;
            }
        }
        node.entries.push(Entry { number, weight, crowd: 0 });
        let places = self.root.places(path[2], 0);
        let peak = self.peaks.entry(path[2]).or_default();
        *peak = places.max(*peak);
        let crowd = *peak - 1;
        let mut node = &mut self.root;
        for key in path {
            node = &mut node.children.iter_mut().find(|(other, _)| *other == key).unwrap().1;
        }
        node.entries.last_mut().unwrap().crowd = crowd;
    }

    pub fn pop(&mut self) -> Option<u64> {
        self.root.waits().then(|| {
            let entry = self.root.serve();
            self.forget_peaks();
            entry.number
        })
    }

    pub fn remove(&mut self, number: u64) -> bool {
        let removed = self.root.remove(number);
        self.forget_peaks();
        removed
    }

    pub fn exceeds_share(&self, number: u64, capacity: u64) -> bool {
        self.root.exceeds_share(number, capacity)
    }

    /// The waiting entries in the order of service.
    pub fn order(&self) -> Vec<(u64, u32)> {
        self.root.order()
    }

    fn forget_peaks(&mut self) {
        let root = &self.root;
        self.peaks.retain(|account, _| root.places(*account, 0) > 0);
    }
}
