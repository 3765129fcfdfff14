//! Metrics, with the names and units that Prometheus recommends.
//!
//! Metrics belong to the process: two instances of Sekisho in one process would be added up. Busy metrics are
//! looked up once per thread, so that a request costs a few atomic additions.

use std::{
    any::{TypeId, type_name},
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, LazyLock, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use prometheus::{
    Encoder, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// The media type of [`render`].
pub(crate) const CONTENT_TYPE: &str = prometheus::TEXT_FORMAT;

/// From 10 µs to 40 s. Each bucket is four times the one before.
const SECONDS: [f64; 12] = [
    0.000_01, 0.000_04, 0.000_16, 0.000_64, 0.002_56, 0.010_24, 0.040_96, 0.163_84, 0.655_36, 2.621_44,
    10.485_76, 41.943_04,
];

const BATCH_SIZES: [f64; 10] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

const LANES: [f64; 4] = [1.0, 2.0, 3.0, 4.0];

static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

struct Metrics {
    registry: Registry,
    requests: HistogramVec,
    requests_in_flight: IntGauge,
    messages: HistogramVec,
    messages_refused: IntCounterVec,
    logins: IntCounterVec,
    logins_refused: IntCounter,
    attempts_throttled: IntCounter,
    registrations_throttled: IntCounter,
    refreshes: IntCounterVec,
    hash_seconds: Histogram,
    hash_lanes: Histogram,
    hash_wait_seconds: Histogram,
    batch_writes: Histogram,
    commit_seconds: Histogram,
    users: IntGauge,
    sessions: IntGauge,
    database_bytes: IntGauge,
    wal_bytes: IntGauge,
    gauges: IntGaugeVec,
}

impl Metrics {
    fn new() -> Self {
        let registry = Registry::new();
        let build_info =
            int_gauge_vec(&registry, "sekisho_build_info", "Which version this is; always 1.", &["version"]);
        build_info.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
        Self {
            requests: histogram_vec(
                &registry,
                "sekisho_http_request_duration_seconds",
                "How long HTTP requests took, by route and status.",
                &["route", "status"],
            ),
            requests_in_flight: int_gauge(
                &registry,
                "sekisho_http_requests_in_flight",
                "HTTP requests that are being answered.",
            ),
            messages: histogram_vec(
                &registry,
                "sekisho_actor_message_duration_seconds",
                "How long messages took from sending to answer, by actor and message.",
                &["actor", "message"],
            ),
            messages_refused: int_counter_vec(
                &registry,
                "sekisho_actor_messages_refused_total",
                "Messages without an answer, by actor and reason (busy, timed_out, stopped).",
                &["actor", "reason"],
            ),
            logins: int_counter_vec(&registry, "sekisho_logins_total", "Logins by outcome.", &["outcome"]),
            logins_refused: int_counter(
                &registry,
                "sekisho_hash_queue_refused_total",
                "Logins and registrations refused because the wait for a hash would be, or was, too long.",
            ),
            attempts_throttled: int_counter(
                &registry,
                "sekisho_password_attempts_throttled_total",
                "Password attempts refused because of failures before them.",
            ),
            registrations_throttled: int_counter(
                &registry,
                "sekisho_registrations_throttled_total",
                "Registrations and changes of address refused because of those before them from the same network.",
            ),
            refreshes: int_counter_vec(
                &registry,
                "sekisho_refreshes_total",
                "Refreshes by outcome (rotated, replayed, replayed_elsewhere, reused, refused).",
                &["outcome"],
            ),
            hash_seconds: hash_seconds(&registry),
            hash_lanes: hash_lanes(&registry),
            hash_wait_seconds: histogram(
                &registry,
                "sekisho_hash_wait_seconds",
                "How long logins and registrations waited for a hash thread, of those that waited.",
                &SECONDS,
            ),
            batch_writes: histogram(
                &registry,
                "sekisho_db_batch_writes",
                "How many writes one COMMIT made durable.",
                &BATCH_SIZES,
            ),
            commit_seconds: histogram(
                &registry,
                "sekisho_db_commit_duration_seconds",
                "How long a COMMIT took.",
                &SECONDS,
            ),
            users: int_gauge(&registry, "sekisho_users", "Accounts; counted 5,000 a second."),
            sessions: int_gauge(
                &registry,
                "sekisho_sessions",
                "Sessions that have not ended; counted 5,000 a second.",
            ),
            database_bytes: int_gauge(
                &registry,
                "sekisho_database_bytes",
                "The database's size; read every second.",
            ),
            wal_bytes: int_gauge(
                &registry,
                "sekisho_wal_bytes",
                "The write-ahead log's size; read every second.",
            ),
            gauges: int_gauge_vec(
                &registry,
                "sekisho_in_flight",
                "Messages in flight, by actor, and logins that wait for a hash.",
                &["what"],
            ),
            registry,
        }
    }
}

fn registered<C: prometheus::core::Collector + Clone + 'static>(
    registry: &Registry,
    made: prometheus::Result<C>,
) -> C {
    // The names are constants of this file. A wrong or repeated one fails every test.
    #[expect(clippy::expect_used, reason = "a mistake in this file, not a condition at run time")]
    let collector = made.expect("a metric's name and labels are valid");
    #[expect(clippy::expect_used, reason = "a mistake in this file, not a condition at run time")]
    registry.register(Box::new(collector.clone())).expect("a metric's name is its own");
    collector
}

fn histogram_vec(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
    registered(registry, HistogramVec::new(HistogramOpts::new(name, help).buckets(SECONDS.to_vec()), labels))
}

fn hash_seconds(registry: &Registry) -> Histogram {
    let help = "How long one bcrypt took, beside the others of its group.";
    histogram(registry, "sekisho_hash_duration_seconds", help, &SECONDS)
}

fn hash_lanes(registry: &Registry) -> Histogram {
    histogram(registry, "sekisho_hash_lanes", "How many bcrypts a hash thread computed side by side.", &LANES)
}

fn histogram(registry: &Registry, name: &str, help: &str, buckets: &[f64]) -> Histogram {
    registered(registry, Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec())))
}

fn int_counter_vec(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    registered(registry, IntCounterVec::new(Opts::new(name, help), labels))
}

fn int_counter(registry: &Registry, name: &str, help: &str) -> IntCounter {
    registered(registry, IntCounter::new(name, help))
}

fn int_gauge_vec(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    registered(registry, IntGaugeVec::new(Opts::new(name, help), labels))
}

fn int_gauge(registry: &Registry, name: &str, help: &str) -> IntGauge {
    registered(registry, IntGauge::new(name, help))
}

/// The counts of messages in flight, by actor: one for each handle.
static IN_FLIGHT: Mutex<Vec<(&str, Weak<AtomicUsize>)>> = Mutex::new(Vec::new());

/// Reads a count of messages in flight whenever the metrics are read, while the count exists.
pub(crate) fn watch_in_flight(actor: &'static str, count: &Arc<AtomicUsize>) {
    let mut watched = IN_FLIGHT.lock().unwrap_or_else(PoisonError::into_inner);
    watched.retain(|(_, count)| count.strong_count() > 0);
    watched.push((actor, Arc::downgrade(count)));
}

/// Several workers have an actor of the same kind; the metric is the sum of their counts.
fn read_in_flight() {
    let watched = IN_FLIGHT.lock().unwrap_or_else(PoisonError::into_inner);
    let mut sums = BTreeMap::<_, usize>::new();
    for (actor, count) in watched.iter() {
        let count = count.upgrade().map_or(0, |count| count.load(Ordering::Relaxed));
        *sums.entry(*actor).or_default() += count;
    }
    for (actor, count) in sums {
        in_flight(actor, count);
    }
}

/// All metrics, in Prometheus' text format.
pub(crate) fn render() -> Vec<u8> {
    read_in_flight();
    let mut text = Vec::new();
    if let Err(error) = TextEncoder::new().encode(&METRICS.registry.gather(), &mut text) {
        log::error!("metrics cannot be rendered: {error}");
    }
    text
}

thread_local! {
    static REQUESTS: RefCell<HashMap<(usize, u16), Histogram>> = RefCell::default();
    static MESSAGES: RefCell<HashMap<TypeId, Histogram>> = RefCell::default();
}

/// Counts a request that has arrived.
pub(crate) fn request_began() {
    METRICS.requests_in_flight.inc();
}

/// Counts a request that was answered, or whose client has hung up.
pub(crate) fn request_ended() {
    METRICS.requests_in_flight.dec();
}

/// Records the answer to a request. `route` is the declared path, not the requested one.
pub(crate) fn request_answered(route: &'static str, status: u16, took: Duration) {
    REQUESTS.with_borrow_mut(|known| {
        // Each declared path is one static text, so its address identifies it.
        let key = (route.as_ptr().addr(), status);
        known
            .entry(key)
            .or_insert_with(|| METRICS.requests.with_label_values(&[route, status.to_string().as_str()]))
            .observe(took.as_secs_f64());
    });
}

/// Records the answer to a message to an actor of type `A`.
pub(crate) fn message_answered<A: 'static, M: 'static>(actor: &'static str, took: Duration) {
    MESSAGES.with_borrow_mut(|known| {
        known
            .entry(TypeId::of::<(A, M)>())
            .or_insert_with(|| {
                // A message in an envelope is named by its own type.
                let name = type_name::<M>().trim_end_matches('>');
                let message = name.rsplit("::").next().unwrap_or_default();
                METRICS.messages.with_label_values(&[actor, message])
            })
            .observe(took.as_secs_f64());
    });
}

/// Why a message was not answered.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    Busy,
    TimedOut,
    Stopped,
}

/// Counts a message to an actor that was not answered.
pub(crate) fn message_refused(actor: &'static str, refusal: Refusal) {
    let reason = match refusal {
        Refusal::Busy => "busy",
        Refusal::TimedOut => "timed_out",
        Refusal::Stopped => "stopped",
    };
    METRICS.messages_refused.with_label_values(&[actor, reason]).inc();
}

/// The outcome of a login.
#[derive(Debug, Clone, Copy)]
pub(crate) enum LoginOutcome {
    Success,
    Incorrect,
    Disabled,
    Throttled,
    Busy,
    Failed,
    Abandoned,
}

/// Counts a login that has ended.
pub(crate) fn login(outcome: LoginOutcome) {
    let outcome = match outcome {
        LoginOutcome::Success => "success",
        LoginOutcome::Incorrect => "incorrect",
        LoginOutcome::Disabled => "disabled",
        LoginOutcome::Throttled => "throttled",
        LoginOutcome::Busy => "busy",
        LoginOutcome::Failed => "failed",
        LoginOutcome::Abandoned => "abandoned",
    };
    METRICS.logins.with_label_values(&[outcome]).inc();
}

/// The outcome of a refresh.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RefreshOutcome {
    Rotated,
    Replayed,
    ReplayedElsewhere,
    Reused,
    Refused,
}

/// Counts a refresh that has ended.
pub(crate) fn refresh(outcome: RefreshOutcome) {
    let outcome = match outcome {
        RefreshOutcome::Rotated => "rotated",
        RefreshOutcome::Replayed => "replayed",
        RefreshOutcome::ReplayedElsewhere => "replayed_elsewhere",
        RefreshOutcome::Reused => "reused",
        RefreshOutcome::Refused => "refused",
    };
    METRICS.refreshes.with_label_values(&[outcome]).inc();
}

/// Counts a login that was refused because the queue was full.
pub(crate) fn hash_refused() {
    METRICS.logins_refused.inc();
}

/// Records the time that a login waited for a hash slot.
pub(crate) fn hash_waited(wait: Duration) {
    METRICS.hash_wait_seconds.observe(wait.as_secs_f64());
}

/// Counts a password attempt that the throttle refused.
pub(crate) fn attempt_throttled() {
    METRICS.attempts_throttled.inc();
}

/// Counts a registration that was refused because of earlier ones from the same network.
pub(crate) fn registration_throttled() {
    METRICS.registrations_throttled.inc();
}

/// Records a group of passwords that were hashed or compared side by side.
pub(crate) fn passwords_hashed(took: Duration, lanes: usize) {
    for _ in 0..lanes {
        METRICS.hash_seconds.observe(took.as_secs_f64());
    }
    METRICS.hash_lanes.observe(f64::from(u32::try_from(lanes).unwrap_or(u32::MAX)));
}

/// Records a batch of writes that became durable.
pub(crate) fn batch_committed(writes: usize, took: Duration) {
    METRICS.batch_writes.observe(f64::from(u32::try_from(writes).unwrap_or(u32::MAX)));
    METRICS.commit_seconds.observe(took.as_secs_f64());
}

/// Sets the number of users, after all were counted.
pub(crate) fn users(count: i64) {
    METRICS.users.set(count);
}

/// Sets the number of live sessions, after all were counted.
pub(crate) fn sessions(count: i64) {
    METRICS.sessions.set(count);
}

/// Sets the size of the database.
pub(crate) fn database_size(bytes: i64) {
    METRICS.database_bytes.set(bytes);
}

/// Sets the size of the write-ahead log.
pub(crate) fn wal_size(bytes: u64) {
    METRICS.wal_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
}

/// Sets how much of something is in progress.
pub(crate) fn in_flight(what: &str, count: usize) {
    METRICS.gauges.with_label_values(&[what]).set(i64::try_from(count).unwrap_or(i64::MAX));
}
