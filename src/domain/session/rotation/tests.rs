use std::time::Duration;

use super::*;
use crate::domain::{Email, Role, UserId, Username};

const RULES: SessionRules = SessionRules {
    refresh_lifetime: Duration::from_secs(1000),
    max_age: Some(Duration::from_secs(5000)),
    refresh_grace: Duration::from_secs(10),
};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

/// A session of an administrator, opened at zero, with a current secret whose hash is 1.
fn session() -> StoredSession {
    StoredSession {
        user: User {
            id: UserId(1),
            email: Email::from_trusted(String::new()),
            username: Username::from_trusted(String::new()),
            role: Role::Admin,
            disabled: false,
            created_at: at(0),
        },
        scope: Scope::of(Role::Admin),
        chain: RefreshChain::read(SecretHash([1; 32]), &[], &[]).unwrap(),
        created_at: at(0),
        last_used_at: at(0),
        earlier_uses: EarlierUses::default(),
        expires_at: at(1000),
        end_reason: None,
    }
}

/// An attempt with a secret of this hash, whose successor has the hash 2.
fn attempt(presented: u8) -> RefreshAttempt {
    RefreshAttempt {
        presented: SecretHash([presented; 32]),
        from: OriginFingerprint::default(),
        successor: SecretHash([2; 32]),
        derivation: Derivation { version: 0, salt: None },
        requested: Scope::default(),
        rules: RULES,
    }
}

#[test]
fn the_current_secret_is_replaced_and_the_session_lives_on() {
    let (answer, change) = session().refresh(&attempt(1), at(100));

    let (user, scope, authenticated_at, expires_at) =
        (session().user, Scope::of(Role::Admin), at(0), at(1100));
    assert_eq!(answer, Rotation::Rotated { user, scope, authenticated_at, expires_at });
    let Some(SessionChange::Rotate { chain, used_at, earlier_uses, expires_at }) = change else {
        panic!("{change:?}")
    };
    assert_eq!((chain.current(), used_at, expires_at), (SecretHash([2; 32]), at(100), at(1100)));
    assert_eq!(earlier_uses, EarlierUses([Some(at(0)), None]));
}

#[test]
fn a_replaced_secret_changes_nothing_within_the_grace_and_ends_the_session_after_it() {
    let rotated = |presented, seconds| {
        let (answer, change) = session().refresh(&attempt(1), at(100));
        let Some(SessionChange::Rotate { chain, .. }) = change else { panic!("{answer:?}") };
        StoredSession { chain, ..session() }.refresh(&attempt(presented), at(seconds))
    };

    let (answer, change) = rotated(1, 110);
    assert!(matches!(answer, Rotation::Replayed { scope: Ok(_), elsewhere: false, .. }), "{answer:?}");
    assert_eq!(change, None);

    for (presented, seconds) in [(1, 111), (9, 110)] {
        let (answer, change) = rotated(presented, seconds);
        assert_eq!(answer, Rotation::Reused { user: session().user, theft: Theft::Late });
        assert_eq!(change, Some(SessionChange::End(EndReason::RefreshTokenReused)));
    }
}

#[test]
fn theft_is_found_before_the_scope_is_looked_at() {
    let user = || User { role: Role::User, ..session().user };
    let requested = Scope::of(Role::Admin);
    let refresh = |presented| {
        let session = StoredSession { user: user(), ..session() };
        session.refresh(&RefreshAttempt { requested, ..attempt(presented) }, at(100))
    };

    assert_eq!(refresh(1), (Rotation::InvalidScope(InvalidScope), None));
    let stolen = Rotation::Reused { user: user(), theft: Theft::Late };
    assert_eq!(refresh(9), (stolen, Some(SessionChange::End(EndReason::RefreshTokenReused))));
}

#[test]
fn a_session_that_has_ended_or_whose_user_is_disabled_stays_as_it_is() {
    let ended = StoredSession { end_reason: Some(EndReason::Logout), ..session() };
    assert_eq!(ended.refresh(&attempt(1), at(100)), (Rotation::Ended(EndReason::Logout), None));

    assert_eq!(session().refresh(&attempt(1), at(1000)), (Rotation::Ended(EndReason::Expired), None));

    let disabled = StoredSession { user: User { disabled: true, ..session().user }, ..session() };
    assert_eq!(disabled.refresh(&attempt(1), at(100)), (Rotation::Unknown, None));
}

#[test]
fn a_session_older_than_sessions_may_become_now_ends() {
    let old = StoredSession { expires_at: at(9000), ..session() };

    let decision = old.refresh(&attempt(1), at(5000));

    let expired = EndReason::Expired;
    assert_eq!(decision, (Rotation::Ended(expired), Some(SessionChange::End(expired))));
}

#[test]
fn a_clock_that_went_back_does_not_make_the_last_use_earlier() {
    let used_later = StoredSession { last_used_at: at(200), ..session() };

    let (_, change) = used_later.refresh(&attempt(1), at(100));

    assert!(
        matches!(change, Some(SessionChange::Rotate { used_at, .. }) if used_at == at(200)),
        "{change:?}"
    );
}
