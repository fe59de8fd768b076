//! What changed between two days, or between two states of knowledge: which goods, by how much, and by which act.

mod causes;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use portolan_engine::history::{FactsIx, Histories, Treatment};
use portolan_engine::resolve::Record;
use portolan_engine::{Fault, Pct};
use portolan_ledger::record::{ActId, Origin};
use portolan_ledger::timeline::ProvisionIx;
use portolan_ledger::{Day, TariffCode};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::compare::{Asked, Cell, Comparison, End, Pair, compare, share_out};

use self::causes::Decided;

/// How many cells are looked at in one piece: what was found in one is not known in the next.
const CHUNK: usize = 1 << 16;

/// Why what goods bear differs: one record that stands otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// The act by which it does: that began or ended a rate, a suspension, an exception, a row of a list or a membership; none
    /// where the ordinary duty is another because another edition of the schedule prints it.
    pub act: Option<ActId>,
    /// Its program, as an index into the ledger's; none for the ordinary duty.
    pub program: Option<u16>,
    /// The record; none for the ordinary duty.
    pub record: Option<Record>,
    /// How it stood: `+10%`, `exempt under 9903.01.32`, `none`.
    pub before: String,
    /// How it stands.
    pub after: String,
}

/// What changed between two ends of one law.
#[derive(Clone, Debug)]
pub struct Diff {
    /// Where, and by how much.
    pub comparison: Comparison,
    /// Sets of causes.
    pub causes: Vec<Vec<Cause>>,
    /// For each cell of the comparison the causes, as an index.
    pub of_cell: Vec<u32>,
}

/// All that one act changed in one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The act.
    pub act: Option<ActId>,
    /// The program.
    pub program: Option<u16>,
    /// How many codes it bears on.
    pub codes: u64,
    /// How many origins.
    pub origins: u64,
    /// How many codes with an origin.
    pub pairs: u64,
    /// The records and how they stood and stand, each with how many codes with an origin; the most first.
    pub changes: Vec<(Cause, u64)>,
    /// One of them: code, origin, and the total before and after.
    pub example: (TariffCode, Origin, Option<Pct>, Option<Pct>),
}

/// What changed between two ends of one law, each of one day, with the causes.
///
/// # Errors
/// The ledger is wrong: two duties of one program stand on one line and nothing relates them.
pub fn diff(asked: &Asked, ends: [End<'_>; 2]) -> Result<Diff, Fault> {
    let comparison = compare(asked, ends)?;
    let kinds = kinds(&comparison.pairs);
    let pieces: Vec<&[Cell]> = comparison.cells.chunks(CHUNK).collect();
    let parts = share_out(
        pieces.len(),
        || Finder::new(asked, ends, (&comparison, &kinds)),
        |finder, at| finder.causes(pieces[at]),
    );
    let mut found: Vec<Vec<Cause>> = Vec::new();
    let mut known: FxHashMap<Vec<Cause>, u32> = FxHashMap::default();
    let mut of_cell = Vec::with_capacity(comparison.cells.len());
    for part in parts {
        let (sets, of) = part?;
        let mut place = |set: Vec<Cause>| {
            let next = u32::try_from(found.len()).unwrap_or(u32::MAX);
            let at = *known.entry(set.clone()).or_insert(next);
            if at == next {
                found.push(set);
            }
            at
        };
        let places: Vec<u32> = sets.into_iter().map(&mut place).collect();
        of_cell.extend(of.into_iter().map(|at| places[at as usize]));
    }
    Ok(Diff { comparison, causes: found, of_cell })
}

/// Sets of causes, and for each cell the index of its own.
type Part = (Vec<Vec<Cause>>, Vec<u32>);

/// What tells causes apart beside lists and groups: the headings, the provisions that stand, whether what one adds or the
/// ordinary duty is another, and what is forbidden. Rates themselves do not: at one end a provision has one rate.
#[derive(PartialEq, Eq, Hash)]
struct Kind<'c> {
    headings: [&'c [String]; 2],
    provisions: [Vec<(ProvisionIx, bool)>; 2],
    ordinary: bool,
    prohibited: [bool; 2],
    open: [bool; 2],
}

/// The kind of each pair, by its number.
fn kinds<'p>(pairs: &'p [Pair]) -> Vec<u32> {
    let mut known: FxHashMap<Kind<'p>, u32> = FxHashMap::default();
    let mut kind = |pair: &'p Pair| {
        let ends = [&pair.before, &pair.after];
        let ordinary = |end: &Treatment| {
            end.bill.total_pct.zip(end.bill.additional_pct).map(|(total, additional)| total.0 - additional.0)
        };
        let added = |at: usize, provision: ProvisionIx| ends[at].measures.iter().find(|(p, _)| *p == provision);
        let kind = Kind {
            headings: [&pair.before.bill.headings, &pair.after.bill.headings],
            provisions: [0, 1].map(|at: usize| {
                let of = |(provision, pct): &(ProvisionIx, Option<Pct>)| {
                    (*provision, added(1 - at, *provision).is_some_and(|(_, other)| other == pct))
                };
                ends[at].measures.iter().map(of).collect()
            }),
            ordinary: ordinary(ends[0]) != ordinary(ends[1]),
            prohibited: ends.map(|end| end.bill.prohibited),
            open: ends.map(|end| !end.bill.needs_input.is_empty()),
        };
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        *known.entry(kind).or_insert(next)
    };
    pairs.iter().map(&mut kind).collect()
}

/// Finds causes, each once for all cells of one kind; where lists or groups decide, once for each class of goods or origins.
struct Finder<'l, 'c> {
    comparison: &'c Comparison,
    kinds: &'c [u32],
    ends: [End<'l>; 2],
    halves: [Histories<'l>; 2],
    /// For each kind what decides, and for each of these the causes.
    decided: FxHashMap<u32, Decided>,
    of: FxHashMap<(u32, u32, u32), u32>,
    sets: Vec<Vec<Cause>>,
}

impl<'l, 'c> Finder<'l, 'c> {
    fn new(asked: &Asked, ends: [End<'l>; 2], (comparison, kinds): (&'c Comparison, &'c [u32])) -> Self {
        let half = |end: End<'l>| Histories::new(end.law, asked.side, asked.view, end.known, end.days);
        let (decided, of) = (FxHashMap::default(), FxHashMap::default());
        Self { comparison, kinds, ends, halves: ends.map(half), decided, of, sets: Vec::new() }
    }

    fn causes(&mut self, cells: &[Cell]) -> Result<Part, Fault> {
        self.sets.clear();
        self.of.clear();
        self.decided.clear();
        let mut of_cell = Vec::with_capacity(cells.len());
        for cell in cells {
            of_cell.push(self.of_cell(cell)?);
        }
        Ok((std::mem::take(&mut self.sets), of_cell))
    }

    fn of_cell(&mut self, cell: &Cell) -> Result<u32, Fault> {
        let kind = self.kinds[cell.pair as usize];
        let key = |decided: Decided| {
            let product = if decided.by_list { cell.product } else { u32::MAX };
            (kind, product, if decided.by_group { cell.origin } else { u32::MAX })
        };
        let known = self.decided.get(&kind).map(|decided| key(*decided));
        if let Some(&known) = known.and_then(|key| self.of.get(&key)) {
            return Ok(known);
        }
        let (set, decided) = self.look(cell)?;
        let kept = self.decided.entry(kind).or_insert(decided);
        // Once something is decided by a list or a group, it is looked at for each.
        kept.by_list |= decided.by_list;
        kept.by_group |= decided.by_group;
        let key = key(*kept);
        let at = u32::try_from(self.sets.len()).unwrap_or(u32::MAX);
        self.sets.push(set);
        self.of.insert(key, at);
        Ok(at)
    }

    /// The causes of one cell.
    fn look(&mut self, cell: &Cell) -> Result<(Vec<Cause>, Decided), Fault> {
        let code = self.comparison.products[cell.product as usize][0];
        let origin = self.comparison.origins[cell.origin as usize][0];
        let mut lines = Vec::with_capacity(2);
        let mut answers = Vec::with_capacity(2);
        for (half, end) in self.halves.iter_mut().zip(&self.ends) {
            let day = Day(end.days.0.0 + cell.from);
            let spans = half.products(code, end.days)?;
            let Some(span) = spans.iter().find(|span| (span.from..span.until).contains(&day)) else { continue };
            let class = half.origin(origin);
            let mut line = half.line(span.product, class, FactsIx(0), day);
            // Lists are looked up for this code; the others of its class stand on the same.
            (line.code, line.origin) = (code, origin);
            answers.push(half.engine().answer(&line)?);
            lines.push(line);
        }
        Ok(match (&lines[..], &answers[..]) {
            ([first, second], [before, after]) => causes::of(self.ends[0].law, [(first, before), (second, after)]),
            _ => Default::default(),
        })
    }
}

impl Diff {
    /// The changes by act and program, those that bear on the most goods and origins first.
    pub fn groups(&self) -> Vec<Group> {
        #[derive(Default)]
        struct Sum {
            products: FxHashSet<u32>,
            origins: FxHashSet<u32>,
            pairs: u64,
            changes: BTreeMap<Cause, u64>,
            example: Option<(u64, usize)>,
        }
        let mut sums: BTreeMap<(Option<ActId>, Option<u16>), Sum> = BTreeMap::new();
        for (at, cell) in self.comparison.cells.iter().enumerate() {
            let count = self.count(cell);
            let causes = &self.causes[self.of_cell[at] as usize];
            let mut seen: Vec<(Option<ActId>, Option<u16>)> = Vec::new();
            for cause in causes {
                let key = (cause.act, cause.program);
                let sum = sums.entry(key).or_default();
                *sum.changes.entry(cause.clone()).or_default() += count;
                if !seen.contains(&key) {
                    seen.push(key);
                    sum.pairs += count;
                    sum.products.insert(cell.product);
                    sum.origins.insert(cell.origin);
                    // The example is of the cell that stands for the most, so that it is no oddity.
                    if sum.example.is_none_or(|(most, _)| count > most) {
                        sum.example = Some((count, at));
                    }
                }
            }
        }
        let codes = |of: &FxHashSet<u32>| of.iter().map(|p| self.comparison.products[*p as usize].len() as u64).sum();
        let origins = |of: &FxHashSet<u32>| of.iter().map(|o| self.comparison.origins[*o as usize].len() as u64).sum();
        let group = |((act, program), sum): ((Option<ActId>, Option<u16>), Sum)| {
            let mut changes: Vec<(Cause, u64)> = sum.changes.into_iter().collect();
            changes.sort_by_key(|(_, pairs)| std::cmp::Reverse(*pairs));
            let (_, at) = sum.example?;
            let example = self.example(&self.comparison.cells[at]);
            let (codes, origins) = (codes(&sum.products), origins(&sum.origins));
            Some(Group { act, program, codes, origins, pairs: sum.pairs, changes, example })
        };
        let mut groups: Vec<Group> = sums.into_iter().filter_map(group).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.pairs));
        groups
    }

    fn count(&self, cell: &Cell) -> u64 {
        let codes = self.comparison.products[cell.product as usize].len() as u64;
        codes * self.comparison.origins[cell.origin as usize].len() as u64
    }

    fn example(&self, cell: &Cell) -> (TariffCode, Origin, Option<Pct>, Option<Pct>) {
        let pair = &self.comparison.pairs[cell.pair as usize];
        let code = self.comparison.products[cell.product as usize][0];
        let origin = self.comparison.origins[cell.origin as usize][0];
        (code, origin, pair.before.bill.total_pct, pair.after.bill.total_pct)
    }
}
