//! Leaves read from their tables give the proof of the same leaves stored.

use ark_bn254::Fr;
use ark_ff::UniformRand;
use tacit_prover::logup::{self, LeafBlock, LeafRows, LookupLeaves};
use tacit_transcript::ProofWriter;

/// Sizes of the tables and of the looked-up blocks, `(variables, table)`.
type Case = (Vec<usize>, Vec<(usize, usize)>);

fn cases() -> Vec<Case> {
    vec![
        // More than half looked up, and a gap of half a table.
        (vec![9, 3, 0], vec![(11, 0), (10, 1), (6, 2), (2, 1), (1, 0), (0, 2)]),
        // No gap at all.
        (vec![10, 8, 8, 9], vec![(10, 0), (10, 1), (10, 2), (9, 3), (8, 1)]),
        // The lower half's last block ends in the middle of the leaves.
        (vec![11], vec![(11, 0)]),
        // Small blocks only.
        (vec![4, 5], (0..200).map(|i| (4 + i % 2, i % 2)).collect()),
        // Fewer than half looked up: the leaves are stored.
        (vec![12, 3], vec![(10, 0), (9, 1)]),
        // Too few to be worth it.
        (vec![5], vec![(6, 0)]),
    ]
}

#[test]
fn leaves_read_from_tables_give_the_same_proof() {
    for (case, (tables, blocks)) in cases().into_iter().enumerate() {
        let mut rng = ark_std::test_rng();
        let fingerprints: Vec<Vec<Fr>> =
            tables.iter().map(|n| (0..1 << n).map(|_| Fr::rand(&mut rng)).collect()).collect();
        let mut counts: Vec<Vec<i64>> = tables.iter().map(|n| vec![0; 1 << n]).collect();
        let mut sorted = blocks;
        sorted.sort_by_key(|block| std::cmp::Reverse(block.0));
        let positions: Vec<Vec<u32>> = sorted
            .iter()
            .map(|&(n, table)| {
                (0..1_usize << n)
                    .map(|i| {
                        // The second half of every table is never looked up.
                        let position = (i * i + 7 * i) % (1_usize << tables[table]).max(2) / 2;
                        counts[table][position] += 1;
                        position as u32
                    })
                    .collect()
            })
            .collect();
        let mut first = 0;
        let mut leaves: Vec<LeafBlock> = sorted
            .iter()
            .zip(&positions)
            .map(|(&(_, table), positions)| {
                let block = LeafBlock { offset: first, table, rows: LeafRows::LookedUp(positions) };
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
        let leaves = LookupLeaves::new(fingerprints, leaves, num_vars);

        let mut read = ProofWriter::new(b"leaves");
        let mut stored = ProofWriter::new(b"leaves");
        let claims = logup::prove_lookups(&mut read, &leaves);
        assert_eq!(claims, logup::prove(&mut stored, leaves.fractions()), "case {case}");
        let proof = read.finish();
        assert_eq!(proof, stored.finish(), "case {case}");
        let mut reader = tacit_transcript::ProofReader::new(b"leaves", &proof);
        let verified = tacit_verifier::logup::verify(&mut reader, num_vars).expect("an honest proof");
        assert_eq!(verified, claims, "case {case}");
    }
}
