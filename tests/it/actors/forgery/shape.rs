//! Texts that are almost a token.

use sekisho::{
    actors::account::AuthenticateError,
    domain::{Algorithm, Role},
};
use serde_json::json;

use super::{Scene, base64, with};
use crate::actors::steps::newcomer;

#[actix_web::test]
async fn a_token_is_whole_or_nothing() {
    let scene = Scene::set(Algorithm::Es256).await;
    let genuine = scene.tokens.access_token.expose().to_owned();
    let parts: Vec<_> = genuine.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{genuine}") };
    let (_, others) = newcomer(&scene.actors, "bob", Role::User).await;
    let others: Vec<_> = others.access_token.expose().split('.').collect();
    let other_claims = base64(with(&scene.claims, json!({ "uid": 2 })).to_string());

    for text in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        format!("{header}.{claims}"),
        format!("{header}.{claims}."),
        format!("{header}..{signature}"),
        format!(".{claims}.{signature}"),
        format!("{genuine}.{signature}"),
        format!("{genuine}."),
        format!(".{genuine}"),
        format!("{header}.{header}.{claims}.{signature}"),
        format!("{header}.{claims}.{signature}.{signature}.{signature}"),
        format!("{header}.{}.{signature}", others[1]),
        format!("{header}.{claims}.{}", others[2]),
        format!("{header}.{other_claims}.{signature}"),
        format!("{claims}.{header}.{signature}"),
        format!(" {genuine}"),
        format!("{genuine} "),
        format!("{genuine}\n"),
        format!("\t{genuine}"),
        format!("{header}. {claims}.{signature}"),
        format!("{header} .{claims}.{signature}"),
        format!("{genuine}="),
        format!("{genuine}=="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{genuine}\0"),
        format!("Bearer {genuine}"),
        format!("{genuine},{genuine}"),
        format!("\u{feff}{genuine}"),
        "é.é.é".to_owned(),
        "a".repeat(5_000_000),
        ".".repeat(100_000),
        format!("{header}.{}.{signature}", "A".repeat(5_000_000)),
        format!("{}.{claims}.{signature}", base64("[".repeat(100_000))),
        format!("{header}.{}.{signature}", base64("[".repeat(100_000))),
        format!("{}.{claims}.{signature}", base64("null")),
        format!("{}.{claims}.{signature}", base64("{}")),
        format!("{}.{claims}.{signature}", base64(b"\xff\xfe")),
    ] {
        let verdict = scene.verdict(&text).await;
        assert!(matches!(verdict, Err(AuthenticateError::InvalidToken(_))), "{text:.100}: {verdict:?}");
    }
    for length in 0..genuine.len() {
        let verdict = scene.verdict(&genuine[..length]).await;
        assert!(matches!(verdict, Err(AuthenticateError::InvalidToken(_))), "{length}: {verdict:?}");
    }
    scene.is_unharmed().await;
}

#[actix_web::test]
async fn no_character_of_a_token_can_be_another() {
    let scene = Scene::set(Algorithm::Es256).await;
    let genuine = scene.tokens.access_token.expose().to_owned();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (location, character) in genuine.char_indices() {
        // At the end of a part several characters stand for the same bytes, so all of them are tried there.
        let at_an_end = genuine[location + 1..].is_empty() || genuine[location + 1..].starts_with('.');
        let others = alphabet.chars().filter(|other| *other != character);
        for other in others.take(if at_an_end { 64 } else { 1 }) {
            let changed = format!("{}{other}{}", &genuine[..location], &genuine[location + 1..]);
            let verdict = scene.verdict(&changed).await;
            assert!(matches!(verdict, Err(AuthenticateError::InvalidToken(_))), "{location} {other}");
        }
    }
    scene.is_unharmed().await;
}
