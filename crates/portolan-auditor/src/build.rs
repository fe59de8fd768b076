//! Building a ledger record by record, without its text: for generated ledgers and for tests.

use portolan_ledger::code::TariffCode;
use portolan_ledger::line::EntryLine;
use portolan_ledger::line::When;
use portolan_ledger::record::{
    Act, ActId, Annulment, Claim, ClaimId, Condition, Exception, Family, FamilyId, Group, GroupId, GroupMember,
    Jurisdiction, Ledger, List, ListId, ListRow, Named, Origin, OriginRef, Place, Program, Prohibition, Provision,
    RateRecord, Reference, Scope, Seen, StackingKind, StackingOrder, StackingRule, Suspension, Term,
};
use portolan_ledger::{Day, DutyRate, Instant, Side};

/// The first of two sides of a built ledger: its days start at 00:01 in New York, values are whole dollars.
pub const US: Side = Side(0);
/// The second: its days start at midnight in Shanghai, values are as stated.
pub const CN: Side = Side(1);

/// A ledger that is being built.
///
/// Every record gets the next line of one file, so that "later in the file" is what was added later.
#[derive(Clone, Debug)]
pub struct Builder {
    /// What was built so far.
    pub ledger: Ledger,
    line: u32,
}

impl Default for Builder {
    fn default() -> Self {
        let side = |name: &str, zone: &str, day_starts, value_grain| Jurisdiction {
            name: name.to_owned(),
            time_zone: zone.to_owned(),
            day_starts,
            value_grain,
            governing: Vec::new(),
        };
        let ledger = Ledger {
            files: vec!["built".to_owned()],
            jurisdictions: vec![side("US", "America/New_York", 60, 100), side("CN", "Asia/Shanghai", 0, 1)],
            version: "built".to_owned(),
            ..Ledger::default()
        };
        Self { ledger, line: 0 }
    }
}

/// An index as the ledger's own small types hold it; more than they hold is cut, and no built ledger is so large.
fn small(index: usize) -> u16 {
    u16::try_from(index).unwrap_or(u16::MAX)
}

impl Builder {
    /// The next place.
    pub fn place(&mut self) -> Place {
        self.line += 1;
        Place { file: 0, line: self.line }
    }

    /// An act, by the day on which it was issued.
    pub fn act(&mut self, side: Side, issued: Day) -> ActId {
        let id = ActId(small(self.ledger.acts.len()));
        let place = self.place();
        self.ledger.acts.push(Act {
            id: format!("act-{}", id.0),
            side,
            title: String::new(),
            kind: "notice".to_owned(),
            issued,
            cite: "none".to_owned(),
            url: None,
            seen: Seen::Unchecked,
            note: None,
            place,
        });
        id
    }

    /// A term.
    pub fn term(&mut self, from: Instant, until: Option<Instant>, act: ActId) -> Term {
        let place = self.place();
        Term { from, until, act, place }
    }

    /// A family of a side.
    pub fn family(&mut self, id: &str, levied_by: Side) -> FamilyId {
        let family = FamilyId(u8::try_from(self.ledger.families.len()).unwrap_or(u8::MAX));
        let place = self.place();
        self.ledger.families.push(Family { id: id.to_owned(), title: String::new(), levied_by, place });
        family
    }

    /// A claim: of an article, or else of a benefit.
    pub fn claim(&mut self, name: &str, article: bool) -> ClaimId {
        let id = ClaimId(small(self.ledger.claims.len()));
        let place = self.place();
        self.ledger.claims.push(Claim {
            name: name.to_owned(),
            article,
            question: String::new(),
            leads_to: Vec::new(),
            note: None,
            place,
        });
        id
    }

    /// A group of origins.
    pub fn group(&mut self, name: &str, members: Vec<GroupMember>) -> GroupId {
        let id = GroupId(small(self.ledger.groups.len()));
        let place = self.place();
        self.ledger.groups.push(Group { name: name.to_owned(), title: String::new(), members, place });
        id
    }

    /// A product list; rows are put in the order of their codes.
    pub fn list(&mut self, mut rows: Vec<ListRow>) -> ListId {
        let id = ListId(small(self.ledger.lists.len()));
        rows.sort_by_key(|row| row.code);
        self.ledger.lists.push(List { path: format!("lists/{}.csv", id.0), rows });
        id
    }

    /// A program without records; its index.
    pub fn program(&mut self, id: &str, levied_by: Side, family: FamilyId, checked: Day) -> usize {
        let place = self.place();
        self.ledger.programs.push(Program {
            id: id.to_owned(),
            title: String::new(),
            levied_by,
            authority: String::new(),
            family,
            drawback: false,
            checked_through: checked,
            checked_against: String::new(),
            answers: Vec::new(),
            note: None,
            provisions: Vec::new(),
            suspensions: Vec::new(),
            exceptions: Vec::new(),
            prohibitions: Vec::new(),
            annulments: Vec::new(),
            place,
        });
        self.ledger.programs.len() - 1
    }

    /// A rate record of the law.
    pub fn rate(&mut self, rate: DutyRate, from: Instant, until: Option<Instant>, act: ActId) -> RateRecord {
        RateRecord { rate, term: self.term(from, until, act), patch: false, note: None }
    }

    /// A rule between programs.
    pub fn rule(&mut self, kind: StackingKind, levied_by: Side, orders: Vec<StackingOrder>) {
        let place = self.place();
        self.ledger.rules.push(StackingRule {
            id: format!("rule-{}", self.ledger.rules.len()),
            levied_by,
            kind,
            orders,
            note: None,
            place,
        });
    }
}

/// A provision for every origin and all goods, without a rate yet.
pub fn provision(id: &str, heading: &str) -> Provision {
    Provision {
        id: id.to_owned(),
        heading: heading.to_owned(),
        label: String::new(),
        scope: everywhere(),
        yields_to: Vec::new(),
        adds_to: Vec::new(),
        when: Vec::new(),
        rates: Vec::new(),
        note: None,
        place: Place::default(),
    }
}

/// An exception from provisions, for whatever origin and goods.
pub fn exception(id: &str, heading: Option<&str>, of: Vec<Reference>, terms: Vec<Term>) -> Exception {
    Exception {
        id: id.to_owned(),
        heading: heading.map(str::to_owned),
        label: None,
        of,
        scope: Scope::default(),
        when: Vec::new(),
        spares: None,
        terms,
        note: None,
        place: Place::default(),
    }
}

/// A suspension.
pub fn suspension(id: &str, of: Vec<Reference>, keeps: Option<DutyRate>, terms: Vec<Term>) -> Suspension {
    let (id, place) = (id.to_owned(), Place::default());
    Suspension { id, title: None, of, keeps, resumes: true, terms, patch: false, note: None, place }
}

/// A prohibition for every origin and all goods.
pub fn prohibition(id: &str, when: Vec<Condition>, terms: Vec<Term>) -> Prohibition {
    Prohibition {
        id: id.to_owned(),
        label: String::new(),
        scope: everywhere(),
        when,
        terms,
        note: None,
        place: Place::default(),
    }
}

/// A judgment.
pub fn annulment(of: Vec<Reference>, term: Term, ceased: Instant) -> Annulment {
    Annulment { of, term, ceased, note: None }
}

/// Every origin, all goods.
pub fn everywhere() -> Scope {
    Scope { origin: vec![OriginRef::Any], ..Scope::default() }
}

/// A reference to a provision of the same program, by a pattern of ids.
pub fn own(id: &str) -> Reference {
    Reference { program: None, what: Named::Id(id.to_owned()) }
}

/// A reference to provisions of programs: `*` names all.
pub fn of(program: &str, id: &str) -> Reference {
    let what = match (id.strip_prefix('@'), id) {
        (Some(heading), _) => Named::Heading(heading.to_owned()),
        (None, "*") => Named::All,
        (None, id) => Named::Id(id.to_owned()),
    };
    Reference { program: Some(program.to_owned()), what }
}

/// A country by its two letters; `XX` where they are none.
pub fn country(text: &str) -> Origin {
    Origin::parse(text.as_bytes()).unwrap_or(Origin(*b"XX"))
}

/// A line with nothing stated but what every line needs; known on the day of entry.
pub fn line(side: Side, code: TariffCode, origin: &str, entry: When, known: Day) -> EntryLine {
    EntryLine::new(side, code, country(origin), entry, known)
}

/// A row of a list.
pub fn row(code: TariffCode, term: Term, except: Vec<TariffCode>) -> ListRow {
    ListRow { code, term, except }
}

/// Countries that belong to a group for a time.
pub fn member(origins: &[&str], term: Term) -> GroupMember {
    GroupMember { origins: origins.iter().map(|o| country(o)).collect(), term }
}

/// The tiers of a rule for a time.
pub fn order(term: Term, tiers: Vec<Vec<Reference>>) -> StackingOrder {
    StackingOrder { term, tiers }
}
