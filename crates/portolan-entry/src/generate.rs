//! Entry lines drawn by chance from the law itself, the same for the same seed: for benches and for tests.

use std::io::{self, Write};

use portolan_engine::Law;
use portolan_ledger::schedule::unit::Unit;
use portolan_ledger::schedule::{Lookup, Span};
use portolan_ledger::{Cents, Day, TariffCode};

use crate::cells;
use crate::civil;
use crate::countries;

/// The header of the file that [`write_csv`] writes.
pub const HEADER: &str = "entry_number,line_number,hts_number,country_of_origin,entry_date,entered_value_usd,quantity_1,unit_1,\
mode_of_transport,loading_date,spi,steel_pct,aluminum_pct,copper_pct,claims";

/// A source of numbers that is small, fast and the same everywhere (SplitMix64).
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// A source for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below a bound; nothing is below zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound.max(1) as u64;
        // The bias is below one in 2^40 for the bounds used here.
        usize::try_from(self.bits() % bound).unwrap_or(0)
    }

    /// One of a slice; none of an empty one.
    pub fn pick<'s, T>(&mut self, from: &'s [T]) -> Option<&'s T> {
        from.get(self.below(from.len()))
    }
}

/// A line as it is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Number of the entry.
    pub entry: u64,
    /// Line of the entry, from 1.
    pub line: u64,
    /// A code that is valid on the day.
    pub code: TariffCode,
    /// Country of origin.
    pub origin: [u8; 2],
    /// Entry date.
    pub day: Day,
    /// Entered value, in cents.
    pub value: Cents,
    /// A quantity in millionths, with its unit, where the schedule asks for one.
    pub quantity: Option<(i64, String)>,
    /// `air`, `vessel`, ...
    pub mode: &'static str,
    /// When it was loaded, where that is stated.
    pub loaded: Option<Day>,
    /// The program claimed, where one is.
    pub spi: &'static str,
    /// Steel, aluminum and copper in whole percent, where they are stated.
    pub metals: Option<[u8; 3]>,
    /// A claim, or its denial.
    pub claim: Option<String>,
}

/// Draws lines over all ten-digit codes of the schedule, all origins, and the days from 2018 to 2026. A third of them
/// states metal content, a claim, or when it was loaded; the others state what every entry states.
pub struct Generator<'a, 'l> {
    law: &'a Law<'l>,
    chance: Chance,
    spans: Vec<Span>,
    origins: Vec<[u8; 2]>,
    days: (Day, Day),
    entry: u64,
    line: u64,
}

/// A generator of lines for a seed.
pub fn generate<'a, 'l>(law: &'a Law<'l>, seed: u64) -> Generator<'a, 'l> {
    let first = civil::day_of(2018, 1, 1).unwrap_or(Day(0));
    let last = civil::day_of(2026, 12, 31).unwrap_or(Day(0));
    let within = |span: &Span| {
        span.code.digits() == 10 && span.until.is_none_or(|u| u > first) && span.from.is_none_or(|f| f <= last)
    };
    let spans = law.schedule.map_or(Vec::new(), |schedule| schedule.codes().filter(within).collect());
    let origins = countries::all().map(|(origin, _)| origin.0).collect();
    Generator { law, chance: Chance::new(seed), spans, origins, days: (first, last), entry: 0, line: 0 }
}

impl Generator<'_, '_> {
    /// Narrows what is drawn to what one importer brings in: so many codes and origins, within a year of days.
    #[must_use]
    pub fn of_one_importer(mut self, codes: usize, origins: usize, from: Day) -> Self {
        let until = Day(from.0.saturating_add(364));
        let valid = |s: &Span| s.from.is_none_or(|f| f <= from) && s.until.is_none_or(|u| u > until);
        let spans: Vec<Span> = self.spans.iter().copied().filter(valid).collect();
        self.spans = (0..codes).filter_map(|_| self.chance.pick(&spans).copied()).collect();
        self.origins = (0..origins).filter_map(|_| self.chance.pick(&self.origins).copied()).collect();
        self.days = (from, until);
        self
    }
}

const MODES: [&str; 4] = ["vessel", "air", "truck", "rail"];
const PROGRAMS: [&str; 12] = ["", "", "", "", "", "", "", "", "S", "KR", "A", "AU"];

impl Iterator for Generator<'_, '_> {
    type Item = Drawn;

    fn next(&mut self) -> Option<Drawn> {
        let span = *self.chance.pick(&self.spans)?;
        let from = span.from.unwrap_or(self.days.0).max(self.days.0);
        let until = span.until.map_or(self.days.1, |until| Day(until.0 - 1)).min(self.days.1);
        let length = usize::try_from(until.0 - from.0 + 1).unwrap_or(1);
        let day = Day(from.0 + i32::try_from(self.chance.below(length)).unwrap_or(0));
        let origin = *self.chance.pick(&self.origins)?;
        if self.line == 0 || self.chance.below(4) == 0 {
            (self.entry, self.line) = (self.entry + 1, 0);
        }
        self.line += 1;
        // As many lines of hundreds of dollars as of hundreds of thousands.
        let magnitude = 10_i64.pow(u32::try_from(self.chance.below(5)).unwrap_or(0) + 3);
        let value = Cents(magnitude + i64::try_from(self.chance.below(9_000_000)).unwrap_or(0) % (9 * magnitude));
        let mut drawn = Drawn {
            entry: self.entry,
            line: self.line,
            code: span.code,
            origin,
            day,
            value,
            quantity: self.quantity(span.code, day),
            mode: self.chance.pick(&MODES).copied().unwrap_or_default(),
            loaded: None,
            spi: self.chance.pick(&PROGRAMS).copied().unwrap_or_default(),
            metals: None,
            claim: None,
        };
        self.state_more(&mut drawn);
        Some(drawn)
    }
}

impl Generator<'_, '_> {
    fn quantity(&mut self, code: TariffCode, day: Day) -> Option<(i64, String)> {
        let Lookup::Found(line) = self.law.schedule?.line(code, day) else { return None };
        let unit = line.units_text().split([',', ';']).next()?.trim();
        Unit::parse(unit).ok()?;
        let amount = i64::try_from(self.chance.below(100_000)).unwrap_or(0) + 1;
        Some((amount * 1_000_000, unit.to_owned()))
    }

    fn state_more(&mut self, drawn: &mut Drawn) {
        match self.chance.below(9) {
            0 => {
                let steel = u8::try_from(self.chance.below(101)).unwrap_or(0);
                let aluminum = u8::try_from(self.chance.below(usize::from(101 - steel))).unwrap_or(0);
                drawn.metals = Some([steel, aluminum, 0]);
            }
            1 => {
                let denied = self.chance.below(2) == 0;
                let claim = self.chance.pick(&self.law.timeline.ledger.claims);
                drawn.claim = claim.map(|claim| format!("{}{}", if denied { "no:" } else { "" }, claim.name));
            }
            2 => drawn.loaded = Some(Day(drawn.day.0 - i32::try_from(self.chance.below(40)).unwrap_or(0))),
            _ => {}
        }
    }
}

impl Drawn {
    /// Writes the line as a row under [`HEADER`].
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("{:011},{},", self.entry, self.line).as_bytes());
        cells::code(out, self.code);
        out.push(b',');
        out.extend_from_slice(&self.origin);
        out.push(b',');
        cells::day(out, self.day);
        out.push(b',');
        cells::cents(out, self.value);
        out.push(b',');
        if let Some((amount, unit)) = &self.quantity {
            cells::scaled::<6>(out, *amount);
            out.push(b',');
            cells::text(out, unit.as_bytes());
        } else {
            out.push(b',');
        }
        out.push(b',');
        out.extend_from_slice(self.mode.as_bytes());
        out.push(b',');
        if let Some(day) = self.loaded {
            cells::day(out, day);
        }
        out.push(b',');
        out.extend_from_slice(self.spi.as_bytes());
        for index in 0..3 {
            out.push(b',');
            if let Some(metals) = self.metals {
                cells::whole(out, u64::from(metals[index]));
            }
        }
        out.push(b',');
        out.extend_from_slice(self.claim.as_deref().unwrap_or_default().as_bytes());
        out.push(b'\n');
    }
}

/// Writes a file of lines drawn over the whole law. Gives how many bytes it has.
///
/// # Errors
/// The place cannot be written to.
pub fn write_csv(law: &Law<'_>, seed: u64, lines: usize, to: &mut impl Write) -> io::Result<u64> {
    write_drawn(generate(law, seed).take(lines), to)
}

/// Writes a file of these lines. Gives how many bytes it has.
///
/// # Errors
/// The place cannot be written to.
pub fn write_drawn(lines: impl Iterator<Item = Drawn>, to: &mut impl Write) -> io::Result<u64> {
    let mut out = HEADER.as_bytes().to_vec();
    out.push(b'\n');
    let mut bytes = 0;
    for drawn in lines {
        drawn.write(&mut out);
        if out.len() > 1 << 20 {
            to.write_all(&out)?;
            bytes += out.len() as u64;
            out.clear();
        }
    }
    to.write_all(&out)?;
    Ok(bytes + out.len() as u64)
}
