//! Asking for a password.

use std::io::Read;

use super::CommandError;
use crate::domain::Password;

/// Reads a password: from standard input if requested, otherwise from the terminal, twice.
pub(super) fn read_password(from_stdin: bool) -> Result<Password, CommandError> {
    if from_stdin {
        let mut text = String::new();
        std::io::stdin().lock().take(64 * 1024).read_to_string(&mut text)?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let line = line.strip_suffix('\r').unwrap_or(line);
        return Ok(Password::new(line.to_owned()));
    }
    let no_terminal = |error| format!("no password can be asked for ({error}); try --password-stdin");
    let first = rpassword::prompt_password("Password: ").map_err(no_terminal)?;
    let again = rpassword::prompt_password("Again: ").map_err(no_terminal)?;
    if first != again {
        return Err("the passwords differ".into());
    }
    Ok(Password::new(first))
}
