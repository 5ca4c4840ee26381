//! The list of accounts a person looks at every quarter (G12): who may do what, who came last, what is late, what stands out.

use passage_protocol::timestamp::Timestamp;

use super::{
    account::{Account, REVIEW_DAYS},
    request::Request,
};

/// What stands out about an account.
#[must_use]
pub fn remarks(account: &Account, now: Timestamp) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(at) = account.reset {
        remarks.push(format!("RESET by the owner of the folder on {}", at.date()));
    }
    if let Some(at) = account.disabled {
        remarks.push(format!("disabled on {}", at.date()));
    }
    if let Some(until) = account.waits_until.filter(|until| now < *until) {
        remarks.push(format!("waits until {until} after {} failed logins", account.failures));
    }
    match account.review_overdue_days(now) {
        Some(days) => remarks.push(format!("REVIEW OVERDUE by {days} days")),
        None if account.reviewed.is_none() => remarks.push("not reviewed yet".to_owned()),
        None => {}
    }
    if account.last_login.is_none() {
        remarks.push("never logged in".to_owned());
    }
    if account.totp.is_none() {
        remarks.push("no one-time codes".to_owned());
    }
    remarks
}

/// The list as a page of text.
#[must_use]
pub fn page(accounts: &[Account], requests: &[Request], now: Timestamp) -> String {
    let day = |time: Option<Timestamp>| time.map_or("never".to_owned(), |time| time.date().to_string());
    let mut lines = vec![
        format!("Accounts on {}; each is looked at every {REVIEW_DAYS} days (G12)", now.date()),
        String::new(),
    ];
    for account in accounts {
        lines.push(format!("{}  {}", account.name, account.person));
        lines.push(format!("    roles       {}", account.roles.words()));
        lines.push(format!(
            "    made {}, last login {}, passphrase of {}, last review {}",
            account.made.date(),
            day(account.last_login),
            account.passphrase.changed.date(),
            day(account.reviewed)
        ));
        lines.extend(remarks(account, now).iter().map(|remark| format!("    ! {remark}")));
    }
    if accounts.is_empty() {
        lines.push("no account yet: whoever owns the state folder holds every role".to_owned());
    }
    if !requests.is_empty() {
        lines.push(String::new());
        lines.push("Waiting for a second person".to_owned());
        lines.extend(
            requests.iter().map(|one| format!("    {}  asked for by {} at {}", one.act, one.person, one.at)),
        );
    }
    let late = accounts.iter().filter(|account| account.review_overdue_days(now).is_some()).count();
    lines.push(String::new());
    lines.push(format!(
        "{} accounts, {late} overdue. When every line is right: account review --confirm",
        accounts.len()
    ));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::people::{account::sample, role::Role};

    #[test]
    fn g12_the_review_list_shows_what_stands_out() {
        const DAY: u64 = 86_400;
        let made = Timestamp(1_795_000_000);
        let now = made.plus_s(100 * DAY);
        let at = |days: u64| Some(made.plus_s(days * DAY));
        let clerk = Account { last_login: at(99), reviewed: at(40), ..sample("maria", &[Role::Clerk], made) };
        let admin = Account {
            reset: at(98),
            last_login: at(98),
            ..sample("root", &[Role::Admin, Role::Auditor], made)
        };
        let gone = Account {
            disabled: at(50),
            failures: 6,
            waits_until: Some(now.plus_s(1_800)),
            ..sample("sam", &[Role::Approver], made.plus_s(30 * DAY))
        };
        let request = Request {
            act: "sign".to_owned(),
            account: "sam".to_owned(),
            person: "sam, Office".to_owned(),
            at: now,
        };
        let page = page(&[clerk, admin, gone], &[request], now);
        assert_eq!(format!("{page}\n"), include_str!("../../tests/golden/account-review.txt"));
    }
}
