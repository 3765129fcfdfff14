//! Parsed values: what an e-mail address, a username, a role or a moment *is*.
//!
//! Nothing here does I/O or knows of actors or HTTP. Input becomes one of these types once, at
//! the door, and is carried as that type from then on.

mod audiences;
mod clock;
mod cursor;
mod email;
mod import;
mod key_life;
mod key_wrap;
mod login_name;
mod network;
mod password;
mod random;
mod refresh_chain;
mod registration;
mod role;
mod session;
mod shared_secret;
mod stored_keys;
mod throttling;
mod token;
mod user;
mod username;

pub use audiences::{Audiences, ReservedAudience};
pub use clock::{Clock, ManualClock, MonotonicTime, Timestamp};
pub use cursor::{Cursor, InvalidCursor};
pub use email::{Email, InvalidEmail};
pub use import::{ImportFlaw, ImportProblem, ImportedBefore, ImportedUser, Taken};
pub use key_life::signing_key;
pub use key_wrap::{
    InvalidEncryptionKey, KeyId, KeyWrap, OpenError, SecretLocation, StoredSecret, WrapError,
};
pub use login_name::{InvalidLoginName, LoginName};
pub use network::Network;
pub use password::{InvalidPassword, NewPassword, Password, PasswordHash, PasswordPolicy, PasswordVersion};
pub use random::{NoRandomness, Random};
pub use refresh_chain::{
    Derivation, OriginFingerprint, Presentation, RefreshChain, Salt, SecretHash, Theft, UnknownFormat,
};
pub use registration::{Registration, UnknownRegistration};
pub use role::{InvalidScope, Role, Scope, UnknownRole};
pub use session::{EarlierUses, EndReason, RequestOrigin, Session, SessionId, SessionRules};
pub use shared_secret::{WeakSecret, check_shared_secret};
pub use stored_keys::{
    KeyRow, KeySet, RefreshSecretRow, Rewrapped, SecretRow, StoredOtherwise, check_same_wrapping,
};
pub use throttling::{Allowance, Debt, Delays, FailureHistory, Rate, Rule};
pub use token::{AccessToken, AccessTokenClaims, Algorithm, RefreshToken, TokenPair, UnknownAlgorithm};
pub use user::{User, UserChange, UserId};
pub use username::{InvalidUsername, Username};
