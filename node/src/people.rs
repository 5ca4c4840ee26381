//! The people at one member: accounts and roles, sessions, the principles they accept and sign (G05, G06, G12, G18, G21).
//!
//! ```text
//!   login NAME ──passphrase, code──▶ session (32 random bytes; only their digest is kept) ──▶ every command names it
//!   principles accept ─────────────▶ the session has accepted the version in force ─────────▶ data and reports may be shown
//! ```
//!
//! * [`role`], [`account`] - who may do what. Which command needs which role stands in [`crate::command::needs`], in one place.
//! * [`lockout`], [`totp`], [`session`] - decided without a clock: time is an argument.
//! * [`accounts`], [`login`] - the accounts of a node, changed and used.
//! * [`principles`] - the version in force, proposals, signatures.
//! * [`request`] - what waits for a second person.
//! * [`review`] - the list a person looks at every quarter.
//!
//! Until the first account is made, whoever owns the state folder holds every role.

pub mod account;
pub mod accounts;
pub mod hidden;
pub mod lockout;
pub mod login;
pub mod principles;
pub mod request;
pub mod review;
pub mod role;
pub mod session;
pub mod totp;

use passage_shell::store::Table;

/// Version (big-endian) -> [`principles::PrinciplesVersion`]; the highest is in force, none: the version that ships.
/// `signed` -> the highest version this member has signed.
pub const PRINCIPLES: Table = Table(18);
/// Digest of a proposed change -> [`passage_protocol::wire::principles::PrinciplesProposal`]: every signature verified.
pub const PROPOSALS: Table = Table(19);
/// Name -> [`account::Account`].
pub const ACCOUNTS: Table = Table(20);
/// Digest of a session's token -> [`session::Session`].
pub const SESSIONS: Table = Table(21);
/// Digest of a command -> [`request::Request`].
pub const REQUESTS: Table = Table(22);
