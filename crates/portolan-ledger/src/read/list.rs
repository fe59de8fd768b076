//! Product lists: `code,from,until,act,except,note`.

use super::{At, Reader};
use crate::code::TariffCode;
use crate::diagnostic::{Code, Span};
use crate::record::{ActId, List, ListId, ListRow, Place, Term};
use crate::time::{Day, Instant, Side};

impl Reader {
    /// The list at a path relative to the program's folder; read once however often it is named.
    pub(super) fn list(&mut self, at: At, folder: &str, path: &str, span: Span) -> Option<ListId> {
        let full = format!("{folder}{path}");
        // Bare dates of a list are read in the zone of the program that names it; one list serves one side.
        if let Some(&id) = self.lists.get(&full) {
            return Some(id);
        }
        let Some((file, _)) = self.files_in(|name| name == full).pop() else {
            self.fault_help(
                Code::Unreadable,
                Some(span),
                format!("the list `{full}` does not exist"),
                "a path is relative to the program's own folder",
            );
            return None;
        };
        let rows = self.list_rows(file, at.side);
        let id = ListId(u16::try_from(self.ledger.lists.len()).unwrap_or(u16::MAX));
        self.ledger.lists.push(List { path: full.clone(), rows });
        self.lists.insert(full, id);
        Some(id)
    }

    fn list_rows(&mut self, file: u16, side: Side) -> Vec<ListRow> {
        let text = self.sources.text(file).to_owned();
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let Some(columns) = self.columns(file, &mut reader) else { return Vec::new() };
        let mut rows: Vec<ListRow> = Vec::new();
        let mut record = csv::StringRecord::new();
        let mut cache = (String::new(), None);
        loop {
            match reader.read_record(&mut record) {
                Ok(false) => break,
                Ok(true) => {}
                Err(error) => {
                    let span = Span { file, start: 0, end: 0 };
                    self.fault(Code::BadRow, Some(span), error.to_string());
                    break;
                }
            }
            let position = record.position().map_or(0, csv::Position::byte);
            let start = u32::try_from(position).unwrap_or(u32::MAX);
            let span = Span {
                file,
                start,
                end: start.saturating_add(u32::try_from(record.as_slice().len() + record.len()).unwrap_or(0)),
            };
            let line = record.position().map_or(0, csv::Position::line);
            let place = Place { file, line: u32::try_from(line).unwrap_or(u32::MAX) };
            rows.extend(self.list_row(&record, &columns, side, span, place, &mut cache));
        }
        // Stable, so that rows of one code keep the order of the file, which decides between acts of one day.
        rows.sort_by_key(|row| row.code);
        rows
    }

    fn columns(&mut self, file: u16, reader: &mut csv::Reader<&[u8]>) -> Option<Columns> {
        let span = Span { file, start: 0, end: 1 };
        let header = match reader.headers() {
            Ok(header) => header.clone(),
            Err(error) => {
                self.fault(Code::Unreadable, Some(span), error.to_string());
                return None;
            }
        };
        let find = |name: &str| header.iter().position(|column| column == name);
        let unknown: Vec<_> =
            header.iter().filter(|c| !["code", "from", "until", "act", "except", "note"].contains(c)).collect();
        if !unknown.is_empty() {
            self.fault(Code::Unreadable, Some(span), format!("unknown columns: {}", unknown.join(", ")));
        }
        if let (Some(code), Some(from), Some(until), Some(act)) =
            (find("code"), find("from"), find("until"), find("act"))
        {
            return Some(Columns { code, from, until, act, except: find("except") });
        }
        self.fault_help(
            Code::Unreadable,
            Some(span),
            "the header lacks a column",
            "a list starts with code,from,until,act[,except][,note]",
        );
        None
    }

    fn list_row(
        &mut self,
        record: &csv::StringRecord,
        columns: &Columns,
        side: Side,
        span: Span,
        place: Place,
        cache: &mut (String, Option<ActId>),
    ) -> Option<ListRow> {
        let cell = |column: usize| record.get(column).unwrap_or("").trim();
        let code = self.row_code(cell(columns.code), span);
        let from = self.row_date(cell(columns.from), side, span);
        let until = match cell(columns.until) {
            "" => Some(None),
            text => self.row_date(text, side, span).map(Some),
        };
        let except = columns.except.map_or("", cell);
        let except: Vec<_> =
            except.split(';').filter(|c| !c.is_empty()).filter_map(|c| self.row_code(c, span)).collect();
        let name = cell(columns.act);
        if cache.0 != name {
            *cache = (name.to_owned(), self.act(name, span));
        }
        let (code, from, until, act) = (code?, from?, until?, cache.1?);
        if until.is_some_and(|until| until <= from) {
            self.fault(Code::EmptyInterval, Some(span), format!("the row of {code} ends before it begins"));
        }
        Some(ListRow { code, term: Term { from, until, act, place }, except })
    }

    fn row_code(&mut self, text: &str, span: Span) -> Option<TariffCode> {
        match TariffCode::parse(text.as_bytes()) {
            Ok(code) => Some(code),
            Err(error) => {
                self.fault(Code::BadRow, Some(span), format!("`{text}`: {error}"));
                None
            }
        }
    }

    fn row_date(&mut self, text: &str, side: Side, span: Span) -> Option<Instant> {
        let found = match Day::parse_iso(text.as_bytes()) {
            Some(day) => Some(self.clocks[usize::from(side.0)].day_start(day)),
            None => text.parse::<jiff::Timestamp>().ok().map(|stamp| Instant(stamp.as_second())),
        };
        if found.is_none() {
            self.fault(Code::BadDate, Some(span), format!("`{text}` names no moment"));
        }
        found
    }
}

/// Where the columns of a list stand.
struct Columns {
    code: usize,
    from: usize,
    until: usize,
    act: usize,
    except: Option<usize>,
}
