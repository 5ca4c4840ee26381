//! What each column key of a round encrypts (SPEC §5.5).

use crate::{
    cells::Dimension,
    codec::{CodecError, Decode, Encode, Reader},
};

/// What one column key encrypts; a key serves the same purpose in every list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ColumnKey {
    /// Cohort at the sender, cohort and outcome at a receiver: what decides whether and as what a link counts for the metric.
    Window {
        /** Metric id. */
        metric: String,
        /** Which of the pairs a receiver has room for, from 0. */
        place: u8,
    },
    /// The cell code of a metric by a dimension.
    Cell {
        /** Metric id. */
        metric: String,
        /** Breakdown. */
        dimension: Dimension,
    },
    /// Whether a row was linked, of a metric that counts that alone. It stands in tuples and in no list: nothing of anybody's rows is
    /// under it, so a test put together from columns of a list decrypts to nothing.
    Link {
        /** Metric id. */
        metric: String,
    },
}

impl Encode for ColumnKey {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Window { metric, place } => {
                0_u8.encode(out);
                metric.encode(out);
                place.encode(out);
            }
            Self::Cell { metric, dimension } => {
                1_u8.encode(out);
                metric.encode(out);
                dimension.encode(out);
            }
            Self::Link { metric } => {
                2_u8.encode(out);
                metric.encode(out);
            }
        }
    }
}

impl Decode for ColumnKey {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Window { metric: Decode::decode(reader)?, place: Decode::decode(reader)? }),
            1 => Ok(Self::Cell { metric: Decode::decode(reader)?, dimension: Decode::decode(reader)? }),
            2 => Ok(Self::Link { metric: Decode::decode(reader)? }),
            _ => Err(CodecError::Invalid { position, expected: "a column key" }),
        }
    }
}
