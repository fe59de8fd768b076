//! Columns of the panel: which there are, and how rows of numbers become Arrow arrays.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, Decimal64Array, DictionaryArray, StringArray, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use portolan_engine::Pct;
use portolan_engine::history::{Histories, Treatment, TreatmentIx};
use portolan_ledger::record::{FamilyId, Origin};
use portolan_ledger::{Ledger, TariffCode};

use super::expand::{NO_TEXT, Rows};

/// Points are kept to six places, in twelve digits.
const POINTS: DataType = DataType::Decimal64(12, 6);

/// A text from a list of them.
fn listed() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8))
}

/// A column of such texts.
pub fn text_field(name: &str) -> Field {
    Field::new(name, listed(), false)
}

/// Names of codes, without dots. A number of eight digits that the schedule does not divide further is filed with two zeros.
pub fn codes(codes: &[TariffCode]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(codes.iter().map(|code| format!("{:010}", code.padded()))))
}

/// Names of countries.
pub fn origins(origins: &[Origin]) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(origins.iter().map(|origin| String::from_utf8_lossy(&origin.0))))
}

/// The families that have columns: those of the side that levies, and the ordinary duty.
pub fn families(ledger: &Ledger, side: portolan_ledger::Side) -> Vec<(FamilyId, String)> {
    let shown = ledger.families.iter().zip(0..).filter(|(family, _)| family.levied_by == side || family.id == "mfn");
    shown.map(|(family, id)| (FamilyId(id), family.id.clone())).collect()
}

/// Names of the columns that say what is borne; `ordinary` is that of the ordinary rate.
fn borne(families: &[(FamilyId, String)], ordinary: &str) -> Vec<Field> {
    let mut fields: Vec<Field> = families.iter().map(|(_, id)| Field::new(format!("{id}_pct"), POINTS, true)).collect();
    fields.push(text_field(ordinary));
    fields.push(Field::new("additional_pct", POINTS, true));
    fields.push(Field::new("total_pct", POINTS, true));
    fields.push(Field::new("headings", listed(), false));
    fields.push(Field::new("ledger_version", listed(), false));
    fields.push(Field::new("needs_input", listed(), false));
    fields.push(Field::new("beyond_horizon", listed(), false));
    fields
}

/// The schema of rows that begin with `keys`, with the name of the column that says which ordinary rate applies.
pub fn schema(keys: Vec<Field>, families: &[(FamilyId, String)], ordinary: &str) -> SchemaRef {
    let fields: Vec<Field> = keys.into_iter().chain(borne(families, ordinary)).collect();
    Arc::new(Schema::new(fields))
}

/// The first columns of a panel.
pub fn keys(daily: bool) -> Vec<Field> {
    let mut keys = vec![Field::new("hts_number", listed(), false), Field::new("country_of_origin", listed(), false)];
    let days: &[&str] = if daily { &["date"] } else { &["valid_from", "valid_to"] };
    keys.extend(days.iter().map(|name| Field::new(*name, DataType::Date32, false)));
    keys
}

/// Texts, each once, with a number.
#[derive(Debug, Default)]
struct Texts {
    of: rustc_hash::FxHashMap<String, u32>,
    all: Vec<String>,
}

impl Texts {
    fn number(&mut self, text: String) -> u32 {
        if let Some(&known) = self.of.get(&text) {
            return known;
        }
        let next = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.all.push(text.clone());
        self.of.insert(text, next);
        next
    }
}

/// What treatments say, by column, as far as they were met.
#[derive(Debug)]
pub struct Borne {
    families: Vec<(FamilyId, String)>,
    names: Vec<String>,
    version: String,
    /// By family, then treatment: millionths of a point.
    points: Vec<Vec<Option<i64>>>,
    additional: Vec<Option<i64>>,
    total: Vec<Option<i64>>,
    column_2: Vec<bool>,
    headings: Texts,
    heading: Vec<u32>,
    needs: Texts,
    need: Vec<u32>,
    horizons: Texts,
    horizon: Vec<u32>,
}

impl Borne {
    /// Nothing yet.
    pub fn new(ledger: &Ledger, families: Vec<(FamilyId, String)>) -> Self {
        Self {
            points: vec![Vec::new(); families.len()],
            families,
            names: ledger.families.iter().map(|family| family.id.clone()).collect(),
            version: ledger.version.clone(),
            additional: Vec::new(),
            total: Vec::new(),
            column_2: Vec::new(),
            headings: Texts::default(),
            heading: Vec::new(),
            needs: Texts::default(),
            need: Vec::new(),
            horizons: Texts::default(),
            horizon: Vec::new(),
        }
    }

    /// Takes up the treatments that are new.
    pub fn extend(&mut self, histories: &Histories<'_>) {
        for index in self.column_2.len()..histories.treatments() {
            self.add(histories.treatment(TreatmentIx(u32::try_from(index).unwrap_or(u32::MAX))));
        }
    }

    /// Takes up the next treatment.
    pub fn add(&mut self, treatment: &Treatment) {
        let bill = &treatment.bill;
        let micro = |pct: Option<Pct>| pct.map(Pct::micro_points);
        for ((family, _), points) in self.families.iter().zip(&mut self.points) {
            points.push(bill.families.get(usize::from(family.0)).and_then(|amount| micro(amount.pct)));
        }
        self.additional.push(micro(bill.additional_pct));
        self.total.push(micro(bill.total_pct));
        self.column_2.push(treatment.column_2);
        self.heading.push(self.headings.number(bill.headings.join(";")));
        let needs = if bill.prohibited { "prohibited".to_owned() } else { bill.needs_input.join(";") };
        self.need.push(self.needs.number(needs));
        let horizon: Vec<&str> =
            bill.beyond_horizon.iter().map(|family| self.names[usize::from(family.0)].as_str()).collect();
        self.horizon.push(self.horizons.number(horizon.join(";")));
    }

    /// Whether column 2 of the schedule applies.
    pub fn is_column_2(&self, treatment: TreatmentIx) -> bool {
        self.column_2[treatment.0 as usize]
    }

    /// Which column of the schedule applies, in words.
    pub fn column(&self, treatments: &[u32]) -> ArrayRef {
        let keys = treatments.iter().map(|&treatment| u32::from(self.column_2[treatment as usize])).collect();
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(["general", "column 2"]));
        dictionary(keys, &values)
    }

    /// The columns that say what rows bear; `ordinary` is the one that says which ordinary rate.
    pub fn arrays(&self, treatments: &[u32], ordinary: ArrayRef) -> Vec<ArrayRef> {
        let mut arrays: Vec<ArrayRef> = self.points.iter().map(|points| decimals(points, treatments)).collect();
        arrays.push(ordinary);
        arrays.push(decimals(&self.additional, treatments));
        arrays.push(decimals(&self.total, treatments));
        arrays.push(texts(&self.headings, &self.heading, treatments));
        arrays.push(one_text(&self.version, treatments.len()));
        arrays.push(texts(&self.needs, &self.need, treatments));
        arrays.push(texts(&self.horizons, &self.horizon, treatments));
        arrays
    }
}

/// Texts of ordinary rates, by their numbers.
#[derive(Debug)]
pub struct RateTexts {
    of: rustc_hash::FxHashMap<u32, u32>,
    values: ArrayRef,
}

impl RateTexts {
    /// The texts of these numbers.
    pub fn new(histories: &Histories<'_>, numbers: impl Iterator<Item = u32>) -> Self {
        let mut texts = Texts::default();
        let mut of = rustc_hash::FxHashMap::default();
        let mut text = |number: u32| {
            let at = usize::try_from(number).unwrap_or(usize::MAX);
            let found = if number == NO_TEXT { String::new() } else { histories.rate_text(at).to_owned() };
            texts.number(found)
        };
        for number in numbers {
            of.entry(number).or_insert_with(|| text(number));
        }
        Self { of, values: Arc::new(StringArray::from_iter_values(&texts.all)) }
    }

    /// As a column.
    pub fn array(&self, numbers: &[u32]) -> ArrayRef {
        dictionary(numbers.iter().map(|number| self.of[number]).collect(), &self.values)
    }
}

/// The columns of rows, with the names of codes and countries.
pub fn arrays(
    rows: &Rows,
    (borne, texts): (&Borne, &RateTexts),
    (codes, origins): (&ArrayRef, &ArrayRef),
    daily: bool,
) -> Vec<ArrayRef> {
    let first = rows.code.first().copied().unwrap_or(0);
    let own: Vec<u32> = rows.code.iter().map(|code| code - first).collect();
    let last = own.last().map_or(0, |last| *last as usize + 1);
    let codes = codes.slice(first as usize, last);
    let mut arrays = vec![dictionary(own, &codes), dictionary(rows.origin.clone(), origins)];
    arrays.push(Arc::new(Date32Array::from(rows.from.clone())));
    if !daily {
        arrays.push(Arc::new(Date32Array::from(rows.until.clone())));
    }
    arrays.extend(borne.arrays(&rows.treatment, texts.array(&rows.text)));
    arrays
}

/// Texts by their numbers.
pub fn dictionary(keys: Vec<u32>, values: &ArrayRef) -> ArrayRef {
    // The keys are places in the values, so this cannot fail.
    match DictionaryArray::<UInt32Type>::try_new(UInt32Array::from(keys), Arc::clone(values)) {
        Ok(array) => Arc::new(array),
        Err(_) => arrow::array::new_empty_array(&listed()),
    }
}

fn texts(texts: &Texts, of: &[u32], treatments: &[u32]) -> ArrayRef {
    let keys = treatments.iter().map(|&treatment| of[treatment as usize]).collect();
    let values: ArrayRef = Arc::new(StringArray::from_iter_values(&texts.all));
    dictionary(keys, &values)
}

/// One text for all rows.
fn one_text(text: &str, rows: usize) -> ArrayRef {
    let values: ArrayRef = Arc::new(StringArray::from_iter_values([text]));
    dictionary(vec![0; rows], &values)
}

fn decimals(points: &[Option<i64>], treatments: &[u32]) -> ArrayRef {
    let values: Decimal64Array = treatments.iter().map(|&treatment| points[treatment as usize]).collect();
    Arc::new(values.with_data_type(POINTS))
}
