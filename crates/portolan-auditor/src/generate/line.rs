//! Random lines aimed at the edges of a ledger, generated or real.

use portolan_ledger::line::{ClaimStated, EntryLine, StatedQuantity, View, When};
use portolan_ledger::number::Quantity;
use portolan_ledger::record::{Bound, ClaimId, Condition, Ledger, Mode, Origin, OriginRef, Term};
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Day, Instant, Rate, Side, TariffCode};

use super::Random;

/// Everything in a ledger at which an answer can turn.
#[derive(Clone, Debug)]
pub struct Edges {
    /// Moments at which a record or a condition turns.
    pub instants: Vec<Instant>,
    /// Days on which acts were issued.
    pub issued: Vec<Day>,
    /// Codes that lists name, and neighbours.
    pub codes: Vec<TariffCode>,
    /// Origins that records name.
    pub origins: Vec<Origin>,
    /// Bounds on the value.
    pub values: Vec<Cents>,
    /// Bounds on shares.
    pub shares: Vec<Rate>,
    /// Claims that conditions ask for.
    pub claims: Vec<ClaimId>,
    clocks: Vec<Clock>,
}

impl Edges {
    /// Gathers the edges of a ledger.
    pub fn of(ledger: &Ledger) -> Self {
        let sides = u8::try_from(ledger.jurisdictions.len()).unwrap_or(0);
        let mut edges = Self {
            instants: Vec::new(),
            issued: ledger.acts.iter().map(|act| act.issued).collect(),
            codes: Vec::new(),
            origins: ["CN", "DE", "US"].iter().filter_map(|o| Origin::parse(o.as_bytes())).collect(),
            values: Vec::new(),
            shares: vec![Rate::ZERO, Rate::WHOLE],
            claims: Vec::new(),
            clocks: (0..sides).filter_map(|side| ledger.clock(Side(side))).collect(),
        };
        for program in &ledger.programs {
            program.provisions.iter().for_each(|p| {
                p.rates.iter().for_each(|rate| edges.term(&rate.term));
                p.when.iter().for_each(|c| edges.condition(c));
                edges.named(&p.scope.origin);
            });
            program.suspensions.iter().flat_map(|s| &s.terms).for_each(|t| edges.term(t));
            program.exceptions.iter().for_each(|e| {
                e.terms.iter().for_each(|t| edges.term(t));
                e.when.iter().for_each(|c| edges.condition(c));
                edges.named(&e.scope.origin);
            });
            program.prohibitions.iter().for_each(|p| {
                p.terms.iter().for_each(|t| edges.term(t));
                p.when.iter().for_each(|c| edges.condition(c));
            });
            for annulment in &program.annulments {
                edges.term(&annulment.term);
                edges.instants.push(annulment.ceased);
            }
        }
        for row in ledger.lists.iter().flat_map(|list| &list.rows) {
            edges.term(&row.term);
            edges.code(row.code);
            row.except.iter().for_each(|code| edges.code(*code));
        }
        for member in ledger.groups.iter().flat_map(|group| &group.members) {
            edges.term(&member.term);
            edges.origins.extend(&member.origins);
        }
        ledger.rules.iter().flat_map(|r| &r.orders).for_each(|o| edges.term(&o.term));
        edges.tidy();
        edges
    }

    /// The same edges with lines of these codes only, such as those of a real nomenclature.
    #[must_use]
    pub fn with_codes(mut self, codes: Vec<TariffCode>) -> Self {
        self.codes = codes;
        self
    }

    fn term(&mut self, term: &Term) {
        self.instants.extend([Some(term.from), term.until].into_iter().flatten());
    }

    fn named(&mut self, origins: &[OriginRef]) {
        let countries = origins.iter().filter_map(|origin| match origin {
            OriginRef::Country(country) => Some(*country),
            _ => None,
        });
        self.origins.extend(countries);
    }

    /// A code as lines state it, its neighbour, and the eight digits above it.
    fn code(&mut self, code: TariffCode) {
        let full = TariffCode::from_padded(code.padded(), 10);
        let last = TariffCode::from_padded(code.end() - 1, 10);
        let after = TariffCode::from_padded(code.end(), 10);
        self.codes.extend([full, full.prefix(8), last, after]);
    }

    fn condition(&mut self, condition: &Condition) {
        match condition {
            Condition::Loaded(bound)
            | Condition::Exported(bound)
            | Condition::Imported(bound)
            | Condition::Entered(bound) => {
                let (Bound::Before(at) | Bound::From(at)) = bound;
                self.instants.push(*at);
            }
            Condition::ValueAtMost(value) => self.values.push(*value),
            Condition::Share { pct, .. } => self.shares.push(*pct),
            Condition::Claim { claim, .. } => self.claims.push(*claim),
            Condition::Melted { countries, .. }
            | Condition::Smelted { countries, .. }
            | Condition::ExportedFrom(countries) => self.named(countries),
            _ => {}
        }
    }

    fn tidy(&mut self) {
        self.instants.sort_unstable();
        self.instants.dedup();
        // Records of old draw no lines: nothing turns on the years before the first act that matters.
        let recent = self.instants.iter().filter(|at| at.0 > 1_500_000_000).copied();
        let recent: Vec<Instant> = recent.collect();
        if !recent.is_empty() {
            self.instants = recent;
        }
        self.codes.retain(|code| (1..=99).contains(&code.chapter()));
        self.codes.sort_unstable();
        self.codes.dedup();
        self.origins.sort_unstable();
        self.origins.dedup();
        self.shares.sort_unstable();
        self.shares.dedup();
        self.claims.sort_unstable();
        self.claims.dedup();
    }

    /// A date at an edge: the edge, a second or a minute before, the whole day, the day before; none without edges.
    fn date(&self, random: &mut Random, side: Side) -> Option<When> {
        let at = *random.pick(&self.instants)?;
        let clock = self.clocks.get(usize::from(side.0))?;
        Some(match random.below(10) {
            0 | 1 => When::At(at),
            2 | 3 => When::At(Instant(at.0 - 1)),
            4 => When::At(Instant(at.0 - 60)),
            5 => When::At(Instant(at.0 + 1)),
            6 | 7 => When::Day(clock.day_of(at)),
            8 => When::Day(Day(clock.day_of(at).0 - 1)),
            _ => When::Day(Day(clock.day_of(at).0 + 7)),
        })
    }

    fn share(&self, random: &mut Random) -> Rate {
        let edge = self.shares.get(random.below(self.shares.len())).copied().unwrap_or(Rate::ZERO);
        match random.below(6) {
            0 => Rate((edge.0 - 1).max(0)),
            1 => Rate((edge.0 + 1).min(Rate::WHOLE.0)),
            2 | 3 => Rate::percent(i64::try_from(random.below(101)).unwrap_or(0)),
            _ => edge,
        }
    }

    fn origin(&self, random: &mut Random) -> Origin {
        random.pick(&self.origins).copied().unwrap_or(Origin(*b"CN"))
    }
}

/// A line over the law whose edges these are; none where the law has no code or moment to aim at.
pub fn line(random: &mut Random, edges: &Edges) -> Option<EntryLine> {
    let side = Side(u8::from(edges.clocks.len() > 1 && random.chance(8)));
    let clock = edges.clocks.get(usize::from(side.0))?;
    let code = *random.pick(&edges.codes)?;
    let entry = edges.date(random, side)?;
    let known = match random.below(6) {
        0 | 1 => Day(random.pick(&edges.issued)?.0 - i32::from(random.chance(50))),
        2 => Day(entry.day(clock).0 - 10),
        3 => Day(entry.day(clock).0 + 200),
        _ => entry.day(clock),
    };
    let mut line = EntryLine::new(side, code, edges.origin(random), entry, known);
    if random.chance(50) {
        line.view = View::Owed;
    }
    if random.chance(20) {
        let types = [*b"06", *b"21", *b"11"];
        line.entry_type = random.pick(&types).copied().unwrap_or(*b"01");
        line.ftz_status_date = edges.date(random, side).filter(|_| random.chance(60));
        line.withdrawal_date = edges.date(random, side).filter(|_| random.chance(60));
        line.it_date = edges.date(random, side).filter(|_| random.chance(30));
    }
    let open = if random.chance(60) { 0 } else { 35 };
    amounts(random, edges, &mut line, open);
    facts(random, edges, &mut line, open);
    assertions(random, edges, &mut line);
    Some(line)
}

/// Value and quantities; `open` in a hundred are not stated.
fn amounts(random: &mut Random, edges: &Edges, line: &mut EntryLine, open: usize) {
    if !random.chance(if open == 0 { 5 } else { 25 }) {
        let edge = random.pick(&edges.values).copied().filter(|_| random.chance(30));
        let cents = match edge {
            Some(edge) => edge.0 + i64::from(random.chance(50)),
            None => match random.below(10) {
                0 => 0,
                1 => i64::try_from(random.below(1_000)).unwrap_or(0),
                2..=5 => 1_000_000,
                _ => i64::try_from(random.below(50_000_000)).unwrap_or(0),
            },
        };
        line.value = Some(Cents(cents));
    }
    for (unit, most) in [("kg", 40), ("No.", 12)] {
        if !random.chance(open) {
            // At twenty-one dollars a kilogram, where it divides.
            let by_price = line.value.map(|v| v.0 * 10_000 / 21).filter(|_| random.chance(30));
            let some = i64::try_from(random.below(most * 1_000_000)).unwrap_or(0);
            line.quantities
                .push(StatedQuantity { quantity: Quantity(by_price.unwrap_or(some)), unit: unit.to_owned() });
        }
    }
    if line.side != Side(0) && random.chance(70) {
        line.mfn_pct = Some(Rate::percent(6));
    }
}

/// Facts; `open` in a hundred are not stated.
fn facts(random: &mut Random, edges: &Edges, line: &mut EntryLine, open: usize) {
    let mut left = Rate::WHOLE.0;
    let mut content = |random: &mut Random| {
        if random.chance(open) {
            return None;
        }
        let share = edges.share(random).0.min(left);
        left -= share;
        Some(Rate(share))
    };
    line.steel_pct = content(random);
    line.aluminum_pct = content(random);
    line.copper_pct = content(random);
    if random.chance(30) {
        line.us_content_pct = content(random);
    }
    if !random.chance(open) {
        line.metal_weight_pct = Some(edges.share(random));
    }
    if !random.chance(open) {
        line.export_country = Some(edges.origin(random));
    }
    if !random.chance(open) {
        line.smelt_countries = (0..=random.below(2)).map(|_| edges.origin(random)).collect();
    }
    if !random.chance(open) {
        line.cast_country = Some(edges.origin(random));
    }
    for &claim in &edges.claims {
        if !random.chance(if open == 0 { 10 } else { 45 }) {
            let yes = random.chance(50);
            line.claims.push(ClaimStated { claim, yes });
        }
    }
    if random.chance(40) {
        line.import_date = edges.date(random, line.side);
    }
    if !random.chance(open) {
        let most = line.value.map_or(1_000_000, |value| value.0);
        let most = usize::try_from(most).unwrap_or(0).saturating_add(1);
        line.processing_value = i64::try_from(random.below(most)).ok().map(Cents);
    }
}

/// What a filer asserts to pay less.
fn assertions(random: &mut Random, edges: &Edges, line: &mut EntryLine) {
    if random.chance(60) {
        line.loading_date = edges.date(random, line.side);
    }
    if random.chance(60) {
        line.export_date = edges.date(random, line.side);
    }
    if random.chance(70) {
        let modes = [Mode::Vessel, Mode::Vessel, Mode::Air, Mode::Truck];
        line.mode = random.pick(&modes).copied();
    }
    if random.chance(25) {
        line.spi = Some(if random.chance(70) { "S" } else { "KR" }.to_owned());
    }
    if random.chance(40) {
        line.us_metal_pct = Some(edges.share(random));
    }
    if random.chance(50) {
        line.melt_country = Some(edges.origin(random));
        line.melt_pct = random.chance(70).then(|| edges.share(random));
    }
    if random.chance(30) {
        let number = if random.chance(60) { "9802.00.40" } else { "9803.00.50" };
        line.ch98_number = Some(number.to_owned());
    }
}
