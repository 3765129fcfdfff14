//! Roles.

use strum::{Display, EnumString, IntoStaticStr, VariantNames};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "snake_case", parse_err_ty = UnknownRole, parse_err_fn = unknown)]
pub enum Role {
    /// A user, who may use their own account.
    User,
    /// An administrator, who may administer all accounts.
    Admin,
}

/// A text that names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("role should be 'user' or 'admin'")]
pub struct UnknownRole;

fn unknown(_: &str) -> UnknownRole {
    UnknownRole
}

impl Role {
    /// The role's name in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}
