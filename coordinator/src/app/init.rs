//! Makes a coordinator: folder, CA, server certificate, settings. The settings file is written last, so that a folder
//! that has one is whole; nothing is ever overwritten.

use std::path::Path;

use passage_protocol::{secret::Secret, timestamp::Timestamp};
use passage_shell::{
    clock,
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
    dir.write(files::CA_KEY, authority.key().expose())?;
    dir.write(files::CA_CERTIFICATE, authority.certificate())?;
    write_server(&dir, &authority, now)?;
    let fingerprint = Fingerprint::of(authority.certificate());
    let mut audit = passage_shell::audit::AuditLog::open(&dir.path(files::AUDIT))?;
    audit.append(now, "coordinator.created", &[("authority", &fingerprint.to_string())])?;
    dir.write(settings::FILE, settings.to_toml().as_bytes())?;
    Ok(fingerprint)
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
