//! `agreement.toml` as serde reads it, and the way from there to [`Agreement`]: words and numbers become types, nothing is
//! judged yet. Fields that a rule demands may be missing here, so that the refusal can name the rule (G20).

use serde::Deserialize;

use crate::{
    agreement::{
        Agreement, AuditTerms, Capacity, ContractClause, Destruction, Edition, LegalBasis, Level, NoiseTerms,
        Party, Publication, Purpose, RightsHolder, Segment, ShareLine, Signer,
        required::SENTENCE_LETTERS_MIN,
    },
    cells::SchoolYear,
    document::{self, DocumentError, decimal},
    ids::{Digest, MemberCode},
    signing::VerifyingKey,
    timestamp::Date,
};

/// The format read here, and those that are not any more.
const FORMAT: &str = "passage-agreement/2";
const EARLIER: [&str; 1] = ["passage-agreement/1"];

/// Reads the document without judging it.
pub(super) fn read(text: &str) -> Result<Agreement, DocumentError> {
    document::refuse_earlier(text, &EARLIER, FORMAT)?;
    let shape: Shape = document::read(text)?;
    if shape.format != FORMAT {
        return Err(DocumentError::OutOfRange { key: "format", expected: "\"passage-agreement/2\"" });
    }
    let shares = shape.share.into_iter().map(ShareShape::lines).collect::<Result<Vec<_>, _>>()?;
    let year = |text: &String| {
        SchoolYear::parse(text).ok_or(out_of_range("cohorts", "a list of school years such as \"2023-2024\""))
    };
    Ok(Agreement {
        title: shape.title,
        authority: digest("authority", &shape.authority)?,
        amends: shape.amends.map(|text| digest("amends", &text)).transpose()?,
        legal_basis: LegalBasis::parse(&shape.legal_basis)
            .ok_or_else(|| ruled("F1", "legal_basis", &format!("one of {}", LegalBasis::names())))?,
        purposes: shape.purposes.iter().map(|name| purpose("purposes", name)).collect::<Result<_, _>>()?,
        scope: shape.scope,
        representatives: shape.representatives,
        audit: shape.audit.map(AuditShape::terms),
        consent_of: shape.consent.map(|shape| shape.given_by).unwrap_or_default(),
        contract: shape.contract.map(|shape| shape.confirms).unwrap_or_default(),
        effective: date("F3", "effective", &shape.effective)?,
        expires: date("F3", "expires", &shape.expires)?,
        review: date("G14", "review", &shape.review)?,
        notice_days: shape.notice_days,
        survival: shape.survival,
        retention_days: shape.retention_days,
        destruction: (shape.destruction)
            .ok_or_else(|| ruled("F10", "destruction", "there, expected how intermediates are destroyed"))?,
        breach_notice_hours: shape.breach.map_or(0, |shape| shape.notice_hours),
        principles: shape.principles.edition("principles.digest")?,
        dictionary: shape.dictionary.edition("dictionary.digest")?,
        elements_agreed: date("G03", "elements_agreed", &shape.elements_agreed)?,
        cohorts: shape.cohorts.iter().map(year).collect::<Result<_, _>>()?,
        catalogue: shape.catalogue.into_iter().map(|one| (one.metric, one.version)).collect(),
        publication: shape.publication.rule()?,
        peer_comparison: shape.peer_comparison,
        committee_min: shape.committee_min,
        floor: shape.disclosure.floor,
        noise: shape.noise.terms()?,
        parties: shape.party.into_iter().map(PartyShape::party).collect::<Result<_, _>>()?,
        shares: shares.concat(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    format: String,
    title: String,
    authority: String,
    amends: Option<String>,
    #[serde(default)]
    legal_basis: String,
    #[serde(default)]
    purposes: Vec<String>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    representatives: String,
    #[serde(default)]
    effective: String,
    #[serde(default)]
    expires: String,
    #[serde(default)]
    review: String,
    #[serde(default)]
    notice_days: u16,
    #[serde(default)]
    survival: String,
    #[serde(default)]
    retention_days: u16,
    destruction: Option<Destruction>,
    #[serde(default)]
    elements_agreed: String,
    cohorts: Vec<String>,
    #[serde(default)]
    peer_comparison: bool,
    #[serde(default = "committee_min_default")]
    committee_min: u8,
    principles: EditionShape,
    dictionary: EditionShape,
    #[serde(default)]
    publication: PublicationShape,
    #[serde(default)]
    disclosure: DisclosureShape,
    #[serde(default)]
    noise: NoiseShape,
    breach: Option<BreachShape>,
    audit: Option<AuditShape>,
    consent: Option<ConsentShape>,
    contract: Option<ContractShape>,
    catalogue: Vec<CatalogueShape>,
    party: Vec<PartyShape>,
    #[serde(default)]
    share: Vec<ShareShape>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EditionShape {
    version: u16,
    digest: String,
}

impl EditionShape {
    fn edition(&self, key: &'static str) -> Result<Edition, DocumentError> {
        Ok(Edition { version: self.version, digest: digest(key, &self.digest)? })
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, tag = "rule", rename_all = "kebab-case")]
enum PublicationShape {
    #[default]
    Internal,
    ExternalAfterReview {
        comment_days: Option<u16>,
        comment_minutes: Option<u32>,
    },
}

impl PublicationShape {
    fn rule(self) -> Result<Publication, DocumentError> {
        let comment_minutes = match self {
            Self::Internal => return Ok(Publication::Internal),
            Self::ExternalAfterReview { comment_days: Some(_), comment_minutes: Some(_) } => {
                return Err(ruled("G19", "publication.comment_minutes", "given where comment_days is not"));
            }
            Self::ExternalAfterReview { comment_days: Some(days), .. } => u32::from(days) * 24 * 60,
            Self::ExternalAfterReview { comment_days: None, comment_minutes } => {
                comment_minutes.unwrap_or(Publication::COMMENT_MINUTES_DEFAULT)
            }
        };
        Ok(Publication::ExternalAfterReview { comment_minutes })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreachShape {
    notice_hours: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConsentShape {
    given_by: Vec<RightsHolder>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ContractShape {
    confirms: Vec<ContractClause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueShape {
    metric: String,
    version: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AuditShape {
    #[serde(default)]
    authorised_representative: String,
    #[serde(default)]
    programme: String,
    #[serde(default)]
    activity: String,
    #[serde(default)]
    exception: String,
    #[serde(default)]
    destruction: String,
    #[serde(default)]
    policies: String,
}

impl AuditShape {
    fn terms(self) -> AuditTerms {
        AuditTerms {
            authorised_representative: self.authorised_representative,
            programme: self.programme,
            activity: self.activity,
            exception: self.exception,
            destruction: self.destruction,
            policies: self.policies,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DisclosureShape {
    floor: u32,
}

impl Default for DisclosureShape {
    fn default() -> Self {
        Self { floor: FLOOR_DEFAULT }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "kebab-case")]
enum NoiseShape {
    DiscreteLaplace { epsilon: String, delta: String, budget: String },
    None { consent: String },
}

impl Default for NoiseShape {
    fn default() -> Self {
        Self::DiscreteLaplace { epsilon: "2".to_owned(), delta: "1e-6".to_owned(), budget: "20".to_owned() }
    }
}

impl NoiseShape {
    fn terms(self) -> Result<NoiseTerms, DocumentError> {
        match self {
            Self::None { consent } if consent.trim().len() >= SENTENCE_LETTERS_MIN => {
                Ok(NoiseTerms::None { consent })
            }
            Self::None { .. } => {
                Err(out_of_range("noise.consent", "the sentence by which the parties accept exact tables"))
            }
            Self::DiscreteLaplace { epsilon, delta, budget } => {
                let milli = |key, text: &str| {
                    let value = decimal(text, 3).and_then(|value| u32::try_from(value).ok());
                    value
                        .filter(|value| (1..=1_000_000).contains(value))
                        .ok_or(out_of_range(key, "a decimal from 0.001 to 1000"))
                };
                let delta_ppt = decimal(&delta, 12)
                    .filter(|value| (1..=1_000_000_000).contains(value))
                    .ok_or(out_of_range("noise.delta", "a decimal from 1e-12 to 1e-3"))?;
                let epsilon_milli = milli("noise.epsilon", &epsilon)?;
                Ok(NoiseTerms::Laplace {
                    epsilon_milli,
                    delta_ppt,
                    budget_milli: milli("noise.budget", &budget)?,
                })
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyShape {
    code: String,
    name: String,
    segment: Segment,
    signing_key: String,
    #[serde(default)]
    breach_contact: String,
    #[serde(default)]
    signer: Vec<SignerShape>,
}

impl PartyShape {
    fn party(self) -> Result<Party, DocumentError> {
        Ok(Party {
            code: code("party.code", &self.code)?,
            name: self.name,
            segment: self.segment,
            signing_key: VerifyingKey::parse(&self.signing_key)
                .ok_or(out_of_range("party.signing_key", "64 hexadecimal digits"))?,
            breach_contact: self.breach_contact,
            signers: self.signer.into_iter().map(SignerShape::signer).collect(),
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignerShape {
    name: String,
    title: String,
    capacity: Capacity,
}

impl SignerShape {
    /// The signer as the rest of the program knows it.
    pub(super) fn signer(self) -> Signer {
        Signer { name: self.name, title: self.title, capacity: self.capacity }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ShareShape {
    from: String,
    to: String,
    #[serde(default)]
    level: Level,
    elements: Vec<String>,
}

impl ShareShape {
    fn lines(self) -> Result<Vec<ShareLine>, DocumentError> {
        let (from, to) = (code("share.from", &self.from)?, code("share.to", &self.to)?);
        let line = |element| ShareLine { from, to, level: self.level, element };
        Ok(self.elements.into_iter().map(line).collect())
    }
}

/// Reads a member code of a document.
pub(super) fn code(key: &'static str, text: &str) -> Result<MemberCode, DocumentError> {
    MemberCode::parse(text).ok_or(out_of_range(key, "a member code such as M-7K3QZ9TB"))
}

/// Reads a digest of a document.
pub(super) fn digest(key: &'static str, text: &str) -> Result<Digest, DocumentError> {
    Digest::parse(text).ok_or(out_of_range(key, "64 hexadecimal digits"))
}

/// Reads a purpose of a document.
pub(super) fn purpose(key: &'static str, name: &str) -> Result<Purpose, DocumentError> {
    Purpose::parse(name)
        .ok_or_else(|| ruled("F2", key, &format!("from the closed list {}", Purpose::names())))
}

fn date(rule: &'static str, key: &'static str, text: &str) -> Result<Date, DocumentError> {
    Date::parse(text).ok_or_else(|| ruled(rule, key, "a day such as \"2026-08-01\""))
}

fn ruled(rule: &'static str, key: &'static str, expected: &str) -> DocumentError {
    DocumentError::Ruled { rule, key, expected: expected.to_owned() }
}

fn out_of_range(key: &'static str, expected: &'static str) -> DocumentError {
    DocumentError::OutOfRange { key, expected }
}

fn committee_min_default() -> u8 {
    2
}

/// Default floor, the strictest of the published state rules (domain 4.1): 11 is the smallest count shown.
const FLOOR_DEFAULT: u32 = 11;
