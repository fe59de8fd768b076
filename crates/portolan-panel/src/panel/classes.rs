//! The panel unexpanded: which number and country belongs to which class, and what classes bear.

use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, UInt32Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::arrow_writer::ArrowRowGroupWriterFactory;
use portolan_engine::Law;
use portolan_engine::history::{ClassIx, FactsIx, Histories, OriginIx, ProductSpan, Stretch};
use portolan_entry::manifest::{Entry, Manifest};
use portolan_entry::output::{FileSet, Pending};
use portolan_ledger::{Day, TariffCode};

use super::columns::{self, Borne};
use super::expand::{NO_TEXT, days_of};
use super::file::{self, Group, Stopped, cannot_write};
use super::turns::{Dealt, in_order};
use super::{Done, Error, Options};

/// So many classes of products make a group of rows.
pub const PRODUCTS: usize = 64;

/// Writes the three files: rates at `output`, and beside it what classes numbers and countries belong to.
pub fn write(law: &Law<'_>, options: &Options, output: &Path, manifest: &Manifest) -> Result<Done, Error> {
    law.table();
    let (set, name) = file::begin(output)?;
    let stem = name.strip_suffix(".parquet").unwrap_or(&name).to_owned();
    let classes = Classes::find(law, options)?;
    let mut files = vec![rates(law, options, (&set, &name), output)?];
    let (products, origins) = (format!("{stem}.products.parquet"), format!("{stem}.origins.parquet"));
    files.push(classes.products(&set, &products, output)?);
    files.push(classes.origins(&set, &origins, options, output)?);
    let done = Done {
        files: files.iter().map(|(entry, _)| (entry.name.clone(), entry.rows)).collect(),
        codes: options.codes.len(),
        origins: options.origins.len(),
    };
    set.place(files, manifest).map_err(|(path, error)| Error::Write(path, error))?;
    Ok(done)
}

/// Classes of all numbers and countries; the same on every thread, because they are found in the same order.
pub struct Classes<'l> {
    /// What classes bear.
    pub histories: Histories<'l>,
    borne: Borne,
    /// By code: the class with its days.
    spans: Vec<(TariffCode, ProductSpan)>,
    /// By code: where its spans end.
    ends: Vec<usize>,
    /// The classes of products, with a code of each, in the order of their numbers.
    pub products: Vec<(ClassIx, TariffCode)>,
    /// By country.
    pub origins: Vec<OriginIx>,
    /// The first day no longer.
    until: Day,
}

impl<'l> Classes<'l> {
    /// Finds them.
    pub fn find(law: &'l Law<'l>, options: &Options) -> Result<Self, Error> {
        let days = (options.from, options.until);
        let mut histories = Histories::new(law, options.side, options.view, options.known_date, days);
        let (mut spans, mut ends) = (Vec::new(), Vec::new());
        for &code in &options.codes {
            let found = histories.products(code, (options.from, options.until));
            let found = found.map_err(|fault| Error::Law(code, fault))?;
            spans.extend(found.into_iter().map(|span| (code, span)));
            ends.push(spans.len());
        }
        let mut products: Vec<(ClassIx, TariffCode)> = spans.iter().map(|(code, span)| (span.class, *code)).collect();
        products.sort_unstable();
        products.dedup_by_key(|(class, _)| *class);
        let origins = options.origins.iter().map(|origin| histories.origin(*origin)).collect();
        let borne = file::borne(law, options);
        Ok(Self { histories, borne, spans, ends, products, origins, until: options.until })
    }

    /// The spans of each code, in the order of the codes.
    pub fn by_code(&self) -> impl Iterator<Item = &[(TariffCode, ProductSpan)]> {
        let mut first = 0;
        self.ends.iter().map(move |&end| &self.spans[std::mem::replace(&mut first, end)..end])
    }

    /// The classes of origins, in the order of their numbers.
    pub fn origin_classes(&self) -> Vec<OriginIx> {
        let mut classes = self.origins.clone();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// Works out what some classes of products bear, from one on, from every class of origins.
    ///
    /// # Errors
    /// The law has no answer for a class, which a code of it names.
    pub fn each(
        &mut self,
        first: usize,
        take: &mut dyn FnMut(ClassIx, OriginIx, &[Stretch]),
    ) -> Result<(), (TariffCode, portolan_engine::Fault)> {
        let origins = self.origin_classes();
        let mut stretches: Vec<Stretch> = Vec::new();
        for &(class, code) in self.products.iter().skip(first).take(PRODUCTS) {
            for &origin in &origins {
                let asked = self.histories.class_history(class, origin, FactsIx(0), &mut stretches);
                asked.map_err(|fault| (code, fault))?;
                take(class, origin, &stretches);
            }
        }
        Ok(())
    }

    fn products(&self, set: &FileSet, name: &str, output: &Path) -> Result<(Entry, Pending), Error> {
        let fields = vec![
            columns::text_field("hts_number"),
            Field::new("valid_from", DataType::Date32, false),
            Field::new("valid_to", DataType::Date32, false),
            Field::new("product_class", DataType::UInt32, false),
            columns::text_field("general_text"),
            columns::text_field("column_2_text"),
        ];
        let codes: Vec<TariffCode> = self.spans.iter().map(|(code, _)| *code).collect();
        let names = columns::codes(&codes);
        let keys = (0..u32::try_from(self.spans.len()).unwrap_or(u32::MAX)).collect();
        let arrays: Vec<ArrayRef> = vec![
            columns::dictionary(keys, &names),
            days(self.spans.iter().map(|(_, span)| span.from)),
            days(self.spans.iter().map(|(_, span)| span.until)),
            numbers(self.spans.iter().map(|(_, span)| span.class.0)),
            self.texts(|(general, _)| general),
            self.texts(|(_, column_2)| column_2),
        ];
        whole(set, name, &Arc::new(Schema::new(fields)), &arrays, output)
    }

    /// Texts of one of the two columns.
    fn texts(&self, which: fn((usize, usize)) -> usize) -> ArrayRef {
        let number = |span: &ProductSpan| span.texts.and_then(|texts| u32::try_from(which(texts)).ok());
        let numbers: Vec<u32> = self.spans.iter().map(|(_, span)| number(span).unwrap_or(NO_TEXT)).collect();
        columns::RateTexts::new(&self.histories, numbers.iter().copied()).array(&numbers)
    }

    fn origins(&self, set: &FileSet, name: &str, options: &Options, output: &Path) -> Result<(Entry, Pending), Error> {
        let fields =
            vec![columns::text_field("country_of_origin"), Field::new("origin_class", DataType::UInt32, false)];
        let keys = (0..u32::try_from(self.origins.len()).unwrap_or(u32::MAX)).collect();
        let arrays: Vec<ArrayRef> = vec![
            columns::dictionary(keys, &columns::origins(&options.origins)),
            numbers(self.origins.iter().map(|origin| origin.0)),
        ];
        whole(set, name, &Arc::new(Schema::new(fields)), &arrays, output)
    }

    /// What some classes of products bear from every class of origins.
    fn group(&mut self, first: usize, writing: (&ArrowRowGroupWriterFactory, &SchemaRef)) -> Result<Group, Stopped> {
        let (mut rows, until) = (Rows::default(), self.until);
        let found = self.each(first, &mut |class, origin, stretches| rows.add(class, origin, stretches, until));
        found.map_err(|(code, fault)| Stopped::Law(code, fault))?;
        self.borne.extend(&self.histories);
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(rows.product)),
            Arc::new(UInt32Array::from(rows.origin)),
            Arc::new(Date32Array::from(rows.from)),
            Arc::new(Date32Array::from(rows.until)),
        ];
        arrays.extend(self.borne.arrays(&rows.treatment, self.borne.column(&rows.treatment)));
        let chunks = file::encode(writing.0, writing.1, &arrays).map_err(Stopped::Encode)?;
        Ok(Group { rows: rows.treatment.len() as u64, chunks })
    }
}

/// Rows of classes, as columns.
#[derive(Default)]
struct Rows {
    product: Vec<u32>,
    origin: Vec<u32>,
    from: Vec<i32>,
    until: Vec<i32>,
    treatment: Vec<u32>,
}

impl Rows {
    fn add(&mut self, product: ClassIx, origin: OriginIx, stretches: &[Stretch], until: Day) {
        for (from, until, treatment) in days_of(stretches, until) {
            self.product.push(product.0);
            self.origin.push(origin.0);
            self.from.push(from.0);
            self.until.push(until.0);
            self.treatment.push(treatment.0);
        }
    }
}

/// The rates of all pairs of classes.
fn rates(
    law: &Law<'_>,
    options: &Options,
    (set, name): (&FileSet, &str),
    output: &Path,
) -> Result<(Entry, Pending), Error> {
    let classes = Classes::find(law, options)?.products.len();
    let keys = vec![
        Field::new("product_class", DataType::UInt32, false),
        Field::new("origin_class", DataType::UInt32, false),
        Field::new("valid_from", DataType::Date32, false),
        Field::new("valid_to", DataType::Date32, false),
    ];
    let schema = columns::schema(keys, &columns::families(law.timeline.ledger, options.side), "column");
    let pending = set.file(name).map_err(|error| Error::Write(output.to_owned(), error))?;
    let mut writer = file::open(pending, &schema).map_err(cannot_write(output))?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(&schema));
    let mut rows = 0;
    in_order(
        (options.threads, classes.div_ceil(PRODUCTS), Dealt::FromEnds),
        &|| Classes::find(law, options),
        &|own, group| match own {
            Ok(own) => own.group(group * PRODUCTS, (&factory, &schema)).map_err(|stopped| stopped.of(output)),
            Err(error) => Err(error.again(output)),
        },
        &mut |group| {
            rows += group.rows;
            file::append(&mut writer, group.chunks).map_err(cannot_write(output))
        },
    )?;
    let file = writer.into_inner().map_err(cannot_write(output))?;
    Ok((Entry { name: name.to_owned(), rows }, file))
}

/// Writes columns as a file of one group.
fn whole(
    set: &FileSet,
    name: &str,
    schema: &SchemaRef,
    arrays: &[ArrayRef],
    output: &Path,
) -> Result<(Entry, Pending), Error> {
    let failed = |error: io::Error| Error::Write(output.with_file_name(name), error);
    let mut writer = file::open(set.file(name).map_err(failed)?, schema).map_err(cannot_write(output))?;
    let factory = ArrowRowGroupWriterFactory::new(&writer, Arc::clone(schema));
    let chunks = file::encode(&factory, schema, arrays).map_err(cannot_write(output))?;
    file::append(&mut writer, chunks).map_err(cannot_write(output))?;
    let file = writer.into_inner().map_err(cannot_write(output))?;
    let rows = arrays.first().map_or(0, |array| array.len() as u64);
    Ok((Entry { name: name.to_owned(), rows }, file))
}

fn days(days: impl Iterator<Item = Day>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(days.map(|day| day.0)))
}

fn numbers(numbers: impl Iterator<Item = u32>) -> ArrayRef {
    Arc::new(UInt32Array::from_iter_values(numbers))
}
