//! Ways in which the engine can be made wrong on purpose.

/// Deliberate faults for tests of the tests: each makes the engine wrong in one way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Flaw {
    /// None.
    #[default]
    None,
    /// Annulments count from the start in both views.
    AnnulmentIgnoresView,
    /// Annulments are not seen.
    NoAnnulment,
    /// A suspended provision is owed.
    NoSuspension,
    /// A suspension's kept rate is dropped.
    KeptRateDropped,
    /// A suspension that terminates resumes.
    NoTermination,
    /// Exceptions are not seen.
    NoException,
    /// The part that an exception spares is not taken off.
    NothingSpared,
    /// US content is not taken off.
    UsContentNotSpared,
    /// The general does not give way to the special.
    NoYielding,
    /// A suspended special still displaces the general.
    SuspendedSpecialDisplaces,
    /// Tiers are read from the last to the first.
    TiersSwapped,
    /// Stacking rules are not seen.
    NoStacking,
    /// `subject_to` looks at what is owed, not at what is live.
    SubjectToNeedsDuty,
    /// `owing` is satisfied at zero.
    OwingAtZero,
    /// Conditions after the first are not looked at.
    FirstConditionOnly,
    /// An assertion that was not made counts as made.
    AssertionAssumed,
    /// A duty in place of all leaves the others standing.
    InPlaceAdds,
    /// A prohibition is not seen.
    NoProhibition,
    /// A total is added in full, not topped up.
    TotalAdded,
    /// A total over general counts the special rate.
    TotalOverSpecial,
    /// A content rate is assessed on the whole value.
    ContentOnWhole,
    /// Cents are cut, not rounded.
    CentsCut,
    /// The value is not rounded to whole dollars.
    DollarsNotRounded,
    /// The cap on US content is not seen.
    UsCapIgnored,
    /// Moments at a boundary belong to the interval before it.
    EdgeLate,
    /// The governing date is always the entry date.
    EntryDateGoverns,
    /// Knowledge is a day late.
    KnowledgeLate,
    /// Of the rows of a list that cover a code, the shortest decides.
    ListShortestWins,
    /// A duty is reported under the heading of another country that is treated alike.
    CountriesMixedUp,
}

impl Flaw {
    /// Every fault.
    pub const ALL: [Self; 29] = [
        Self::AnnulmentIgnoresView,
        Self::NoAnnulment,
        Self::NoSuspension,
        Self::KeptRateDropped,
        Self::NoTermination,
        Self::NoException,
        Self::NothingSpared,
        Self::UsContentNotSpared,
        Self::NoYielding,
        Self::SuspendedSpecialDisplaces,
        Self::TiersSwapped,
        Self::NoStacking,
        Self::SubjectToNeedsDuty,
        Self::OwingAtZero,
        Self::FirstConditionOnly,
        Self::AssertionAssumed,
        Self::InPlaceAdds,
        Self::NoProhibition,
        Self::TotalAdded,
        Self::TotalOverSpecial,
        Self::ContentOnWhole,
        Self::CentsCut,
        Self::DollarsNotRounded,
        Self::UsCapIgnored,
        Self::EdgeLate,
        Self::EntryDateGoverns,
        Self::KnowledgeLate,
        Self::ListShortestWins,
        Self::CountriesMixedUp,
    ];
}
