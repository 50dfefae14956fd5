//! Reads the lines of a backup, each only once, and believes none of them: what is cut off, damaged, added or of a newer form is refused
//! with what is wrong and the way out.

use std::io::{self, BufRead as _, BufReader, Read};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::format::{AnyHeader, End, EndLine, FORMAT, Header, LONGEST_LINE, TableLine};
use crate::store::{Column, ColumnType, Value};

/// Why a backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is something else.
    #[error("this is no backup of Windlass: name a file that `windlass-server backup` wrote")]
    NoBackup,
    /// A newer version wrote it in another form.
    #[error(
        "the backup has form {form}, this version reads {FORMAT} and older ones: restore it with Windlass {windlass} or a later version"
    )]
    NewerForm { form: u32, windlass: String },
    /// Its end is missing.
    #[error(
        "the backup was cut off after line {line}: use another copy of it, or an earlier backup"
    )]
    Cut { line: u64 },
    /// It is not what was written.
    #[error(
        "the backup is damaged, line {line} {what}: use another copy of it, or an earlier backup"
    )]
    Damaged { line: u64, what: &'static str },
    /// It cannot be read.
    #[error("the backup could not be read to its end")]
    Read(#[source] io::Error),
}

/// Reads one backup: its header, then each table with its rows, then its end.
pub struct Reader<R: Read> {
    from: BufReader<MultiGzDecoder<R>>,
    header: Header,
    lines: Lines,
    rows: u64,
}

/// What was read so far.
struct Lines {
    /// Number of the line that was read last.
    number: u64,
    line: Vec<u8>,
    /// Of all lines.
    digest: Sha256,
}

/// A value as JSON has it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Number(i64),
    Text(String),
}

impl<R: Read> Reader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// Where it is none of a backup, or one of a newer form.
    pub fn open(from: R) -> Result<Self, ReadError> {
        let mut from = BufReader::new(MultiGzDecoder::new(from));
        let mut lines = Lines {
            number: 0,
            line: Vec::new(),
            digest: Sha256::new(),
        };
        lines.next(&mut from).map_err(|error| match error {
            // Whatever else it is, it does not begin as a backup does.
            ReadError::Damaged { .. } | ReadError::Cut { .. } => ReadError::NoBackup,
            other => other,
        })?;
        let any: AnyHeader =
            serde_json::from_slice(&lines.line).map_err(|_| ReadError::NoBackup)?;
        if any.windlass_backup > FORMAT {
            return Err(ReadError::NewerForm {
                form: any.windlass_backup,
                windlass: any.windlass,
            });
        }
        let header = lines.parse("is not as the first one must be")?;
        Ok(Self {
            from,
            header,
            lines,
            rows: 0,
        })
    }

    /// What the first line says.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// What follows must be rows of that table.
    ///
    /// # Errors
    /// Where it is not, or cannot be read.
    pub fn table(&mut self, name: &str) -> Result<(), ReadError> {
        self.lines.next(&mut self.from)?;
        let what = "does not begin the next table";
        let line: TableLine = self.lines.parse(what)?;
        match line.table == name {
            true => Ok(()),
            false => Err(self.lines.damaged(what)),
        }
    }

    /// The next row of the table, with a value for each of these columns.
    ///
    /// # Errors
    /// Where there is none, or it cannot be read.
    pub fn row(&mut self, columns: &[Column]) -> Result<Vec<Value>, ReadError> {
        self.lines.next(&mut self.from)?;
        let what = "is no row of its table";
        let cells: Vec<Option<Cell>> = self.lines.parse(what)?;
        let values = cells
            .into_iter()
            .zip(columns)
            .map(|(cell, column)| value(cell, column.kind))
            .collect::<Option<Vec<_>>>()
            .filter(|values| values.len() == columns.len());
        self.rows += 1;
        values.ok_or_else(|| self.lines.damaged(what))
    }

    /// What follows must be the end, and it must be right about everything before.
    ///
    /// # Errors
    /// Where something else follows, or something before is not what was written.
    pub fn end(mut self) -> Result<(), ReadError> {
        let expected = End::new(self.rows, self.lines.digest.clone());
        self.lines.next(&mut self.from)?;
        let EndLine { end } = self.lines.parse("is not the end that is expected")?;
        if end != expected {
            return Err(self
                .lines
                .damaged("has another checksum than the lines before it"));
        }
        let mut more = [0];
        match self.from.read(&mut more) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.lines.damaged("is not the last one")),
            Err(error) => Err(self.lines.failed(error)),
        }
    }
}

/// None where the column holds no such thing.
fn value(cell: Option<Cell>, kind: ColumnType) -> Option<Value> {
    match (cell, kind) {
        (None, _) => Some(Value::Null),
        (Some(Cell::Text(text)), ColumnType::Text) => Some(Value::Text(text)),
        (Some(Cell::Number(number)), ColumnType::Number) => Some(Value::Number(number)),
        (Some(Cell::Text(text)), ColumnType::Real) => text.parse().ok().map(Value::Real),
        _ => None,
    }
}

impl Lines {
    /// Reads one line, without its end.
    fn next<R: Read>(&mut self, from: &mut BufReader<MultiGzDecoder<R>>) -> Result<(), ReadError> {
        self.line.clear();
        let most = LONGEST_LINE as u64 + 1;
        let read = from.by_ref().take(most).read_until(b'\n', &mut self.line);
        if let Err(error) = read {
            return Err(self.failed(error));
        }
        self.digest.update(&self.line);
        if self.line.pop() != Some(b'\n') {
            return Err(match self.line.len() < LONGEST_LINE {
                true => ReadError::Cut { line: self.number },
                false => self.damaged("has no end"),
            });
        }
        self.number += 1;
        Ok(())
    }

    fn parse<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, ReadError> {
        // The error would quote what it found.
        serde_json::from_slice(&self.line).map_err(|_| self.damaged(what))
    }

    const fn damaged(&self, what: &'static str) -> ReadError {
        ReadError::Damaged {
            line: self.number,
            what,
        }
    }

    /// What the packing says is wrong with the file; anything else is wrong with the way to it.
    fn failed(&self, error: io::Error) -> ReadError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => ReadError::Cut { line: self.number },
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => ReadError::Damaged {
                line: self.number + 1,
                what: "cannot be unpacked",
            },
            _ => ReadError::Read(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::timestamp::Timestamp;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write as _;

    use super::super::{TableHeader, Writer};
    use super::*;

    fn columns() -> Vec<Column> {
        let column = |(name, kind): (&str, ColumnType)| Column {
            name: name.to_owned(),
            kind,
        };
        [
            ("id", ColumnType::Text),
            ("seq", ColumnType::Number),
            ("part", ColumnType::Real),
        ]
        .map(column)
        .into()
    }

    fn rows() -> Vec<Vec<Value>> {
        let text = |text: &str| Value::Text(text.to_owned());
        vec![
            vec![text("a"), Value::Number(i64::MAX), Value::Real(0.1 + 0.2)],
            vec![
                text(""),
                Value::Number(i64::MIN),
                Value::Real(f64::INFINITY),
            ],
            vec![
                text("\u{0}\n\r\"\\{}[]\u{1f6a2} 12 null"),
                Value::Number(0),
                Value::Real(f64::MIN_POSITIVE),
            ],
            vec![Value::Null, Value::Null, Value::Null],
        ]
    }

    fn header() -> Header {
        let table = |name: &str, rows: usize| TableHeader {
            name: name.to_owned(),
            rows: rows as u64,
            columns: columns(),
        };
        Header {
            windlass_backup: FORMAT,
            windlass: "1.2.3".to_owned(),
            schema: 4,
            created_at: Timestamp::from_millis(1_771_329_600_123),
            database: "SQLite".to_owned(),
            tables: vec![
                table("first", rows().len()),
                table("second", 0),
                table("third", 1),
            ],
        }
    }

    fn backup() -> Vec<u8> {
        let mut writer = Writer::begin(Vec::new(), &header()).unwrap();
        writer.table("first").unwrap();
        for row in rows() {
            writer.row(&row).unwrap();
        }
        writer.table("second").unwrap();
        writer.table("third").unwrap();
        writer.row(&rows()[0]).unwrap();
        writer.end().unwrap()
    }

    /// Reads it as a restore does.
    fn read(backup: &[u8]) -> Result<(Header, Vec<Vec<Value>>), ReadError> {
        let mut reader = Reader::open(backup)?;
        let header = reader.header().clone();
        let mut rows = Vec::new();
        for table in &header.tables {
            reader.table(&table.name)?;
            for _ in 0..table.rows {
                rows.push(reader.row(&columns())?);
            }
        }
        reader.end()?;
        Ok((header, rows))
    }

    fn unpacked() -> String {
        let mut text = String::new();
        MultiGzDecoder::new(backup().as_slice())
            .read_to_string(&mut text)
            .unwrap();
        text
    }

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_written_is_read() {
        let (found, values) = read(&backup()).unwrap();
        assert_eq!(found, header());
        // `Debug` of a value tells nothing.
        assert!(values == [rows(), vec![rows().remove(0)]].concat());
        assert_eq!(read(&packed(&unpacked())).unwrap().0, header());
    }

    #[test]
    fn the_form_is_what_the_documentation_says() {
        let text = unpacked();
        let lines: Vec<_> = text.lines().collect();
        assert!(
            lines[0].starts_with(
                r#"{"windlassBackup":1,"windlass":"1.2.3","schema":4,"createdAt":"2026-02-17T12:00:00.123Z","database":"SQLite","tables":[{"name":"first","rows":4,"columns":[{"name":"id","type":"TEXT"},{"name":"seq","type":"BIGINT"},{"name":"part","type":"DOUBLE PRECISION"}]},"#
            ),
            "{text}"
        );
        assert_eq!(lines[1], r#"{"table":"first"}"#);
        assert_eq!(
            lines[2],
            r#"["a",9223372036854775807,"0.30000000000000004"]"#
        );
        assert_eq!(lines[5], "[null,null,null]");
        assert!(
            lines[9].starts_with(r#"{"windlassBackupEnd":{"rows":5,"sha256":""#),
            "{text}"
        );
        assert_eq!(lines.len(), 10);
    }

    #[test]
    fn a_cut_backup_is_recognised_wherever_it_was_cut() {
        let whole = backup();
        for length in 0..whole.len() {
            let refused = read(&whole[..length]).unwrap_err();
            assert!(
                matches!(refused, ReadError::Cut { .. } | ReadError::NoBackup),
                "{length}: {refused}"
            );
        }
        // As well where it was unpacked and packed again in between.
        let text = unpacked();
        for (end, _) in text.match_indices('\n') {
            for length in [end, end + 1] {
                if length < text.len() {
                    assert!(read(&packed(&text[..length])).is_err(), "{length}");
                }
            }
        }
    }

    #[test]
    fn a_changed_byte_is_recognised_wherever_it_is() {
        let whole = backup();
        let expected = read(&whole).unwrap();
        for place in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut changed = whole.clone();
                changed[place] ^= flip;
                // Some bits of the packing mean nothing: then everything is as it was.
                if let Ok(found) = read(&changed) {
                    assert!(found == expected, "{place} ^ {flip:x}");
                }
            }
        }
    }

    #[test]
    fn lines_that_were_changed_taken_or_added_are_recognised() {
        let text = unpacked();
        let lines: Vec<&str> = text.lines().collect();
        let check = |what: &str, changed: String| {
            let refused = read(&packed(&changed)).unwrap_err();
            assert!(
                matches!(refused, ReadError::Damaged { .. } | ReadError::Cut { .. }),
                "{what}: {refused}"
            );
        };
        check(
            "a value",
            text.replacen("9223372036854775807", "9223372036854775806", 1),
        );
        check("a type", text.replacen("9223372036854775807", "\"1\"", 1));
        check(
            "a number of rows",
            text.replacen("\"rows\":4", "\"rows\":3", 1),
        );
        check(
            "a table",
            text.replacen("{\"table\":\"second\"}", "{\"table\":\"third\"}", 1),
        );
        check("what follows", format!("{text}\n"));
        for number in 1..lines.len() {
            let mut fewer = lines.clone();
            fewer.remove(number);
            check("one less", fewer.join("\n") + "\n");
            let mut more = lines.clone();
            more.insert(number, lines[number]);
            check("one more", more.join("\n") + "\n");
        }
        let mut turned = lines.clone();
        turned.swap(2, 3);
        check("another order", turned.join("\n") + "\n");
    }

    #[test]
    fn what_is_no_backup_is_called_so() {
        let other: [&[u8]; 5] = [
            b"",
            b"SQLite format 3\0",
            &packed(""),
            &packed("{\"some\":\"json\"}\n"),
            &packed("no json\n"),
        ];
        for other in other {
            assert!(matches!(read(other), Err(ReadError::NoBackup)));
        }
    }

    #[test]
    fn a_newer_form_is_refused_with_the_version_that_wrote_it() {
        let newer = packed("{\"windlassBackup\":2,\"windlass\":\"9.0.0\",\"new\":{}}\n");
        let Err(error @ ReadError::NewerForm { form: 2, .. }) = read(&newer) else {
            panic!("it was read");
        };
        assert!(error.to_string().contains("Windlass 9.0.0"), "{error}");
    }
}
