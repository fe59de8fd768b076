//! What is wrong with a ledger: one diagnostic a fault, with a stable code, its place, and help.

use std::fmt;

use crate::record::Place;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal, $severity:ident;)+) => {
        /// The kind of a fault. Its documentation is what `portolan explain CODE` prints.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stable name: `PTL012`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => concat!("PTL", $number),)+ }
            }

            /// What it means and how to mend it.
            pub fn explanation(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc, "\n",)+),)+ }
            }

            /// Whether it makes the ledger unusable.
            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)+ }
            }
        }
    };
}

/// How bad a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The ledger is refused.
    Error,
    /// Reported and counted.
    Warning,
}

codes! {
    /// A file cannot be read: it is missing, is not UTF-8, or is not valid TOML or CSV of the form that `LEDGER.md` gives.
    /// An unknown key is this fault too: it is most often a misspelt one.
    Unreadable = "001", Error;
    /// A date is neither a bare date nor a date-time with an offset.
    /// A local date-time without an offset does not say which moment is meant.
    BadDate = "002", Error;
    /// A record cites an act that is not in the register.
    /// Add the act to `acts/`, with its citation and how it was seen, or correct the id.
    UnknownAct = "010", Error;
    /// An act has no citation. Every rule must be traceable: say where it was published.
    NoCitation = "011", Error;
    /// Two provisions of one program can be owed on the same line, and nothing says how they relate.
    /// Say that one yields to the other (`yields_to`) or that they are cumulative (`adds_to`), or make their conditions exclude each other.
    NoRelation = "012", Error;
    /// Two terms of one suspension or exception overlap without being the same term stated again (the same `from`).
    /// One of the two is most likely a term that a later act cut short: state it again with its own end.
    OverlappingTerms = "013", Error;
    /// A list row names a code that the schedule of its time does not have.
    /// The code is misprinted, or was renumbered: carry it to the number of its day, or end the row where the number ended.
    OutsideNomenclature = "014", Error;
    /// A list row names a code of a time for which the schedule holds no edition, so it could not be checked. Counted, not refused.
    NomenclatureNotChecked = "015", Warning;
    /// A condition names a claim that `claims.toml` does not declare.
    /// Declare it, with the question a filer is to answer and whether it says what the article is or asserts a benefit.
    UndeclaredClaim = "016", Error;
    /// A rate text is not of the grammar in `LEDGER.md`, section 3.2.
    BadRate = "017", Error;
    /// An interval ends before it begins, or when it begins.
    EmptyInterval = "018", Error;
    /// An id is used twice: within a program, in the register of acts, or among programs, groups, claims, families or rules.
    DuplicateId = "019", Error;
    /// A reference (`of`, `yields_to`, `adds_to`, `spares`, `subject_to`, `owing`, a tier) names no provision.
    DanglingReference = "020", Error;
    /// `yields_to`, `subject_to`, `owing` or `spares` lead from a provision back to itself, so that none of them could be decided.
    Cycle = "021", Error;
    /// A rate step of an older act still lies in the future of a newer act that does not state it again.
    /// Say what becomes of it: state it again with its `from`, with the new rate or with `none`.
    StaleStep = "022", Error;
    /// A worked case names no source. A case without a source is an opinion.
    CaseWithoutSource = "023", Error;
    /// No order of reporting lists the family of a program.
    NoReportingOrder = "024", Error;
    /// An origin is neither an ISO 3166 alpha-2 code, nor a declared group, nor `*`.
    UnknownOrigin = "025", Error;
    /// A program names a family that `families.toml` does not declare.
    UnknownFamily = "026", Error;
    /// A row of a product list is malformed: a code that is none, a date that does not exist, a missing column.
    BadRow = "027", Error;
    /// A condition has a value that it cannot take.
    BadCondition = "028", Error;
    /// A customs territory is not declared in `jurisdictions.toml`, or its clock is not known.
    UnknownSide = "029", Error;
    /// A scenario patch is malformed, or two patches touch the same records at overlapping times.
    BadPatch = "030", Error;
    /// A record lacks something it cannot do without: a term, a tier, a provision it is about.
    Incomplete = "031", Error;
    /// A scenario's patch changes nothing, or nothing for a part of its time: a rate that is set while a suspension lies over the
    /// provision is not owed before the suspension ends. Let the suspension lapse in a patch of its own, or bound the patch.
    NoEffect = "032", Warning;
    /// A row of fees/ says what it cannot: a figure that is neither a number nor `unknown`, a quarter that is none of the
    /// calendar, a limit without a length, drawback against what the program says.
    BadCharge = "040", Error;
    /// A measure or an event stands where it does not belong: in the file of another side or year, out of the order of time, or
    /// under an id that does not begin with its side or its day.
    Misplaced = "050", Error;
}

/// Bytes of a file that a diagnostic points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Index into the files that were read.
    pub file: u16,
    /// First byte.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its kind.
    pub code: Code,
    /// Where it is; none for a fault of the ledger as a whole.
    pub span: Option<Span>,
    /// One sentence.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A fault at a place.
    pub fn new(code: Code, span: Option<Span>, message: impl Into<String>) -> Self {
        Self { code, span, message: message.into(), help: None }
    }

    /// Adds help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// The files that were read, for showing places.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    files: Vec<Source>,
}

#[derive(Clone, Debug)]
struct Source {
    path: String,
    text: String,
    /// The byte at which each line starts.
    lines: Vec<u32>,
}

impl Sources {
    /// Adds a file and gives its index.
    pub fn add(&mut self, path: String, text: String) -> u16 {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(ends.map(|(at, _)| byte(at + 1))).collect();
        self.files.push(Source { path, text, lines });
        u16::try_from(self.files.len() - 1).unwrap_or(u16::MAX)
    }

    /// The path of a file.
    pub fn path(&self, file: u16) -> &str {
        self.files.get(usize::from(file)).map_or("?", |source| &source.path)
    }

    /// The text of a file.
    pub fn text(&self, file: u16) -> &str {
        self.files.get(usize::from(file)).map_or("", |source| &source.text)
    }

    /// All paths, in the order of their indices.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|source| source.path.as_str())
    }

    /// Line and column of a place, both from 1; the column counts bytes.
    pub fn line_column(&self, span: Span) -> (u32, u32) {
        let Some(source) = self.files.get(usize::from(span.file)) else { return (1, 1) };
        let start = span.start.min(byte(source.text.len()));
        let line = source.lines.partition_point(|&first| first <= start);
        let first = source.lines.get(line.saturating_sub(1)).copied().unwrap_or(0);
        (byte(line), start - first + 1)
    }

    /// The place of a record.
    pub fn place(&self, span: Span) -> Place {
        Place { file: span.file, line: self.line_column(span).0 }
    }

    /// The whole line at a place, without what ends it.
    pub fn line(&self, place: Place) -> Option<Span> {
        let source = self.files.get(usize::from(place.file))?;
        let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let start = *source.lines.get(line)?;
        let end = source.lines.get(line + 1).map_or(byte(source.text.len()), |&next| next - 1);
        Some(Span { file: place.file, start, end })
    }
}

/// A byte's position as spans hold it; files of four gigabytes are not ledgers.
fn byte(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// `ledger/us/x.toml:12:5: error[PTL017]: ...`, one line, for logs and tests.
pub struct OneLine<'a>(pub &'a Diagnostic, pub &'a Sources);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(diagnostic, sources) = self;
        if let Some(span) = diagnostic.span {
            let (line, column) = sources.line_column(span);
            write!(f, "{}:{line}:{column}: ", sources.path(span.file))?;
        }
        let severity = match diagnostic.code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{severity}[{}]: {}", diagnostic.code.name(), diagnostic.message)?;
        if let Some(help) = &diagnostic.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}
