//! Rows of the first mix as a hop reads them, final columns, tags (SPEC §6.3-§6.5, §7).

use passage_protocol::{
    group::{HopFactor, hash_to_element},
    ids::Digest,
    linkage::TagList,
    mixing::{ColumnValue, FirstFactor, PlainRow, RowShape, check_columns, contribute, final_tags, hop},
};

use crate::{
    consortium::{ROUND, collective, committee_keys},
    file::{
        Fields, File, IDENTITY, NEGATIVE, NOT_REDUCED, Read, Vector, bytes, code, cut, longer, number, with,
    },
};

pub(crate) const FILE: File = File { name: "bad_lists.json", make, read };

/// Two rows of two tokens and two columns: 160 bytes each.
fn rows() -> Vec<u8> {
    let row = |name: &str, cell| PlainRow {
        tokens: vec![Some(hash_to_element(&Digest([1; 32]), &ROUND, &[name.as_bytes()])), None],
        values: vec![ColumnValue::Code(cell), ColumnValue::Undecodable],
    };
    let shape = RowShape::new(2, 2).unwrap();
    let rows = [row("s1", 3), row("s2", 1)];
    let owner = committee_keys(0);
    contribute(&rows, shape, &[0, 1], FirstFactor::Own(&owner), &collective(), &[50; 32]).unwrap()
}

fn make() -> Vec<Vector> {
    let rows = rows();
    let shape = RowShape::new(2, 2).unwrap();
    let tag_key = passage_protocol::group::TagKey::derive(&[[1; 32], [2; 32]]);
    let last = final_tags(&rows, shape, &[0, 1], &tag_key).unwrap();
    let field = |at, point: &[u8]| [("rows", with(&rows, at, point))];
    let column = |at, point: &[u8]| [("columns", with(&last.columns, at, point))];
    let hops = Vector::good(
        "hop",
        "two rows of two tokens, the shared point and two masked points",
        [("rows", hex::encode(&rows)), ("slots", "2".into()), ("columns", "2".into())],
    )
    .bad("truncated", "P0610", "The last row lacks a byte.", [("rows", cut(&rows))])
    .bad("trailing_byte", "P0610", "A byte stands behind the last row.", [("rows", longer(&rows))])
    .bad(
        "row_missing_a_point",
        "P0610",
        "The last row lacks its last point.",
        [("rows", hex::encode(&rows[..288]))],
    )
    .bad("wider_rows", "P0610", "The manifest's rows have three tokens, these two.", [("slots", "3".into())])
    .bad("no_slot", "P0613", "A row without a token links to nothing.", [("slots", "0".into())])
    .bad("too_many_slots", "P0613", "A row has at most 16 tokens.", [("slots", "17".into())])
    .bad("too_many_columns", "P0613", "A row has at most 64 columns.", [("columns", "65".into())])
    .bad(
        "column_without_a_key",
        "P0611",
        "A third column has no column key in this round.",
        [("columns", "3".into())],
    )
    .bad(
        "token_identity",
        "P0211",
        "The identity stays the identity under every factor: a mark.",
        field(0, &IDENTITY),
    )
    .bad(
        "token_not_reduced",
        "P0210",
        "The field element is p, not 0: a second encoding.",
        field(32, &NOT_REDUCED),
    )
    .bad(
        "token_negative",
        "P0210",
        "The field element is negative: no encoding of a point.",
        field(160, &NEGATIVE),
    )
    .bad("shared_point_identity", "P0211", "With rho = 0 the masked points lie open.", field(64, &IDENTITY))
    .bad("shared_point_not_reduced", "P0210", "The field element is p.", field(224, &NOT_REDUCED))
    .bad("masked_point_identity", "P0211", "No mask gives the identity but by choice.", field(96, &IDENTITY))
    .bad("masked_point_negative", "P0210", "The field element is negative.", field(288, &NEGATIVE));

    let columns = Vector::good(
        "final_columns",
        "what the last hop seals to the other committee members",
        [("columns", hex::encode(&last.columns))],
    )
    .bad("truncated", "P0610", "The last row lacks a byte.", [("columns", cut(&last.columns))])
    .bad("trailing_byte", "P0610", "A byte stands behind the last row.", [("columns", longer(&last.columns))])
    .bad("identity", "P0211", "The shared point is the identity.", column(96, &IDENTITY))
    .bad("not_reduced", "P0210", "A masked point is no canonical encoding.", column(64, &NOT_REDUCED));

    let tags = Vector::good(
        "tags",
        "tags of the last hop as the coordinator reads them",
        [("tags", hex::encode(&last.tags)), ("slots", "0001".into())],
    )
    .bad("truncated", "P0701", "The last tag lacks a byte.", [("tags", cut(&last.tags))])
    .bad("trailing_byte", "P0701", "A byte stands behind the last tag.", [("tags", longer(&last.tags))])
    .bad("half_a_row", "P0701", "The last row has one tag of two.", [("tags", hex::encode(&last.tags[..48]))])
    .bad("no_slots", "P0702", "A list without slots has no tags.", [("slots", String::new())]);
    vec![hops, columns, tags]
}

fn read(reader: &str, fields: &Fields) -> Read {
    let shape = |slots, columns| RowShape::new(slots, columns).map_err(code);
    match reader {
        "hop" => {
            let (slots, columns) = (number(fields, "slots"), number(fields, "columns"));
            let column_keys: Vec<usize> = (0..columns).collect();
            let factor = HopFactor::own(&committee_keys(1));
            let rows = bytes(fields, "rows");
            let shape = shape(slots, columns)?;
            hop(&rows, 0, shape, &column_keys, &factor, &collective(), &[51; 32]).map(drop).map_err(code)
        }
        "final_columns" => check_columns(&bytes(fields, "columns"), 0, shape(2, 2)?).map_err(code),
        "tags" => TagList::new(&bytes(fields, "slots"), &bytes(fields, "tags")).map(drop).map_err(code),
        other => panic!("no reader {other}"),
    }
}
