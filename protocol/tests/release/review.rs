//! What a member can check of a proposal by itself, and what it is told to think of.

use std::collections::BTreeSet;

use passage_protocol::{
    codec::{Decode, Encode},
    disclosure::{Mark, Outcome, Reason},
    ids::{Digest, MemberCode},
    refusal::Refusal,
    release::{
        ReleaseError, Sheet, Warning, compare, outside, page::Review, rendered_again, scan::Known, warnings,
    },
    report::{Report, html, notes},
    wire::{ReleaseFormat, ReleaseSaid},
};

use crate::{
    once::{cut_sample, sample},
    world::{NOW, World, agreement, members, papers},
};

#[test]
fn g07_what_is_exported_without_a_release_says_that_it_is_for_internal_use() {
    let page = html(&sample());
    let (head, foot) = page.split_once("</header>").unwrap();
    assert!(head.contains("For internal use by the parties to A-4f0c1d22be9a7713."), "{head}");
    assert!(foot.contains("<p>For internal use under the agreement named above;"));
    assert!(notes(&sample()).contains("\nUse: For internal use by the parties to A-4f0c1d22be9a7713."));
}

#[test]
fn g09_a_file_for_the_outside_speaks_to_nobody_and_shows_no_list_sizes() {
    for format in [ReleaseFormat::Csv, ReleaseFormat::Html] {
        let papers = papers(&agreement(), &sample(), format, &[]);
        let (report, made) = rendered_again(&papers, &[]).unwrap();
        let mut text = String::from_utf8(made.file).unwrap();
        text.push_str(&made.notes.map(|notes| String::from_utf8(notes).unwrap()).unwrap_or_default());
        for never in
            ["nternal use", "your students", "your institution", ">you<", "Submitted", "M-00000000", "viewer"]
        {
            assert!(!text.contains(never), "{format:?}: {never}");
        }
        assert!(report.panel.lists.is_empty() && report.panel.pairs.is_empty());
        assert!(text.contains("The boards of both districts, for the public session of 12 May."));
        assert!(text.contains("every member concerned"), "{format:?}");
    }
    // The sample does have what was looked for.
    assert!(html(&sample()).contains("your students") && html(&sample()).contains("Submitted"));
}

#[test]
fn g09_only_the_named_are_named() {
    let named = members()[1];
    let papers = papers(&agreement(), &sample(), ReleaseFormat::Html, &[named]);
    let names = passage_protocol::release::page::names(&agreement(), &[named]);
    let (_, made) = rendered_again(&papers, &names).unwrap();
    let text = String::from_utf8(made.file).unwrap();
    assert!(text.contains(&format!("{named} is Birch Community College, with its consent.")));
    assert!(!text.contains("Alder") && !text.contains("Dogwood"));
}

#[test]
fn g07_the_file_is_made_again_and_every_byte_compared() {
    let good = papers(&agreement(), &sample(), ReleaseFormat::Html, &[]);
    assert!(rendered_again(&good, &[]).is_ok());
    let mut other_file = good.clone();
    other_file.proposal.file.digest = Digest::of_blob(b"another page");
    assert_eq!(rendered_again(&other_file, &[]).unwrap_err(), ReleaseError::OtherRendering);
    let mut other_audience = good.clone();
    other_audience.proposal.audience = "Everybody".to_owned();
    assert_eq!(rendered_again(&other_audience, &[]).unwrap_err(), ReleaseError::OtherRendering);
    let named = passage_protocol::release::page::names(&agreement(), &members()[..1]);
    assert_eq!(rendered_again(&good, &named).unwrap_err(), ReleaseError::OtherRendering);
    // Figures that were not cut for the outside, or whose digest is another.
    let mut uncut = good.clone();
    uncut.report = sample().to_bytes();
    uncut.proposal.report = Digest::of_blob(&uncut.report);
    assert_eq!(rendered_again(&uncut, &[]).unwrap_err().code().to_string(), "P0455");
    let mut swapped = good;
    swapped.report.push(0);
    assert_eq!(rendered_again(&swapped, &[]).unwrap_err().code().to_string(), "P0455");
}

#[test]
fn g07_every_figure_is_compared_with_the_members_own_report() {
    let shown = outside(&sample());
    let all = compare(&shown, &sample()).unwrap();
    assert!(all.same > 100 && all.unseen == 0, "{all:?}");
    // The second college's own report has less: what it cannot check is said.
    let cut = compare(&shown, &cut_sample()).unwrap();
    assert_eq!(cut.same + cut.unseen, all.same);
    let [district, college, second, university] = members()[..] else { panic!("four members") };
    let about = |sender, receiver: Option<MemberCode>| {
        cut.unseen_about.contains(&(sender, receiver.into_iter().collect()))
    };
    assert!(about(district, Some(college)) && about(district, None) && about(college, Some(university)));
    assert!(!about(district, Some(second)), "{cut:?}");
    // One figure differs by one.
    let mut other = sample();
    let cell = other.tables[0].cells.iter_mut().find(|cell| cell.mark.value().is_some()).unwrap();
    let Mark::Value { value, .. } = &mut cell.mark else { panic!("a value") };
    *value += 1;
    let refused = compare(&shown, &other).unwrap_err();
    assert_eq!(refused, ReleaseError::FiguresDiffer { what: "figures" });
    assert_eq!((refused.code().to_string().as_str(), refused.rule()), ("P0457", Some("G07")));
}

#[test]
fn g07_texts_and_terms_beside_the_figures_are_compared_as_well() {
    let shown = outside(&sample());
    let changes: [fn(&mut Report); 8] = [
        |own| own.round.0[0] ^= 1,
        |own| own.agreement.push('0'),
        |own| own.study_title.push('!'),
        |own| own.coverage.clear(),
        |own| own.metrics[0].text.push('!'),
        |own| own.generated_at.0 += 1,
        |own| own.noise = passage_protocol::disclosure::NoiseStatement::Nil,
        |own| own.breaks.clear(),
    ];
    for (at, change) in changes.into_iter().enumerate() {
        let mut own = sample();
        change(&mut own);
        assert!(matches!(compare(&shown, &own), Err(ReleaseError::FiguresDiffer { .. })), "{at}");
    }
}

/// A report with one table left: outcomes that `keep` lets stand.
fn only(tables: &[usize], keep: fn(Outcome) -> bool) -> Report {
    let mut report = sample();
    let kept: Vec<_> = tables.iter().map(|at| report.tables[*at].clone()).collect();
    report.tables = kept;
    for table in &mut report.tables {
        table.cells.retain(|cell| keep(cell.outcome));
    }
    report
}

#[test]
fn g08_a_release_that_singles_out_or_ranks_says_so() {
    let [district, college, second, university] = members()[..] else { panic!("four members") };
    // Both senders, rates at several receivers: a reader can order the receivers of the district.
    let ranks = |members: &[_]| Warning::Ranks { members: members.iter().copied().collect::<BTreeSet<_>>() };
    assert_eq!(warnings(&sample()), [ranks(&[college, second, university])]);
    // One sender, all receivers.
    let district_alone = warnings(&only(&[0], |_| true));
    assert_eq!(
        district_alone,
        [Warning::OneSender { sender: district }, ranks(&[college, second, university])]
    );
    // One sender, one receiver.
    let pair = warnings(&only(&[0], |outcome| matches!(outcome, Outcome::Rate(Some(1)))));
    assert_eq!(pair, [Warning::OneSender { sender: district }, Warning::OneReceiver { receiver: second }]);
    // One sender and "any receiver": no receiver stands by itself.
    let any = warnings(&only(&[0], |outcome| matches!(outcome, Outcome::Rate(None))));
    assert_eq!(any, [Warning::OneSender { sender: district }]);
    // Counts alone put nobody in the order of a rate.
    let counts = warnings(&only(&[0], |outcome| matches!(outcome, Outcome::Enrolled(Some(_)))));
    assert_eq!(counts, [Warning::OneSender { sender: district }]);
    // Two senders of one metric at the same receiver.
    let mut senders = only(&[0], |outcome| matches!(outcome, Outcome::Rate(None)));
    let mut other = senders.tables[0].clone();
    other.sender = college;
    senders.tables.push(other);
    assert_eq!(warnings(&senders), [ranks(&[district, college])]);
    // What is withheld singles out nobody.
    let mut withheld = only(&[0], |_| true);
    withheld.tables[0].cells.iter_mut().for_each(|cell| cell.mark = Mark::Suppressed(Reason::BelowFloor));
    assert_eq!(warnings(&withheld), []);
}

#[test]
fn g09_a_review_refuses_a_file_with_a_name_in_it_and_says_where() {
    let mut report = sample();
    report.study_title = "From Alder Unified to college".to_owned();
    let world = World::of(&report, ReleaseFormat::Html, &[]);
    let mut known = Known::default();
    known.add_name("Alder Unified School District of the Valley");
    let review = |known: &Known| Review::of(&world.papers, &world.agreement, &report, known);
    assert!(review(&known).is_ok(), "another district's whole name is not there");
    known.add_name("Alder Unified");
    let refused = review(&known).unwrap_err();
    let ReleaseError::NamesInside { places, line, column } = refused else { panic!("{refused:?}") };
    assert!(places >= 2 && line > 1 && column > 1, "the title stands in the head and in the heading");
    assert_eq!(refused.rule(), Some("G09"));
    assert!(!refused.to_string().contains("Alder"), "{refused}");
}

#[test]
fn g07_a_sheet_verifies_offline_and_any_change_shows() {
    let mut world = World::new();
    world.say(2, NOW.plus_s(90), ReleaseSaid::Commented { text: "2021 is a small cohort.".into() }).unwrap();
    for member in 0..4 {
        world.say(member, NOW.plus_s(99), crate::world::YES).unwrap();
        let comments = u16::from(member == 2);
        world.say(member, world.after(), ReleaseSaid::Stands { comments }).unwrap();
    }
    let text = Sheet::of(&world.release, NOW).text(&world.agreement).unwrap();
    assert_eq!(Sheet::verify(&text, &world.agreement), Ok(world.after()));
    let (_, made) = rendered_again(&world.papers, &[]).unwrap();
    let sheet = Sheet::parse(&text).unwrap();
    assert_eq!(sheet.check_file(&made.file), Ok("the file"));
    let mut changed = made.file.clone();
    changed[1_000] ^= 1;
    assert_eq!(sheet.check_file(&changed), Err(ReleaseError::OtherFile));
    // The words for people, the block, and whose agreement it is.
    for (from, to) in [
        ("small cohort", "fine cohort"),
        ("Signer Two", "Signer Six"),
        ("APPROVAL SHEET", "SHEET"),
        ("-----END", "00\n-----END"),
    ] {
        assert!(text.contains(from), "{from}");
        assert_eq!(
            Sheet::verify(&text.replacen(from, to, 1), &world.agreement),
            Err(ReleaseError::SheetChanged),
            "{to}"
        );
    }
    let mut strangers = world.agreement.clone();
    strangers.parties[3].signing_key = crate::world::key(0).verifying_key();
    assert_eq!(Sheet::verify(&text, &strangers), Err(ReleaseError::NotItsOwn { member: members()[3] }));
    // A sheet of a release that is not approved verifies as nothing.
    let open = World::new();
    let text = Sheet::of(&open.release, NOW).text(&open.agreement).unwrap();
    assert!(matches!(Sheet::verify(&text, &open.agreement), Err(ReleaseError::Missing { .. })));
    assert_eq!(Sheet::verify("", &open.agreement), Err(ReleaseError::SheetChanged));
}

#[test]
fn a_table_leaves_with_its_notes_and_both_are_bound() {
    let world = World::of(&sample(), ReleaseFormat::Csv, &[]);
    let (report, made) = rendered_again(&world.papers, &[]).unwrap();
    assert_eq!(Report::from_bytes(&world.papers.report).unwrap(), report);
    let sheet = Sheet::of(&world.release, NOW);
    assert_eq!(sheet.check_file(&made.file), Ok("the file"));
    assert_eq!(sheet.check_file(&made.notes.unwrap()), Ok("the notes beside the file"));
}
