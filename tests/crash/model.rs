//! What a client knows for certain: the oracle that the server is compared with.
//!
//! A client has one request in progress at a time. So when the server is killed, the outcome of one operation
//! is unknown, and everything else is a fact.

use sekisho::domain::RefreshChain;
use std::time::Instant;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::http::Response;

/// This many rotations push a token out of the server's memory of replaced ones. If it is presented again, it
/// counts as stolen.
pub const FORGOTTEN_AFTER: usize = RefreshChain::MAX_REPLACED + 8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The registration is in progress.
    Registering,
    Present,
    Deleted,
}

#[derive(Debug)]
pub struct Account {
    pub username: String,
    pub email: String,
    pub password: String,
    /// The password before the last acknowledged change.
    pub former_password: Option<String>,
    pub standing: Standing,
    pub sessions: Vec<Session>,
    /// The maximum number of live sessions whose tokens the client never received.
    pub strays: usize,
    /// Whether an operation was performed on it since it was last verified.
    pub touched: bool,
}

#[derive(Debug)]
pub struct Session {
    pub id: i64,
    pub access: String,
    pub refresh: String,
    /// The previous refresh token, and when it was replaced.
    pub previous: Option<(String, Instant)>,
    pub first: String,
    pub rotations: usize,
    pub ended: bool,
    /// A refresh was sent and its answer lost, so `refresh` may have been replaced already.
    pub maybe_rotated: bool,
    /// An abandoned request may arrive late. So that its token is never forgotten by then, this many
    /// rotations remain until the next kill, which ends the request.
    pub rotations_left: usize,
}

/// An operation of a client, with the indices of the account and the session concerned.
#[derive(Debug, Clone)]
pub enum Operation {
    Register(usize),
    LogIn(usize),
    ChangePassword(usize, usize, String),
    ChangeEmail(usize, usize, String),
    Refresh(usize, usize),
    /// Presents the previous refresh token.
    Replay(usize, usize),
    /// Presents a refresh token that was replaced long ago.
    Reuse(usize, usize),
    /// RFC 7009, with the access token or else the refresh token.
    Revoke(usize, usize, bool),
    LogOut(usize, usize),
    EndOthers(usize, usize),
    Delete(usize, usize),
    /// Asks for the user, with the token of any session.
    Look(usize, usize),
}

impl Operation {
    pub fn account(&self) -> usize {
        match self {
            Self::Register(account)
            | Self::LogIn(account)
            | Self::ChangePassword(account, ..)
            | Self::ChangeEmail(account, ..)
            | Self::Refresh(account, _)
            | Self::Replay(account, _)
            | Self::Reuse(account, _)
            | Self::Revoke(account, ..)
            | Self::LogOut(account, _)
            | Self::EndOthers(account, _)
            | Self::Delete(account, _)
            | Self::Look(account, _) => *account,
        }
    }
}

impl Account {
    pub fn new(name: &str, password: String) -> Self {
        Self {
            username: name.to_owned(),
            email: format!("{name}@example.com"),
            password,
            former_password: None,
            standing: Standing::Registering,
            sessions: Vec::new(),
            strays: 0,
            touched: true,
        }
    }

    pub fn alive(&self) -> Vec<usize> {
        let alive = self.sessions.iter().enumerate().filter(|(_, session)| !session.ended);
        alive.map(|(index, _)| index).collect()
    }

    pub fn open_session(&mut self, answer: &Response) {
        let session = Session {
            id: session_of(&answer.text("access_token")),
            access: answer.text("access_token"),
            refresh: answer.text("refresh_token"),
            previous: None,
            first: answer.text("refresh_token"),
            rotations: 0,
            ended: false,
            maybe_rotated: false,
            rotations_left: usize::MAX,
        };
        let number_is_new = self.sessions.iter().all(|known| known.id != session.id);
        assert!(number_is_new, "session {} was given twice", session.id);
        self.sessions.push(session);
    }

    /// The effects of an operation, as far as they are not in its answer.
    pub fn apply(&mut self, operation: &Operation) {
        match operation {
            Operation::Register(_) => self.standing = Standing::Present,
            Operation::ChangePassword(_, _, new) => {
                self.former_password = Some(std::mem::replace(&mut self.password, new.clone()));
                self.end_all();
            }
            Operation::ChangeEmail(_, _, new) => self.email.clone_from(new),
            Operation::Revoke(_, session, _)
            | Operation::LogOut(_, session)
            | Operation::Reuse(_, session) => self.sessions[*session].ended = true,
            Operation::EndOthers(_, session) => self.end_others(*session),
            Operation::Delete(..) => {
                self.standing = Standing::Deleted;
                self.end_all();
            }
            Operation::LogIn(_) | Operation::Refresh(..) | Operation::Replay(..) | Operation::Look(..) => {}
        }
    }

    fn end_all(&mut self) {
        self.strays = 0;
        self.sessions.iter_mut().for_each(|session| session.ended = true);
    }

    fn end_others(&mut self, but: usize) {
        self.strays = 0;
        for (index, session) in self.sessions.iter_mut().enumerate() {
            session.ended |= index != but;
        }
    }
}

impl Session {
    pub fn rotate(&mut self, answer: &Response) {
        let before = std::mem::replace(&mut self.refresh, answer.text("refresh_token"));
        assert_ne!(before, self.refresh, "a refresh token is its own successor");
        self.previous = Some((before, Instant::now()));
        self.access = answer.text("access_token");
        self.rotations += 1;
        self.rotations_left = self.rotations_left.saturating_sub(1);
        self.maybe_rotated = false;
    }
}

/// The `sid` of an access token.
fn session_of(access: &str) -> i64 {
    let payload = access.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    claims["sid"].as_i64().unwrap()
}
