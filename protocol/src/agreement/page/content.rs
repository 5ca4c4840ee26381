//! What the page says, in the words of the people who sign.

use std::collections::{BTreeMap, BTreeSet};

use super::{Block, Page, Section, Shown};
use crate::{
    agreement::{
        Agreement, DocumentId, LegalBasis, Level, NoiseTerms, Publication, ShareLine, effective, notices,
    },
    cells::SchoolYear,
    checkpoint::LogOwner,
    dictionary::Dictionary,
    document::plain,
    ids::MemberCode,
    metric::Metric,
    retention::Ended,
};

/// Letters of a name that the document does not vouch for.
const NAME_LETTERS_MAX: usize = 200;

/// The page of an agreement.
pub(super) fn page(shown: &Shown<'_>) -> Page {
    let sections = [
        due(shown),
        Some(who(shown)),
        Some(why(shown.agreement)),
        Some(shared(shown)),
        Some(stays(shown.agreement)),
        Some(counted(shown.agreement)),
        Some(small_numbers(shown.agreement)),
        Some(how_long(shown.agreement)),
        Some(breach(shown.agreement)),
        Some(stop(shown)),
        Some(bound_to(shown)),
    ];
    Page {
        title: shown.agreement.title.clone(),
        id: DocumentId::Agreement(shown.digest).to_string(),
        sections: sections.into_iter().flatten().collect(),
    }
}

fn due(shown: &Shown<'_>) -> Option<Section> {
    let due = notices(shown.agreement, shown.today);
    let points = due.iter().map(|notice| format!("{notice} ({})", notice.rule())).collect::<Vec<_>>();
    (!points.is_empty()).then(|| Section { heading: "Due now", blocks: vec![Block::Points(points)] })
}

fn who(shown: &Shown<'_>) -> Section {
    let agreement = shown.agreement;
    let row = |party: &crate::agreement::Party| {
        let signed = match (shown.consents.signature(party.code), shown.consents.withdrawal(party.code)) {
            (_, Some(left)) => {
                let by = plain(&left.by, NAME_LETTERS_MAX);
                format!("withdrew on {}, by {by}; {}", left.at.date(), destroyed(shown, party.code))
            }
            (Some(signature), None) => format!("signed on {} by {}", signature.at.date(), signature.signer),
            (None, None) => "has not signed".to_owned(),
        };
        let signers: Vec<String> = (party.signers.iter())
            .map(|signer| format!("{}, {} ({})", signer.name, signer.title, signer.capacity.words()))
            .collect();
        vec![
            party.name.clone(),
            format!("{}, {}", party.segment.words(), party.code),
            signers.join("; "),
            signed,
        ]
    };
    let rows = agreement.parties.iter().map(row).collect();
    let head = vec!["party", "kind and code", "may sign", "state"];
    Section {
        heading: "Who",
        blocks: vec![
            Block::Table { head, rows },
            Block::Words(
                "Nothing is computed between two parties before both have signed this very document."
                    .to_owned(),
            ),
        ],
    }
}

/// What became of the contributions of a party that withdrew (G10).
fn destroyed(shown: &Shown<'_>, code: MemberCode) -> String {
    let at = |owner: LogOwner| {
        let word =
            shown.destroyed.iter().find(|word| word.owner == owner && word.about == Ended::Party(code));
        word.map_or("not confirmed yet".to_owned(), |word| format!("on {}", word.at.date()))
    };
    format!(
        "destruction of what it contributed: by itself {}, by the coordinator {}",
        at(LogOwner::Member(code)),
        at(LogOwner::Coordinator)
    )
}

fn why(agreement: &Agreement) -> Section {
    let purposes: Vec<&str> = agreement.purposes.iter().map(|purpose| purpose.words()).collect();
    let mut facts = vec![
        ("purposes", purposes.join("; ")),
        ("law", agreement.legal_basis.words().to_owned()),
        ("what is studied", agreement.scope.clone()),
    ];
    if !agreement.representatives.trim().is_empty() {
        facts.push(("who may see results", agreement.representatives.clone()));
    }
    if agreement.legal_basis == LegalBasis::Consent {
        let of: Vec<&str> = agreement.consent_of.iter().map(|holder| holder.words()).collect();
        facts.push(("consent given by", of.join("; ")));
    }
    if let Some(audit) = &agreement.audit {
        facts.extend([
            ("authorised representative", audit.authorised_representative.clone()),
            ("programme", audit.programme.clone()),
            ("activity", audit.activity.clone()),
            ("exception", audit.exception.clone()),
            ("destruction", audit.destruction.clone()),
            ("policies", audit.policies.clone()),
        ]);
    }
    let mut blocks = vec![Block::Facts(facts)];
    if !agreement.contract.is_empty() {
        blocks.push(Block::Words(
            "About pupil records the parties confirm (California Education Code 49073.1):".to_owned(),
        ));
        blocks
            .push(Block::Points(agreement.contract.iter().map(|clause| clause.words().to_owned()).collect()));
    }
    Section { heading: "Why, and under which law", blocks }
}

/// The share list: lines that name the same elements are one row, the elements stand below it once.
fn shared(shown: &Shown<'_>) -> Section {
    let agreement = shown.agreement;
    let name =
        |code: MemberCode| agreement.party(code).map_or_else(|| code.to_string(), |party| party.name.clone());
    let mut by_pair: BTreeMap<(MemberCode, MemberCode, Level), Vec<&str>> = BTreeMap::new();
    for line in &agreement.shares {
        by_pair.entry((line.from, line.to, line.level)).or_default().push(&line.element);
    }
    let mut lists: Vec<Vec<&str>> = Vec::new();
    let mut by_giver: BTreeMap<(MemberCode, Level, usize), Vec<MemberCode>> = BTreeMap::new();
    for ((from, to, level), elements) in by_pair {
        let known = lists.iter().position(|list| *list == elements);
        let list = known.unwrap_or_else(|| {
            lists.push(elements);
            lists.len() - 1
        });
        by_giver.entry((from, level, list)).or_default().push(to);
    }
    let rows = by_giver
        .into_iter()
        .map(|((from, level, list), to)| {
            let to: Vec<String> = to.into_iter().map(name).collect();
            vec![name(from), to.join(", "), level_words(level).to_owned(), format!("list {}", list + 1)]
        })
        .collect();
    let dictionary = Dictionary::builtin().ok();
    let title = |element: &str| {
        let known = dictionary.as_ref().and_then(|dictionary| dictionary.elements.get(element));
        known.map_or_else(|| element.to_owned(), |known| format!("{} ({element})", known.title))
    };
    let lists = (1..).zip(&lists).map(|(number, list): (usize, &Vec<&str>)| {
        let titles: Vec<String> = list.iter().map(|element| title(element)).collect();
        format!("List {number}: {}", titles.join("; "))
    });
    let mut blocks = vec![
        Block::Table { head: vec!["about students of", "shared with", "how", "what"], rows },
        Block::Points(lists.collect()),
    ];
    let out = taken_out(shown);
    if !out.is_empty() {
        blocks.push(Block::Words("Not in force, by choice of a party:".to_owned()));
        blocks.push(Block::Points(
            out.into_iter()
                .map(|(line, by)| {
                    format!(
                        "`{}` about students of {} with {}: {by}",
                        line.element,
                        name(line.from),
                        name(line.to)
                    )
                })
                .collect(),
        ));
    }
    Section { heading: "What is shared, about whose students, with whom", blocks }
}

fn level_words(level: Level) -> &'static str {
    match level {
        Level::Aggregate => "blinded matching and counts",
        Level::Unitary => "rows about students, into the owner's own node (no round of this version does it)",
    }
}

/// Lines between parties that have signed which one side has taken out.
fn taken_out<'a>(shown: &Shown<'a>) -> Vec<(&'a ShareLine, &'static str)> {
    let shares = effective(shown.agreement, shown.digest, shown.consents);
    let bound = |code: MemberCode| {
        shown.consents.signature(code).is_some() && shown.consents.withdrawal(code).is_none()
    };
    let out = |(place, line): (u32, &'a ShareLine)| {
        if !bound(line.from) || !bound(line.to) || shares.gives(line.from, line.to, &line.element, line.level)
        {
            return None;
        }
        let offered = shown.consents.choice(line.from).is_none_or(|choice| choice.offers.contains(place));
        Some((line, if offered { "not accepted" } else { "not offered" }))
    };
    shown.agreement.lines().filter_map(out).collect()
}

fn stays(agreement: &Agreement) -> Section {
    let elements: BTreeSet<&str> = agreement.shares.iter().map(|line| line.element.as_str()).collect();
    let mut points = vec![
        "No student's record leaves the institution that owns it: no name, number, date of birth or address leaves in readable form.".to_owned(),
        "Names and numbers are turned into blinded marks on the owner's machine. They serve to find the same student at two institutions in one round, and are destroyed with it.".to_owned(),
        "Nobody learns which of its own students was found elsewhere, the owner included; the service in the middle holds no key.".to_owned(),
        "Students who opted out are left out before anything is blinded.".to_owned(),
    ];
    points.push(format!(
        "Nothing but the {} elements above enters a round; everything else in the files stays where it is.",
        elements.len()
    ));
    Section { heading: "What never leaves", blocks: vec![Block::Points(points)] }
}

fn counted(agreement: &Agreement) -> Section {
    let metric = |(id, version): &(String, u16)| match Metric::builtin(id, *version) {
        Ok(Some(metric)) => format!("{} ({id}, version {version})", metric.title),
        Ok(None) | Err(_) => format!("{id}, version {version}"),
    };
    let publication = match agreement.publication {
        Publication::Internal => "for the parties' own use only".to_owned(),
        Publication::ExternalAfterReview { comment_minutes } => format!(
            "for the parties' own use; beyond them only after every party concerned has approved exactly what is shown, with {} for comments. Silence is a no",
            Publication::comment_words(comment_minutes)
        ),
    };
    let mut facts = vec![("school years", years(&agreement.cohorts)), ("results are", publication)];
    if agreement.peer_comparison {
        let told = "each sender is shown its own percentage beside the quartiles of at least five others of its kind, without codes";
        facts.push(("comparison", told.to_owned()));
    }
    Section {
        heading: "What may be counted, and who may read it",
        blocks: vec![Block::Points(agreement.catalogue.iter().map(metric).collect()), Block::Facts(facts)],
    }
}

/// Years that follow each other as a span.
fn years(cohorts: &[SchoolYear]) -> String {
    let mut spans: Vec<(SchoolYear, SchoolYear)> = Vec::new();
    for year in cohorts {
        match spans.last_mut() {
            Some((_, last)) if last.next() == *year => *last = *year,
            Some(_) | None => spans.push((*year, *year)),
        }
    }
    let span = |(first, last): &(SchoolYear, SchoolYear)| {
        if first == last { first.to_string() } else { format!("{first} to {last}") }
    };
    spans.iter().map(span).collect::<Vec<_>>().join(", ")
}

fn small_numbers(agreement: &Agreement) -> Section {
    let noise = match &agreement.noise {
        NoiseTerms::None { consent } => format!("none. The parties' words: \"{consent}\""),
        NoiseTerms::Laplace { epsilon_milli, delta_ppt, budget_milli } => format!(
            "every count is changed by chance, by a little, so that no count tells about one student (discrete Laplace, epsilon {} and delta {} a table, {} in all for one state of a member's records)",
            milli(*epsilon_milli),
            ppt(*delta_ppt),
            milli(*budget_milli)
        ),
    };
    Section {
        heading: "Small numbers",
        blocks: vec![Block::Facts(vec![
            (
                "smallest count shown",
                format!(
                    "{} students; smaller ones are hidden, and what would give them away",
                    agreement.floor
                ),
            ),
            ("noise", noise),
            (
                "who decrypts",
                format!(
                    "at least {} parties together, drawn by lot; none of them alone can",
                    agreement.committee_min
                ),
            ),
        ])],
    }
}

/// Parts in 10^12 as people write them: `1e-6`.
fn ppt(value: u64) -> String {
    let (mut digits, mut exponent) = (value, -12);
    while digits != 0 && digits.is_multiple_of(10) {
        (digits, exponent) = (digits / 10, exponent + 1);
    }
    format!("{digits}e{exponent}")
}

fn milli(value: u32) -> String {
    let text = format!("{}.{:03}", value / 1_000, value % 1_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn how_long(agreement: &Agreement) -> Section {
    Section {
        heading: "How long, and how it is destroyed",
        blocks: vec![Block::Facts(vec![
            ("term", format!("{} to {}", agreement.effective, agreement.expires)),
            ("looked at again by", agreement.review.to_string()),
            ("elements agreed on", format!("{}, and every twelve months", agreement.elements_agreed)),
            (
                "destroyed",
                format!(
                    "what a round leaves behind, within {} days after it; {}",
                    agreement.retention_days,
                    agreement.destruction.words()
                ),
            ),
            ("what remains", agreement.survival.clone()),
        ])],
    }
}

fn breach(agreement: &Agreement) -> Section {
    let rows = (agreement.parties.iter()).map(|party| vec![party.name.clone(), party.breach_contact.clone()]);
    Section {
        heading: "If something goes wrong",
        blocks: vec![
            Block::Words(format!(
                "A party that learns of a breach tells the others within {} hours.",
                agreement.breach_notice_hours
            )),
            Block::Table { head: vec!["party", "call"], rows: rows.collect() },
        ],
    }
}

fn stop(shown: &Shown<'_>) -> Section {
    let id = DocumentId::Agreement(shown.digest);
    Section {
        heading: "How to stop",
        blocks: vec![Block::Points(vec![
            format!(
                "Any party may withdraw at any time, without giving reasons: `passage-node agreement withdraw {id} --by NAME`. Running rounds end at once, and no other begins."
            ),
            "`passage-node halt --by NAME` stops what runs now and leaves the agreement in force.".to_owned(),
            format!(
                "Other duties under this agreement end {} days after notice. Counts already released are listed, not called back.",
                shown.agreement.notice_days
            ),
            format!(
                "To take single elements out: `passage-node agreement share {id} --by NAME --without ELEMENT`."
            ),
        ])],
    }
}

fn bound_to(shown: &Shown<'_>) -> Section {
    let agreement = shown.agreement;
    let mut facts = vec![
        ("this document", shown.digest.to_string()),
        ("consortium", agreement.authority.to_string()),
        ("principles", format!("version {}, {}", agreement.principles.version, agreement.principles.digest)),
        ("dictionary", format!("version {}, {}", agreement.dictionary.version, agreement.dictionary.digest)),
    ];
    if let Some(amends) = agreement.amends {
        facts.push(("takes the place of", DocumentId::Agreement(amends).to_string()));
    }
    let keys = agreement.parties.iter().map(|party| vec![party.name.clone(), party.signing_key.to_string()]);
    Section {
        heading: "What exactly is signed",
        blocks: vec![
            Block::Facts(facts),
            Block::Words("Compare each key with the party by telephone before you sign.".to_owned()),
            Block::Table { head: vec!["party", "signing key"], rows: keys.collect() },
        ],
    }
}
