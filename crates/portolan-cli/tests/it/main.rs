//! The command as people see it: every page below `pages` is a test that reads as a document.
//!
//! `TRYCMD=overwrite cargo test -p portolan-cli` writes the pages anew; `[..]` and `...` stand for what may differ.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

fn portolan(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portolan"));
    command.args(args);
    command
}

fn run(args: &[&str]) -> Output {
    portolan(args).output().unwrap()
}

/// An empty folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn pages() {
    trycmd::TestCases::new().case("tests/it/pages/*.md");
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let folder = folder("refused");
    let input = folder.join("entries.csv");
    fs::write(&input, "hts_number,country_of_origin,entry_date\n9403.60.80,CN,2025-06-05\n9403.60.80,ZZ,2025-06-05\n")
        .unwrap();
    let output = folder.join("out");
    let done = run(&["bill", input.to_str().unwrap(), "--output", output.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8(done.stderr).unwrap().contains("row 2, country_of_origin \"ZZ\""));
    assert!(done.stdout.is_empty());
    let left = fs::read_dir(&output).map_or(0, Iterator::count);
    assert_eq!(left, 0, "nothing half-written");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let folder = folder("unwritable");
    let input = folder.join("entries.csv");
    fs::write(&input, "hts_number,country_of_origin,entry_date\n9403.60.80,CN,2025-06-05\n").unwrap();
    let output = input.join("below-a-file");
    let done = run(&["bill", input.to_str().unwrap(), "--output", output.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(2));
    assert!(String::from_utf8(done.stderr).unwrap().contains("cannot be written"));
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let mut child = portolan(&["acts"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let done = child.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(0));
    assert!(done.stderr.is_empty(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn json_is_one_object_with_the_names_of_the_interface() {
    let args = "duty 9403.60.80 --origin CN --on 2025-06-05 --value 10000 --known 2025-06-05 --json";
    let done = run(&args.split(' ').collect::<Vec<_>>());
    let object: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(object["bill"]["total_pct"], "55");
    assert_eq!(object["bill"]["total_duty"], "5500");
    assert_eq!(object["bill"]["s301_pct"], "25");
    assert_eq!(object["bill"]["hts99_sequence"], serde_json::json!(["9903.88.03", "9903.01.24", "9903.01.25"]));
    assert_eq!(object["line"]["country_of_origin"], "CN");
    assert_eq!(object["changes"][0]["at"], "2025-08-12T00:01:00-04:00");
    assert_eq!(object["changes"][0]["after"]["total_pct"], "79");
    let suspended = object["layers"].as_array().unwrap().iter().find(|row| row["heading"] == "9903.01.63").unwrap();
    assert_eq!(suspended["status"], "suspended");
}

#[test]
fn an_edition_that_a_user_brings_gives_descriptions() {
    let folder = folder("editions");
    let file = folder.join("edition.json");
    fs::write(
        &file,
        r#"[{"htsno":"9403","indent":"0","description":"Other furniture and parts thereof:"},
            {"htsno":"9403.60.80","indent":"1","description":"Other","general":"Free","units":["No."]}]"#,
    )
    .unwrap();
    let data = folder.join("data");
    let with_data = |args: &[&str]| portolan(args).env("XDG_DATA_HOME", &data).output().unwrap();
    let done = with_data(&["schedule", "import", file.to_str().unwrap(), "--name", "2026_test"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let shown = with_data(&["schedule", "9403.60.80", "--on", "2025-06-05"]);
    assert!(String::from_utf8(shown.stdout).unwrap().contains("Other furniture and parts thereof; Other\n"));
    let refused = with_data(&["schedule", "import", file.to_str().unwrap(), "--name", "../up"]);
    assert_eq!(refused.status.code(), Some(2));
    fs::write(&file, "[]").unwrap();
    let refused = with_data(&["schedule", "import", file.to_str().unwrap(), "--name", "empty"]);
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(fs::read_dir(data.join("portolan/editions")).unwrap().count(), 1);
}

#[test]
fn a_broken_ledger_is_shown_with_its_lines() {
    let folder = folder("broken");
    fs::write(folder.join("jurisdictions.toml"), "format = 1\n[US]\ntime_zone = \"America/New_York\"\n").unwrap();
    let done = run(&["check", "--ledger", folder.to_str().unwrap()]);
    assert_eq!(done.status.code(), Some(2));
    let shown = String::from_utf8(done.stderr).unwrap();
    assert!(shown.contains("jurisdictions.toml:") && shown.contains("PTL001"), "{shown}");
    assert!(shown.contains("the ledger is refused"), "{shown}");
    let done = run(&["duty", "9403.60.80", "--ledger", "no-such-folder"]);
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn a_scenario_shows_in_the_answer_under_its_name() {
    let folder = folder("scenario");
    let file = folder.join("steel.toml");
    let patch = "[[patch]]\nop = \"scale-rate\"\nof = [\"us.s232.steel/*\"]\nby = \"2\"\nfrom = 2025-06-04\nuntil = 2026-01-01\n";
    fs::write(&file, format!("format = 1\nid = \"steel-doubles\"\ntitle = \"Steel doubles again\"\n{patch}")).unwrap();
    let args = "duty 7308.90.95 --origin CN --on 2025-06-05 --value 10000 --steel 40 --known 2025-06-05 --scenario";
    let with = |file: &std::path::Path| {
        let mut all: Vec<&str> = args.split(' ').collect();
        all.push(file.to_str().unwrap());
        run(&all)
    };
    let shown = String::from_utf8(with(&file).stdout).unwrap();
    assert!(shown.contains("+100% of steel") && shown.contains("scenario:steel-doubles"), "{shown}");
    fs::write(&file, "format = 1\nx = 1\n").unwrap();
    let refused = with(&file);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("the scenario is refused: 1 fault"));
}

#[test]
fn every_command_takes_a_scenario() {
    let help = String::from_utf8(run(&["--help"]).stdout).unwrap();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A line that says more of the command before it begins further to the right.
    let names = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|name| !name.is_empty()));
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() >= 19, "{names:?}");
    for name in names {
        let help = String::from_utf8(run(&[name, "--help"]).stdout).unwrap();
        assert!(help.contains("--scenario <NAME_OR_FILE>"), "{name}");
        let done = run(&[name, "--scenario"]);
        assert_eq!(done.status.code(), Some(2), "{name}");
    }
}

#[test]
fn a_picture_of_a_supposition_says_so() {
    let picture = folder("picture").join("story.svg");
    let args = "timeline --from 2025-05-10 --to 2025-05-16 --rates good --known 2025-06-05";
    let draw = |scenario: &[&str]| {
        let mut all: Vec<&str> = args.split(' ').collect();
        all.extend(["--svg", picture.to_str().unwrap()]);
        all.extend(scenario);
        assert_eq!(run(&all).status.code(), Some(0));
        fs::read_to_string(&picture).unwrap()
    };
    assert!(!draw(&[]).contains("Supposed"));
    let supposed = draw(&["--scenario", "truce-never-agreed"]);
    assert!(supposed.contains("Supposed, not the law as it is: No truce of May 2025"));
}

#[test]
fn files_of_a_supposition_hold_what_it_changes() {
    let folder = folder("supposed");
    let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/pages/compare.in");
    let scenario = format!("{pages}/steel-triples.toml");
    let panel = folder.join("panel.parquet");
    let args = "panel --from 2025-06-30 --to 2025-07-02 --codes 7208.51.00 --origins JP --known 2025-07-31 --output";
    let draw = |more: &[&str]| {
        let mut all: Vec<&str> = args.split(' ').collect();
        all.push(panel.to_str().unwrap());
        all.extend(more);
        let done = run(&all);
        assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
        let manifest = fs::read_to_string(folder.join("panel.manifest.json")).unwrap();
        (String::from_utf8(done.stdout).unwrap(), manifest, fs::read(&panel).unwrap())
    };
    let (law, supposed) = (draw(&[]), draw(&["--scenario", &scenario]));
    assert!(!law.0.contains("Supposed") && supposed.0.contains("Supposed: steel-triples"));
    assert!(supposed.1.contains("+steel-triples."), "{}", supposed.1);
    assert!(law.2 != supposed.2, "other rows");
    let file = folder.join("both.csv");
    let lines = format!("{pages}/lines.csv");
    let args = ["compare", "law", &scenario, "--file", &lines, "--known", "2025-08-31", "--output"];
    let done = run(&[&args[..], &[file.to_str().unwrap()]].concat());
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let written = fs::read_to_string(&file).unwrap();
    let rows: Vec<&str> = written.lines().collect();
    assert!(rows[0].contains("s232_duty_before,s232_duty_after") && !rows[0].contains("s301_duty"), "{}", rows[0]);
    assert_eq!(rows.len(), 5, "a row for every line: {written}");
    assert!(rows[1].contains(",5000,15000,") && rows[1].contains(",10000,"), "{}", rows[1]);
}
