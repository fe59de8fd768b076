//! Program files: headers, provisions, suspensions, exceptions, prohibitions, annulments.

use toml::Spanned;

use super::{At, Reader, day, is_toml, raw};
use crate::diagnostic::{Code, Span};
use crate::duty_rate::DutyRate;
use crate::record::{
    Annulment, Exception, ListId, Named, Program, Prohibition, Provision, RateRecord, Reference, Scope, Spares,
    Suspension, Term,
};

/// Reads a reference. Where `whole_programs` holds, a text without `/` names a program; else it does so only when it
/// has a dot, as ids of programs have and ids of provisions do not.
pub(crate) fn reference(text: &str, whole_programs: bool) -> Reference {
    let named = |what: &str| match what.strip_prefix('@') {
        Some(heading) => Named::Heading(heading.to_owned()),
        None => Named::Id(what.to_owned()),
    };
    match text.split_once('/') {
        Some((program, what)) => Reference { program: Some(program.to_owned()), what: named(what) },
        None if text.starts_with('@') => Reference { program: None, what: named(text) },
        None if whole_programs || text.contains('.') => Reference { program: Some(text.to_owned()), what: Named::All },
        None => Reference { program: None, what: named(text) },
    }
}

fn references(texts: Option<&raw::Texts>) -> Vec<Reference> {
    texts.map_or(Vec::new(), |texts| texts.get_ref().0.iter().map(|text| reference(text, false)).collect())
}

impl Reader {
    pub(super) fn programs(&mut self) {
        let sides: Vec<String> =
            self.ledger.jurisdictions.iter().map(|j| format!("{}/", j.name.to_ascii_lowercase())).collect();
        let is_program = |path: &str| {
            is_toml(path)
                && sides.iter().any(|side| path.strip_prefix(side.as_str()).is_some_and(|rest| !rest.contains('/')))
        };
        for (file, path) in self.files_in(is_program) {
            let Some(raw) = self.parse::<raw::Program>(file) else { continue };
            let folder = path.rfind('/').map_or("", |at| &path[..=at]);
            self.program(file, folder, raw);
        }
    }

    fn program(&mut self, file: u16, folder: &str, raw: raw::Program) {
        let Some(side) = self.side(file, &raw.levied_by) else { return };
        let at = At { file, side };
        let id = raw.id.get_ref().clone();
        if self.ledger.programs.iter().any(|program| program.id == id) {
            self.fault(Code::DuplicateId, Some(at.span(&raw.id.span())), format!("the program `{id}` stands twice"));
        }
        let family = self.families.get(raw.family.get_ref()).copied();
        if family.is_none() {
            self.fault(
                Code::UnknownFamily,
                Some(at.span(&raw.family.span())),
                format!("`{}` is not a declared family", raw.family.get_ref()),
            );
        }
        let through = day(&raw.checked.through);
        if through.is_none() {
            self.fault(Code::BadDate, Some(at.span(&raw.id.span())), "`checked.through` is not a day of the calendar");
        }
        let (Some(family), Some(checked_through)) = (family, through) else { return };
        let place = self.place(at, &raw.id);
        let provisions = raw.provision.into_iter().filter_map(|p| self.provision(at, folder, p)).collect();
        let suspensions = raw.suspension.into_iter().filter_map(|s| self.suspension(at, s)).collect();
        let exceptions = raw.exception.into_iter().filter_map(|e| self.exception(at, folder, e)).collect();
        let prohibitions = raw.prohibition.into_iter().filter_map(|p| self.prohibition(at, folder, p)).collect();
        let annulments = raw.annulment.into_iter().filter_map(|a| self.annulment(at, a.into_inner())).collect();
        self.ledger.programs.push(Program {
            id,
            title: raw.title,
            levied_by: side,
            authority: raw.authority,
            family,
            drawback: raw.drawback,
            checked_through,
            checked_against: raw.checked.against,
            answers: raw.answers.0,
            note: raw.note,
            provisions,
            suspensions,
            exceptions,
            prohibitions,
            annulments,
            place,
        });
    }

    fn products(&mut self, at: At, folder: &str, texts: Option<&raw::Texts>) -> Option<Vec<ListId>> {
        let Some(texts) = texts else { return Some(Vec::new()) };
        let span = at.span(&texts.span());
        // A list that is missing, or none named, must not turn into "all goods".
        if texts.get_ref().0.is_empty() {
            self.fault(Code::Incomplete, Some(span), "no product list is named");
        }
        let lists: Vec<_> = texts.get_ref().0.iter().map(|path| self.list(at, folder, path, span)).collect();
        lists.into_iter().collect()
    }

    fn scope(
        &mut self,
        at: At,
        folder: &str,
        origin: (Option<&raw::Texts>, Option<&raw::Texts>),
        products: (Option<&raw::Texts>, Option<&raw::Texts>),
    ) -> Option<Scope> {
        let origins = self.origin_refs(at, origin.0);
        let origin_except = self.origin_refs(at, origin.1);
        let lists = self.products(at, folder, products.0);
        let products_except = self.products(at, folder, products.1);
        Some(Scope { origin: origins, origin_except, products: lists?, products_except: products_except? })
    }

    /// What a record is about; none named is a fault.
    fn of(&mut self, at: At, texts: &raw::Texts) -> Vec<Reference> {
        if texts.get_ref().0.is_empty() {
            self.fault(
                Code::Incomplete,
                Some(at.span(&texts.span())),
                "the record names no provision that it is about",
            );
        }
        references(Some(texts))
    }

    pub(crate) fn rate(&mut self, at: At, text: &raw::Text) -> Option<DutyRate> {
        match DutyRate::parse(text.get_ref()) {
            Ok(rate) => Some(rate),
            Err(error) => {
                self.fault(Code::BadRate, Some(at.span(&text.span())), format!("`{}`: {error}", text.get_ref()));
                None
            }
        }
    }

    fn provision(&mut self, at: At, folder: &str, raw: Spanned<raw::Provision>) -> Option<Provision> {
        if raw.get_ref().rate.is_empty() {
            let span = at.span(&raw.span());
            self.fault(
                Code::Incomplete,
                Some(span),
                format!("the provision `{}` has no rate", raw.get_ref().id.get_ref()),
            );
        }
        let mut rates = Vec::new();
        for record in &raw.get_ref().rate {
            let record = record.get_ref();
            let rate = self.rate(at, &record.text);
            let term = self.term(at, &record.from, record.until.as_ref(), &record.act);
            if let (Some(rate), Some(term)) = (rate, term) {
                rates.push(RateRecord { rate, term, patch: false, note: record.note.clone() });
            }
        }
        self.with_rates(at, folder, raw, rates)
    }

    /// The provision that a scenario adds, with its one rate; its goods are the scenario's to say.
    pub(crate) fn imposed(&mut self, at: At, raw: Spanned<raw::Provision>, rate: RateRecord) -> Option<Provision> {
        self.with_rates(at, "", raw, vec![rate])
    }

    fn with_rates(
        &mut self,
        at: At,
        folder: &str,
        raw: Spanned<raw::Provision>,
        rates: Vec<RateRecord>,
    ) -> Option<Provision> {
        let place = self.place(at, &raw);
        let raw = raw.into_inner();
        let scope = self.scope(
            at,
            folder,
            (Some(&raw.origin), raw.origin_except.as_ref()),
            (raw.products.as_ref(), raw.products_except.as_ref()),
        );
        let when = self.conditions(at, None, raw.when.as_ref());
        Some(Provision {
            id: raw.id.into_inner(),
            heading: raw.heading.into_inner(),
            label: raw.label,
            scope: scope?,
            yields_to: references(raw.yields_to.as_ref()),
            adds_to: references(raw.adds_to.as_ref()),
            when,
            rates,
            note: raw.note,
            place,
        })
    }

    fn terms(&mut self, at: At, terms: Vec<Spanned<raw::Term>>) -> Vec<Term> {
        let terms = terms.into_iter().map(Spanned::into_inner);
        terms.filter_map(|term| self.term(at, &term.from, term.until.as_ref(), &term.act)).collect()
    }

    fn suspension(&mut self, at: At, raw: Spanned<raw::Suspension>) -> Option<Suspension> {
        let place = self.place(at, &raw);
        let span = at.span(&raw.span());
        let raw = raw.into_inner();
        let keeps = match &raw.keeps {
            None => None,
            Some(text) => Some(self.rate(at, text)?),
        };
        let of = self.of(at, &raw.of);
        let terms = self.terms(at, raw.term);
        if terms.is_empty() {
            self.fault(Code::Incomplete, Some(span), format!("the suspension `{}` has no term", raw.id.get_ref()));
        }
        Some(Suspension {
            id: raw.id.into_inner(),
            title: raw.title,
            of,
            keeps,
            resumes: raw.on_lapse == raw::OnLapse::Resume,
            terms,
            patch: false,
            note: raw.note,
            place,
        })
    }

    /// The terms of a record that has either `from`, `until`, `act` or a list of terms.
    fn either_terms(
        &mut self,
        at: At,
        span: Span,
        single: (Option<&raw::Date>, Option<&raw::Date>, Option<&raw::Text>),
        list: Vec<Spanned<raw::Term>>,
    ) -> Vec<Term> {
        let mut terms = self.terms(at, list);
        match single {
            (Some(from), until, Some(act)) => terms.extend(self.term(at, from, until, act)),
            (None, None, None) if !terms.is_empty() => {}
            (Some(_), _, None) => self.fault(Code::NoCitation, Some(span), "the record cites no act"),
            _ => self.fault(Code::Incomplete, Some(span), "the record has neither `from` and `act` nor a term"),
        }
        terms
    }

    fn exception(&mut self, at: At, folder: &str, raw: Spanned<raw::Exception>) -> Option<Exception> {
        let place = self.place(at, &raw);
        let span = at.span(&raw.span());
        let raw = raw.into_inner();
        let scope = self.scope(
            at,
            folder,
            (raw.origin.as_ref(), raw.origin_except.as_ref()),
            (raw.products.as_ref(), raw.products_except.as_ref()),
        );
        let when = self.conditions(at, raw.claim.as_ref(), raw.when.as_ref());
        let of = self.of(at, &raw.of);
        if let Some(texts) = raw.spares.as_ref().filter(|texts| texts.get_ref().0.is_empty()) {
            self.fault(Code::Incomplete, Some(at.span(&texts.span())), "`spares` names nothing");
        }
        let spares = raw.spares.as_ref().map(|texts| match texts.get_ref().0.as_slice() {
            [one] if one == "us_content" => Spares::UsContent,
            [one] if one == "outside_processing" => Spares::OutsideProcessing,
            many => Spares::AssessedBy(many.iter().map(|text| reference(text, false)).collect()),
        });
        let terms = self.either_terms(at, span, (raw.from.as_ref(), raw.until.as_ref(), raw.act.as_ref()), raw.term);
        Some(Exception {
            id: raw.id.into_inner(),
            heading: raw.heading,
            label: raw.label,
            of,
            scope: scope?,
            when,
            spares,
            terms,
            note: raw.note,
            place,
        })
    }

    fn prohibition(&mut self, at: At, folder: &str, raw: Spanned<raw::Prohibition>) -> Option<Prohibition> {
        let place = self.place(at, &raw);
        let span = at.span(&raw.span());
        let raw = raw.into_inner();
        let scope = self.scope(
            at,
            folder,
            (Some(&raw.origin), raw.origin_except.as_ref()),
            (raw.products.as_ref(), raw.products_except.as_ref()),
        );
        let when = self.conditions(at, None, raw.when.as_ref());
        let terms = self.either_terms(at, span, (raw.from.as_ref(), raw.until.as_ref(), raw.act.as_ref()), raw.term);
        Some(Prohibition {
            id: raw.id.into_inner(),
            label: raw.label,
            scope: scope?,
            when,
            terms,
            note: raw.note,
            place,
        })
    }

    fn annulment(&mut self, at: At, raw: raw::Annulment) -> Option<Annulment> {
        let term = self.term(at, &raw.from, raw.until.as_ref(), &raw.act);
        let ceased = self.instant(at, &raw.ceased);
        let of = self.of(at, &raw.of);
        Some(Annulment { of, term: term?, ceased: ceased?, note: raw.note })
    }
}
