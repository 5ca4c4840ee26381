//! Logging in, at a node that holds a real folder: what two attempts at once, and old passphrases, come to.

use std::thread;

use passage_protocol::{ids::MemberCode, signing::SigningKey, timestamp::Timestamp};
use zeroize::Zeroizing;

use super::*;
use crate::people::{
    accounts::NewAccount,
    role::{Role, Roles},
    session::new_token,
    totp,
};

const RIGHT: &str = "correct horse battery staple";
const NEW: &str = "another sentence nobody knows";

/// A node with the admin `root`.
fn node() -> (tempfile::TempDir, Home) {
    let (folder, home) = crate::fixture::district(MemberCode([7; 5]), &SigningKey::generate([7; 32]));
    let new = NewAccount {
        name: "root",
        person: "R. Root, IT",
        roles: Roles::of(&[Role::Admin]),
        passphrase: RIGHT,
    };
    home.add_account(&new, "R. Root, IT").unwrap();
    (folder, home)
}

fn hidden(text: &str) -> Hidden {
    Hidden::new(Zeroizing::new(text.to_owned()))
}

fn log_in(home: &Home, passphrase: &str, code: &str) -> Result<Hidden, String> {
    let token = new_token().unwrap();
    let (passphrase, code) = (hidden(passphrase), hidden(code));
    let with = Credentials { name: "root", passphrase: &passphrase, code: &code };
    home.log_in(&with, &token).map(|_| token).map_err(|failure| failure.code().to_owned())
}

#[test]
fn g12_a_refusal_is_given_at_the_same_time_whatever_was_done() {
    let at = |spent_ms| {
        let spent = Duration::from_millis(spent_ms);
        spent + until_refused(spent)
    };
    assert_eq!([0, 1, 130, 499].map(at), [REFUSED_AT; 4]);
    assert_eq!(at(500), REFUSED_AT * 2);
}

#[test]
fn g12_a_passphrase_that_is_too_old_opens_nothing_until_it_is_changed() {
    let (_folder, mut home) = node();
    home.settings.passphrase_max_days = 60;
    assert!(log_in(&home, RIGHT, "").is_ok());
    let mut account = home.account("root").unwrap().unwrap();
    account.passphrase.changed = Timestamp(home.now().0 - 61 * 86_400);
    home.store.commit(&[kept(&account)]).unwrap();
    assert_eq!(log_in(&home, RIGHT, "").err().as_deref(), Some("N2311"));
    assert_eq!(
        log_in(&home, "wrong wrong wrong", "").err().as_deref(),
        Some("N2310"),
        "a stranger is not told"
    );
    let (before, code, new) = (hidden(RIGHT), hidden(""), hidden(NEW));
    let with = Credentials { name: "root", passphrase: &before, code: &code };
    home.change_passphrase(&with, &new).unwrap();
    assert_eq!(log_in(&home, RIGHT, "").err().as_deref(), Some("N2310"));
    assert!(log_in(&home, NEW, "").is_ok());
    home.settings.passphrase_max_days = 0;
    let mut account = home.account("root").unwrap().unwrap();
    account.passphrase.changed = Timestamp(0);
    home.store.commit(&[kept(&account)]).unwrap();
    assert!(log_in(&home, NEW, "").is_ok(), "0 is never");
}

#[test]
fn g12_one_code_opens_one_session_even_to_two_at_once() {
    let (_folder, home) = node();
    let secret = home.switch_codes_on("root", "R. Root, IT").unwrap();
    let code = totp::code_of(&secret, home.now());
    let inside = thread::scope(|scope| {
        let hands: Vec<_> = (0..3).map(|_| scope.spawn(|| log_in(&home, RIGHT, &code).is_ok())).collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).filter(|inside| *inside).count()
    });
    assert_eq!(inside, 1);
}

#[test]
fn g12_failures_at_once_are_all_counted() {
    let (_folder, home) = node();
    thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| assert!(log_in(&home, "wrong wrong wrong", "").is_err()));
        }
    });
    let account = home.account("root").unwrap().unwrap();
    assert_eq!(account.failures, 5);
    assert!(account.waits_until.is_some_and(|until| until > home.now()));
    assert_eq!(log_in(&home, RIGHT, "").err().as_deref(), Some("N2310"));
    assert_eq!(home.account("root").unwrap().unwrap().failures, 5, "while it waits nothing is counted");
    home.enable_account("root", "R. Root, IT").unwrap();
    let token = log_in(&home, RIGHT, "").unwrap();
    assert_eq!(home.account("root").unwrap().unwrap().failures, 0);
    let live = home.live_session(&token).unwrap().unwrap();
    assert_eq!((live.session.person.as_str(), live.session.accepted), ("R. Root, IT", None));
    assert!(home.live_session(&new_token().unwrap()).unwrap().is_none());
}
