//! Files that appear whole or not at all: written beside their place, synced, renamed.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file on its way to its place; dropped without [`Self::place`] it leaves nothing.
#[derive(Debug)]
pub struct Pending {
    file: File,
    beside: PathBuf,
    place: PathBuf,
    placed: bool,
}

impl Pending {
    /// Begins a file.
    pub fn create(place: &Path) -> io::Result<Self> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        // The process tells the files of two runs apart; a file left by a crash is written over.
        let beside = place.with_file_name(format!(".{name}.{}.partial", std::process::id()));
        let file = File::create(&beside)?;
        Ok(Self { file, beside, place: place.to_owned(), placed: false })
    }

    /// Adds bytes.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    /// Makes sure that the bytes are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Puts the file in its place.
    pub fn place(mut self) -> io::Result<()> {
        fs::rename(&self.beside, &self.place)?;
        self.placed = true;
        // The new name is on the disk once its folder is.
        match self.place.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !self.placed {
            // Nothing more can be done about a file that cannot be removed.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("portolan-pending-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let place = folder.join("bill.csv");
        let mut pending = Pending::create(&place).unwrap();
        pending.write(b"half").unwrap();
        drop(pending);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        let mut pending = Pending::create(&place).unwrap();
        pending.write(b"whole").unwrap();
        pending.sync().unwrap();
        assert!(!place.exists());
        pending.place().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"whole");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::remove_dir_all(&folder).unwrap();
    }
}
