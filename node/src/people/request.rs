//! Acts that two people must ask for: the first one's command is kept, the same command of a second person carries it out.

use passage_protocol::{
    codec::{Decode, Encode},
    codec_struct,
    ids::Digest,
    timestamp::Timestamp,
};
use passage_shell::{
    audit::{Act, PeopleAct},
    failure::Failure,
    store::Op,
};

use super::{REQUESTS, account::Account};
use crate::home::{Home, refuse};

const COMMAND_CONTEXT: &str = "passage 2026 request of two people v1";
/// Days a request waits for a second person.
pub const WAITS_DAYS: u64 = 7;

/// Acts that can be made to need two people (setting `two_person`).
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TwoPersonAct {
    /// Destroying stored records.
    Destroy,
    /// Approving that results go beyond the members.
    Release,
    /// Signing an agreement or a change of the principles.
    Sign,
}

impl TwoPersonAct {
    /// The word of the setting.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Destroy => "destroy",
            Self::Release => "release",
            Self::Sign => "sign",
        }
    }
}

/// A command that waits for a second person.
#[derive(Clone, Debug)]
pub struct Request {
    /// The act, in a word.
    pub act: String,
    /// Account of the person who asked first.
    pub account: String,
    /// Her name and title.
    pub person: String,
    /// When.
    pub at: Timestamp,
}
codec_struct!(Request { act, account, person, at });

/// What a command that needs two people leads to.
pub enum Second {
    /// It waits.
    Waits,
    /// It is carried out; when it has been, the request under this key is forgotten.
    Confirms(Digest),
}

impl Home {
    /// Judges a command that needs two people: keeps it, or finds that another person has asked for the same. `command` is
    /// the command in bytes, without who asks.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the same person asks twice.
    pub fn second_person(
        &self,
        act: TwoPersonAct,
        command: &[u8],
        account: &Account,
    ) -> Result<Second, Failure> {
        let key = Digest::derive(COMMAND_CONTEXT, command);
        let now = self.now();
        let waiting =
            self.store.get(REQUESTS, &key.0)?.map(|bytes| Request::from_bytes(&bytes)).transpose()?;
        let waiting = waiting.filter(|first| now.since_s(first.at) <= WAITS_DAYS * 86_400);
        match waiting {
            Some(first) if first.account == account.name => Err(refuse(
                0x2321,
                "the same person has asked for this already, and it needs two",
                "Another person with the role gives the same command within seven days of the first.",
                Some("G12"),
            )),
            Some(first) => {
                self.record(&Act::People(PeopleAct::RequestConfirmed {
                    act: act.word(),
                    first: &first.person,
                    by: &account.person,
                }))?;
                Ok(Second::Confirms(key))
            }
            None => {
                let request = Request {
                    act: act.word().to_owned(),
                    account: account.name.clone(),
                    person: account.person.clone(),
                    at: now,
                };
                self.people(PeopleAct::RequestMade { act: act.word(), by: &account.person }, || {
                    Ok(self.store.commit(&[Op::put(REQUESTS, key.0, request.to_bytes())])?)
                })?;
                Ok(Second::Waits)
            }
        }
    }

    /// Forgets a request that was carried out, and those whose time is over.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn forget_request(&self, key: Digest) -> Result<(), Failure> {
        let now = self.now();
        let mut ops = vec![Op::delete(REQUESTS, key.0)];
        for (key, bytes) in self.store.scan(REQUESTS, &[])? {
            if now.since_s(Request::from_bytes(&bytes)?.at) > WAITS_DAYS * 86_400 {
                ops.push(Op::delete(REQUESTS, key));
            }
        }
        Ok(self.store.commit(&ops)?)
    }

    /// What waits for a second person, oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure`] of the store.
    pub fn requests(&self) -> Result<Vec<Request>, Failure> {
        let pairs = self.store.scan(REQUESTS, &[])?;
        let mut waiting =
            pairs.iter().map(|(_, bytes)| Request::from_bytes(bytes)).collect::<Result<Vec<_>, _>>()?;
        let now = self.now();
        waiting.retain(|one| now.since_s(one.at) <= WAITS_DAYS * 86_400);
        waiting.sort_by_key(|one| one.at);
        Ok(waiting)
    }
}

/// Two people where there are no accounts to tell them apart.
#[must_use]
pub fn needs_accounts(act: TwoPersonAct) -> Failure {
    refuse(
        0x2320,
        &format!(
            "the setting two_person lists `{}`, and without accounts nobody can tell two people apart",
            act.word()
        ),
        "Make accounts with `account add`, or take the word out of two_person in node.toml.",
        Some("G12"),
    )
}
