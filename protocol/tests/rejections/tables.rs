//! Plans, tuples of the second mix and partial decryptions (SPEC §8, §9).

use passage_protocol::{
    cells::Window,
    linkage::{NO_RECEIVER, Plan, PlanBounds, ReceiverBound},
    mixing::{
        CellLookup, Histogram, TableKeys, TableTurn, TupleChunk, TupleShape, noise_tuples, partial_decrypt,
        table_hop,
    },
    noise::NoiseTable,
};

use crate::{
    consortium::{collective, committee_keys},
    file::{
        Fields, File, IDENTITY, NEGATIVE, NOT_REDUCED, Read, Vector, bytes, code, cut, longer, number, with,
    },
};

pub(crate) const FILE: File = File { name: "bad_tables.json", make, read };

/// The column keys of the one table.
pub(crate) const KEYS: TableKeys = TableKeys::new(1, &[0]);

/// One receiver: a cell and a window test, 128 bytes a tuple on its way and 96 in the final list.
pub(crate) fn shape() -> TupleShape {
    TupleShape::new(1, Window::new(1, 1).unwrap()).unwrap()
}

/// The first and the last pass of a committee of two.
const FIRST: TableTurn = TableTurn::new(0, 2);
const LAST: TableTurn = TableTurn::new(1, 2);

/// Two tuples of noise after one hop.
fn mixed_by(turn: TableTurn) -> Vec<u8> {
    let noise = NoiseTable::new(10_000, 1_000_000_000).unwrap();
    let mut drawn = noise_tuples(1, shape(), turn, &noise, &[60; 32]);
    drop(drawn.split_off(2));
    table_hop(TupleChunk::Unmixed(drawn), shape(), turn, KEYS, &collective(), &[61; 32]).unwrap()
}

/// Two tuples of a final list.
pub(crate) fn tuples() -> Vec<u8> {
    mixed_by(LAST)
}

/// A member's partial decryptions of them.
pub(crate) fn partials(tuples: &[u8], member: u8) -> Vec<u8> {
    partial_decrypt(tuples, 0, shape(), KEYS, &committee_keys(member)).unwrap()
}

fn plan(tuples: &[[u32; 3]]) -> String {
    hex::encode(tuples.iter().flatten().flat_map(|row| row.to_le_bytes()).collect::<Vec<_>>())
}

fn plans() -> Vector {
    let fields = [
        ("plan", plan(&[[0, 1, NO_RECEIVER], [3, 1, 2]])),
        ("sender_rows", "4".into()),
        ("receiver_rows", "3".into()),
        ("slots", "2".into()),
        ("tuples_min", "2".into()),
    ];
    let other = |tuples: &[[u32; 3]]| [("plan", plan(tuples))];
    Vector::good("plan", "two tuples over two receivers", fields)
        .bad(
            "truncated",
            "P0800",
            "The last tuple lacks its last row number.",
            [("plan", plan(&[[0, 1, NO_RECEIVER], [3, 1, 2]])[..40].to_owned())],
        )
        .bad(
            "sender_row_beyond_the_list",
            "P0801",
            "The sender has rows 0 to 3.",
            other(&[[0, 1, 0], [4, 1, 2]]),
        )
        .bad(
            "receiver_row_beyond_the_list",
            "P0801",
            "A receiver has rows 0 to 2.",
            other(&[[0, 3, 0], [3, 1, 2]]),
        )
        .bad(
            "sender_row_none",
            "P0801",
            "Only a receiver may be absent.",
            other(&[[NO_RECEIVER, 1, 0], [3, 1, 2]]),
        )
        .bad(
            "sender_row_twice",
            "P0802",
            "One row asked twice is counted twice.",
            other(&[[3, 1, 0], [3, 1, 2]]),
        )
        .bad(
            "receiver_row_too_often",
            "P0803",
            "A receiver row has two slots.",
            other(&[[0, 1, 0], [1, 1, 0], [3, 1, 2]]),
        )
        .bad(
            "no_receiver",
            "P0804",
            "The tuple links to nobody.",
            other(&[[0, NO_RECEIVER, NO_RECEIVER], [3, 1, 2]]),
        )
        .bad("too_few_tuples", "P0805", "Noise does not hide a table of one.", other(&[[0, 1, NO_RECEIVER]]))
}

fn make() -> Vec<Vector> {
    let (tuples, on_the_way) = (tuples(), mixed_by(FIRST));
    let parts = [partials(&tuples, 0), partials(&tuples, 1)];
    let passes = |reader: &str, what: &str, tuples: &[u8]| {
        Vector::good(reader, what, [("tuples", hex::encode(tuples))])
            .bad("truncated", "P0610", "The last tuple lacks a byte.", [("tuples", cut(tuples))])
            .bad(
                "trailing_byte",
                "P0610",
                "A byte stands behind the last tuple.",
                [("tuples", longer(tuples))],
            )
            .bad(
                "ciphertext_missing",
                "P0610",
                "The last tuple lacks its window test.",
                [("tuples", hex::encode(&tuples[..tuples.len() - 64]))],
            )
    };
    let at = |at, point: &[u8]| [("tuples", with(&on_the_way, at, point))];
    let hop = passes("table_hop", "two mixed tuples as the next hop reads them", &on_the_way)
        .bad("cell_a_identity", "P0211", "A cell that is not encrypted.", at(0, &IDENTITY))
        .bad("cell_b_not_reduced", "P0210", "The field element is p.", at(160, &NOT_REDUCED))
        .bad("window_a_negative", "P0210", "The field element is negative.", at(64, &NEGATIVE))
        .bad("window_b_identity", "P0211", "A window test that is not masked.", at(224, &IDENTITY));
    let at = |at, point: &[u8]| [("tuples", with(&tuples, at, point))];
    let decrypt = passes("partial_decrypt", "two final tuples as a decrypting member reads them", &tuples)
        .bad("cell_a_identity", "P0211", "A cell that is not encrypted.", at(0, &IDENTITY))
        .bad("cell_a_not_reduced", "P0210", "The field element is p.", at(96, &NOT_REDUCED))
        .bad("window_a_negative", "P0210", "The field element is negative.", at(32, &NEGATIVE))
        .bad("window_a_identity", "P0211", "A window test that is not encrypted.", at(128, &IDENTITY));
    let part = |at, point: &[u8]| [("first", with(&parts[0], at, point))];
    let decode = Vector::good(
        "decode",
        "two tuples and the partial decryptions of both members",
        [
            ("tuples", hex::encode(&tuples)),
            ("first", hex::encode(&parts[0])),
            ("second", hex::encode(&parts[1])),
        ],
    )
    .bad("partials_truncated", "P0610", "The last point lacks a byte.", [("first", cut(&parts[0]))])
    .bad(
        "partials_trailing_byte",
        "P0610",
        "A byte stands behind the last point.",
        [("first", longer(&parts[0]))],
    )
    .bad(
        "partials_of_fewer_tuples",
        "P0610",
        "One tuple has no partial decryption.",
        [("second", hex::encode(&parts[1][..32]))],
    )
    .bad(
        "partial_identity",
        "P0211",
        "No share is zero, so none decrypts to the identity.",
        part(0, &IDENTITY),
    )
    .bad("masked_identity", "P0211", "A window test that is not masked.", at(64, &IDENTITY))
    .bad("partial_not_reduced", "P0210", "The field element is p.", part(32, &NOT_REDUCED));
    vec![plans(), hop, decrypt, decode]
}

fn read(reader: &str, fields: &Fields) -> Read {
    match reader {
        "plan" => {
            let bound =
                ReceiverBound { rows: number(fields, "receiver_rows"), times: number(fields, "slots") };
            let bounds = PlanBounds {
                sender_rows: number(fields, "sender_rows"),
                receivers: vec![bound; 2],
                tuple_count_min: number(fields, "tuples_min"),
            };
            Plan::check(&bytes(fields, "plan"), &bounds).map(drop).map_err(code)
        }
        "table_hop" => {
            let chunk = TupleChunk::Mixed { bytes: &bytes(fields, "tuples"), first_tuple: 0 };
            table_hop(chunk, shape(), LAST, KEYS, &collective(), &[62; 32]).map(drop).map_err(code)
        }
        "partial_decrypt" => {
            let keys = committee_keys(0);
            partial_decrypt(&bytes(fields, "tuples"), 0, shape(), KEYS, &keys).map(drop).map_err(code)
        }
        "decode" => {
            let (first, second) = (bytes(fields, "first"), bytes(fields, "second"));
            let lookup = CellLookup::new(1, 2);
            Histogram::decode(&bytes(fields, "tuples"), 0, &[&first, &second], &lookup, shape())
                .map(drop)
                .map_err(code)
        }
        other => panic!("no reader {other}"),
    }
}
