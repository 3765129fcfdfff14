//! A session as it is stored, and as it is reported.

use strum::{EnumString, IntoStaticStr, VariantNames};

use super::{EarlierUses, SessionRules};
use crate::domain::{Scope, Timestamp, UserId};

/// A session's number (the tokens' `sid`), which is never reused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct SessionId(pub i64);

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum EndReason {
    /// Its owner logged out.
    Logout,
    /// Its owner or a client revoked it (RFC 7009, or the list of sessions).
    Revoked,
    /// An administrator ended it.
    RevokedByAdmin,
    /// A refresh token that had been replaced long ago was presented, so two parties hold its tokens.
    RefreshTokenReused,
    /// The password was changed.
    PasswordChanged,
    /// The account was disabled.
    UserDisabled,
    /// Its owner has logged in more often since than an account may have live sessions.
    TooManySessions,
    /// It was not used for the lifetime of a refresh token, or it reached the maximum age.
    Expired,
}

impl EndReason {
    /// The reason's name in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// A session, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The number of the session.
    pub id: SessionId,
    /// The user of the session.
    pub user_id: UserId,
    /// The widest scope that its tokens may have.
    pub scope: Scope,
    /// When its owner logged in.
    pub created_at: Timestamp,
    /// When its refresh token was last used, or when it was opened.
    pub last_used_at: Timestamp,
    /// The uses before that, for [`Session::as_told`].
    pub earlier_uses: EarlierUses,
    /// When it ends unless its refresh token is used before.
    pub expires_at: Timestamp,
    /// The browser or program that opened it.
    pub user_agent: Option<String>,
    /// The address that it was opened from.
    pub ip: Option<String>,
    /// When and why it ended; `None` while it is alive.
    pub ended: Option<(Timestamp, EndReason)>,
}

impl Session {
    /// The maximum number of live sessions of one account, which is more than anyone has devices. It bounds
    /// the cost of ending all of them.
    pub const MAX_LIVE: usize = 100;

    /// The session as its owner and administrators see it, without uses that are too recent.
    ///
    /// A thief with a stolen access token sees the list too. If it showed the moment of a refresh, the thief
    /// could present the token that was just replaced, and would get its successor within the grace period.
    /// So neither of the times shown depends on uses within [`SessionRules::told_after`]. An ended session is
    /// shown as it is.
    #[must_use]
    pub fn as_told(mut self, rules: &SessionRules, now: Timestamp) -> Self {
        if self.ended.is_none() {
            let EarlierUses(earlier) = self.earlier_uses;
            let uses = std::iter::once(self.last_used_at).chain(earlier.into_iter().flatten());
            self.last_used_at =
                uses.into_iter().find(|used| rules.is_told(*used, now)).unwrap_or(self.created_at);
            self.expires_at = rules.expires_at(self.created_at, self.last_used_at);
        }
        self
    }
}

/// A session that has not been ended. It may have expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnendedSession {
    /// When its refresh token was last used, or when it was opened.
    pub last_used_at: Timestamp,
    /// The number of the session.
    pub id: SessionId,
    /// When it expires unless its refresh token is used before.
    pub expires_at: Timestamp,
}

/// The sessions of an account that end after a new one was opened, so that at most [`Session::MAX_LIVE`] are
/// alive, including the new one: those that were not used for the longest time.
#[must_use]
pub fn surplus_sessions(found: Vec<UnendedSession>, new: SessionId, now: Timestamp) -> Vec<UnendedSession> {
    let mut others = found;
    others.retain(|session| session.id != new && session.expires_at > now);
    others.sort_unstable();
    others.truncate((others.len() + 1).saturating_sub(Session::MAX_LIVE));
    others
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    fn rules(grace: Duration) -> SessionRules {
        SessionRules { refresh_lifetime: 600 * MINUTE, max_age: Some(6000 * MINUTE), refresh_grace: grace }
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(0) + Duration::from_secs(seconds)
    }

    /// A session that was opened at zero and used at these seconds.
    fn used(seconds: &[u64], rules: &SessionRules) -> Session {
        let mut session = Session {
            id: SessionId(1),
            user_id: UserId(1),
            scope: Scope::default(),
            created_at: at(0),
            last_used_at: at(0),
            earlier_uses: EarlierUses::default(),
            expires_at: at(0),
            user_agent: None,
            ip: None,
            ended: None,
        };
        for next in seconds {
            session.earlier_uses = session.earlier_uses.followed_by(session.last_used_at, at(*next), rules);
            session.last_used_at = at(*next);
        }
        session
    }

    #[test]
    fn of_too_many_sessions_those_that_were_idle_longest_end() {
        let most = u64::try_from(Session::MAX_LIVE).unwrap();
        // The first one was used last, every tenth has expired, and the new one does not count as idle.
        let session = |number: u64| UnendedSession {
            last_used_at: at(2 * most - number),
            id: SessionId(i64::try_from(number).unwrap()),
            expires_at: at(if number.is_multiple_of(10) { 500 } else { 501 }),
        };
        let ended = |count: u64| -> Vec<i64> {
            let surplus = surplus_sessions((1..=count).map(session).collect(), SessionId(1), at(500));
            surplus.into_iter().map(|session| session.id.0).collect()
        };

        assert!(ended(most).is_empty());
        // Of 119 sessions 11 have expired; the new one and 107 others live.
        assert_eq!(ended(most + 19), [119, 118, 117, 116, 115, 114, 113, 112]);
    }

    #[test]
    fn a_use_is_told_between_one_and_two_minutes_after_it() {
        let rules = rules(10 * Duration::from_secs(1));
        let session = used(&[30, 3601], &rules);
        let told = |now| session.clone().as_told(&rules, at(now)).last_used_at;

        assert_eq!(told(3601), at(30));
        assert_eq!(told(3719), at(30));
        assert_eq!(told(3720), at(3601));
        // A session that is used without pause is not reported as idle.
        let busy: Vec<_> = (1..200).map(|number| 30 * number).collect();
        assert_eq!(used(&busy, &rules).as_told(&rules, at(5990)).last_used_at, at(5850));
    }

    #[test]
    fn the_end_of_a_session_is_told_by_the_use_that_is_told() {
        let rules = rules(Duration::ZERO);
        let session = used(&[7200], &rules);

        assert_eq!(session.clone().as_told(&rules, at(7201)).expires_at, at(36_000));
        assert_eq!(session.as_told(&rules, at(7400)).expires_at, at(43_200));
        let old = used(&[340_000], &rules);
        assert_eq!(old.clone().as_told(&rules, at(340_001)).expires_at, at(36_000));
        assert_eq!(old.as_told(&rules, at(341_000)).expires_at, at(360_000), "its absolute end");
    }

    #[test]
    fn a_clock_that_went_back_tells_what_it_can() {
        let rules = rules(Duration::ZERO);

        assert_eq!(used(&[100, 9000], &rules).as_told(&rules, at(500)).last_used_at, at(100));
        assert_eq!(used(&[8000, 9000], &rules).as_told(&rules, at(500)).last_used_at, at(0));
    }

    #[test]
    fn without_a_bound_a_session_lives_as_long_as_it_is_used() {
        let rules = SessionRules { max_age: None, ..rules(Duration::ZERO) };

        assert_eq!(rules.expires_at(at(0), at(900_000)), at(936_000));
    }

    proptest! {
        #[test]
        fn what_is_told_does_not_depend_on_what_happened_just_now(
            gaps in proptest::collection::vec(1_u64..400, 1..20),
            later in 0_u64..1000,
            grace in 0_u64..300,
        ) {
            let rules = rules(Duration::from_secs(grace));
            let mut uses: Vec<u64> = Vec::new();
            for gap in gaps {
                uses.push(uses.last().unwrap_or(&0) + gap);
            }
            let now = uses.last().unwrap_or(&0) + later;
            let hidden = rules.told_after().as_secs();
            let told_by_now: Vec<u64> = uses.iter().copied().filter(|used| used + hidden <= now).collect();

            let with = used(&uses, &rules).as_told(&rules, at(now));
            let without = used(&told_by_now, &rules).as_told(&rules, at(now));

            prop_assert_eq!((with.last_used_at, with.expires_at), (without.last_used_at, without.expires_at));
            // And it is not withheld for longer than that takes.
            let overdue = uses.iter().rev().find(|used| **used + 2 * hidden <= now);
            prop_assert!(with.last_used_at >= at(overdue.copied().unwrap_or(0)));
        }
    }
}
