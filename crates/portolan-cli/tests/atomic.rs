//! A run that is killed, or that runs out of disk, leaves each file old or complete.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn lines(count: usize, code: &str) -> String {
    let mut text = String::from("entry_number,hts_number,country_of_origin,entry_date,entered_value_usd\n");
    for row in 0..count {
        let _ = writeln!(text, "E{},{code},CN,2025-06-{:02},{}", row / 3, row % 28 + 1, row * 7 + 1);
    }
    text
}

fn bill(input: &Path, output: &Path, format: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
    command.arg("bill").arg(input).arg("--output").arg(output);
    command.args(["--format", format, "--layers", "applied", "--known", "2026-10-09"]);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

fn run(mut command: Command) -> Output {
    command.output().unwrap()
}

/// What lies in a folder: names and contents. The manifest tells the command line, which is the same in every run here.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let read = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, fs::read(entry.path()).ok()?));
    entries.filter_map(|entry| read(entry.unwrap())).collect()
}

/// The input is one of two, so that every file tells which run it is of.
fn state(files: &BTreeMap<String, Vec<u8>>, of: &[&BTreeMap<String, Vec<u8>>; 2]) -> Vec<usize> {
    let placed = files.iter().filter(|(name, _)| !name.starts_with('.') && *name != "manifest.json");
    let which = |(name, bytes): (&String, &Vec<u8>)| {
        let found = of.iter().position(|whole| whole.get(name) == Some(bytes));
        found.unwrap_or_else(|| panic!("{name} is neither old nor complete: {} bytes", bytes.len()))
    };
    placed.map(which).collect()
}

fn killed_at_random_moments(format: &str, count: usize) {
    let folder = folder(&format!("killed-{format}"));
    let (input, output) = (folder.join("lines.csv"), folder.join("out"));
    let texts = [lines(count, "9403.60.80"), lines(count, "9503.00.0073")];
    let mut whole = Vec::new();
    let mut longest = Duration::ZERO;
    for text in &texts {
        fs::write(&input, text).unwrap();
        let start = Instant::now();
        let done = run(bill(&input, &output, format));
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        longest = longest.max(start.elapsed());
        whole.push(contents(&output));
    }
    assert_ne!(whole[0], whole[1]);
    let whole = [&whole[0], &whole[1]];
    let (mut killed, mut chance) = (0, 12_345_u64);
    // A machine that is busy runs fewer of them.
    let until = Instant::now() + Duration::from_secs(30);
    for round in 0..40 {
        if Instant::now() > until && killed >= 4 {
            break;
        }
        let start = Instant::now();
        fs::write(&input, &texts[round % 2]).unwrap();
        let mut child = bill(&input, &output, format).spawn().unwrap();
        chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let share = u32::try_from(chance >> 40).unwrap() % 1_000;
        thread::sleep(longest * share / 1_000);
        // Where it has ended by itself there is nothing to kill.
        let _ = child.kill();
        if child.wait().unwrap().success() {
            // The moments are spread over as long as a run takes now.
            longest = start.elapsed();
        } else {
            killed += 1;
        }
        let found = contents(&output);
        let states = state(&found, &whole);
        if let Some(manifest) = found.get("manifest.json") {
            let of = whole.iter().position(|whole| whole.get("manifest.json") == Some(manifest));
            let of = of.expect("a manifest is one of the two");
            assert!(states.iter().all(|state| *state == of), "a manifest stands with its own set: {states:?}");
            assert_eq!(states.len() + 1, whole[of].len(), "and with the whole of it");
        }
    }
    assert!(killed >= 4, "only {killed} runs were killed");
    // The next run takes away what the killed ones left.
    fs::write(&input, &texts[0]).unwrap();
    assert_eq!(run(bill(&input, &output, format)).status.code(), Some(0));
    assert_eq!(contents(&output), *whole[0], "nothing is left beside the set");
    eprintln!("{format}: {killed} runs killed");
}

#[test]
fn a_killed_run_leaves_each_csv_old_or_complete() {
    killed_at_random_moments("csv", 300);
}

#[test]
fn a_killed_run_leaves_each_parquet_old_or_complete() {
    killed_at_random_moments("parquet", 300);
}

#[test]
fn a_killed_run_leaves_a_workbook_old_or_complete() {
    killed_at_random_moments("xlsx", 60);
}

#[test]
fn two_runs_do_not_write_to_one_folder() {
    let folder = folder("two-runs");
    let (input, output) = (folder.join("lines.csv"), folder.join("out"));
    fs::write(&input, lines(100, "9403.60.80")).unwrap();
    fs::create_dir(&output).unwrap();
    let held = fs::File::open(&output).unwrap();
    held.try_lock().unwrap();
    let done = run(bill(&input, &output, "csv"));
    assert_eq!(done.status.code(), Some(2));
    let told = String::from_utf8(done.stderr).unwrap();
    assert!(told.contains("another run is writing to this folder"), "{told}");
    drop(held);
    assert_eq!(run(bill(&input, &output, "csv")).status.code(), Some(0));
}

/// A disk of a quarter of a megabyte, mounted for the life of this value where the user may mount one.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(at: PathBuf) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(&at).output();
        mounted.ok().filter(|done| done.status.success()).map(|_| Self(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn a_full_disk_is_told_and_leaves_no_partial_file() {
    // A test that was killed leaves its disk mounted.
    drop(SmallDisk(PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("full-disk/disk")));
    let folder = folder("full-disk");
    let input = folder.join("lines.csv");
    fs::write(&input, lines(3_000, "9403.60.80")).unwrap();
    let Some(disk) = SmallDisk::new(folder.join("disk")) else {
        eprintln!("SKIPPED: no small disk can be mounted here; the writers are tested with a sink that is full");
        return;
    };
    let output = disk.0.join("out");
    for format in ["csv", "parquet", "jsonl", "xlsx"] {
        let done = run(bill(&input, &output, format));
        let told = String::from_utf8(done.stderr).unwrap();
        if format == "parquet" && done.status.success() {
            // So little that it fits.
            fs::remove_dir_all(&output).unwrap();
            continue;
        }
        assert_eq!(done.status.code(), Some(2), "{format}: {told}");
        assert!(told.contains("cannot be written"), "{format}: {told}");
        assert_eq!(contents(&output), BTreeMap::new(), "{format}: nothing is left");
    }
    // What was there before stays.
    fs::create_dir_all(&output).unwrap();
    fs::write(output.join("bill.csv"), "old").unwrap();
    assert_eq!(run(bill(&input, &output, "csv")).status.code(), Some(2));
    assert_eq!(contents(&output), BTreeMap::from([("bill.csv".to_owned(), b"old".to_vec())]));
}
