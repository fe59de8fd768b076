//! Files that are wrong, and exactly what is said of each: `tests/bad.md`.
//!
//! `PORTOLAN_WRITE_BAD=1 cargo nextest run -p portolan-entry bad` writes that page anew; what it says is then to be read.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, StringArray, StructArray, Time32SecondArray};
use arrow::datatypes::{DataType, Field};
use portolan_entry::{Input, Layers, run};
use rust_xlsxwriter::{Format, Formula, Workbook};
use zip::write::SimpleFileOptions;

use crate::{LAW, make, options};

/// A file that is wrong.
#[derive(Clone)]
struct Bad {
    name: String,
    bytes: Vec<u8>,
}

fn bad(name: &str, bytes: impl Into<Vec<u8>>) -> Bad {
    Bad { name: name.to_owned(), bytes: bytes.into() }
}

const HEAD: &str = "hts_number,country_of_origin,entry_date,entered_value_usd";
const GOOD: &str = "9503.00.0073,CN,2025-06-05,100";

/// A file with the usual header.
fn lines(name: &str, rows: &[&str]) -> Bad {
    bad(name, format!("{HEAD}\n{}\n", rows.join("\n")))
}

/// A file with a header of its own.
fn with(name: &str, columns: &str, row: &str) -> Bad {
    bad(name, format!("{HEAD},{columns}\n{GOOD},{row}\n"))
}

fn encodings() -> Vec<Bad> {
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
    };
    let text = format!("{HEAD}\n{GOOD}\n");
    let mut late_zero = text.clone().into_bytes();
    late_zero.extend(format!("{GOOD}\n").repeat(200).into_bytes());
    late_zero.extend(b"9503.00.0073,C\0,2025-06-05,100\n");
    vec![
        bad("empty", ""),
        bad("nothing but line ends", "\n\r\n\n"),
        bad("header and no rows", format!("{HEAD}\n\n")),
        bad("utf-16 little end first", [b"\xFF\xFE".to_vec(), utf16(&text, false)].concat()),
        bad("utf-16 big end first", [b"\xFE\xFF".to_vec(), utf16(&text, true)].concat()),
        bad("utf-16 without a mark", utf16(&text, false)),
        bad(
            "latin-1 in a row",
            b"code,country_of_origin,entry_date,maker\n9503.00.0073,CN,2025-06-05,caf\xE9\n".to_vec(),
        ),
        bad("latin-1 in the header", b"code,country_of_origin,entry_date,caf\xE9\n1,2,3,4\n".to_vec()),
        bad("half a sign", b"code,country_of_origin,entry_date,maker\n9503.00.0073,CN,2025-06-05,x\xE2\x82\n".to_vec()),
        bad("a zero byte late in the file", late_zero),
        bad("random bytes", [0x9C_u8, 0x01, 0xFE, 0x80, 0x33, 0x7F].repeat(40)),
        bad("a page of html", "<!DOCTYPE html><html><table><tr><td>hts_number</td></tr></table></html>"),
        bad("a pdf", "%PDF-1.7\n%\u{e2}\n1 0 obj"),
        bad("a feather file", "ARROW1\0\0"),
        bad("an encrypted parquet file", "PARE"),
        bad("bzip2", "BZh91AY&SY"),
        bad("xz", b"\xFD7zXZ\0\0\x04".to_vec()),
        bad("7z", b"7z\xBC\xAF\x27\x1C\0\x04".to_vec()),
        bad("rar", "Rar!\x1A\x07\x01\0"),
    ]
}

fn separators() -> Vec<Bad> {
    let other = |sign: &str| format!("{HEAD}\n{GOOD}\n").replace(',', sign);
    vec![
        bad("semicolons", other(";")),
        bad("tabs", other("\t")),
        bad("bars", other("|")),
        bad("commas above, semicolons below", format!("{HEAD}\n{GOOD}\n{}\n", GOOD.replace(',', ";"))),
        bad("commas above, tabs below", format!("{HEAD}\n{}\n", GOOD.replace(',', "\t"))),
        bad("a name twice", format!("{HEAD},buyer,buyer\n{GOOD},a,b\n")),
        bad("two names of one column", format!("{HEAD},HTS Number - Full\n{GOOD},1\n")),
        bad("three things wrong with a header", "hts_number,code,buyer,buyer\n1,2,3,4\n"),
        bad("no country", "hts_number,entry_date\n9503.00.0073,2025-06-05\n"),
        bad("no header at all", format!("{GOOD}\n{GOOD}\n")),
        bad("400 columns above, 399 below", {
            let names: Vec<String> = (0..397).map(|at| format!("c{at}")).collect();
            let head = format!("hts_number,country_of_origin,entry_date,{}", names.join(","));
            format!("{head}\n9503.00.0073,CN,2025-06-05{}\n", ",x".repeat(396))
        }),
        bad("5000 columns", format!("{HEAD}{}\n{GOOD}\n", ",x".repeat(4_996))),
        bad("a quote that is never closed", format!("{HEAD}\n{GOOD}\n\"9503.00.0073,CN,2025-06-05,100\n{GOOD}\n")),
        lines("a cell too many", &["9503.00.0073,CN,2025-06-05,1,500"]),
        lines("a cell too few", &["9503.00.0073,CN,2025-06-05"]),
    ]
}

fn values() -> Vec<Bad> {
    let value = |name: &str, value: &str| lines(name, &[&format!("9503.00.0073,CN,2025-06-05,{value}")]);
    let day = |name: &str, day: &str| lines(name, &[&format!("9503.00.0073,CN,{day},100")]);
    let code = |name: &str, code: &str| lines(name, &[&format!("{code},CN,2025-06-05,100")]);
    let country = |name: &str, country: &str| lines(name, &[&format!("9503.00.0073,{country},2025-06-05,100")]);
    vec![
        value("below zero", "-100"),
        value("1e308", "1e308"),
        value("not a number", "NaN"),
        value("without end", "Infinity"),
        value("thousands", "\"10,000.00\""),
        value("a decimal comma", "\"12,50\""),
        value("a sign of money", "$100"),
        value("a third decimal", "1.005"),
        value("in brackets", "(100.00)"),
        value("forty digits", &"9".repeat(40)),
        value("a trillion", "1000000000000"),
        value("a formula", "=B2*1.5"),
        value("an error of a spreadsheet", "#REF!"),
        lines(
            "dates in three styles",
            &["9503.00.0073,CN,05.06.2025,1", "9503.00.0073,CN,2025/06/05,1", "9503.00.0073,CN,\"June 5, 2025\",1"],
        ),
        day("30 February", "2025-02-30"),
        day("the day before the month", "25/06/2025"),
        day("a short year", "06/05/25"),
        day("the year 25", "0025-06-05"),
        day("no date", "soon"),
        day("a time without its offset", "2025-06-05T10:00:00"),
        day("the number of a day", "45813"),
        day("no dashes", "20250605"),
        code("nine digits", "101210010"),
        code("seven digits", "9503000"),
        code("a heading", "9503.00"),
        code("twelve digits", "950300007300"),
        code("a letter", "94O3.60.80"),
        code("a number with an exponent", "9.50E+09"),
        code("no such number", "9503.00.0099"),
        code("a number of other days", "8541.40.6015"),
        code("a number of chapter 99", "9903.88.03"),
        country("an unknown country", "XX"),
        country("a name", "China"),
        country("a union", "EU"),
        country("the other letters", "UK"),
        country("three letters", "CHN"),
        lines("nothing stated", &[",,,"]),
        lines("every cell wrong", &["x,??,never,-1"]),
    ]
}

fn other_columns() -> Vec<Bad> {
    vec![
        with("a claim that is not known", "claims", "donaton"),
        with("claimed and denied", "claims", "donation;no:donation"),
        with("a unit that is not known", "quantity_1,unit_1", "5,furlongs"),
        with("a quantity below zero", "quantity_1,unit_1", "-5,kg"),
        with("contents of more than the whole", "steel_pct,aluminum_pct", "60,50"),
        with("a share of more than the whole", "steel_pct", "140"),
        with("a mode that is not known", "mode_of_transport", "balloon"),
        with("no entry type", "entry_type", "ABC"),
        with("no special program", "spi", "USMCA"),
        with("two headings and one duty", "filed_hts99,filed_duty_99", "99038803;99030124,100"),
        with("no heading of chapter 99", "filed_hts99", "9503.00.00"),
        with("no number of chapter 98", "ch98_number", "9903.88.03"),
        with("line nought", "line_number", "0"),
        with("half a line", "line_number", "1.5"),
        with("no direction", "direction", "import"),
        with("no view", "view", "both"),
        with("the value twice", "entered_value", "100"),
        bad("euros", "code,country_of_origin,entry_date,entered_value,currency\n9503.00.0073,CN,2025-06-05,100,EUR\n"),
        with("a moment as the known date", "known_date", "2025-06-05T00:00:00Z"),
    ]
}

fn json() -> Vec<Bad> {
    let good = r#"{"hts_number":"9503.00.0073","country_of_origin":"CN","entry_date":"2025-06-05"}"#;
    let second = |name: &str, row: &str| bad(name, format!("{good}\n{row}\n"));
    vec![
        bad("json: a list", format!("[{good},\n{good}]")),
        bad("json: over several lines", "{\n  \"hts_number\": \"9503.00.0073\",\n  \"country_of_origin\": \"CN\"\n}\n"),
        bad("json: no entry date", r#"{"hts_number":"9503.00.0073","country_of_origin":"CN"}"#),
        second("json: a comma too many", r#"{"hts_number":"9503.00.0073",}"#),
        second("json: cut short", r#"{"hts_number":"9503.00.0073","country"#),
        second("json: a number", "17"),
        second("json: a text", "\"9503.00.0073\""),
        second("json: two objects on a line", &format!("{good}{good}")),
        second(
            "json: a value within a value",
            r#"{"hts_number":{"code":"9503.00.0073"},"country_of_origin":"CN","entry_date":"2025-06-05"}"#,
        ),
        second(
            "json: a list of lists",
            r#"{"hts_number":"9503.00.0073","country_of_origin":"CN","entry_date":"2025-06-05","claims":[["donation"]]}"#,
        ),
        second(
            "json: a key twice",
            r#"{"hts_number":"9503.00.0073","country_of_origin":"CN","entry_date":"2025-06-05","entry_date":"2025-06-06"}"#,
        ),
        second(
            "json: two names of one column",
            r#"{"hts_number":"9503.00.0073","code":"9503.00.0073","country_of_origin":"CN","entry_date":"2025-06-05"}"#,
        ),
        second(
            "json: an exponent",
            r#"{"hts_number":"9503.00.0073","country_of_origin":"CN","entry_date":"2025-06-05","entered_value_usd":1e5}"#,
        ),
        second(
            "json: the code as a number",
            r#"{"hts_number":101210010,"country_of_origin":"CN","entry_date":"2025-06-05"}"#,
        ),
        second(
            "json: a key without a name",
            r#"{"":"9503.00.0073","hts_number":"9503.00.0073","country_of_origin":"CN","entry_date":"2025-06-05"}"#,
        ),
        second("json: a thousand deep", &format!("{}1{}", "{\"a\":".repeat(1_000), "}".repeat(1_000))),
        bad("json: not utf-8", [good.as_bytes(), b"\n{\"hts_number\":\"\xE9\"}\n"].concat()),
    ]
}

fn packed() -> Vec<Bad> {
    let text = format!("{HEAD}\n{}", format!("{GOOD}\n").repeat(300));
    let (gzip, zstd) = (make::gzip(text.as_bytes()), make::zstd(text.as_bytes()));
    let damaged = |mut bytes: Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 8].iter_mut().for_each(|byte| *byte ^= 0xA5);
        bytes
    };
    // Rows of a million signs that all are one.
    let bomb = format!("{HEAD},note\n{}", format!("{GOOD},{}\n", "x".repeat(1 << 20)).repeat(80));
    vec![
        bad("gzip: cut short", &gzip[..gzip.len() - 20]),
        bad("gzip: nothing but its first bytes", &gzip[..10]),
        bad("gzip: damaged", damaged(gzip.clone())),
        bad("gzip: something behind it", [gzip.as_slice(), b"and so on"].concat()),
        bad("zstd: cut short", &zstd[..zstd.len() - 8]),
        bad("zstd: damaged", damaged(zstd.clone())),
        bad("gzip: a bomb", make::gzip(bomb.as_bytes())),
        bad("zstd: a bomb", make::zstd(bomb.as_bytes())),
        bad("gzip in gzip", make::gzip(&gzip)),
        bad("a workbook in gzip", make::gzip(&make::xlsx(&make::rows(&text)))),
        bad("empty, in gzip", make::gzip(b"")),
    ]
}

fn parquet() -> Vec<Bad> {
    let texts = |text: &str| -> ArrayRef { Arc::new(StringArray::from(vec![text])) };
    let table = |more: Vec<(&str, ArrayRef)>| {
        let mut columns = vec![
            ("hts_number", texts("9503.00.0073")),
            ("country_of_origin", texts("CN")),
            ("entry_date", texts("2025-06-05")),
        ];
        columns.extend(more);
        make::parquet_of(columns)
    };
    let good = table(vec![]);
    let structure = StructArray::from(vec![(Arc::new(Field::new("a", DataType::Utf8, true)), texts("x"))]);
    let wide = make::parquet(&make::rows(&format!("{HEAD}\n{}", format!("{GOOD}\n").repeat(3_000))));
    let mut damaged = wide.clone();
    damaged[40..400].fill(0xFF);
    let mut no_end = good.clone();
    let end = no_end.len();
    no_end[end - 300..end - 200].fill(0xFF);
    vec![
        bad("parquet: nothing but its name", "PAR1"),
        bad("parquet: cut short", &good[..good.len() - 30]),
        bad("parquet: half of it", &wide[..wide.len() / 2]),
        bad("parquet: its end damaged", no_end),
        bad("parquet: its pages damaged", damaged),
        bad("parquet: no columns that are known", make::parquet_of(vec![("a", texts("x"))])),
        bad("parquet: a column within a column", table(vec![("entered_value_usd", Arc::new(structure))])),
        bad("parquet: times of day", table(vec![("when", Arc::new(Time32SecondArray::from(vec![1])) as ArrayRef)])),
        bad("parquet: a name twice", table(vec![("x", texts("1")), ("x", texts("2"))])),
        bad(
            "parquet: a tail",
            table(vec![("entered_value_usd", Arc::new(Float64Array::from(vec![0.1 + 0.2])) as ArrayRef)]),
        ),
        bad(
            "parquet: not a number",
            table(vec![("entered_value_usd", Arc::new(Float64Array::from(vec![f64::NAN])) as ArrayRef)]),
        ),
        bad(
            "parquet: 1e308",
            table(vec![("entered_value_usd", Arc::new(Float64Array::from(vec![1e308])) as ArrayRef)]),
        ),
        bad("parquet: the code as a number", {
            let code: ArrayRef = Arc::new(Int64Array::from(vec![101_210_010]));
            make::parquet_of(vec![
                ("hts_number", code),
                ("country_of_origin", texts("CN")),
                ("entry_date", texts("2025-06-05")),
            ])
        }),
        bad("parquet: no rows", {
            let none = |column: ArrayRef| column.slice(0, 0);
            make::parquet_of(vec![
                ("hts_number", none(texts(""))),
                ("country_of_origin", none(texts(""))),
                ("entry_date", none(texts(""))),
            ])
        }),
    ]
}

/// A workbook of its parts.
fn archive(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in parts {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(text.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A workbook whose one sheet holds these rows, as their XML.
fn sheet(rows: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let relations = "http://schemas.openxmlformats.org/package/2006/relationships";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let mut head = String::new();
    for (name, letter) in ["hts_number", "country_of_origin", "entry_date", "entered_value_usd"].iter().zip('A'..) {
        let _ = write!(head, "<c r=\"{letter}1\" t=\"inlineStr\"><is><t>{name}</t></is></c>");
    }
    archive(&[
        ("[Content_Types].xml", "<Types/>"),
        (
            "_rels/.rels",
            &format!(
                "<Relationships xmlns=\"{relations}\"><Relationship Id=\"r\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            &format!(
                "<workbook xmlns=\"{main}\" xmlns:r=\"{office}\"><sheets><sheet name=\"Lines\" sheetId=\"1\" r:id=\"s\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            &format!(
                "<Relationships xmlns=\"{relations}\"><Relationship Id=\"s\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/worksheets/sheet1.xml",
            &format!("<worksheet xmlns=\"{main}\"><sheetData><row r=\"1\">{head}</row>{rows}</sheetData></worksheet>"),
        ),
    ])
}

/// The cells of a good row.
fn good_row(row: u32, value: &str) -> String {
    let text = |letter: char, text: &str| format!("<c r=\"{letter}{row}\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let cells = [text('A', "9503.00.0073"), text('B', "CN"), text('C', "2025-06-05")].concat();
    format!("<row r=\"{row}\">{cells}{value}</row>")
}

fn workbooks() -> Vec<Bad> {
    let good = make::xlsx(&make::rows(&format!("{HEAD}\n{GOOD}\n")));
    let compound = |more: &str| -> Vec<u8> {
        let mut bytes = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
        bytes.resize(1_024, 0xFF);
        bytes.extend(more.encode_utf16().flat_map(u16::to_le_bytes));
        bytes.resize(2_048, 0);
        bytes
    };
    let mut damaged = good.clone();
    let middle = damaged.len() / 2;
    damaged[middle - 200..middle].fill(0x55);
    vec![
        bad("workbook: cut short", &good[..good.len() - 100]),
        bad("workbook: nothing but its first bytes", b"PK\x03\x04\x14\0".to_vec()),
        bad("workbook: damaged", damaged),
        bad("workbook: a password", compound("EncryptedPackage")),
        bad("workbook: of an old form", compound("Workbook")),
        bad("workbook: binary", archive(&[("xl/workbook.bin", "x")])),
        bad("workbook: of OpenDocument", archive(&[("mimetype", "x"), ("content.xml", "<a/>")])),
        bad("an archive with a table", archive(&[("lines.csv", HEAD)])),
        bad("a document", archive(&[("word/document.xml", "<a/>")])),
        bad("workbook: its parts missing", archive(&[("xl/workbook.xml", "<workbook/>")])),
        bad("workbook: no sheet has a header", {
            let mut book = Workbook::new();
            book.add_worksheet().write(0, 0, "hello").unwrap();
            book.add_worksheet().write(0, 0, "hts_number").unwrap();
            book.save_to_buffer().unwrap()
        }),
        bad("workbook: an empty sheet", {
            let mut book = Workbook::new();
            book.add_worksheet();
            book.save_to_buffer().unwrap()
        }),
        bad(
            "workbook: no country",
            make::xlsx(&make::rows("hts_number,entry_date\n9503.00.0073,2025-06-05\n")).clone(),
        ),
        bad("workbook: one sheet, no country", {
            let mut book = Workbook::new();
            let sheet = book.add_worksheet();
            sheet.write_row(0, 0, ["hts_number", "entry_date"]).unwrap();
            book.save_to_buffer().unwrap()
        }),
        bad("workbook: header and no rows", make::xlsx(&make::rows(&format!("{HEAD}\n")))),
        bad("workbook: a name twice", make::xlsx(&make::rows(&format!("{HEAD},x,x\n{GOOD},1,2\n")))),
    ]
}

fn cells() -> Vec<Bad> {
    let lines = |change: &dyn Fn(&mut rust_xlsxwriter::Worksheet)| {
        let mut book = Workbook::new();
        let sheet = book.add_worksheet();
        sheet.set_name("Lines").unwrap();
        sheet.write_row(0, 0, HEAD.split(',')).unwrap();
        for row in 1..=3 {
            sheet.write_row(row, 0, ["9503.00.0073", "CN", "2025-06-05"]).unwrap();
            sheet.write(row, 3, 100).unwrap();
        }
        change(sheet);
        book.save_to_buffer().unwrap()
    };
    let format = Format::new();
    vec![
        bad(
            "workbook: merged cells",
            lines(&|sheet| {
                sheet.merge_range(1, 1, 2, 1, "CN", &format).unwrap();
            }),
        ),
        bad(
            "workbook: the result of a formula is an error",
            lines(&|sheet| {
                sheet.write_formula(2, 3, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
            }),
        ),
        bad("workbook: an error", sheet(&good_row(2, "<c r=\"D2\" t=\"e\"><v>#REF!</v></c>"))),
        bad("workbook: a formula without a result", sheet(&good_row(2, "<c r=\"D2\"><f>B1*2</f></c>"))),
        bad(
            "workbook: a value beside the table",
            lines(&|sheet| {
                sheet.write(2, 6, "see note").unwrap();
            }),
        ),
        bad(
            "workbook: below zero",
            lines(&|sheet| {
                sheet.write(3, 3, -12.5).unwrap();
            }),
        ),
        bad(
            "workbook: 1e308",
            lines(&|sheet| {
                sheet.write(3, 3, 1e308).unwrap();
            }),
        ),
        bad(
            "workbook: a third decimal",
            lines(&|sheet| {
                sheet.write(3, 3, 1.005).unwrap();
            }),
        ),
        bad(
            "workbook: the code as a number",
            lines(&|sheet| {
                sheet.write(1, 0, 101_210_010).unwrap();
            }),
        ),
        bad(
            "workbook: the number of a day",
            lines(&|sheet| {
                sheet.write(1, 2, 45_813).unwrap();
            }),
        ),
        bad(
            "workbook: a day with a time",
            lines(&|sheet| {
                let stamp = rust_xlsxwriter::ExcelDateTime::parse_from_str("2025-06-05T10:30:00").unwrap();
                sheet.write_with_format(1, 2, &stamp, &Format::new().set_num_format("yyyy-mm-dd hh:mm")).unwrap();
            }),
        ),
        bad(
            "workbook: a duration",
            lines(&|sheet| {
                sheet.write_with_format(1, 3, 1.5, &Format::new().set_num_format("[h]:mm:ss")).unwrap();
            }),
        ),
        bad(
            "workbook: a truth",
            lines(&|sheet| {
                sheet.write(1, 3, true).unwrap();
            }),
        ),
        bad("workbook: rows out of order", sheet(&format!("{}{}", good_row(5, ""), good_row(3, "")))),
        bad("workbook: its XML cut short", sheet("<row r=\"2\"><c r=\"A2\"><v>1</v>")),
        bad("workbook: a text that is not there", sheet(&good_row(2, "<c r=\"D2\" t=\"s\"><v>7</v></c>"))),
        bad("workbook: a bomb", sheet(&format!("<row r=\"2\">{}</row>", " ".repeat(80 << 20)))),
    ]
}

fn reports() -> Vec<Bad> {
    let head = "Entry Summary Number,Entry Summary Line Number,Entry Date,Country of Origin Code,Tariff Ordinal Number,\
                HTS Number - Full,Line Tariff Goods Value Amount,Line Tariff Duty Amount";
    let report = |name: &str, rows: &[&str]| bad(name, format!("{head}\n{}\n", rows.join("\n")));
    vec![
        report("report: no article", &["E1,1,06/05/2025,CN,1,99030124,0,20", "E1,1,06/05/2025,CN,2,99030125,0,10"]),
        report(
            "report: two numbers of chapter 98",
            &[
                "E1,1,06/05/2025,MX,1,98020080,600,0",
                "E1,1,06/05/2025,MX,2,98020060,600,0",
                "E1,1,06/05/2025,MX,3,6203424500,400,66.40",
            ],
        ),
        report(
            "report: rows that differ",
            &["E1,1,06/05/2025,CN,1,99030124,0,20", "E1,1,06/05/2025,HK,2,9503000073,100,0"],
        ),
        report(
            "report: an amount that is none",
            &["E1,1,06/05/2025,CN,1,99030124,0,n/a", "E1,1,06/05/2025,CN,2,9503000073,100,0"],
        ),
        report("report: a duty below zero", &["E1,1,06/05/2025,CN,1,9503000073,100,-5"]),
        report("report: a row too short", &["E1,1,06/05/2025,CN,1,9503000073,100,5", "E1,2,06/05/2025"]),
        report(
            "report: values on several headings",
            &[
                "E1,1,06/05/2025,CN,1,99030124,100,20",
                "E1,1,06/05/2025,CN,2,99030125,50,10",
                "E1,1,06/05/2025,CN,3,9503000073,0,0",
            ],
        ),
        report(
            "report: an entry number that a spreadsheet rounded",
            &["1.23457E+10,x,06/05/2025,CN,1,9503000073,100,0"],
        ),
        bad("report: no line number", {
            let columns =
                "Entry Summary Number,Entry Date,Country of Origin Code,Tariff Ordinal Number,HTS Number - Full";
            format!("{columns}\nE1,06/05/2025,CN,1,9503000073\n")
        }),
    ]
}

/// What is said of a file.
fn said(bad: &Bad) -> String {
    let input = Input::Text { name: "FILE".to_owned(), bytes: bad.bytes.clone() };
    let mut options = options(Layers::None);
    options.fault_limit = 5;
    match run(&[input], &options, &LAW, &mut |_, _| {}) {
        Ok(done) => format!("no fault: {} lines", done.summary.lines),
        Err(error) => error.to_string(),
    }
}

#[test]
fn each_wrong_file_is_told_so() {
    let all = [
        encodings(),
        separators(),
        values(),
        other_columns(),
        json(),
        packed(),
        parquet(),
        workbooks(),
        cells(),
        reports(),
    ]
    .concat();
    let mut page = "# Files that are wrong, and what is said of them\n".to_owned();
    for bad in &all {
        let _ = write!(page, "\n## {}\n\n```\n{}\n```\n", bad.name, said(bad));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bad.md");
    if std::env::var_os("PORTOLAN_WRITE_BAD").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    for (is, was) in page.split("\n## ").zip(expected.split("\n## ")) {
        assert_eq!(is.trim_end(), was.trim_end());
    }
    assert_eq!(page.len(), expected.len());
    assert!(all.len() >= 100, "{}", all.len());
    assert!(!expected.contains("no fault:"));
}

#[test]
fn what_once_broke_a_reader_is_refused() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/regressions");
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let said = said(&Bad { name: path.display().to_string(), bytes });
        assert!(said.starts_with("FILE"), "{}: {said}", path.display());
        read += 1;
    }
    assert!(read > 0);
}
