//! Where the outer half of the node key comes from: a file or a terminal for the passphrase, systemd for a credential. Never
//! an argument, never an environment variable's value.

use std::{
    env, fs,
    io::{IsTerminal, stdin},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use passage_shell::failure::Failure;
use zeroize::Zeroizing;

use super::Guard;
use crate::home::refuse;

/// Gives the outer secret when one is needed.
pub type Outer<'a> = dyn Fn(Guard) -> Result<Zeroizing<Vec<u8>>, Failure> + 'a;

/// Folder systemd puts credentials in.
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";
/// Name of the credential that is a key.
const KEY_CREDENTIAL: &str = "passage-data-key";
/// Name of the credential that is a passphrase.
const PASSPHRASE_CREDENTIAL: &str = "passage-passphrase";
/// Fewest bytes of a key credential.
const KEY_BYTES_MIN: usize = 32;
/// Fewest bytes of a passphrase.
const PASSPHRASE_BYTES_MIN: usize = 12;

/// The secrets of this process: `passphrase_file` is the setting of that name.
pub fn of_process(passphrase_file: Option<&Path>) -> impl Fn(Guard) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let file = passphrase_file.map(Path::to_owned);
    move |guard| match guard {
        Guard::File => Ok(Zeroizing::new(Vec::new())),
        Guard::Credential => long_enough(read(&credential(KEY_CREDENTIAL)?)?, KEY_BYTES_MIN),
        Guard::Passphrase => long_enough(passphrase(file.as_deref())?, PASSPHRASE_BYTES_MIN),
    }
}

fn passphrase(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut text = match (file, credential(PASSPHRASE_CREDENTIAL)) {
        (Some(file), _) => read(file)?,
        (None, Ok(path)) if path.exists() => read(&path)?,
        (None, _) if stdin().is_terminal() => {
            let typed = rpassword::prompt_password("Passphrase of this node's data: ");
            Zeroizing::new(typed.map_err(|error| Failure::io("read the passphrase", &error))?.into_bytes())
        }
        (None, _) => {
            return Err(refuse(
                0x2262,
                "the passphrase of the stored tables is needed, and there is neither a terminal nor a file to read it from",
                "Name a file with the setting passphrase_file, or load the systemd credential passage-passphrase.",
                Some("I7"),
            ));
        }
    };
    while text.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        text.pop();
    }
    Ok(text)
}

fn credential(name: &str) -> Result<PathBuf, Failure> {
    env::var_os(CREDENTIALS).map(|folder| PathBuf::from(folder).join(name)).ok_or_else(|| {
        refuse(
            0x2263,
            "the stored tables need a credential of the service manager, and there is no folder of credentials",
            "Start the node as its systemd service, with LoadCredentialEncrypted=passage-data-key.",
            Some("I7"),
        )
    })
}

fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let fault = |error: &std::io::Error| Failure::io("read the file of the passphrase or credential", error);
    let mode = fs::metadata(path).map_err(|error| fault(&error))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(refuse(
            0x2264,
            "other accounts may read the file of the passphrase or credential, expected mode 0600 or 0400",
            "Take the permissions of group and others away with chmod, and change the passphrase: it may have been read.",
            Some("I7"),
        ));
    }
    fs::read(path).map(Zeroizing::new).map_err(|error| fault(&error))
}

fn long_enough(secret: Zeroizing<Vec<u8>>, bytes_min: usize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if secret.len() < bytes_min {
        let what =
            format!("the passphrase or credential has {} bytes, expected at least {bytes_min}", secret.len());
        return Err(refuse(0x2265, &what, "Choose a longer one.", Some("I7")));
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mode: u32, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    #[test]
    fn a_passphrase_file_is_private_and_long_enough() {
        let (_folder, path) = file(0o600, "correct horse battery\r\n");
        assert_eq!(of_process(Some(&path))(Guard::Passphrase).unwrap().as_slice(), b"correct horse battery");
        let (_folder, path) = file(0o640, "correct horse battery\n");
        assert!(of_process(Some(&path))(Guard::Passphrase).err().unwrap().what().contains("other accounts"));
        let (_folder, path) = file(0o600, "short\n");
        assert!(of_process(Some(&path))(Guard::Passphrase).err().unwrap().what().contains("5 bytes"));
    }
}
