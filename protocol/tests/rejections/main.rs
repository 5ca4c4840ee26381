//! What is refused because of its bytes: vector files named for the fault, one mutation away from good ones.
//!
//! Each `tests/vectors/bad_*.json` holds good inputs of a reader and their bad neighbours with the stable code that must
//! result and a sentence why. Another implementation can read the same files. They are made from fixed seeds by the modules
//! here; after a change that is meant, write them anew and review what changed:
//!
//! ```text
//! cargo test -p passage-protocol --test rejections -- --ignored rewrite
//! ```
//!
//! Chunks of sealed blobs beyond the first would make files of 130 kB each; they are tested in `src/seal/tests.rs`, bare
//! encodings of points against the vectors of RFC 9496 in `src/group/vectors.rs`, frames of the transport in the shell.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test code: what is not as expected fails the test"
)]

mod consortium;
mod documents;
mod file;
mod lists;
mod messages;
mod openings;
mod proofs;
mod rounds;
mod seals;
mod signatures;
mod tables;

macro_rules! files {
    ($($module:ident $test:ident;)*) => {
        $(
            #[test]
            fn $test() {
                $module::FILE.check();
            }
        )*

        #[test]
        #[ignore = "writes the vector files anew"]
        fn rewrite() {
            $($module::FILE.rewrite();)*
        }
    };
}

files! {
    documents bad_documents_are_refused;
    lists bad_lists_are_refused;
    messages bad_messages_are_refused;
    openings bad_openings_are_refused;
    proofs bad_proofs_are_refused;
    rounds bad_steps_of_a_round_abort_it;
    seals bad_seals_are_refused;
    signatures bad_signatures_are_refused;
    tables bad_tables_are_refused;
}
