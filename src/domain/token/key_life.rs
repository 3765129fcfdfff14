//! Which of several signing keys signs.

use crate::domain::Timestamp;

/// The index of the key that signs now, given the times at which the keys begin to sign. The keys are in this
/// order, and the last one whose time has come signs.
pub fn signing_key(
    starts: impl DoubleEndedIterator<Item = Timestamp> + ExactSizeIterator,
    now: Timestamp,
) -> usize {
    // If the clock was set back before all keys, the first one signs.
    starts.enumerate().rfind(|(_, start)| *start <= now).map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whose_time_has_come_signs_and_else_the_first() {
        for (starts, now, expected) in [
            (&[10, 20, 30][..], 25, 1),
            (&[10, 20, 30], 30, 2),
            (&[10, 30, 20], 25, 2),
            (&[10, 20], 5, 0),
            (&[], 5, 0),
        ] {
            let times = starts.iter().map(|start| Timestamp::from_millis(*start));

            assert_eq!(signing_key(times, Timestamp::from_millis(now)), expected, "{starts:?} at {now}");
        }
    }
}
