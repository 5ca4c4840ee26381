//! Every limit of the protocol: unit, value, reason. The shell's own limits (time-outs, windows) stand with the shell.

/// Largest control message, in bytes: 16 key shares of 64 columns with proofs are 100 KiB; ten times that is refused.
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// Largest bulk blob, in bytes: ten million rows of 384 bytes with their seals, and room to spare.
pub const BLOB_BYTES_MAX: u64 = 8 << 30;

/// Largest sealed share inside a message, in bytes: 32 bytes of share, the encapsulated key and the tag.
pub const SEALED_SHARE_BYTES_MAX: usize = 128;

/// Time a round may take before it is aborted, in seconds, unless the operator sets another: one day. A round of
/// 10 million rows and three hops takes hours on two cores; people who approve take the rest.
pub const ROUND_SECONDS_DEFAULT: u64 = 86_400;
