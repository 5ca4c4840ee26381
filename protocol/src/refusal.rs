//! The shape every refusal has: a stable code, what was seen and expected, what to do next, and the rule behind it.
//!
//! Refusals name rows, columns and positions, never values: any of them may be logged and sent to a peer.

use core::fmt;

/// Why something was refused, in a form a person can act on and a program can match on.
///
/// `Display` gives one lower-case sentence that says what was seen and what was expected, without a full stop.
pub trait Refusal: fmt::Display + fmt::Debug {
    /// Stable code, for example `P0302`; never reused (SPEC §12).
    fn code(&self) -> Code;

    /// What the person reading the message can do next: one sentence.
    fn advice(&self) -> &'static str;

    /// Requirement that demanded the refusal (`G01`, `F3`, `D2`...), where one did.
    fn rule(&self) -> Option<&'static str> {
        None
    }
}

/// A stable refusal code. The first digit names who refuses and is printed as a letter: 0 protocol, 1 shell, 2 node,
/// 3 coordinator; the high byte names the part, the low byte the fault (SPEC §12).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Code(pub u16);

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.0 >> 12 {
            1 => 'S',
            2 => 'N',
            3 => 'C',
            _ => 'P',
        };
        write!(formatter, "{letter}{:04X}", self.0)
    }
}
