//! A client: its accounts, its operations on them, and what every answer must be.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use fastrand::Rng;
use sekisho::{
    config::Config,
    domain::{Password, RefreshChain},
};
use serde_json::json;

use crate::{
    http::{Http, Request, Response},
    model::{Account, FORGOTTEN_AFTER, Operation, Standing},
    server::GRACE,
};

/// The maximum number of accounts of a client, so that each is used often.
const MAX_ACCOUNTS: usize = 6;

/// The number of rotations that may follow a refresh whose answer was lost; see [`Session::rotations_left`].
///
/// [`Session::rotations_left`]: crate::model::Session::rotations_left
const ROTATIONS_AFTER_A_LOSS: usize = RefreshChain::MAX_REPLACED / 2;

/// The server was killed before it answered.
#[derive(Debug)]
pub struct Killed;

pub struct Client {
    pub name: String,
    pub rng: Rng,
    pub accounts: Vec<Account>,
    /// The operation that was in progress when the server was killed.
    pub in_flight: Option<Operation>,
    pub tally: Tally,
    pub http: Http,
    pub killed: Arc<AtomicBool>,
}

#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub acknowledged: u64,
    /// The number of operations that were in progress at a kill and turned out to have taken effect.
    pub unknown_done: u64,
    /// The number of those that turned out to have had no effect.
    pub unknown_undone: u64,
    pub verified: u64,
}

impl Client {
    pub fn new(number: usize, rng: Rng, address: SocketAddr, killed: &Arc<AtomicBool>) -> Self {
        Self {
            name: format!("client{number}"),
            rng,
            accounts: Vec::new(),
            in_flight: None,
            tally: Tally::default(),
            http: Http::new(address),
            killed: Arc::clone(killed),
        }
    }

    /// Performs operations until the server is killed.
    pub fn work(&mut self) {
        while self.step().is_ok() {}
    }

    fn step(&mut self) -> Result<(), Killed> {
        let operation = self.choose();
        if let Operation::Refresh(account, session) = operation
            && self.rng.u8(..100) < 25
        {
            self.lose_a_refresh(account, session)?;
        }
        self.perform(&operation).map(drop)
    }

    /// Sends a refresh and drops its answer. The retry follows.
    fn lose_a_refresh(&mut self, account: usize, session: usize) -> Result<(), Killed> {
        let request = self.request(&Operation::Refresh(account, session));
        let known = &mut self.accounts[account].sessions[session];
        known.maybe_rotated = true;
        known.rotations_left = known.rotations_left.min(ROTATIONS_AFTER_A_LOSS);
        let sent = self.http.send_and_hang_up(&request);
        sent.map_err(|error| self.gone(&error))
    }

    /// Sends an operation and records its outcome, or that a kill has left it unknown.
    pub fn perform(&mut self, operation: &Operation) -> Result<Response, Killed> {
        let request = self.request(operation);
        self.accounts[operation.account()].touched = true;
        self.in_flight = Some(operation.clone());
        let answer = self.send(&request)?;
        self.in_flight = None;
        self.tally.acknowledged += 1;
        self.conclude(operation, &answer);
        Ok(answer)
    }

    pub fn send(&mut self, request: &Request) -> Result<Response, Killed> {
        self.http.send(request).map_err(|error| self.gone(&error))
    }

    fn gone(&self, error: &std::io::Error) -> Killed {
        assert!(self.killed.load(Ordering::SeqCst), "the server broke a connection by itself: {error}");
        Killed
    }

    fn choose(&mut self) -> Operation {
        let present: Vec<_> =
            (0..self.accounts.len()).filter(|at| self.accounts[*at].standing == Standing::Present).collect();
        if present.len() < 2 || (present.len() < MAX_ACCOUNTS && self.rng.u8(..100) < 5) {
            return self.newcomer();
        }
        let at = *self.rng.choice(&present).unwrap();
        let account = &self.accounts[at];
        let alive = account.alive();
        let Some(&session) = self.rng.choice(&alive) else {
            return Operation::LogIn(at);
        };
        // Some sessions have to become old.
        let eldest = alive.iter().copied().max_by_key(|session| account.sessions[*session].rotations);
        let known = &account.sessions[session];
        let crowded = alive.len() > 4;
        match self.rng.u8(..100) {
            0..35 => {
                let session = eldest.filter(|_| self.rng.u8(..100) < 60).unwrap_or(session);
                match account.sessions[session].rotations_left {
                    0 => Operation::Look(at, session),
                    _ => Operation::Refresh(at, session),
                }
            }
            35..47 if !crowded => Operation::LogIn(at),
            47..57 if known.can_replay() => Operation::Replay(at, session),
            57..63 => Operation::ChangePassword(at, session, self.password()),
            63..70 => {
                let email = format!("{}-{:x}@example.org", account.username, self.rng.u64(..));
                Operation::ChangeEmail(at, session, email)
            }
            70..76 => Operation::Revoke(at, session, self.rng.u8(..100) < 50),
            76..80 => Operation::LogOut(at, session),
            80..82 => Operation::EndOthers(at, session),
            82..84 => Operation::Delete(at, session),
            84..92 if known.rotations >= FORGOTTEN_AFTER => Operation::Reuse(at, session),
            _ => Operation::Look(at, self.rng.usize(..account.sessions.len())),
        }
    }

    fn newcomer(&mut self) -> Operation {
        let name = format!("{}-{}", self.name, self.accounts.len());
        let password = self.password();
        self.accounts.push(Account::new(&name, password));
        Operation::Register(self.accounts.len() - 1)
    }

    /// A password that the server accepts. It takes one in 65,536 for a common one.
    fn password(&mut self) -> String {
        let policy = Config::default().password.policy();
        loop {
            let password = format!("password-{:x}", self.rng.u64(..));
            if policy.accept(Password::new(password.clone()), &[]).is_ok() {
                return password;
            }
        }
    }

    fn request(&mut self, operation: &Operation) -> Request {
        let account = &self.accounts[operation.account()];
        match operation {
            Operation::Register(_) => Request::new("POST", "/users/").sent_from_elsewhere().json(&json!({
                "username": account.username, "email": account.email, "password": account.password,
            })),
            Operation::LogIn(_) => {
                let name = if self.rng.u8(..100) < 50 { &account.username } else { &account.email };
                log_in(name, &account.password)
            }
            Operation::ChangePassword(_, session, new) => Request::new("POST", "/users/me/password")
                .bearer(&account.sessions[*session].access)
                .json(&json!({"current_password": account.password, "new_password": new})),
            Operation::ChangeEmail(_, session, new) => Request::new("PATCH", "/users/me")
                .sent_from_elsewhere()
                .bearer(&account.sessions[*session].access)
                .json(&json!({"email": new, "current_password": account.password})),
            Operation::Refresh(_, session) => refresh(&account.sessions[*session].refresh),
            Operation::Replay(_, session) => {
                refresh(&account.sessions[*session].previous.as_ref().unwrap().0)
            }
            Operation::Reuse(_, session) => refresh(&account.sessions[*session].first),
            Operation::Revoke(_, session, by_access) => {
                let session = &account.sessions[*session];
                let token = if *by_access { &session.access } else { &session.refresh };
                Request::new("POST", "/revoke").form(&[("token", token)])
            }
            Operation::LogOut(_, session) => {
                Request::new("POST", "/logout").bearer(&account.sessions[*session].access)
            }
            Operation::EndOthers(_, session) => {
                Request::new("DELETE", "/users/me/sessions").bearer(&account.sessions[*session].access)
            }
            Operation::Delete(_, session) => Request::new("DELETE", "/users/me")
                .bearer(&account.sessions[*session].access)
                .json(&json!({"password": account.password})),
            Operation::Look(_, session) => who_am_i(&account.sessions[*session].access),
        }
    }

    /// Compares an answer with what is known, and learns from it.
    fn conclude(&mut self, operation: &Operation, answer: &Response) {
        let account = &mut self.accounts[operation.account()];
        let expected = match operation {
            Operation::Register(_) => 201,
            Operation::Look(_, session) if account.sessions[*session].ended => 401,
            Operation::Reuse(..) => 401,
            Operation::LogIn(_)
            | Operation::Look(..)
            | Operation::ChangePassword(..)
            | Operation::ChangeEmail(..)
            | Operation::Refresh(..)
            | Operation::Replay(..)
            | Operation::Revoke(..) => 200,
            Operation::LogOut(..) | Operation::EndOthers(..) | Operation::Delete(..) => 204,
        };
        assert_eq!(answer.status, expected, "{operation:?} of {account:#?}: {answer:?}");
        account.apply(operation);
        match operation {
            Operation::LogIn(_) | Operation::ChangePassword(..) => account.open_session(answer),
            Operation::Refresh(_, session) => account.sessions[*session].rotate(answer),
            Operation::Replay(_, session) => {
                let successor = answer.text("refresh_token");
                assert_eq!(successor, account.sessions[*session].refresh, "a retry got another successor");
            }
            Operation::Reuse(..) => assert_eq!(answer.text("code"), "refresh_token_reused"),
            Operation::Look(..) if expected == 200 => {
                assert_eq!(answer.text("username"), account.username);
                assert_eq!(answer.text("email"), account.email);
            }
            _ => {}
        }
    }
}

impl crate::model::Session {
    /// Whether the previous token certainly leads to the current one.
    pub fn can_replay(&self) -> bool {
        let in_time = |at: &Instant| at.elapsed() < Duration::from_secs(GRACE / 2);
        !self.ended && !self.maybe_rotated && self.previous.as_ref().is_some_and(|(_, at)| in_time(at))
    }
}

pub fn log_in(name: &str, password: &str) -> Request {
    Request::new("POST", "/token").form(&[("username", name), ("password", password)])
}

pub fn refresh(token: &str) -> Request {
    Request::new("POST", "/token").form(&[("grant_type", "refresh_token"), ("refresh_token", token)])
}

pub fn who_am_i(access: &str) -> Request {
    Request::new("GET", "/users/me").bearer(access)
}
