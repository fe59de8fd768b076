//! Files of entry lines on the command line: which, and what is done about faults.

use std::path::PathBuf;

use portolan_entry::{Input, Options};

use crate::failure::{Failure, Fault};

/// Which files are read, and how.
#[derive(Debug, clap::Args)]
pub struct Reading {
    /// Files of entry lines: CSV, Parquet, JSON lines, .xlsx, ES-003 reports; gzip or zstd; - for standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The sheet of a workbook; else the first that holds entry lines
    #[arg(long, value_name = "NAME")]
    sheet: Option<String>,
    /// What is done about rows with faults
    #[arg(long, value_enum, default_value_t = OnError::Fail)]
    on_error: OnError,
    /// How many faults are told one by one
    #[arg(long, value_name = "N", default_value_t = 100)]
    fault_limit: usize,
}

/// What is done about rows with faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum OnError {
    /// Nothing is answered and nothing written; every fault is told, exit code 2.
    Fail,
    /// The other rows are answered; faults go to faults.csv beside the outputs, exit code 1.
    SetAside,
}

impl Reading {
    /// The files as inputs.
    ///
    /// # Errors
    /// Files that are not there or cannot be read, each by its name.
    pub fn inputs(&self) -> Result<Vec<Input>, Failure> {
        let mut faults = Vec::new();
        let mut inputs = Vec::with_capacity(self.files.len());
        for file in &self.files {
            match Input::named(file) {
                Ok(input) => inputs.push(input),
                Err(error) => faults.push(Fault::new(format!("{} cannot be read: {error}", file.display()))),
            }
        }
        if faults.is_empty() { Ok(inputs) } else { Err(Failure::Wrong(faults)) }
    }

    /// The files as they were named.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What was asked for, put into the options of a run.
    pub fn apply(&self, options: &mut Options) {
        options.set_aside = self.on_error == OnError::SetAside;
        options.fault_limit = self.fault_limit;
        options.sheet.clone_from(&self.sheet);
    }
}
