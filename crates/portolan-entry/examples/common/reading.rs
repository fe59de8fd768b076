//! A file read to its end: by the project, and a workbook by the library below it.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;

use calamine::Reader as _;
use portolan_entry::Input;
use portolan_entry::read::{Room, Setup, Source};

/// Every row of a file, taken apart.
pub fn read(path: &Path) -> Result<u64, Box<dyn Error>> {
    let input = Input::File(path.to_owned());
    let (source, header) = Source::open(&input, Setup::default()).map_err(|error| format!("{error:?}"))?;
    let mut room = Room::default();
    let mut lines = 0;
    source
        .drive(&mut |piece| {
            piece.each(&header, &mut room, |row, _| {
                black_box(row.cells);
                lines += 1;
            });
            Ok(true)
        })
        .map_err(|error| format!("{error:?}"))?;
    Ok(lines)
}

/// Every cell of the first sheet; gives the number of the last row.
pub fn plain_book(path: &Path) -> Result<u64, Box<dyn Error>> {
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(path)?;
    let sheet = book.sheet_names().first().cloned().ok_or("a sheet")?;
    let mut cells = book.worksheet_cells_reader(&sheet)?;
    let mut last = 0;
    while let Some(cell) = cells.next_cell()? {
        last = black_box(cell).get_position().0;
    }
    Ok(last.into())
}
