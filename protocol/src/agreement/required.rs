//! What a document must hold to be an agreement: one line for every requirement of law and governance, then what makes it
//! sound. A refusal names the key and, where one demands it, the rule (G20).

use crate::{
    agreement::{
        Agreement, ContractClause, LegalBasis, Level, NoiseTerms, Party, Publication, RightsHolder, Segment,
        ShareLine, principles,
    },
    dictionary::Dictionary,
    document::{DocumentError, KEY_LETTERS_MAX, is_plain, plain},
    metric::Metric,
};

impl Agreement {
    /// F1-F4, F7, F9, F10: what an agreement of this legal basis must hold.
    pub(super) fn check_lawful(&self) -> Result<(), DocumentError> {
        let studies = self.legal_basis == LegalBasis::Studies;
        let unlawful = self.purposes.iter().find(|purpose| !self.legal_basis.allows(**purpose));
        let no_unitary = self.shares.iter().all(|line| line.level == Level::Aggregate);
        let de_identified = self.legal_basis == LegalBasis::DeIdentified;
        let exact = matches!(self.noise, NoiseTerms::None { .. });
        require([
            (
                "F2",
                !self.purposes.is_empty(),
                "purposes",
                "a list of at least one purpose from the closed list",
            ),
            (
                "F2",
                unlawful.is_none(),
                "purposes",
                "a list of purposes that the legal basis allows; 34 CFR 99.31(a)(6) knows three, an evaluation needs the basis `audit-evaluation`",
            ),
            ("F3", said(&self.scope), "scope", "text that says what is studied"),
            (
                "F3",
                !studies || said(&self.representatives),
                "representatives",
                "text that says who at the parties may see results and why",
            ),
            ("F3", self.effective < self.expires, "expires", "later than `effective`"),
            ("F3", (1..=3_660).contains(&self.retention_days), "retention_days", "between 1 and 3660 days"),
            ("F3", !self.shares.is_empty(), "share", "a list of what is disclosed, with at least one line"),
            (
                "F4",
                self.audit.is_some() == (self.legal_basis == LegalBasis::AuditEvaluation),
                "audit",
                "a table that stands exactly where the legal basis is `audit-evaluation`",
            ),
            (
                "F7",
                !de_identified || no_unitary,
                "share.level",
                "\"aggregate\": rows about a student are not de-identified",
            ),
            (
                "F7",
                !de_identified || !exact,
                "noise.kind",
                "\"discrete-laplace\": exact counts added up over releases are not de-identified",
            ),
        ])?;
        if let Some(audit) = &self.audit {
            require([
                (
                    "F4",
                    said(&audit.authorised_representative),
                    "audit.authorised_representative",
                    "a name or office",
                ),
                (
                    "F4",
                    said(&audit.programme),
                    "audit.programme",
                    "a federal or state supported education programme",
                ),
                ("F4", said(&audit.activity), "audit.activity", "a description of the activity"),
                ("F4", said(&audit.exception), "audit.exception", "the exception relied on, in words"),
                (
                    "F4",
                    said(&audit.destruction),
                    "audit.destruction",
                    "text that says how and when information is destroyed",
                ),
                ("F4", said(&audit.policies), "audit.policies", "the policies against further disclosure"),
            ])?;
        }
        if self.parties.iter().any(|party| party.segment == Segment::K12) {
            let missing = ContractClause::ALL.into_iter().find(|clause| !self.contract.contains(clause));
            if let Some(clause) = missing {
                let expected = format!(
                    "a list that confirms `{}`, as every contract about pupil records must (California Education Code 49073.1)",
                    clause.name()
                );
                return Err(DocumentError::Ruled { rule: "F9", key: "contract.confirms", expected });
            }
        }
        Ok(())
    }

    /// F11, G03, G05, G11, G19, L5: what the consortium's governance demands.
    pub(super) fn check_governed(&self) -> Result<(), DocumentError> {
        let by_consent = self.legal_basis == LegalBasis::Consent;
        let colleges = self.parties.iter().any(|party| matches!(party.segment, Segment::Cc | Segment::Univ));
        let eligible = self.consent_of.contains(&RightsHolder::EligibleStudent);
        let signed_for = |party: &Party| {
            !party.signers.is_empty()
                && party.signers.iter().all(|signer| said(&signer.name) && said(&signer.title))
        };
        let comment = match self.publication {
            Publication::Internal => true,
            Publication::ExternalAfterReview { comment_minutes } => {
                (1..=90 * 24 * 60).contains(&comment_minutes)
            }
        };
        let dictionary = Dictionary::builtin()?;
        let words =
            self.dictionary.version == dictionary.version && self.dictionary.digest == dictionary.digest;
        require([
            (
                "F11",
                by_consent != self.consent_of.is_empty(),
                "consent.given_by",
                "a list that stands exactly where the legal basis is `consent`",
            ),
            (
                "F11",
                !by_consent || !colleges || eligible,
                "consent.given_by",
                "a list with `eligible-student`: at a college the rights are the student's",
            ),
            (
                "F11",
                self.parties.iter().all(signed_for),
                "party.signer",
                "a list of people with name, title and capacity",
            ),
            (
                "G11",
                self.survival.trim().len() >= SENTENCE_LETTERS_MIN,
                "survival",
                "the sentence by which confidentiality outlives the agreement",
            ),
            ("G14", (1..=365).contains(&self.notice_days), "notice_days", "between 1 and 365 days"),
            (
                "G14",
                self.effective <= self.review && self.review <= self.expires,
                "review",
                "a day of the term",
            ),
            (
                "G03",
                self.elements_agreed <= self.expires,
                "elements_agreed",
                "a day before the end of the term",
            ),
            ("G19", comment, "publication.comment_days", "between 1 minute and 90 days"),
            (
                "L5",
                (1..=720).contains(&self.breach_notice_hours),
                "breach.notice_hours",
                "between 1 and 720 hours",
            ),
            (
                "L5",
                self.parties.iter().all(|party| said(&party.breach_contact)),
                "party.breach_contact",
                "an office with a telephone number or address",
            ),
        ])?;
        let known = principles::VERSION == self.principles.version;
        if known && self.principles.digest != principles::digest() {
            let expected = format!(
                "the digest of version {} of the principles, {}",
                principles::VERSION,
                principles::digest()
            );
            return Err(DocumentError::Ruled { rule: "G05", key: "principles.digest", expected });
        }
        if !words {
            let expected = format!(
                "the digest of data element dictionary version {}, {}",
                dictionary.version, dictionary.digest
            );
            return Err(DocumentError::Ruled { rule: "G03", key: "dictionary.digest", expected });
        }
        match self.shares.iter().find(|line| !dictionary.elements.contains_key(&line.element)) {
            None => Ok(()),
            Some(line) => {
                let element = plain(&line.element, KEY_LETTERS_MAX);
                let nearest = dictionary
                    .elements
                    .keys()
                    .min_by_key(|known| strsim::damerau_levenshtein(known, &element))
                    .map_or("", String::as_str);
                let expected = format!(
                    "a list of elements of the dictionary: there is no `{element}`, the nearest is `{nearest}`"
                );
                Err(DocumentError::Ruled { rule: "G02", key: "share.elements", expected })
            }
        }
    }

    pub(super) fn check_sound(&self) -> Result<(), DocumentError> {
        let mut codes: Vec<_> = self.parties.iter().map(|party| party.code).collect();
        codes.sort_unstable();
        codes.dedup();
        let mut lines: Vec<&ShareLine> = self.shares.iter().collect();
        lines.sort_unstable();
        lines.dedup();
        let known = |code| codes.binary_search(&code).is_ok();
        let between = |line: &ShareLine| line.from != line.to && known(line.from) && known(line.to);
        let mut catalogue = self.catalogue.clone();
        catalogue.sort_unstable();
        catalogue.dedup();
        let defined = |(id, version): &(String, u16)| {
            Metric::is_brought(id) || matches!(Metric::builtin(id, *version), Ok(Some(_)))
        };
        let rules = [
            (
                self.texts().into_iter().all(is_plain),
                "title, scope, name or another text",
                "at most 2000 letters long and without control characters",
            ),
            (said(&self.title), "title", "text"),
            ((2..=16).contains(&self.committee_min), "committee_min", "between 2 and 16"),
            ((FLOOR_MIN..=1_000).contains(&self.floor), "disclosure.floor", "between 5 and 1000 students"),
            ((2..=PARTIES_MAX).contains(&self.parties.len()), "party", "a list of 2 to 1000 parties"),
            (codes.len() == self.parties.len(), "party.code", "a code that occurs once"),
            (self.parties.iter().all(|party| said(&party.name)), "party.name", "the party's legal name"),
            (self.shares.iter().all(between), "share", "between two parties"),
            (
                lines.len() == self.shares.len(),
                "share.elements",
                "a list in which an element stands once for a pair and level",
            ),
            ((1..=COHORTS_MAX).contains(&self.cohorts.len()), "cohorts", "a list of 1 to 64 school years"),
            (self.cohorts.is_sorted_by(|a, b| a < b), "cohorts", "in ascending order, each year once"),
            ((1..=CATALOGUE_MAX).contains(&catalogue.len()), "catalogue", "a list of 1 to 256 metrics"),
            (catalogue.len() == self.catalogue.len(), "catalogue", "each metric and version once"),
            (
                self.catalogue.iter().all(defined),
                "catalogue.metric",
                "a metric this program knows in that version",
            ),
        ];
        match rules.into_iter().find(|(holds, ..)| !holds) {
            Some((_, key, expected)) => Err(DocumentError::OutOfRange { key, expected }),
            None => Ok(()),
        }
    }

    /// Every text that people wrote and others will read on a screen.
    fn texts(&self) -> Vec<&str> {
        let mut texts = vec![&self.title, &self.scope, &self.representatives, &self.survival];
        if let NoiseTerms::None { consent } = &self.noise {
            texts.push(consent);
        }
        if let Some(audit) = &self.audit {
            texts.extend([
                &audit.authorised_representative,
                &audit.programme,
                &audit.activity,
                &audit.exception,
                &audit.destruction,
                &audit.policies,
            ]);
        }
        for party in &self.parties {
            texts.extend([&party.name, &party.breach_contact]);
            texts.extend(party.signers.iter().flat_map(|signer| [&signer.name, &signer.title]));
        }
        texts.into_iter().map(String::as_str).collect()
    }
}

/// True if a field says something.
pub(super) fn said(text: &str) -> bool {
    !text.trim().is_empty()
}

/// The first requirement that does not hold, in the order given.
fn require<const N: usize>(
    rules: [(&'static str, bool, &'static str, &'static str); N],
) -> Result<(), DocumentError> {
    match rules.into_iter().find(|(_, holds, ..)| !holds) {
        Some((rule, _, key, expected)) => {
            Err(DocumentError::Ruled { rule, key, expected: expected.to_owned() })
        }
        None => Ok(()),
    }
}

/// No agreement may go below the smallest floor any state uses.
const FLOOR_MIN: u32 = 5;
/// C2, C8: federations of up to a thousand members.
const PARTIES_MAX: usize = 1_000;
/// As many cohorts as a table's domain can name.
const COHORTS_MAX: usize = 64;
/// Far beyond any catalogue a person would read before signing.
const CATALOGUE_MAX: usize = 256;
/// A sentence, not a tick.
pub(super) const SENTENCE_LETTERS_MIN: usize = 20;
