//! The transcript binds challenges to labels, counts and bytes.

use ark_bn254::{Fr, G1Affine};
use ark_ec::AffineRepr;
use tacit_transcript::{Error, Label, ProofReader, ProofWriter, Transcript};

const A: Label = Label::new("a");
const B: Label = Label::new("b");

fn challenge(feed: impl Fn(&mut ProofWriter)) -> Fr {
    let mut writer = ProofWriter::new(b"test");
    feed(&mut writer);
    writer.squeeze(A)
}

#[test]
fn challenges_differ_by_label_count_and_split() {
    let one = Fr::from(1_u64);
    let all = [
        challenge(|w| w.write_scalars(A, &[one, one])),
        challenge(|w| w.write_scalars(B, &[one, one])),
        challenge(|w| {
            w.write_scalars(A, &[one]);
            w.write_scalars(A, &[one]);
        }),
        challenge(|w| w.write_scalars(A, &[one])),
        challenge(|w| w.absorb_scalars(A, &[one, one])),
        challenge(|_| ()),
    ];
    for (i, x) in all.iter().enumerate() {
        assert!(all[..i].iter().all(|y| y != x), "feed {i} collides");
    }
}

#[test]
fn reader_follows_writer_and_rejects_trailing_and_missing_bytes() {
    let mut writer = ProofWriter::new(b"test");
    writer.absorb_bytes(A, b"statement");
    writer.write_points(B, &[G1Affine::generator()]);
    writer.write_scalars(A, &[Fr::from(5_u64)]);
    let expected = writer.squeeze(B);
    let mut proof = writer.finish();
    let read = |proof: &[u8]| -> Result<Fr, Error> {
        let mut reader = ProofReader::new(b"test", proof);
        reader.absorb_bytes(A, b"statement");
        reader.read_points(B, 1)?;
        reader.read_scalar(A)?;
        let challenge = reader.squeeze(B);
        reader.finish()?;
        Ok(challenge)
    };
    assert_eq!(read(&proof), Ok(expected));
    assert_eq!(read(&proof[..63]), Err(Error::Truncated { label: A, needed: 32, left: 31 }));
    proof.push(0);
    assert_eq!(read(&proof), Err(Error::TrailingBytes { count: 1 }));
}
