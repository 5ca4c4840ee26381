//! What is known of the parties' consent to an agreement (G01, G02, G10, F11).
//!
//! Everything they said reaches a party through the coordinator, which could leave something out, repeat something old, or make
//! something up. So a [`ConsentRecord`] takes in only what a party's own key signed, forgets nothing, and tells what a
//! later account of the coordinator lacks. An acceptance names the one before it; two that name the same one are a fork.

use core::fmt;

use crate::{
    agreement::{
        Acceptance, Agreement, AgreementSignature, ConsentStatement, Withdrawal, link, statement::About,
    },
    codec::{Decode, Encode},
    ids::{Digest, MemberCode},
    refusal::{Code, Refusal},
    signing::{SignatureKind, Signed},
};

/// Everything known of the parties' consent to one agreement: verified, only ever growing.
#[derive(Clone, Debug)]
pub struct ConsentRecord {
    agreement: Digest,
    statements: Vec<ConsentStatement>,
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
    pub fn take(
        &mut self,
        agreement: &Agreement,
        statement: &ConsentStatement,
    ) -> Result<Taken, ConsentError> {
        if self.statements.contains(statement) {
            return Ok(Taken::Known);
        }
        let party = statement.party();
        let taken = match statement {
            ConsentStatement::Signed(signed) => {
                self.check(agreement, party, SignatureKind::Agreement, signed)?;
                is_signer(agreement, party, &signed.value().signer)?;
                self.signature(party).map_or(Taken::New, |_| Taken::Known)
            }
            ConsentStatement::Chose(signed) => {
                self.check(agreement, party, SignatureKind::ShareAcceptance, signed)?;
                is_signer(agreement, party, &signed.value().signer)?;
                own_lines(agreement, signed.value())?;
                let (sequence, previous) = self.next(party);
                if (signed.value().sequence, signed.value().previous) != (sequence, previous) {
                    return Err(ConsentError::ChainBroken { party, expected: sequence });
                }
                Taken::New
            }
            ConsentStatement::Withdrew(signed) => {
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
    pub fn learn(
        &mut self,
        agreement: &Agreement,
        heard: &[ConsentStatement],
        me: MemberCode,
    ) -> Vec<ConsentError> {
        let mut faults = Vec::new();
        for known in self.statements.iter().filter(|known| known.party() != me && !heard.contains(known)) {
            let party = known.party();
            match known {
                // One signature counts as long as the agreement does, whichever of two the coordinator shows.
                ConsentStatement::Signed(_) => {}
                ConsentStatement::Chose(one) => {
                    faults.push(ConsentError::ChainBroken { party, expected: one.value().sequence });
                }
                ConsentStatement::Withdrew(_) => {
                    let other = heard
                        .iter()
                        .any(|one| matches!(one, ConsentStatement::Withdrew(_)) && one.party() == party);
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
    pub fn statements(&self) -> &[ConsentStatement] {
        &self.statements
    }

    /// A party's signature.
    #[must_use]
    pub fn signature(&self, party: MemberCode) -> Option<&AgreementSignature> {
        self.statements.iter().find_map(|one| match one {
            ConsentStatement::Signed(signed) if signed.value().party == party => Some(signed.value()),
            ConsentStatement::Signed(_) | ConsentStatement::Chose(_) | ConsentStatement::Withdrew(_) => None,
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
            ConsentStatement::Withdrew(signed) if signed.value().party == party => Some(signed.value()),
            ConsentStatement::Signed(_) | ConsentStatement::Chose(_) | ConsentStatement::Withdrew(_) => None,
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
            ConsentStatement::Chose(signed) if signed.value().party == party => Some(signed),
            ConsentStatement::Signed(_) | ConsentStatement::Chose(_) | ConsentStatement::Withdrew(_) => None,
        })
    }

    fn check<T: Encode + Decode + About>(
        &self,
        agreement: &Agreement,
        party: MemberCode,
        kind: SignatureKind,
        signed: &Signed<T>,
    ) -> Result<(), ConsentError> {
        let forged = ConsentError::NotItsOwn { party };
        let key = agreement.party(party).ok_or(forged)?.signing_key;
        let about = signed.verify(kind, None, &key).map_err(|_| forged)?.about();
        if about == self.agreement { Ok(()) } else { Err(forged) }
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
        Some(match self {
            Self::NotItsOwn { .. } => "G01",
            Self::ChainBroken { .. } | Self::LinesOfOthers { .. } => "G02",
            Self::WithdrawalHidden { .. } => "G10",
            Self::NotASigner { .. } => "F11",
        })
    }
}
