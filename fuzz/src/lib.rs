//! What the targets share: a file is read to its end as a run would read it, and again where the readers ask for it.

use portolan_entry::Input;
use portolan_entry::read::{InputError, Room, Setup, Source};

/// Reads all rows of a file; gives how many there are.
pub fn read(bytes: &[u8]) -> u64 {
    let input = Input::Text { name: "fuzz".to_owned(), bytes: bytes.to_vec() };
    let mut setup = Setup::default();
    // A reader asks at most once for each of its ways.
    for _ in 0..3 {
        match rows(&input, setup) {
            Ok(rows) => return rows,
            Err(InputError::Again(again)) => setup = setup.again(again),
            Err(_) => return 0,
        }
    }
    panic!("the file is to be read again and again");
}

fn rows(input: &Input, setup: Setup<'_>) -> Result<u64, InputError> {
    let (source, header) = Source::open(input, setup)?;
    let mut room = Room::default();
    let (mut rows, mut counted) = (0, 0);
    let mut late = false;
    source.drive(&mut |piece| {
        assert_eq!(piece.first, counted, "pieces follow one another");
        counted += piece.count;
        let (first, last) = (piece.first, piece.first + piece.count);
        late |= piece
            .each(&header, &mut room, |row, is_text| {
                rows += 1;
                assert!(row.number <= last, "row {} of {first} to {last}", row.number);
                for at in 0..row.cells.len() {
                    assert!(!is_text || std::str::from_utf8(row.cell(at)).is_ok());
                }
            })
            .late_key;
        Ok(true)
    })?;
    if late { Err(InputError::Again(portolan_entry::read::Again::AllKeys)) } else { Ok(rows) }
}
