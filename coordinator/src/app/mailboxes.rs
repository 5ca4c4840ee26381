//! Who waits for mail: one wake-up per member. It holds no mail; that stands in the store.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use passage_protocol::ids::MemberCode;
use tokio::sync::Notify;

/// Wake-ups by member. At most one entry per member of the consortium.
#[derive(Default)]
pub struct Mailboxes {
    waiting: Mutex<HashMap<MemberCode, Arc<Notify>>>,
}

impl Mailboxes {
    /// The member's wake-up.
    #[must_use]
    pub fn of(&self, member: MemberCode) -> Arc<Notify> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(waiting.entry(member).or_default())
    }

    /// Wakes everyone who waits for the mail of these members.
    pub fn wake(&self, members: impl IntoIterator<Item = MemberCode>) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        for member in members {
            if let Some(notify) = waiting.get(&member) {
                notify.notify_waiters();
            }
        }
    }
}
