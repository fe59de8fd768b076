//! The difference as rows: a line for each code, origin and stretch of days.

use std::fmt::Write as _;
use std::io::{self, Write};

use portolan_engine::Pct;
use portolan_engine::answer::Bill;
use portolan_ledger::record::{FamilyId, Ledger, Origin};
use portolan_ledger::{Day, TariffCode};
use rustc_hash::FxHashMap;

use super::{Cell, Comparison, Pair, range};

/// The columns of a difference, and what each row holds besides its place.
///
/// Families have columns where they differ somewhere; what is empty is not known in points: a specific rate, or a duty that
/// turns on a fact that is not stated (then `needs_input` names it, and the total has a range).
#[derive(Clone, Debug)]
pub struct Table {
    families: Vec<(FamilyId, String)>,
    /// The versions of the two ledgers.
    versions: [String; 2],
    /// The first days of the two ends, and whether each row states its stretch.
    first: Day,
    dated: bool,
    /// For each pair, what stands between origin and versions.
    middles: Vec<String>,
    extra: &'static [&'static str],
}

impl Table {
    /// The table of a comparison. `first` is the first day where rows are to state their days; `extra` names columns that the
    /// caller adds to each row.
    pub fn new(
        comparison: &Comparison,
        ledger: &Ledger,
        versions: [&str; 2],
        first: Option<Day>,
        extra: &'static [&'static str],
    ) -> Self {
        let ids = (0..ledger.families.len()).filter_map(|at| u8::try_from(at).ok().map(FamilyId));
        let differs = |id: &FamilyId| {
            comparison.pairs.iter().any(|pair| family(&pair.before.bill, *id) != family(&pair.after.bill, *id))
        };
        let families: Vec<(FamilyId, String)> =
            ids.filter(differs).map(|id| (id, ledger.families[usize::from(id.0)].id.clone())).collect();
        let middles = comparison.pairs.iter().map(|pair| middle(pair, &families)).collect();
        Self {
            families,
            versions: versions.map(str::to_owned),
            first: first.unwrap_or(Day(0)),
            dated: first.is_some(),
            middles,
            extra,
        }
    }

    /// The names of the columns, with commas between, and the end of the line.
    pub fn head(&self) -> String {
        let mut names = vec!["hts_number".to_owned(), "country_of_origin".to_owned()];
        if self.dated {
            names.extend(["valid_from", "valid_to"].map(str::to_owned));
        }
        for (_, family) in &self.families {
            names.extend([format!("{family}_pct_before"), format!("{family}_pct_after")]);
        }
        for what in ["additional_pct", "total_pct"] {
            names.extend(["before", "after", "diff"].map(|end| format!("{what}_{end}")));
        }
        for what in ["total_low_pct", "total_high_pct"] {
            names.extend(["before", "after"].map(|end| format!("{what}_{end}")));
        }
        names.extend(["needs_input_before", "needs_input_after"].map(str::to_owned));
        names.extend(self.extra.iter().map(|name| (*name).to_owned()));
        names.extend(["ledger_version_before", "ledger_version_after"].map(str::to_owned));
        names.join(",") + "\n"
    }

    /// Writes all rows, in the order of codes, origins and days; gives how many there are. `extra` adds what the caller's
    /// columns hold for the cell of an index, a comma before each.
    pub fn write(
        &self,
        comparison: &Comparison,
        order: (&[TariffCode], &[Origin]),
        out: &mut dyn Write,
        extra: &dyn Fn(&mut String, usize),
    ) -> io::Result<u64> {
        out.write_all(self.head().as_bytes())?;
        let end = format!(",{},{}\n", self.versions[0], self.versions[1]);
        let origins = comparison.origins.iter().zip(0..);
        let groups: FxHashMap<Origin, u32> =
            origins.flat_map(|(group, at)| group.iter().map(move |origin| (*origin, at))).collect();
        let mut rows = 0;
        let mut text = String::new();
        for (code, first, cells) in by_code(comparison, order.0) {
            // Within one code the cells stand by groups of origins; the rows by origin.
            for &origin in order.1 {
                let Some(group) = groups.get(&origin) else { continue };
                let from = cells.partition_point(|cell| cell.origin < *group);
                for (at, cell) in cells.iter().enumerate().skip(from).take_while(|(_, cell)| cell.origin == *group) {
                    let _ = write!(text, "{code},{origin}");
                    if self.dated {
                        let day = |offset: i32| Day(self.first.0.saturating_add(offset));
                        let _ = write!(text, ",{},{}", day(cell.from), day(cell.until));
                    }
                    text += &self.middles[cell.pair as usize];
                    extra(&mut text, first + at);
                    text += &end;
                    rows += 1;
                }
            }
            out.write_all(text.as_bytes())?;
            text.clear();
        }
        Ok(rows)
    }
}

/// The cells of each code that differs, in the order of the codes, with the index of the first.
fn by_code<'c>(
    comparison: &'c Comparison,
    codes: &'c [TariffCode],
) -> impl Iterator<Item = (TariffCode, usize, &'c [Cell])> {
    let products = comparison.products.iter().zip(0..);
    let of: FxHashMap<TariffCode, u32> =
        products.flat_map(|(group, at)| group.iter().map(move |code| (*code, at))).collect();
    codes.iter().filter_map(move |code| {
        let product = of.get(code)?;
        let first = comparison.cells.partition_point(|cell| cell.product < *product);
        let after = comparison.cells.partition_point(|cell| cell.product <= *product);
        (first < after).then(|| (*code, first, &comparison.cells[first..after]))
    })
}

fn family(bill: &Bill, id: FamilyId) -> Option<Pct> {
    bill.families.get(usize::from(id.0)).and_then(|amount| amount.pct)
}

fn middle(pair: &Pair, families: &[(FamilyId, String)]) -> String {
    let (before, after) = (&pair.before.bill, &pair.after.bill);
    let mut text = String::new();
    for (id, _) in families {
        points(&mut text, family(before, *id));
        points(&mut text, family(after, *id));
    }
    for (before, after) in [(before.additional_pct, after.additional_pct), (before.total_pct, after.total_pct)] {
        points(&mut text, before);
        points(&mut text, after);
        points(&mut text, before.zip(after).map(|(before, after)| Pct(after.0 - before.0)));
    }
    // A range stands where something is open; else the totals say it.
    let ranges = [&pair.before, &pair.after].map(|end| range(end).filter(|_| pair.is_open()));
    for range in &ranges {
        points(&mut text, range.map(|(low, _)| low));
    }
    for range in &ranges {
        points(&mut text, range.map(|(_, high)| high));
    }
    for bill in [before, after] {
        let _ = write!(text, ",{}", bill.needs_input.join(";"));
    }
    text
}

fn points(text: &mut String, points: Option<Pct>) {
    let _ = match points {
        Some(points) => write!(text, ",{points}"),
        None => write!(text, ","),
    };
}
