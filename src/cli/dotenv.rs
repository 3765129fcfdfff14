//! The file `.env` of the working directory, which supplements the environment.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::Path,
};

use rustix::{fs::OFlags, io::Errno, process::geteuid};
use zeroize::Zeroizing;

use crate::{app::Danger, config::others_may_write};

/// What was done with the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Dotenv {
    /// There is no such file.
    Absent,
    /// It was read, and set these variables of Sekisho's.
    Read(Vec<String>),
    /// It was not read, because another user may have written it.
    Ignored(String),
}

/// Reads `.env` into the environment, if only the current user or root can have written it: its author
/// controls, for every command, where the database is and whose forwarded headers are believed.
///
/// # Errors
///
/// One line, without the content of the file, which may be secret.
pub(super) fn load() -> Result<Dotenv, String> {
    let failed = |error: io::Error| format!(".env: {error}");
    let mut file = match open() {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Dotenv::Absent),
        Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
            return Ok(Dotenv::Ignored("it is a symbolic link".to_owned()));
        }
        // Another user who can create files here must not be able to stop every command with an unreadable
        // one.
        Err(error) => return anothers().map(Dotenv::Ignored).ok_or_else(|| failed(error)),
    };
    let (metadata, directory) =
        (file.metadata().map_err(failed)?, std::fs::metadata(Path::new(".")).map_err(failed)?);
    if let Some(reason) = distrusted(&metadata, &directory) {
        return Ok(Dotenv::Ignored(reason));
    }
    let mut content = Zeroizing::new(Vec::new());
    file.read_to_end(&mut content).map_err(failed)?;
    let mut variables = Vec::new();
    for pair in dotenvy::from_read_iter(content.as_slice()) {
        let (name, value) = pair.map_err(|error| unreadable(&error))?;
        drop(Zeroizing::new(value));
        let is_ours = name.starts_with("SEKISHO_") || ["DATABASE_URL", "RUST_LOG"].contains(&name.as_str());
        if is_ours && std::env::var_os(&name).is_none() && !variables.contains(&name) {
            variables.push(name);
        }
    }
    dotenvy::from_read(content.as_slice()).map_err(|error| unreadable(&error))?;
    Ok(Dotenv::Read(variables))
}

/// Opens it without following a link, and without waiting if it is a pipe.
fn open() -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(".env")
}

/// Why the file, which could not be opened, may be another user's work.
fn anothers() -> Option<String> {
    let file = std::fs::symlink_metadata(".env").ok()?;
    distrusted(&file, &std::fs::metadata(".").ok()?)
}

/// Why a file, or its directory, may be another user's work.
fn distrusted(file: &Metadata, directory: &Metadata) -> Option<String> {
    let us = geteuid().as_raw();
    for (metadata, what) in [(file, "it"), (directory, "its directory")] {
        if ![0, us].contains(&metadata.uid()) {
            return Some(format!("{what} belongs to another user (uid {})", metadata.uid()));
        }
        // With the sticky bit, other users can write their own files there, but not replace ours.
        let is_sticky = metadata.is_dir() && metadata.mode() & 0o1000 != 0;
        if others_may_write(metadata) && !is_sticky {
            let mode = metadata.mode() & 0o7777;
            return Some(format!("{what} can be written by other users (mode {mode:04o})"));
        }
    }
    (!file.is_file()).then(|| "it is not a regular file".to_owned())
}

fn unreadable(error: &dotenvy::Error) -> String {
    match error {
        // The line itself may contain a secret.
        dotenvy::Error::LineParse(_, position) => {
            format!(".env: a line cannot be read (at its character {position})")
        }
        dotenvy::Error::Io(error) => format!(".env: {error}"),
        dotenvy::Error::EnvVar(_) => ".env: a variable cannot be set".to_owned(),
        _ => ".env: it cannot be read".to_owned(),
    }
}

impl Dotenv {
    /// The danger that the file exists and was not read.
    pub(super) fn danger(&self) -> Option<Danger> {
        let Self::Ignored(reason) = self else { return None };
        let what = format!("`.env` of the working directory was not read: {reason}");
        Some(Danger::new(
            "dotenv_ignored",
            what,
            "make yourself its owner, with mode 0600, in a directory that you own",
        ))
    }

    /// Logs what was read and what was not.
    pub(super) fn log(&self) {
        let path = || {
            let directory = std::env::current_dir().unwrap_or_default();
            directory.join(".env").display().to_string()
        };
        match self {
            Self::Absent => {}
            Self::Read(variables) if variables.is_empty() => {
                log::info!("read {}, which sets nothing that is not set already", path());
            }
            Self::Read(variables) => log::info!("read {}: {}", path(), variables.join(", ")),
            Self::Ignored(reason) => log::warn!("{} was not read: {reason}", path()),
        }
    }
}
