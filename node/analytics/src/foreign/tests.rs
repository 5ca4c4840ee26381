//! Files of other writers: every kind of column, every sort of damage.

use std::{fs, io::Write as _, sync::Arc};

use datafusion::{
    arrow::{
        array::{
            BinaryArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array,
            Int8Array, Int64Array, ListArray, StringArray, TimestampMillisecondArray, UInt16Array,
        },
        datatypes::{Int32Type, Int64Type},
    },
    parquet::{arrow::ArrowWriter, basic::Compression, file::properties::WriterProperties},
};
use tempfile::NamedTempFile;

use super::*;

fn written(columns: Vec<(&str, ArrayRef)>, packing: Compression) -> NamedTempFile {
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, array)| (name, array, true)),
    );
    let batch = batch.unwrap();
    let file = NamedTempFile::new().unwrap();
    let properties = WriterProperties::builder().set_compression(packing).build();
    let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

fn rows(path: &Path) -> Result<Vec<Vec<String>>, ForeignError> {
    let file = ForeignFile::open(path)?;
    let mut rows = vec![file.names().map(str::to_owned).collect::<Vec<_>>()];
    file.each::<ForeignError>(&mut |fields| {
        rows.push(fields.to_vec());
        Ok(ControlFlow::Continue(()))
    })?;
    Ok(rows)
}

fn students() -> NamedTempFile {
    let words: DictionaryArray<Int32Type> = [Some("FA"), None, Some("SP")].into_iter().collect();
    written(
        vec![
            ("id", Arc::new(StringArray::from(vec![Some("0012"), Some(""), None]))),
            ("term", Arc::new(words)),
            ("ssid", Arc::new(Float64Array::from(vec![Some(1_234_567_890.0), None, Some(0.5)]))),
            ("born", Arc::new(Date32Array::from(vec![Some(11_016), None, Some(-1)]))),
            ("seen", Arc::new(TimestampMillisecondArray::from(vec![Some(951_827_696_000), None, None]))),
            ("count", Arc::new(Int64Array::from(vec![Some(i64::MIN), Some(0), None]))),
            ("small", Arc::new(Int8Array::from(vec![-1, 0, 1]))),
            ("year", Arc::new(UInt16Array::from(vec![2020, 2021, 2022]))),
            (
                "gpa",
                Arc::new(
                    Decimal128Array::from(vec![Some(-325), None, Some(4)])
                        .with_precision_and_scale(5, 2)
                        .unwrap(),
                ),
            ),
            ("flag", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
            ("raw", Arc::new(BinaryArray::from(vec![Some("Peña".as_bytes()), None, Some(b"X".as_slice())]))),
        ],
        Compression::SNAPPY,
    )
}

#[test]
fn values_read_as_a_person_would_have_typed_them() {
    let rows = rows(students().path()).unwrap();
    let expected = [
        "id|term|ssid|born|seen|count|small|year|gpa|flag|raw",
        "0012|FA|1234567890|2000-02-29|2000-02-29|-9223372036854775808|-1|2020|-3.25|TRUE|Peña",
        "|||||0|0|2021||FALSE|",
        "|SP|0.5|1969-12-31|||1|2022|0.04||X",
    ];
    assert_eq!(rows.iter().map(|row| row.join("|")).collect::<Vec<_>>(), expected);
}

#[test]
fn every_packing_in_use_is_read_and_many_rows_are() {
    let ids = || Arc::new((0..5_000).map(|id| Some(format!("A{id:06}"))).collect::<StringArray>());
    for packing in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::LZ4_RAW,
        Compression::ZSTD(Default::default()),
        Compression::GZIP(Default::default()),
        Compression::BROTLI(Default::default()),
    ] {
        let rows = rows(written(vec![("id", ids())], packing).path()).unwrap();
        assert_eq!((rows.len(), rows[1][0].as_str(), rows[5_000][0].as_str()), (5_001, "A000000", "A004999"));
    }
}

#[test]
fn a_reader_can_stop() {
    let file = students();
    let mut seen = 0;
    ForeignFile::open(file.path())
        .unwrap()
        .each::<ForeignError>(&mut |_| {
            seen += 1;
            Ok(ControlFlow::Break(()))
        })
        .unwrap();
    assert_eq!(seen, 1);
}

#[test]
fn what_is_no_table_of_values_is_refused_by_the_name_of_its_column() {
    let lists = ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), Some(2)])]);
    let file = written(
        vec![("id", Arc::new(Int64Array::from(vec![1]))), ("marks", Arc::new(lists))],
        Compression::SNAPPY,
    );
    assert_eq!(rows(file.path()), Err(ForeignError::Nested { column: "marks".to_owned() }));
    let bytes = BinaryArray::from(vec![b"\xFF\xFE".as_slice()]);
    let file = written(vec![("raw", Arc::new(bytes))], Compression::SNAPPY);
    assert_eq!(rows(file.path()), Err(ForeignError::NotText { column: "raw".to_owned() }));
}

/// Every cut and many changed bytes: an error or other values, never a panic, and memory stays with the file's own size.
#[test]
fn damage_is_refused_or_read() {
    let whole = fs::read(students().path()).unwrap();
    let open = |bytes: &[u8]| {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        rows(file.path())
    };
    for cut in (0..whole.len()).step_by(7) {
        assert!(open(&whole[..cut]).is_err(), "{cut}");
    }
    let mut read = 0;
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        read += u32::from(open(&bytes).is_ok());
    }
    assert!(read > 0, "a changed value is another value");
    let mut long = whole.clone();
    let footer = whole.len() - 8;
    long[footer..footer + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(open(&long).unwrap_err(), ForeignError::TooLarge);
    let mut secret = whole;
    let end = secret.len() - 4;
    secret[end..].copy_from_slice(b"PARE");
    assert_eq!(open(&secret).unwrap_err(), ForeignError::Encrypted);
}

/// Opens bytes as a file and touches every value: rows of as many fields as there are names, or a refusal.
fn drained(bytes: &[u8]) -> Result<usize, ForeignError> {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let file = ForeignFile::open(file.path())?;
    let (names, mut rows) = (file.names().count(), 0);
    file.each::<ForeignError>(&mut |fields| {
        assert_eq!(fields.len(), names);
        rows += 1;
        Ok(if rows < 10_000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
    })?;
    Ok(rows)
}

/// Any bytes, with and without the marks of the form. Replayed by `cargo test`, open-ended in a fuzzer.
#[test]
fn any_bytes_are_refused_or_read() {
    bolero::check!().for_each(|bytes: &[u8]| {
        let _ = drained(bytes);
        let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
        let _ = drained(&[b"PAR1", bytes, &length, b"PAR1"].concat());
    });
}

/// A good file with stretches replaced, doubled and cut out.
#[test]
fn a_changed_file_is_refused_or_read() {
    let good = fs::read(students().path()).unwrap();
    bolero::check!().for_each(|bytes: &[u8]| {
        let mut changed = good.clone();
        for change in bytes.chunks_exact(5) {
            let place = usize::from(u16::from_le_bytes([change[0], change[1]]));
            // The footer, at the end, is what the reader believes.
            let at = if change[2] & 1 == 0 {
                place % changed.len()
            } else {
                changed.len() - 1 - place % changed.len().min(600)
            };
            match change[2] >> 1 & 3 {
                0 | 1 => changed[at] = change[3],
                2 => drop(changed.splice(at..at, change[3..].iter().copied())),
                _ if changed.len() > 16 => drop(changed.remove(at)),
                _ => {}
            }
        }
        let _ = drained(&changed);
    });
}
