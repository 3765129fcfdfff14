//! Once: a stolen signing key could only be replaced by stopping the server and restoring a backup without
//! its sessions.

use actix_web::http::StatusCode;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sekisho::{
    actors::maintenance::{Revoked, RunMaintenance, revoke_key},
    domain::{Context, KeyWrap, Random},
};
use serde_json::Value;

use crate::support::{TestApp, Tokens};

/// The id of the key that signed a token.
fn kid(token: &str) -> String {
    let header = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

async fn published(app: &TestApp) -> Vec<String> {
    let keys = app.get("/.well-known/jwks.json", None).await.json();
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn what_it_signed_is_refused_while_the_server_runs_and_nobody_is_logged_out() {
    let app = TestApp::start().await;
    let tokens = app.newcomer("alice").await;
    let stolen = kid(&tokens.access);
    // The token was verified before, so the result is in the cache.
    assert_eq!(app.me(&tokens.access).await.status, StatusCode::OK);

    let maker = (&KeyWrap::in_the_clear(), &Random::System);
    let revoked =
        revoke_key(app.sekisho.db(), &stolen, &Context::operator(app.clock.now()), maker).await.unwrap();
    app.sekisho.maintenance().ask(RunMaintenance).await.unwrap();

    let Some(Revoked::ReplacedBy(successor)) = revoked else { panic!("{revoked:?}") };
    crate::support::eventually("every worker refuses it", async || {
        let answers = [app.me(&tokens.access).await, app.me(&tokens.access).await];
        answers.iter().all(|answer| answer.status == StatusCode::UNAUTHORIZED)
    })
    .await;
    crate::support::eventually("it is published no more", async || {
        published(&app).await == [successor.clone()]
    })
    .await;
    let renewed = Tokens::of(&app.refresh(&tokens.refresh).await);
    assert_eq!((kid(&renewed.access), app.me(&renewed.access).await.status), (successor, StatusCode::OK));
}
