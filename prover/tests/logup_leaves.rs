//! Leaves read from their tables give the proof of the same leaves stored.

use ark_bn254::Fr;
use ark_ff::{UniformRand, Zero};
use ark_std::rand::Rng;
use tacit_layers::Layout;
use tacit_prover::logup::{self, LeafBlock, LeafRows, LinearTable, LookupLeaves};
use tacit_transcript::ProofWriter;

/// Variables of the tables; axes of the looked-up blocks, each with its table.
type Case = (Vec<usize>, Vec<(Vec<usize>, usize)>);

fn cases() -> Vec<Case> {
    let whole = |blocks: &[(usize, usize)]| blocks.iter().map(|&(n, table)| (vec![1 << n], table)).collect();
    vec![
        // More than half looked up, and a gap of half a table.
        (vec![9, 3, 0], whole(&[(11, 0), (10, 1), (6, 2), (2, 1), (1, 0), (0, 2)])),
        // Blocks of one leaf, an odd number of them.
        (vec![9, 0, 0], whole(&[(11, 0), (9, 1), (0, 2), (0, 1), (0, 0)])),
        // No gap at all.
        (vec![10, 8, 8, 9], whole(&[(10, 0), (10, 1), (10, 2), (9, 3), (8, 1)])),
        // All leaves of a power of two.
        (vec![11], whole(&[(11, 0)])),
        // Small blocks only.
        (vec![4, 5], whole(&(0..200).map(|i| (4 + i % 2, i % 2)).collect::<Vec<_>>())),
        // Fewer than half looked up.
        (vec![12, 3], whole(&[(10, 0), (9, 1)])),
        // Too few to be worth it.
        (vec![5], whole(&[(6, 0)])),
        // Padding of one axis, of several, and next to the gap.
        (vec![6, 10], (0..40).map(|i| (vec![[200, 100][i % 2]], i % 2)).collect()),
        (
            vec![9, 7],
            vec![(vec![6, 28, 28], 0), (vec![2, 2, 5, 14, 14], 1), (vec![16, 5, 5], 0), (vec![3], 1)],
        ),
        (vec![4], vec![(vec![3, 3, 1000], 0), (vec![33, 33], 0), (vec![9, 9, 9], 0), (vec![1025], 0)]),
        // Padding at every other leaf, and nearly everywhere.
        (vec![8], vec![(vec![3; 6], 0), (vec![1, 600, 1], 0)]),
        (vec![10, 1], vec![(vec![17, 17, 17], 0), (vec![1], 1)]),
    ]
}

/// A table of $2^n$ entries: linear in the row, in the row and the row clipped, or not at all.
fn entries(index: usize, n: usize, rng: &mut impl Rng) -> (Vec<Fr>, Option<LinearTable>) {
    let [first, slope, second] = [(); 3].map(|()| Fr::rand(rng));
    let rows = 1_u32 << n;
    let bounds = [rows / 8, rows / 2];
    let clipped = (index % 2 == 1).then_some((bounds, second));
    if index % 4 == 3 {
        return ((0..rows).map(|_| Fr::rand(rng)).collect(), None);
    }
    let entry = |row: u32| {
        let clip = row.clamp(bounds[0], bounds[1]) - bounds[0];
        let clip = clipped.map_or_else(Fr::zero, |(_, second)| second * Fr::from(clip));
        first + slope * Fr::from(row) + clip
    };
    ((0..rows).map(entry).collect(), Some(LinearTable { first, slope, clipped }))
}

#[test]
fn leaves_read_from_tables_give_the_same_proof() {
    // Padding should be one row, but does not have to; tables may be linear.
    let variants = [(false, false), (true, false), (false, true), (true, true)];
    let cases =
        cases().into_iter().enumerate().flat_map(|case| variants.map(|variant| (variant, case.clone())));
    for ((several_rows, are_linear), (case, (tables, blocks))) in cases {
        let mut rng = ark_std::test_rng();
        let (fingerprints, linear): (Vec<Vec<Fr>>, Vec<_>) = tables
            .iter()
            .enumerate()
            .map(|(index, &n)| entries(if are_linear { index } else { 3 }, n, &mut rng))
            .unzip();
        let mut counts: Vec<Vec<i64>> = tables.iter().map(|n| vec![0; 1 << n]).collect();
        let mut sorted: Vec<(Layout, usize)> =
            blocks.into_iter().map(|(axes, table)| (Layout::new(axes).unwrap(), table)).collect();
        sorted.sort_by_key(|(layout, _)| std::cmp::Reverse(layout.num_vars()));
        let positions: Vec<Vec<u32>> = sorted
            .iter()
            .map(|(layout, table)| {
                // The second half of every table is never looked up.
                let row = |i: usize| (i * i + 7 * i) % (1_usize << tables[*table]).max(2) / 2;
                let mut positions = vec![row(5) as u32; 1 << layout.num_vars()];
                for i in 0..layout.num_elements() {
                    positions[layout.padded_index(i)] = row(i) as u32;
                }
                if several_rows && let Some(last) = positions.last_mut() {
                    *last = row(1) as u32;
                }
                for &position in &positions {
                    counts[*table][position as usize] += 1;
                }
                positions
            })
            .collect();
        let mut first = 0;
        let mut leaves: Vec<LeafBlock> = sorted
            .iter()
            .zip(&positions)
            .map(|((layout, table), positions)| {
                let rows = LeafRows::LookedUp(positions, layout);
                let block = LeafBlock { offset: first, table: *table, rows };
                first += positions.len();
                block
            })
            .collect();
        let total = first + counts.iter().map(Vec::len).sum::<usize>();
        let num_vars = total.next_power_of_two().ilog2() as usize;
        let mut order: Vec<usize> = (0..tables.len()).collect();
        order.sort_by_key(|&table| std::cmp::Reverse(tables[table]));
        let mut end = 1 << num_vars;
        let mut last: Vec<LeafBlock> = order
            .into_iter()
            .map(|table| {
                end -= 1 << tables[table];
                LeafBlock { offset: end, table, rows: LeafRows::Table(&counts[table]) }
            })
            .collect();
        last.reverse();
        leaves.extend(last);
        let leaves = LookupLeaves::new(fingerprints, leaves, num_vars).unwrap();
        let leaves = leaves.with_linear_tables(linear).unwrap();

        let mut stored = ProofWriter::new(b"leaves");
        let claims = logup::prove(&mut stored, leaves.fractions()).unwrap();
        let proof = stored.finish();
        for unstored in 1..=4 {
            let leaves = leaves.clone().with_unstored_levels(unstored).unwrap();
            let mut read = ProofWriter::new(b"leaves");
            assert_eq!(claims, logup::prove_lookups(&mut read, &leaves), "case {case}, {unstored} levels");
            assert_eq!(proof, read.finish(), "case {case}, {unstored} levels");
        }
        let mut reader = tacit_transcript::ProofReader::new(b"leaves", &proof);
        let verified = tacit_verifier::logup::verify(&mut reader, num_vars).expect("an honest proof");
        assert_eq!(verified, claims, "case {case}");
    }
}
