//! Look-ups by themselves: accepted for tables and inputs of all shapes, every message against mutations, any bytes, misuse.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/clear.rs"]
mod clear;

use std::collections::BTreeSet;

use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ec::PrimeGroup;
use ark_ff::One;
use clear::Clear;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_layers::{Layout, Tensor, argument::hyrax::Hyrax};
use tacit_prover::{
    Commitments, Error as Unproved, hyrax,
    logup::{
        self, Fractions, LeafBlock, LeafRows, LinearTable, Lookup, LookupLeaves, ProveLookup, Range, Table,
        TableKind,
    },
};
use tacit_transcript::{
    Error as Malformed, Event, Label, ProofReader, ProofWriter, Transcript,
    encoding::{point_to_bytes, scalar_from_bytes, scalar_to_bytes},
    labels,
};
use tacit_verifier::{Commitments as _, Error, logup::VerifyLookup};

const DOMAIN: &[u8] = b"look-ups";

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn range(minimum: i64, maximum: i64) -> TableKind {
    Range::new(minimum..=maximum).unwrap().into()
}

/// Rows whose first column is consecutive if it should be.
fn table(columns: usize, rows: usize, is_consecutive: bool) -> TableKind {
    let element = |column: usize, row: usize| match column {
        0 if is_consecutive => row as i64 - 3,
        0 => (row * row * 7 % 101) as i64 - 50,
        _ => ((row + column) as i64).pow(3) << (10 * (column % 4)),
    };
    let columns = (0..columns).map(|column| (0..rows).map(|row| element(column, row)).collect());
    Table::new(columns.collect()).unwrap().into()
}

/// An input's tensors, every row one of its table, drawn at random.
fn draw(kind: &TableKind, layout: &Layout, rng: &mut ChaCha8Rng) -> Vec<Tensor<i64>> {
    let count = layout.num_elements();
    let data: Vec<Vec<i64>> = match kind {
        TableKind::Range(range) => {
            let (minimum, maximum) = range.bounds();
            vec![(0..count).map(|_| rng.random_range(minimum..=maximum)).collect()]
        }
        TableKind::Table(table) => {
            let rows: Vec<usize> = (0..count).map(|_| rng.random_range(0..table.num_rows())).collect();
            let columns = table.columns().iter();
            columns.map(|column| rows.iter().map(|&row| column[row]).collect()).collect()
        }
    };
    data.into_iter().map(|data| Tensor::new(layout.clone(), data).unwrap()).collect()
}

struct Case {
    lookup: Lookup,
    columns: Vec<Tensor<i64>>,
}

impl Case {
    fn new(tables: Vec<TableKind>, inputs: &[(usize, &[usize])]) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let inputs: Vec<(usize, Layout)> =
            inputs.iter().map(|&(table, axes)| (table, layout(axes))).collect();
        let columns =
            inputs.iter().flat_map(|(table, layout)| draw(&tables[*table], layout, &mut rng)).collect();
        Self { lookup: Lookup::new(tables, inputs).unwrap(), columns }
    }

    fn tensors(&self) -> Vec<&Tensor<i64>> {
        self.columns.iter().collect()
    }

    /// Proves over a scheme.
    fn prove(
        &self,
        writer: &mut ProofWriter,
        commitments: &mut impl Commitments,
    ) -> tacit_layers::proof::lookup::LookupClaims {
        for tensor in &self.columns {
            commitments.commit(writer, labels::COMMITMENT, &[tensor.into()]).unwrap();
        }
        self.lookup.prover(&self.tensors()).unwrap().prove(writer, commitments).unwrap()
    }

    /// A proof over columns in the clear.
    fn clear(&self) -> Vec<u8> {
        let mut writer = ProofWriter::new(DOMAIN);
        let claims = self.prove(&mut writer, &mut Clear::default());
        let proof = writer.finish();
        assert_eq!(self.verify_clear(&self.lookup, &proof), Ok(true));
        assert_eq!(claims.into_claims().len(), self.columns.len() + self.lookup.tables().len());
        proof
    }

    /// Whether the claims of a proof that is accepted hold.
    fn verify_clear(&self, lookup: &Lookup, proof: &[u8]) -> Result<bool, Error> {
        let mut reader = ProofReader::new(DOMAIN, proof);
        let mut commitments = Clear::default();
        let layouts: Vec<&Layout> = self.columns.iter().map(Tensor::layout).collect();
        commitments.read(&mut reader, labels::COMMITMENT, &layouts)?;
        let claims = lookup.verifier().verify(&mut reader, &mut commitments)?;
        reader.finish()?;
        Ok(commitments.hold(&claims.into_claims_on(|column| lookup.number(column))))
    }

    fn hyrax(&self) -> (Vec<u8>, Vec<(Label, usize)>) {
        let mut writer = ProofWriter::new(DOMAIN);
        let mut columns = hyrax::Columns::new(Hyrax::new(3).unwrap());
        let claims = self.prove(&mut writer, &mut columns);
        columns.open(&mut writer, &claims.into_claims_on(|column| self.lookup.number(column))).unwrap();
        let messages = writer.messages().to_vec();
        (writer.finish(), messages)
    }

    fn verify_hyrax(&self, proof: &[u8]) -> Result<(), Error> {
        let mut reader = ProofReader::new(DOMAIN, proof);
        let mut columns = tacit_verifier::hyrax::Columns::new(Hyrax::new(3).unwrap());
        for tensor in &self.columns {
            columns.read(&mut reader, labels::COMMITMENT, &[tensor.layout()])?;
        }
        let claims = self.lookup.verifier().verify(&mut reader, &mut columns)?;
        columns.verify(&mut reader, &claims.into_claims_on(|column| self.lookup.number(column)))?;
        Ok(reader.finish()?)
    }
}

fn cases() -> Vec<Case> {
    vec![
        Case::new(vec![range(0, 0)], &[(0, &[1])]),
        Case::new(vec![range(5, 9)], &[(0, &[1])]),
        Case::new(vec![range(5, 9)], &[(0, &[5])]),
        Case::new(vec![range(-8, 7)], &[(0, &[4, 4])]),
        Case::new(vec![range(-8, 7)], &[(0, &[3, 3]), (0, &[2]), (0, &[1, 5, 3])]),
        Case::new(vec![range(-20, -3)], &[(0, &[3, 1, 7])]),
        Case::new(vec![table(1, 1, true)], &[(0, &[1])]),
        Case::new(vec![table(1, 7, false)], &[(0, &[6, 2])]),
        Case::new(vec![table(2, 8, true)], &[(0, &[4])]),
        Case::new(vec![table(3, 9, false)], &[(0, &[3, 5])]),
        Case::new(vec![table(3, 8, true)], &[(0, &[2, 2]), (0, &[3])]),
        Case::new(
            vec![table(3, 20, true), range(-3, 3), table(2, 5, false), range(100, 131)],
            &[(1, &[5]), (0, &[2, 3]), (3, &[8]), (2, &[1]), (0, &[7]), (1, &[2, 2])],
        ),
    ]
}

#[test]
fn accepts_tables_and_inputs_of_all_shapes() {
    for case in cases() {
        let _ = case.clear();
        let (proof, _) = case.hyrax();
        assert_eq!(case.verify_hyrax(&proof), Ok(()));
    }
}

#[test]
fn accepts_trees_that_are_read_from_their_tables() {
    for (tables, inputs) in [
        (vec![range(-100, 900)], vec![(0, &[70, 70][..]), (0, &[4096])]),
        (vec![range(0, 1023), table(2, 1000, true)], vec![(0, &[64, 128]), (1, &[50, 3, 40]), (1, &[2048])]),
        (vec![table(4, 3000, false)], vec![(0, &[333, 9])]),
    ] {
        let _ = Case::new(tables, &inputs).clear();
    }
    // One table of 2^20 rows, and one more for padding.
    let _ = Case::new(vec![range(0, (1 << 20) - 1)], &[(0, &[1000])]).clear();
}

#[test]
fn accepts_descriptions_drawn_at_random() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for _ in 0..60 {
        let kinds = (0..rng.random_range(1..4)).map(|_| match rng.random_range(0..3) {
            0 => {
                let minimum = rng.random_range(-40..40);
                range(minimum, minimum + rng.random_range(0..40))
            }
            kind => table(rng.random_range(1..5), rng.random_range(1..30), kind == 1),
        });
        let kinds: Vec<TableKind> = kinds.collect();
        // Every table has an input, some have more.
        let inputs = (0..kinds.len() + rng.random_range(0..4)).map(|input| {
            let axes = (0..rng.random_range(1..4)).map(|_| rng.random_range(1..6)).collect();
            let table = if input < kinds.len() { input } else { rng.random_range(0..kinds.len()) };
            (table, axes)
        });
        let inputs: Vec<(usize, Vec<usize>)> = inputs.collect();
        let inputs: Vec<(usize, &[usize])> =
            inputs.iter().map(|(table, axes)| (*table, axes.as_slice())).collect();
        let _ = Case::new(kinds, &inputs).clear();
    }
}

#[test]
fn integers_may_be_large() {
    let kinds = [
        range((1 << 62) - 5, 1 << 62),
        range(-(1 << 62), 3 - (1 << 62)),
        Table::new(vec![vec![i64::MAX, i64::MIN, 0, -1], vec![i64::MIN, 1 << 61, i64::MAX, 5]])
            .unwrap()
            .into(),
        Table::new(vec![vec![i64::MAX - 1, i64::MAX]]).unwrap().into(),
    ];
    for kind in kinds {
        let _ = Case::new(vec![kind.clone()], &[(0, &[3])]).clear();
        let _ = Case::new(vec![kind], &[(0, &[4])]).clear();
    }
}

#[test]
fn rows_that_occur_twice_are_found_once() {
    let table = Table::new(vec![vec![4, 2, 4, 4, 2], vec![1, 0, 1, 1, 0]]).unwrap();
    let case = Case::new(vec![table.into()], &[(0, &[5])]);
    let _ = case.clear();
}

#[test]
fn a_row_that_is_in_no_table_is_named() {
    let case = Case::new(vec![range(-3, 3), table(2, 6, true)], &[(0, &[2, 3]), (1, &[5]), (0, &[1])]);
    let refused = |change: &dyn Fn(&mut [Tensor<i64>])| {
        let mut columns = case.columns.clone();
        change(&mut columns);
        case.lookup.prover(&columns.iter().collect::<Vec<_>>()).unwrap_err()
    };
    for value in [4, -4, i64::MAX, i64::MIN] {
        let expected = Unproved::NotInTable { input: 0, position: 4, row: vec![value], table: 0 };
        assert_eq!(refused(&|columns| columns[0].data_mut()[4] = value), expected);
    }
    let expected = Unproved::NotInTable { input: 2, position: 0, row: vec![9], table: 0 };
    assert_eq!(refused(&|columns| columns[3].data_mut()[0] = 9), expected);
    let row = vec![case.columns[1].data()[2], case.columns[2].data()[2] + 1];
    let expected = Unproved::NotInTable { input: 1, position: 2, row, table: 1 };
    assert_eq!(refused(&|columns| columns[2].data_mut()[2] += 1), expected);
    let message = expected.to_string();
    assert!(
        message.starts_with("look-ups: input 1 holds [") && message.ends_with("no row of table 1"),
        "{message}"
    );
}

#[test]
fn what_does_not_fit_is_an_error() {
    let case = Case::new(vec![table(2, 6, true)], &[(0, &[5])]);
    let [first, second] = [&case.columns[0], &case.columns[1]];
    let refused = |columns: &[&Tensor<i64>]| case.lookup.prover(columns).unwrap_err();
    let count = |actual| Unproved::Network(tacit_layers::Error::LookupColumnCount { expected: 2, actual });
    assert_eq!(refused(&[]), count(0));
    assert_eq!(refused(&[first]), count(1));
    assert_eq!(refused(&[first, second, second]), count(3));
    let other = Tensor::new(layout(&[5, 1]), vec![0; 5]).unwrap();
    let (expected, actual) = (vec![5], vec![5, 1]);
    let misfit = tacit_layers::Error::LookupShape { input: 0, column: 1, expected, actual };
    assert_eq!(refused(&[first, &other]), Unproved::Network(misfit));
    // An argument that commits wants a scheme.
    let error = case.lookup.prover(&[first, second]).unwrap().prove(&mut ProofWriter::new(DOMAIN), &mut ());
    assert!(matches!(error, Err(Unproved::Commitment { .. })));
    let verified = case.lookup.verifier().verify(&mut ProofReader::new(DOMAIN, &[]), &mut ());
    assert!(matches!(verified, Err(Error::Commitment { .. })));
}

#[test]
fn fractions_that_are_no_trees_leaves_are_refused() {
    for (numerators, denominators) in [(0, 0), (1, 1), (3, 3), (4, 2), (2, 4), (4, 0)] {
        let leaves = Fractions {
            numerators: vec![Fr::one(); numerators],
            denominators: vec![Fr::one(); denominators],
        };
        let expected = Unproved::Network(tacit_layers::Error::FractionCount { numerators, denominators });
        assert_eq!(logup::prove(&mut ProofWriter::new(DOMAIN), leaves), Err(expected));
    }
    let refused = tacit_verifier::logup::verify(&mut ProofReader::new(DOMAIN, &[]), 0);
    let expected = tacit_layers::Error::FractionCount { numerators: 1, denominators: 1 };
    assert_eq!(refused, Err(Error::Statement(expected)));
}

#[test]
fn leaves_that_are_no_trees_are_refused() {
    let four = layout(&[4]);
    let tables = || vec![vec![Fr::one(); 4], vec![Fr::one(); 2], vec![Fr::one(); 3]];
    let rows = [0, 1, 3, 3];
    let looked_up = |offset, table| LeafBlock { offset, table, rows: LeafRows::LookedUp(&rows, &four) };
    let own = |offset, table, counts| LeafBlock { offset, table, rows: LeafRows::Table(counts) };
    let refused = |blocks: Vec<LeafBlock>, num_vars| match LookupLeaves::new(tables(), blocks, num_vars) {
        Ok(_) => panic!("taken"),
        Err(error) => error,
    };
    let misfit = |block, what, expected, actual| Unproved::LeafBlock { block, what, expected, actual };
    assert_eq!(refused(vec![looked_up(0, 3)], 3), misfit(0, "the table's index must be less than", 3, 3));
    assert_eq!(refused(vec![looked_up(0, 1)], 3), misfit(0, "a looked-up row must be less than", 2, 3));
    let short = LeafBlock { offset: 0, table: 0, rows: LeafRows::LookedUp(&rows[..3], &four) };
    assert_eq!(refused(vec![short], 3), misfit(0, "the number of looked-up rows must be", 4, 3));
    assert_eq!(refused(vec![own(0, 0, &[1; 3])], 3), misfit(0, "the number of multiplicities must be", 4, 3));
    assert_eq!(refused(vec![own(0, 2, &[1; 3])], 3), misfit(0, "the number of leaves must be", 4, 3));
    assert_eq!(refused(vec![looked_up(2, 0)], 3), misfit(0, "the first leaf must be", 4, 2));
    let both = vec![looked_up(0, 0), own(2, 1, &[1; 2])];
    assert_eq!(refused(both, 3), misfit(1, "the first leaf must be", 4, 2));
    let both = vec![looked_up(0, 0), looked_up(4, 0)];
    assert_eq!(refused(both.clone(), 2), misfit(1, "the first leaf behind it must be at most", 4, 8));
    let count = tacit_layers::Error::FractionCount { numerators: 1, denominators: 1 };
    assert_eq!(refused(vec![], 0), Unproved::Network(count));
    assert!(matches!(refused(vec![], 29), Unproved::Network(tacit_layers::Error::TooManyLookups { .. })));
    assert!(matches!(refused(vec![], 64), Unproved::Network(tacit_layers::Error::TooManyLookups { .. })));
    let leaves = LookupLeaves::new(tables(), both, 3).unwrap();
    let linear = LinearTable { first: Fr::one(), slope: Fr::one(), clipped: Some(([0, 4], Fr::one())) };
    let refused =
        |table, num_rows| Unproved::LinearTable { table, num_tables: 3, num_rows, max_rows: 1 << 19 };
    let said = |linear| match leaves.clone().with_linear_tables(linear) {
        Ok(_) => panic!("taken"),
        Err(error) => error,
    };
    assert_eq!(said(vec![None]), refused(1, 0));
    assert_eq!(said(vec![Some(linear), None, None]), refused(0, 4));
    for levels in [0, 5, usize::MAX] {
        let unstored = leaves.clone().with_unstored_levels(levels).map(|_| ());
        assert_eq!(unstored, Err(Unproved::UnstoredLevels { levels, most: 4 }));
    }
}

/// For every message: the errors that mutations of it may meet while the proof's length and every element stay well-formed.
const MANIFEST: &[(Label, &[&str])] = &[
    (labels::COMMITMENT, &["FractionLevel"]),
    (labels::WITNESS_COMMITMENT, &["FractionLevel"]),
    (labels::FRACTIONS, &["FractionSum", "ZeroDenominator", "FractionLevel"]),
    (labels::ROUND_POLYNOMIAL, &["FractionLevel", "Opening"]),
    (labels::COLUMN_VALUES, &["LookupColumns"]),
    (labels::INNER_PRODUCT_HALVES, &["Opening"]),
    (labels::INNER_PRODUCT_SCALAR, &["Opening"]),
];

#[test]
fn every_message_is_checked() {
    let mut met = BTreeSet::new();
    // Behind a tree of one level nothing but the leaves depends on the challenges.
    for case in cases().into_iter().skip(2).filter(|case| case.lookup.tree_vars() > 1) {
        let (proof, messages) = case.hyrax();
        let mut first = 0;
        for (label, length) in messages {
            let Some((_, allowed)) = MANIFEST.iter().find(|(known, _)| *known == label) else {
                panic!("message `{label}` is not in the manifest")
            };
            for at in (first..first + length).step_by(32) {
                let element: [u8; 32] = proof[at..at + 32].try_into().unwrap();
                let scalar = scalar_from_bytes(&element);
                let is_point = [labels::COMMITMENT, labels::WITNESS_COMMITMENT, labels::INNER_PRODUCT_HALVES]
                    .contains(&label);
                let others: Vec<[u8; 32]> = if is_point {
                    let generator = G1Projective::generator();
                    [G1Affine::from(generator), G1Affine::identity()].iter().map(point_to_bytes).collect()
                } else {
                    let scalar = scalar.unwrap();
                    [scalar + Fr::one(), -scalar, Fr::from(0_u64)].iter().map(scalar_to_bytes).collect()
                };
                for other in others.into_iter().filter(|other| *other != element) {
                    let mut changed = proof.clone();
                    changed[at..at + 32].copy_from_slice(&other);
                    let error = case.verify_hyrax(&changed).unwrap_err();
                    let name = format!("{error:?}");
                    let name = name.split([' ', '(']).next().unwrap_or_default().to_owned();
                    assert!(allowed.contains(&name.as_str()), "{label}: {error}");
                    met.insert((label, name));
                }
                let mut changed = proof.clone();
                changed[at..at + 32].fill(0xff);
                assert!(matches!(case.verify_hyrax(&changed), Err(Error::Malformed(_))), "{label}");
            }
            first += length;
        }
        assert_eq!(first, proof.len());
        assert!(matches!(
            case.verify_hyrax(&proof[..proof.len() - 1]),
            Err(Error::Malformed(Malformed::Truncated { .. }))
        ));
        let longer = [proof.as_slice(), &[0]].concat();
        assert_eq!(case.verify_hyrax(&longer), Err(Error::Malformed(Malformed::TrailingBytes { count: 1 })));
    }
    let labels: BTreeSet<Label> = met.iter().map(|(label, _)| *label).collect();
    assert_eq!(labels.len(), MANIFEST.len());
}

#[test]
fn any_bytes_are_an_error() {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    for case in cases() {
        let (proof, clear) = (case.hyrax().0, case.clear());
        for _ in 0..30 {
            let length = rng.random_range(0..2 * proof.len());
            let mut bytes: Vec<u8> = (0..length).map(|_| rng.random_range(0..=255)).collect();
            // Most scalars are reduced, so that checks behind the first are met.
            bytes.chunks_mut(32).for_each(|chunk| chunk[chunk.len() - 1] &= 0x0f);
            assert!(case.verify_hyrax(&bytes).is_err());
            assert!(!matches!(case.verify_clear(&case.lookup, &bytes), Ok(true)));
            for proof in [&proof, &clear] {
                let mut changed = proof.clone();
                let at = rng.random_range(0..changed.len());
                changed[at] ^= 1 << rng.random_range(0..8);
                assert!(case.verify_hyrax(&changed).is_err());
                assert!(!matches!(case.verify_clear(&case.lookup, &changed), Ok(true)));
            }
        }
    }
}

#[test]
fn what_it_is_about_precedes_every_challenge() {
    for case in cases() {
        let mut writer = ProofWriter::new(DOMAIN);
        let _ =
            case.lookup.prover(&case.tensors()).unwrap().prove(&mut writer, &mut Clear::default()).unwrap();
        let name = |event: &Event| format!("{event:?}");
        let events: Vec<String> = writer.events().iter().map(name).collect();
        let first = events.iter().position(|event| event.contains(labels::FINGERPRINT.name())).unwrap();
        let about =
            [labels::PROTOCOL_VERSION, labels::ARCHITECTURE, labels::HARDENING, labels::WITNESS_COMMITMENT];
        let places = about.map(|label| events.iter().position(|event| event.contains(label.name())).unwrap());
        assert!(places.is_sorted() && places[3] < first, "{events:?}");
        let is_squeezed = |event: &String| event.contains("Squeeze");
        assert_eq!(events.iter().position(is_squeezed), Some(first), "{events:?}");
        assert!(case.lookup.soundness().bits() > 200.0);
    }
}

#[test]
fn a_caller_may_absorb_zeros_for_all_arguments_once() {
    let lookups = [0, 1].map(|_| Case::new(vec![range(-3, 3)], &[(0, &[2, 3])]));
    let lookups = lookups.map(|case| Case { lookup: case.lookup.clone().hardened_by_caller(), ..case });
    let zeros = vec![0; lookups.iter().map(|case| case.lookup.hardening_bytes()).sum()];
    assert_eq!(zeros.len(), 2 * 8);
    let mut writer = ProofWriter::new(DOMAIN);
    writer.absorb_bytes(labels::HARDENING, &zeros);
    let mut commitments = Clear::default();
    let claims = lookups.each_ref().map(|case| case.prove(&mut writer, &mut commitments));
    let proof = writer.finish();
    let verify = |zeros: &[u8]| {
        let mut reader = ProofReader::new(DOMAIN, &proof);
        reader.absorb_bytes(labels::HARDENING, zeros);
        let mut commitments = Clear::default();
        let verified = lookups.each_ref().map(|case| {
            commitments.read(&mut reader, labels::COMMITMENT, &[case.columns[0].layout()])?;
            case.lookup.verifier().verify(&mut reader, &mut commitments)
        });
        reader.finish().unwrap();
        verified
    };
    assert_eq!(verify(&zeros), claims.map(Ok));
    // Both sides must agree on who absorbs them.
    let mut hardened = ProofReader::new(DOMAIN, &proof);
    hardened.absorb_bytes(labels::HARDENING, &zeros);
    let mut commitments = Clear::default();
    commitments.read(&mut hardened, labels::COMMITMENT, &[lookups[0].columns[0].layout()]).unwrap();
    let other = Case::new(vec![range(-3, 3)], &[(0, &[2, 3])]).lookup;
    let verdict = other.verifier().verify(&mut hardened, &mut commitments);
    assert_eq!(verdict, Err(Error::FractionLevel { level: 2 }));
}
