//! Random ledgers.

use portolan_ledger::duty_rate::{Metal, Over};
use portolan_ledger::record::{
    ActId, Bound, ClaimId, Column, Condition, FamilyId, Governing, GoverningDate, GroupId, Ledger, ListId, Mode,
    OriginRef, Provision, Reference, Relation, Scope, Share, Spares, StackingKind, Term,
};
use portolan_ledger::time::Clock;
use portolan_ledger::{Cents, Day, DutyRate, Instant, Rate, Side, TariffCode, UnitPrice};

use super::Random;
use crate::base::{OrdinaryRate, OrdinaryRow, OrdinaryTable};
use crate::build::{self, Builder, CN, US, country};

/// A generated law.
#[derive(Clone, Debug)]
pub struct Generated {
    /// The ledger.
    pub ledger: Ledger,
    /// The ordinary duties, for the first side.
    pub base: OrdinaryTable,
}

/// The first day of the generated law, 2025-03-03, and how long it runs.
const FIRST: i32 = 20_150;
const DAYS: usize = 120;
/// Levels of programs: what stands on one can turn on what stands on a lower one.
const LEVELS: usize = 2;

/// The codes that lists and lines are about.
const CODES: [&str; 12] = [
    "9403.60.8081",
    "9403.60.8093",
    "9403.60.4000",
    "9403.20.0010",
    "7208.10.1500",
    "7208.10.3000",
    "7208.25.3000",
    "7601.10.3000",
    "8703.23.0110",
    "8703.23.0120",
    "9802.00.4040",
    "0101.21.0010",
];

const ORIGINS: [&str; 5] = ["CN", "VN", "DE", "CA", "RU"];

/// A ledger, from the state of the generator alone.
pub fn ledger(random: &mut Random) -> Generated {
    let Ok(mut maker) = Maker::new(random) else {
        return Generated { ledger: Ledger::default(), base: OrdinaryTable::default() };
    };
    let count = 2 + maker.random.below(5);
    for program in 0..count {
        maker.program(program);
    }
    maker.rules();
    let base = base(maker.random);
    Generated { ledger: maker.b.ledger, base }
}

/// A clock could not be made, which the two built sides never meet.
struct NoClock;

/// What a program may look at and be stacked with.
#[derive(Clone, Copy, Default)]
struct Plan {
    /// Programs of a higher level may turn on what stands in this one; rules join one level only.
    level: usize,
    /// Its rates are compared by a rule, so most are ad valorem.
    ranked: bool,
    side: Side0,
}

/// The side of a program; the first by default.
#[derive(Clone, Copy)]
struct Side0(Side);

impl Default for Side0 {
    fn default() -> Self {
        Self(US)
    }
}

struct Maker<'r> {
    random: &'r mut Random,
    b: Builder,
    clocks: [Clock; 2],
    acts: Vec<ActId>,
    claims: Vec<ClaimId>,
    groups: Vec<GroupId>,
    lists: Vec<ListId>,
    families: Vec<FamilyId>,
    plans: Vec<Plan>,
    in_place: bool,
}

impl<'r> Maker<'r> {
    fn new(random: &'r mut Random) -> Result<Self, NoClock> {
        let mut b = Builder::default();
        let clock = |side| b.ledger.clock(side).ok_or(NoClock);
        let clocks = [clock(US)?, clock(CN)?];
        let families = ["one", "two", "three"].map(|id| b.family(id, US)).to_vec();
        let mut claims = Vec::new();
        for (name, article) in [("part", true), ("engine", true), ("gift", false), ("aircraft", false)] {
            claims.push(b.claim(name, article));
        }
        let mut maker = Self {
            random,
            b,
            clocks,
            acts: Vec::new(),
            claims,
            groups: Vec::new(),
            lists: Vec::new(),
            families,
            plans: Vec::new(),
            in_place: false,
        };
        maker.registers();
        Ok(maker)
    }

    fn registers(&mut self) {
        // One act is known of old, so that most records are.
        self.acts.push(self.b.act(US, Day(FIRST - 400)));
        for _ in 0..7 {
            let issued = Day(self.day().0 - 20 + i32::try_from(self.random.below(30)).unwrap_or(0));
            let side = if self.random.chance(80) { US } else { CN };
            let act = self.b.act(side, issued);
            self.acts.push(act);
        }
        for name in ["friends", "others"] {
            let mut members = Vec::new();
            for _ in 0..=self.random.below(3) {
                let term = self.term(US);
                members.push(build::member(&self.random.some(&ORIGINS, 40), term));
            }
            let group = self.b.group(name, members);
            self.groups.push(group);
        }
        for _ in 0..3 + self.random.below(3) {
            let list = self.list();
            self.lists.push(list);
        }
        for (types, date) in [
            (vec!["06"], GoverningDate::FtzStatusDate),
            (vec!["21", "22"], GoverningDate::WithdrawalDate),
            (Vec::new(), GoverningDate::ItDate),
        ] {
            let act = self.act();
            self.b.ledger.jurisdictions[0].governing.push(Governing {
                entry_types: types.into_iter().map(str::to_owned).collect(),
                date,
                rule: String::new(),
                act,
            });
        }
    }

    fn act(&mut self) -> ActId {
        if self.random.chance(45) { ActId(0) } else { self.random.pick(&self.acts).copied().unwrap_or(ActId(0)) }
    }

    /// A day on a coarse grid, so that records meet.
    fn day(&mut self) -> Day {
        let steps = self.random.below(DAYS / 10);
        Day(FIRST + i32::try_from(steps * 10).unwrap_or(0))
    }

    /// A moment: most often the start of a tariff day.
    fn moment(&mut self, side: Side) -> Instant {
        let day = self.day();
        let clock = &self.clocks[usize::from(side.0).min(1)];
        let (start, end) = (clock.day_start(day), clock.day_end(day));
        match self.random.below(10) {
            0 => Instant(start.0 + 43_140),
            1 => Instant(end.0),
            _ => start,
        }
    }

    /// The start of records that have always been.
    fn of_old(&self) -> Instant {
        self.clocks[0].day_start(Day(FIRST - 400))
    }

    fn term(&mut self, side: Side) -> Term {
        let from = if self.random.chance(60) { self.of_old() } else { self.moment(side) };
        let until = self.moment(side);
        let until = (self.random.chance(30) && until > from).then_some(until);
        let act = self.act();
        self.b.term(from, until, act)
    }

    /// One term, or one that a later act states again.
    fn terms(&mut self, side: Side) -> Vec<Term> {
        let first = self.term(side);
        let mut terms = vec![first];
        if self.random.chance(30) {
            let until = self.moment(side);
            let act = self.act();
            let until = (self.random.chance(70) && until > first.from).then_some(until);
            terms.push(self.b.term(first.from, until, act));
        }
        terms
    }

    fn code(&mut self, digits: &[u8]) -> TariffCode {
        let text = self.random.pick(&CODES).copied().unwrap_or("01");
        let code: TariffCode = text.parse().unwrap_or(TariffCode::from_padded(0, 2));
        code.prefix(self.random.pick(digits).copied().unwrap_or(10))
    }

    fn list(&mut self) -> ListId {
        let mut rows = Vec::new();
        for _ in 0..=self.random.below(5) {
            let code = self.code(&[2, 4, 4, 6, 8, 8, 10]);
            let mut except = Vec::new();
            if self.random.chance(35) {
                let out = self.code(&[4, 6, 8, 10]);
                if code.covers(out) && code != out {
                    except.push(out);
                }
            }
            for term in self.terms(US) {
                rows.push(build::row(code, term, except.clone()));
            }
        }
        self.b.list(rows)
    }

    fn origins(&mut self) -> Vec<OriginRef> {
        match self.random.below(10) {
            0..=4 => vec![OriginRef::Any],
            5..=6 => self.groups.first().map(|g| OriginRef::Group(*g)).into_iter().collect(),
            _ => {
                let some = self.random.some(&ORIGINS, 50);
                some.into_iter().map(|o| OriginRef::Country(country(o))).collect()
            }
        }
    }

    fn scope(&mut self, everywhere: usize) -> Scope {
        let mut scope = build::everywhere();
        if self.random.chance(everywhere) {
            return scope;
        }
        scope.origin = self.origins();
        if self.random.chance(20) {
            scope.origin_except = self.groups.last().map(|g| OriginRef::Group(*g)).into_iter().collect();
        }
        let lists = self.lists.clone();
        if self.random.chance(60) {
            scope.products = self.random.some(&lists, 30);
        }
        if self.random.chance(15) {
            scope.products_except = self.random.some(&lists, 20);
        }
        scope
    }

    fn percent(&mut self) -> Rate {
        // 7.5, 10, 25, ... and one that does not end in cents.
        let rates = [75, 100, 150, 200, 250, 333, 500, 1250];
        Rate(self.random.pick(&rates).copied().unwrap_or(100) * 1_000_000)
    }

    fn metal(&mut self) -> Metal {
        self.random.pick(&Metal::ALL).copied().unwrap_or(Metal::Steel)
    }

    fn price(&mut self) -> UnitPrice {
        let prices = [125_000_000, 2_000_000_000, 21_000_000_000];
        UnitPrice(self.random.pick(&prices).copied().unwrap_or(1))
    }

    fn rate(&mut self, plan: Plan) -> DutyRate {
        let percent = self.percent();
        let most = if plan.ranked { 66 } else { 88 };
        match self.random.below(most) {
            0..=37 | 84 => DutyRate::Add(percent),
            38..=46 => DutyRate::Add(Rate::ZERO),
            47..=59 => DutyRate::OfMetal(percent, self.metal()),
            60..=62 => DutyRate::OfNonUs(percent, None),
            63..=65 => DutyRate::OfNonUs(percent, Some(Rate::percent(40))),
            66..=71 => DutyRate::Total(percent, Over::Ordinary),
            72..=76 => DutyRate::Total(percent, Over::General),
            77..=79 => DutyRate::Specific(Rate::ZERO, self.price(), "kg".to_owned()),
            80..=82 => DutyRate::Specific(percent, self.price(), "kg".to_owned()),
            83 => DutyRate::Unknown,
            85 => DutyRate::InPlaceOfOrdinary(percent),
            _ => DutyRate::Ended,
        }
    }

    fn bound(&mut self) -> Bound {
        let at = self.moment(US);
        if self.random.chance(50) { Bound::Before(at) } else { Bound::From(at) }
    }

    /// A condition on the line alone.
    fn condition(&mut self) -> Condition {
        let at_least = self.random.chance(50);
        let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        match self.random.below(24) {
            0 | 1 => Condition::Loaded(self.bound()),
            2 => Condition::Exported(self.bound()),
            3 => Condition::Imported(self.bound()),
            4 => Condition::Entered(self.bound()),
            5 | 6 => Condition::Mode(self.random.some(&[Mode::Vessel, Mode::Air], 50)),
            7 => Condition::EntryType(texts(&["01", "06"])),
            8 => Condition::ValueAtMost(Cents(80_000)),
            9 => Condition::UnitPrice { at_least, price: UnitPrice(21_000_000_000), unit: "kg".to_owned() },
            10 => Condition::Column(self.random.some(&[Column::General, Column::Special, Column::Two], 50)),
            11 => Condition::Spi(texts(&["S", "S+"])),
            12..=14 => Condition::Claim {
                claim: self.random.pick(&self.claims).copied().unwrap_or(ClaimId(0)),
                yes: self.random.chance(70),
            },
            15 => Condition::Share { of: Share::MetalWeight, at_least, pct: Rate::percent(15) },
            16 => Condition::Share {
                of: Share::Metal(self.metal()),
                at_least: true,
                pct: Rate(*self.random.pick(&[1, 500_000_000]).unwrap_or(&1)),
            },
            17 => Condition::Share { of: Share::UsContent, at_least: true, pct: Rate::percent(20) },
            18 => Condition::Share { of: Share::UsMetal, at_least: true, pct: Rate::percent(95) },
            19 => Condition::Melted { countries: self.origins(), at_least: at_least.then_some(Rate::percent(95)) },
            20 => Condition::Smelted { countries: self.origins(), all: at_least },
            21 => Condition::Base { general: self.random.chance(50), at_least, rate: Rate::percent(15) },
            22 => Condition::Chapter98(if at_least { Vec::new() } else { texts(&["980200"]) }),
            _ => Condition::ExportedFrom(self.origins()),
        }
    }

    /// A condition on an earlier program: on what stands there only where it lies on a lower level.
    fn looks(&mut self, program: usize) -> Option<Condition> {
        let own = self.plans.get(program)?.level;
        let lower: Vec<usize> = (0..program).filter(|p| self.plans[*p].level < own).collect();
        let earlier: Vec<usize> = (0..program).filter(|p| self.plans[*p].level <= own).collect();
        let owing = self.random.chance(35);
        let target = *self.random.pick(if owing { &lower } else { &earlier })?;
        let relation = match (owing, self.random.chance(50)) {
            (true, _) => Relation::Owing,
            (false, true) => Relation::SubjectTo,
            (false, false) => Relation::NotSubjectTo,
        };
        let of = vec![self.reference(target)];
        Some(Condition::Provisions { relation, of })
    }

    /// A reference into a program: all of it, some by their ids or headings.
    fn reference(&mut self, program: usize) -> Reference {
        let id = format!("p{program}");
        match self.random.below(6) {
            0 | 1 => build::of(&id, "*"),
            2 => build::of(&id, "special-*"),
            3 => build::of(&id, &format!("@9903.{program:02}.0*")),
            4 => build::of(&id, &format!("@9903.{program:02}.9*")),
            _ => build::of(&id, "*1"),
        }
    }

    fn conditions(&mut self, program: usize, percent: usize) -> Vec<Condition> {
        let mut conditions = Vec::new();
        while conditions.len() < 3 && self.random.chance(percent) {
            conditions.push(self.condition());
        }
        if self.random.chance(20) {
            conditions.extend(self.looks(program));
        }
        conditions
    }

    fn program(&mut self, index: usize) {
        let side = if index > 1 && self.random.chance(12) { CN } else { US };
        let plan = Plan { level: self.random.below(LEVELS), ranked: self.random.chance(60), side: Side0(side) };
        self.plans.push(plan);
        let family = self.random.pick(&self.families).copied().unwrap_or(FamilyId(0));
        let checked = if self.random.chance(25) { self.day() } else { Day(FIRST + 4_000) };
        let program = self.b.program(&format!("p{index}"), side, family, checked);
        let count = 1 + self.random.below(4);
        for number in 0..count {
            let record = self.provision(index, number, plan);
            self.b.ledger.programs[program].provisions.push(record);
        }
        let mut random = self.random.apart();
        if random.chance(25) {
            self.other_country(program, &mut random);
        }
        self.suspensions(program, plan);
        self.exceptions(program, plan);
        if self.random.chance(15) {
            let (term, ceased) = (self.term(side), self.moment(side));
            let of = vec![if self.random.chance(60) { build::own("*") } else { build::own("*1") }];
            self.b.ledger.programs[program].annulments.push(build::annulment(of, term, ceased));
        }
        if self.random.chance(8) {
            let (when, terms) = (self.conditions(index, 60), self.terms(side));
            let mut ban = build::prohibition("ban", when, terms);
            ban.scope = self.scope(0);
            self.b.ledger.programs[program].prohibitions.push(ban);
        }
    }

    /// Specials come first; a general one yields to them or adds to them, so that all of a program are related.
    fn provision(&mut self, program: usize, number: usize, plan: Plan) -> Provision {
        let kind = if number == 0 { "special" } else { "general" };
        let id = format!("{kind}-{number}");
        let mut record = build::provision(&id, &format!("9903.{program:02}.{number:02}"));
        record.place = self.b.place();
        record.scope = self.scope(45);
        for earlier in 0..number {
            let name = if earlier == 0 { "special-*" } else { "general-*" };
            let exact = format!("{}{earlier}", name.trim_end_matches('*'));
            if self.random.chance(50) {
                // A glob over generals would name the record itself.
                let glob = earlier == 0 && self.random.chance(50);
                record.yields_to.push(build::own(if glob { name } else { &exact }));
            } else {
                record.adds_to.push(build::own(&exact));
            }
        }
        if program > 0 && self.random.chance(8) {
            let target = self.random.below(program);
            if self.plans[target].level <= plan.level {
                record.yields_to.push(self.reference(target));
            }
        }
        record.when = self.conditions(program, 30);
        record.rates = self.rates(plan);
        let first = program == 0 && number == 0 && plan.level == 0 && !plan.ranked;
        if first && self.random.chance(50) && record.yields_to.is_empty() {
            self.in_place = true;
            if let Some(rate) = record.rates.first_mut() {
                rate.rate = if self.random.chance(50) {
                    DutyRate::InPlaceOfAll(Rate::percent(120))
                } else {
                    DutyRate::InPlaceOfAllEach(UnitPrice(200_000_000_000), "No.".to_owned())
                };
            }
        }
        record
    }

    /// Parts the last provision of a program in two that differ in nothing but their countries and their names: both are
    /// named by the same references.
    fn other_country(&mut self, program: usize, random: &mut Random) {
        let from = random.below(ORIGINS.len());
        let to = (from + 1 + random.below(ORIGINS.len() - 1)) % ORIGINS.len();
        let place = self.b.place();
        let provisions = &mut self.b.ledger.programs[program].provisions;
        let Some(last) = provisions.last_mut() else { return };
        let of = |at: usize| vec![OriginRef::Country(country(ORIGINS[at]))];
        last.scope.origin = of(from);
        let mut other = last.clone();
        let number = other.id.pop().and_then(|digit| digit.to_digit(10)).unwrap_or(0);
        other.id.push_str(&number.to_string().repeat(2));
        other.heading.pop();
        other.heading.push_str(&(number + 5).to_string());
        other.place = place;
        other.scope.origin = of(to);
        provisions.push(other);
    }

    fn rates(&mut self, plan: Plan) -> Vec<portolan_ledger::record::RateRecord> {
        let side = plan.side.0;
        let mut records = Vec::new();
        for step in 0..=self.random.below(3) {
            let mut term = self.term(side);
            if step == 0 && self.random.chance(70) {
                term.from = self.of_old();
                term.until = None;
            }
            if let Some(earlier) = self.random.pick(&records).cloned() {
                let earlier: portolan_ledger::record::RateRecord = earlier;
                if self.random.chance(35) {
                    // Stated again.
                    term.from = earlier.term.from;
                    term.until = term.until.filter(|until| *until > term.from);
                }
            }
            let rate = self.rate(plan);
            let mut record = self.b.rate(rate, term.from, term.until, term.act);
            record.patch = step > 0 && self.random.chance(10);
            records.push(record);
        }
        records
    }

    fn suspensions(&mut self, program: usize, plan: Plan) {
        for number in 0..2 {
            if self.random.chance(if number == 0 { 35 } else { 12 }) {
                self.suspension(program, plan, number);
            }
        }
    }

    fn suspension(&mut self, program: usize, plan: Plan, number: usize) {
        let side = plan.side.0;
        let mut moments: Vec<Instant> = (0..6).map(|_| self.moment(side)).collect();
        moments.sort_unstable();
        moments.dedup();
        let mut terms = Vec::new();
        for pair in moments.chunks_exact(2).take(1 + self.random.below(3)) {
            let act = self.act();
            terms.push(self.b.term(pair[0], Some(pair[1]), act));
            if self.random.chance(30) {
                let act = self.act();
                let end = Instant(pair[1].0 - (pair[1].0 - pair[0].0) / 2);
                terms.push(self.b.term(pair[0], Some(end), act));
            }
        }
        if terms.is_empty() {
            return;
        }
        let keeps = self.random.chance(40).then(|| self.percent()).map(DutyRate::Add);
        let of = vec![if self.random.chance(50) { build::own("*") } else { build::own("general-*") }];
        let mut record = build::suspension(&format!("truce-{number}"), of, keeps, terms);
        record.resumes = self.random.chance(70);
        record.patch = number > 0 && self.random.chance(30);
        record.place = self.b.place();
        self.b.ledger.programs[program].suspensions.push(record);
    }

    fn exceptions(&mut self, program: usize, plan: Plan) {
        for number in 0..self.random.below(4) {
            let heading = format!("9903.{program:02}.9{number}");
            let heading = self.random.chance(75).then_some(heading);
            let terms = self.terms(plan.side.0);
            let of = match self.random.below(4) {
                0 => build::own("special-*"),
                1 => build::own("*1"),
                _ => build::own("*"),
            };
            let id = format!("except-{number}");
            let mut record = build::exception(&id, heading.as_deref(), vec![of], terms);
            record.place = self.b.place();
            if self.random.chance(50) {
                record.scope = self.scope(20);
            }
            record.when = self.conditions(program, 50);
            record.spares = self.spares(program);
            if record.spares.is_none() && record.when.is_empty() && record.scope.products.is_empty() {
                record.when.push(self.condition());
            }
            self.b.ledger.programs[program].exceptions.push(record);
        }
    }

    fn spares(&mut self, program: usize) -> Option<Spares> {
        let own = self.plans.get(program)?.level;
        let lower: Vec<usize> = (0..program).filter(|p| self.plans[*p].level < own).collect();
        match self.random.below(10) {
            0..=3 => {
                let target = *self.random.pick(&lower)?;
                Some(Spares::AssessedBy(vec![self.reference(target)]))
            }
            4 => Some(Spares::UsContent),
            5 => Some(Spares::OutsideProcessing),
            _ => None,
        }
    }

    /// Rules join programs of one level; those that compare duties join ranked programs, and now and then others.
    fn rules(&mut self) {
        for level in 0..LEVELS {
            if !self.random.chance(85) {
                continue;
            }
            let kinds = [StackingKind::FirstOnly, StackingKind::HighestOnly, StackingKind::LowestOnly];
            let kind = self.random.pick(&kinds).copied().unwrap_or(StackingKind::FirstOnly);
            let mixed = self.random.chance(25);
            let fits = |plan: &Plan| plan.level == level && (kind == StackingKind::FirstOnly || mixed || plan.ranked);
            let joined: Vec<usize> = (0..self.plans.len()).filter(|p| fits(&self.plans[*p])).collect();
            if joined.len() < 2 {
                continue;
            }
            let mut orders = Vec::new();
            for _ in 0..=self.random.below(2) {
                let mut tiers: Vec<Vec<Reference>> = Vec::new();
                for &program in &joined {
                    let reference = if self.random.chance(70) {
                        build::of(&format!("p{program}"), "*")
                    } else {
                        build::of(&format!("p{program}"), "general-*")
                    };
                    let at = self.random.below(tiers.len() + 1);
                    if self.random.chance(30) && at < tiers.len() {
                        tiers[at].push(reference);
                    } else {
                        tiers.insert(at, vec![reference]);
                    }
                }
                let term = self.term(US);
                orders.push(build::order(term, tiers));
            }
            self.b.rule(kind, US, orders);
        }
    }
}

/// Ordinary duties: a row for each chapter, one for a heading.
fn base(random: &mut Random) -> OrdinaryTable {
    let mut rows = Vec::new();
    for chapter in ["94", "72", "76", "87", "98", "01", "9403.60"] {
        let Ok(code) = chapter.parse() else { continue };
        rows.push(OrdinaryRow {
            code,
            general: ordinary(random),
            special: vec![("S".to_owned(), OrdinaryRate::AdValorem(Rate::ZERO))],
            two: OrdinaryRate::AdValorem(Rate::percent(35)),
        });
    }
    let mut numbers = Vec::new();
    if random.chance(50) {
        for text in ["9403.60.8081", "9403.60.8089", "9403.60.8093"] {
            numbers.extend(text.parse::<TariffCode>());
        }
    }
    OrdinaryTable { rows, column_two: vec![country("RU")], numbers }
}

fn ordinary(random: &mut Random) -> OrdinaryRate {
    let kg = || "kg".to_owned();
    match random.below(20) {
        0 => OrdinaryRate::Specific(UnitPrice(44_000_000), kg()),
        1 => OrdinaryRate::Compound(Rate::percent(4), UnitPrice(12_000_000), kg()),
        2 => OrdinaryRate::Unknown("a note of the schedule sets the rate".to_owned()),
        3..=8 => OrdinaryRate::AdValorem(Rate::ZERO),
        9..=12 => OrdinaryRate::AdValorem(Rate(25_000_000)),
        13..=16 => OrdinaryRate::AdValorem(Rate::percent(5)),
        17 | 18 => OrdinaryRate::AdValorem(Rate::percent(15)),
        _ => OrdinaryRate::AdValorem(Rate::percent(20)),
    }
}
