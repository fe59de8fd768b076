//! `portolan drift` on a small edition: every status, the reasons, the last line, the exit codes.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const EDITION: &str = r#"[
  {"htsno":"8507.60.00","indent":"1","description":"Lithium-ion batteries","general":"3.4%","units":["No."],
   "footnotes":[{"columns":["general"],"value":"See 9903.88.15. ","type":"endnote"}]},
  {"htsno":"9903.01.63","indent":"0","description":"Articles the product of China","general":"The duty provided in the applicable subheading + 34%"},
  {"htsno":"9903.88.03","indent":"0","description":"Articles the product of China","general":"The duty provided in the applicable subheading + 25%"},
  {"htsno":"9903.40.05","indent":"1","description":"Radial tires","general":"25%"},
  {"htsno":"9903.52.01","indent":"1","description":"Purchased and entered","general":""},
  {"htsno":"9903.99.98","indent":"0","description":"Articles of a law to come","general":"50%"},
  {"htsno":"9903.92","indent":"0","description":"Only groups others","general":""}]"#;

fn edition(name: &str) -> PathBuf {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&file, EDITION).unwrap();
    file
}

fn drift(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_portolan")).arg("drift").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_heading_has_a_status() {
    let file = edition("hts_2025_rev_14.json");
    let done = drift(&[file.to_str().unwrap(), "--all"]);
    let page = text(&done.stdout);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    assert_eq!(page.lines().last(), Some("modelled: 2, expired: 1, outside: 1, missing: 1"));
    // Named after its edition, the file was published on 6 June 2025: under the truce.
    let suspended = page.split("Printed but suspended (1)").nth(1).unwrap();
    assert!(suspended.contains("9903.01.63") && suspended.contains("until 2025-08-12 00:01 EDT (eo-14298)"));
    assert!(page.split("Missing").nth(1).unwrap().contains("Articles of a law to come"));
    assert!(page.contains("us.s301.china-lists/list-3"), "the records that carry a heading are named");
    // What is in force and not printed is told too: all but two of that day's headings.
    assert!(page.contains("In force and not printed"));
}

#[test]
fn a_missing_heading_can_be_failed_on() {
    let file = edition("strict_2025_rev_14.json");
    let done = drift(&[file.to_str().unwrap(), "--published", "2025-06-06", "--strict"]);
    assert_eq!(done.status.code(), Some(1));
    assert_eq!(text(&done.stdout).lines().last(), Some("modelled: 2, expired: 1, outside: 1, missing: 1"));
}

#[test]
fn what_cannot_be_read_is_named() {
    let file = edition("somewhere.json");
    let done = drift(&[file.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("--published YYYY-MM-DD"), "{}", text(&done.stderr));
    let done = drift(&[file.to_str().unwrap(), "--published", "2025-02-30"]);
    assert_eq!(done.status.code(), Some(2));
    let done = drift(&["no/such/hts_2025_rev_14.json"]);
    assert_eq!(done.status.code(), Some(2));
    fs::write(&file, "[]").unwrap();
    let done = drift(&[file.to_str().unwrap(), "--published", "2025-06-06"]);
    assert_eq!(done.status.code(), Some(2));
    assert!(done.stdout.is_empty());
}
