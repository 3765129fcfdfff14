//! After a restart: the outcome of the operation that was in progress, and whether everything known before
//! still holds.

use serde_json::json;

use crate::{
    client::{Client, log_in, refresh, who_am_i},
    http::{Request, Response},
    model::{Operation, Standing},
};

/// The number of wrong passwords that a client may try after each restart. The throttle, which forgets at a
/// restart, allows an address a hundred, and there are eight clients.
const WRONG_PASSWORDS: usize = 6;

/// The number of each account's ended sessions that are remembered.
const ENDED_SESSIONS: usize = 8;

/// The number of accounts that are checked although nothing was done to them.
const UNTOUCHED: usize = 2;

impl Client {
    /// Verifies the accounts that were touched since the last time and some of the others, or everything.
    pub fn verify(&mut self, everything: bool) {
        let mut guesses = WRONG_PASSWORDS;
        if let Some(operation) = self.in_flight.take() {
            let done = self.find_out(&operation, &mut guesses);
            *if done { &mut self.tally.unknown_done } else { &mut self.tally.unknown_undone } += 1;
        }
        for at in 0..self.accounts.len() {
            let some = self.rng.usize(..self.accounts.len()) < UNTOUCHED;
            if everything || some || self.accounts[at].touched {
                match self.accounts[at].standing {
                    Standing::Present => self.verify_present(at, &mut guesses),
                    Standing::Deleted => self.verify_deleted(at, &mut guesses),
                    Standing::Registering => unreachable!("it was found out above"),
                }
                self.accounts[at].touched = false;
            }
        }
    }

    /// Finds out whether an operation of unknown outcome took effect. Both outcomes are right; half an effect
    /// is not, and the verification of the account would show it.
    fn find_out(&mut self, operation: &Operation, guesses: &mut usize) -> bool {
        let at = operation.account();
        let account = &self.accounts[at];
        let done = match operation {
            Operation::Register(_) => {
                let request = log_in(&account.username, &account.password);
                let answer = self.ask(&request);
                match answer.status {
                    200 => self.accounts[at].open_session(&answer),
                    401 => {
                        // The name is still free.
                        *guesses -= 1;
                        self.must(&Operation::Register(at));
                        return false;
                    }
                    status => panic!("{status} to the login of {}: {answer:?}", self.accounts[at].username),
                }
                true
            }
            Operation::LogIn(_) => {
                self.accounts[at].strays += 1;
                self.count_sessions(at) > self.accounts[at].alive().len() + self.accounts[at].strays - 1
            }
            Operation::ChangePassword(_, _, new) => {
                let request = log_in(&account.username, new);
                let answer = self.ask(&request);
                if answer.status == 200 {
                    self.accounts[at].apply(operation);
                    // The session that the change opened, and this one.
                    self.accounts[at].strays = 1;
                    self.accounts[at].open_session(&answer);
                    return true;
                }
                assert_eq!(answer.status, 401, "{answer:?}");
                *guesses -= 1;
                false
            }
            Operation::ChangeEmail(_, session, new) => {
                let request = who_am_i(&account.sessions[*session].access);
                self.ask(&request).text("email") == *new
            }
            Operation::Refresh(_, session) => {
                // In either case the same token yields the successor. It does not show whether the token is
                // an old one by now, and must not.
                self.accounts[at].sessions[*session].maybe_rotated = true;
                return true;
            }
            Operation::Replay(..) | Operation::Look(..) => false,
            Operation::Revoke(_, session, _)
            | Operation::LogOut(_, session)
            | Operation::Reuse(_, session)
            | Operation::Delete(_, session) => !self.is_alive(at, *session),
            Operation::EndOthers(_, session) => {
                let other = account.alive().into_iter().find(|other| other != session);
                other.is_some_and(|other| !self.is_alive(at, other))
            }
        };
        if done {
            self.accounts[at].apply(operation);
        }
        done
    }

    fn is_alive(&mut self, at: usize, session: usize) -> bool {
        let answer = self.ask(&who_am_i(&self.accounts[at].sessions[session].access));
        assert!(matches!(answer.status, 200 | 401), "{answer:?}");
        answer.status == 200
    }

    fn verify_present(&mut self, at: usize, guesses: &mut usize) {
        let former = self.accounts[at].former_password.clone();
        if let Some(former) = former.filter(|_| *guesses > 0) {
            *guesses -= 1;
            self.must_be_refused(&log_in(&self.accounts[at].username, &former), 401, "a former password");
        }
        self.must(&Operation::LogIn(at));
        for session in 0..self.accounts[at].sessions.len() {
            self.must(&Operation::Look(at, session));
            if self.accounts[at].sessions[session].ended {
                self.verify_ended(at, session);
            } else {
                self.verify_alive(at, session);
            }
        }
        let (alive, strays) = (self.accounts[at].alive().len(), self.accounts[at].strays);
        let listed = self.count_sessions(at);
        assert!(
            (alive..=alive + strays).contains(&listed),
            "{listed} sessions are listed, {alive} are known and {strays} may be more: {:#?}",
            self.accounts[at]
        );
        self.forget_old_sessions(at);
    }

    /// The number of sessions that the server lists. All sessions that are known to be alive are among them,
    /// and none that is known to have ended.
    fn count_sessions(&mut self, at: usize) -> usize {
        let Some(first) = self.accounts[at].alive().first().copied() else {
            return 0;
        };
        let access = &self.accounts[at].sessions[first].access;
        let list = self.ask(&Request::new("GET", "/users/me/sessions").bearer(access));
        let listed: Vec<_> = list.json()["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["id"].as_i64().unwrap())
            .collect();
        for session in &self.accounts[at].sessions {
            let is_listed = listed.contains(&session.id);
            assert_ne!(is_listed, session.ended, "session {} in {listed:?}", session.id);
        }
        self.tally.verified += 1;
        listed.len()
    }

    fn verify_alive(&mut self, at: usize, session: usize) {
        if self.accounts[at].sessions[session].can_replay() {
            self.must(&Operation::Replay(at, session));
        }
        let known = &mut self.accounts[at].sessions[session];
        // The kill has ended every abandoned request.
        known.rotations_left = usize::MAX;
        if known.maybe_rotated || self.rng.u8(..100) < 50 {
            self.must(&Operation::Refresh(at, session));
            self.must(&Operation::Replay(at, session));
        }
    }

    fn verify_ended(&mut self, at: usize, session: usize) {
        let known = &self.accounts[at].sessions[session];
        let tokens = [known.refresh.clone(), known.first.clone()];
        for token in tokens {
            self.must_be_refused(&refresh(&token), 401, "a refresh token of an ended session");
        }
    }

    fn verify_deleted(&mut self, at: usize, guesses: &mut usize) {
        for session in 0..self.accounts[at].sessions.len() {
            self.must(&Operation::Look(at, session));
            self.verify_ended(at, session);
        }
        let account = &self.accounts[at];
        let again = Request::new("POST", "/users/").sent_from_elsewhere().json(&json!({
            "username": account.username, "email": account.email, "password": account.password,
        }));
        let credentials = log_in(&account.username, &account.password);
        let answer = self.must_be_refused(&again, 409, "a deleted user's name");
        assert_eq!(answer.text("code"), "username_taken");
        if *guesses > 0 {
            *guesses -= 1;
            self.must_be_refused(&credentials, 401, "a deleted user");
        }
        self.forget_old_sessions(at);
    }

    fn forget_old_sessions(&mut self, at: usize) {
        let sessions = &mut self.accounts[at].sessions;
        let mut excess =
            sessions.iter().filter(|session| session.ended).count().saturating_sub(ENDED_SESSIONS);
        sessions.retain(|session| {
            let forget = session.ended && excess > 0;
            excess -= usize::from(forget);
            !forget
        });
    }

    /// Performs an operation whose outcome is known in advance; [`Client::perform`] judges it.
    fn must(&mut self, operation: &Operation) {
        self.perform(operation).expect("nobody kills the server while it is verified");
        self.tally.verified += 1;
    }

    fn must_be_refused(&mut self, request: &Request, status: u16, what: &str) -> Response {
        let answer = self.ask(request);
        assert_eq!(answer.status, status, "{what} is accepted by {}: {answer:?}", self.name);
        self.tally.verified += 1;
        answer
    }

    fn ask(&mut self, request: &Request) -> Response {
        self.send(request).expect("nobody kills the server while it is verified")
    }
}
