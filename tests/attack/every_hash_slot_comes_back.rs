//! Whatever request a client breaks off, and at whatever point, every hash slot comes back, and none twice.

use std::time::Duration;

use actix_web::rt::spawn;
use futures_util::future::join_all;
use sekisho::{actors::password::FlowKey, domain::RequestOrigin};
use tokio::time::{sleep, timeout};

use crate::support::{
    PASSWORD, TestApp, Tokens, eventually,
    wire::{FORM, JSON, Wire},
};

/// The number of requests that are broken off.
const REQUESTS: u32 = 2_000;

/// After this many requests a new session is opened, because a change of password that was not broken off has
/// ended it.
const SESSION_LASTS: u32 = 40;

#[actix_web::test]
async fn whatever_is_broken_off() {
    let app = TestApp::start_with(|config| {
        config.account.max_login_wait = Duration::from_mins(1);
        config.server.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await;
    let mut tokens = app.newcomer("alice").await;

    let mut pending = Vec::new();
    for number in 0..REQUESTS {
        if number % SESSION_LASTS == 0 {
            join_all(std::mem::take(&mut pending)).await;
            tokens = log_in(&app).await;
        }
        let (address, request) = (app.address, request(number, &tokens.access));
        pending.push(spawn(async move {
            let mut wire = Wire::connect(address).await;
            wire.send(request).await;
            // From before a request is read until some are answered: 40 at once take some dozen milliseconds.
            sleep(Duration::from_millis(u64::from(number % 37) * 2)).await;
            wire.stream.set_zero_linger().unwrap();
        }));
    }
    join_all(pending).await;

    let passwords = app.sekisho.passwords();
    eventually("nothing is under way", async || {
        let status = app.sekisho.throttle().status().await.unwrap();
        let waiting = status.waiting + passwords.waiting();
        status.pending + waiting + passwords.handle().in_flight() == 0
    })
    .await;
    let slot = || passwords.slot(FlowKey::registration(&RequestOrigin::default()));
    let all = timeout(Duration::from_secs(10), join_all((0..passwords.slots()).map(|_| slot()))).await;
    assert!(all.is_ok(), "a slot was lost");
    assert!(timeout(Duration::from_millis(1), slot()).await.is_err(), "a slot was given twice");
}

/// Logs in. A broken-off change of password may take effect in between, so that the verified password is no
/// longer the current one.
async fn log_in(app: &TestApp) -> Tokens {
    for _ in 0..100 {
        let answer = app.try_log_in("alice", PASSWORD).await;
        if answer.status != 401 {
            return Tokens::of(&answer);
        }
    }
    panic!("alice cannot log in");
}

/// Logins with the right and the wrong password, registrations, and changes of password, from many sites.
fn request(number: u32, token: &str) -> String {
    let (path, media_type, body) = match number % 4 {
        0 => ("/token", FORM, format!("username=alice&password={}", PASSWORD.replace(' ', "+"))),
        1 => ("/token", FORM, "username=alice&password=wrong".to_owned()),
        2 => {
            let names = format!(r#""username": "user{number}", "email": "user{number}@example.com""#);
            ("/users/", JSON, format!(r#"{{{names}, "password": "{PASSWORD}"}}"#))
        }
        _ => {
            let passwords = format!(r#""current_password": "{PASSWORD}", "new_password": "{PASSWORD}""#);
            ("/users/me/password", JSON, format!("{{{passwords}}}"))
        }
    };
    format!(
        "POST {path} HTTP/1.1\r\nHost: sekisho.test\r\nX-Forwarded-For: 198.51.{}.1\r\n\
         Authorization: Bearer {token}\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
        number % 256,
        body.len()
    )
}
