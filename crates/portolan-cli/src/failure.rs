//! How a command ends: its exit code, and the faults it names.

use std::fmt;
use std::io::{self, Write as _};
use std::process::ExitCode;

use portolan_engine::Fault as LineFault;
use portolan_entry::fault::FieldFault;
use portolan_ledger::EntryLine;
use portolan_ledger::diagnostic::{Diagnostic, Sources};

use crate::snippet;
use crate::term::{FAULT, STRONG};

/// How a command ended that did what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Exit code 0.
    Done,
    /// Exit code 1: answered, with findings that the caller asked to fail on, or cases that failed.
    Findings,
}

/// Why a command could not do what was asked.
#[derive(Debug)]
pub enum Failure {
    /// Exit code 2: the input is wrong.
    Wrong(Vec<Fault>),
    /// Exit code 2: the ledger, or a scenario, is wrong.
    Refused {
        /// What is refused: `ledger`, `scenario`.
        what: &'static str,
        /// Why.
        diagnostics: Vec<Diagnostic>,
        /// The files, for showing places.
        sources: Sources,
    },
    /// Exit code 2: the output cannot be written. Quiet where the reader has gone away.
    Output(io::Error),
    /// Exit code 3: something that cannot be is.
    Broken(Fault),
}

/// One fault: what is wrong, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    message: String,
    help: Vec<String>,
}

impl Fault {
    /// A fault, in one sentence.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: Vec::new() }
    }

    /// Adds help.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FAULT}error{FAULT:#}: {}", self.message)?;
        for help in &self.help {
            write!(f, "\n  {STRONG}help{STRONG:#}: {help}")?;
        }
        Ok(())
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Wrong(vec![fault])
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// A fault of an option, named as it is typed.
pub fn of_option(fault: &FieldFault) -> Fault {
    let value = if fault.value.is_empty() { String::new() } else { format!(" \"{}\"", fault.value) };
    let place = match fault.column.as_str() {
        "" => String::new(),
        column => format!("{}{value}: ", crate::options::option_of(column)),
    };
    let named = Fault::new(format!("{place}{}", fault.wrong));
    match &fault.help {
        Some(help) => named.help(help.clone()),
        None => named,
    }
}

/// Why a line has no answer.
pub fn of_line(fault: LineFault, line: &EntryLine) -> Failure {
    match fault {
        LineFault::Conflict(one, other) => conflict(None, &one, &other),
        other => of_option(&portolan_entry::engine_fault(other, line)).into(),
    }
}

/// Two duties of one program that both stand, on a line or on the line at this place.
pub fn conflict(place: Option<&str>, one: &str, other: &str) -> Failure {
    let place = place.map_or(String::new(), |place| format!("{place}: "));
    Failure::Broken(
        Fault::new(format!(
            "{place}the ledger lets {one} and {other} stand on one line and does not say how they relate"
        ))
        .help("portolan explain PTL012"),
    )
}

/// Writes to standard error, where somebody listens.
pub fn tell(text: &dyn fmt::Display) {
    // Where standard error is gone the exit code has to do.
    let _ = writeln!(anstream::stderr(), "{text}");
}

impl Failure {
    /// Reports on standard error; gives the exit code.
    pub fn report(&self) -> ExitCode {
        match self {
            Self::Wrong(faults) => {
                for fault in faults {
                    tell(fault);
                }
                ExitCode::from(2)
            }
            Self::Refused { what, diagnostics, sources } => {
                for diagnostic in diagnostics {
                    tell(&snippet::render(diagnostic, sources));
                }
                let count = diagnostics.len();
                tell(&Fault::new(format!("the {what} is refused: {}", snippet::faults(count))));
                ExitCode::from(2)
            }
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
            Self::Output(error) => {
                tell(&Fault::new(format!("the output cannot be written: {error}")));
                ExitCode::from(2)
            }
            Self::Broken(fault) => {
                tell(fault);
                ExitCode::from(3)
            }
        }
    }
}
