//! Dangers in the location of the database and its permissions.

use std::{
    fs::Metadata,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use rustix::process::geteuid;

use super::danger::{Check, Danger};
use crate::config::{Config, Database, others_may_write};

pub(super) const CHECKS: [Check; 3] = [database_file, directory, file_system];

/// The database's file, with links resolved, and its directory, whether the file exists or not.
fn place(config: &Config) -> Option<(PathBuf, PathBuf)> {
    let Database::File(path) = &config.database.location else { return None };
    let path = path.canonicalize().unwrap_or_else(|_| path.clone());
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let directory = directory.canonicalize().ok()?;
    Some((path, directory))
}

fn database_file(config: &Config) -> Vec<Danger> {
    let Some((path, _)) = place(config) else { return Vec::new() };
    let files = ["", "-wal", "-shm"].map(|suffix| {
        let mut name = path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    });
    let dangers = files.iter().filter_map(|file| {
        let metadata = file.metadata().ok()?;
        let mode = metadata.mode() & 0o7777;
        let is_open = metadata.is_file() && mode & 0o777 & !0o700 != 0;
        is_open.then(|| {
            Danger::new(
                "database_is_readable",
                format!("other users can read {} (mode {mode:04o})", file.display()),
                format!("chmod 600 {}", file.display()),
            )
        })
    });
    dangers.collect()
}

fn directory(config: &Config) -> Vec<Danger> {
    let Some((_, directory)) = place(config) else { return Vec::new() };
    let Ok(metadata) = directory.metadata() else { return Vec::new() };
    let why = if others_may_write(&metadata) {
        format!("mode {:04o}", metadata.mode() & 0o7777)
    } else if is_anothers(&metadata) {
        format!("it belongs to uid {}", metadata.uid())
    } else {
        return Vec::new();
    };
    vec![Danger::new(
        "directory_is_writable",
        format!("other users can put files beside the database in {} ({why})", directory.display()),
        "give it a separate directory, with mode 0700",
    )]
}

/// Whether something belongs to a user other than the current one and root. (Root may administer another
/// user's server.)
fn is_anothers(metadata: &Metadata) -> bool {
    let us = geteuid();
    !us.is_root() && ![0, us.as_raw()].contains(&metadata.uid())
}

fn file_system(config: &Config) -> Vec<Danger> {
    let Some((_, directory)) = place(config) else { return Vec::new() };
    let Ok(status) = rustix::fs::statfs(&directory) else { return Vec::new() };
    // It has 32 bits on every system (statfs(2)).
    let magic = status.f_type & 0xFFFF_FFFF;
    let danger = if NETWORK.contains(&magic) {
        Danger::new(
            "network_file_system",
            format!(
                "{} is on a network file system, on which SQLite's locks do not work",
                directory.display()
            ),
            "put the database on a local disk",
        )
    } else if VOLATILE.contains(&magic) {
        Danger::new(
            "volatile_file_system",
            format!("{} is in memory: all accounts are lost at a reboot", directory.display()),
            "put the database on a disk",
        )
    } else {
        return Vec::new();
    };
    vec![danger]
}

/// NFS, SMB 1 to 3, 9P, AFS, Ceph, Lustre and shared folders of `VirtualBox`, by their numbers in statfs(2).
const NETWORK: [rustix::fs::FsWord; 8] =
    [0x0000_6969, 0xFF53_4D42, 0xFE53_4D42, 0x0102_1997, 0x5346_414F, 0x00C3_6400, 0x0BD0_0BD0, 0x786F_4256];

/// tmpfs and ramfs.
const VOLATILE: [rustix::fs::FsWord; 2] = [0x0102_1994, 0x8584_58F6];
