//! Whatever is done to the bytes of a ledger, reading it does not panic.

use portolan_ledger::read::{self, File};
use portolan_ledger::scenario;

use crate::ledgers::{files, folders};

/// Variants of each good ledger.
const VARIANTS: usize = 60;

/// A generator of numbers: the same on every run (xorshift, 64 bits).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }
}

/// One change to one file.
fn mutilate(files: &mut [File], numbers: &mut Numbers) {
    let at = numbers.below(files.len());
    let bytes = &mut files[at].1;
    let mut lines: Vec<Vec<u8>> = bytes.split_inclusive(|&byte| byte == b'\n').map(<[u8]>::to_vec).collect();
    let (line, other) = (numbers.below(lines.len()), numbers.below(lines.len()));
    let byte = numbers.below(bytes.len());
    match numbers.below(8) {
        0 if !lines.is_empty() => drop(lines.remove(line)),
        1 if !lines.is_empty() => lines.insert(other, lines[line].clone()),
        2 if !lines.is_empty() => lines.swap(line, other),
        3 if !bytes.is_empty() => {
            bytes[byte] ^= 1 << numbers.below(8);
            return;
        }
        4 if !bytes.is_empty() => {
            bytes.remove(byte);
            return;
        }
        5 => {
            let odd = b"\"'[]{}=.,;%+-$*@/0129\n\0\xff";
            bytes.insert(byte, odd[numbers.below(odd.len())]);
            return;
        }
        6 => {
            bytes.truncate(byte);
            return;
        }
        // Dates and numbers to the edges of what is possible.
        _ => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let pairs =
                [("2025", "9999"), ("2025", "0001"), ("10", "99999999999"), ("first", "second"), ("\"a\"", "\"*\"")];
            let (old, new) = pairs[numbers.below(pairs.len())];
            *bytes = text.replacen(old, new, 1 + numbers.below(3)).into_bytes();
            return;
        }
    }
    *bytes = lines.concat();
}

#[test]
fn mutilated_ledgers_do_not_panic() {
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    let mut read_at_all = 0;
    for (_, folder) in folders("good") {
        let whole = files(&folder);
        for _ in 0..VARIANTS {
            let mut files = whole.clone();
            for _ in 0..=numbers.below(3) {
                mutilate(&mut files, &mut numbers);
            }
            let overlays: Vec<File> =
                files.iter().filter(|(path, _)| scenario::is_scenario_file(path)).cloned().collect();
            let overlays = scenario::read(&overlays);
            if let Ok(read) = read::read(&files) {
                read_at_all += 1;
                for one in overlays.iter().flat_map(|overlays| &overlays.scenarios) {
                    let _ = scenario::apply(&read.ledger, one);
                }
            }
        }
    }
    assert!(read_at_all > 0, "every variant was refused: the changes are too coarse to reach the checker");
}
