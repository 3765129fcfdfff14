//! Accounts: users, their roles, and the rules for names and passwords.

mod email;
mod import;
mod login_name;
mod password;
mod registration;
mod role;
mod user;
mod username;

pub use email::{Email, InvalidEmail};
pub use import::{ImportFlaw, ImportProblem, ImportedBefore, ImportedUser, Taken};
pub use login_name::{InvalidLoginName, LoginName};
pub use password::{InvalidPassword, NewPassword, Password, PasswordHash, PasswordPolicy, PasswordVersion};
pub use registration::{Registration, UnknownRegistration};
pub use role::{Role, UnknownRole};
pub use user::{User, UserChange, UserId};
pub use username::{InvalidUsername, Username};
