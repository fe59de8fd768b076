//! Where bytes come from, what kind of file they are, and how they are unpacked. A kind is known by what a file begins
//! with, never by its name.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::InputError;
use crate::fault::{Faults, FieldFault};

/// A text may unpack to this many times its size; tables of text rarely reach a tenth of it.
const MOST_RATIO: u64 = 250;

/// Below this many bytes the ratio is not looked at.
pub(super) const FREE_BYTES: u64 = 64 << 20;

/// The window that a zstd stream may ask for, as a power of two: 128 MiB.
const ZSTD_WINDOW: u32 = 27;

/// How much is looked at to tell what a text is.
const HEAD: usize = 4_096;

/// Entry lines, in any form that is read.
#[derive(Clone, Debug)]
pub enum Input {
    /// A file.
    File(PathBuf),
    /// Something that could be read only once, kept in a file without a name.
    Kept {
        /// Its name.
        name: String,
        /// What it held.
        file: Arc<tempfile::NamedTempFile>,
    },
    /// A text in memory, with the name that messages give it.
    Text {
        /// Its name.
        name: String,
        /// The text.
        bytes: Vec<u8>,
    },
}

impl Input {
    /// The input that a command names: a file, or standard input as `-`. What can be read only once is kept in a file that
    /// goes when the program ends, because a file of entry lines may have to be read twice.
    ///
    /// # Errors
    /// It cannot be read, or not be kept.
    pub fn named(name: &Path) -> io::Result<Self> {
        if name == Path::new("-") {
            return Self::kept("standard input".to_owned(), io::stdin().lock());
        }
        let about = std::fs::metadata(name)?;
        if about.is_file() {
            Ok(Self::File(name.to_owned()))
        } else if about.is_dir() {
            Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"))
        } else {
            Self::kept(name.display().to_string(), File::open(name)?)
        }
    }

    fn kept(name: String, mut from: impl Read) -> io::Result<Self> {
        let mut file = tempfile::NamedTempFile::new()?;
        io::copy(&mut from, &mut file)?;
        Ok(Self::Kept { name, file: Arc::new(file) })
    }

    /// The name that messages give it.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Kept { name, .. } | Self::Text { name, .. } => name.clone(),
        }
    }

    /// How many bytes it holds; none where that cannot be told.
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File(path) => Some(std::fs::metadata(path).ok()?.len()),
            Self::Kept { file, .. } => Some(file.as_file().metadata().ok()?.len()),
            Self::Text { bytes, .. } => u64::try_from(bytes.len()).ok(),
        }
    }
}

/// An input as it lies there.
pub(super) enum Raw {
    File(File),
    Bytes(Bytes),
}

impl Raw {
    pub(super) fn open(input: &Input) -> io::Result<Self> {
        Ok(match input {
            Input::File(path) => Self::File(File::open(path)?),
            Input::Kept { file, .. } => Self::File(file.reopen()?),
            Input::Text { bytes, .. } => Self::Bytes(Bytes::from(bytes.clone())),
        })
    }

    /// What it begins with.
    fn head(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::File(file) => {
                let mut head = Vec::new();
                file.take(HEAD as u64).read_to_end(&mut head)?;
                file.seek(SeekFrom::Start(0))?;
                Ok(head)
            }
            Self::Bytes(bytes) => Ok(bytes[..bytes.len().min(HEAD)].to_vec()),
        }
    }

    /// A reader from its beginning.
    pub(super) fn reader(self) -> Box<dyn Read + Send> {
        match self {
            Self::File(file) => Box::new(file),
            Self::Bytes(bytes) => Box::new(io::Cursor::new(bytes)),
        }
    }

    pub(super) fn seeker(self) -> Box<dyn Seeker> {
        match self {
            Self::File(file) => Box::new(BufReader::with_capacity(1 << 16, file)),
            Self::Bytes(bytes) => Box::new(io::Cursor::new(bytes)),
        }
    }
}

/// What a workbook is read from.
pub(super) trait Seeker: Read + Seek + Send {}

impl<T: Read + Seek + Send> Seeker for T {}

/// What a file holds.
pub(super) enum Content {
    /// Rows separated by commas.
    Csv(Text),
    /// An object a line.
    Json(Text),
    /// Parquet.
    Parquet(Raw),
    /// An archive, as workbooks are.
    Archive(Raw),
}

impl Content {
    /// Looks at what an input begins with, and unpacks it.
    pub(super) fn of(input: &Input) -> Result<Self, InputError> {
        let name = input.name();
        let read = |error| InputError::of_io(&name, error);
        let wrong = |fault| InputError::Faults(Faults::of_file(&name, fault));
        let mut raw = Raw::open(input).map_err(read)?;
        let head = raw.head().map_err(read)?;
        match Kind::of(&head) {
            Kind::Parquet => Ok(Self::Parquet(raw)),
            Kind::Archive => Ok(Self::Archive(raw)),
            Kind::Refused(fault) => Err(wrong(fault)),
            Kind::Text => Self::of_text(&name, Text::plain(raw.reader())),
            Kind::Packed(packing) => Self::of_text(&name, Text::packed(raw.reader(), packing).map_err(read)?),
        }
    }

    fn of_text(name: &str, mut text: Text) -> Result<Self, InputError> {
        let wrong = |fault| InputError::Faults(Faults::of_file(name, fault));
        text.fill(HEAD).map_err(|error| InputError::of_io(name, error))?;
        match Kind::of(&text.left) {
            Kind::Text => {}
            Kind::Refused(fault) => return Err(wrong(fault)),
            Kind::Packed(_) => return Err(wrong(FieldFault::of_line("it is packed twice").help("unpack it once"))),
            Kind::Parquet | Kind::Archive => {
                let fault = FieldFault::of_line("a Parquet file or a workbook, and packed besides");
                return Err(wrong(fault.help("unpack it: both are packed inside already")));
            }
        }
        let start = usize::from(text.left.starts_with(b"\xEF\xBB\xBF")) * 3;
        text.left.drain(..start);
        match text.left.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{') => Ok(Self::Json(text)),
            Some(b'[') if is_json_list(&text.left) => {
                let fault = FieldFault::of_line("one JSON list; JSON lines are read, one object on each line");
                Err(wrong(fault.help("`jq -c '.[]'` makes lines of a list")))
            }
            Some(b'<') => {
                let fault = FieldFault::of_line("this is a page of HTML or XML, no table of entry lines");
                Err(wrong(fault.help("open it in a spreadsheet and save it as CSV UTF-8 or .xlsx")))
            }
            _ => Ok(Self::Csv(text)),
        }
    }
}

/// A list of objects, or of nothing: `[{`, `[]`.
fn is_json_list(text: &[u8]) -> bool {
    let mut signs = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    signs.next() == Some(&b'[') && matches!(signs.next(), Some(b'{' | b']'))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Gzip,
    Zstd,
}

enum Kind {
    Text,
    Packed(Packing),
    Parquet,
    Archive,
    Refused(FieldFault),
}

impl Kind {
    fn of(head: &[u8]) -> Self {
        let refused = |wrong: &str, help: &str| Self::Refused(FieldFault::of_line(wrong).help(help));
        match head {
            [0x1F, 0x8B, ..] => Self::Packed(Packing::Gzip),
            [0x28, 0xB5, 0x2F, 0xFD, ..] => Self::Packed(Packing::Zstd),
            [b'P', b'A', b'R', b'1', ..] => Self::Parquet,
            [b'P', b'A', b'R', b'E', ..] => refused("the Parquet file is encrypted", "write it without encryption"),
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Archive,
            [0xD0, 0xCF, 0x11, 0xE0, ..] => Self::Refused(compound(head)),
            [b'B', b'Z', b'h', ..] => refused("it is packed with bzip2", "gzip and zstd are unpacked; pack it so"),
            [0xFD, b'7', b'z', b'X', b'Z', ..] => {
                refused("it is packed with xz", "gzip and zstd are unpacked; pack it so")
            }
            [b'7', b'z', 0xBC, 0xAF, ..] | [b'R', b'a', b'r', b'!', ..] => {
                refused("this is an archive of files", "unpack it and give the files in it")
            }
            [b'%', b'P', b'D', b'F', ..] => refused("this is a PDF", "export the table as CSV or .xlsx"),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => {
                refused("this is an Arrow file (Feather)", "write it as Parquet")
            }
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => refused("the text is UTF-16", "save it as CSV UTF-8"),
            _ if head.contains(&0) => refused("this is no text in UTF-8: it holds zero bytes", "save it as CSV UTF-8"),
            _ => Self::Text,
        }
    }
}

/// Workbooks of before 2007, and protected ones, lie in a container that names its parts in UTF-16.
fn compound(head: &[u8]) -> FieldFault {
    let encrypted: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if memchr::memmem::find(head, &encrypted).is_some() {
        FieldFault::of_line("the workbook is protected by a password").help("save it without one")
    } else {
        FieldFault::of_line("a workbook of an old form (.xls), or protected by a password")
            .help("save it as .xlsx without a password, or as CSV UTF-8")
    }
}

/// A text on its way in: unpacked, watched for how large it grows, and counted.
pub(super) struct Text {
    reader: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
    told: u64,
    /// Read but not handed on: the beginning of the next piece.
    pub(super) left: Vec<u8>,
    /// Nothing more will come.
    pub(super) at_end: bool,
}

impl Text {
    fn plain(reader: Box<dyn Read + Send>) -> Self {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = Counted { reader, taken: taken.clone() };
        Self { reader: Box::new(counted), taken, told: 0, left: Vec::new(), at_end: false }
    }

    fn packed(reader: Box<dyn Read + Send>, packing: Packing) -> io::Result<Self> {
        let taken = Arc::new(AtomicU64::new(0));
        let counted = BufReader::with_capacity(1 << 16, Counted { reader, taken: taken.clone() });
        let reader: Box<dyn Read + Send> = match packing {
            Packing::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(counted)),
            Packing::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(counted)?;
                decoder.window_log_max(ZSTD_WINDOW)?;
                Box::new(decoder)
            }
        };
        let reader = Box::new(Unpacked { reader, packing, taken: taken.clone(), given: 0 });
        Ok(Self { reader, taken, told: 0, left: Vec::new(), at_end: false })
    }

    /// Reads on by so many bytes at most; notes the end of the text.
    pub(super) fn read_into(&mut self, bytes: &mut Vec<u8>, most: usize) -> io::Result<()> {
        let read = (&mut self.reader).take(most as u64).read_to_end(bytes)?;
        self.at_end |= read < most;
        Ok(())
    }

    /// Reads until so many bytes are at hand, or the text ends.
    pub(super) fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let mut left = std::mem::take(&mut self.left);
        let more = wanted.saturating_sub(left.len());
        let read = if more > 0 && !self.at_end { self.read_into(&mut left, more) } else { Ok(()) };
        self.left = left;
        read
    }

    /// How many bytes of the input were read since this was last asked.
    pub(super) fn taken(&mut self) -> u64 {
        let now = self.taken.load(Ordering::Relaxed);
        now - std::mem::replace(&mut self.told, now)
    }
}

/// Counts what is taken from the input, packed as it is.
struct Counted {
    reader: Box<dyn Read + Send>,
    taken: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.taken.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// What comes out of a packed file; stops where that is out of all proportion.
struct Unpacked {
    reader: Box<dyn Read + Send>,
    packing: Packing,
    taken: Arc<AtomicU64>,
    given: u64,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let name = if self.packing == Packing::Gzip { "gzip" } else { "zstd" };
        let read = self.reader.read(buffer).map_err(|error| {
            let cut = error.kind() == io::ErrorKind::UnexpectedEof;
            let wrong = if cut { "ends too early" } else { "is damaged" };
            let why = if cut { String::new() } else { format!(": {error}") };
            refusal(FieldFault::of_line(format!("the {name} file {wrong}{why}")).help("pack it or fetch it again"))
        })?;
        self.given += read as u64;
        if self.given > FREE_BYTES && self.given / MOST_RATIO > self.taken.load(Ordering::Relaxed) {
            let wrong = format!("the {name} file grows to more than {MOST_RATIO} times its size");
            return Err(refusal(FieldFault::of_line(wrong).help("no table of entry lines does; unpack it yourself")));
        }
        Ok(read)
    }
}

/// What makes a file as a whole unfit, on its way through a reader.
#[derive(Debug)]
struct Refusal(FieldFault);

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refusal {}

fn refusal(fault: FieldFault) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, Refusal(fault))
}

/// The fault that a reader hands through, where the error is one.
pub(super) fn refused(error: &io::Error) -> Option<FieldFault> {
    error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()).map(|refusal| refusal.0.clone())
}
