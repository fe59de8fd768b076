//! The `portolan` command: what duty is owed on any good, from anywhere, on any day, and why.
//!
//! Arguments, terminal output and exit codes; no logic of the field.

mod bill;
mod cases;
mod check;
mod clock;
mod compare;
mod diff;
mod drift;
mod duty;
mod explain;
mod failure;
mod goods;
mod options;
mod panel;
mod progress;
mod rates;
mod reading;
mod refund;
mod registers;
mod scenarios;
mod schedule;
mod snippet;
mod source;
mod term;
mod timeline;
mod words;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::failure::{Failure, Outcome};

/// Bills, histories and trees are many small pieces of memory, made on one thread and freed on another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Tariff law as dated, cited data: what duty is owed on any good, from anywhere, on any day, and why.
#[derive(Debug, Parser)]
#[command(name = "portolan", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Cli {
    /// Work with the records of this folder in place of those that ship inside
    #[arg(long, global = true, value_name = "DIR")]
    ledger: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 done; 1 answered, with findings the caller asked to fail on, or cases that failed;
2 the input or the ledger is wrong, or the output cannot be written; 3 a broken invariant.";

#[derive(Debug, Subcommand)]
enum Command {
    /// What one line owes, and why
    Duty(duty::Args),
    /// Files of entry lines, as CSV
    Bill(bill::Args),
    /// What comes back of files of entry lines, with interest, by which way and by when
    Refund(refund::Args),
    /// What a filer can claim or certify, with the question in plain words
    Claims(registers::ClaimsArgs),
    /// The register of legal acts
    Acts(registers::ActsArgs),
    /// Measures that are no tariffs, with how each stands on a day
    Measures(registers::MeasuresArgs),
    /// What the ledger covers, and through which day it was checked
    Coverage(registers::CoverageArgs),
    /// The ready scenarios: what `--scenario` can suppose by name
    Scenarios(scenarios::Args),
    /// The story between two sides in order: acts, truces, measures, events, on the terminal or as a picture
    Timeline(timeline::Args),
    /// What one law, or one supposition, asks for more or less than another
    Compare(compare::Args),
    /// Which goods pay something else on another day, by how much, and by which act
    Diff(diff::Args),
    /// What changes next on either side if nothing is signed
    Clock(clock::Args),
    /// An official edition of the schedule held against the ledger, heading by heading
    Drift(drift::Args),
    /// What every number from every country bears on every day, as Parquet
    Panel(panel::Args),
    /// Effective tariff rates: duty over the value of trade, by day, partner, family
    Rates(rates::Args),
    /// Every fault of a ledger folder, with its place
    Check(check::Args),
    /// Run every worked case
    Test(cases::Args),
    /// A diagnostic, a heading, a program, a claim, an act, a measure or an event
    Explain(explain::Args),
    /// The rates of a number by date, and editions that you bring
    Schedule(schedule::Args),
}

impl Cli {
    fn run(&self) -> Result<Outcome, Failure> {
        let ledger = self.ledger.as_deref();
        match &self.command {
            Command::Duty(args) => duty::run(args, ledger),
            Command::Bill(args) => bill::run(args, ledger),
            Command::Refund(args) => refund::run(args, ledger),
            Command::Claims(args) => registers::claims(args, ledger),
            Command::Acts(args) => registers::acts(args, ledger),
            Command::Measures(args) => registers::measures(args, ledger),
            Command::Coverage(args) => registers::coverage(args, ledger),
            Command::Scenarios(args) => scenarios::run(args, ledger),
            Command::Timeline(args) => timeline::run(args, ledger),
            Command::Compare(args) => compare::run(args, ledger),
            Command::Diff(args) => diff::run(args, ledger),
            Command::Clock(args) => clock::run(args, ledger),
            Command::Drift(args) => drift::run(args, ledger),
            Command::Panel(args) => panel::run(args, ledger),
            Command::Rates(args) => rates::run(args, ledger),
            Command::Check(args) => check::run(args, ledger),
            Command::Test(args) => cases::run(args, ledger),
            Command::Explain(args) => explain::run(args, ledger),
            Command::Schedule(args) => schedule::run(args, ledger),
        }
    }
}

fn main() -> ExitCode {
    // Wrong arguments exit with 2 and help with 0, both by clap itself.
    match Cli::parse().run() {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(failure) => failure.report(),
    }
}
