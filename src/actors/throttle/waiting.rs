//! Attempts that wait until a pending one is settled.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use super::failure_counts::Count;

/// The maximum number of waiting attempts, over all counts.
pub(super) const MAX_WAITING: usize = 4096;

/// The waiting attempts, by the count that had no room for them.
#[derive(Debug, Default)]
pub(super) struct WaitingList {
    by_count: HashMap<Count, VecDeque<(WaiterId, oneshot::Sender<()>)>>,
    len: usize,
    admitted: u64,
}

/// Identifies a waiting attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WaiterId(u64);

impl WaitingList {
    /// Adds an attempt at the end; `None` if too many wait already.
    pub(super) fn add(&mut self, count: Count) -> Option<(WaiterId, oneshot::Receiver<()>)> {
        if self.len >= MAX_WAITING {
            return None;
        }
        let (wake, woken) = oneshot::channel();
        self.admitted += 1;
        let id = WaiterId(self.admitted);
        self.by_count.entry(count).or_default().push_back((id, wake));
        self.len += 1;
        Some((id, woken))
    }

    /// Wakes the attempts that have waited longest, at most `most` of them.
    pub(super) fn wake(&mut self, count: Count, most: u32) {
        let Some(waiting) = self.by_count.get_mut(&count) else { return };
        for _ in 0..most {
            let Some((_, wake)) = waiting.pop_front() else { break };
            self.len -= 1;
            // An attempt that has just gone reports that, and the next one is woken then.
            let _ = wake.send(());
        }
        if waiting.is_empty() {
            self.by_count.remove(&count);
        }
    }

    /// Removes an attempt from the list.
    pub(super) fn remove(&mut self, count: Count, id: WaiterId) {
        let Some(waiting) = self.by_count.get_mut(&count) else { return };
        let before = waiting.len();
        waiting.retain(|(other, _)| *other != id);
        self.len -= before - waiting.len();
        if waiting.is_empty() {
            self.by_count.remove(&count);
        }
    }

    /// The number of waiting attempts.
    pub(super) const fn len(&self) -> usize {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        actors::throttle::key::CounterKeys,
        domain::{LoginName, Random},
    };

    fn counts() -> [Count; 2] {
        let keys = CounterKeys::new(&Random::System).unwrap();
        let attempt = keys.login(&LoginName::parse("alice").unwrap(), None);
        let mut counts = attempt.counts();
        [counts.next().unwrap(), counts.next().unwrap()]
    }

    #[test]
    fn those_who_waited_longest_are_woken_and_only_those_of_that_count() {
        let (mut list, [one, other]) = (WaitingList::default(), counts());
        let (_, mut first) = list.add(one).unwrap();
        let (_, mut second) = list.add(one).unwrap();
        let (_, mut elsewhere) = list.add(other).unwrap();

        list.wake(one, 1);

        assert!(first.try_recv().is_ok() && second.try_recv().is_err() && elsewhere.try_recv().is_err());
        list.wake(one, u32::MAX);
        assert!(second.try_recv().is_ok() && elsewhere.try_recv().is_err());
        assert_eq!(list.len(), 1);
    }

    #[test]
    fn whoever_goes_leaves_nothing_behind() {
        let (mut list, [one, other]) = (WaitingList::default(), counts());
        let waiting: Vec<_> = (0..10).map(|_| list.add(one).unwrap()).collect();

        for (id, _) in &waiting {
            list.remove(other, *id);
            list.remove(one, *id);
        }

        assert_eq!((list.len(), list.by_count.len()), (0, 0));
    }

    #[test]
    fn no_more_wait_than_the_bound() {
        let (mut list, [one, other]) = (WaitingList::default(), counts());
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| list.add(one).unwrap()).collect();

        assert!(list.add(other).is_none());
        list.remove(one, waiting[0].0);
        assert!(list.add(other).is_some());
    }
}
