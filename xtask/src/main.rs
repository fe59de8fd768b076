//! Developer commands: `cargo xtask COMMAND`.

mod coverage;
mod schedule;
mod tidy;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let result = match arguments.next().as_deref() {
        Some("coverage") => coverage::run(arguments),
        Some("schedule") => schedule::run(arguments),
        Some("tidy") => tidy::run(arguments),
        Some(other) => Err(format!("there is no command `{other}`; the commands are: coverage, schedule, tidy")),
        None => Err("a command is needed: coverage, schedule, tidy".to_owned()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::from(2)
        }
    }
}
