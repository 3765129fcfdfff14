//! How many flows end in the same key.

use std::collections::BTreeMap;

/// Counts, for each key, the flows with something waiting that end in it.
#[derive(Debug)]
pub(crate) struct Crowds<K>(BTreeMap<K, Crowd>);

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Crowd {
    flows: u32,
    /// The most that there were at once since there was none. It does not fall while one is left:
    /// otherwise whoever leaves and returns with many would overtake the one that stays.
    peak: u32,
}

impl<K: Copy + Ord> Crowds<K> {
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// A flow that ends in the key has something waiting now.
    pub(crate) fn enter(&mut self, key: K) {
        let crowd = self.0.entry(key).or_default();
        crowd.flows += 1;
        crowd.peak = crowd.peak.max(crowd.flows);
    }

    /// A flow that ends in the key has nothing waiting any more.
    pub(crate) fn leave(&mut self, key: K) {
        if let Some(crowd) = self.0.get_mut(&key) {
            crowd.flows -= 1;
            if crowd.flows == 0 {
                self.0.remove(&key);
            }
        }
    }

    /// How many flows ended in the key beside one that does.
    pub(crate) fn others(&self, key: K) -> u32 {
        self.0.get(&key).map_or(0, |crowd| crowd.peak - 1)
    }

    pub(crate) fn get(&self, key: K) -> Option<Crowd> {
        self.0.get(&key).copied()
    }

    /// Makes a key's count again what [`Crowds::get`] said.
    pub(crate) fn restore(&mut self, key: K, crowd: Option<Crowd>) {
        match crowd {
            Some(crowd) => self.0.insert(key, crowd),
            None => self.0.remove(&key),
        };
    }
}
