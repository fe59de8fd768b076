//! `cargo xtask test`: everything that must hold, cheapest first, stopping at the first step that fails.
//!
//! Only the Rust toolchain is needed. `cargo-nextest` runs the tests where it is installed, `cargo test` where it is not;
//! `cargo-deny` reads the dependencies where it is installed, and the end says so where it was not. There are two builds: the
//! development profile for lints and tests, which has checks for overflow, and the release profile for this program, the
//! `portolan` binary and the audit.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Lines that the two evaluators are compared on, and where their generator starts.
const AUDIT: &str = "audit --cases 100000 --seed 1";

/// Every fault that is put into the engine on purpose is found by the same comparison; without one it is silent, as that
/// comparison shows.
const FLAWS: &str = "audit --flaws --cases 100000 --seed 1";

/// The same comparison over the ledger and the schedule that ship: real codes, origins, dates, and facts stated or not.
const REAL: &str = "audit --real --cases 100000 --seed 1";

/// One thing that must hold.
struct Step {
    /// What it shows.
    name: &'static str,
    /// Who runs it.
    runner: Runner,
    /// Its arguments, with spaces between them.
    arguments: &'static str,
}

/// Who runs a step.
#[derive(Clone, Copy)]
enum Runner {
    /// `cargo`.
    Cargo,
    /// `cargo`, where the documentation must give no warning.
    Documentation,
    /// This program.
    Own,
}

/// Runs all steps; the error names the step that failed and how to repeat it.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), String> {
    if let Some(argument) = arguments.next() {
        return Err(format!("test: `{argument}` is not understood; the command takes no arguments"));
    }
    let start = Instant::now();
    let (steps, skipped) = plan(installed("nextest"), installed("deny"));
    let mut took = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        println!("\n==> {} of {}: {}\n    {}", at + 1, steps.len(), step.name, step.repeat());
        let began = Instant::now();
        if let Err(why) = step.run() {
            return Err(failed(step, &why, &steps[at + 1..]));
        }
        took.push((step.name, began.elapsed()));
    }
    print!("{}", report(&took, start.elapsed(), &skipped));
    Ok(())
}

/// The steps in order, and what is left out because a tool is not there.
fn plan(nextest: bool, deny: bool) -> (Vec<Step>, Vec<&'static str>) {
    use Runner::{Cargo, Documentation, Own};
    let step = |name, runner, arguments| Step { name, runner, arguments };
    let tests =
        if nextest { "nextest run --workspace --locked" } else { "test --workspace --locked --lib --bins --tests" };
    let mut steps = vec![
        step("formatting", Cargo, "fmt --all --check"),
        step("house rules of the sources", Own, "tidy"),
        step("lints", Cargo, "clippy --workspace --all-targets --locked -- -D warnings"),
        step("tests", Cargo, tests),
        step("examples of the documentation", Cargo, "test --doc --workspace --locked"),
        step("the documentation builds", Documentation, "doc --no-deps --workspace --locked"),
    ];
    let mut skipped = Vec::new();
    if deny {
        steps.push(step("licences and advisories", Cargo, "deny check"));
    } else {
        skipped.push("licences and advisories of dependencies: cargo-deny is not installed");
    }
    steps.extend([
        step("the release binary", Cargo, "build --release --locked --package portolan-cli"),
        step("the ledger has no fault", Cargo, "run --quiet --release --locked --package portolan-cli -- check"),
        step("worked cases", Cargo, "run --quiet --release --locked --package portolan-cli -- test"),
        step("the two evaluators agree on generated law", Own, AUDIT),
        step("the two evaluators agree on the law that ships", Own, REAL),
        step("faults put into the engine on purpose are found", Own, FLAWS),
    ]);
    (steps, skipped)
}

impl Step {
    fn run(&self) -> Result<(), String> {
        let mut command = match self.runner {
            Runner::Cargo | Runner::Documentation => Command::new(cargo()),
            Runner::Own => Command::new(std::env::current_exe().map_err(|error| error.to_string())?),
        };
        if let Runner::Documentation = self.runner {
            command.env("RUSTDOCFLAGS", "-D warnings");
        }
        command.args(self.arguments.split(' ')).stdin(Stdio::null());
        let status = command.status().map_err(|error| format!("it cannot be started: {error}"))?;
        if status.success() { Ok(()) } else { Err(status.to_string()) }
    }

    /// What to type to run this step alone.
    fn repeat(&self) -> String {
        match self.runner {
            Runner::Cargo => format!("cargo {}", self.arguments),
            Runner::Documentation => format!("RUSTDOCFLAGS=\"-D warnings\" cargo {}", self.arguments),
            Runner::Own => format!("cargo xtask {}", self.arguments),
        }
    }
}

/// The `cargo` that runs this program, so that both are of one toolchain.
fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Whether a command of cargo is there.
fn installed(name: &str) -> bool {
    let mut command = Command::new(cargo());
    command.args([name, "--version"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn failed(step: &Step, why: &str, rest: &[Step]) -> String {
    let mut text = format!("test: {} failed ({why}); to repeat it: {}", step.name, step.repeat());
    if !rest.is_empty() {
        let names: Vec<&str> = rest.iter().map(|step| step.name).collect();
        let _ = write!(text, "\nnot run: {}", names.join(", "));
    }
    text
}

fn report(took: &[(&str, Duration)], whole: Duration, skipped: &[&str]) -> String {
    let mut text = String::from("\n");
    for (name, took) in took {
        let _ = writeln!(text, "{:>6} s  {name}", took.as_secs());
    }
    let _ = writeln!(text, "{:>6} s  in all: everything that was run holds", whole.as_secs());
    for skipped in skipped {
        let _ = writeln!(text, "\nSKIPPED: {skipped}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_toolchain_alone_is_enough() {
        let (steps, skipped) = plan(false, false);
        assert!(steps.iter().all(|step| !step.arguments.starts_with("nextest") && !step.arguments.starts_with("deny")));
        assert_eq!(skipped.len(), 1);
    }

    #[test]
    fn what_was_left_out_is_said() {
        let (steps, skipped) = plan(true, false);
        assert!(steps.iter().any(|step| step.arguments.starts_with("nextest")));
        assert!(report(&[], Duration::ZERO, &skipped).contains("SKIPPED: licences"));
        assert!(plan(true, true).1.is_empty());
    }

    #[test]
    fn a_failure_names_the_step_and_what_was_not_run() {
        let (steps, _) = plan(false, false);
        let lints = steps.iter().position(|step| step.name == "lints").unwrap();
        let text = failed(&steps[lints], "exit status: 1", &steps[lints + 1..lints + 3]);
        assert_eq!(
            text,
            "test: lints failed (exit status: 1); to repeat it: cargo clippy --workspace --all-targets --locked -- -D warnings\n\
             not run: tests, examples of the documentation"
        );
    }
}
