//! Who may register.

use strum::{Display, EnumString};

/// Whether users may create their own accounts. Administrators may in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Display, EnumString)]
#[strum(serialize_all = "snake_case", parse_err_ty = UnknownRegistration, parse_err_fn = unknown)]
pub enum Registration {
    /// Anyone may register.
    #[default]
    Open,
    /// Nobody may register.
    Closed,
}

/// A text that is neither `open` nor `closed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected open or closed")]
pub struct UnknownRegistration;

fn unknown(_: &str) -> UnknownRegistration {
    UnknownRegistration
}
