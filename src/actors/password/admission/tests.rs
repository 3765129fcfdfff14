use super::*;

const HASH: Duration = Duration::from_millis(100);

fn queue(threads: usize, budget: Duration) -> Arc<Admission> {
    Admission::new(NonZeroUsize::new(threads).unwrap(), budget, HASH)
}

fn applicant(account: &str, network: u8) -> Applicant {
    let client = Client { ip: Some([10, 0, network, 1].into()), user_agent: None };
    Applicant::login(&LoginName::parse(account).unwrap(), &client)
}

impl Admission {
    async fn turn(self: &Arc<Self>, applicant: Applicant) -> Result<Turn, Refused> {
        self.enter(applicant, self.deadline()).await
    }
}

/// Lets every future that can go on do so.
async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_flood_from_one_network_waits_behind_itself_and_not_before_others() {
    let queue = queue(1, Duration::from_mins(1));
    let order = Arc::new(Mutex::new(Vec::new()));
    let running = queue.turn(applicant("first", 1)).await.unwrap();

    let mut tasks = Vec::new();
    for (name, octet) in [("flood", 2), ("flood", 2), ("flood", 2), ("flood", 2), ("guest", 3)] {
        let (queue, order) = (Arc::clone(&queue), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let turn = queue.turn(applicant(&format!("{name}{octet}"), octet)).await.unwrap();
            order.lock().unwrap().push(name);
            drop(turn);
        }));
        settle().await;
    }
    drop(running);
    for task in tasks {
        task.await.unwrap();
    }

    assert_eq!(*order.lock().unwrap(), ["flood", "guest", "flood", "flood", "flood"]);
}

#[tokio::test(start_paused = true)]
async fn one_account_from_many_networks_shares_one_place_in_a_round() {
    let queue = queue(1, Duration::from_mins(1));
    let order = Arc::new(Mutex::new(Vec::new()));
    let running = queue.turn(applicant("first", 1)).await.unwrap();

    let mut tasks = Vec::new();
    for (name, octet) in [("target", 2), ("target", 3), ("target", 4), ("guest", 5)] {
        let (queue, order) = (Arc::clone(&queue), Arc::clone(&order));
        tasks.push(tokio::spawn(async move {
            let turn = queue.turn(applicant(name, octet)).await.unwrap();
            order.lock().unwrap().push(name);
            drop(turn);
        }));
        settle().await;
    }
    drop(running);
    for task in tasks {
        task.await.unwrap();
    }

    assert_eq!(*order.lock().unwrap(), ["target", "guest", "target", "target"]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_budget_is_refused_at_once() {
    let queue = queue(1, 3 * HASH);
    let _running = queue.turn(applicant("a", 1)).await.unwrap();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let queue = Arc::clone(&queue);
            tokio::spawn(async move { queue.turn(applicant("a", 1)).await.map(drop) })
        })
        .collect();
    settle().await;
    let before = Instant::now();

    let refused = queue.turn(applicant("a", 1)).await.unwrap_err();

    assert_eq!(before.elapsed(), Duration::ZERO);
    assert!(refused.retry_after >= Duration::from_secs(1));
    assert_eq!(queue.waiting(), 3);
    // A guest is not refused for the flood's sake: there is one place before theirs.
    let guest = {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move { queue.turn(applicant("guest", 9)).await.map(drop) })
    };
    settle().await;
    assert_eq!(queue.waiting(), 4);
    drop((waiting, guest));
}

#[tokio::test(start_paused = true)]
async fn whoever_has_waited_the_budget_out_is_refused_then() {
    let queue = queue(1, 3 * HASH);
    let _running = queue.turn(applicant("a", 1)).await.unwrap();

    let refused = queue.turn(applicant("b", 2)).await;

    assert!(refused.is_err());
    assert_eq!(queue.waiting(), 0);
    assert!(queue.lock().flows.is_empty());
}

#[tokio::test(start_paused = true)]
async fn whoever_enters_again_has_what_is_left_of_their_budget() {
    let queue = queue(1, 30 * HASH);
    let deadline = queue.deadline();
    let first = queue.enter(applicant("a", 1), deadline).await.unwrap();
    tokio::time::advance(28 * HASH).await;
    drop(first);
    let _running = queue.turn(applicant("b", 2)).await.unwrap();
    let waiting = tokio::spawn({
        let queue = Arc::clone(&queue);
        async move { queue.turn(applicant("c", 3)).await.map(drop) }
    });
    settle().await;

    // One hash before theirs would do, two are too many.
    let at_once = Instant::now();
    let refused = queue.enter(applicant("c", 3), deadline - HASH).await;
    assert!(refused.is_err() && at_once.elapsed().is_zero());
    let waited = queue.enter(applicant("a", 1), deadline).await;

    assert!(waited.is_err());
    assert_eq!(at_once.elapsed(), 2 * HASH);
    waiting.abort();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_has_gone_leaves_no_trace_and_loses_no_turn() {
    let queue = queue(1, Duration::from_mins(1));
    let running = queue.turn(applicant("a", 1)).await.unwrap();
    let gone = {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move { queue.turn(applicant("b", 2)).await.map(drop) })
    };
    let called_but_gone = {
        let queue = Arc::clone(&queue);
        tokio::spawn(async move { queue.turn(applicant("c", 3)).await.map(drop) })
    };
    settle().await;

    gone.abort();
    settle().await;
    assert_eq!(queue.waiting(), 1);
    // The turn is in the channel when its receiver is dropped.
    drop(running);
    called_but_gone.abort();
    settle().await;

    assert_eq!(queue.lock().running, 0);
    assert!(queue.turn(applicant("d", 4)).await.is_ok());
}

#[test]
fn the_estimate_follows_the_measured_time() {
    let queue = queue(2, Duration::from_secs(5));

    for _ in 0..100 {
        queue.learn(Duration::from_millis(300));
    }

    let estimate = queue.time_of(4);
    assert!(estimate > Duration::from_millis(550) && estimate <= Duration::from_millis(600), "{estimate:?}");
}
