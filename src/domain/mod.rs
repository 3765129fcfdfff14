//! Parsed values, such as an e-mail address, a username, a role or a moment, and the rules that decide.
//!
//! Nothing here does I/O or depends on actors or HTTP. Input is parsed into one of these types once, where it
//! enters, and keeps that type from then on.

mod account;
mod clock;
mod context;
mod cursor;
mod key_wrap;
mod network;
mod origin;
mod random;
mod session;
mod throttling;
mod token;

pub use account::{
    Email, ImportFlaw, ImportProblem, ImportedBefore, ImportedUser, InvalidEmail, InvalidLoginName,
    InvalidPassword, InvalidUsername, LoginName, NewPassword, Password, PasswordHash, PasswordPolicy,
    PasswordVersion, Registration, Role, Taken, UnknownRegistration, UnknownRole, User, UserChange, UserId,
    Username,
};
pub use clock::{Clock, ManualClock, MonotonicTime, Timestamp};
pub use context::{Context, Principal};
pub use cursor::{Cursor, InvalidCursor};
pub use key_wrap::{
    InvalidEncryptionKey, KeyId, KeyWrap, OpenError, SecretLocation, StoredSecret, WrapError,
};
pub use network::Network;
pub use origin::{RequestId, RequestOrigin};
pub use random::{NoRandomness, Random};
pub use session::{
    Derivation, EarlierUses, EndReason, OriginFingerprint, Presentation, RefreshAttempt, RefreshChain,
    Rotation, Salt, SecretHash, Session, SessionChange, SessionId, SessionRules, StoredSession, Theft,
    UnendedSession, UnknownFormat, surplus_sessions,
};
pub use throttling::{Allowance, Debt, Delays, FailureHistory, Rate, Rule};
pub use token::{
    AccessToken, AccessTokenClaims, Algorithm, Audiences, InvalidScope, KeyRow, KeySet, RefreshSecretRow,
    RefreshToken, ReservedAudience, Revocation, Rewrapped, Scope, SecretRow, StoredOtherwise, TokenPair,
    UnknownAlgorithm, WeakSecret, check_same_wrapping, check_shared_secret, decide_revocation, signing_key,
};
