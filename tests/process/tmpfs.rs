//! A small file system that can be filled, made read-only, and emptied again.

use std::{
    fs::File,
    io::{ErrorKind, Write},
    path::PathBuf,
    process::Command,
};

use tempfile::TempDir;

/// A mounted tmpfs; it is unmounted when dropped.
pub struct Tmpfs {
    directory: TempDir,
}

impl Tmpfs {
    /// Mounts a file system of this size. It needs root, and a test that is not root fails.
    #[track_caller]
    pub fn mount(size: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let tmpfs = Self { directory };
        run(Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "tmpfs"])
            .arg(tmpfs.directory.path()));
        tmpfs
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Fills it to the last byte with a file `ballast`; removing the file makes room again.
    pub fn fill(&self) {
        let mut ballast = File::options().create(true).append(true).open(self.path("ballast")).unwrap();
        for piece in [64 * 1024, 4096, 1] {
            let bytes = vec![0; piece];
            while let Ok(()) | Err(ErrorKind::Interrupted) =
                ballast.write_all(&bytes).map_err(|error| error.kind())
            {}
        }
    }

    pub fn make_room(&self) {
        std::fs::remove_file(self.path("ballast")).unwrap();
    }

    /// Makes it read-only, even for root.
    #[track_caller]
    pub fn make_read_only(&self) {
        run(Command::new("mount").args(["-o", "remount,ro"]).arg(self.directory.path()));
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily, because a process that has not ended yet may hold files open.
        let _ = Command::new("umount").arg("-l").arg(self.directory.path()).status();
    }
}

#[track_caller]
fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
