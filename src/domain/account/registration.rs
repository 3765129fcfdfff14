//! Who may register.

use std::{fmt, str::FromStr};

/// Whether users may create their own accounts. Administrators may in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

impl Registration {
    const ALL: [Self; 2] = [Self::Open, Self::Closed];

    /// The name in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

impl FromStr for Registration {
    type Err = UnknownRegistration;

    fn from_str(name: &str) -> Result<Self, UnknownRegistration> {
        Self::ALL.into_iter().find(|registration| registration.as_str() == name).ok_or(UnknownRegistration)
    }
}

impl fmt::Display for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_open_or_closed() {
        for registration in Registration::ALL {
            assert_eq!(registration.as_str().parse(), Ok(registration));
        }
        assert_eq!("Closed".parse::<Registration>(), Err(UnknownRegistration));
    }
}
