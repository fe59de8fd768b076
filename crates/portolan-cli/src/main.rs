//! The `portolan` command.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let root = args.iter().position(|a| a == "--ledger").and_then(|i| args.get(i + 1)).map_or("ledger", String::as_str);
    let files = match portolan_ledger::read::collect(Path::new(root)) {
        Ok(files) => files,
        Err(error) => {
            eprintln!("error: {root}: {error}");
            return ExitCode::from(2);
        }
    };
    match portolan_ledger::read::read(&files) {
        Ok(read) => {
            println!("{} programs, {} acts, {} lists", read.ledger.programs.len(), read.ledger.acts.len(), read.ledger.lists.len());
            ExitCode::SUCCESS
        }
        Err(refused) => {
            for diagnostic in &refused.diagnostics {
                eprintln!("{}", portolan_ledger::diagnostic::OneLine(diagnostic, &refused.sources));
            }
            eprintln!("{} errors", refused.diagnostics.len());
            ExitCode::from(2)
        }
    }
}
