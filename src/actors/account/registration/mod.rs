//! Creating accounts: by the user themselves, or for another user.

mod add_user;
mod count;
mod error;
mod register;

pub(super) use self::count::count_registration;
pub use self::{add_user::AddUser, error::RegisterError, register::Register};
