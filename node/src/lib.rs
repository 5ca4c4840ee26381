//! A member's node: its own data, its own keys, its own yes or no.
//!
//! ```text
//!   files ─▶ import ─▶ tables (sealed) ─▶ roster ─▶ prepare ─▶ compute ─▶ sealed lists ─▶ uplink ─▶ coordinator
//!                            └──▶ query (SQL over one's own data)
//!                                   people ─▶ cli ─▶ command ─▶ governance / driver::opening (decisions, approvals)
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`import`] | layouts as data, recognition by content, validation by row (D1-D3) |
//! | [`tables`] | canonical tables as sealed files; replaced by layout and school year (D4) |
//! | [`custody`] | the key above every file's key, and its destruction (F10) |
//! | [`roster`] | students in memory, as a round needs them; opt-outs (D7) |
//! | [`data`] | imports as one change, opt-outs, destruction |
//! | [`query`] | SQL over the stored tables |
//! | [`metrics`] | metric definitions run over them, by student of the roster |
//! | [`coverage`] | what the stored tables cover, and whether they came in time |
//! | [`linkage`] | match quality on files whose true persons are known |
//! | [`quality`] | what match keys can be made of the students held here, and whom that favours |
//! | [`prepare`] | match keys and codes of one round, in memory |
//! | [`own_stack`] | threads that take what a stack holds with them |
//! | [`compute`] | blinding, passes, tables, decryption |
//! | [`disclosures`] | to whom a student's record was disclosed |
//! | [`first_match`] | whether this program on this machine matches as it must |
//! | [`driver`] | the loop around the round engine |
//! | [`participation`] | whether this member takes part at all |
//! | [`retention`] | what rounds left here, until when, its destruction and the proof of it |
//! | [`renewal`], [`upkeep`] | the next certificate; what is done every hour |
//! | [`people`] | accounts, roles, sessions, the principles |
//! | [`counted`] | what rounds counted of this member's students, and whether a new question may stand beside it |
//! | [`governance`] | agreements, decisions, the privacy ledger |
//! | [`releases`] | reports beyond the parties: proposed, reviewed, approved, exported |
//! | [`uplink`], [`outbox`] | the line to the coordinator |
//! | [`home`], [`records`], [`settings`] | the state folder |
//! | [`serve`] | the daemon |
//! | [`command`], [`cli`] | what a person can ask for |

pub mod checkpoints;
pub mod cli;
pub mod command;
pub mod compute;
pub mod counted;
pub mod coverage;
pub mod custody;
pub mod data;
pub mod disclosures;
pub mod driver;
pub mod first_match;
#[cfg(test)]
mod fixture;
pub mod governance;
pub mod home;
pub mod import;
pub mod linkage;
pub mod metrics;
pub mod outbox;
pub mod own_stack;
pub mod participation;
pub mod people;
pub mod prepare;
pub mod quality;
pub mod query;
pub mod records;
pub mod releases;
pub mod renewal;
pub mod retention;
pub mod roster;
pub mod serve;
pub mod settings;
pub mod tables;
pub mod upkeep;
pub mod uplink;
