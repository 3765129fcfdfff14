//! What clients see of a fault, and that it ends with its cause.

use serde_json::json;

use crate::support::SendToDb;
use crate::{
    actors::{
        probes::{HoldDatabase, HoldHasher, PanicHasher, RunAsRead, WriteAndPanic, write},
        steps::begin,
    },
    support::{PASSWORD, Response, TestApp, eventually},
};
use sekisho::{
    actors::password::{FlowKey, PasswordError},
    config::cores,
    domain::RequestOrigin,
};

#[actix_web::test]
async fn a_database_that_cannot_be_written_is_read_and_said_to_be_so() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    let set = |value: &str| app.ask_db(RunAsRead(format!("PRAGMA query_only = {value}")));
    set("ON").await.unwrap();

    let refused = [
        app.register("bob").await,
        app.try_log_in("alice", PASSWORD).await,
        app.refresh(&tokens.refresh).await,
        app.send(actix_web::http::Method::POST, "/logout", Some(&tokens.access)).await,
    ];
    let ready = app.get("/readyz", None).await;
    let me = app.me(&tokens.access).await;
    set("OFF").await.unwrap();

    for answer in refused {
        assert_eq!((answer.status.as_u16(), &*answer.code()), (503, "database_read_only"));
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!((ready.status.as_u16(), &ready.json()["failing"]), (503, &json!(["db"])));
    assert_eq!(me.status, 200);
    eventually("it is ready", async || app.get("/readyz", None).await.status == 200).await;
    assert_eq!(app.refresh(&tokens.refresh).await.status, 200);
    assert_eq!(app.register("bob").await.status, 201);
}

/// A request that reads while a batch is open, which a panic then undoes.
async fn read_beside_a_panic(app: &TestApp, token: &str) -> Response {
    let db = app.sekisho.db();
    let (message, mut held) = HoldDatabase::new();
    let (for_hold, for_write, for_panic) = (db.clone(), db.clone(), db.clone());
    let holding = begin(async move { for_hold.send(message).await }).await;
    held.entered().await;
    let writing = begin(async move { for_write.send(write("beside")).await }).await;
    let panic = async {
        eventually("the request is on its way", async || db.in_flight() >= 3).await;
        let panicking = begin(async move { for_panic.send(WriteAndPanic("never")).await }).await;
        held.release();
        panicking.await.unwrap().unwrap_err();
    };
    let (me, ()) = futures_util::future::join(app.me(token), panic).await;
    holding.await.unwrap().unwrap();
    writing.await.unwrap().unwrap_err();
    me
}

#[actix_web::test]
async fn a_panic_of_the_database_fails_the_requests_beside_it_and_no_later_one() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    let mut failed = 0;

    for _ in 0..20 {
        // The request may arrive before the panic or after it, because they come from two threads.
        let beside = read_beside_a_panic(&app, &tokens.access).await;
        if beside.status != 200 {
            assert_eq!((beside.status.as_u16(), &*beside.code()), (500, "internal_error"));
            failed += 1;
        }
        assert_eq!(app.me(&tokens.access).await.status, 200);
        assert_eq!(app.get("/readyz", None).await.status, 200);
    }

    assert!(failed > 0);
    assert_eq!(app.refresh(&tokens.refresh).await.status, 200);
}

#[actix_web::test]
async fn hash_threads_that_panic_hash_again() {
    let app = TestApp::start().await;
    app.register("alice").await;
    let passwords = app.sekisho.passwords();

    for _ in 0..3 * cores().get() {
        let slot = passwords.slot(FlowKey::registration(&RequestOrigin::default())).await.unwrap();
        assert!(matches!(passwords.ask(slot, PanicHasher).await, Err(PasswordError::Panicked)));
    }

    assert_eq!(app.try_log_in("alice", PASSWORD).await.status, 200);
    assert_eq!(app.register("bob").await.status, 201);
    assert_eq!(app.get("/readyz", None).await.status, 200);
}

#[actix_web::test]
async fn readiness_names_the_hash_threads_where_none_answers() {
    let app = TestApp::start().await;
    let mut all = Vec::new();
    for _ in 0..cores().get() {
        let (message, mut held) = HoldHasher::new();
        let passwords = app.sekisho.passwords().clone();
        let holding = begin(async move {
            let slot = passwords.slot(FlowKey::registration(&RequestOrigin::default())).await.unwrap();
            passwords.ask(slot, message).await.map(|((), _)| ())
        })
        .await;
        held.entered().await;
        all.push((held, holding));
    }

    let ready = app.get("/readyz", None).await;
    for (held, holding) in all {
        held.release();
        holding.await.unwrap().unwrap();
    }

    assert_eq!((ready.status.as_u16(), &ready.json()["failing"]), (503, &json!(["password"])));
    assert_eq!(app.get("/readyz", None).await.status, 200);
}
