//! A member's own tables: sealed Parquet on the disk, SQL over them in memory.
//!
//! # What this crate does not do
//!
//! It makes no keys and no randomness: both are arguments. It does not know which files are current: the node's
//! catalogue does. It talks to nobody. It decides nothing about who may ask: whoever holds the file key asks, and
//! that is the member itself.
//!
//! # Where plaintext exists
//!
//! ```text
//!            disk                 │                    memory of this process
//!                                 │
//!                                 │  rows ──▶ TableWriter ──▶ Parquet pages ─┐
//!   sealed file  ◀────────────────┼──────────────────────── SealedWriter ◀──┘
//!   XChaCha20-Poly1305            │
//!   64 KiB chunks ────────────────┼──▶ SealedFile::read_at ──┬──▶ scan ──▶ RowView
//!                                 │     (only ranges asked)  │
//!   no temporary files            │                          └──▶ engine ──▶ Running ──▶ Batch
//!   no spill                      │                               memory limit            │
//!                                 │                                                       ▼
//!   a result the owner named  ◀───┼──────────────────────────────────────────────────── output
//!   with --out, mode 0600         │                                                       │
//!                                 │                                                  the owner's screen
//! ```
//!
//! Everything left of the line that is not a result the owner asked for is ciphertext. Values of rows are shown by
//! [`output`] to the data's owner, and nowhere else: errors, logs and progress carry names, counts and limits.
//!
//! Keys and decrypted ranges are wiped when dropped. Decoded columns are not: the engine's buffers go back to the
//! allocator as they are, so the program that uses this crate runs on an allocator that wipes what is freed
//! (`passage-node` does), and pages are compressed by pure-Rust code, which has no memory of its own.
//!
//! # Imports
//!
//! The only crate that names DataFusion; arrow and parquet come through its re-exports, so that there is one version.

pub mod engine;
#[cfg(test)]
mod fixture;
pub mod foreign;
pub mod output;
pub mod sealed;
pub mod table;
