//! Parquet in the clear, for whoever asked for it.

use std::{fs::File, io, sync::Arc};

use datafusion::{
    arrow::datatypes::{DataType, Schema},
    parquet::{
        arrow::{ArrowSchemaConverter, ArrowWriter},
        basic::Compression,
        errors::ParquetError,
        file::properties::WriterProperties,
    },
};

use super::{OutputError, batches};
use crate::engine::{Progress, Running};

/// Encoded bytes that wait in memory before they are written.
const GROUP_BYTES: usize = 32 * 1024 * 1024;

/// Answers 0: the file has types, nothing in it is taken for a formula.
pub(super) fn write(
    running: &mut Running,
    file: &mut File,
    each: &mut dyn FnMut(Progress),
) -> Result<u64, OutputError> {
    let schema = Arc::clone(running.schema());
    // The writer takes months, days and nanoseconds in its schema and refuses them with the first row.
    let unstorable = schema.fields().iter().find(|field| {
        let alone = Schema::new(vec![Arc::clone(field)]);
        matches!(field.data_type(), DataType::Interval(_))
            || ArrowSchemaConverter::new().convert(&alone).is_err()
    });
    if let Some(field) = unstorable {
        return Err(OutputError::ColumnKind { column: field.name().clone() });
    }
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties())).map_err(|error| fault(&error))?;
    batches(running, each, &mut |batch| writer.write(batch).map_err(|error| fault(&error)))?;
    writer.close().map_err(|error| fault(&error))?;
    Ok(0)
}

/// How every file is written.
pub(super) fn properties() -> WriterProperties {
    WriterProperties::builder()
        // Read everywhere, and pure Rust: a C library would keep plaintext in memory that nobody wipes.
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .set_created_by("passage".to_owned())
        .build()
}

pub(super) fn fault(error: &ParquetError) -> OutputError {
    if let ParquetError::External(cause) = error
        && let Some(disk) = cause.downcast_ref::<io::Error>()
    {
        return OutputError::Disk { kind: disk.kind() };
    }
    OutputError::Unreadable
}
