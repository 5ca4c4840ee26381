//! The names and public codes that must not be inside a file that leaves: of every party of every agreement held here, and
//! of every school and college in this member's own data (G09).

use std::{collections::BTreeSet, sync::PoisonError};

use passage_protocol::{
    ids::MemberCode,
    release::{page::names, scan::Known},
};
use passage_shell::failure::Failure;

use crate::{governance::HeldAgreement, home::Home};

/// Columns with codes of institutions as their sources write them; the last has names.
const COLUMNS: [&str; 5] = ["institution", "school", "origin_institution", "college_code", "college_name"];

impl Home {
    /// Names and codes to look for; the names of the members in `naming` may stand.
    ///
    /// # Errors
    ///
    /// [`Failure`] if the store or a stored table is damaged.
    pub(super) fn known_names(
        &self,
        agreement: &HeldAgreement,
        naming: &[MemberCode],
    ) -> Result<Known, Failure> {
        let mut known = Known::default();
        for held in self.agreements()? {
            held.agreement.parties.iter().for_each(|party| known.add_name(&party.name));
        }
        let mut values = BTreeSet::new();
        let custody = self.custody.read().unwrap_or_else(PoisonError::into_inner);
        for entry in self.stored()? {
            if !self.schemas.queryable().any(|(name, _)| name == entry.place.table) {
                continue;
            }
            self.tables.read(&custody, &entry, &COLUMNS, &mut |row| {
                for at in 0..COLUMNS.len() {
                    if let Some(value) =
                        row.text(at).filter(|value| !values.contains(&(at, (*value).to_owned())))
                    {
                        values.insert((at, value.to_owned()));
                    }
                }
                Ok(())
            })?;
        }
        for (at, value) in &values {
            known.add_code(value);
            // A code column may hold a name; one word of letters there is a word like MAIN.
            let digits = value.bytes().any(|byte| byte.is_ascii_digit());
            if *at + 1 == COLUMNS.len() || value.trim().contains(' ') || digits {
                known.add_name(value);
            }
        }
        names(&agreement.agreement, naming).iter().for_each(|(_, name)| known.permit(name));
        Ok(known)
    }
}
