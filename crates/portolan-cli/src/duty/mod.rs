//! `portolan duty`: one line, explained.

mod fees;
mod json;
mod next;
mod page;

use std::io::Write as _;
use std::path::Path;

use portolan_engine::{Answer, Engine, Law};
use portolan_entry::Context;
use portolan_entry::vat::{self, Vat};
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
    /// Value-added tax of China beside the bill: a rate in percent, standard, or reduced
    #[arg(long, value_name = "RATE")]
    vat: Option<String>,
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
    /// Value-added tax, where it is asked for.
    vat: Option<Vat>,
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
    let vat = args.vat.as_deref().map(|text| vat(text, words, &line, &answer)).transpose()?;
    let next = Next::of(&mut engine, words, &line, &answer).map_err(fail)?;
    let complete = answer.bill.needs_input.is_empty()
        && answer.bill.beyond_horizon.is_empty()
        && answer.bill.cannot.is_empty()
        && !answer.bill.prohibited;
    let told = Told { words, line: &line, answer, assessed, vat, next, all: args.all, source: &source };
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

/// The value-added tax that is asked for.
fn vat(text: &str, words: Words<'_, '_>, line: &EntryLine, answer: &Answer) -> Result<Vat, Failure> {
    let asked = vat::Asked::read(text).ok_or_else(|| {
        let fault = Fault::new(format!("--vat \"{text}\": no rate between 0 and 100 percent"));
        fault.help("a rate in percent as 13, or standard, or reduced")
    })?;
    if words.ledger().side("CN") != Some(line.side) {
        let fault = Fault::new("--vat: the United States levies no value-added tax");
        return Err(fault.help("--direction cn_import asks about imports of China").into());
    }
    let of = vat::vat(asked, line, &answer.bill, (words.ledger(), words.clock()));
    of.map_err(|wrong| Fault::new(format!("--vat {text}: {wrong}")).help("state the rate: --vat 13").into())
}
