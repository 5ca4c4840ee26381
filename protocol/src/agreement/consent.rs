//! What the parties said to an agreement, each under its own signature: yes, which lines of the share list, no more
//! (G01, G02, G10, F11).
//!
//! Everything here reaches a party through the coordinator, which could leave something out, repeat something old, or make
//! something up. So a [`ConsentRecord`] takes in only what a party's own key signed, forgets nothing, and tells what a
//! later account of the coordinator lacks. An acceptance names the one before it; two that name the same one are a fork.

use core::fmt;

use crate::{
    agreement::{Agreement, Ticks},
    codec::{CodecError, Decode, Encode, Reader},
    codec_struct,
    ids::{Digest, MemberCode},
    refusal::{Code, Refusal, rule_of},
    signing::{SignatureKind, Signed},
    timestamp::Timestamp,
};

/// A party's signature under an agreement (kind 1): by itself it offers and accepts every line that concerns the party.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AgreementSignature {
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// The party.
    pub party: MemberCode,
    /// Who signed, one of the party's signers.
    pub signer: String,
    /// When.
    pub at: Timestamp,
}
codec_struct!(AgreementSignature { agreement, party, signer, at });

/// A party's choice of lines (kind 13), in place of every line: what it offers of its own, what it accepts of others'.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Acceptance {
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// The party.
    pub party: MemberCode,
    /// Who chose, one of the party's signers.
    pub signer: String,
    /// 1 for the party's first, then one more each time.
    pub sequence: u32,
    /// [`link`] of the one before; of the first, the agreement's digest.
    pub previous: Digest,
    /// Lines from this party that it offers.
    pub offers: Ticks,
    /// Lines to this party that it accepts.
    pub accepts: Ticks,
    /// When.
    pub at: Timestamp,
}
codec_struct!(Acceptance { agreement, party, signer, sequence, previous, offers, accepts, at });

/// A party's end of an agreement (kind 11): final, and at once (G10).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Withdrawal {
    /// Digest of the agreement's bytes.
    pub agreement: Digest,
    /// The party.
    pub party: MemberCode,
    /// Who withdrew it; anybody the party lets.
    pub by: String,
    /// When.
    pub at: Timestamp,
}
codec_struct!(Withdrawal { agreement, party, by, at });

/// What an acceptance's successor names as `previous`.
#[must_use]
pub fn link(acceptance: &Signed<Acceptance>) -> Digest {
    Digest::derive("passage v1 acceptance", acceptance.signed_bytes())
}

/// Something a party said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Statement {
    /// It signed.
    Signed(Signed<AgreementSignature>),
    /// It chose lines.
    Chose(Signed<Acceptance>),
    /// It withdrew.
    Withdrew(Signed<Withdrawal>),
}

impl Statement {
    /// The party it says it is from.
    #[must_use]
    pub fn party(&self) -> MemberCode {
        match self {
            Self::Signed(one) => one.value().party,
            Self::Chose(one) => one.value().party,
            Self::Withdrew(one) => one.value().party,
        }
    }

    /// The agreement it says it is about.
    #[must_use]
    pub fn agreement(&self) -> Digest {
        match self {
            Self::Signed(one) => one.value().agreement,
            Self::Chose(one) => one.value().agreement,
            Self::Withdrew(one) => one.value().agreement,
        }
    }
}

impl Encode for Statement {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Signed(one) => {
                0_u8.encode(out);
                one.encode(out);
            }
            Self::Chose(one) => {
                1_u8.encode(out);
                one.encode(out);
            }
            Self::Withdrew(one) => {
                2_u8.encode(out);
                one.encode(out);
            }
        }
    }
}

impl Decode for Statement {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, CodecError> {
        let position = reader.position();
        match u8::decode(reader)? {
            0 => Ok(Self::Signed(Decode::decode(reader)?)),
            1 => Ok(Self::Chose(Decode::decode(reader)?)),
            2 => Ok(Self::Withdrew(Decode::decode(reader)?)),
            _ => Err(CodecError::Invalid { position, expected: "a statement of a party" }),
        }
    }
}

/// Everything known of the parties' consent to one agreement: verified, only ever growing.
#[derive(Clone, Debug)]
pub struct ConsentRecord {
    agreement: Digest,
    statements: Vec<Statement>,
}

/// Whether a statement was new.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Taken {
    /// The record has grown.
    New,
    /// It was there; for a signature or a withdrawal, one of that party was there.
    Known,
}

impl ConsentRecord {
    /// The record of an agreement nobody has signed.
    #[must_use]
    pub fn new(agreement: Digest) -> Self {
        Self { agreement, statements: Vec::new() }
    }

    /// Takes a statement in, if it is the party's own and continues what the party said before.
    ///
    /// # Errors
    ///
    /// [`ConsentError`]; the record is as before.
    ///
    /// # Cost
    ///
    /// One signature check, about 45 µs, unless it is known.
    pub fn take(&mut self, agreement: &Agreement, statement: &Statement) -> Result<Taken, ConsentError> {
        if self.statements.contains(statement) {
            return Ok(Taken::Known);
        }
        let party = statement.party();
        let taken = match statement {
            Statement::Signed(signed) => {
                self.check(agreement, party, SignatureKind::Agreement, signed)?;
                is_signer(agreement, party, &signed.value().signer)?;
                self.signature(party).map_or(Taken::New, |_| Taken::Known)
            }
            Statement::Chose(signed) => {
                self.check(agreement, party, SignatureKind::ShareAcceptance, signed)?;
                is_signer(agreement, party, &signed.value().signer)?;
                own_lines(agreement, signed.value())?;
                let (sequence, previous) = self.next(party);
                if (signed.value().sequence, signed.value().previous) != (sequence, previous) {
                    return Err(ConsentError::ChainBroken { party, expected: sequence });
                }
                Taken::New
            }
            Statement::Withdrew(signed) => {
                self.check(agreement, party, SignatureKind::Withdrawal, signed)?;
                self.withdrawal(party).map_or(Taken::New, |_| Taken::Known)
            }
        };
        if taken == Taken::New {
            self.statements.push(statement.clone());
        }
        Ok(taken)
    }

    /// Takes in what the coordinator says the parties said, and returns what is wrong with it: statements that do not hold,
    /// and those this record has seen that are missing there. `me` is left out of the second: what this party said itself
    /// may still be on its way.
    #[must_use]
    pub fn learn(&mut self, agreement: &Agreement, heard: &[Statement], me: MemberCode) -> Vec<ConsentError> {
        let mut faults = Vec::new();
        for known in self.statements.iter().filter(|known| known.party() != me && !heard.contains(known)) {
            let party = known.party();
            match known {
                // One signature counts as long as the agreement does, whichever of two the coordinator shows.
                Statement::Signed(_) => {}
                Statement::Chose(one) => {
                    faults.push(ConsentError::ChainBroken { party, expected: one.value().sequence });
                }
                Statement::Withdrew(_) => {
                    let other =
                        heard.iter().any(|one| matches!(one, Statement::Withdrew(_)) && one.party() == party);
                    faults.extend((!other).then_some(ConsentError::WithdrawalHidden { party }));
                }
            }
        }
        let refused = |statement| self.take(agreement, statement).err();
        faults.extend(heard.iter().filter_map(refused));
        faults.sort_unstable();
        faults.dedup();
        faults
    }

    /// Everything taken in, in that order.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// A party's signature.
    #[must_use]
    pub fn signature(&self, party: MemberCode) -> Option<&AgreementSignature> {
        self.statements.iter().find_map(|one| match one {
            Statement::Signed(signed) if signed.value().party == party => Some(signed.value()),
            Statement::Signed(_) | Statement::Chose(_) | Statement::Withdrew(_) => None,
        })
    }

    /// A party's last choice of lines; without one its signature stands for every line.
    #[must_use]
    pub fn choice(&self, party: MemberCode) -> Option<&Acceptance> {
        self.head(party).map(Signed::value)
    }

    /// A party's withdrawal.
    #[must_use]
    pub fn withdrawal(&self, party: MemberCode) -> Option<&Withdrawal> {
        self.statements.iter().find_map(|one| match one {
            Statement::Withdrew(signed) if signed.value().party == party => Some(signed.value()),
            Statement::Signed(_) | Statement::Chose(_) | Statement::Withdrew(_) => None,
        })
    }

    /// Sequence and `previous` of a party's next choice.
    #[must_use]
    pub fn next(&self, party: MemberCode) -> (u32, Digest) {
        match self.head(party) {
            None => (1, self.agreement),
            Some(last) => (last.value().sequence.saturating_add(1), link(last)),
        }
    }

    fn head(&self, party: MemberCode) -> Option<&Signed<Acceptance>> {
        self.statements.iter().rev().find_map(|one| match one {
            Statement::Chose(signed) if signed.value().party == party => Some(signed),
            Statement::Signed(_) | Statement::Chose(_) | Statement::Withdrew(_) => None,
        })
    }

    fn check<T: Encode + Decode>(
        &self,
        agreement: &Agreement,
        party: MemberCode,
        kind: SignatureKind,
        signed: &Signed<T>,
    ) -> Result<(), ConsentError>
    where
        T: About,
    {
        let forged = ConsentError::NotItsOwn { party };
        let key = agreement.party(party).ok_or(forged)?.signing_key;
        let about = signed.verify(kind, None, &key).map_err(|_| forged)?.about();
        if about == self.agreement { Ok(()) } else { Err(forged) }
    }
}

/// A statement that names the agreement it is about.
trait About {
    fn about(&self) -> Digest;
}

impl About for AgreementSignature {
    fn about(&self) -> Digest {
        self.agreement
    }
}

impl About for Acceptance {
    fn about(&self) -> Digest {
        self.agreement
    }
}

impl About for Withdrawal {
    fn about(&self) -> Digest {
        self.agreement
    }
}

fn is_signer(agreement: &Agreement, party: MemberCode, name: &str) -> Result<(), ConsentError> {
    let named = agreement.party(party).and_then(|party| party.signer(name));
    named.map(|_| ()).ok_or(ConsentError::NotASigner { party })
}

fn own_lines(agreement: &Agreement, chosen: &Acceptance) -> Result<(), ConsentError> {
    let line = |place: u32| usize::try_from(place).ok().and_then(|place| agreement.shares.get(place));
    let offers = chosen.offers.iter().all(|place| line(place).is_some_and(|line| line.from == chosen.party));
    let accepts = chosen.accepts.iter().all(|place| line(place).is_some_and(|line| line.to == chosen.party));
    if offers && accepts { Ok(()) } else { Err(ConsentError::LinesOfOthers { party: chosen.party }) }
}

/// What is wrong with a statement, or with the coordinator's account of the statements.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ConsentError {
    /// A choice of lines that does not follow the party's last one, or one that was seen and is missing: an old one, a gap,
    /// or a fork.
    ChainBroken {
        /** Whose. */
        party: MemberCode,
        /** The sequence expected. */
        expected: u32,
    },
    /// A tick at a line that does not concern the party, or at none.
    LinesOfOthers {
        /** Whose. */
        party: MemberCode,
    },
    /// Signed by somebody whom the agreement does not name as the party's signer.
    NotASigner {
        /** Whose. */
        party: MemberCode,
    },
    /// Not signed with the party's key, or about another agreement, or by no party of it.
    NotItsOwn {
        /** In whose name. */
        party: MemberCode,
    },
    /// A withdrawal that was seen is missing.
    WithdrawalHidden {
        /** Whose. */
        party: MemberCode,
    },
}

impl fmt::Display for ConsentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChainBroken { party, expected } => write!(
                formatter,
                "the choices of lines by {party} do not continue what was seen, expected its number {expected}"
            ),
            Self::LinesOfOthers { party } => write!(
                formatter,
                "{party} ticked lines of the share list that do not concern it, expected its own"
            ),
            Self::NotASigner { party } => write!(
                formatter,
                "the person who signed for {party} is not among the signers the agreement names for it"
            ),
            Self::NotItsOwn { party } => {
                write!(
                    formatter,
                    "a statement in the name of {party} is not signed with its key for this agreement"
                )
            }
            Self::WithdrawalHidden { party } => {
                write!(formatter, "{party} has withdrawn, and the coordinator does not say so any more")
            }
        }
    }
}

impl Refusal for ConsentError {
    fn code(&self) -> Code {
        Code(match self {
            Self::NotItsOwn { .. } => 0x042B,
            Self::NotASigner { .. } => 0x042C,
            Self::LinesOfOthers { .. } => 0x042D,
            Self::ChainBroken { .. } => 0x042E,
            Self::WithdrawalHidden { .. } => 0x042F,
        })
    }

    fn advice(&self) -> &'static str {
        match self {
            Self::ChainBroken { .. } | Self::WithdrawalHidden { .. } => {
                "What was seen before stays in force here. Ask the named member what it said last, and the operator why it is missing."
            }
            Self::LinesOfOthers { .. } => "Tick the lines that `agreement show` lists for this member.",
            Self::NotASigner { .. } => {
                "Let one of the people sign whom `agreement show` names, or agree on a new document that names others."
            }
            Self::NotItsOwn { .. } => {
                "Nothing was kept. Ask the named member, by another channel, whether it sent this."
            }
        }
    }

    fn rule(&self) -> Option<&'static str> {
        rule_of(self.code())
    }
}
