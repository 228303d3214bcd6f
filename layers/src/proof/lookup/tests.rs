use ark_ff::{One, UniformRand, Zero};
use tacit_algebra::{Mle, small::from_i64};

use super::*;
use crate::argument::lookup_table::Fingerprint;

/// Tables, and inputs.
type Description = (Vec<TableKind>, Vec<(usize, Layout)>);

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn scalars(count: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    (0..count).map(|_| Fr::rand(&mut rng)).collect()
}

fn table(columns: usize, rows: usize) -> Table {
    let element = |column: usize, row: usize| (row * row * 7 + 31 * column) as i64 % 101 - 50;
    Table::new((0..columns).map(|column| (0..rows).map(|row| element(column, row)).collect()).collect())
        .unwrap()
}

fn kinds() -> Vec<TableKind> {
    let ranges =
        [(0, 0), (-3, 3), (-8, 7), (5, 9), (-20, -1)].map(|(low, high)| Range::new(low..=high).unwrap());
    let tables = [(1, 1), (1, 4), (2, 5), (3, 8), (3, 7), (5, 1)].map(|(columns, rows)| table(columns, rows));
    ranges.map(TableKind::from).into_iter().chain(tables.map(TableKind::from)).collect()
}

/// A table's rows without what fills it up.
fn known(kind: &TableKind) -> Vec<Vec<i64>> {
    match kind {
        TableKind::Range(range) => (range.bounds().0..=range.bounds().1).map(|x| vec![x]).collect(),
        TableKind::Table(table) => {
            let row = |row: usize| table.columns().iter().map(|column| column[row]).collect();
            (0..table.num_rows()).map(row).collect()
        }
    }
}

#[test]
fn tables_at_a_point_are_their_rows_extension() {
    for kind in kinds() {
        for is_padded in [false, true] {
            let table = PaddedTable::new(kind.clone(), is_padded);
            let n = table.num_vars();
            let point = scalars(n);
            let rows: Vec<Vec<i64>> = (0..table.num_rows()).map(|index| table.row(index)).collect();
            let column = |column: usize| {
                Mle::new(rows.iter().map(|row| from_i64(row[column])).collect(), n)
                    .unwrap()
                    .evaluate(&point)
                    .unwrap()
            };
            let expected: Vec<Fr> = (0..=kind.num_columns()).map(column).collect();
            assert_eq!(table.evaluate(&point), expected, "{kind:?}");
            // Fingerprints are those of the rows.
            let [alpha, beta] = [3_u64, 11].map(Fr::from);
            let fingerprint = Fingerprint { alpha, beta };
            let of_row = |row: &Vec<i64>| {
                let mut sum = alpha - Fr::from(3_u64);
                let mut power = Fr::one();
                for &element in row {
                    power *= beta;
                    sum -= power * from_i64(element);
                }
                sum
            };
            let expected: Vec<Fr> = rows.iter().map(of_row).collect();
            assert_eq!(table.fingerprints(2, &fingerprint), expected, "{kind:?}");
        }
    }
}

#[test]
fn an_input_at_a_point_is_its_rows_extension() {
    for kind in kinds() {
        for axes in [&[5][..], &[3, 4], &[4, 2], &[1, 3, 5], &[1], &[1, 1]] {
            let layout = layout(axes);
            let (n, count) = (layout.num_vars(), kind.num_columns());
            let is_padded = layout.num_elements() < 1 << n;
            let table = PaddedTable::new(kind.clone(), is_padded);
            let known = known(&kind).len();
            // Each place of the padded input looks up the row that it is, or that of padding.
            let mut positions = vec![table.padding().unwrap_or(0); 1 << n];
            for i in 0..layout.num_elements() {
                positions[layout.padded_index(i)] = (3 * i + 1) % known;
            }
            let mut padded = vec![vec![Fr::zero(); 1 << n]; count];
            for i in 0..layout.num_elements() {
                let at = layout.padded_index(i);
                for (column, element) in padded.iter_mut().zip(table.row(positions[at])) {
                    column[at] = from_i64(element);
                }
            }
            let point = scalars(n);
            let values: Vec<Fr> = padded
                .into_iter()
                .map(|column| Mle::new(column, n).unwrap().evaluate(&point).unwrap())
                .collect();
            let column = |column: usize| {
                let rows = positions.iter().map(|&row| from_i64(table.row(row)[column]));
                Mle::new(rows.collect(), n).unwrap().evaluate(&point).unwrap()
            };
            let expected: Vec<Fr> = (0..=count).map(column).collect();
            assert_eq!(table.looked_up(&values, &layout, &point), expected, "{kind:?} {axes:?}");
        }
    }
}

#[test]
fn exactly_the_tables_rows_and_zero_padding_are_found() {
    for kind in kinds() {
        let count = kind.num_columns();
        for is_padded in [false, true] {
            let table = PaddedTable::new(kind.clone(), is_padded);
            let rows: Vec<Vec<i64>> = (0..table.num_rows()).map(|index| table.row(index)).collect();
            let known = known(&kind);
            // What a stored element, and what a place of padding, with these elements looks up.
            let stored = |row: &[i64]| [row, &[0]].concat();
            let padding = |row: &[i64]| match &kind {
                TableKind::Range(range) => vec![row[0] + range.bounds().1 + 1, 1],
                TableKind::Table(_) => [row, &[1]].concat(),
            };
            let candidates = (-60..60)
                .map(|x| vec![x; count])
                .chain(known.iter().cloned())
                .chain(known.iter().map(|row| row.iter().map(|x| x + 1).collect()));
            for row in candidates {
                assert_eq!(rows.contains(&stored(&row)), known.contains(&row), "{kind:?} {row:?}");
                // Without padding nothing asks for its row.
                let is_zero = row.iter().all(|&x| x == 0);
                assert!(!is_padded || rows.contains(&padding(&row)) == is_zero, "{kind:?} {row:?}");
            }
        }
    }
}

#[test]
fn blocks_fill_the_tree_without_meeting() {
    let layouts = [&[5, 3][..], &[1], &[2, 2], &[40]].map(layout);
    let inputs = layouts.iter().enumerate().map(|(index, layout)| (index % 2, layout.clone())).collect();
    let lookup = Lookup::new(vec![table(3, 9).into(), Range::new(-2..=4).unwrap().into()], inputs).unwrap();
    assert_eq!((lookup.num_columns(), lookup.late().len()), (3 + 1 + 3 + 1, 2));
    let mut end = 0;
    for segment in lookup.segments() {
        assert!(segment.offset >= end && segment.offset % (1 << segment.num_vars) == 0);
        end = segment.offset + (1 << segment.num_vars);
    }
    assert_eq!(end, 1 << lookup.tree_vars());
    assert_eq!(lookup.hardening_bytes(), 32 + 1 + 4 + 64);
    let numbers = [(0, 0), (0, 2), (1, 0), (2, 0), (3, 0)]
        .map(|(input, column)| lookup.number(LookupColumn::Input { input, column }));
    assert_eq!(numbers, [0, 2, 3, 4, 7]);
    assert_eq!([0, 1].map(|table| lookup.number(LookupColumn::Multiplicity(table))), [8, 9]);
}

#[test]
fn what_is_proved_decides_what_is_absorbed() {
    let base = || {
        (
            vec![table(2, 5).into(), TableKind::from(Range::new(0..=7).unwrap())],
            vec![(0, layout(&[4])), (1, layout(&[3, 2]))],
        )
    };
    let digest = |(tables, inputs): Description| Lookup::new(tables, inputs).unwrap().digest;
    let mut digests = vec![digest(base())];
    let mut changed = |change: &dyn Fn(&mut Description)| {
        let mut description = base();
        change(&mut description);
        digests.push(digest(description));
    };
    changed(&|(tables, _)| tables[0] = table(2, 6).into());
    changed(&|(tables, _)| {
        let mut columns = table(2, 5).columns().to_vec();
        columns[1][4] += 1;
        tables[0] = Table::new(columns).unwrap().into();
    });
    changed(&|(tables, _)| tables[1] = Range::new(0..=6).unwrap().into());
    changed(&|(tables, _)| tables[1] = Range::new(1..=7).unwrap().into());
    changed(&|(_, inputs)| inputs[0].1 = layout(&[2, 2]));
    changed(&|(_, inputs)| inputs[1].1 = layout(&[2, 3]));
    changed(&|(_, inputs)| inputs.push((1, layout(&[1]))));
    changed(&|(_, inputs)| inputs.swap(0, 1));
    changed(&|(tables, _)| tables.swap(0, 1));
    let count = digests.len();
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), count);
}

#[test]
fn refuses_what_cannot_be_looked_up_in() {
    let range = |minimum: i64, maximum: i64| {
        Err(Error::LookupRange { minimum, maximum, max_vars: MAX_TABLE_VARS, max_bound: 1 << 62 })
    };
    for (minimum, maximum) in
        [(1, 0), (0, 1 << 22), (i64::MIN, i64::MAX), (i64::MAX, i64::MAX), (i64::MIN, i64::MIN)]
    {
        assert_eq!(Range::new(minimum..=maximum), range(minimum, maximum));
    }
    assert!(Range::new(0..=(1 << 22) - 1).is_ok());
    assert!(Range::new(-(1 << 62)..=-(1 << 62)).is_ok());
    for columns in
        [vec![], vec![vec![]], vec![vec![1, 2], vec![1]], vec![vec![1]; 33], vec![vec![0; (1 << 22) + 1]]]
    {
        let lengths = columns.iter().map(Vec::len).collect();
        let expected = Error::LookupTable { lengths, max_columns: 32, max_vars: MAX_TABLE_VARS };
        assert_eq!(Table::new(columns), Err(expected));
    }
    let range = || Range::new(0..=3).unwrap();
    let one = layout(&[1]);
    assert_eq!(range().lookup(&[]), Err(Error::UnusedTable { table: 0 }));
    assert_eq!(Lookup::new(vec![], vec![]), Err(Error::UnusedTable { table: 0 }));
    let missing = Lookup::new(vec![range().into()], vec![(0, one.clone()), (1, one.clone())]);
    assert_eq!(missing, Err(Error::LookupInput { input: 1, table: 1, num_tables: 1 }));
    let unused = Lookup::new(vec![range().into(), table(1, 2).into()], vec![(0, one.clone())]);
    assert_eq!(unused, Err(Error::UnusedTable { table: 1 }));
    let many = |num_leaves| Err(Error::TooManyLookups { num_leaves, max_vars: MAX_TREE_VARS });
    assert_eq!(range().lookup(&[&layout(&[1 << 28])]), many((1 << 28) + 4));
    assert_eq!(range().lookup(&[&layout(&[1 << 34]); 3]), many(3 * (1 << 34) + 4));
}

#[test]
fn refuses_tensors_of_other_shapes() {
    let inputs = vec![(0, layout(&[4])), (1, layout(&[3, 2]))];
    let lookup = Lookup::new(vec![table(2, 5).into(), Range::new(0..=7).unwrap().into()], inputs).unwrap();
    let [four, other, six] = [&[4][..], &[2, 2], &[3, 2]].map(layout);
    assert_eq!(lookup.check_shapes(&[&four, &four, &six]), Ok(()));
    for columns in [vec![&four, &four], vec![&four, &four, &six, &six]] {
        let expected = Error::LookupColumnCount { expected: 3, actual: columns.len() };
        assert_eq!(lookup.check_shapes(&columns), Err(expected));
    }
    let misfit = |input, column, [expected, actual]: [&Layout; 2]| {
        let [expected, actual] = [expected, actual].map(|layout| layout.axes().to_vec());
        Err(Error::LookupShape { input, column, expected, actual })
    };
    assert_eq!(lookup.check_shapes(&[&four, &other, &six]), misfit(0, 1, [&four, &other]));
    assert_eq!(lookup.check_shapes(&[&four, &four, &four]), misfit(1, 0, [&six, &four]));
}

#[test]
fn the_error_is_that_of_a_tree_over_these_leaves() {
    let lookup = table(3, 9).lookup(&[&layout(&[30])]).unwrap();
    assert_eq!(lookup.tree_vars(), 6);
    let levels: u128 = (1..6).map(|k| 2 * k + 2).sum();
    assert_eq!(lookup.soundness().bad_challenges(), 4 * 64 + levels + 1);
    assert_eq!(soundness::logup(9), soundness::lookups(9, 2));
}
