//! Messages that decode and are still wrong in the state they arrive in: the round ends with the abort named (SPEC §14).
//!
//! The state is the coordinator's, in its stored form; the members apply the same checks to what the coordinator relays.

use passage_protocol::{
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    manifest::Manifest,
    refusal::{Code, Refusal},
    round::{CoordinatorInput, CoordinatorOutcome, CoordinatorRound},
    seal::sealed_len,
    signing::SignatureKind,
    timestamp::Timestamp,
    wire::{AbortNotice, BlobRef, Envelope, HopStatement, Message},
};

use crate::{
    consortium::{
        CODES, ROWS, answer, call, documents, endorsement, manifest, reveal, share_message, signed,
    },
    file::{Fields, File, Read, Vector, bytes, code},
    messages::envelope,
};

mod second_mix;

pub(crate) const FILE: File = File { name: "bad_rounds.json", make, read };

const NOW: Timestamp = Timestamp(1_500);

/// A coordinator's round and what moves it on.
struct Story(CoordinatorRound);

impl Story {
    fn opened() -> Self {
        Self(CoordinatorRound::open(documents().plans(), call()).unwrap().state)
    }

    fn then(self, input: CoordinatorInput) -> Self {
        Self(self.0.step(documents().plans(), NOW, input).unwrap().state)
    }

    fn said(self, member: usize, message: Message) -> Self {
        self.then(CoordinatorInput::Message { from: CODES[member], message })
    }

    fn hex(&self) -> String {
        hex::encode(self.0.to_bytes())
    }
}

fn said(from: MemberCode, message: Message) -> [(&'static str, String); 1] {
    let envelope = Envelope { from: Some(from), ..envelope(message) };
    [("message", hex::encode(envelope.to_bytes()))]
}

fn good(what: &str, story: &Story, from: usize, message: Message) -> Vector {
    let [message] = said(CODES[from], message);
    Vector::good("coordinator", what, [("state", story.hex()), message])
}

fn say_answer(member: u8, signer: u8) -> Message {
    Message::Answer(signed(answer(member), SignatureKind::RoundAnswer, signer))
}

fn say_reveal(member: u8, signer: u8) -> Message {
    Message::Reveal(signed(reveal(member), SignatureKind::Reveal, signer))
}

fn say_share(member: u8, signer: u8) -> Message {
    Message::KeyShare(signed(share_message(member), SignatureKind::KeyShare, signer))
}

fn say_endorsement(manifest: &Manifest, signer: u8) -> Message {
    Message::Endorsement { manifest: manifest.digest(), signature: endorsement(manifest, signer) }
}

fn make() -> Vec<Vector> {
    let stranger = MemberCode([0, 0, 0, 0, 3]);
    let calling = Story::opened().said(0, say_answer(0, 0));
    let answers = good("the last answer", &calling, 1, say_answer(1, 1))
        .bad(
            "signed_by_another",
            "P0504",
            "Signed with the first member's key.",
            said(CODES[1], say_answer(1, 0)),
        )
        .bad(
            "from_a_stranger",
            "P0C02",
            "No seat of the call has this code.",
            said(stranger, say_answer(1, 1)),
        )
        .bad("second_answer", "P0C07", "Another answer in the place of an accepted one.", {
            let mut other = answer(0);
            other.rows += 1;
            said(CODES[0], Message::Answer(signed(other, SignatureKind::RoundAnswer, 0)))
        })
        .bad(
            "message_of_a_later_state",
            "P0C02",
            "A reveal before all have answered.",
            said(CODES[1], say_reveal(1, 1)),
        )
        .bad(
            "message_of_the_coordinators",
            "P0C02",
            "Only the coordinator calls.",
            said(CODES[1], Message::Call(call())),
        )
        .bad("abort", "P0C05", "A person refused; the code is passed on.", {
            let notice = AbortNotice { code: Code(0x0C05), fault: None };
            said(CODES[1], Message::Abort(notice))
        });

    let revealing = calling.said(1, say_answer(1, 1)).said(0, say_reveal(0, 0));
    let reveals = good("the last reveal", &revealing, 1, say_reveal(1, 1))
        .bad("other_nonce", "P0501", "Not the nonce committed to.", {
            let mut other = reveal(1);
            other.nonce[31] ^= 1;
            said(CODES[1], Message::Reveal(signed(other, SignatureKind::Reveal, 1)))
        })
        .bad(
            "signed_by_another",
            "P0504",
            "Signed with the first member's key.",
            said(CODES[1], say_reveal(1, 0)),
        )
        .bad(
            "second_reveal",
            "P0C07",
            "Another reveal in the place of an accepted one.",
            said(CODES[0], say_reveal(1, 0)),
        );

    let sharing = revealing.said(1, say_reveal(1, 1)).said(0, say_share(0, 0));
    let shares = good("the last key share", &sharing, 1, say_share(1, 1))
        .bad(
            "share_of_another",
            "P0506",
            "Proven by the first member, sent by the second.",
            said(CODES[1], say_share(0, 1)),
        )
        .bad(
            "signed_by_another",
            "P0504",
            "Signed with the first member's key.",
            said(CODES[1], say_share(1, 0)),
        )
        .bad(
            "second_share",
            "P0C07",
            "Another share in the place of an accepted one.",
            said(CODES[0], say_share(1, 0)),
        );

    let pinned = manifest();
    let endorsing = sharing.said(1, say_share(1, 1)).said(0, say_endorsement(&pinned, 0));
    let altered = |change: fn(&mut Manifest)| {
        let mut other = manifest();
        change(&mut other);
        said(CODES[1], say_endorsement(&other, 1))
    };
    let endorsements = good("the last endorsement", &endorsing, 1, say_endorsement(&pinned, 1))
        .bad(
            "of_another_version",
            "P0C06",
            "A manifest of the wire version after this one.",
            altered(|manifest| manifest.wire += 1),
        )
        .bad(
            "lists_in_another_order",
            "P0C06",
            "Lists stand in participant order.",
            altered(|manifest| manifest.lists.reverse()),
        )
        .bad(
            "list_with_other_rows",
            "P0C06",
            "Rows are pinned by the answers.",
            altered(|manifest| manifest.lists[0].rows += 1),
        )
        .bad(
            "list_left_out",
            "P0C06",
            "A list that nobody has pinned.",
            altered(|manifest| manifest.lists.truncate(1)),
        )
        .bad(
            "committee_in_another_order",
            "P0C06",
            "The draw decides the order.",
            altered(|manifest| manifest.committee.reverse()),
        )
        .bad(
            "less_noise",
            "P0C06",
            "Noise is the agreement's.",
            altered(|manifest| manifest.noise.epsilon_milli += 1),
        )
        .bad("lower_floor", "P0C06", "The floor is the agreement's.", altered(|manifest| manifest.floor -= 1))
        .bad(
            "signed_by_another",
            "P0C08",
            "The right manifest, signed with the first member's key.",
            said(CODES[1], say_endorsement(&pinned, 0)),
        )
        .bad("second_endorsement", "P0C06", "The first member signs something else as well.", {
            let mut other = manifest();
            other.floor += 1;
            said(CODES[0], say_endorsement(&other, 0))
        });
    let mixing = endorsing.said(1, say_endorsement(&pinned, 1));
    let mut vectors = vec![answers, reveals, shares, endorsements];
    vectors.extend(first_mix(&pinned, mixing));
    vectors
}

fn hop_of(manifest: &Manifest, list: u16, hop: u8) -> HopStatement {
    let shape = manifest.list(list).unwrap();
    let (row, rows) = (shape.row().unwrap(), u64::from(shape.rows));
    let bytes = match hop == shape.last_hop() {
        true => rows * row.tag_bytes() as u64,
        false => sealed_len(rows * row.row_bytes() as u64),
    };
    let name = |hop: u8| Digest([hop + 10; 32]);
    HopStatement {
        manifest: manifest.digest(),
        list,
        hop,
        rows: shape.rows,
        input: if hop == 0 { Digest([0; 32]) } else { name(hop - 1) },
        output: name(hop),
        sealed: BlobRef { digest: Digest([100 + hop; 32]), bytes },
    }
}

fn say_hop(statement: HopStatement, signer: u8) -> Message {
    Message::Hop(signed(statement, SignatureKind::HopStatement, signer))
}

fn first_mix(manifest: &Manifest, mixing: Story) -> Vec<Vector> {
    let hop = |list, number| hop_of(manifest, list, number);
    let changed = |number: u8, member: u8, change: fn(&mut HopStatement)| {
        let mut statement = hop(0, number);
        change(&mut statement);
        said(CODES[usize::from(member)], say_hop(statement, member))
    };
    let first = good("the owner's own list", &mixing, 0, say_hop(hop(0, 0), 0))
        .bad(
            "unpinned_list",
            "P0C02",
            "The manifest has two lists.",
            changed(0, 0, |statement| statement.list = 2),
        )
        .bad(
            "list_of_another",
            "P0C02",
            "The second list is the second member's.",
            changed(0, 0, |statement| statement.list = 1),
        )
        .bad(
            "wrong_manifest",
            "P0C06",
            "The digest of another manifest.",
            changed(0, 0, |statement| statement.manifest.0[0] ^= 1),
        )
        .bad(
            "other_rows",
            "P0C06",
            "One row more than pinned.",
            changed(0, 0, |statement| statement.rows += 1),
        )
        .bad(
            "input_at_hop_0",
            "P0C06",
            "An owner takes nothing in.",
            changed(0, 0, |statement| statement.input.0[0] = 1),
        )
        .bad(
            "other_length",
            "P0C06",
            "The blob is a byte longer than its rows.",
            changed(0, 0, |statement| statement.sealed.bytes += 1),
        )
        .bad(
            "signed_by_another",
            "P0C08",
            "Signed with the second member's key.",
            said(CODES[0], say_hop(hop(0, 0), 1)),
        )
        .bad(
            "out_of_turn",
            "P0C02",
            "The second hop comes from the second member.",
            changed(0, 0, |statement| statement.hop = 1),
        )
        .bad(
            "endorsement_again",
            "P0C02",
            "The manifest is sealed.",
            said(CODES[0], say_endorsement(manifest, 0)),
        );

    let mixing = mixing.said(0, say_hop(hop(0, 0), 0));
    let second = good("the last hop of the first list", &mixing, 1, say_hop(hop(0, 1), 1))
        .bad(
            "wrong_input",
            "P0C06",
            "Not what the owner put out.",
            changed(1, 1, |statement| statement.input.0[0] ^= 1),
        )
        .bad("fewer_rows", "P0C06", "A row was dropped.", changed(1, 1, |statement| statement.rows -= 1))
        .bad(
            "other_length",
            "P0C06",
            "A tag is missing.",
            changed(1, 1, |statement| statement.sealed.bytes -= 16),
        )
        .bad(
            "second_statement",
            "P0C07",
            "The owner signs another list as well.",
            changed(0, 0, |statement| statement.output.0[0] ^= 1),
        )
        .bad("counts_below_the_floor", "P0C02", "A count of ten may not leave the sender.", {
            said(CODES[0], Message::CohortCounts { table: 0, counts: vec![Some(10)] })
        })
        .bad("counts_of_another", "P0C02", "Only the sender counts its cohort.", {
            said(CODES[1], Message::CohortCounts { table: 0, counts: vec![Some(12)] })
        })
        .bad("share_in_the_name_of_another", "P0C02", "The first list is the first member's.", {
            said(CODES[1], Message::BlindShare { list: 0, to: 1, sealed: vec![7; 80] })
        })
        .bad("columns_not_from_the_last_hop", "P0C02", "The second member ends the first list.", {
            let shape = manifest.list(0).unwrap();
            let plain = u64::from(shape.rows) * shape.row().unwrap().column_bytes() as u64;
            let sealed = BlobRef { digest: Digest([1; 32]), bytes: sealed_len(plain) };
            said(CODES[0], Message::Columns { list: 0, to: 1, sealed })
        });
    let joined = mixing
        .said(1, say_hop(hop(0, 1), 1))
        .said(1, say_hop(hop(1, 0), 1))
        .said(0, say_hop(hop(1, 1), 0))
        .said(0, Message::CohortCounts { table: 0, counts: vec![Some(ROWS[0])] })
        .then(CoordinatorInput::Done(CoordinatorOutcome::Joined(vec![(
            second_mix::PLANNED,
            Some(second_mix::plan()),
        )])));
    let mut vectors = vec![first, second];
    vectors.extend(second_mix::vectors(manifest, joined));
    vectors
}

fn read(reader: &str, fields: &Fields) -> Read {
    assert_eq!(reader, "coordinator");
    let state = CoordinatorRound::from_bytes(&bytes(fields, "state")).map_err(code)?;
    let Envelope { from, message, .. } = Envelope::from_bytes(&bytes(fields, "message")).map_err(code)?;
    let input = CoordinatorInput::Message { from: from.unwrap(), message };
    state.step(documents().plans(), NOW, input).map(drop).map_err(|abort| abort.code())
}
