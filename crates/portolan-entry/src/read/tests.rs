//! Headers, and where files are cut.

use std::fmt::Write as _;

use super::*;
use crate::columns::Column;

fn open(text: &[u8]) -> Result<(Vec<Option<Column>>, Vec<u8>), String> {
    let input = Input::Text { name: "f.csv".to_owned(), bytes: text.to_vec() };
    let (source, header) = Source::open(&input, Setup::default()).map_err(said)?;
    let mut all = Vec::new();
    let mut rows = 0;
    source
        .drive(&mut |piece| {
            assert_eq!(piece.first, rows);
            rows += piece.count;
            match &piece.rows {
                Rows::Csv(bytes) => all.extend_from_slice(bytes),
                other => panic!("{other:?}"),
            }
            Ok(true)
        })
        .map_err(said)?;
    Ok((header.columns, all))
}

fn said(error: InputError) -> String {
    match error {
        InputError::Faults(faults) => faults.to_string(),
        InputError::Read { file, error } => format!("{file}: {error}"),
        InputError::Again(again) => format!("{again:?}"),
    }
}

const HEAD: &str = "HTS Number - Full,Country of Origin Code,Entry Date,note";

#[test]
fn a_header_is_understood_with_its_mark_and_line_ends() {
    for (start, end) in [("", "\n"), ("\u{feff}", "\r\n"), ("\n\n", "\r")] {
        let (columns, rows) = open(format!("{start}{HEAD}{end}a,b,c,d{end}").as_bytes()).unwrap();
        let known = [Some(Column::HtsNumber), Some(Column::CountryOfOrigin), Some(Column::EntryDate), None];
        assert_eq!(columns, known);
        assert_eq!(String::from_utf8(rows).unwrap().trim(), "a,b,c,d");
    }
}

#[test]
fn each_wrong_file_is_named_by_one_clear_error() {
    let says = |text: &[u8], what: &str| {
        let error = open(text).unwrap_err();
        assert!(error.contains(what), "{error}");
    };
    says(b"", "f.csv: the file is empty; the first row names the columns");
    says(b"\n\n", "the file is empty");
    says(HEAD.as_bytes(), "the file holds a header and no rows");
    says(format!("{HEAD}\n\r\n").as_bytes(), "the file holds a header and no rows");
    says(b"PK\x03\x04...", "the archive cannot be read");
    says(b"\xff\xfeh\0", "UTF-16");
    says(b"hts_number,entry_date\n1,2\n", "the header has no column country_of_origin");
    says(b"hts_number,code,country_of_origin,entry_date\n", "\"hts_number\" and \"code\" are one: both are hts_number");
    says(b"code,country_of_origin,entry_date,x,x\n", "the columns \"x\" and \"x\" are one");
    says(b"code;country_of_origin;entry_date\n1;2;3\n", "separated by commas");
    says(b"code,country_of_origin,entry_date,\xff\n", "column 4 is not UTF-8");
    says(
        format!("{HEAD}\na,b,c,d\na,\"b,c,d\n").as_bytes(),
        "f.csv, row 2: a quote is opened in this row and never closed",
    );
}

#[test]
fn pieces_end_with_rows() {
    let mut text = format!("{HEAD}\n");
    for row in 0..50_000 {
        let _ = writeln!(text, "{row},\"x\ny\",\"\"\"\",plain text that is a little longer");
    }
    let (_, rows) = open(text.as_bytes()).unwrap();
    assert_eq!(rows.len(), text.len() - HEAD.len() - 1);
}
