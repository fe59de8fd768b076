//! The columns of an entry line as options of a command.

use clap::{Arg, ArgAction, ArgMatches, Command};
use portolan_entry::{Column, Context, LineBuilder};
use portolan_ledger::EntryLine;
use portolan_ledger::line::View;

use crate::failure::{Failure, of_option};

/// Short names of the options that are typed most.
const SHORT: [(Column, &str); 8] = [
    (Column::EntryDate, "on"),
    (Column::CountryOfOrigin, "origin"),
    (Column::EnteredValueUsd, "value"),
    (Column::KnownDate, "known"),
    (Column::Claims, "claim"),
    (Column::SteelPct, "steel"),
    (Column::AluminumPct, "aluminum"),
    (Column::CopperPct, "copper"),
];

/// The columns that are options: all that say something of the goods, the code being an argument of its own.
fn columns() -> impl Iterator<Item = Column> {
    let last = Column::ALL.iter().position(|c| *c == Column::ProcessingValueUsd).unwrap_or(Column::ALL.len());
    let filed = [Column::FiledHts99, Column::FiledDuty99, Column::HtsNumber];
    Column::ALL.iter().copied().take(last + 1).filter(move |column| !filed.contains(column))
}

/// The name under which a column is typed, without its dashes.
fn typed(column: Column) -> String {
    let short = SHORT.iter().find(|(c, _)| *c == column);
    short.map_or_else(|| column.name().replace('_', "-"), |(_, short)| (*short).to_owned())
}

/// The option of a column or claim, as it is typed: `--steel`; the code is an argument.
pub fn option_of(name: &str) -> String {
    match column_of(name) {
        Some(Column::HtsNumber) => "CODE".to_owned(),
        Some(column) => format!("--{}", typed(column)),
        None => format!("--claim {name}"),
    }
}

/// The column with exactly this name.
pub fn column_of(name: &str) -> Option<Column> {
    Column::ALL.iter().copied().find(|column| column.name() == name)
}

/// What was stated of a line by options, in the order of the columns.
#[derive(Clone, Debug, Default)]
pub struct Stated(Vec<(Column, String)>);

impl clap::Args for Stated {
    fn augment_args(command: Command) -> Command {
        columns().fold(command, |command, column| {
            let long = column.name().replace('_', "-");
            let mut arg = Arg::new(column.name())
                .long(long)
                .value_name(column.kind().split(' ').next().unwrap_or_default())
                .help(format!("{} [{}]", column.about(), column.kind()))
                .help_heading("The entry line")
                .action(if column == Column::Claims { ArgAction::Append } else { ArgAction::Set })
                .allow_hyphen_values(true);
            if let Some((_, short)) = SHORT.iter().find(|(c, _)| *c == column) {
                arg = arg.visible_alias(*short);
            }
            command.arg(arg)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl clap::FromArgMatches for Stated {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = |column: Column| {
            let given = matches.get_many::<String>(column.name())?;
            Some((column, given.map(String::as_str).collect::<Vec<_>>().join(";")))
        };
        Ok(Self(columns().filter_map(values).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Stated {
    /// The line that the options state for a code.
    pub fn line(&self, context: &Context<'_>, code: &str) -> Result<EntryLine, Failure> {
        let mut builder = LineBuilder::new(context);
        // Faults are kept by the builder, which gives all of them at the end.
        let _ = builder.set_column(Column::HtsNumber, code.as_bytes());
        for (column, value) in &self.0 {
            let _ = builder.set_column(*column, value.as_bytes());
        }
        let faults = match builder.finish() {
            Ok(line) => return Ok(line),
            Err(faults) => faults,
        };
        Err(Failure::Wrong(faults.iter().map(of_option).collect()))
    }

    /// What was stated, by column name.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(column, value)| (column.name(), value.as_str()))
    }
}

/// The word of a view.
pub fn view(view: View) -> &'static str {
    match view {
        View::Assessed => "assessed",
        View::Owed => "owed",
    }
}
