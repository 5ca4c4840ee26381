//! The look at what is left after a sweep, and the certificate of what was found (F10, L3).

use std::path::PathBuf;

use passage_protocol::{
    agreement::DocumentId,
    checkpoint::LogOwner,
    codec::{Decode, Encode},
    ids::Digest,
    retention::{Destruction, Ended},
    wire::service::{Destroyed, kind},
};
use passage_shell::{
    audit::Act,
    destruction::{FOLDER, Findings, Left, Statement},
    failure::Failure,
    state_dir::write_atomically,
    store::Op,
};

use super::sweep::{Item, Ordered};
use crate::{
    home::{Home, refuse},
    outbox,
    records::{RoundRecord, SWEEPS, Standing, WORDS},
};

impl Home {
    /// Looks at what is left; signs and writes what was found, and puts this member's word on its way.
    pub(super) fn certify_sweep(&self, ordered: &Ordered) -> Result<(Statement, PathBuf), Failure> {
        // As stored: a step notes there what it has done.
        let bytes = self.store.get(SWEEPS, &ordered.key())?;
        let ordered = bytes.map_or_else(|| Ok(ordered.clone()), |bytes| Ordered::from_bytes(&bytes))?;
        let findings = self.look_after(&ordered)?;
        let statement = self.sweep_statement(&ordered, findings)?;
        let subject = match ordered.about {
            Ended::Round(round) => round.to_string(),
            Ended::Party(code) => format!("{code}-{}", DocumentId::Agreement(ordered.agreement)),
        };
        let name = format!("destruction-{}-{subject}.toml", statement.destroyed_at).replace(':', "");
        let path = self.dir.folder(FOLDER)?.join(name);
        let text = statement.sign(&self.signing_key)?;
        let word = Destruction {
            owner: LogOwner::Member(self.code),
            agreement: ordered.agreement,
            about: ordered.about,
            due: ordered.due,
            at: self.now(),
            complete: statement.verified,
            certificate: Digest::of_blob(text.as_bytes()),
        };
        let word = word.sign(&self.signing_key);
        self.record(&Act::CertificateIssued { tables: 0, verified: statement.verified })?;
        write_atomically(&path, text.as_bytes())?;
        self.store.transact(|| -> Result<_, Failure> {
            let mut ops = vec![
                Op::delete(SWEEPS, ordered.key()),
                Op::put(WORDS, ordered.own_place(self), word.to_bytes()),
            ];
            outbox::append(&self.store, &mut ops, kind::DESTROYED, Destroyed { word }.to_bytes())?;
            Ok((ops, ()))
        })?;
        Ok((statement, path))
    }

    /// What is found afterwards, or a refusal if anything is still there.
    fn look_after(&self, ordered: &Ordered) -> Result<Findings, Failure> {
        let rounds = self.rounds_of(ordered)?;
        for record in &rounds {
            let round = record.call.round;
            let stays = |what: &str| {
                let what = format!(
                    "the destruction of what {round} has left is not finished: {what}; there is no certificate of it"
                );
                let advice = "Run `retention sweep` again: it goes on. If it is refused again, keep this disk under lock and report it.";
                refuse(0x2381, &what, advice, Some("G15"))
            };
            if ordered.about == Ended::Round(round) {
                if !self.report_keys(round)?.is_empty() {
                    return Err(stays("a key of its report is still in the folder `report-keys`"));
                }
                if !self.report_exports(round)?.is_empty() {
                    return Err(stays("an export of its report is still in the folder `reports`"));
                }
                if self.sealed_bytes(round)?.is_some() {
                    return Err(stays("its report is still in the store"));
                }
            }
            if record.manifest.is_some() || matches!(record.standing, Standing::Running { .. }) {
                return Err(stays("its manifest or its state is still in the store"));
            }
        }
        let store =
            format!("the store was read again: of {} it has no manifest and no state", count(&rounds));
        let Ended::Round(round) = ordered.about else {
            let shelf = match self.runs_nothing()? {
                true if self.shelf.blobs()?.is_empty() => "no list or pass is on the shelf",
                true => {
                    let advice = "It is looked at again within the hour, or with `retention sweep`.";
                    return Err(refuse(
                        0x2382,
                        "a list or pass is still on the shelf though no round runs; there is no certificate of the withdrawal yet",
                        advice,
                        Some("G10"),
                    ));
                }
                false => {
                    "none of these rounds runs; rounds under other agreements do, so that the shelf is not empty"
                }
            };
            return Ok(Findings::Complete(vec![store, shelf.to_owned()]));
        };
        let files = format!(
            "no file of {round} is in the folders `report-keys` and `reports`, and the store has no report of it"
        );
        Ok(match (ordered.had_key, ordered.overwritten) {
            (true, false) => Findings::Incomplete(vec![
                "the key of the report was gone before this program could overwrite it: its bytes may be left on the medium".to_owned(),
                files,
                store,
            ]),
            (true, true) => Findings::Complete(vec![
                "the key of the report was overwritten, zeros were read back, and it was removed".to_owned(),
                files,
                store,
            ]),
            (false, _) => Findings::Complete(vec![files, store]),
        })
    }

    fn sweep_statement(&self, ordered: &Ordered, findings: Findings) -> Result<Statement, Failure> {
        let (verified, checks) = match findings {
            Findings::Complete(checks) => (true, checks),
            Findings::Incomplete(checks) => (false, checks),
        };
        let id = DocumentId::Agreement(ordered.agreement);
        let (scope, method) = match ordered.about {
            Ended::Round(round) => (
                format!("what round {round} under {id} had left at this member"),
                "cryptographic erase (NIST SP 800-88): the key the report was sealed under overwritten on its disk and removed, exports in \
                 the state folder overwritten and removed, manifest and state deleted. Round keys, lists and tables existed for the round only \
                 and went when it ended",
            ),
            Ended::Party(_) => {
                let released = self.released(ordered.agreement)?;
                let released = match released.is_empty() {
                    true => "nothing was released before".to_owned(),
                    false => format!("released before and not recalled: {}", released.join(", ")),
                };
                (
                    format!(
                        "what this member had contributed under {id}, from which it withdrew; {released}"
                    ),
                    "clear (NIST SP 800-88): every running round ended, its keys wiped from memory, its lists and passes removed; manifests and \
                     state of every round under the agreement deleted",
                )
            }
        };
        let item = |item: &Item| Left {
            round: item.round.to_string(),
            what: item.what.clone(),
            count: item.count,
            bytes: item.bytes,
            due: item.due.to_string(),
        };
        Ok(Statement {
            format: Statement::format(),
            member: self.code.to_string(),
            consortium: self.membership.consortium.clone(),
            signing_key: self.signing_key.verifying_key().to_string(),
            destroyed_by: ordered.by.clone(),
            destroyed_at: ordered.at.to_string(),
            scope,
            method: method.to_owned(),
            not_reached: "backups and what a flash medium or a file system keeps of freed blocks; old pages of the store's log, which hold digests, \
                          public keys and numbers of rows; files people wrote with --out; what other members hold. Kept on purpose: the line of \
                          the round, the record of disclosures, the privacy ledger, consent and the audit log"
                .to_owned(),
            verified,
            verified_at: self.now().to_string(),
            verified_by: format!("passage-node {}", env!("CARGO_PKG_VERSION")),
            checks,
            table: Vec::new(),
            item: ordered.items.iter().map(item).collect(),
        })
    }
}

fn count(rounds: &[RoundRecord]) -> String {
    match rounds.len() {
        1 => "this round".to_owned(),
        number => format!("{number} rounds"),
    }
}
