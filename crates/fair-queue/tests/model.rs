//! Compares the queue with a model of the same rules that scans everything at each step.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod naive;

use fair_queue::{Ahead, FairQueue};
use naive::Naive;
use proptest::prelude::*;

/// An operation on a queue. Indices are into the tickets that were given out.
#[derive(Debug, Clone)]
enum Step {
    Push([u8; 3], u32),
    Pop,
    PopLast,
    Remove(prop::sample::Index),
    AskAheadOfNew([u8; 3], u32),
}

fn path() -> impl Strategy<Value = [u8; 3]> {
    // Few keys, so that flows meet; the same accounts everywhere, so that there are crowds.
    (0..4u8, 0..3u8, 0..4u8).prop_map(|(site, network, account)| [site, network, account])
}

fn weight() -> impl Strategy<Value = u32> {
    prop_oneof![3 => Just(1), 1 => 1..6u32]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (path(), weight()).prop_map(|(path, weight)| Step::Push(path, weight)),
        5 => Just(Step::Pop),
        1 => Just(Step::PopLast),
        2 => any::<prop::sample::Index>().prop_map(Step::Remove),
        1 => (path(), weight()).prop_map(|(path, weight)| Step::AskAheadOfNew(path, weight)),
    ]
}

/// What is ahead of each of these entries in an order, by their numbers.
fn sums_before(order: &[(u64, u32)]) -> Vec<(u64, Ahead)> {
    let mut sum = Ahead::default();
    let mut sums = Vec::new();
    for &(number, weight) in order {
        sums.push((number, sum));
        sum = Ahead { entries: sum.entries + 1, cost: sum.cost + u64::from(weight) };
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_order_is_the_models_and_so_is_every_position(
        steps in proptest::collection::vec(step(), 1..120),
    ) {
        let (mut queue, mut model) = (FairQueue::<u8, u64, 3>::new(), Naive::default());
        let mut tickets = Vec::new();
        for (number, step) in (1u64..).zip(steps) {
            match step {
                Step::Push(path, weight) => {
                    tickets.push((number, queue.push(path, weight, number)));
                    model.push(path, weight, number);
                }
                Step::Pop => prop_assert_eq!(queue.pop(), model.pop()),
                Step::PopLast => {
                    let last = model.order().last().map(|(number, _)| *number);
                    prop_assert_eq!(queue.pop_last().map(|(_, number)| number), last);
                    last.map(|number| model.remove(number));
                }
                Step::Remove(index) if !tickets.is_empty() => {
                    let (number, ticket) = tickets.swap_remove(index.index(tickets.len()));
                    let waits = model.remove(number);
                    prop_assert_eq!(queue.remove(ticket), waits.then_some(number));
                    prop_assert_eq!(queue.remove(ticket), None);
                }
                Step::Remove(_) => {}
                Step::AskAheadOfNew(path, weight) => {
                    let mut with_it = model.clone();
                    with_it.push(path, weight, number);
                    let sums = sums_before(&with_it.order());
                    let (_, expected) = sums.iter().find(|(other, _)| *other == number).unwrap();
                    prop_assert_eq!(queue.ahead_of_new(path, weight), *expected);
                }
            }
            let order = model.order();
            prop_assert_eq!(queue.iter().map(|(_, number)| *number).collect::<Vec<_>>(), order.iter().map(|(number, _)| *number).collect::<Vec<_>>());
            prop_assert_eq!((queue.len(), queue.is_empty()), (order.len(), order.is_empty()));
            // A site, a network and an account.
            prop_assert!(queue.is_empty() || queue.flows() >= 3, "{}", queue.flows());
            prop_assert_eq!(queue.cost(), order.iter().map(|(_, weight)| u64::from(*weight)).sum::<u64>());
            prop_assert_eq!(queue.last(), queue.iter().last().map(|(ticket, _)| ticket));
            prop_assert_eq!(queue.peek().copied(), order.first().map(|(number, _)| *number));
        }
        let sums = sums_before(&model.order());
        for (number, ticket) in &tickets {
            let expected = sums.iter().find(|(other, _)| other == number).map(|(_, ahead)| *ahead);
            for capacity in [0, 1, 4, 12, 40] {
                prop_assert_eq!(queue.exceeds_share(*ticket, capacity), model.exceeds_share(*number, capacity));
            }
            prop_assert_eq!(queue.ahead(*ticket), expected);
            if let Some(ahead) = expected {
                prop_assert_eq!(queue.ahead_within(*ticket, ahead.cost), expected);
                prop_assert!(ahead.cost == 0 || queue.ahead_within(*ticket, ahead.cost - 1).is_none());
            }
        }
        // Served one by one, all entries come in the predicted order, and nothing is left.
        for (number, _) in model.order() {
            prop_assert_eq!(queue.pop(), Some(number));
        }
        prop_assert_eq!((queue.pop(), queue.flows(), queue.cost()), (None, 0, 0));
        prop_assert!(tickets.iter().all(|(_, ticket)| queue.ahead(*ticket).is_none()));
    }

    #[test]
    fn when_all_have_left_nothing_stays_behind(
        steps in proptest::collection::vec(step(), 1..80),
    ) {
        let mut queue = FairQueue::<u8, (), 3>::new();
        let mut tickets = Vec::new();
        for step in steps {
            match step {
                Step::Push(path, weight) => tickets.push(queue.push(path, weight, ())),
                Step::Pop => drop(queue.pop()),
                Step::PopLast | Step::Remove(_) | Step::AskAheadOfNew(..) => {}
            }
        }

        for ticket in tickets {
            queue.remove(ticket);
        }

        prop_assert!(queue.is_empty());
        prop_assert_eq!((queue.flows(), queue.cost()), (0, 0));
    }
}
