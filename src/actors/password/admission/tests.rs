use std::collections::VecDeque;

use futures_util::FutureExt;
use tokio::task::JoinHandle;

use super::*;
use crate::domain::{LoginName, RequestOrigin};

/// How long a slot is held.
const SLOT_TIME: Duration = Duration::from_millis(100);

fn queue(slots: usize, budget: Duration) -> Arc<Admission> {
    Admission::new(NonZeroUsize::new(slots).unwrap(), budget, SLOT_TIME)
}

fn flow(account: &str, address: &str) -> FlowKey {
    let origin = RequestOrigin { ip: Some(address.parse().unwrap()), ..RequestOrigin::default() };
    FlowKey::login(&LoginName::parse(account).unwrap(), &origin)
}

/// A client at a different site for each number.
fn guest(number: u8) -> FlowKey {
    flow(&format!("guest{number}"), &format!("10.0.{number}.1"))
}

impl Admission {
    async fn slot(self: &Arc<Self>, flow: FlowKey) -> Result<HashSlot, QueueFull> {
        self.enter(flow, self.deadline()).await
    }

    async fn enter_owned(self: Arc<Self>, flow: FlowKey) -> Result<HashSlot, QueueFull> {
        self.slot(flow).await
    }

    /// Lets a login wait for a slot, which it gives back at once.
    async fn begin(self: &Arc<Self>, flow: FlowKey) -> JoinHandle<Result<(), QueueFull>> {
        let queue = Arc::clone(self);
        let task = tokio::spawn(async move { queue.slot(flow).await.map(drop) });
        settle().await;
        task
    }
}

/// Lets every future that can proceed do so.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

/// The names of logins that wait for the only slot, in the order in which they get it.
async fn order_of(flows: Vec<(&'static str, FlowKey)>) -> Vec<&'static str> {
    let queue = queue(1, Duration::from_mins(1));
    let order = Arc::new(Mutex::new(Vec::new()));
    let running = queue.slot(guest(0)).await.unwrap();
    let mut tasks = Vec::new();
    for (name, flow) in flows {
        let (queue, order) = (Arc::clone(&queue), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let slot = queue.slot(flow).await.unwrap();
            order.lock().unwrap().push(name);
            drop(slot);
        }));
        settle().await;
    }
    drop(running);
    for task in tasks {
        task.await.unwrap();
    }
    std::mem::take(&mut *order.lock().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_flood_waits_behind_itself_and_not_before_others() {
    for (name, addresses, accounts) in [
        ("an address, an account", ["203.0.113.7"; 3], ["alice"; 3]),
        ("an address, many accounts", ["203.0.113.7"; 3], ["a", "b", "c"]),
        ("an IPv4 network", ["203.0.113.7", "203.0.113.8", "203.0.113.9"], ["alice"; 3]),
        ("a /64", ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff::3"], ["a", "b", "c"]),
        ("a /48", ["2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:ffff::1"], ["alice"; 3]),
        ("a /48, many accounts", ["2001:db8:1:2::1", "2001:db8:1:3::1", "2001:db8:1:4::1"], ["a", "b", "c"]),
    ] {
        for owner in ["alice", "bob"] {
            let flood = addresses.iter().zip(accounts).map(|(at, account)| ("flood", flow(account, at)));
            let mut flows: Vec<_> = flood.collect();
            flows.push(("owner", flow(owner, "198.51.100.1")));

            let order = order_of(flows).await;

            assert_eq!(order, ["flood", "owner", "flood", "flood"], "{name}, {owner}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn behind_one_address_a_flood_on_one_account_lets_other_accounts_pass() {
    let shared = "203.0.113.7";
    let flood = ("flood", flow("alice", shared));
    let mut flows = vec![flood; 4];
    flows.push(("bob", flow("bob", shared)));
    flows.push(("carol", flow("carol", shared)));

    let order = order_of(flows).await;

    assert_eq!(order, ["flood", "bob", "carol", "flood", "flood", "flood"]);
}

#[tokio::test(start_paused = true)]
async fn many_sites_that_try_one_account_let_other_accounts_pass() {
    let mut flows: Vec<_> = (1..5).map(|site| ("flood", flow("alice", &format!("203.0.{site}.1")))).collect();
    flows.push(("bob", flow("bob", "198.51.100.1")));

    let order = order_of(flows).await;

    assert_eq!(order, ["flood", "bob", "flood", "flood", "flood"]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_budget_is_refused_at_once() {
    let queue = queue(1, 3 * SLOT_TIME);
    let _running = queue.slot(guest(0)).await.unwrap();
    for _ in 0..3 {
        queue.begin(guest(1)).await;
    }
    let before = Instant::now();

    let refused = queue.slot(guest(1)).await.unwrap_err();

    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(refused.retry_after >= Duration::from_secs(1));
    assert_eq!(queue.waiting(), 3);
}

#[tokio::test(start_paused = true)]
async fn where_the_queue_is_full_a_guest_takes_the_last_place_of_the_longest_backlog() {
    let queue = queue(1, 3 * SLOT_TIME);
    let running = queue.slot(guest(0)).await.unwrap();
    let (first, second, third) =
        (queue.begin(guest(1)).await, queue.begin(guest(1)).await, queue.begin(guest(1)).await);

    let guests = [queue.begin(guest(2)).await, queue.begin(guest(3)).await];

    assert_eq!(queue.waiting(), 3);
    assert!(third.is_finished() && third.await.unwrap().is_err());
    assert!(second.is_finished() && second.await.unwrap().is_err());
    // No backlog is longer than theirs now, so any newcomer is the last.
    assert!(queue.slot(guest(4)).await.is_err());
    drop(running);
    assert!(first.await.unwrap().is_ok());
    for guest in guests {
        assert!(guest.await.unwrap().is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_has_waited_the_budget_out_is_refused_then() {
    let queue = queue(1, 3 * SLOT_TIME);
    let _running = queue.slot(guest(0)).await.unwrap();
    let before = Instant::now();

    let refused = queue.slot(guest(1)).await;

    assert!(refused.is_err());
    assert_eq!(before.elapsed(), 3 * SLOT_TIME);
    assert_eq!((queue.waiting(), queue.lock().waiting.flows()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn whoever_enters_again_has_what_is_left_of_their_budget() {
    let queue = queue(1, 30 * SLOT_TIME);
    let deadline = queue.deadline();
    let first = queue.enter(guest(0), deadline).await.unwrap();
    tokio::time::advance(28 * SLOT_TIME).await;
    drop(first);
    let _running = queue.slot(guest(1)).await.unwrap();
    let waiting = queue.begin(guest(2)).await;

    // With one login before it in the queue it would be in time, with two it is not.
    let at_once = Instant::now();
    let refused = queue.enter(guest(2), deadline - SLOT_TIME).await;
    assert!(refused.is_err() && at_once.elapsed().is_zero());
    let waited = queue.enter(guest(0), deadline).await;

    assert!(waited.is_err());
    assert_eq!(at_once.elapsed(), 2 * SLOT_TIME);
    assert!(!waiting.is_finished());
}

#[tokio::test(start_paused = true)]
async fn where_turns_have_become_slower_who_would_wait_too_long_is_refused_though_not_the_last() {
    let queue = queue(1, 10 * SLOT_TIME);
    let _running = queue.slot(guest(0)).await.unwrap();
    for number in [1, 1].into_iter().chain(1..=8) {
        queue.begin(guest(number)).await;
    }
    assert_eq!(queue.waiting(), 10);

    for _ in 0..100 {
        queue.learn(2 * SLOT_TIME);
    }
    // In the fair order eight are before it, and five get a slot within the budget.
    let refused = queue.slot(guest(9)).await;

    assert!(refused.is_err());
    assert_eq!(queue.waiting(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_gone_leaves_no_trace_and_loses_no_turn() {
    let queue = queue(1, Duration::from_mins(1));
    let running = queue.slot(guest(0)).await.unwrap();
    let gone = queue.begin(guest(1)).await;
    let called_but_gone = queue.begin(guest(2)).await;

    gone.abort();
    settle().await;
    assert_eq!(queue.waiting(), 1);
    // The slot is in the channel when its receiver is dropped.
    drop(running);
    called_but_gone.abort();
    settle().await;

    let running = queue.lock().running;
    assert_eq!((running, queue.lock().waiting.flows()), (0, 0));
    assert!(queue.slot(guest(3)).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_who_enter_and_leave_cost_nobody_a_place_and_leave_nothing() {
    let queue = queue(1, 10 * SLOT_TIME);
    let running = queue.slot(guest(0)).await.unwrap();
    let owner = queue.begin(guest(1)).await;
    let flows = queue.lock().waiting.flows();

    for number in 0..10_000_u32 {
        let address = format!("2001:db8:{:x}:{:x}::1", number % 500, number % 7);
        let login = flow(&format!("name{number}"), &address);
        // They enter, and leave when they would have to wait.
        assert!(queue.slot(login).now_or_never().is_none());
    }

    assert_eq!((queue.waiting(), queue.lock().waiting.flows()), (1, flows));
    drop(running);
    assert!(owner.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_ever_new_names_and_networks_is_bounded_and_the_owner_is_next_but_one() {
    let queue = queue(1, 10 * SLOT_TIME);
    let (served, mut next) = tokio::sync::mpsc::unbounded_channel();
    let enter = async |name: &'static str, flow| {
        let (queue, served) = (Arc::clone(&queue), served.clone());
        tokio::spawn(async move { queue.slot(flow).await.map(|slot| served.send((name, slot))) });
        settle().await;
    };
    let mut running = queue.slot(guest(0)).await.unwrap();
    for number in 0..1000_u32 {
        let address = format!("2001:db8:1:{number:x}::1");
        enter("flood", flow(&format!("name{number}"), &address)).await;
        assert!(queue.waiting() <= 10);

        if number % 50 == 49 {
            enter("owner", flow("alice", "198.51.100.1")).await;
            drop(running);
            let mut before = 0;
            running = loop {
                let (name, slot) = next.recv().await.unwrap();
                if name == "owner" {
                    break slot;
                }
                before += 1;
            };
            assert!(before <= 1, "{before}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_quarter_of_the_places_is_for_logins_with_less_than_their_share() {
    // Eight slots, each held for a tenth of the budget: 80 places.
    let queue = queue(8, 10 * SLOT_TIME);
    let mut held = Vec::new();
    for number in 0..8 {
        held.push(queue.slot(guest(number)).await.unwrap());
    }
    let mut floods = Vec::new();
    for number in 0..120 {
        floods.push(queue.begin(guest(100 + number % 3)).await);
    }
    // Each of the three floods has 20 logins in the first three quarters, and would have 26 as its share.
    assert_eq!(queue.waiting(), 78);

    // With ten flows the share is 8.
    for number in 10..17 {
        queue.begin(guest(number)).await;
    }
    let refused = queue.slot(guest(100)).now_or_never();

    assert!(refused.is_some_and(|slot| slot.is_err()));
    assert_eq!(queue.waiting(), 80);
    // Of the floods 42 were refused as they came, and 5 gave way to those who have waited less.
    assert_eq!(floods.iter().filter(|login| login.is_finished()).count(), 47);
}

#[tokio::test(start_paused = true)]
async fn a_flood_on_one_account_that_fills_the_queue_keeps_no_neighbour_out() {
    let shared = "2001:db8:1:2::1";
    for (name, neighbour) in [
        ("behind the same address", flow("bob", shared)),
        ("in the same site", flow("bob", "2001:db8:1:3::1")),
        ("in the same site, the same account", flow("alice", "2001:db8:1:3::1")),
    ] {
        for elsewhere in [0, 1, 5] {
            let queue = queue(1, 80 * SLOT_TIME);
            let running = queue.slot(guest(0)).await.unwrap();
            for number in 0..elsewhere {
                queue.begin(guest(number)).await;
            }
            for _ in 0..100 {
                queue.begin(flow("alice", shared)).await;
            }
            assert!(queue.waiting() >= 60);

            let neighbour = queue.begin(neighbour.clone()).await;

            assert!(!neighbour.is_finished(), "{name}, {elsewhere} elsewhere");
            drop(running);
            assert!(neighbour.await.unwrap().is_ok(), "{name}, {elsewhere} elsewhere");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_standstill_the_queue_is_still_fair_and_retries_are_not_put_off_for_long() {
    let budget = Duration::from_secs(5);
    let queue = queue(8, budget);
    let mut held = Vec::new();
    for number in 0..8 {
        held.push(queue.slot(guest(number)).await.unwrap());
    }
    let mut flood = Vec::new();
    for _ in 0..20 {
        let login = Arc::clone(&queue).enter_owned(flow("alice", "203.0.113.7"));
        flood.push(tokio::spawn(login));
    }
    settle().await;
    // The machine stands still, and the slots are passed on before the deadlines are noticed.
    for slot in &mut held {
        slot.began = slot.began.checked_sub(Duration::from_mins(10)).unwrap();
        slot.has_hashed = true;
    }
    drop(held);
    settle().await;
    assert!(queue.queue_full(Duration::ZERO).retry_after <= budget);

    // The flood that was served holds all slots, and comes back.
    let (served, rest) = flood.split_at_mut(8);
    assert!(served.iter().all(JoinHandle::is_finished));
    for login in rest {
        login.abort();
    }
    settle().await;
    for _ in 0..20 {
        queue.begin(flow("alice", "203.0.113.7")).await;
    }
    let owner = queue.begin(flow("bob", "198.51.100.1")).await;

    assert!(!owner.is_finished());
    flood.remove(0).await.unwrap().unwrap();
    flood.remove(0).await.unwrap().unwrap();
    assert!(owner.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn accounts_that_ask_evenly_are_refused_as_they_come_and_seldom_displaced() {
    let queue = queue(8, Duration::from_secs(5));
    let held = Arc::new(Mutex::new(VecDeque::new()));
    let refused = Arc::new(Mutex::new(Vec::new()));
    // For 40 s ten times as many logins as get a slot, for 32 accounts in turn. The first 10 s do not count.
    for number in 0..9200_u32 {
        if number.is_multiple_of(40) {
            // A group of four hashes is done.
            let done: Vec<HashSlot> = {
                let mut held = held.lock().unwrap();
                let group = held.len().min(4);
                held.drain(..group).collect()
            };
            drop(done);
            settle().await;
        }
        let login = queue.clone().enter_owned(flow(&format!("name{}", number % 32), "203.0.113.7"));
        let (held, refused, arrived) = (Arc::clone(&held), Arc::clone(&refused), Instant::now());
        tokio::spawn(async move {
            match login.await {
                Ok(slot) => held.lock().unwrap().push_back(slot.with_hash()),
                Err(_) if number >= 2300 => refused.lock().unwrap().push(arrived.elapsed()),
                Err(_) => {}
            }
        });
        settle().await;
        tokio::time::advance(Duration::from_micros(4348)).await;
    }

    let refused = refused.lock().unwrap();
    let late = refused.iter().filter(|waited| **waited > Duration::from_millis(50)).count();
    assert!(refused.len() > 6000, "{}", refused.len());
    assert!(late * 200 < refused.len(), "{late} of {} refusals came late", refused.len());
}

#[test]
fn the_estimate_follows_the_measured_time() {
    let queue = queue(2, Duration::from_secs(5));
    assert_eq!(queue.slots_within(Duration::from_secs(1)), 20);

    for _ in 0..100 {
        queue.learn(Duration::from_millis(800));
    }

    let estimate = queue.time_of(4);
    // An eighth more than was measured, for each of two slots in a row.
    assert!(
        estimate > Duration::from_millis(1790) && estimate <= Duration::from_millis(1800),
        "{estimate:?}"
    );
    assert_eq!(queue.slots_within(estimate), 4);
    assert_eq!(queue.slots_within(estimate.saturating_sub(Duration::from_millis(1))), 3);
}

#[tokio::test(start_paused = true)]
async fn slots_are_measured_from_end_to_end_while_the_queue_is_not_empty() {
    let queue = queue(1, 10 * SLOT_TIME);
    // The whole time for which a slot is held counts, not only the hash, and an eighth is added.
    for number in 0..50 {
        let slot = queue.slot(guest(number)).await.unwrap();
        let next = queue.begin(guest(number + 100)).await;
        tokio::time::advance(2 * SLOT_TIME).await;
        queue.learn_from_group(SLOT_TIME);
        drop(slot.with_hash());
        next.await.unwrap().unwrap();
    }
    assert_eq!(queue.slots_within(9 * SLOT_TIME), 4);

    // Slots in which nothing was hashed do not count.
    let slot = queue.slot(guest(0)).await.unwrap();
    let next = queue.begin(guest(1)).await;
    drop(slot);
    next.await.unwrap().unwrap();
    assert_eq!(queue.slots_within(9 * SLOT_TIME), 4);

    // While the queue is empty, the hash counts.
    for _ in 0..50 {
        queue.learn_from_group(SLOT_TIME);
    }
    assert_eq!(queue.slots_within(9 * SLOT_TIME), 7);
}

#[test]
fn a_budget_without_end_and_a_slot_without_time_are_possible() {
    let one = NonZeroUsize::MIN;
    let queue = Admission::new(one, Duration::MAX, Duration::ZERO);

    assert_eq!(queue.slots_within(queue.budget), u64::MAX);
    assert!(queue.deadline() > Instant::now());
}
