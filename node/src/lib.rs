//! A member's node: its own data, its own keys, its own yes or no.
//!
//! ```text
//!   files ─▶ import ─▶ roster (encrypted segments) ─▶ prepare ─▶ compute ─▶ sealed lists ─▶ uplink ─▶ coordinator
//!                                   people ─▶ cli ─▶ command ─▶ governance / driver::opening (decisions, approvals)
//! ```
//!
//! | module | holds |
//! |---|---|
//! | [`import`] | layouts as data, recognition by content, validation by row (D1-D3) |
//! | [`roster`] | plain records, encrypted at rest; opt-outs (D7) |
//! | [`data`] | imports as one change, opt-outs, destruction |
//! | [`prepare`] | match keys and codes of one round, in memory |
//! | [`compute`] | blinding, passes, tables, decryption |
//! | [`driver`] | the loop around the round engine |
//! | [`governance`] | agreements, decisions, the privacy ledger |
//! | [`uplink`], [`outbox`] | the line to the coordinator |
//! | [`home`], [`records`], [`settings`] | the state folder |
//! | [`serve`] | the daemon |
//! | [`command`], [`cli`] | what a person can ask for |

pub mod cli;
pub mod command;
pub mod compute;
pub mod custody;
pub mod data;
pub mod driver;
pub mod governance;
pub mod home;
pub mod import;
pub mod outbox;
pub mod prepare;
pub mod records;
pub mod roster;
pub mod serve;
pub mod settings;
pub mod uplink;
