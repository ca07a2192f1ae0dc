//! A table as other programs write it: its encoding and its separator are found out, quoted cells may hold lines.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Most bytes of a table.
pub const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Most rows.
pub const MAX_ROWS: usize = 500_000;
/// Longest cell: a quotation mark that is never closed swallows all that follows.
const MAX_CELL: usize = 100_000;
/// Rows that are looked at to find the separator.
const LOOK: usize = 30;
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line that it begins in, from 1.
    pub line: u64,
    /// Its cells, without space around them.
    pub cells: Vec<String>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// Its encoding, by its usual name.
    pub encoding: &'static str,
    /// What stands between two cells.
    pub separator: char,
    /// Its rows, empty ones left out.
    pub rows: Vec<Record>,
    /// Rows that could not be read: line and reason.
    pub bad: Vec<(u64, String)>,
}

/// Read a table.
///
/// # Errors
/// In words for a person, when it is no table at all.
pub fn read(bytes: &[u8]) -> Result<Table, String> {
    let (text, encoding) = decode(bytes)?;
    let (text, said, skipped) = told(&text);
    let separator = said.unwrap_or_else(|| separator_of(text));
    let mut table = Table {
        encoding,
        separator: char::from(separator),
        rows: Vec::new(),
        bad: Vec::new(),
    };
    for record in reader(text, separator).records() {
        match record {
            Ok(r) => {
                let line = r.position().map_or(1, csv::Position::line) + skipped;
                let cells: Vec<String> = r.iter().map(|c| c.trim().to_owned()).collect();
                if cells.iter().all(String::is_empty) {
                    continue;
                }
                if cells.iter().any(|c| c.len() > MAX_CELL) {
                    table.bad.push((
                        line,
                        "a quotation mark that opens here is never closed, or a cell is longer than 100,000 bytes".into(),
                    ));
                    continue;
                }
                table.rows.push(Record { line, cells });
            }
            Err(e) => {
                let line = e.position().map_or(0, csv::Position::line) + skipped;
                table.bad.push((line, "this row cannot be read".into()));
            }
        }
        if table.rows.len() > MAX_ROWS {
            return Err(format!(
                "it has more than {MAX_ROWS} rows; divide it into several files"
            ));
        }
    }
    if table.rows.is_empty() {
        return Err("there is no row in it".into());
    }
    Ok(table)
}

fn reader(text: &str, separator: u8) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
}

/// The text of a file. A mark at its beginning says the encoding; else what is valid UTF-8 is that, every second
/// byte of UTF-16 in our alphabets is zero, and the rest was written by an old program on Windows.
fn decode(bytes: &[u8]) -> Result<(String, &'static str), String> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        let (text, _, _) = encoding.decode(bytes);
        return Ok((text.into_owned(), encoding.name()));
    }
    let encoding = if zeros(bytes, 1) {
        UTF_16LE
    } else if zeros(bytes, 0) {
        UTF_16BE
    } else if bytes.contains(&0) {
        return Err("it is no table: it holds bytes that no text has".into());
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    };
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    Ok((text.into_owned(), encoding.name()))
}

/// Whether most of every second byte is zero, beginning with the first or second one.
fn zeros(bytes: &[u8], from: usize) -> bool {
    let head = bytes.get(..bytes.len().min(4_096)).unwrap_or_default();
    let of = head.iter().skip(from).step_by(2);
    let (all, zero) = (of.clone().count(), of.filter(|b| **b == 0).count());
    all > 1 && zero * 10 >= all * 7
}

/// Excel's own first line names the separator: the text after it, the separator, and lines left out.
fn told(text: &str) -> (&str, Option<u8>, u64) {
    let Some((first, rest)) = text.split_once('\n') else {
        return (text, None, 0);
    };
    match first.trim_end().trim_matches('"').strip_prefix("sep=") {
        Some(s) if s.len() == 1 => (rest, s.bytes().next(), 1),
        Some("") => (rest, Some(b'\t'), 1),
        _ => (text, None, 0),
    }
}

/// The separator that gives the first rows the most cells, and the same number of them.
fn separator_of(text: &str) -> u8 {
    let score = |separator: u8| {
        let widths: Vec<usize> = reader(text, separator)
            .records()
            .take(LOOK)
            .filter_map(Result::ok)
            .map(|r| r.len())
            .collect();
        let first = widths.first().copied().unwrap_or(0);
        let same = widths.iter().filter(|w| **w == first).count();
        if first < 2 {
            return (0, 0);
        }
        // Agreement first; a comma inside of names is in some rows only.
        (same * 100 / widths.len().max(1), first)
    };
    SEPARATORS
        .into_iter()
        .rev()
        .max_by_key(|s| score(*s))
        .filter(|s| score(*s).1 > 0)
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(t: &Table) -> Vec<Vec<&str>> {
        t.rows
            .iter()
            .map(|r| r.cells.iter().map(String::as_str).collect())
            .collect()
    }

    #[test]
    fn separators_are_found_out() {
        for (text, separator) in [
            ("Name,Email\nBerg,a@b.test\n", ','),
            (
                "Name;Email\n\"Berg, Anna\";a@b.test\nBo, the other;b@b.test\n",
                ';',
            ),
            ("Name\tEmail\nBerg; Anna\ta@b.test\n", '\t'),
            ("sep=|\nName|Email\nBerg|a@b.test\n", '|'),
            ("email\na@b.test\n", ','),
        ] {
            assert_eq!(
                read(text.as_bytes()).unwrap().separator,
                separator,
                "{text}"
            );
        }
    }

    #[test]
    fn encodings_are_found_out() {
        let text = "Näme;Email\nJürgen;j@b.test\n";
        let utf16 = |bom: bool, big: bool| {
            let bytes = |u: u16| {
                if big {
                    u.to_be_bytes()
                } else {
                    u.to_le_bytes()
                }
            };
            let mut out = if bom {
                bytes(0xFEFF).to_vec()
            } else {
                Vec::new()
            };
            out.extend(text.encode_utf16().flat_map(bytes));
            out
        };
        let (latin, _, _) = WINDOWS_1252.encode(text);
        for (bytes, encoding) in [
            (text.as_bytes().to_vec(), "UTF-8"),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), "UTF-8"),
            (utf16(true, false), "UTF-16LE"),
            (utf16(true, true), "UTF-16BE"),
            (utf16(false, false), "UTF-16LE"),
            (utf16(false, true), "UTF-16BE"),
            (latin.into_owned(), "windows-1252"),
        ] {
            let t = read(&bytes).unwrap();
            assert_eq!((t.encoding, t.separator), (encoding, ';'));
            assert_eq!(cells(&t), [["Näme", "Email"], ["Jürgen", "j@b.test"]]);
        }
        assert!(read(b"\x7fELF\x00\x01\x02rest of a program").is_err());
    }

    #[test]
    fn a_quoted_cell_may_hold_lines_and_the_next_row_still_knows_its_own() {
        let t = read(b"name,note\nAnna,\"first\nsecond, \"\"third\"\"\"\n\n,\nBo,x\n").unwrap();
        assert_eq!(
            cells(&t),
            [
                vec!["name", "note"],
                vec!["Anna", "first\nsecond, \"third\""],
                vec!["Bo", "x"]
            ]
        );
        assert_eq!(t.rows.iter().map(|r| r.line).collect::<Vec<_>>(), [1, 2, 6]);
    }

    #[test]
    fn a_quotation_mark_that_is_never_closed_is_told_with_its_line() {
        let text = format!("name,note\nAnna,\"open{}\n", "x\n".repeat(60_000));
        let t = read(text.as_bytes()).unwrap();
        assert_eq!((t.rows.len(), t.bad.len()), (1, 1));
        assert_eq!(t.bad[0].0, 2);
    }

    #[test]
    fn an_empty_file_is_no_table() {
        for nothing in [&b""[..], b"\n\n", b"\xef\xbb\xbf", b";;;\n"] {
            assert!(read(nothing).is_err());
        }
    }
}
