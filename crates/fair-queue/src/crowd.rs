//! Counts the flows that end in the same key.

use std::collections::BTreeMap;

/// For each key, the number of flows with something waiting that end in it.
#[derive(Debug)]
pub(crate) struct Crowds<K>(BTreeMap<K, Crowd>);

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Crowd {
    flows: u32,
    /// The largest count since the count was last zero. It does not fall while a flow is left: otherwise
    /// flows that leave and return together would overtake one that stays.
    peak: u32,
}

impl<K: Copy + Ord> Crowds<K> {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Counts a flow that ends in the key and now has something waiting.
    pub(crate) fn enter(&mut self, key: K) {
        let crowd = self.0.entry(key).or_default();
        crowd.flows += 1;
        crowd.peak = crowd.peak.max(crowd.flows);
    }

    /// Discounts a flow that ends in the key and has nothing waiting any more.
    pub(crate) fn leave(&mut self, key: K) {
        if let Some(crowd) = self.0.get_mut(&key) {
            crowd.flows -= 1;
            if crowd.flows == 0 {
                self.0.remove(&key);
            }
        }
    }

    /// The number of flows that ended in the key besides one that does.
    pub(crate) fn others(&self, key: K) -> u32 {
        self.0.get(&key).map_or(0, |crowd| crowd.peak - 1)
    }

    pub(crate) fn get(&self, key: K) -> Option<Crowd> {
        self.0.get(&key).copied()
    }

    /// Resets a key's count to what [`Crowds::get`] returned.
    pub(crate) fn restore(&mut self, key: K, crowd: Option<Crowd>) {
        match crowd {
            Some(crowd) => self.0.insert(key, crowd),
            None => self.0.remove(&key),
        };
    }
}
