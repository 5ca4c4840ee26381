//! What was said while a round was opened, as every party reads it before it computes the manifest (SPEC §5).

use passage_protocol::{
    codec::{Decode, Encode},
    manifest::{Manifest, Opening},
    signing::SignatureKind,
};

use crate::{
    consortium::{
        CODES, Documents, ROUND, agreement_text, answer, opening, reveal, share_message, signed, signing_key,
        study_text,
    },
    file::{Fields, File, Read, Vector, bytes, code, cut, longer, text},
};

pub(crate) const FILE: File = File { name: "bad_openings.json", make, read };

/// The opening with something changed in it.
fn changed(change: impl FnOnce(&mut Opening)) -> [(&'static str, String); 1] {
    let mut opening = opening();
    change(&mut opening);
    [("opening", hex::encode(opening.to_bytes()))]
}

fn make() -> Vec<Vector> {
    let good = opening().to_bytes();
    let (answers, reveals, shares) =
        (SignatureKind::RoundAnswer, SignatureKind::Reveal, SignatureKind::KeyShare);
    let vector = Vector::good(
        "opening",
        "call, answers, reveals and key shares of two members",
        [("agreement", agreement_text()), ("study", study_text()), ("opening", hex::encode(&good))],
    )
    .bad(
        "seats_not_in_the_studys_order",
        "P0502",
        "Seats stand in the order of the study.",
        changed(|opening| {
            opening.call.seats.reverse();
        }),
    )
    .bad(
        "seat_with_another_key",
        "P0502",
        "Keys are pinned in the agreement.",
        changed(|opening| {
            opening.call.seats[1].signing_key = signing_key(2).verifying_key();
        }),
    )
    .bad(
        "seat_missing",
        "P0502",
        "The study names two participants.",
        changed(|opening| {
            opening.call.seats.truncate(1);
        }),
    )
    .bad(
        "seat_of_a_stranger",
        "P0502",
        "A list that the study does not pin.",
        changed(|opening| {
            let mut stranger = opening.call.seats[1].clone();
            stranger.code.0[4] = 3;
            opening.call.seats.push(stranger);
        }),
    )
    .bad(
        "deadline_before_the_opening",
        "P0502",
        "A round has time.",
        changed(|opening| {
            opening.call.deadline = opening.call.opened;
        }),
    )
    .bad(
        "answers_not_in_seat_order",
        "P0504",
        "The first answer is not signed by the first seat.",
        changed(|opening| {
            opening.answers.reverse();
        }),
    )
    .bad("answer_missing", "P050A", "Both have to answer.", changed(|opening| opening.answers.truncate(1)))
    .bad(
        "answer_signed_by_another",
        "P0504",
        "Signed with a stranger's key.",
        changed(|opening| {
            opening.answers[1] = signed(answer(1), answers, 2);
        }),
    )
    .bad(
        "answer_signed_as_a_reveal",
        "P0504",
        "The kind is part of what is signed.",
        changed(|opening| {
            opening.answers[1] = signed(answer(1), reveals, 1);
        }),
    )
    .bad(
        "answer_of_another_round",
        "P0505",
        "The value names another round than the call.",
        changed(|opening| {
            let mut other = answer(1);
            other.round.0[0] ^= 1;
            opening.answers[1] = signed(other, answers, 1);
        }),
    )
    .bad(
        "answer_with_too_many_rows",
        "P0508",
        "A list has at most 20 million rows.",
        changed(|opening| {
            let mut other = answer(1);
            other.rows = 20_000_001;
            opening.answers[1] = signed(other, answers, 1);
        }),
    )
    .bad(
        "reveal_that_does_not_open",
        "P0501",
        "Another nonce than the one committed to.",
        changed(|opening| {
            let mut other = reveal(1);
            other.nonce[0] ^= 1;
            opening.reveals[1] = signed(other, reveals, 1);
        }),
    )
    .bad(
        "reveals_not_in_seat_order",
        "P0504",
        "The first reveal is not signed by the first seat.",
        changed(|opening| {
            opening.reveals.reverse();
        }),
    )
    .bad("reveal_missing", "P050A", "Both have to reveal.", changed(|opening| opening.reveals.truncate(1)))
    .bad(
        "reveal_of_another_round",
        "P0505",
        "The value names another round than the call.",
        changed(|opening| {
            let mut other = reveal(1);
            other.round.0[0] ^= 1;
            opening.reveals[1] = signed(other, reveals, 1);
        }),
    )
    .bad(
        "shares_not_in_committee_order",
        "P0504",
        "The first share is not signed by position 0.",
        changed(|opening| {
            opening.shares.reverse();
        }),
    )
    .bad(
        "share_missing",
        "P050A",
        "The committee has two members.",
        changed(|opening| opening.shares.truncate(1)),
    )
    .bad(
        "share_of_another",
        "P0506",
        "The first member's share, signed and sent by the second.",
        changed(|opening| {
            opening.shares[1] = signed(share_message(0), shares, 1);
        }),
    )
    .bad(
        "share_of_another_round",
        "P0505",
        "The value names another round than the call.",
        changed(|opening| {
            let mut other = share_message(1);
            other.round.0[0] ^= 1;
            opening.shares[1] = signed(other, shares, 1);
        }),
    )
    .bad(
        "share_with_three_columns",
        "P0506",
        "The study has two column keys.",
        changed(|opening| {
            let wide = passage_protocol::group::CommitteeKeys::generate(3, [90; 32]);
            let mut other = share_message(1);
            other.share = wide.share(&ROUND, &CODES[1]);
            opening.shares[1] = signed(other, shares, 1);
        }),
    )
    .bad(
        "noise_that_cannot_be_sampled",
        "P050C",
        "Epsilon 0.005 is below what tables are built for.",
        [("agreement", agreement_text().replace("epsilon = \"2\"", "epsilon = \"0.005\""))],
    )
    .bad(
        "metric_unknown",
        "P0509",
        "No such metric is built in.",
        [("study", study_text().replace("college-going-12", "college-going-13"))],
    )
    .bad("truncated", "P0101", "The last signature lacks a byte.", [("opening", cut(&good))])
    .bad(
        "trailing_byte",
        "P0102",
        "A byte stands behind the last signature.",
        [("opening", longer(&good))],
    );
    vec![vector]
}

fn read(reader: &str, fields: &Fields) -> Read {
    assert_eq!(reader, "opening");
    let documents = Documents::parse(text(fields, "agreement"), text(fields, "study"));
    let opening = Opening::from_bytes(&bytes(fields, "opening")).map_err(code)?;
    Manifest::compute(&documents.agreement, &documents.study, &opening).map(drop).map_err(code)
}
