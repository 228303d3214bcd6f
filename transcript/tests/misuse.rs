//! Proofs that are read otherwise than they were written: errors, whatever is asked for.

use ark_bn254::Fr;
use ark_ec::AffineRepr;
use tacit_transcript::{Error, Label, ProofReader, ProofWriter, encoding, value::Masked};

const SCALARS: Label = Label::new("scalars");

fn proof() -> Vec<u8> {
    let mut writer = ProofWriter::new(b"misuse");
    writer.write_scalars(SCALARS, &[Fr::from(3_u64); 2]);
    writer.finish()
}

#[test]
fn more_is_never_read_than_there_is() {
    let bytes = proof();
    for count in [3, 1000, usize::MAX / 32, usize::MAX] {
        let needed = count.saturating_mul(32);
        let truncated = Error::Truncated { label: SCALARS, needed, left: 64 };
        let mut reader = ProofReader::new(b"misuse", &bytes);
        assert_eq!(reader.read_scalars(SCALARS, count), Err(truncated.clone()));
        assert_eq!(reader.read_points(SCALARS, count), Err(truncated));
    }
    let mut reader = ProofReader::new(b"misuse", &bytes);
    assert_eq!(reader.read_scalars(SCALARS, 0), Ok(vec![]));
    assert_eq!(reader.read_scalar(SCALARS), Ok(Fr::from(3_u64)));
    assert_eq!(reader.finish_into_merlin().err(), Some(Error::TrailingBytes { count: 32 }));
}

#[test]
fn no_masks_for_a_commitment_are_one() {
    let bytes = proof();
    let mut reader = ProofReader::<Masked>::masked(b"misuse", &bytes, 0);
    assert!(reader.read_scalars(SCALARS, 2).is_err());
    let mut reader = ProofReader::<Masked>::masked(b"misuse", &[], usize::MAX);
    assert!(matches!(reader.read_scalar(SCALARS), Err(Error::Truncated { .. })));
}

#[test]
fn bytes_of_other_lengths_are_no_scalars_and_no_points() {
    let point = encoding::point_to_bytes(&ark_bn254::G1Affine::generator());
    for length in [0, 1, 31, 33, 64] {
        let bytes = vec![0; length];
        assert_eq!(encoding::scalar_from_bytes(&bytes), None, "{length} bytes");
        let longer = [&point[..], &bytes].concat();
        for bytes in [&bytes[..], &longer[..]] {
            assert!(bytes.len() == 32 || encoding::point_from_bytes(bytes).is_none());
        }
    }
    assert_eq!(encoding::points_from_bytes(&[&point[..], &[0; 5]].concat()), Err(1));
}
