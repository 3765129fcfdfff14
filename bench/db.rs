//! Durable writes per second through `DbActor`, for so many in flight, in relation to an actor that
//! makes one COMMIT per message. And the time of one bcrypt, which logins are set in relation to.
//!
//! `cargo run --release --example bench_db [-- --json]`

use std::{
    sync::Arc,
    thread::available_parallelism,
    time::{Duration, Instant},
};

use actix::{Actor, Handler, SyncArbiter, SyncContext};
use futures_util::{StreamExt, stream};
use rusqlite::Connection;
use sekisho::{
    actors::{
        Handle, Limits, Named,
        db::{
            Close, DbError, DbMessage, Request,
            sqlite::{Access, DbActor, DbFile, Run, Tx},
        },
    },
    config::Database,
    domain::{Clock, Context, Principal, RequestId, RequestOrigin, SessionId, UserId},
};
use serde_json::json;

type Failed = Box<dyn std::error::Error>;

const ROUND: Duration = Duration::from_secs(2);
const IN_FLIGHT: [usize; 4] = [1, 8, 64, 512];

/// Inserts one row, as a login does.
#[derive(Debug)]
struct InsertRow;

impl DbMessage for InsertRow {
    type Answer = ();
}

impl Run for InsertRow {
    const ACCESS: Access = Access::Write;

    fn run(self, tx: &Tx<'_>) -> Result<(), DbError> {
        insert(tx)?;
        Ok(())
    }
}

fn insert(db: &Connection) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO rows (text) VALUES ('a row about as long as the row of a session is, more or less')",
    )?
    .execute([])?;
    Ok(())
}

/// What `DbActor` is measured by: a sync actor with a connection that commits each message.
struct OneByOne(Connection);

impl Actor for OneByOne {
    type Context = SyncContext<Self>;
}

impl Named for OneByOne {
    const NAME: &'static str = "one_by_one";
}

impl Handler<Request<InsertRow>> for OneByOne {
    type Result = Result<(), DbError>;

    fn handle(&mut self, _: Request<InsertRow>, _: &mut SyncContext<Self>) -> Self::Result {
        Ok(insert(&self.0)?)
    }
}

/// The rates of both actors with so many messages in flight.
struct Rates {
    in_flight: usize,
    one_by_one: f64,
    grouped: f64,
}

fn main() -> Result<(), Failed> {
    let directory = tempfile::tempdir_in(".")?;
    let file = |name: &str| -> Result<Arc<DbFile>, Failed> {
        let file = Arc::new(DbFile::open(&Database::File(directory.path().join(name)))?);
        file.connect()?.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, text TEXT)")?;
        Ok(file)
    };
    let (one, other) = (file("one.db")?, file("other.db")?);
    let as_json = std::env::args().any(|argument| argument == "--json");

    let figures = actix::System::new().block_on(async {
        let limits = Limits { in_flight: 1024, deadline: None };
        #[expect(clippy::expect_used, reason = "a sync arbiter's factory cannot fail")]
        let connect = move || OneByOne(one.connect().expect("the file was opened a moment ago"));
        let one_by_one = Handle::new(SyncArbiter::start(1, connect), limits);
        let grouped = DbActor::start(other, limits);
        let mut rates = Vec::new();
        for in_flight in IN_FLIGHT {
            rates.push(Rates {
                in_flight,
                one_by_one: rate(&one_by_one, in_flight).await?,
                grouped: rate(&grouped, in_flight).await?,
            });
        }
        grouped.ask(Close).await?;
        Ok::<_, Failed>((rates, hash_seconds(12)))
    })?;
    report(&figures, as_json);
    Ok(())
}

fn report((rates, hash_seconds): &(Vec<Rates>, f64), as_json: bool) {
    let cores = available_parallelism().map_or(1, std::num::NonZero::get);
    if as_json {
        let rates: Vec<_> = rates
            .iter()
            .map(|Rates { in_flight, one_by_one, grouped }| {
                json!({
                    "in_flight": in_flight, "one_by_one": one_by_one, "grouped": grouped,
                    "ratio": grouped / one_by_one,
                })
            })
            .collect();
        println!("{}", json!({ "rates": rates, "bcrypt_12_seconds": hash_seconds, "cores": cores }));
        return;
    }
    for Rates { in_flight, one_by_one, grouped } in rates {
        let ratio = grouped / one_by_one;
        println!(
            "{in_flight} in flight: {grouped:.0}/s, one COMMIT each {one_by_one:.0}/s, ratio {ratio:.2}"
        );
    }
    println!("one bcrypt at cost 12: {:.1} ms, on {cores} cores", hash_seconds * 1000.0);
}

async fn rate<A>(actor: &Handle<A>, in_flight: usize) -> Result<f64, Failed>
where
    A: Named<Context = SyncContext<A>> + Handler<Request<InsertRow>>,
{
    // As the context of a login is: it names a user, a session and a request.
    let origin = RequestOrigin {
        ip: Some([192, 0, 2, 7].into()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64)".into()),
        request_id: RequestId::numbered(1),
    };
    let context =
        Context::of_request(Clock::System.now(), Principal::User(UserId(1)), origin).in_session(SessionId(1));
    let started = Instant::now();
    let writes = stream::repeat_with(|| actor.ask(Request { message: InsertRow, context: context.clone() }))
        .take_while(|_| std::future::ready(started.elapsed() < ROUND))
        .buffer_unordered(in_flight)
        .fold(Ok(0_u32), |sum, answer| std::future::ready(answer.and(sum).map(|sum| sum + 1)))
        .await?;
    Ok(f64::from(writes) / started.elapsed().as_secs_f64())
}

/// The time of one hash by the `bcrypt` crate, which computes them one at a time.
fn hash_seconds(cost: u32) -> f64 {
    let mut times = Vec::new();
    for _ in 0..9 {
        let started = Instant::now();
        std::hint::black_box(bcrypt::bcrypt(cost, [7; 16], b"correct horse battery\0"));
        times.push(started.elapsed().as_secs_f64());
    }
    median(&mut times)
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
