//! The frozen nickname table: each short form and the formal name it most often stands for.
//!
//! `nickname_root.tsv` has 1,224 rows `nickname TAB root`, in byte order. It is derived from the Python package
//! `nicknames` 1.0.1 (Apache-2.0) and the United States Social Security Administration's birth counts since 1970
//! (public domain): each nickname leads to its most frequent formal name, followed up to four steps while the parent
//! has at least 15 % of the child's births. The table is compiled in and its digest is part of every recipe digest,
//! so two members with different tables can not enter the same round unnoticed.

use std::sync::LazyLock;

use crate::ids::Digest;

/// The formal name behind `name`, or `name` itself. A single letter is never looked up.
///
/// # Cost
///
/// A binary search over the table; the table is split into rows once per process.
pub(super) fn root(name: &str) -> &str {
    if name.len() < 2 {
        return name;
    }
    let row = ROWS.binary_search_by_key(&name, |(nickname, _)| nickname).ok();
    row.and_then(|row| ROWS.get(row)).map_or(name, |(_, root)| root)
}

/// Digest of the table's bytes: part of every recipe digest.
pub(super) fn table_digest() -> Digest {
    *DIGEST
}

const TABLE: &str = include_str!("nickname_root.tsv");

static DIGEST: LazyLock<Digest> = LazyLock::new(|| Digest::of_blob(TABLE.as_bytes()));

static ROWS: LazyLock<Vec<(&'static str, &'static str)>> =
    LazyLock::new(|| TABLE.lines().filter_map(|line| line.split_once('\t')).collect());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_in_order() {
        assert_eq!(TABLE.lines().count(), 1_224);
        assert_eq!(ROWS.len(), 1_224);
        assert!(
            ROWS.windows(2).all(|pair| pair[0].0 < pair[1].0),
            "the binary search needs unique, ordered names"
        );
        let is_name = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
        assert!(ROWS.iter().all(|(nickname, root)| is_name(nickname) && is_name(root)));
    }

    #[test]
    fn short_forms_lead_to_formal_names() {
        assert_eq!(root("ABBY"), "ABIGAIL");
        assert_eq!(root("AB"), "ABRAHAM");
        assert_eq!(root("XQZ"), "XQZ");
        assert_eq!(root("A"), "A");
    }

    #[test]
    fn the_table_is_the_one_members_agreed_on() {
        assert_eq!(
            table_digest().to_string(),
            "8387dbd3ad63d9fd3d0d6e64f1bcfd28cd0c41d5b94f0ac433a351d54c69b1f2"
        );
    }
}
