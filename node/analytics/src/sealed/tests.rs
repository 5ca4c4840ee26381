//! A sealed file gives back what was written, at any place, and nothing else.

use std::io::Seek;

use proptest::prelude::*;

use super::*;

const LABEL: &str = "enrolment/2019-2020/0";
const FIRST_CHUNK: usize = 40;

fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from((at * 7 + at / 251) % 256).unwrap()).collect()
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    let mut writer =
        SealedWriter::new(Vec::new(), &FileKey::new([1; 32]), FreshSalt::new([2; 32]), LABEL).unwrap();
    writer.write_all(plain).unwrap();
    let sealed = writer.finish().unwrap();
    assert_eq!(sealed.digest, Digest::of_blob(&sealed.sink));
    assert_eq!(sealed.bytes, sealed.sink.len() as u64);
    sealed.sink
}

fn open_with(bytes: &[u8], key: u8, label: &str) -> Result<SealedFile, SealedError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    SealedFile::open(file, &FileKey::new([key; 32]), label)
}

fn open(bytes: &[u8]) -> Result<SealedFile, SealedError> {
    open_with(bytes, 1, LABEL)
}

fn whole(file: &SealedFile) -> Vec<u8> {
    let mut out = vec![0; usize::try_from(file.len()).unwrap()];
    file.read_at(0, &mut out).unwrap();
    out
}

fn chunk_of(error: Result<(), SealedError>) -> Option<u64> {
    match error {
        Err(SealedError::Tampered { chunk, .. }) => Some(chunk),
        _ => None,
    }
}

#[test]
fn what_was_written_comes_back_whatever_its_length() {
    for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 200_000] {
        let plain = plain(length);
        let file = open(&sealed(&plain)).unwrap();
        assert_eq!(file.len(), length as u64);
        assert!(whole(&file) == plain, "{length}");
        file.verify().unwrap();
    }
}

#[test]
fn the_size_of_the_writes_does_not_matter() {
    let plain = plain(150_000);
    let mut writer =
        SealedWriter::new(Vec::new(), &FileKey::new([1; 32]), FreshSalt::new([2; 32]), LABEL).unwrap();
    for part in plain.chunks(777) {
        writer.write_all(part).unwrap();
        writer.flush().unwrap();
    }
    assert!(writer.finish().unwrap().sink == sealed(&plain));
}

#[test]
fn a_changed_byte_is_found_wherever_it_is() {
    let bytes = sealed(&plain(200_000));
    for position in (0..bytes.len()).step_by(997).chain([3, 39, 41, bytes.len() - 1]) {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        match open(&changed) {
            Err(SealedError::NotSealed { .. }) => assert!(position < 8, "byte {position}"),
            Err(SealedError::Tampered { chunk, .. }) => {
                assert!(chunk == 3 || position < 40, "byte {position}")
            }
            Err(other) => panic!("byte {position}: {other}"),
            Ok(file) => {
                let expected = (position - FIRST_CHUNK) / SEALED_CHUNK_BYTES;
                assert_eq!(chunk_of(file.verify()), Some(expected as u64), "byte {position}");
            }
        }
    }
}

#[test]
fn a_cut_file_shows_when_it_is_opened() {
    let bytes = sealed(&plain(3 * CHUNK_BYTES));
    for kept in [0, 7, 8, 39, 40, 55, 56, FIRST_CHUNK + SEALED_CHUNK_BYTES, bytes.len() - 1] {
        assert!(open(&bytes[..kept]).is_err(), "{kept} bytes");
    }
    assert!(open(&[bytes.as_slice(), &[0]].concat()).is_err());
    assert!(open(&[bytes.as_slice(), &[0; 16]].concat()).is_err());
    assert!(open(&[bytes.as_slice(), &[0; 17]].concat()).is_err());
}

#[test]
fn chunks_cannot_be_swapped_dropped_repeated_or_moved() {
    let bytes = sealed(&plain(4 * CHUNK_BYTES));
    let chunk = |at: usize| &bytes[FIRST_CHUNK + at * SEALED_CHUNK_BYTES..][..SEALED_CHUNK_BYTES];
    let made = |order: &[usize]| {
        let mut made = bytes[..FIRST_CHUNK].to_vec();
        order.iter().for_each(|at| made.extend_from_slice(chunk(*at)));
        made
    };
    assert!(made(&[0, 1, 2, 3]) == bytes);
    assert_eq!(chunk_of(open(&made(&[1, 0, 2, 3])).unwrap().verify()), Some(0));
    assert!(open(&made(&[0, 1, 3])).is_err());
    assert!(open(&made(&[0, 1, 2, 3, 3])).is_err());
    assert!(open(&made(&[0, 1, 2])).is_err());
    assert_eq!(chunk_of(open_with(&bytes, 1, "enrolment/2020-2021/0").map(drop)), Some(3));
    assert_eq!(chunk_of(open_with(&bytes, 9, LABEL).map(drop)), Some(3));
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_an_error() {
    let bytes = sealed(&plain(3 * CHUNK_BYTES));
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&bytes).unwrap();
    let opened = SealedFile::open(file.try_clone().unwrap(), &FileKey::new([1; 32]), LABEL).unwrap();
    file.set_len(1000).unwrap();
    assert_eq!(chunk_of(opened.verify()), Some(0));
}

#[test]
fn no_plaintext_shows_in_the_file() {
    let bytes = sealed(&b"MARKER-SURNAME".repeat(9000));
    assert!(!bytes.windows(6).any(|window| window == b"MARKER"));
}

#[test]
fn removing_the_path_does_not_disturb_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table");
    std::fs::write(&path, sealed(&plain(90_000))).unwrap();
    let file = SealedFile::open(File::open(&path).unwrap(), &FileKey::new([1; 32]), LABEL).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(whole(&file) == plain(90_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_range_equals_that_of_a_plain_copy(
        length in 0_usize..220_000,
        from in 0_usize..230_000,
        take in 0_usize..150_000,
    ) {
        let plain = plain(length);
        let file = open(&sealed(&plain)).unwrap();
        let mut out = vec![0; take];
        let read = file.read_at(from as u64, &mut out);
        match plain.get(from..from + take) {
            Some(part) => prop_assert!(read.is_ok() && out == part),
            None => {
                let refused = matches!(read, Err(SealedError::OutOfRange { .. }));
                prop_assert!(refused);
            }
        }
    }
}
