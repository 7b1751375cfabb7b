//! One writer at a time: an advisory lock of the system on a file beside the folder. It ends with the process that holds
//! it, however that ends, so no lock is ever stale.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::output_folder::OutputError;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(crate) struct Lock {
    path: PathBuf,
    file: File,
}

impl Lock {
    /// Takes the lock at `path`, or says that `target` is being written.
    pub(crate) fn take(path: &Path, target: &Path) -> Result<Self, OutputError> {
        loop {
            let file = OpenOptions::new()
                .create(true)
                .truncate(false)
                .write(true)
                .open(path)
                .map_err(OutputError::io("created", path))?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(OutputError::Busy(target.to_owned())),
                Err(TryLockError::Error(error)) => return Err(OutputError::io("locked", path)(error)),
            }
            // The holder before may have taken the file away between our open and our lock: then this lock guards nothing.
            if is_still_at(&file, path) {
                return Ok(Self { path: path.to_owned(), file });
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Taken away while it is held. A file that stays (Windows keeps open ones) is empty and harmless.
        let _ = std::fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn is_still_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(present)) => (open.dev(), open.ino()) == (present.dev(), present.ino()),
        _ => false,
    }
}

/// Where an open file cannot be taken away, it is still there.
#[cfg(not(unix))]
fn is_still_at(_file: &File, path: &Path) -> bool {
    path.exists()
}
