//! Which other users may read or write a file, and reading files that none of them may.

use std::{
    fs::{File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::Path,
};

use rustix::process::geteuid;
use zeroize::Zeroizing;

/// The maximum size of a file with a secret, in bytes.
const MAX_SECRET_FILE: usize = 16 * 1024;

/// Why a file with a secret is not used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// The system refused to read it.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The path of the file.
        path: String,
        /// The system's error.
        source: io::Error,
    },
    /// Other users may read it or may have written it.
    #[error("{path} can be read by other users (mode {mode:04o}): chmod 600 {path}")]
    Exposed {
        /// The path of the file.
        path: String,
        /// The permissions of the file.
        mode: u32,
    },
    /// Another user can change it.
    #[error("{path} belongs to another user (uid {owner}): chown it")]
    Foreign {
        /// The path of the file.
        path: String,
        /// The user id of its owner.
        owner: u32,
    },
}

/// Reads a secret from a file, without the line end. Only the current user may have access to the file. A
/// file of root's may be readable by its group: this is how services are given secrets (for instance by
/// systemd's `LoadCredential=`).
///
/// # Errors
///
/// If it cannot be read, or other users can read or write it.
pub fn read_secret_file(path: &Path) -> Result<Zeroizing<String>, SecretFileError> {
    let name = || path.display().to_string();
    let unreadable = |source| SecretFileError::Unreadable { path: name(), source };
    let not_text = |problem: &str| unreadable(io::Error::new(io::ErrorKind::InvalidData, problem.to_owned()));
    let mut file = File::open(path).map_err(unreadable)?;
    // A buffer for the whole file: one that grew would leave a copy of the secret behind.
    let mut bytes = Zeroizing::new(vec![0; MAX_SECRET_FILE]);
    let mut length = 0;
    loop {
        let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) else {
            return Err(not_text("it is too long for a secret"));
        };
        match file.read(room) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
    // The opened file is checked, because another may be at the path by now.
    let metadata = file.metadata().map_err(unreadable)?;
    check_secret(&metadata).map_err(|problem| match problem {
        Exposure::Mode(mode) => SecretFileError::Exposed { path: name(), mode },
        Exposure::Owner(owner) => SecretFileError::Foreign { path: name(), owner },
    })?;
    let text = std::str::from_utf8(bytes.get(..length).unwrap_or_default());
    let text = text.map_err(|_| not_text("it is not UTF-8"))?;
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Whether a user other than the owner may write a file, or in a directory. A group that contains only the
/// owner does not count. Many systems give each user such a group, with the user's number.
#[must_use]
pub fn others_may_write(metadata: &Metadata) -> bool {
    let by_group = metadata.mode() & 0o020 != 0 && metadata.gid() != metadata.uid();
    by_group || metadata.mode() & 0o002 != 0
}

#[derive(Debug, PartialEq, Eq)]
enum Exposure {
    Mode(u32),
    Owner(u32),
}

fn check_secret(metadata: &Metadata) -> Result<(), Exposure> {
    judge_secret(metadata.uid(), metadata.mode() & 0o7777, geteuid().as_raw())
}

/// PostgreSQL's rules for a server's private key.
fn judge_secret(owner: u32, mode: u32, us: u32) -> Result<(), Exposure> {
    let allowed = if owner == 0 { 0o740 } else { 0o700 };
    if mode & 0o777 & !allowed != 0 {
        return Err(Exposure::Mode(mode));
    }
    // Root reads files for all users.
    if ![0, us].contains(&owner) && us != 0 {
        return Err(Exposure::Owner(owner));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_for_its_owner_alone_and_roots_may_be_for_a_group() {
        for (owner, mode, us, expected) in [
            (1000, 0o600, 1000, Ok(())),
            (1000, 0o400, 1000, Ok(())),
            (1000, 0o640, 1000, Err(Exposure::Mode(0o640))),
            (1000, 0o604, 1000, Err(Exposure::Mode(0o604))),
            (1000, 0o620, 1000, Err(Exposure::Mode(0o620))),
            (0, 0o400, 1000, Ok(())),
            (0, 0o440, 1000, Ok(())),
            (0, 0o640, 1000, Ok(())),
            (0, 0o660, 1000, Err(Exposure::Mode(0o660))),
            (0, 0o644, 1000, Err(Exposure::Mode(0o644))),
            (0, 0o644, 0, Err(Exposure::Mode(0o644))),
            (1001, 0o600, 1000, Err(Exposure::Owner(1001))),
            (1001, 0o600, 0, Ok(())),
        ] {
            assert_eq!(judge_secret(owner, mode, us), expected, "uid {owner} mode {mode:o} for uid {us}");
        }
    }

    #[test]
    fn a_secret_is_read_without_its_line_end_and_never_from_what_others_can_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let with_mode =
            |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        std::fs::write(&path, "a secret\r\n").unwrap();

        with_mode(0o600);
        let read = read_secret_file(&path).map(|text| text.to_string());
        with_mode(0o644);
        let refused = read_secret_file(&path).unwrap_err().to_string();

        assert_eq!(read.unwrap(), "a secret");
        assert!(refused.contains("mode 0644") && refused.contains("chmod 600"), "{refused}");
        for (content, problem) in [(vec![0xff; 9], "not UTF-8"), (vec![b'k'; 20_000], "too long")] {
            std::fs::write(&path, content).unwrap();
            with_mode(0o600);
            let refused = read_secret_file(&path).unwrap_err().to_string();
            assert!(refused.contains(problem), "{refused}");
        }
    }
}
