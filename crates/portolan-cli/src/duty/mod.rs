//! `portolan duty`: one line, explained.

mod json;
mod next;
mod page;

use std::io::Write as _;
use std::path::Path;

use portolan_engine::{Answer, Engine, Law};
use portolan_entry::Context;
use portolan_ledger::EntryLine;
use portolan_ledger::line::View;

use crate::failure::{Failure, Fault, Outcome, of_line};
use crate::options::Stated;
use crate::source::{Source, Suppose};
use crate::words::Words;

use self::next::Next;

/// What is asked.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Tariff code, 8 or 10 digits, dots or none
    #[arg(allow_hyphen_values = true)]
    code: String,
    /// List the provisions that are not in force as well
    #[arg(long)]
    all: bool,
    /// Exit with 1 unless the answer is complete: nothing to ask, nothing past the day it was checked
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    suppose: Suppose,
    /// One JSON object: line, bill, layers, changes, notes
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    stated: Stated,
}

/// All that is told of a line.
#[derive(Debug)]
struct Told<'t, 'l> {
    words: Words<'t, 'l>,
    line: &'t EntryLine,
    answer: Answer,
    /// What was assessed, where the view is of what is owed.
    assessed: Option<Answer>,
    next: Next,
    /// Rows that are not in force are listed, not counted.
    all: bool,
    /// The law that it was answered from.
    source: &'t Source,
}

/// Answers for one line.
pub fn run(args: &Args, ledger: Option<&Path>) -> Result<Outcome, Failure> {
    let source = Source::under(ledger, &args.suppose)?;
    let context = Context::new(&source.ledger, source.today());
    let line = args.stated.line(&context, &args.code)?;
    let law = Law::new(&source.ledger, Some(&source.schedule));
    let mut engine = Engine::new(&law);
    let fail = |fault| of_line(fault, &line);
    let answer = engine.answer(&line).map_err(fail)?;
    let assessed = match line.view {
        View::Assessed => None,
        View::Owed => Some(engine.answer(&EntryLine { view: View::Assessed, ..line.clone() }).map_err(fail)?),
    };
    let Some(words) = Words::new(&law, line.side) else {
        return Err(Fault::new("the ledger does not know this side").into());
    };
    let next = Next::of(&mut engine, words, &line, &answer).map_err(fail)?;
    let complete = answer.bill.needs_input.is_empty()
        && answer.bill.beyond_horizon.is_empty()
        && answer.bill.cannot.is_empty()
        && !answer.bill.prohibited;
    let told = Told { words, line: &line, answer, assessed, next, all: args.all, source: &source };
    if args.json {
        let object = json::object(&told, &args.stated)?;
        let mut out = std::io::stdout().lock();
        writeln!(out, "{object:#}")?;
        out.flush()?;
    } else {
        page::page(&told).print()?;
    }
    Ok(if args.strict && !complete { Outcome::Findings } else { Outcome::Done })
}
