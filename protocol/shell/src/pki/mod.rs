//! Who is who: the coordinator is the consortium's private CA, every member has one certificate, keys never travel.
//!
//! ```text
//!   invitation (single use, expires, pins the CA)         certificate request (public key only)
//!   coordinator ─────────────────────────────▶ node ──────────────────────────▶ coordinator
//!                                                    certificate + CA certificate ◀──┘
//! ```
//!
//! [`authority`] signs, [`certificate`] reads, [`identity`] is a node's own key, [`invitation`] is the text handed over.
//! Whether an invitation was used or has expired is the coordinator's to decide: [`Invitation::is_expired`] and its store.

pub mod authority;
pub mod certificate;
pub mod error;
pub mod identity;
pub mod invitation;

pub use rustls_pki_types::CertificateDer as Certificate;

pub use self::{
    authority::{Authority, Revocation},
    certificate::{Fingerprint, Peer, Serial, renewal_due, valid_until},
    error::PkiError,
    identity::{Credentials, KeyFile},
    invitation::{Invitation, InvitationError},
};
