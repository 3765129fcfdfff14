//! Genuine signatures on claims that must not be accepted.

use std::time::Duration;

use sekisho::{
    actors::{
        account::{AuthenticateError, LogOut},
        db::UpdateUser,
        token::InvalidToken,
    },
    domain::{AccessToken, Algorithm, RequestOrigin, Role, Scope, UserChange},
};
use serde_json::json;

use super::Scene;
use crate::{
    actors::steps::{authenticate, newcomer, refresh},
    support::START,
};

#[actix_web::test]
async fn what_we_do_not_understand_and_must_is_refused() {
    let scene = Scene::set(Algorithm::Es256).await;

    for crit in [json!(["exp"]), json!(["b64"]), json!(["x"]), json!([])] {
        let signed = scene.sign(json!({ "crit": crit, "b64": false }), json!({}));
        scene.refuses(&crit.to_string(), &signed, InvalidToken::Critical).await;
    }
}

#[actix_web::test]
async fn claims_that_are_not_for_us_or_not_for_now_are_refused() {
    use InvalidToken::{Expired, Forged, Malformed, NotYetValid, WrongAudience};

    let scene = Scene::set(Algorithm::Es256).await;
    let now = START.as_seconds();

    for (claims, reason) in [
        (json!({ "exp": now }), Expired),
        (json!({ "exp": now - 1 }), Expired),
        (json!({ "exp": 0 }), Expired),
        (json!({ "exp": -1 }), Forged),
        (json!({ "exp": i64::MIN }), Forged),
        (json!({ "exp": null }), Forged),
        (json!({ "exp": "9999999999" }), Forged),
        (json!({ "exp": 1e300 }), Forged),
        (json!({ "exp": u64::MAX }), Forged),
        (json!({ "nbf": now + 1 }), NotYetValid),
        (json!({ "nbf": i64::MAX }), NotYetValid),
        (json!({ "nbf": "0" }), Forged),
        (json!({ "iss": null }), Forged),
        (json!({ "iss": "" }), Forged),
        (json!({ "iss": "http://sekisho.test/" }), Forged),
        (json!({ "iss": "http://SEKISHO.test" }), Forged),
        (json!({ "iss": "http://elsewhere.test" }), Forged),
        (json!({ "iss": ["http://sekisho.test", "http://elsewhere.test"] }), Forged),
        (json!({ "aud": null }), Forged),
        (json!({ "aud": "http://sekisho.test" }), Forged),
        (json!({ "aud": "http://sekisho.test/admin" }), Forged),
        (json!({ "aud": { "0": "http://sekisho.test" } }), Forged),
        (json!({ "aud": [1] }), Forged),
        (json!({ "aud": [] }), WrongAudience),
        (json!({ "aud": [""] }), WrongAudience),
        (json!({ "aud": ["http://orders.test"] }), WrongAudience),
        (json!({ "aud": ["http://sekisho.test/"] }), WrongAudience),
        (json!({ "aud": ["http://SEKISHO.test"] }), WrongAudience),
        (json!({ "aud": ["http://sekisho.test/admin/"] }), WrongAudience),
        (json!({ "aud": ["http://sekisho.test/admin", "http://orders.test"] }), WrongAudience),
        (json!({ "auth_time": null }), Forged),
        (json!({ "auth_time": "0" }), Forged),
        (json!({ "sub": null }), Forged),
        (json!({ "uid": null }), Forged),
        (json!({ "sid": null }), Forged),
        (json!({ "sid": "1" }), Forged),
        (json!({ "scope": "user root" }), Malformed),
        (json!({ "scope": ["user"] }), Forged),
    ] {
        let signed = scene.sign(json!({}), claims.clone());
        scene.refuses(&claims.to_string(), &signed, reason).await;
    }
    scene.is_unharmed().await;
}

#[actix_web::test]
async fn a_token_is_good_for_its_own_user_session_and_role_alone() {
    let scene = Scene::set(Algorithm::Es256).await;
    let (bob, _) = newcomer(&scene.actors, "bob", Role::User).await;

    for claims in
        [json!({ "uid": bob.id }), json!({ "sid": 2 }), json!({ "sid": 99 }), json!({ "uid": -1, "sid": -1 })]
    {
        let signed = scene.sign(json!({}), claims.clone());
        assert_eq!(scene.verdict(&signed).await, Err(AuthenticateError::Ended), "{claims}");
    }
    for aud in [json!(["http://sekisho.test"]), json!(["http://sekisho.test/admin"])] {
        let promoted = json!({ "aud": aud, "scope": "user admin" });
        let promoted = AccessToken::new(scene.sign(json!({}), promoted));
        let caller = authenticate(&scene.actors, &promoted).await.unwrap();
        assert_eq!((caller.user.id, caller.scope), (scene.alice.id, Scope::of(Role::User)), "{aud}");
    }
}

#[actix_web::test]
async fn another_kind_of_jwt_is_no_access_token() {
    let scene = Scene::set(Algorithm::Es256).await;

    for typ in [json!(null), json!(""), json!("JWT"), json!("at+JWT"), json!("id+jwt"), json!("logout+jwt")] {
        let signed = scene.sign(json!({ "typ": typ }), json!({}));
        scene.refuses(&typ.to_string(), &signed, InvalidToken::WrongType).await;
    }
    for typ in [json!(1), json!(["at+jwt"])] {
        let signed = scene.sign(json!({ "typ": typ }), json!({}));
        scene.refuses(&typ.to_string(), &signed, InvalidToken::Malformed).await;
    }
    scene.is_unharmed().await;
}

#[actix_web::test]
async fn an_administrator_administers_with_a_token_for_the_administration_alone() {
    let scene = Scene::set(Algorithm::Es256).await;
    let change = UserChange { role: Some(Role::Admin), ..UserChange::default() };
    let promote = UpdateUser { id: scene.alice.id, change };
    scene.actors.ask_db(promote).await.unwrap().unwrap();

    for (aud, scope) in [
        (json!(["http://sekisho.test/admin"]), Scope::of(Role::Admin)),
        (json!(["http://sekisho.test"]), Scope::of(Role::User)),
        (json!(["http://sekisho.test", "http://sekisho.test/admin"]), Scope::of(Role::User)),
        (json!(["http://sekisho.test/admin", "http://sekisho.test"]), Scope::of(Role::User)),
    ] {
        let token = AccessToken::new(scene.sign(json!({}), json!({ "aud": aud, "scope": "user admin" })));
        let caller = authenticate(&scene.actors, &token).await.unwrap();
        assert_eq!(caller.scope, scope, "{aud}");
    }
}

#[actix_web::test]
async fn a_token_that_was_verified_before_is_no_longer_good_when_it_expires() {
    let scene = Scene::set(Algorithm::Es256).await;
    let genuine = scene.tokens.access_token.expose();
    scene.is_unharmed().await;

    scene.actors.clock.advance(Duration::from_secs(1799));
    scene.is_unharmed().await;
    scene.actors.clock.advance(Duration::from_secs(1));
    scene.refuses("verified before", genuine, InvalidToken::Expired).await;
    // A clock that is set back is believed: the token has not expired then.
    scene.actors.clock.rewind(Duration::from_secs(1));
    scene.is_unharmed().await;
}

#[actix_web::test]
async fn a_token_that_was_verified_before_is_no_longer_good_when_its_session_has_ended() {
    let scene = Scene::set(Algorithm::Es256).await;
    let genuine = scene.tokens.access_token.clone();
    let next = refresh(&scene.actors, &scene.tokens.refresh_token).await.unwrap();
    scene.is_unharmed().await;

    scene
        .actors
        .accounts
        .ask(LogOut { token: next.access_token, origin: RequestOrigin::default() })
        .await
        .unwrap();

    assert_eq!(scene.verdict(genuine.expose()).await, Err(AuthenticateError::Ended));
}
