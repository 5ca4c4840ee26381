//! Makes a coordinator: folder, CA, server certificate, settings. The settings file is written last, so that a folder
//! that has one is whole; nothing is ever overwritten.

use std::path::Path;

use passage_protocol::{ids::Digest, secret::Secret, signing::SigningKey, timestamp::Timestamp};
use passage_shell::{
    audit::{self, Act, AuditLog},
    clock, entropy,
    pki::{Authority, Credentials, Fingerprint, Invitation},
    state_dir::StateDir,
};

use crate::{app::files, error::CoordinatorError, settings};

/// What `init` is told.
pub struct InitPlan {
    /// The settings to write.
    pub settings: settings::Settings,
}

/// Creates the coordinator in `root` and returns the fingerprint of its CA.
///
/// # Errors
///
/// [`CoordinatorError::AlreadyInitialised`] if anything of a coordinator stands there; [`CoordinatorError::Invitation`]
/// if an address or the name could not stand on an invitation.
pub fn init(root: &Path, plan: &InitPlan) -> Result<Fingerprint, CoordinatorError> {
    let settings = &plan.settings;
    let sample = Invitation {
        consortium: settings.consortium.clone(),
        addresses: settings.public.clone(),
        fingerprint: Fingerprint([0; 32]),
        secret: Secret::new([0; 16]),
        expires: Timestamp(0),
    };
    sample.check()?;
    let dir = StateDir::open(root)?;
    let present = [settings::FILE, files::CA_KEY, files::CA_CERTIFICATE];
    if present.iter().any(|name| dir.path(name).exists()) {
        return Err(CoordinatorError::AlreadyInitialised);
    }
    let now = clock::now();
    let authority = Authority::create(&settings.consortium, now)?;
    let fingerprint = Fingerprint::of(authority.certificate());
    let mut audit = AuditLog::open(&dir.path(audit::FOLDER))?;
    audit.append(now, &Act::CoordinatorCreated { authority: Digest(fingerprint.0) })?;
    dir.write(files::CA_KEY, authority.key().expose())?;
    dir.write(files::CA_CERTIFICATE, authority.certificate())?;
    write_server(&dir, &authority, now)?;
    make_signing_key(&dir, &mut audit)?;
    dir.write(settings::FILE, settings.to_toml().as_bytes())?;
    Ok(fingerprint)
}

/// Makes the key that signs checkpoints of the audit log; recorded before it exists on disk.
pub(super) fn make_signing_key(dir: &StateDir, audit: &mut AuditLog) -> Result<SigningKey, CoordinatorError> {
    let key = SigningKey::generate(entropy::seed()?);
    audit.append(clock::now(), &Act::CoordinatorKeyMade { key: key.verifying_key() })?;
    dir.write(files::SIGNING_KEY, key.seed().as_slice())?;
    Ok(key)
}

/// Issues a server certificate and writes it beside its key.
pub(super) fn write_server(
    dir: &StateDir,
    authority: &Authority,
    now: Timestamp,
) -> Result<Credentials, CoordinatorError> {
    let credentials = authority.issue_server(now)?;
    dir.write(files::SERVER_KEY, credentials.key().expose())?;
    dir.write(files::SERVER_CERTIFICATE, credentials.certificate())?;
    Ok(credentials)
}
