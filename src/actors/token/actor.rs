//! The actor, and its messages.

use std::{sync::Arc, time::Duration};

use actix::{Actor, Context, Handler, Message};

use super::{
    TokenError,
    access::{AccessTokenSpec, InvalidToken, TokenCache, VerifiedToken, sign},
    keyring::Keyring,
    refresh::{Presented, RefreshSecret, Successor},
};
use crate::{
    actors::{Named, Ping, PingError},
    domain::{
        AccessToken, Clock, Derivation, Random, RefreshToken, Salt, Scope, SessionId, Timestamp, TokenPair,
        User,
    },
};

/// The token actor of one worker; see the module's documentation.
pub struct TokenActor {
    keyring: Arc<Keyring>,
    verified: TokenCache,
    clock: Clock,
    random: Random,
    lifetime: Duration,
}

impl TokenActor {
    /// Creates an actor that signs tokens of this lifetime with this keyring.
    #[must_use]
    pub fn new(keyring: Arc<Keyring>, clock: Clock, random: Random, lifetime: Duration) -> Self {
        Self { keyring, verified: TokenCache::default(), clock, random, lifetime }
    }

    /// Checks that there is a key to sign with, before anything is written that ends with a signature. If the
    /// signature failed after the write, the client would go on with a replaced refresh token and be taken
    /// for a thief.
    fn check_signer(&self) -> Result<(), TokenError> {
        self.keyring.signer(self.clock.now()).map(|_| ()).ok_or(TokenError::NoSigningKey)
    }
}

impl Named for TokenActor {
    const NAME: &'static str = "token";
}

impl Actor for TokenActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(4096);
    }
}

/// Replaces the keyring, and forgets what the old one verified.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub struct UseKeyring(pub Arc<Keyring>);

impl Handler<UseKeyring> for TokenActor {
    type Result = ();

    fn handle(&mut self, UseKeyring(keyring): UseKeyring, _: &mut Context<Self>) {
        self.keyring = keyring;
        self.verified = TokenCache::default();
    }
}

/// Signs a session's access token, and writes its refresh token.
#[derive(Debug, Message)]
#[rtype(result = "Result<TokenPair, TokenError>")]
pub struct IssueTokens {
    /// The user.
    pub user: User,
    /// The session.
    pub session_id: SessionId,
    /// The scope of the access token.
    pub scope: Scope,
    /// When the password was verified, which is when the session was opened.
    pub authenticated_at: Timestamp,
    /// When the session ends. The access token expires then at the latest.
    pub session_ends: Timestamp,
    /// The session's current refresh secret.
    pub secret: RefreshSecret,
}

impl Handler<IssueTokens> for TokenActor {
    type Result = Result<TokenPair, TokenError>;

    fn handle(&mut self, message: IssueTokens, _: &mut Context<Self>) -> Self::Result {
        let issued_at = self.clock.now();
        let lifetime = self.lifetime.min(message.session_ends.since(issued_at));
        let spec = AccessTokenSpec {
            user: &message.user,
            session_id: message.session_id,
            scope: message.scope,
            authenticated_at: message.authenticated_at,
            issued_at,
            lifetime,
            nonce: self.random.bytes()?,
        };
        let access_token = sign(&self.keyring, &spec)?;
        let refresh_token = self.keyring.refresh().write(message.session_id, &message.secret);
        Ok(TokenPair {
            access_token,
            expires_in: lifetime.as_secs(),
            refresh_token: refresh_token.ok_or(TokenError::NoRefreshSecret)?,
            scope: message.scope,
        })
    }
}

/// Verifies an access token: type, key, signature, issuer, audience, tag and time.
#[derive(Debug, Message)]
#[rtype(result = "Result<Result<VerifiedToken, InvalidToken>, TokenError>")]
pub struct VerifyAccessToken {
    /// The token.
    pub token: AccessToken,
}

impl Handler<VerifyAccessToken> for TokenActor {
    type Result = Result<Result<VerifiedToken, InvalidToken>, TokenError>;

    fn handle(&mut self, message: VerifyAccessToken, _: &mut Context<Self>) -> Self::Result {
        Ok(self.verified.verify(&self.keyring, &message.token, self.clock.now()))
    }
}

/// Reads a refresh token; `None` if Sekisho never issued it.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<Presented>, TokenError>")]
pub struct ReadRefreshToken {
    /// The token.
    pub token: RefreshToken,
}

impl Handler<ReadRefreshToken> for TokenActor {
    type Result = Result<Option<Presented>, TokenError>;

    fn handle(&mut self, message: ReadRefreshToken, _: &mut Context<Self>) -> Self::Result {
        Ok(self.keyring.refresh().read(&message.token))
    }
}

/// Reads a refresh token that is to be exchanged, and derives its successor with fresh randomness; `None` if
/// Sekisho never issued it. It fails if no key could sign the access token that goes with it.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<(Presented, Successor)>, TokenError>")]
pub struct ProposeSuccessor {
    /// The token.
    pub token: RefreshToken,
}

impl Handler<ProposeSuccessor> for TokenActor {
    type Result = Result<Option<(Presented, Successor)>, TokenError>;

    fn handle(&mut self, message: ProposeSuccessor, _: &mut Context<Self>) -> Self::Result {
        let refresh = self.keyring.refresh();
        let Some(presented) = refresh.read(&message.token) else { return Ok(None) };
        self.check_signer()?;
        let salt = Salt(self.random.bytes()?);
        let successor =
            refresh.propose(&presented, salt, self.clock.now()).ok_or(TokenError::NoRefreshSecret)?;
        Ok(Some((presented, successor)))
    }
}

/// Derives the current refresh secret from one that was replaced.
#[derive(Debug, Message)]
#[rtype(result = "Result<RefreshSecret, TokenError>")]
pub struct DeriveCurrent {
    /// The replaced secret.
    pub replaced: Presented,
    /// The derivations that lead to the current secret, in order.
    pub derivations: Vec<Derivation>,
}

impl Handler<DeriveCurrent> for TokenActor {
    type Result = Result<RefreshSecret, TokenError>;

    fn handle(&mut self, message: DeriveCurrent, _: &mut Context<Self>) -> Self::Result {
        let DeriveCurrent { replaced, derivations } = message;
        let current = self.keyring.refresh().derive(replaced.session_id, &replaced.secret, &derivations);
        current.ok_or(TokenError::NoRefreshSecret)
    }
}

/// Makes a session's first refresh secret. It fails if no key could sign the access token that goes with it.
#[derive(Debug, Message)]
#[rtype(result = "Result<RefreshSecret, TokenError>")]
pub struct NewRefreshSecret;

impl Handler<NewRefreshSecret> for TokenActor {
    type Result = Result<RefreshSecret, TokenError>;

    fn handle(&mut self, _: NewRefreshSecret, _: &mut Context<Self>) -> Self::Result {
        self.check_signer()?;
        let first = self.keyring.refresh().first(self.random.bytes()?, self.clock.now());
        first.ok_or(TokenError::NoRefreshSecret)
    }
}

/// Asks for the public keys (RFC 7517) to publish now.
#[derive(Debug, Message)]
#[rtype(result = "Result<serde_json::Value, TokenError>")]
pub struct PublishKeys;

impl Handler<PublishKeys> for TokenActor {
    type Result = Result<serde_json::Value, TokenError>;

    fn handle(&mut self, _: PublishKeys, _: &mut Context<Self>) -> Self::Result {
        Ok(self.keyring.jwks(self.clock.now()))
    }
}

impl Handler<Ping> for TokenActor {
    type Result = Result<(), PingError>;

    fn handle(&mut self, _: Ping, _: &mut Context<Self>) -> Self::Result {
        self.check_signer().map_err(|error| PingError::Failed(error.to_string()))
    }
}
