//! Look-ups by themselves: values out of range, rows of another table or of none, padding, multiplicities, false claims.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use tacit_algebra::{Mle, small::from_i64};
use tacit_layers::{
    Layout, Tensor,
    argument::{lookup_table::Fingerprint, sumcheck::instance_point},
    proof::lookup::LookupBlock,
};
use tacit_prover::logup::{self, Fractions, Lookup, ProveLookup, Range, Table, TableKind};
use tacit_transcript::{ProofReader, ProofWriter, Transcript, labels};
use tacit_verifier::{Commitments, Error, logup::VerifyLookup};

use super::{DOMAIN, clear::Clear, layout};

/// What a prover works with: padded columns and multiplicities, any field elements.
#[derive(Clone)]
struct Witness {
    columns: Vec<Vec<Fr>>,
    multiplicities: Vec<Vec<Fr>>,
}

/// What it says in the end, and what it has committed to.
#[derive(Clone, Default)]
struct Lie {
    committed: Option<Witness>,
    said: Option<Witness>,
}

fn rows(kind: &TableKind) -> Vec<Vec<i64>> {
    match kind {
        TableKind::Range(range) => (range.bounds().0..=range.bounds().1).map(|x| vec![x]).collect(),
        TableKind::Table(table) => {
            let row = |row: usize| table.columns().iter().map(|column| column[row]).collect();
            (0..table.num_rows()).map(row).collect()
        }
    }
}

fn is_stored(layout: &Layout) -> Vec<bool> {
    let mut stored = vec![false; 1 << layout.num_vars()];
    (0..layout.num_elements()).for_each(|i| stored[layout.padded_index(i)] = true);
    stored
}

/// What a place of an input looks up.
fn looked_up(kind: &TableKind, elements: &[Fr], is_stored: bool) -> Vec<Fr> {
    let flag = Fr::from(u64::from(!is_stored));
    match kind {
        TableKind::Range(range) => vec![elements[0] + flag * from_i64(range.bounds().1 + 1), flag],
        TableKind::Table(_) => [elements, &[flag]].concat(),
    }
}

/// The columns of every input, with its table and shape.
fn inputs(lookup: &Lookup) -> Vec<(usize, usize, Layout)> {
    let mut first = 0;
    let place = |(table, layout): (usize, &Layout)| {
        let input = (first, table, layout.clone());
        first += lookup.tables()[table].kind().num_columns();
        input
    };
    lookup.inputs().map(place).collect()
}

/// Every place of an input with what it looks up.
fn places<'a>(
    lookup: &'a Lookup,
    columns: &'a [Vec<Fr>],
    (first, table, layout): &'a (usize, usize, Layout),
) -> impl Iterator<Item = Vec<Fr>> + 'a {
    let kind = lookup.tables()[*table].kind();
    is_stored(layout).into_iter().enumerate().map(move |(place, is_stored)| {
        let own = &columns[*first..first + kind.num_columns()];
        looked_up(kind, &own.iter().map(|column| column[place]).collect::<Vec<_>>(), is_stored)
    })
}

impl Witness {
    /// Tensors padded with zeros; multiplicities count what is found in the tables.
    fn new(lookup: &Lookup, tensors: &[Tensor<i64>]) -> Self {
        let pad = |tensor: &Tensor<i64>| {
            let mut padded = vec![Fr::zero(); 1 << tensor.layout().num_vars()];
            let layout = tensor.layout();
            tensor.data().iter().enumerate().for_each(|(i, &x)| padded[layout.padded_index(i)] = from_i64(x));
            padded
        };
        Self::counted(lookup, tensors.iter().map(pad).collect())
    }

    fn counted(lookup: &Lookup, columns: Vec<Vec<Fr>>) -> Self {
        let mut multiplicities: Vec<Vec<Fr>> =
            lookup.tables().iter().map(|table| vec![Fr::zero(); table.num_rows()]).collect();
        for input in inputs(lookup) {
            let table = &lookup.tables()[input.1];
            let mut known = BTreeMap::new();
            for index in (0..table.num_rows()).rev() {
                known.insert(table.row(index).into_iter().map(from_i64).collect::<Vec<Fr>>(), index);
            }
            for row in places(lookup, &columns, &input) {
                if let Some(&index) = known.get(&row) {
                    multiplicities[input.1][index] += Fr::one();
                }
            }
        }
        Self { columns, multiplicities }
    }

    /// Proves its own leaves, having committed to what it lies to have, and says what it lies to be the values at the end.
    fn prove(&self, lookup: &Lookup, lie: &Lie) -> Vec<u8> {
        let mut writer = ProofWriter::new(DOMAIN);
        let committed = lie.committed.as_ref().unwrap_or(self);
        committed.columns.iter().for_each(|column| writer.write_scalars(labels::COMMITMENT, column));
        lookup.absorb(&mut writer);
        let late = &committed.multiplicities;
        for column in late {
            writer.write_scalars(labels::WITNESS_COMMITMENT, column);
        }
        let [alpha, beta] = [(); 2].map(|()| writer.squeeze(labels::FINGERPRINT));
        let of_row = |table, row: &[Fr]| Fingerprint { alpha, beta }.of_row(table, row);
        let size = 1 << lookup.tree_vars();
        let mut leaves =
            Fractions { numerators: vec![Fr::zero(); size], denominators: vec![Fr::one(); size] };
        let inputs = inputs(lookup);
        for segment in lookup.segments() {
            let table = segment.table;
            match segment.rows {
                LookupBlock::Input(input) => {
                    for (place, row) in places(lookup, &self.columns, &inputs[input]).enumerate() {
                        leaves.numerators[segment.offset + place] = Fr::one();
                        leaves.denominators[segment.offset + place] = of_row(table, &row);
                    }
                }
                LookupBlock::Table => {
                    for (index, count) in self.multiplicities[table].iter().enumerate() {
                        let row: Vec<Fr> =
                            lookup.tables()[table].row(index).into_iter().map(from_i64).collect();
                        leaves.numerators[segment.offset + index] = -*count;
                        leaves.denominators[segment.offset + index] = of_row(table, &row);
                    }
                }
            }
        }
        let point = logup::prove(&mut writer, leaves).unwrap().point;
        let said = lie.said.as_ref().unwrap_or(self);
        for segment in lookup.segments() {
            let columns = match segment.rows {
                LookupBlock::Input(input) => {
                    let (first, table, _) = inputs[input];
                    &said.columns[first..first + lookup.tables()[table].kind().num_columns()]
                }
                LookupBlock::Table => &said.multiplicities[segment.table..=segment.table],
            };
            let point = instance_point(&point, segment.num_vars);
            let value = |column: &Vec<Fr>| {
                Mle::new(column.clone(), segment.num_vars).unwrap().evaluate(point).unwrap()
            };
            writer.write_scalars(labels::COLUMN_VALUES, &columns.iter().map(value).collect::<Vec<_>>());
        }
        writer.finish()
    }
}

/// Whether the claims of a proof that is accepted hold of what was committed to.
fn verify(lookup: &Lookup, proof: &[u8]) -> Result<bool, Error> {
    let mut reader = ProofReader::new(DOMAIN, proof);
    let mut commitments = Clear::default();
    for (_, table, layout) in inputs(lookup) {
        let layouts = vec![&layout; lookup.tables()[table].kind().num_columns()];
        commitments.read(&mut reader, labels::COMMITMENT, &layouts)?;
    }
    let claims = lookup.verifier().verify(&mut reader, &mut commitments)?;
    reader.finish()?;
    Ok(commitments.hold(&claims.into_claims_on(|column| lookup.number(column))))
}

fn range(minimum: i64, maximum: i64) -> TableKind {
    Range::new(minimum..=maximum).unwrap().into()
}

/// Two tables of the same shape, no row of one in the other, and a range.
fn description() -> (Lookup, Vec<Tensor<i64>>) {
    let sums = Table::new(vec![vec![0, 0, 1, 1, 2], vec![0, 1, 0, 1, 2], vec![0, 1, 1, 2, 4]]).unwrap();
    let products = Table::new(vec![vec![1, 1, 2, 3], vec![2, 3, 2, 3], vec![2, 3, 5, 9]]).unwrap();
    let inputs = vec![(2, layout(&[2, 3])), (0, layout(&[5])), (1, layout(&[4])), (2, layout(&[4]))];
    let lookup = Lookup::new(vec![sums.into(), products.into(), range(5, 9)], inputs.clone()).unwrap();
    let tensors = inputs.iter().flat_map(|(table, layout)| {
        let rows = rows(lookup.tables()[*table].kind());
        let chosen: Vec<&Vec<i64>> =
            (0..layout.num_elements()).map(|i| &rows[(3 * i + 1) % rows.len()]).collect();
        let column = |column: usize| chosen.iter().map(|row| row[column]).collect();
        (0..rows[0].len())
            .map(|index| Tensor::new(layout.clone(), column(index)).unwrap())
            .collect::<Vec<_>>()
    });
    let tensors = tensors.collect();
    (lookup, tensors)
}

fn honest() -> (Lookup, Witness) {
    let (lookup, tensors) = description();
    let witness = Witness::new(&lookup, &tensors);
    (lookup, witness)
}

#[test]
fn the_tests_own_prover_is_accepted_when_honest() {
    let (lookup, tensors) = description();
    let witness = Witness::new(&lookup, &tensors);
    let proof = witness.prove(&lookup, &Lie::default());
    assert_eq!(verify(&lookup, &proof), Ok(true));
    let mut writer = ProofWriter::new(DOMAIN);
    witness.columns.iter().for_each(|column| writer.write_scalars(labels::COMMITMENT, column));
    let prover = lookup.prover(&tensors.iter().collect::<Vec<_>>()).unwrap();
    let _ = prover.prove(&mut writer, &mut Clear::default()).unwrap();
    assert_eq!(writer.finish(), proof);
}

/// Asserts that columns with this change are rejected, however often the prover says that each row is looked up.
fn rejects(change: impl Fn(&mut [Vec<Fr>]), what: &str) {
    let (lookup, Witness { mut columns, multiplicities: before }) = honest();
    change(&mut columns);
    let found = Witness::counted(&lookup, columns.clone());
    // What is in no table counted nowhere, in the place of what it was, for the first row, for padding's.
    let mut all = vec![found.clone(), Witness { columns: columns.clone(), multiplicities: before }];
    for (table, padded) in lookup.tables().iter().enumerate() {
        for row in [0, padded.padding().unwrap_or(0)] {
            let mut multiplicities = found.multiplicities.clone();
            multiplicities[table][row] += Fr::one();
            all.push(Witness { columns: columns.clone(), multiplicities });
        }
    }
    for (variant, witness) in all.iter().enumerate() {
        let proof = witness.prove(&lookup, &Lie::default());
        assert_eq!(verify(&lookup, &proof), Err(Error::FractionSum), "{what}, variant {variant}");
    }
}

#[test]
fn rejects_values_outside_the_range() {
    let outside = [4, 10, 0, -1, 15, i64::MAX].map(from_i64);
    let half = Fr::from(2_u64).inverse().unwrap();
    for value in outside.into_iter().chain([half, half * Fr::from(13_u64)]) {
        // Element (1, 2) of the first input, and the last of the fourth, which has no padding.
        rejects(|columns| columns[0][6] = value, "padded input");
        rejects(|columns| columns[7][3] = value, "full input");
    }
}

#[test]
fn rejects_padding_that_is_not_zero() {
    for value in [-10, -1, 1, 5, 9, 10].map(from_i64) {
        rejects(|columns| columns[0][3] = value, "a range's padding, in the middle");
        rejects(|columns| columns[0][7] = value, "a range's padding, at the end");
        rejects(|columns| columns[2][6] = value, "a table's padding");
    }
    // A whole row of the table.
    rejects(|columns| (1..4).for_each(|column| columns[column][7] = columns[column][0]), "a row in padding");
}

#[test]
fn rejects_rows_of_another_table_and_of_none() {
    // The row (1, 2, 2) of the second table in the first table's input, and (0, 1, 1) the other way round.
    let put = |columns: &mut [Vec<Fr>], first: usize, row: [i64; 3]| {
        (0..3).for_each(|column| columns[first + column][2] = from_i64(row[column]));
    };
    rejects(|columns| put(columns, 1, [1, 2, 2]), "a row of the second table");
    rejects(|columns| put(columns, 4, [0, 1, 1]), "a row of the first table");
    // Columns of two rows, columns exchanged, padding's row where there is none.
    rejects(|columns| put(columns, 1, [1, 1, 4]), "columns of two rows");
    rejects(|columns| columns[1].swap(0, 1), "elements of one column exchanged");
    rejects(|columns| columns.swap(4, 6), "columns exchanged");
    rejects(|columns| put(columns, 4, [0, 0, 0]), "padding's row without padding");
}

#[test]
fn rejects_other_multiplicities() {
    let (lookup, witness) = honest();
    for (table, padded) in lookup.tables().iter().enumerate() {
        for row in [0, 1, padded.num_rows() - 1] {
            let mut other = witness.clone();
            other.multiplicities[table][row] += Fr::one();
            let proof = other.prove(&lookup, &Lie::default());
            assert_eq!(verify(&lookup, &proof), Err(Error::FractionSum), "table {table}, row {row}");
        }
    }
    // Counts of one table's rows moved to another's.
    let mut other = witness.clone();
    other.multiplicities.swap(0, 1);
    other.multiplicities[0].resize(witness.multiplicities[0].len(), Fr::zero());
    other.multiplicities[1].resize(witness.multiplicities[1].len(), Fr::zero());
    assert_eq!(verify(&lookup, &other.prove(&lookup, &Lie::default())), Err(Error::FractionSum));
}

#[test]
fn what_is_committed_and_what_is_looked_up_are_the_same() {
    let (lookup, witness) = honest();
    let columns = (0..witness.columns.len()).map(|column| (Some(column), "denominator"));
    let tables = (0..lookup.tables().len()).map(|table| (None::<usize>, table));
    let other = |column: Option<usize>, table: usize| {
        let mut other = witness.clone();
        match column {
            Some(column) => other.columns[column][0] += Fr::one(),
            None => other.multiplicities[table][0] += Fr::one(),
        }
        other
    };
    let cases = columns
        .map(|(column, part)| (other(column, 0), part))
        .chain(tables.map(|(_, table)| (other(None, table), "numerator")));
    for (index, (other, part)) in cases.enumerate() {
        let committed = Some(other.clone());
        // The tree is the true one: what is said in the end is false, or the claims are.
        let proof = witness.prove(&lookup, &Lie { committed: committed.clone(), said: committed.clone() });
        assert_eq!(verify(&lookup, &proof), Err(Error::LookupColumns { part }), "column {index}");
        let proof = witness.prove(&lookup, &Lie { committed, said: None });
        assert_eq!(verify(&lookup, &proof), Ok(false), "column {index}");
        let proof = witness.prove(&lookup, &Lie { committed: None, said: Some(other) });
        assert_eq!(verify(&lookup, &proof), Err(Error::LookupColumns { part }), "column {index}");
    }
}

#[test]
fn rejects_a_proof_about_another_table() {
    let shape = layout(&[6]);
    let squares = |last: i64| Table::new(vec![(0..6).collect(), vec![0, 1, 4, 9, 16, last]]).unwrap();
    let lookup = |last| squares(last).lookup(&[&shape]).unwrap();
    let tensor = |data: Vec<i64>| Tensor::new(shape.clone(), data).unwrap();
    let rows = [tensor(vec![0, 1, 2, 3, 4, 5]), tensor(vec![0, 1, 4, 9, 16, 26])];
    let (honest, forged) = (lookup(25), lookup(26));
    let witness = Witness::new(&forged, &rows);
    let proof = witness.prove(&forged, &Lie::default());
    assert_eq!(verify(&forged, &proof), Ok(true));
    assert_eq!(verify(&honest, &proof), Err(Error::FractionLevel { level: 2 }));
    // A prover that absorbs the verifier's table and looks up in its own.
    let leaves = Disguised { shown: &honest, used: &forged };
    assert_eq!(verify(&honest, &leaves.prove(&witness)), Err(Error::LookupColumns { part: "denominator" }));
    // Rows that both tables have.
    let rows = [tensor(vec![0, 1, 2, 3, 4, 0]), tensor(vec![0, 1, 4, 9, 16, 0])];
    let witness = Witness::new(&forged, &rows);
    assert_eq!(
        verify(&honest, &witness.prove(&forged, &Lie::default())),
        Err(Error::FractionLevel { level: 2 })
    );
    let others = [Range::new(0..=6).unwrap(), Range::new(-1..=5).unwrap(), Range::new(0..=4).unwrap()];
    let range = Range::new(0..=5).unwrap().lookup(&[&shape]).unwrap();
    let proof = Witness::new(&range, &rows[..1]).prove(&range, &Lie::default());
    assert_eq!(verify(&range, &proof), Ok(true));
    for other in others {
        let verdict = verify(&other.lookup(&[&shape]).unwrap(), &proof);
        assert_eq!(verdict, Err(Error::FractionLevel { level: 2 }), "{other:?}");
    }
}

/// Says that it looks up in one table and does in another.
struct Disguised<'a> {
    shown: &'a Lookup,
    used: &'a Lookup,
}

impl Disguised<'_> {
    fn prove(&self, witness: &Witness) -> Vec<u8> {
        let mut writer = ProofWriter::new(DOMAIN);
        witness.columns.iter().for_each(|column| writer.write_scalars(labels::COMMITMENT, column));
        self.shown.absorb(&mut writer);
        let late = &witness.multiplicities;
        for column in late {
            writer.write_scalars(labels::WITNESS_COMMITMENT, column);
        }
        let [alpha, beta] = [(); 2].map(|()| writer.squeeze(labels::FINGERPRINT));
        let fingerprint = Fingerprint { alpha, beta };
        let input = &inputs(self.used)[0];
        let table = &self.used.tables()[0];
        let rows: Vec<Fr> =
            places(self.used, &witness.columns, input).map(|row| fingerprint.of_row(0, &row)).collect();
        let own = table.fingerprints(0, &fingerprint);
        let numerators =
            vec![Fr::one(); rows.len()].into_iter().chain(witness.multiplicities[0].iter().map(|m| -*m));
        let leaves = Fractions { numerators: numerators.collect(), denominators: [rows, own].concat() };
        let point = logup::prove(&mut writer, leaves).unwrap().point;
        let at = instance_point(&point, 3);
        let value = |column: &Vec<Fr>| Mle::new(column.clone(), 3).unwrap().evaluate(at).unwrap();
        let values: Vec<Fr> = witness.columns.iter().map(value).collect();
        writer.write_scalars(labels::COLUMN_VALUES, &values);
        writer.write_scalars(labels::COLUMN_VALUES, &[value(&witness.multiplicities[0])]);
        writer.finish()
    }
}
