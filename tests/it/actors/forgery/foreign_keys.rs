//! The wrong key, or the right key used in a wrong way.

use aws_lc_rs::{
    encoding::{AsDer, PublicKeyX509Der},
    rsa::KeyPair as RsaKeyPair,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use sekisho::{
    actors::token::{InvalidToken, new_key_row},
    domain::{Algorithm, KeyWrap, Random, Role, TokenPair},
};
use serde_json::{Value, json};

use super::{Scene, base64, es256, hs256, token, with};
use crate::{actors::steps::newcomer, support::START};

#[actix_web::test]
async fn a_token_has_no_say_in_how_it_is_verified() {
    let scene = Scene::set(Algorithm::Es256).await;

    for alg in ["none", "None", "NONE", "nOnE", "none ", "", "es256", "ES256K", "HS255", "null"] {
        let header = scene.header_with(json!({ "alg": alg }));
        for signature in [Vec::new(), vec![0; 64]] {
            let unsigned = token(&header, &scene.claims, |_| signature);
            scene.refuses(alg, &unsigned, InvalidToken::Malformed).await;
        }
    }
    for alg in ["HS256", "HS384", "HS512", "RS256", "RS512", "PS256", "ES384", "EdDSA"] {
        let header = scene.header_with(json!({ "alg": alg }));
        let signed = token(&header, &scene.claims, es256(&scene.key));
        scene.refuses(alg, &signed, InvalidToken::Forged).await;
        let unsigned = token(&header, &scene.claims, |_| Vec::new());
        scene.refuses(alg, &unsigned, InvalidToken::Forged).await;
    }
    for alg in [json!(null), json!(0), json!(["ES256"]), json!({ "alg": "ES256" })] {
        let header = scene.header_with(json!({ "alg": alg }));
        let signed = token(&header, &scene.claims, es256(&scene.key));
        scene.refuses(&alg.to_string(), &signed, InvalidToken::Malformed).await;
    }
    let kid = &scene.key.kid;
    let twice = format!(r#"{{"alg":"none","alg":"ES256","kid":"{kid}"}}"#);
    let signed = token(&twice, &scene.claims, es256(&scene.key));
    scene.refuses("two algorithms", &signed, InvalidToken::Malformed).await;
    scene.is_unharmed().await;
}

/// Every representation of a public key that an attacker may try as an HMAC secret.
fn public_forms(der: &[u8], raw: &[u8], kid: &str) -> Vec<(&'static str, Vec<u8>)> {
    let body: Vec<_> = BASE64_STANDARD.encode(der).into_bytes().chunks(64).map(<[u8]>::to_vec).collect();
    let pem = [
        b"-----BEGIN PUBLIC KEY-----\n".to_vec(),
        body.join(&b'\n'),
        b"\n-----END PUBLIC KEY-----\n".to_vec(),
    ]
    .concat();
    vec![
        ("PEM", pem.clone()),
        ("PEM, trimmed", pem.trim_ascii().to_vec()),
        ("DER", der.to_vec()),
        ("raw", raw.to_vec()),
        ("raw, without its tag", raw[1..].to_vec()),
        ("Base64", BASE64_STANDARD.encode(der).into_bytes()),
        ("kid", kid.as_bytes().to_vec()),
        ("empty", Vec::new()),
    ]
}

#[actix_web::test]
async fn a_public_key_is_no_shared_secret() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let scene = Scene::set(algorithm).await;
        let private = scene.key.private_key.as_column();
        let (der, raw) = if algorithm == Algorithm::Rs256 {
            let pair = RsaKeyPair::from_pkcs8(private).unwrap();
            let der = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
            (der.as_ref().to_vec(), pair.public_key().as_ref().to_vec())
        } else {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private).unwrap();
            let der = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key()).unwrap();
            (der.as_ref().to_vec(), pair.public_key().as_ref().to_vec())
        };

        for (form, secret) in public_forms(&der, &raw, &scene.key.kid) {
            let header = scene.header_with(json!({ "alg": "HS256" }));
            let forged = token(&header, &scene.claims, hs256(&secret));
            scene.refuses(form, &forged, InvalidToken::Forged).await;
        }
        scene.is_unharmed().await;
    }
}

#[actix_web::test]
async fn a_key_is_found_by_its_name_or_not_at_all() {
    let scene = Scene::set(Algorithm::Es256).await;
    let kid = scene.key.kid.clone();

    for other in [
        json!(null),
        json!(""),
        json!("0"),
        json!("another"),
        json!(kid.to_uppercase()),
        json!(format!("{kid} ")),
        json!(format!("{kid}\0")),
        json!(kid[..kid.len() - 1]),
        json!("../../dev/null"),
        json!("/dev/null"),
        json!("../../x"),
        json!("' OR 1=1 --"),
        json!("' UNION SELECT 'secret' --"),
        json!("x".repeat(10_000)),
        json!("|id"),
        json!("http://127.0.0.1:1/key"),
    ] {
        let named = json!({ "kid": other });
        let by_us = scene.sign(named.clone(), json!({}));
        scene.refuses(&other.to_string(), &by_us, InvalidToken::UnknownKey).await;
        let mut header = scene.header_with(named);
        header["alg"] = json!("HS256");
        let by_nothing = token(&header, &scene.claims, hs256(b""));
        scene.refuses(&other.to_string(), &by_nothing, InvalidToken::UnknownKey).await;
    }
    for other in [json!(1), json!([kid]), json!({ "kid": kid })] {
        let signed = scene.sign(json!({ "kid": other }), json!({}));
        scene.refuses(&other.to_string(), &signed, InvalidToken::Malformed).await;
    }
    scene.is_unharmed().await;
}

#[actix_web::test]
async fn a_key_of_the_attackers_own_convinces_nobody() {
    let scene = Scene::set(Algorithm::Es256).await;
    let maker = (&KeyWrap::in_the_clear(), &Random::System);
    let own = new_key_row(Algorithm::Es256, maker, START, START).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, own.private_key.as_column()).unwrap();
    let point = pair.public_key().as_ref();
    let jwk = json!({
        "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": own.kid,
        "x": base64(&point[1..33]), "y": base64(&point[33..]),
    });
    let jku = "http://127.0.0.1:1/jwks.json";

    for (what, extra) in [
        ("bare", json!({})),
        ("jwk", json!({ "jwk": jwk })),
        ("jku", json!({ "jku": jku })),
        ("x5u", json!({ "x5u": jku })),
        ("x5c", json!({ "x5c": [base64(point)] })),
    ] {
        let with_our_kid = scene.header_with(extra.clone());
        let forged = token(&with_our_kid, &scene.claims, es256(&own));
        scene.refuses(what, &forged, InvalidToken::Forged).await;
        let with_own_kid = with(&with_our_kid, json!({ "kid": own.kid }));
        let forged = token(&with_own_kid, &scene.claims, es256(&own));
        scene.refuses(what, &forged, InvalidToken::UnknownKey).await;
        let without_kid = with(&with_our_kid, json!({ "kid": null }));
        let forged = token(&without_kid, &scene.claims, es256(&own));
        scene.refuses(what, &forged, InvalidToken::UnknownKey).await;
    }
    scene.is_unharmed().await;
}

#[actix_web::test]
async fn without_the_shared_secret_of_hs256_nothing_is_signed() {
    let scene = Scene::set(Algorithm::Hs256).await;
    let secret = scene.key.private_key.as_column().to_vec();
    let forge = |secret: &[u8]| token(&scene.header, &scene.claims, hs256(secret));

    assert_eq!(scene.verdict(&forge(&secret)).await, Ok(()));
    for (what, wrong) in [
        ("empty", Vec::new()),
        ("short", secret[..31].to_vec()),
        ("long", [&secret[..], &[1]].concat()),
        ("zeros", vec![0; 32]),
        ("kid", scene.key.kid.clone().into_bytes()),
    ] {
        scene.refuses(what, &forge(&wrong), InvalidToken::Forged).await;
    }
}

#[actix_web::test]
async fn whoever_verifies_hs256_can_make_no_token_that_sekisho_takes() {
    let scene = Scene::set(Algorithm::Hs256).await;
    let (_, root) = newcomer(&scene.actors, "root", Role::Admin).await;
    let now = START.as_seconds();
    let root_jti = claims_of(&root)["jti"].clone();

    for changes in [
        json!({ "exp": now + 9999 }),
        json!({ "iat": now + 1 }),
        json!({ "auth_time": now + 1 }),
        json!({ "nbf": now }),
        json!({ "scope": "" }),
        json!({ "scope": "user admin", "aud": ["http://sekisho.test/admin"] }),
        json!({ "aud": ["http://sekisho.test", "http://orders.test"] }),
        json!({ "sub": "root" }),
        json!({ "sub": "root", "uid": 2, "sid": 2 }),
        json!({ "sub": "root", "uid": 2, "sid": 2, "jti": root_jti }),
        json!({ "jti": root_jti }),
        json!({ "jti": "" }),
        json!({ "jti": base64([7; 16]) }),
        json!({ "jti": base64([7; 32]) }),
    ] {
        let forged = token(
            &scene.header,
            &with(&scene.claims, changes.clone()),
            hs256(scene.key.private_key.as_column()),
        );
        scene.refuses(&changes.to_string(), &forged, InvalidToken::NotIssued).await;
    }
    scene.is_unharmed().await;
}

fn claims_of(tokens: &TokenPair) -> Value {
    let claims = tokens.access_token.expose().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}
