//! The account a person reads is what the member then sends: equal where the manifest fixes it, no more where it is a bound;
//! and the yes to it does not depend on who was drawn into the committee.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use harness::{
    federation::{Federation, Setup},
    mischief::{Hands, Mischief},
    papers::Noise,
};
use passage_node::compute::Finished;
use passage_protocol::{
    agreement::{
        Account, Amount, Concern, Item, Recipient,
        Segment::{Cc, K12, Univ},
    },
    ids::MemberCode,
    round::MemberJob,
    wire::Message,
};

use crate::honest_round::{manifest, overheard};

/// What one piece of work of a member uploaded.
struct Upload {
    member: usize,
    job: MemberJob,
    bytes: Vec<u64>,
}

/// Follows the protocol and writes down what is uploaded.
struct Scribe(Rc<RefCell<Vec<Upload>>>);

impl Mischief for Scribe {
    fn finished(&mut self, hands: &Hands<'_>, job: &MemberJob, finished: Finished) -> Finished {
        let bytes = finished.uploads.iter().map(|blob| blob.bytes).collect();
        self.0.borrow_mut().push(Upload { member: hands.member, job: job.clone(), bytes });
        finished
    }
}

fn account(federation: &Federation, member: usize) -> Account {
    Account::of(&manifest(federation), u16::try_from(member).unwrap()).unwrap()
}

/// Bytes of the lines that `wanted` picks, in ascending order.
fn bytes_of(account: &Account, wanted: impl Fn(&Item) -> bool) -> Vec<Amount> {
    let mut found: Vec<Amount> =
        account.lines.iter().filter(|line| wanted(&line.item)).map(|line| line.bytes).collect();
    found.sort_by_key(|bytes| bytes.most());
    found
}

/// One job's uploads against the lines about it.
fn check_upload(federation: &Federation, account: &Account, upload: &Upload) {
    let mut sent = upload.bytes.clone();
    sent.sort_unstable();
    let fixed = |lines: Vec<Amount>| {
        assert_eq!(lines, sent.iter().copied().map(Amount::Exact).collect::<Vec<_>>(), "{:?}", upload.job);
    };
    let bounded = |lines: Vec<Amount>| match (&lines[..], &sent[..]) {
        ([Amount::AtMost(most)], [sent]) => assert!(sent <= most, "{:?}: {sent} of {most}", upload.job),
        other => panic!("{:?}: {other:?}", upload.job),
    };
    match &upload.job {
        MemberJob::Contribute => fixed(bytes_of(account, |item| *item == Item::List)),
        MemberJob::Hop { list, .. } => {
            let of = federation.code(usize::from(*list));
            fixed(bytes_of(
                account,
                |item| matches!(item, Item::Pass { owner } | Item::Tags { owner } | Item::Columns { owner } if *owner == of),
            ));
        }
        MemberJob::TableHop { table: at, .. } => {
            bounded(bytes_of(account, |item| matches!(item, Item::TablePass { table, .. } if table == at)));
        }
        MemberJob::Decrypt { table: at, .. } => {
            bounded(bytes_of(account, |item| matches!(item, Item::Decryption { table, .. } if table == at)));
        }
        MemberJob::CheckPlan { .. } | MemberJob::KeepColumns { .. } | MemberJob::KeepReport { .. } => {
            assert!(sent.is_empty(), "{:?} sends nothing", upload.job);
        }
    }
}

/// Sealed shares inside messages, by item and recipient; and bytes of the cohort counts.
fn in_messages(federation: &Federation, member: usize) -> (BTreeMap<(&'static str, MemberCode), u64>, u64) {
    let (mut shares, mut counts) = (BTreeMap::new(), BTreeMap::new());
    for envelope in federation.posts_of(member) {
        match &envelope.message {
            Message::BlindShare { to, sealed, .. } => {
                shares.insert(("blind-share", federation.code(usize::from(*to))), sealed.len() as u64);
            }
            Message::TagKeyShare { to, sealed, .. } => {
                shares.insert(("tag-key-share", federation.code(usize::from(*to))), sealed.len() as u64);
            }
            Message::CohortCounts { table, counts: told } => {
                let bytes: u64 = told.iter().map(|count| if count.is_some() { 5 } else { 1 }).sum();
                counts.insert(*table, bytes);
            }
            _ => {}
        }
    }
    (shares, counts.values().sum())
}

#[test]
fn the_account_is_what_is_sent() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let mut setup = Setup::of(&[(K12, 60), (K12, 40), (Cc, 20), (Univ, 20)], 1_401);
    setup.question.committee = 3;
    setup.question.by = vec!["all", "gender"];
    setup.question.noise = Noise::Epsilon("2");
    setup.mischief = Box::new(Scribe(Rc::clone(&seen)));
    let federation = overheard(setup);
    let _ = federation.released();
    let uploads = seen.take();
    let all: u64 = uploads.iter().flat_map(|upload| &upload.bytes).sum();
    assert_eq!(all, federation.coordinator.relayed.1, "every upload was seen");

    let mut items = BTreeSet::new();
    for member in 0..4 {
        let account = account(&federation, member);
        assert!(account.lines.is_sorted_by_key(|line| line.item.concern()), "in reading order");
        items.extend(account.lines.iter().map(|line| line.item.name()));
        let mut sent = 12;
        for upload in uploads.iter().filter(|upload| upload.member == member) {
            check_upload(&federation, &account, upload);
            sent += upload.bytes.iter().sum::<u64>();
        }
        let (shares, counts) = in_messages(&federation, member);
        let listed: BTreeMap<_, _> = (account.about(Concern::Keys))
            .map(|line| match line.to {
                Recipient::Member(to) => ((line.item.name(), to), line.bytes.most()),
                other => panic!("a share goes to one member, not to {other:?}"),
            })
            .collect();
        assert_eq!(shares, listed, "member {member}");
        let told =
            bytes_of(&account, |item| *item == Item::CohortCounts).first().map_or(0, |most| most.most());
        assert!(counts <= told, "{counts} of {told}");
        assert_eq!(counts > 0, member < 2, "senders tell their cohorts");
        sent += shares.values().sum::<u64>() + counts;
        let promised = account.bytes();
        assert!(sent <= promised.most(), "member {member}: {sent} of {promised}");
        // A bound is of use only if it is near: here a third of the rows link at least.
        assert!(promised.most() < sent * 2, "member {member}: {sent} of {promised}");

        // Nothing listed that did not happen: each exact line of the committee's work has its upload.
        let exact = account.lines.iter().filter(|line| matches!(line.bytes, Amount::Exact(_)));
        let blobs = exact.filter(|line| line.item.concern() != Concern::Keys && line.item != Item::Numbers);
        let fixed_jobs = |job: &MemberJob| matches!(job, MemberJob::Contribute | MemberJob::Hop { .. });
        let own = uploads.iter().filter(|upload| upload.member == member && fixed_jobs(&upload.job));
        assert_eq!(blobs.count(), own.map(|upload| upload.bytes.len()).sum::<usize>(), "member {member}");
    }
    assert_eq!(items.len(), 10, "the round had every kind of line: {items:?}");
}

#[test]
fn the_committee_drawn_changes_the_lines_and_not_the_account() {
    let with = |insists: Vec<usize>| {
        let members = [(K12, 24), (K12, 20), (Cc, 10), (Univ, 10)];
        overheard(Setup { insists, ..Setup::of(&members, 1_402) })
    };
    let (one, other) = (with(vec![0, 2]), with(vec![1, 3]));
    assert_ne!(manifest(&one).committee, manifest(&other).committee);
    for member in 0..4 {
        let (one, other) = (account(&one, member), account(&other, member));
        assert_eq!(one.digest, other.digest, "one yes covers both");
        let work = |account: &Account| account.about(Concern::CommitteeWork).count();
        assert_ne!(work(&one) > 0, work(&other) > 0, "member {member} works in one of them only");
        let own = |account: &Account| account.bytes_about(Concern::OwnStudents);
        assert_eq!(own(&one), own(&other));
    }
}
