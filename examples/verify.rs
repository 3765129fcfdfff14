//! A service that verifies Sekisho's access tokens and fetches only public keys from Sekisho.
//! Start Sekisho with the name of this service: `sekisho serve --audience http://127.0.0.1:9000`
use actix_web::error::{ErrorServiceUnavailable as Unavailable, ErrorUnauthorized as Unauthorized};
use actix_web::http::header::{AUTHORIZATION, CacheControl, CacheDirective::MaxAge};
use actix_web::{App, Error, HttpMessage, HttpRequest, HttpServer, web};
use jsonwebtoken::{DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde_json::Value;
use std::{collections::HashMap, env, time::Duration, time::Instant};
use tokio::sync::Mutex;

struct Verifier {
    issuer: String,
    audience: String,
    kept: Mutex<Option<(JwkSet, Instant)>>,
}

impl Verifier {
    async fn keys(&self) -> Result<JwkSet, Error> {
        let mut kept = self.kept.lock().await;
        if let Some((keys, _)) = kept.as_ref().filter(|(_, until)| Instant::now() < *until) {
            return Ok(keys.clone());
        }
        let request = awc::Client::default().get(format!("{}/.well-known/jwks.json", self.issuer));
        let mut response = request.send().await.map_err(Unavailable)?;
        let age = |directive: &_| if let MaxAge(age) = directive { Some(*age) } else { None };
        let age = response.get_header::<CacheControl>().and_then(|control| control.iter().find_map(age));
        let keys: JwkSet = response.json().await.map_err(Unavailable)?;
        *kept = Some((keys.clone(), Instant::now() + Duration::from_secs(age.unwrap_or(0).into())));
        Ok(keys)
    }
}

async fn hello(request: HttpRequest, verifier: web::Data<Verifier>) -> Result<String, Error> {
    let value = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = value.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    let header = decode_header(token).map_err(Unauthorized)?;
    if header.typ.as_deref() != Some("at+jwt") {
        return Err(Unauthorized("not an access token"));
    }
    let keys = verifier.keys().await?;
    let jwk = header.kid.and_then(|kid| keys.find(&kid)).ok_or(Unauthorized("unknown key"))?;
    let key = DecodingKey::from_jwk(jwk).map_err(Unauthorized)?;
    // The key determines the algorithm; the token does not choose how it is verified.
    let algorithm = jwk.common.key_algorithm.and_then(|name| name.to_string().parse().ok());
    let mut validation = Validation::new(algorithm.ok_or(Unauthorized("unknown algorithm"))?);
    validation.set_issuer(&[&verifier.issuer]);
    validation.set_audience(&[&verifier.audience]);
    validation.set_required_spec_claims(&["aud", "exp", "iss", "sub"]);
    let claims: HashMap<String, Value> = decode(token, &key, &validation).map_err(Unauthorized)?.claims;
    Ok(format!("Hello, {}", claims.get("sub").and_then(Value::as_str).unwrap_or_default()))
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let setting = |name, default: &str| env::var(name).unwrap_or(default.to_owned());
    let issuer = setting("SEKISHO_ISSUER", "http://127.0.0.1:8000");
    let audience = setting("AUDIENCE", "http://127.0.0.1:9000");
    let verifier = web::Data::new(Verifier { issuer, audience, kept: Mutex::default() });
    let app = move || App::new().app_data(verifier.clone()).route("/hello", web::get().to(hello));
    HttpServer::new(app).bind(setting("LISTEN", "127.0.0.1:9000"))?.run().await
}
