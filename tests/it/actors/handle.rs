//! `Handle`: the limit on messages in flight, the deadline, and senders that no longer wait.

use std::time::Duration;

use actix::{Actor, ActorContext, Context, Handler, Message};
use futures_util::future::poll_immediate;
use sekisho::actors::{Handle, Limits, Named, PingError, Pinger, Unreachable, db::DbError};

use super::{
    probes::{CountNames, HoldAndWrite, HoldDatabase, LoneDatabase, write},
    steps::{begin, settle},
};
use crate::support::{SendToDb, TestActors};

#[actix_web::test]
async fn beyond_the_bound_a_message_is_refused_at_once() {
    let database = LoneDatabase::start_with(Limits { in_flight: 2, deadline: None });
    let (message, mut held) = HoldDatabase::new();
    let (one, two, three) = (database.db.clone(), database.db.clone(), database.db.clone());
    let holding = begin(async move { one.send(message).await }).await;
    held.entered().await;
    let waiting = begin(async move { two.send(write("waited")).await }).await;

    // The thread is held, so only a refusal can answer this.
    let refused = three.send(write("refused")).await;

    assert_eq!(refused, Err(DbError::Unreachable(Unreachable::Busy("db"))));
    assert_eq!(database.db.in_flight(), 2);

    held.release();
    assert_eq!(holding.await.unwrap(), Ok(()));
    assert_eq!(waiting.await.unwrap(), Ok(()));
    assert_eq!(database.db.in_flight(), 0);
    assert_eq!(three.send(write("room again")).await, Ok(()));
    assert_eq!(database.committed(), ["room again", "waited"]);
}

#[actix_web::test]
async fn a_late_answer_is_an_unknown_outcome_and_the_actor_lives_on() {
    let hurried = Limits { in_flight: 10, deadline: Some(Duration::from_millis(20)) };
    let database = LoneDatabase::start_with(hurried);
    let patient = database.with(Limits { in_flight: 10, deadline: None });
    // On a busy machine the deadline may pass before the message is begun.
    let held = loop {
        let (message, mut held) = HoldAndWrite::new("late");
        let late = database.db.send(message).await;
        assert_eq!(late, Err(DbError::Unreachable(Unreachable::TimedOut("db"))));
        if held.has_entered().await {
            break held;
        }
    };

    assert_eq!(database.db.in_flight(), 0);

    held.release();
    // It had begun, so it ran to its end, and the actor accepts the next message.
    assert_eq!(patient.send(write("next")).await, Ok(()));
    assert_eq!(database.committed(), ["late", "next"]);
}

#[actix_web::test]
async fn a_message_that_timed_out_before_its_turn_is_skipped() {
    let hurried = Limits { in_flight: 10, deadline: Some(Duration::from_millis(20)) };
    let database = LoneDatabase::start_with(hurried);
    let patient = database.with(Limits { in_flight: 10, deadline: None });
    let (message, mut held) = HoldDatabase::new();
    let first = patient.clone();
    let holding = begin(async move { first.send(message).await }).await;
    held.entered().await;

    let late = database.db.send(write("never")).await;
    held.release();

    assert_eq!(late, Err(DbError::Unreachable(Unreachable::TimedOut("db"))));
    assert_eq!(holding.await.unwrap(), Ok(()));
    assert_eq!(patient.send(CountNames).await, Ok(0));
}

#[actix_web::test]
async fn a_message_whose_caller_has_gone_before_its_turn_is_skipped() {
    let database = LoneDatabase::start();
    let (message, mut held) = HoldDatabase::new();
    let (one, two) = (database.db.clone(), database.db.clone());
    let holding = begin(async move { one.send(message).await }).await;
    held.entered().await;
    let leaving = begin(async move { two.send(write("never")).await }).await;
    assert_eq!(database.db.in_flight(), 2);

    leaving.abort();
    settle().await;

    assert_eq!(database.db.in_flight(), 1);
    held.release();
    assert_eq!(holding.await.unwrap(), Ok(()));
    assert_eq!(database.db.send(CountNames).await, Ok(0));
}

/// An actor that stops when it is asked to.
struct Mortal;

impl Actor for Mortal {
    type Context = Context<Self>;
}

impl Named for Mortal {
    const NAME: &'static str = "mortal";
}

#[derive(Message)]
#[rtype(result = "Result<(), Unreachable>")]
struct End;

impl Handler<End> for Mortal {
    type Result = Result<(), Unreachable>;

    fn handle(&mut self, _: End, ctx: &mut Context<Self>) -> Self::Result {
        ctx.stop();
        Ok(())
    }
}

#[actix_web::test]
async fn an_actor_that_has_ended_is_told_from_one_that_is_slow() {
    let limits = Limits { in_flight: 10, deadline: None };
    let mortal = Handle::new(Mortal.start(), limits);

    let last = mortal.ask(End).await;
    let after = mortal.ask(End).await;

    assert_eq!((last, after), (Ok(()), Err(Unreachable::Stopped("mortal"))));
    assert_eq!(mortal.in_flight(), 0);
}

/// Whether this many messages at once exceed the limit.
async fn is_bounded(actor: &Pinger) -> bool {
    let mut asked: Vec<_> = (0..20_000).map(|_| Box::pin(actor.ping())).collect();
    for one in &mut asked {
        // The message is sent without waiting, so the actors of this thread do not get to answer.
        if let Some(answer) = poll_immediate(one).await {
            return matches!(answer, Err(PingError::Unreachable(Unreachable::Busy(_))));
        }
    }
    false
}

#[actix_web::test]
async fn every_actor_is_bounded() {
    let actors = TestActors::start().await;
    let sekisho = &actors.sekisho;
    let (message, mut held) = HoldDatabase::new();
    let db = sekisho.db().clone();
    let holding = begin(async move { db.send(message).await }).await;
    held.entered().await;

    assert!(is_bounded(&Pinger::from(sekisho.db())).await, "db");
    assert!(is_bounded(&Pinger::from(&actors.accounts)).await, "account");
    assert!(is_bounded(&Pinger::from(sekisho.maintenance())).await, "maintenance");
    assert!(is_bounded(&Pinger::from(sekisho.passwords().handle())).await, "password");

    held.release();
    holding.await.unwrap().unwrap();
}
