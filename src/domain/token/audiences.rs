//! The audiences of access tokens.

use crate::domain::Scope;

/// The audiences (RFC 7519, section 4.1.3) of an installation's access tokens.
///
/// A token that may administer is only for Sekisho's administration, so no other service accepts it, and no
/// service that it was sent to can replay it. Every other token is for Sekisho, which is named by its issuer,
/// and for the services that the configuration names.
///
/// ```
/// use sekisho::domain::{Audiences, Scope};
///
/// let mut audiences = Audiences::new("https://login.example.com");
/// audiences.add("https://orders.example.com")?;
///
/// assert_eq!(audiences.of(Scope::USER), ["https://login.example.com", "https://orders.example.com"]);
/// assert_eq!(audiences.of(Scope::ADMIN), ["https://login.example.com/admin"]);
/// # Ok::<(), sekisho::domain::ReservedAudience>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audiences {
    /// The issuer, and the other services.
    services: Vec<String>,
    /// The audience of the administration.
    administration: [String; 1],
}

/// An audience that a service may not have, because administrators' tokens have it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is the audience of Sekisho's own administration")]
pub struct ReservedAudience(pub String);

impl Audiences {
    /// Sekisho's own audiences.
    #[must_use]
    pub fn new(issuer: &str) -> Self {
        Self { services: vec![issuer.to_owned()], administration: [format!("{issuer}/admin")] }
    }

    /// Adds the audience of another service. Adding one twice has no effect.
    ///
    /// # Errors
    ///
    /// If it is the audience of the administration.
    pub fn add(&mut self, audience: &str) -> Result<(), ReservedAudience> {
        if self.administration == [audience] {
            return Err(ReservedAudience(audience.to_owned()));
        }
        if !self.services.iter().any(|known| known == audience) {
            self.services.push(audience.to_owned());
        }
        Ok(())
    }

    /// The audiences of a token of this scope.
    #[must_use]
    pub fn of(&self, scope: Scope) -> &[String] {
        if scope.contains(Scope::ADMIN) { &self.administration } else { &self.services }
    }

    /// The scope of a token of these audiences at Sekisho; `None` if it is only for other services. The scope
    /// `admin` has no effect in a token that others may hold.
    #[must_use]
    pub fn admit(&self, audiences: &[String], scope: Scope) -> Option<Scope> {
        if audiences == self.administration {
            return Some(scope);
        }
        let is_ours = self.services.first().is_some_and(|issuer| audiences.contains(issuer));
        is_ours.then_some(scope.without(Scope::ADMIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn audiences() -> Audiences {
        let mut audiences = Audiences::new("https://a");
        audiences.add("orders").unwrap();
        audiences
    }

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn an_administrators_token_has_one_audience() {
        assert_eq!(audiences().of(Scope::of(Role::User)), ["https://a", "orders"]);
        assert_eq!(audiences().of(Scope::of(Role::Admin)), ["https://a/admin"]);
        assert_eq!(audiences().of(Scope::ADMIN), ["https://a/admin"]);
    }

    #[test]
    fn a_service_cannot_be_the_administration() {
        let mut audiences = audiences();

        assert_eq!(audiences.add("https://a/admin"), Err(ReservedAudience("https://a/admin".to_owned())));
        assert_eq!(audiences.add("orders"), Ok(()));
        assert_eq!(audiences.add("https://a"), Ok(()));
        assert_eq!(audiences, self::audiences());
    }

    #[test]
    fn a_token_that_others_may_hold_administers_nothing() {
        let (user, both) = (Scope::of(Role::User), Scope::of(Role::Admin));
        let admit = |names: &[&str]| audiences().admit(&list(names), both);

        assert_eq!(admit(&["https://a/admin"]), Some(both));
        for others in [
            &["https://a"][..],
            &["https://a", "orders"],
            &["orders", "https://a"],
            &["https://a/admin", "https://a"],
            &["https://a", "https://a/admin"],
        ] {
            assert_eq!(admit(others), Some(user), "{others:?}");
        }
        for foreign in [&[][..], &["orders"], &["https://a/"], &["https://A"], &["https://a/admin", "orders"]]
        {
            assert_eq!(admit(foreign), None, "{foreign:?}");
        }
    }
}
