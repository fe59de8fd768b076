//! An entry line: what a filer states about goods. Names and meanings are those of the entry-line interface.

use serde::{Deserialize, Serialize};

use crate::code::TariffCode;
use crate::number::{Cents, Quantity, Rate};
use crate::record::{ClaimId, Mode, Origin};
use crate::time::{Clock, Day, Instant, Side};

/// A date as stated: a whole tariff day, or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum When {
    /// A bare date: every moment of that tariff day.
    Day(Day),
    /// A date-time with its offset.
    At(Instant),
}

impl When {
    /// The moments meant: from the first, up to but not including the second.
    pub fn span(self, clock: &Clock) -> (Instant, Instant) {
        match self {
            Self::Day(day) => (clock.day_start(day), clock.day_end(day)),
            Self::At(at) => (at, Instant(at.0.saturating_add(1))),
        }
    }

    /// The local calendar day.
    pub fn day(self, clock: &Clock) -> Day {
        match self {
            Self::Day(day) => day,
            Self::At(at) => clock.day_of(at),
        }
    }
}

/// Which answer is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum View {
    /// What was to be deposited with the law known at entry.
    #[default]
    Assessed,
    /// What is owed with everything known on the known date.
    Owed,
}

/// What was said of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClaimStated {
    /// Which claim.
    pub claim: ClaimId,
    /// It holds; else `no:NAME`, it was considered and does not.
    pub yes: bool,
}

/// A quantity with its unit as stated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatedQuantity {
    /// How much.
    pub quantity: Quantity,
    /// In which unit.
    pub unit: String,
}

/// One entry line. `None` and empty mean *not stated*, which is neither zero nor no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLine {
    /// Whose schedule and measures: the side that levies.
    pub side: Side,
    /// Tariff code, 8 or 10 digits.
    pub code: TariffCode,
    /// Country of origin.
    pub origin: Origin,
    /// Country of export.
    pub export_country: Option<Origin>,
    /// Entry type code, two characters; `01` where not stated.
    pub entry_type: [u8; 2],
    /// Entry date.
    pub entry_date: When,
    /// The law as it could be known at the end of that day.
    pub known_date: Day,
    /// Which answer.
    pub view: View,
    /// Loaded on the vessel, or in transit on the final mode.
    pub loading_date: Option<When>,
    /// Exported.
    pub export_date: Option<When>,
    /// Imported.
    pub import_date: Option<When>,
    /// Immediate transportation entry accepted.
    pub it_date: Option<When>,
    /// Withdrawn from warehouse.
    pub withdrawal_date: Option<When>,
    /// Privileged foreign status filed.
    pub ftz_status_date: Option<When>,
    /// How it came.
    pub mode: Option<Mode>,
    /// Entered value, in cents as stated.
    pub value: Option<Cents>,
    /// Quantities, the first stated first.
    pub quantities: Vec<StatedQuantity>,
    /// The ordinary rate, where the ledger has no schedule for the side.
    pub mfn_pct: Option<Rate>,
    /// Special program claimed, in capitals.
    pub spi: Option<String>,
    /// Steel's share of the value.
    pub steel_pct: Option<Rate>,
    /// Aluminum's share of the value.
    pub aluminum_pct: Option<Rate>,
    /// Copper's share of the value.
    pub copper_pct: Option<Rate>,
    /// The metals' share of the weight.
    pub metal_weight_pct: Option<Rate>,
    /// US content's share of the value.
    pub us_content_pct: Option<Rate>,
    /// Share of the metal made in the US.
    pub us_metal_pct: Option<Rate>,
    /// Where the steel was melted and poured.
    pub melt_country: Option<Origin>,
    /// What share of it.
    pub melt_pct: Option<Rate>,
    /// Where the aluminum was smelted; empty means not stated.
    pub smelt_countries: Vec<Origin>,
    /// Where it was cast.
    pub cast_country: Option<Origin>,
    /// What is claimed or denied.
    pub claims: Vec<ClaimStated>,
    /// Chapter 98 number claimed, digits with dots.
    pub ch98_number: Option<String>,
    /// Value of the processing abroad, in cents.
    pub processing_value: Option<Cents>,
}

impl EntryLine {
    /// A line with nothing stated but what every line needs.
    pub fn new(side: Side, code: TariffCode, origin: Origin, entry_date: When, known_date: Day) -> Self {
        Self {
            side,
            code,
            origin,
            export_country: None,
            entry_type: *b"01",
            entry_date,
            known_date,
            view: View::Assessed,
            loading_date: None,
            export_date: None,
            import_date: None,
            it_date: None,
            withdrawal_date: None,
            ftz_status_date: None,
            mode: None,
            value: None,
            quantities: Vec::new(),
            mfn_pct: None,
            spi: None,
            steel_pct: None,
            aluminum_pct: None,
            copper_pct: None,
            metal_weight_pct: None,
            us_content_pct: None,
            us_metal_pct: None,
            melt_country: None,
            melt_pct: None,
            smelt_countries: Vec::new(),
            cast_country: None,
            claims: Vec::new(),
            ch98_number: None,
            processing_value: None,
        }
    }

    /// What was said of a claim: yes, no, or nothing.
    pub fn claim(&self, claim: ClaimId) -> Option<bool> {
        self.claims.iter().find(|stated| stated.claim == claim).map(|stated| stated.yes)
    }
}

/// Status of a layer of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is owed.
    Applied,
    /// An exemption applies.
    Exempt,
    /// Another provision takes its place.
    Displaced,
    /// A truce or pause lies over it.
    Suspended,
    /// No rate is in force, or its terms do not describe the line.
    NotInForce,
    /// It would need an assertion that was not made.
    NotClaimed,
    /// A fact that was not stated decides.
    NeedsInput,
    /// A court annulled it.
    Annulled,
    /// The law forbids the entry.
    Prohibited,
    /// Past the day through which the program was checked; counted.
    BeyondHorizon,
}

impl Status {
    /// The word of the `status` column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Exempt => "exempt",
            Self::Displaced => "displaced",
            Self::Suspended => "suspended",
            Self::NotInForce => "not_in_force",
            Self::NotClaimed => "not_claimed",
            Self::NeedsInput => "needs_input",
            Self::Annulled => "annulled",
            Self::Prohibited => "prohibited",
            Self::BeyondHorizon => "beyond_horizon",
        }
    }
}
