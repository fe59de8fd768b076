//! Developer commands: `cargo xtask COMMAND`.

mod audit;
mod coverage;
mod data;
mod schedule;
mod test;
mod tidy;

use std::process::ExitCode;

/// The commands there are.
const COMMANDS: &[&str] = &["audit", "coverage", "data", "schedule", "test", "tidy"];

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let result = match arguments.next().as_deref() {
        Some("audit") => audit::run(arguments),
        Some("coverage") => coverage::run(arguments),
        Some("data") => data::run(arguments),
        Some("schedule") => schedule::run(arguments),
        Some("test") => test::run(arguments),
        Some("tidy") => tidy::run(arguments),
        Some(other) => Err(format!("there is no command `{other}`; the commands are: {}", COMMANDS.join(", "))),
        None => Err(format!("a command is needed: {}", COMMANDS.join(", "))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::from(2)
        }
    }
}
