//! A file that is written under another name, so that it appears under its own name complete or not at all.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::config::others_may_write;

/// A directory beside the target that no other user can read or write. SQLite opens files by their path, and
/// takes a journal that it finds beside one for its own: in a directory that others can write, they could
/// plant either. It is removed when dropped.
pub(super) struct UnpublishedFile {
    directory: PathBuf,
}

impl UnpublishedFile {
    const ATTEMPTS: u32 = 100;

    /// Creates the directory, and an empty file (mode 0600) in it.
    ///
    /// # Errors
    ///
    /// If the system refuses, or other users could replace the directory by theirs.
    pub(super) fn beside(target: &Path) -> io::Result<Self> {
        let parent = directory_of(target);
        let metadata = std::fs::metadata(parent)?;
        let is_sticky = metadata.mode() & 0o1000 != 0;
        if others_may_write(&metadata) && !is_sticky {
            let mode = metadata.mode() & 0o7777;
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("other users can replace files in {} (mode {mode:04o})", parent.display()),
            ));
        }
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        for attempt in 0..Self::ATTEMPTS {
            // A killed process with the same number may have left a directory behind.
            let directory = parent.join(format!(".{name}.partial-{}-{attempt}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&directory) {
                Ok(()) => {
                    let unpublished = Self { directory };
                    let mut options = OpenOptions::new();
                    options.write(true).create_new(true).mode(0o600).open(unpublished.path())?;
                    return Ok(unpublished);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    /// The path at which to write the file.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.join("copy.db")
    }

    /// Makes the file durable, and gives it its final name. Nothing is overwritten.
    pub(super) fn publish(&self, target: &Path) -> io::Result<()> {
        let file = self.path();
        File::open(&file)?.sync_all()?;
        // A hard link fails if the name was taken meanwhile; a rename would overwrite.
        std::fs::hard_link(&file, target)?;
        let synced = File::open(directory_of(target)).and_then(|directory| directory.sync_all());
        synced.inspect_err(|_| drop(std::fs::remove_file(target)))
    }
}

impl Drop for UnpublishedFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.directory) {
            log::warn!("{} is left over: {error}", self.directory.display());
        }
    }
}

fn directory_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
