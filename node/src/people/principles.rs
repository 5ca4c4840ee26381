//! The principles of data sharing at this member: which version is in force, what was proposed, who has signed (G05, G06).
//! Everything the coordinator relays is verified here; nothing is in force on its word.

use passage_protocol::{
    agreement::{
        Agreement, ConsentRecord, Edition,
        principles::{
            self, Known, PrinciplesChange, PrinciplesError, PrinciplesSignature, SignatureRecord,
            change_digest,
        },
        takes_the_place_of,
    },
    codec::{Decode, Encode},
    codec_struct,
    ids::Digest,
    refusal::Refusal,
    signing::{SignatureKind, Signed},
    timestamp::Timestamp,
    wire::{
        principles::{PrinciplesAsked, PrinciplesNews, PrinciplesProposal, PrinciplesSigned},
        service::kind,
    },
};
use passage_shell::{
    audit::{Act, PeopleAct},
    failure::Failure,
    store::Op,
};

use super::{
    PRINCIPLES, PROPOSALS, SESSIONS,
    hidden::Hidden,
    session::{Live, Session},
};
use crate::{
    home::{Home, refuse},
    outbox,
    uplink::Uplink,
};

/// Key of the highest version this member has signed.
const SIGNED: &[u8] = b"signed";
/// Proposals kept at once: a coordinator that floods a member fills 2 MiB.
const PROPOSALS_MAX: usize = 16;

/// A version that has taken force here.
#[derive(Clone, Debug)]
pub struct PrinciplesVersion {
    /// Its number.
    pub version: u16,
    /// Its words.
    pub text: String,
    /// Digest of the text it took the place of; none of the version that ships.
    pub before: Option<Digest>,
    /// When it took force here.
    pub since: Option<Timestamp>,
}
codec_struct!(PrinciplesVersion { version, text, before, since });

impl PrinciplesVersion {
    /// Number and digest, as agreements name it.
    #[must_use]
    pub fn edition(&self) -> Edition {
        Edition { version: self.version, digest: principles::digest_of(&self.text) }
    }
}

/// A change that awaits signatures.
pub struct Waiting {
    /// Digest of its bytes.
    pub digest: Digest,
    /// The change.
    pub change: PrinciplesChange,
    /// Who has signed, as far as this node has seen.
    pub record: SignatureRecord,
    text: Vec<u8>,
}

impl Waiting {
    fn read(
        text: Vec<u8>,
        signatures: &[Signed<PrinciplesSignature>],
    ) -> Result<(Self, Vec<PrinciplesError>), Failure> {
        let words = String::from_utf8(text.clone()).map_err(|_| no_proposal())?;
        let change = PrinciplesChange::parse(&words)?;
        let digest = change_digest(&words);
        let mut record = SignatureRecord::new(digest);
        let faults = signatures.iter().filter_map(|one| record.take(&change, one).err()).collect();
        Ok((Self { digest, change, record, text }, faults))
    }

    fn kept(&self) -> Op {
        let signatures = self.record.signatures().to_vec();
        Op::put(
            PROPOSALS,
            self.digest.0,
            PrinciplesProposal { text: self.text.clone(), signatures }.to_bytes(),
        )
    }
}

impl Home {
    /// The version in force here.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn principles_in_force(&self) -> Result<PrinciplesVersion, Failure> {
        let pairs = self.store.scan(PRINCIPLES, &[])?;
        // Versions have keys of two bytes.
        match pairs.iter().rev().find(|(key, _)| key.len() == 2) {
            Some((_, bytes)) => Ok(PrinciplesVersion::from_bytes(bytes)?),
            None => Ok(PrinciplesVersion {
                version: principles::VERSION,
                text: principles::TEXT.to_owned(),
                before: None,
                since: None,
            }),
        }
    }

    /// Refuses an agreement that names other principles than those that are, or were, in force here (G05).
    ///
    /// # Errors
    ///
    /// [`Failure`] with both versions.
    pub fn require_principles(&self, named: Edition) -> Result<(), Failure> {
        let in_force = self.principles_in_force()?;
        let shipped = Edition { version: principles::VERSION, digest: principles::digest() };
        let held = self.store.get(PRINCIPLES, &named.version.to_be_bytes())?;
        let held = held.map(|bytes| PrinciplesVersion::from_bytes(&bytes)).transpose()?;
        if held.map_or(shipped, |held| held.edition()) == named {
            return Ok(());
        }
        Err(refuse(
            0x2309,
            &format!(
                "the agreement names version {} of the principles with words that are not, and were not, in force here; version {} is",
                named.version, in_force.version
            ),
            "Compare the digest with `principles show`; ask the operator for an agreement that names the version in force.",
            Some("G05"),
        ))
    }

    /// Changes that await signatures, in ascending order of versions.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn principles_proposed(&self) -> Result<Vec<Waiting>, Failure> {
        let mut waiting = Vec::new();
        for (_, bytes) in self.store.scan(PROPOSALS, &[])? {
            let PrinciplesProposal { text, signatures } = PrinciplesProposal::from_bytes(&bytes)?;
            waiting.push(Waiting::read(text, &signatures)?.0);
        }
        waiting.sort_by_key(|one| one.change.version);
        Ok(waiting)
    }

    /// Signs a proposed change in this member's name and tells the coordinator. `id` is the beginning of its digest; without
    /// one, the only change that waits.
    ///
    /// # Errors
    ///
    /// [`Failure`] if there is none such, `by` is none of this member's signers, or a version as high was signed before.
    pub fn sign_principles(&self, id: Option<&str>, by: &str) -> Result<Waiting, Failure> {
        let wanted = |one: &Waiting| id.is_none_or(|id| one.digest.to_string().starts_with(id));
        let mut found = self.principles_proposed()?.into_iter().filter(wanted);
        let (Some(mut waiting), None) = (found.next(), found.next()) else { return Err(no_proposal()) };
        let version = waiting.change.version;
        if let Some(signed) = self.signed_version()?.filter(|signed| version <= *signed) {
            return Err(refuse(
                0x2308,
                &format!(
                    "version {signed} of the principles was signed here before, and this is version {version}"
                ),
                "Ask the operator to propose the change under a higher number: two texts of one number must not both be signed.",
                Some("G06"),
            ));
        }
        self.known(|known| SignatureRecord::may_sign(&waiting.change, known, self.code, by))??;
        let said = PrinciplesSignature {
            document: waiting.digest,
            member: self.code,
            signer: by.to_owned(),
            at: self.now(),
        };
        let signature = Signed::new(said, SignatureKind::Principles, None, &self.signing_key);
        waiting.record.take(&waiting.change, &signature)?;
        let body = PrinciplesSigned { signature }.to_bytes();
        self.people(PeopleAct::PrinciplesSigned { version, principles: waiting.digest, by }, || {
            self.store.transact(|| -> Result<_, Failure> {
                let mut ops = vec![waiting.kept(), Op::put(PRINCIPLES, SIGNED, version.to_be_bytes())];
                outbox::append(&self.store, &mut ops, kind::SIGN_PRINCIPLES, body)?;
                Ok((ops, ()))
            })
        })?;
        self.settle_principles()?;
        Ok(waiting)
    }

    fn signed_version(&self) -> Result<Option<u16>, Failure> {
        let bytes = self.store.get(PRINCIPLES, SIGNED)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes))
    }

    /// Takes in what the coordinator tells about changes. What does not hold is recorded and changes nothing; what was seen
    /// before stays.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store or the audit log.
    pub fn learn_principles(&self, news: &PrinciplesNews) -> Result<(), Failure> {
        for proposal in &news.proposals {
            for code in self.learn_proposal(proposal)? {
                tracing::warn!(code = %code, "the coordinator's account of the principles does not hold");
                self.record(&Act::People(PeopleAct::PrinciplesAccountRefused { code }))?;
            }
        }
        Ok(())
    }

    fn learn_proposal(
        &self,
        told: &PrinciplesProposal,
    ) -> Result<Vec<passage_protocol::refusal::Code>, Failure> {
        let (mut waiting, faults) = match Waiting::read(told.text.clone(), &told.signatures) {
            Ok(read) => read,
            Err(failure) => return Ok(vec![failure.number()]),
        };
        let mut codes: Vec<_> = faults.iter().map(Refusal::code).collect();
        codes.dedup();
        if waiting.change.authority != self.authority() {
            codes.push(PrinciplesError::OtherConsortium.code());
            return Ok(codes);
        }
        if waiting.change.version <= self.principles_in_force()?.version {
            return Ok(codes);
        }
        self.store.transact(|| -> Result<_, Failure> {
            match self.store.get(PROPOSALS, &waiting.digest.0)? {
                Some(bytes) => {
                    for signature in PrinciplesProposal::from_bytes(&bytes)?.signatures {
                        waiting.record.take(&waiting.change, &signature)?;
                    }
                }
                None if self.store.scan(PROPOSALS, &[])?.len() >= PROPOSALS_MAX => {
                    return Ok((Vec::new(), ()));
                }
                None => {}
            }
            Ok((vec![waiting.kept()], ()))
        })?;
        Ok(codes)
    }

    /// Puts every change in force that all have signed and that names everybody it must. Sessions that accepted the version
    /// before must accept again: they hold its digest.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store or the audit log.
    pub fn settle_principles(&self) -> Result<(), Failure> {
        for one in self.principles_proposed()? {
            let verdict = self.known(|known| one.record.takes_force(&one.change, known))?;
            if verdict.is_err() {
                continue;
            }
            let taken = PrinciplesVersion {
                version: one.change.version,
                text: one.change.text.clone(),
                before: Some(one.change.before),
                since: Some(self.now()),
            };
            let act = PeopleAct::PrinciplesChanged { version: taken.version, principles: one.digest };
            self.people(act, || {
                self.store.transact(|| -> Result<_, Failure> {
                    let key = taken.version.to_be_bytes();
                    let mut ops = vec![Op::put(PRINCIPLES, key, taken.to_bytes())];
                    let over = |other: &Waiting| other.change.version <= taken.version;
                    let past = self.principles_proposed()?;
                    ops.extend(
                        past.iter().filter(|one| over(one)).map(|one| Op::delete(PROPOSALS, one.digest.0)),
                    );
                    Ok((ops, ()))
                })
            })?;
            tracing::info!(version = taken.version, "the principles have changed");
        }
        Ok(())
    }

    /// What this side knows when it judges a change: the agreements it has signed that no other has replaced.
    fn known<T>(&self, judge: impl FnOnce(&Known<'_>) -> T) -> Result<T, Failure> {
        let in_force = self.principles_in_force()?;
        let held = self.agreements()?;
        let stands = |one: &&crate::governance::HeldAgreement| {
            one.consents.signature(self.code).is_some()
                && one.consents.withdrawal(self.code).is_none()
                && !held.iter().any(|other| {
                    takes_the_place_of(&other.agreement, &other.consents, &one.agreement, one.digest)
                })
        };
        let agreements: Vec<(&Agreement, &ConsentRecord)> =
            held.iter().filter(stands).map(|one| (&one.agreement, &one.consents)).collect();
        Ok(judge(&Known {
            authority: self.authority(),
            in_force: in_force.edition(),
            replaced: in_force.before,
            agreements: &agreements,
            today: self.now().date(),
        }))
    }

    /// Records that a person has accepted the version in force: in her session, or, while there is no account, in a new one
    /// under `token`. True if it is new.
    ///
    /// # Errors
    ///
    /// [`Failure`] if `version` is not the one in force.
    pub fn accept_principles(
        &self,
        live: Option<&Live>,
        by: &str,
        version: Option<u16>,
        token: &Hidden,
    ) -> Result<(u16, bool), Failure> {
        let in_force = self.principles_in_force()?.edition();
        if let Some(other) = version.filter(|version| *version != in_force.version) {
            return Err(refuse(
                0x2306,
                &format!(
                    "version {other} of the principles is not in force, expected version {}",
                    in_force.version
                ),
                "Read the version in force with `principles show`, then accept that one.",
                Some("G05"),
            ));
        }
        let now = self.now();
        let held = live.filter(|live| live.session.person == by);
        self.people(PeopleAct::PrinciplesAccepted { version: in_force.version, by }, || {
            let accepted = Some(in_force.digest);
            let ops = match held {
                Some(live) => {
                    let session = Session { accepted, used: now, ..live.session.clone() };
                    vec![Op::put(SESSIONS, live.key.0, session.to_bytes())]
                }
                None => {
                    let session =
                        Session { account: None, person: by.to_owned(), opened: now, used: now, accepted };
                    self.opening(token, &session)?
                }
            };
            Ok(self.store.commit(&ops)?)
        })?;
        Ok((in_force.version, held.is_none()))
    }
}

/// Asks the coordinator what is new about the principles. `seen` is the digest of its last answer.
///
/// # Errors
///
/// [`Failure`] of the network or the store.
pub async fn synchronise(uplink: &Uplink, seen: &mut Digest) -> Result<(), Failure> {
    let home = uplink.home();
    let asked = PrinciplesAsked { after: home.principles_in_force()?.version, seen: *seen };
    let answer = uplink.call(kind::PRINCIPLES, &asked.to_bytes()).await?;
    let news = PrinciplesNews::from_bytes(&answer)?;
    if !news.unchanged {
        home.learn_principles(&news)?;
        *seen = news.digest();
    }
    // Also without news: an agreement that ended may have been what stood in the way.
    home.settle_principles()
}

fn no_proposal() -> Failure {
    refuse(
        0x2307,
        "no change of the principles, or more than one, waits under this name",
        "`principles show` lists what was proposed; name one by the beginning of its digest.",
        Some("G06"),
    )
}

#[cfg(test)]
mod tests;
