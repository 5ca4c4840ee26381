//! Where the outer half of the node key comes from: a file or a terminal for the passphrase, systemd for a credential. Never
//! an argument, never an environment variable's value.

use std::{
    cell::RefCell,
    env, fs,
    io::{IsTerminal, stdin},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use passage_shell::failure::Failure;
use zeroize::Zeroizing;

use super::Guard;
use crate::{home::refuse, people::hidden::Hidden};

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
/// Permission bits a file with a secret must not have.
const OTHERS: u32 = 0o077;
/// The same of a credential. Since version 254 systemd gives the service's account access by an access control list, whose mask
/// shows as "group may read"; the folder is open to that account alone.
const OTHERS_OF_CREDENTIAL: u32 = 0o037;

/// The secrets of this process: `passphrase_file` is the setting of that name.
pub fn of_process(
    passphrase_file: Option<&Path>,
) -> impl Fn(Guard) -> Result<Zeroizing<Vec<u8>>, Failure> + use<> {
    let file = passphrase_file.map(Path::to_owned);
    move |guard| match guard {
        Guard::File => Ok(Zeroizing::new(Vec::new())),
        Guard::Credential => {
            let key = credential(KEY_CREDENTIAL)?;
            long_enough(key, &format!("credential {KEY_CREDENTIAL}"), KEY_BYTES_MIN)
        }
        Guard::Passphrase => long_enough(passphrase(file.as_deref())?, "passphrase", PASSPHRASE_BYTES_MIN),
    }
}

/// Asks `outer` once for each guard, so that a person types a passphrase once for one command.
pub fn remembered<'a>(
    outer: impl Fn(Guard) -> Result<Zeroizing<Vec<u8>>, Failure> + 'a,
) -> impl Fn(Guard) -> Result<Zeroizing<Vec<u8>>, Failure> + 'a {
    let known: RefCell<Vec<(Guard, Zeroizing<Vec<u8>>)>> = RefCell::default();
    move |guard| {
        if let Some((_, secret)) = known.borrow().iter().find(|(one, _)| *one == guard) {
            return Ok(secret.clone());
        }
        let secret = outer(guard)?;
        known.borrow_mut().push((guard, secret.clone()));
        Ok(secret)
    }
}

fn passphrase(file: Option<&Path>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let loaded = env::var_os(CREDENTIALS)
        .is_some_and(|folder| Path::new(&folder).join(PASSPHRASE_CREDENTIAL).exists());
    let mut text = match file {
        Some(file) => read(file, "file of the passphrase", OTHERS)?,
        None if loaded => credential(PASSPHRASE_CREDENTIAL)?,
        None if stdin().is_terminal() => {
            let typed = rpassword::prompt_password("Passphrase of this node's data: ");
            Zeroizing::new(typed.map_err(|error| Failure::io("read the passphrase", &error))?.into_bytes())
        }
        None => {
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

/// A credential the service manager has loaded for this process.
fn credential(name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let missing = |what: &str| {
        let advice = format!(
            "Start the node as its systemd service, with LoadCredentialEncrypted={name}; a command reaches the running service without it."
        );
        refuse(0x2263, what, &advice, Some("I7"))
    };
    let folder = env::var_os(CREDENTIALS).ok_or_else(|| {
        missing(&format!("the stored tables need the credential {name} of the service manager, and there is no folder of credentials"))
    })?;
    let path = PathBuf::from(folder).join(name);
    if !path.exists() {
        return Err(missing(&format!("the credential {name} is not in the folder of credentials")));
    }
    read(&path, &format!("credential {name}"), OTHERS_OF_CREDENTIAL)
}

/// Reads a secret no other account may read: `others` are the permission bits it must not have.
fn read(path: &Path, what: &str, others: u32) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let fault = |error: &std::io::Error| Failure::io(&format!("read the {what}"), error);
    let mode = fs::metadata(path).map_err(|error| fault(&error))?.permissions().mode();
    if mode & others != 0 {
        return Err(refuse(
            0x2264,
            &format!("other accounts may read the {what}, expected mode 0600 or 0400"),
            "Take the permissions of group and others away with chmod, and change the secret: it may have been read.",
            Some("I7"),
        ));
    }
    fs::read(path).map(Zeroizing::new).map_err(|error| fault(&error))
}

/// The passphrase of an account and the code that goes with it: from a file, or typed without being shown.
///
/// # Errors
///
/// [`Failure`] if others may read the file, or there is neither a file nor a terminal.
pub fn typed_passphrase(file: Option<&Path>) -> Result<(Hidden, Hidden), Failure> {
    if let Some(file) = file {
        return lines_of(file);
    }
    require_terminal()?;
    let passphrase = typed("Passphrase: ")?;
    Ok((passphrase, typed("Code of the authenticator app (nothing if you have none): ")?))
}

/// A new passphrase of an account: from a file, or typed twice.
///
/// # Errors
///
/// As [`typed_passphrase`]; if the two differ.
pub fn new_passphrase(file: Option<&Path>) -> Result<Hidden, Failure> {
    if let Some(file) = file {
        return Ok(lines_of(file)?.0);
    }
    require_terminal()?;
    let (one, again) = (typed("New passphrase: ")?, typed("The same again: ")?);
    if one.expose() == again.expose() {
        return Ok(one);
    }
    Err(refuse(
        0x231E,
        "the two passphrases differ",
        "Type the same one twice; nothing was changed.",
        Some("G12"),
    ))
}

fn typed(prompt: &str) -> Result<Hidden, Failure> {
    let typed = rpassword::prompt_password(prompt);
    Ok(Hidden::new(Zeroizing::new(typed.map_err(|error| Failure::io("read the passphrase", &error))?)))
}

/// The first two lines of a file no other account may read.
fn lines_of(file: &Path) -> Result<(Hidden, Hidden), Failure> {
    let bytes = read(file, "file of the passphrase", OTHERS)?;
    let text = str::from_utf8(&bytes).unwrap_or_default();
    let mut lines = text.lines().map(|line| Hidden::new(Zeroizing::new(line.to_owned())));
    Ok((lines.next().unwrap_or_default(), lines.next().unwrap_or_default()))
}

fn require_terminal() -> Result<(), Failure> {
    if stdin().is_terminal() {
        return Ok(());
    }
    Err(refuse(
        0x231D,
        "a passphrase is needed, and there is neither a terminal nor a file to read it from",
        "Type the command on a terminal, or name a file of mode 0600 with --passphrase-file.",
        Some("G12"),
    ))
}

fn long_enough(
    secret: Zeroizing<Vec<u8>>,
    what: &str,
    bytes_min: usize,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if secret.len() < bytes_min {
        let what = format!("the {what} has {} bytes, expected at least {bytes_min}", secret.len());
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

    #[test]
    fn a_secret_is_asked_for_once() {
        let asked = RefCell::new(0);
        let outer = remembered(|_| {
            *asked.borrow_mut() += 1;
            Ok(Zeroizing::new(vec![7]))
        });
        for guard in [Guard::Passphrase, Guard::Passphrase, Guard::Credential, Guard::Passphrase] {
            assert_eq!(outer(guard).unwrap().as_slice(), [7]);
        }
        assert_eq!(*asked.borrow(), 2);
    }
}
