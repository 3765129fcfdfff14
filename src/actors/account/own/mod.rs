//! What users do to their own accounts: change the e-mail address or the password, and delete the account.

mod change_email;
mod change_password;
mod confirm;
mod delete_account;
mod error;

pub use self::{
    change_email::ChangeEmail, change_password::ChangePassword, delete_account::DeleteAccount,
    error::OwnAccountError,
};
