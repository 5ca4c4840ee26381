//! Where a party may crash: a counter per party that ends the party's process at its n-th fault point.
//!
//! A fault point stands before and after every commit and every effect of the hosts. A crash drops everything in memory and
//! keeps what was stored; [`Crashed`] travels up to the federation, which starts the party again.

use std::cell::{Cell, RefCell};

/// A party of a federation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Party {
    /// The coordinator.
    Coordinator,
    /// A member, by participant index.
    Member(usize),
}

/// The party's process is gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Crashed;

/// Counts fault points and strikes at chosen ones.
#[derive(Default)]
pub struct Faults {
    planned: RefCell<Vec<(Party, u64)>>,
    passed: RefCell<Vec<(Party, u64)>>,
    struck: Cell<u32>,
    last: RefCell<Vec<(Party, &'static str)>>,
}

impl Faults {
    /// Crashes `party` at its fault point number `at`, counted from 0 over the whole run.
    pub fn plan(&self, party: Party, at: u64) {
        self.planned.borrow_mut().push((party, at));
    }

    /// Passes one fault point.
    ///
    /// # Errors
    ///
    /// [`Crashed`] if a crash was planned here.
    pub fn pass(&self, party: Party, what: &'static str) -> Result<(), Crashed> {
        let number = {
            let mut passed = self.passed.borrow_mut();
            match passed.iter_mut().find(|(one, _)| *one == party) {
                Some((_, number)) => {
                    *number += 1;
                    *number - 1
                }
                None => {
                    passed.push((party, 1));
                    0
                }
            }
        };
        if self.planned.borrow().contains(&(party, number)) {
            self.struck.set(self.struck.get() + 1);
            self.last.borrow_mut().push((party, what));
            return Err(Crashed);
        }
        Ok(())
    }

    /// Fault points a party has passed.
    #[must_use]
    pub fn passed(&self, party: Party) -> u64 {
        self.passed.borrow().iter().find(|(one, _)| *one == party).map_or(0, |(_, number)| *number)
    }

    /// Crashes so far.
    #[must_use]
    pub fn struck(&self) -> u32 {
        self.struck.get()
    }

    /// Who crashed where, for the message of a failed test.
    #[must_use]
    pub fn struck_at(&self) -> Vec<(Party, &'static str)> {
        self.last.borrow().clone()
    }
}
