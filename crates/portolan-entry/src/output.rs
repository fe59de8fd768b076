//! Files that appear whole or not at all: written beside their place, synced, renamed; and sets of them with a manifest.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::manifest::{self, Entry, Manifest, Written};

/// The end of the name of a file that is not in its place yet.
const PARTIAL: &str = ".partial";

/// A file on its way to its place; dropped before it is placed it leaves nothing.
#[derive(Debug)]
pub struct Pending {
    file: File,
    beside: PathBuf,
    place: PathBuf,
    placed: bool,
    bytes: u64,
    hash: Sha256,
}

impl Pending {
    /// Begins a file. What a run that was killed left at its side is written over.
    pub fn create(place: &Path) -> io::Result<Self> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let beside = place.with_file_name(format!(".{name}{PARTIAL}"));
        let file = File::create(&beside)?;
        Ok(Self { file, beside, place: place.to_owned(), placed: false, bytes: 0, hash: Sha256::new() })
    }

    /// How many bytes were written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Makes sure that the bytes are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Puts the file in its place.
    pub fn place(mut self) -> io::Result<()> {
        fs::rename(&self.beside, &self.place)?;
        self.placed = true;
        match self.place.parent() {
            Some(parent) => sync_folder(parent),
            None => Ok(()),
        }
    }
}

/// A new name is on the disk once its folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    match File::open(folder) {
        Ok(open) => open.sync_all(),
        // Where folders cannot be opened as files the system keeps their names itself.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

/// A folder in which one run writes a set of files.
///
/// A folder holds one set: when a new one takes its place the old manifest goes first, then the files are renamed one by
/// one, those of the old set that the new one has not are removed, and the new manifest comes last.
#[derive(Debug)]
pub struct FileSet {
    path: PathBuf,
    /// Name of the manifest.
    manifest: String,
    made: bool,
    /// Held to the end, so that two runs never write to one folder.
    _lock: Option<File>,
}

impl FileSet {
    /// Begins a set in a folder, which is made where it is missing. What a run that was killed left there is removed.
    ///
    /// # Errors
    /// The folder cannot be made, or another run is writing to it.
    pub fn begin(path: &Path) -> io::Result<Self> {
        Self::begin_named(path, manifest::NAME)
    }

    /// Begins a set whose manifest has another name than the usual one: sets of different names share a folder.
    ///
    /// # Errors
    /// As [`Self::begin`].
    pub fn begin_named(path: &Path, manifest: &str) -> io::Result<Self> {
        let made = !path.exists();
        fs::create_dir_all(path)?;
        // Where a folder cannot be opened or locked the last run to finish wins, with all of its files.
        let lock = File::open(path).ok();
        if let Some(Err(fs::TryLockError::WouldBlock)) = lock.as_ref().map(File::try_lock) {
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, "another run is writing to this folder"));
        }
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if name.starts_with('.') && name.ends_with(PARTIAL) {
                fs::remove_file(path.join(name.as_ref()))?;
            }
        }
        Ok(Self { path: path.to_owned(), manifest: manifest.to_owned(), made, _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a file of the set.
    pub fn file(&self, name: &str) -> io::Result<Pending> {
        Pending::create(&self.path.join(name))
    }

    /// Puts the files in their places, the manifest last.
    ///
    /// # Errors
    /// The file that could not be written or placed, and why. What is in its place is whole, and there is no manifest.
    pub fn place(self, files: Vec<(Entry, Pending)>, manifest: &Manifest) -> Result<(), (PathBuf, io::Error)> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| (path, error)
        };
        for (_, file) in &files {
            file.sync().map_err(at(&file.place))?;
        }
        let written: Vec<Written> = files.iter().map(|(entry, file)| file.written(entry.clone())).collect();
        let mut last = self.file(&self.manifest).map_err(at(&self.path))?;
        let place = self.path.join(&self.manifest);
        last.write_all(manifest.text(&written).as_bytes()).and_then(|()| last.sync()).map_err(at(&place))?;
        let old = self.remove_manifest().map_err(at(&place))?;
        for (_, file) in files {
            let path = file.place.clone();
            file.place().map_err(at(&path))?;
        }
        for (name, bytes) in old {
            self.remove_old(&name, bytes, &written).map_err(at(&self.path))?;
        }
        last.place().map_err(at(&place))
    }

    /// Removes the manifest of an earlier set; gives its files.
    fn remove_manifest(&self) -> io::Result<Vec<(String, u64)>> {
        let place = self.path.join(&self.manifest);
        let text = match fs::read_to_string(&place) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            // It is replaced whatever it holds.
            Err(_) => String::new(),
        };
        fs::remove_file(&place)?;
        sync_folder(&self.path)?;
        Ok(manifest::files_of(&text))
    }

    /// Removes a file of the set before, unless the new one has it too or somebody has changed it since.
    fn remove_old(&self, name: &str, bytes: u64, new: &[Written]) -> io::Result<()> {
        let is_plain = Path::new(name).file_name().is_some_and(|last| last == name) && !name.starts_with('.');
        let path = self.path.join(name);
        let is_ours = is_plain && fs::metadata(&path).is_ok_and(|data| data.is_file() && data.len() == bytes);
        if is_ours && new.iter().all(|written| written.entry.name != name) { fs::remove_file(path) } else { Ok(()) }
    }
}

impl Drop for FileSet {
    fn drop(&mut self) {
        if self.made {
            // A folder that a failed run made and left empty; one that holds something stays.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

impl Pending {
    fn written(&self, entry: Entry) -> Written {
        Written { entry, bytes: self.bytes, sha256: manifest::hexadecimal(&self.hash.clone().finalize()) }
    }
}

#[cfg(test)]
mod tests {
    use portolan_ledger::Day;
    use portolan_ledger::line::View;

    use super::*;

    fn manifest() -> Manifest {
        let command = vec!["bill".to_owned()];
        Manifest {
            ledger_version: "v".to_owned(),
            known_date: Day(0),
            view: View::Assessed,
            command,
            inputs: Vec::new(),
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn place(folder: &Path, files: &[(&str, &str)]) {
        let set = FileSet::begin(folder).unwrap();
        let pending = files.iter().map(|(name, text)| {
            let mut file = set.file(name).unwrap();
            file.write_all(text.as_bytes()).unwrap();
            (Entry { name: (*name).to_owned(), rows: 1 }, file)
        });
        let pending = pending.collect();
        set.place(pending, &manifest()).unwrap();
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("bill.csv");
        let mut pending = Pending::create(&place).unwrap();
        pending.write_all(b"half").unwrap();
        drop(pending);
        assert!(names(folder.path()).is_empty());
        let mut pending = Pending::create(&place).unwrap();
        pending.write_all(b"whole").unwrap();
        pending.sync().unwrap();
        assert!(!place.exists());
        pending.place().unwrap();
        assert_eq!(fs::read(&place).unwrap(), b"whole");
        assert_eq!(names(folder.path()), ["bill.csv"]);
    }

    #[test]
    fn a_folder_holds_one_set() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        place(path, &[("bill.csv", "a"), ("layers.csv", "b"), ("faults.csv", "c")]);
        assert_eq!(names(path), ["bill.csv", "faults.csv", "layers.csv", "manifest.json"]);
        fs::write(path.join("notes.txt"), "mine").unwrap();
        fs::write(path.join("faults.csv"), "changed").unwrap();
        place(path, &[("bill.csv", "new")]);
        assert_eq!(names(path), ["bill.csv", "faults.csv", "manifest.json", "notes.txt"], "what was changed stays");
        let text = fs::read_to_string(path.join("manifest.json")).unwrap();
        assert_eq!(manifest::files_of(&text), [("bill.csv".to_owned(), 3)]);
        assert!(text.contains("11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437"), "{text}");
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_two_runs_never_meet() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".bill.csv.partial"), "half").unwrap();
        let set = FileSet::begin(folder.path()).unwrap();
        assert!(names(folder.path()).is_empty());
        let busy = FileSet::begin(folder.path()).unwrap_err();
        assert!(busy.to_string().contains("another run"), "{busy}");
        drop(set);
        FileSet::begin(folder.path()).unwrap();
    }

    #[test]
    fn a_folder_that_a_failed_run_made_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        let set = FileSet::begin(&path).unwrap();
        let file = set.file("bill.csv").unwrap();
        drop(file);
        drop(set);
        assert!(!path.exists());
    }

    #[test]
    fn a_manifest_names_no_file_outside_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        fs::create_dir(&path).unwrap();
        fs::write(folder.path().join("precious"), "12345").unwrap();
        let crafted = r#"{"files":[{"name":"../precious","bytes":5},{"name":".hidden","bytes":1}]}"#;
        fs::write(path.join("manifest.json"), crafted).unwrap();
        fs::write(path.join(".hidden"), "1").unwrap();
        place(&path, &[("bill.csv", "a")]);
        assert!(folder.path().join("precious").exists() && path.join(".hidden").exists());
    }
}
