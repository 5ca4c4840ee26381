//! Honest rounds release what the plaintext oracle counts.

use harness::federation::{Federation, Setup};

#[test]
fn the_smallest_federation_releases_the_oracles_counts() {
    let federation = Federation::played(Setup::pair(60, 20, 1));
    let (round, _) = federation.released();
    let expected = federation.oracle();
    assert_eq!(federation.raw(round).len(), expected.len());
    for (raw, expected) in federation.raw(round).iter().zip(&expected) {
        assert_eq!(raw.as_deref(), Some(expected.counts.as_slice()), "{expected:?}");
    }
}
