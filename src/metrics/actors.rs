//! Metrics of the messages to actors.

use std::{
    any::{TypeId, type_name},
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use prometheus::{Histogram, HistogramVec, IntCounterVec, IntGaugeVec, Opts};

use super::registry::{metrics, seconds};

metrics! {
    MESSAGES: HistogramVec = HistogramVec::new(
        seconds(
            "sekisho_actor_message_duration_seconds",
            "How long messages took from sending to answer, by actor and message.",
        ),
        &["actor", "message"],
    );
    MESSAGES_REFUSED: IntCounterVec = IntCounterVec::new(
        Opts::new(
            "sekisho_actor_messages_refused_total",
            "Messages without an answer, by actor and reason (busy, timed_out, stopped).",
        ),
        &["actor", "reason"],
    );
    IN_FLIGHT: IntGaugeVec = IntGaugeVec::new(
        Opts::new("sekisho_in_flight", "Messages in flight, by actor, and logins that wait for a hash."),
        &["what"],
    );
}

thread_local! {
    static KNOWN: RefCell<HashMap<TypeId, Histogram>> = RefCell::default();
}

/// Records the answer to a message to an actor of type `A`.
pub(crate) fn message_answered<A: 'static, M: 'static>(actor: &'static str, took: Duration) {
    KNOWN.with_borrow_mut(|known| {
        known
            .entry(TypeId::of::<(A, M)>())
            .or_insert_with(|| {
                // A message in an envelope is named by its own type.
                let name = type_name::<M>().trim_end_matches('>');
                let message = name.rsplit("::").next().unwrap_or_default();
                MESSAGES.with_label_values(&[actor, message])
            })
            .observe(took.as_secs_f64());
    });
}

/// The counts of messages in flight, by actor: one for each handle.
static WATCHED: Mutex<Vec<(&str, Weak<AtomicUsize>)>> = Mutex::new(Vec::new());

/// Reads a count of messages in flight whenever the metrics are read, while the count exists.
pub(crate) fn watch_in_flight(actor: &'static str, count: &Arc<AtomicUsize>) {
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    watched.retain(|(_, count)| count.strong_count() > 0);
    watched.push((actor, Arc::downgrade(count)));
}

/// Several workers have an actor of the same kind; the metric is the sum of their counts.
pub(super) fn read_in_flight() {
    let watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sums = BTreeMap::<_, usize>::new();
    for (actor, count) in watched.iter() {
        let count = count.upgrade().map_or(0, |count| count.load(Ordering::Relaxed));
        *sums.entry(*actor).or_default() += count;
    }
    for (actor, count) in sums {
        in_flight(actor, count);
    }
}

/// Sets how much of something is in progress.
pub(crate) fn in_flight(what: &str, count: usize) {
    IN_FLIGHT.with_label_values(&[what]).set(i64::try_from(count).unwrap_or(i64::MAX));
}
