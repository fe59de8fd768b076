//! `cargo xtask data`: packs the tables of `data/` (see its README) from the official statistics they are taken from.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use portolan_ledger::number::{div_half_up, format_scaled, parse_scaled};
use portolan_ledger::schedule::{Lookup, Schedule, pack_folder};
use portolan_ledger::{Day, TariffCode};

const USAGE: &str = "\
cargo xtask data --from DIR --countries FILE [--out DIR]
  --from       us_imports_2024_hts10_x_partner.csv.gz, usmca_shares_2025_annual.csv.gz, metal_content_shares_hts10.csv.gz
  --countries  country codes of the Census Bureau (census_code, iso2)
  --out        the folder of the packed tables, data";

/// The code under which the imports count the members of the European Union together, and the ledger's name of the group.
const UNION: (&str, &str) = ("0003", "EU");

/// Partners whose goods had no program of preference in the year of the weights: what they paid on goods under a rate that
/// is no percentage is that rate. China and Russia, which paid other duties beside or another column, are left out.
const PAY_IN_FULL: [&str; 26] = [
    "EU", "GB", "JP", "TW", "VN", "TH", "MY", "ID", "IN", "CH", "NO", "NZ", "BR", "AR", "TR", "EC", "PH", "KH", "BD",
    "PK", "LK", "SA", "IQ", "KW", "AE", "DZ",
];

/// The whole, in the unit of shares.
const WHOLE: i64 = 1_000_000;

/// Imports of less, in dollars, say too little about a rate.
const LEAST_IMPORTS: i64 = 10_000;

type Outcome<T> = Result<T, String>;

/// Runs the command.
pub fn run(arguments: impl Iterator<Item = String>) -> Outcome<()> {
    let options = Options::read(arguments)?;
    let countries = countries(&options.countries)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let packed = pack_folder(&root.join("schedule/us")).map_err(|error| error.to_string())?;
    let schedule = Schedule::open(packed).map_err(|error| error.to_string())?;
    fs::create_dir_all(&options.out).map_err(|error| format!("{}: {error}", options.out.display()))?;
    let cells = imports(&options, &countries, &schedule)?;
    shares(&options, &countries, &cells)
}

/// Value and calculated duty in dollars, by ten digits and partner.
type Cells<'c> = BTreeMap<(String, &'c str), (i64, i64)>;

/// Where the sources are, and where the tables go.
struct Options {
    from: PathBuf,
    countries: PathBuf,
    out: PathBuf,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Outcome<Self> {
        let (mut from, mut countries, mut out) = (None, None, PathBuf::from("data"));
        while let Some(option) = arguments.next() {
            let value = arguments.next().ok_or_else(|| format!("{option} needs a value\n{USAGE}"))?;
            match option.as_str() {
                "--from" => from = Some(PathBuf::from(value)),
                "--countries" => countries = Some(PathBuf::from(value)),
                "--out" => out = PathBuf::from(value),
                _ => return Err(format!("`{option}` is not an option\n{USAGE}")),
            }
        }
        match (from, countries) {
            (Some(from), Some(countries)) => Ok(Self { from, countries, out }),
            _ => Err(format!("--from and --countries are needed\n{USAGE}")),
        }
    }
}

/// The rows of a CSV file, gzipped where its name says so, cut down to the columns asked for.
fn rows<const N: usize>(path: &Path, columns: [&str; N]) -> Outcome<Vec<[String; N]>> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(|error| wrong(&error))?;
    let zipped = path.extension().is_some_and(|extension| extension == "gz");
    let reader: Box<dyn Read> = if zipped { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    let mut reader = csv::Reader::from_reader(reader);
    let header = reader.headers().map_err(|error| wrong(&error))?.clone();
    let place = |name: &&str| header.iter().position(|cell| cell == *name);
    let places: Vec<usize> = columns.iter().filter_map(place).collect();
    let places: [usize; N] =
        places.try_into().map_err(|_| wrong(&format!("the columns {} are needed", columns.join(", "))))?;
    let mut found = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(&error))?;
        found.push(places.map(|at| record.get(at).unwrap_or_default().to_owned()));
    }
    Ok(found)
}

/// ISO codes by the codes of the Census Bureau.
fn countries(path: &Path) -> Outcome<BTreeMap<String, String>> {
    let rows = rows(path, ["census_code", "iso2"])?;
    let named = rows.into_iter().filter(|[_, iso]| iso.len() == 2).map(|[code, iso]| (code, iso));
    Ok(named.chain([(UNION.0.to_owned(), UNION.1.to_owned())]).collect())
}

fn origin<'c>(countries: &'c BTreeMap<String, String>, code: &str) -> Outcome<&'c str> {
    countries.get(code).map(String::as_str).ok_or_else(|| format!("no country has the Census code {code}"))
}

fn whole(text: &str) -> Outcome<i64> {
    text.parse().map_err(|_| format!("`{text}` is no whole number"))
}

fn millionths(text: &str) -> Outcome<i64> {
    // The sources print binary floats: a share is kept to the millionth, half up.
    let cut: String = text.chars().take(16).collect();
    let nano = parse_scaled(cut.as_bytes(), 16).map_err(|error| format!("`{text}`: {error}"))?;
    i64::try_from(div_half_up(i128::from(nano), 10_i128.pow(10))).map_err(|_| format!("`{text}` is too large"))
}

/// The weights: imports for consumption by ten digits and partner, and what rates that are no percentage came to.
fn imports<'c>(options: &Options, countries: &'c BTreeMap<String, String>, schedule: &Schedule) -> Outcome<Cells<'c>> {
    let path = options.from.join("us_imports_2024_hts10_x_partner.csv.gz");
    let columns = ["hts10", "census_code", "imports_for_consumption_usd", "calculated_duty_usd"];
    let mut cells = Cells::new();
    for [code, partner, value, duty] in rows(&path, columns)? {
        let cell = cells.entry((code, origin(countries, &partner)?)).or_default();
        cell.0 += whole(&value)?;
        cell.1 += whole(&duty)?;
    }
    cells.retain(|_, (value, _)| *value > 0);
    let ordinary = equivalents(&cells, schedule)?;
    let total: i64 = cells.values().map(|(value, _)| value).sum();
    println!("{} cells, {total} dollars; {} codes with an equivalent", cells.len(), ordinary.len());
    let codes = cells.keys().map(|(code, _)| Some(code.as_str()));
    let equivalent = cells.keys().map(|(code, _)| ordinary.get(&code[..8]).map(|micro| i128::from(*micro)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("code", Arc::new(codes.collect::<StringArray>())),
        ("origin", Arc::new(cells.keys().map(|(_, origin)| Some(*origin)).collect::<StringArray>())),
        ("value_usd", Arc::new(cells.values().map(|(value, _)| *value).collect::<Int64Array>())),
        ("mfn_pct", decimals(equivalent.collect())?),
    ];
    let source = "US Census Bureau, imports for consumption 2024 by HTS10 and partner, customs value; calculated duty";
    write(&options.out.join("us-imports-2024.parquet"), columns, source)?;
    Ok(cells)
}

/// What ordinary rates that are no percentage came to, in millionths of a percentage point, by eight digits: duty over value
/// of the partners that had no preference.
fn equivalents(cells: &Cells<'_>, schedule: &Schedule) -> Outcome<BTreeMap<String, i64>> {
    let day = Day(schedule.first_edition().published.0 - 1);
    let paying: BTreeSet<&str> = PAY_IN_FULL.into_iter().collect();
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for ((code, _), (value, duty)) in cells.iter().filter(|((_, origin), _)| paying.contains(origin)) {
        let sum = sums.entry(code[..8].to_owned()).or_default();
        sum.0 += value;
        sum.1 += duty;
    }
    let mut found = BTreeMap::new();
    for (code, (value, duty)) in sums.into_iter().filter(|(_, (value, duty))| *value >= LEAST_IMPORTS && *duty > 0) {
        let number: TariffCode = code.parse().map_err(|error| format!("{code}: {error}"))?;
        let Lookup::Found(line) = schedule.line(number, day) else { continue };
        if line.general_rate().ad_valorem().is_none() {
            let micro = div_half_up(i128::from(duty) * 100_000_000, i128::from(value));
            found.insert(code, i64::try_from(micro).map_err(|_| "an equivalent is too large")?);
        }
    }
    Ok(found)
}

/// Decimals of six places.
fn decimals(values: Vec<Option<i128>>) -> Outcome<ArrayRef> {
    let array = Decimal128Array::from(values).with_precision_and_scale(12, 6).map_err(|error| error.to_string())?;
    Ok(Arc::new(array))
}

/// What part of a flow states a fact, in millionths.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Share {
    code: String,
    origin: String,
    fact: &'static str,
    value: String,
    part: i64,
}

/// The shares of an average year: goods of Canada and Mexico entered under USMCA, and metal content by industry.
fn shares(options: &Options, countries: &BTreeMap<String, String>, cells: &Cells<'_>) -> Outcome<()> {
    let mut found: Vec<Share> = Vec::new();
    let usmca = rows(&options.from.join("usmca_shares_2025_annual.csv.gz"), ["hts10", "census_code", "usmca_share"])?;
    let mut claimed: BTreeMap<&str, BTreeMap<String, [i64; 1]>> = BTreeMap::new();
    for [code, partner, share] in usmca {
        let share = millionths(&share)?.min(WHOLE);
        claimed.entry(origin(countries, &partner)?).or_default().insert(code, [share]);
    }
    for (origin, shares) in &claimed {
        let value = |code: &str| cells.get(&(code.to_owned(), *origin)).map_or(0, |(value, _)| *value);
        // A row of nothing counts where one above it says more.
        for (code, [share]) in
            with_means(shares, value).into_iter().filter(|(code, [share])| *share > 0 || code.len() > 6)
        {
            found.push(Share { code, origin: (*origin).to_owned(), fact: "spi", value: "S".to_owned(), part: share });
        }
    }
    let columns = ["hts10", "steel_share", "aluminum_share", "copper_share"];
    let metals = rows(&options.from.join("metal_content_shares_hts10.csv.gz"), columns)?;
    let mut contents: BTreeMap<String, [i64; 3]> = BTreeMap::new();
    for [code, steel, aluminum, copper] in metals {
        contents.insert(code, within_the_whole([millionths(&steel)?, millionths(&aluminum)?, millionths(&copper)?]));
    }
    let mut values: BTreeMap<&str, i64> = BTreeMap::new();
    for ((code, _), (value, _)) in cells {
        *values.entry(code).or_default() += value;
    }
    for (code, content) in with_means(&contents, |code| values.get(code).copied().unwrap_or(0)) {
        for (fact, share) in ["steel_pct", "aluminum_pct", "copper_pct"].into_iter().zip(content) {
            // Millionths of the whole are ten-thousandths of a percentage point.
            let (code, origin) = (code.clone(), "*".to_owned());
            found.push(Share { code, origin, fact, value: format_scaled(share, 4), part: WHOLE });
        }
    }
    found.sort();
    println!("{} shares", found.len());
    let text = |of: fn(&Share) -> &str| -> ArrayRef {
        Arc::new(found.iter().map(|row| Some(of(row))).collect::<StringArray>())
    };
    let columns = vec![
        ("code", text(|row| &row.code)),
        ("origin", text(|row| &row.origin)),
        ("fact", text(|row| row.fact)),
        ("value", text(|row| &row.value)),
        ("share", decimals(found.iter().map(|row| Some(i128::from(row.part))).collect())?),
    ];
    let source = "USMCA use 2025: USITC DataWeb; metal content by industry: BEA input-output tables; both by way of \
                  Budget-Lab-Yale/tariff-rate-tracker (MIT)";
    write(&options.out.join("us-shares-average.parquet"), columns, source)
}

/// Contents, in millionths, of which input-output tables give more than the whole (an industry that buys more metal than it
/// sells), brought down to the whole in proportion.
fn within_the_whole(content: [i64; 3]) -> [i64; 3] {
    let sum: i64 = content.iter().sum();
    if sum <= WHOLE { content } else { content.map(|part| part * WHOLE / sum) }
}

/// Rows of ten digits, and for eight and six digits the mean of those below, weighted by value; a row that says what a row
/// above it says is left out.
fn with_means<const N: usize>(
    own: &BTreeMap<String, [i64; N]>,
    value: impl Fn(&str) -> i64,
) -> BTreeMap<String, [i64; N]> {
    let mut all: BTreeMap<String, [i64; N]> = own.clone();
    for digits in [8, 6] {
        let mut sums: BTreeMap<&str, ([i128; N], i128)> = BTreeMap::new();
        for (code, shares) in own {
            // Numbers of which nothing was imported count where none below the number was.
            let weight = i128::from(value(code)) * 1_000_000 + 1;
            let sum = sums.entry(&code[..digits]).or_insert(([0; N], 0));
            sum.0.iter_mut().zip(shares).for_each(|(sum, share)| *sum += i128::from(*share) * weight);
            sum.1 += weight;
        }
        for (code, (shares, weight)) in sums {
            let mean = shares.map(|share| i64::try_from(share / weight).unwrap_or(WHOLE));
            all.insert(code.to_owned(), mean);
        }
    }
    let said_above =
        |code: &str| [8, 6].into_iter().filter(|&digits| digits < code.len()).find_map(|d| all.get(&code[..d]));
    all.iter().filter(|(code, shares)| said_above(code) != Some(shares)).map(|(c, s)| (c.clone(), *s)).collect()
}

/// Writes a table, small: it is part of the program.
fn write(path: &Path, columns: Vec<(&str, ArrayRef)>, source: &str) -> Outcome<()> {
    let wrong = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array.clone(), array.null_count() > 0)),
    )
    .map_err(|error| wrong(&error))?;
    let level = ZstdLevel::try_new(19).map_err(|error| wrong(&error))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_created_by("portolan".to_owned())
        .set_column_dictionary_enabled(ColumnPath::from("code"), false)
        .set_column_encoding(ColumnPath::from("code"), Encoding::DELTA_BYTE_ARRAY)
        .set_column_dictionary_enabled(ColumnPath::from("value_usd"), false)
        .set_key_value_metadata(Some(vec![KeyValue::new("source".to_owned(), source.to_owned())]))
        .build();
    let file = File::create(path).map_err(|error| wrong(&error))?;
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).map_err(|error| wrong(&error))?;
    writer.write(&batch).map_err(|error| wrong(&error))?;
    writer.close().map_err(|error| wrong(&error))?;
    println!("{}", path.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_numbers_have_the_mean_of_those_below_them() {
        let shares = [("0101210010", 10), ("0101210020", 40), ("0101290000", 40), ("0202300000", 7)];
        let own: BTreeMap<String, [i64; 1]> =
            shares.iter().map(|(code, share)| ((*code).to_owned(), [*share])).collect();
        let found = with_means(&own, |code| if code == "0101210010" { 200 } else { 100 });
        let said: Vec<(&str, i64)> = found.iter().map(|(code, [share])| (code.as_str(), *share)).collect();
        // What 0101.21 says is the mean of its two; of 0202.30 one row says all.
        let expected = [("010121", 20), ("0101210010", 10), ("0101210020", 40), ("010129", 40), ("020230", 7)];
        assert_eq!(said, expected);
        let nothing = with_means(&own, |_| 0);
        assert_eq!(nothing["010121"], [25], "the plain mean where nothing was imported");
    }

    #[test]
    fn contents_stay_within_the_whole() {
        assert_eq!(within_the_whole([600_000, 300_000, 0]), [600_000, 300_000, 0]);
        assert_eq!(within_the_whole([1_192_275, 0, 0]), [1_000_000, 0, 0]);
        assert_eq!(within_the_whole([1_000_000, 500_000, 1]), [666_666, 333_333, 0]);
    }

    #[test]
    fn shares_are_kept_to_the_millionth() {
        assert_eq!(millionths("0.7005666754174974"), Ok(700_567));
        assert_eq!(millionths("1"), Ok(1_000_000));
        assert!(millionths("x").is_err());
    }
}
