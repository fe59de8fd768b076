//! Packs the ledger and the schedule: read and checked here, so that a broken ledger does not build.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use portolan_ledger::diagnostic::OneLine;
use portolan_ledger::read::{self, File};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    for folder in ["ledger", "schedule"] {
        println!("cargo::rerun-if-changed={}", root.join(folder).display());
    }
    let files = read::collect(&root.join("ledger"))?;
    let ledger = match read::read(&files) {
        Ok(read) => read.ledger,
        Err(refused) => {
            for diagnostic in &refused.diagnostics {
                println!("cargo::error=ledger/{}", OneLine(diagnostic, &refused.sources));
            }
            return Ok(());
        }
    };
    let is_case = |file: &&File| file.0.contains("/cases/");
    let cases: Vec<File> = files.iter().filter(is_case).cloned().collect();
    let is_scenario = |file: &&File| portolan_ledger::scenario::is_scenario_file(&file.0);
    let scenarios: Vec<File> = files.iter().filter(is_scenario).cloned().collect();
    fs::write(out.join("ledger.bin"), postcard::to_stdvec(&ledger)?)?;
    fs::write(out.join("cases.bin"), postcard::to_stdvec(&cases)?)?;
    fs::write(out.join("scenarios.bin"), postcard::to_stdvec(&scenarios)?)?;
    fs::write(out.join("schedule.bin"), portolan_ledger::schedule::pack_folder(&root.join("schedule/us"))?)?;
    Ok(())
}
