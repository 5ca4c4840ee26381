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

/// The requirement behind a code of agreement and consent (`P041x`, `P042x`): a round that a peer refused by its agreement is
/// shown with its rule, although only the code travels (G20).
#[must_use]
pub fn rule_of(code: Code) -> Option<&'static str> {
    RULES.iter().find(|(number, _)| *number == code.0).map(|(_, rule)| *rule)
}

/// Code and rule, in the order of the codes. Where the domain has no requirement, the section of the spec stands for it.
const RULES: [(u16, &str); 29] = [
    (0x0410, "G01"),
    (0x0411, "G01"),
    (0x0412, "G10"),
    (0x0413, "G14"),
    (0x0415, "SPEC 5.3"),
    (0x0416, "4.1"),
    (0x0417, "4.4"),
    (0x0418, "G01"),
    (0x0419, "4.4"),
    (0x041A, "G02"),
    (0x041B, "4.4"),
    (0x041C, "F3"),
    (0x041D, "F2"),
    (0x041E, "G14"),
    (0x041F, "G03"),
    (0x0422, "G04"),
    (0x0423, "G18"),
    (0x0424, "G18"),
    (0x0425, "G02"),
    (0x0426, "G01"),
    (0x0427, "G02"),
    (0x0428, "G01"),
    (0x0429, "SPEC 5.3"),
    (0x042A, "SPEC 5.5"),
    (0x042B, "G01"),
    (0x042C, "F11"),
    (0x042D, "G02"),
    (0x042E, "G02"),
    (0x042F, "G10"),
];
