//! Interval analysis and the plan it sizes.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use tacit_inference::NetworkBuilder;
use tacit_inference::analyse;
use tacit_layers::{
    ActivationFunction, AxisWindow, Error, InputLayer, Layout, Multiplier, Network, NodeId, Operation,
    Output, RescaleLayer, Tensor, VerifyingKey, Window2d,
    argument::{
        claim::Column,
        lookup_block::BlockSource,
        lookup_table::{LookupTable, saturation::SaturationTable},
    },
    layer::{
        remap::AxisMap,
        rescale::{ACCUMULATOR_BITS, MAX_MULTIPLIER, saturation::MAX_QUOTIENT_VARS},
    },
    proof::plan::Plan,
};

const RELU: ActivationFunction = ActivationFunction::Clip { minimum: 0, maximum: 255 };
const SIGNED: ActivationFunction = ActivationFunction::Clip { minimum: -128, maximum: 127 };

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn input(axes: &[usize], low: i64, high: i64) -> InputLayer {
    InputLayer::real(layout(axes), (low, high), 1.0)
}

fn output(node: NodeId, elements: usize) -> Output {
    Output { name: "y".to_owned(), node, shape: vec![elements], scales: vec![1.0], scale_axis: 0 }
}

fn weights(axes: &[usize], data: &[i8]) -> Tensor<i8> {
    Tensor::new(layout(axes), data.to_vec()).unwrap()
}

fn quotient_bounds(network: &Network, node: NodeId) -> (i64, i64) {
    match &network.architecture.node(node).operation {
        Operation::Rescale(layer) => layer.quotient_bounds,
        _ => unreachable!(),
    }
}

#[test]
fn refuses_an_accumulator_that_could_leave_its_width() {
    let limit = 1_i64 << (ACCUMULATOR_BITS - 1);
    let sum = |count: usize, coefficient: i64| {
        let mut b = NetworkBuilder::new("sum", input(&[2], -(1 << 16), 1 << 16));
        let x = b.add("big sum", &vec![(b.input(), coefficient); count]);
        b.output(output(x, 2));
        b.finish()
    };
    // 2^24 * 2^16 = 2^40 leaves 38 bits; 2^21 * 2^16 = 2^37 only on its positive side.
    let error = |bound: i64| {
        Err(Error::AccumulatorOverflow {
            layer: "big sum".to_owned(),
            bound: i128::from(bound),
            bits: ACCUMULATOR_BITS,
        })
    };
    assert_eq!(sum(1, 1 << 24), error(1 << 40));
    assert_eq!(sum(1, 1 << 21), error(limit));
    assert_eq!(sum(64, -(1 << 24)), error(1 << 46));
    assert!(sum(1, (1 << 21) - 1).is_ok());
}

#[test]
fn counts_the_bias_and_the_worst_signs_in_an_accumulator() {
    let mut b = NetworkBuilder::new("dense", input(&[3], -10, 5));
    let x = b.dense("dense", b.input(), 0, weights(&[2, 3], &[1, -2, 3, 0, 0, -127]), Some(vec![100, -7]));
    let x = b.rescale("scale", x.unwrap(), Multiplier::PerChannel { axis: 0, values: vec![4, 2] }, 1, SIGNED);
    b.output(output(x, 2));
    let mut network = b.finish().unwrap();
    let intervals = analyse(&mut network).unwrap();
    // First: 100 + [-10, 5] + [-10, 20] + [-30, 15]; second: -7 + [-635, 1270].
    assert_eq!(intervals[1].channels, [(50, 140), (-642, 1263)]);
    assert_eq!(quotient_bounds(&network, x), (-642, 1263));
    assert_eq!(intervals[2].channels, [(-128, 127)]);
}

#[test]
fn widens_by_zero_what_a_padded_window_reads() {
    let convolution = |padding| {
        let mut b = NetworkBuilder::new("conv", input(&[1, 4, 4], 0, 9));
        let window = Window2d::square(AxisWindow::new(2, 1).padded(padding, 0));
        let x = b.conv2d("conv", b.input(), window, weights(&[1, 1, 2, 2], &[1, 1, 1, -1]), None).unwrap();
        let n = (3 + padding) * (3 + padding);
        b.output(output(x, n));
        analyse(&mut b.finish().unwrap()).unwrap()[1].channels.clone()
    };
    assert_eq!(convolution(0), [(-9, 27)]);
    assert_eq!(convolution(1), [(-9, 27)]);
}

#[test]
fn refuses_quotients_beyond_the_widest() {
    let mut b = NetworkBuilder::new("table", input(&[2], 0, 1 << 16));
    let x = b.add("sum", &[(b.input(), 1 << 10)]);
    let x = b.rescale("wide", x, Multiplier::Uniform(MAX_MULTIPLIER), 18, RELU);
    b.output(output(x, 2));
    let error = Error::TableTooLarge {
        layer: "wide".to_owned(),
        minimum: 0,
        maximum: 1 << 32,
        limit: MAX_QUOTIENT_VARS,
    };
    assert_eq!(b.finish(), Err(error));
}

/// Rows and channels of the same number: a multiplier for each row meets every channel.
#[test]
fn pairs_multipliers_with_channels_only_along_the_same_axis() {
    let dense = |axis| {
        let mut b = NetworkBuilder::new("rows", input(&[2, 1], 0, 10));
        let x = b.dense("dense", b.input(), 1, weights(&[2, 1], &[100, 1]), None).unwrap();
        let x = b.rescale("scale", x, Multiplier::PerChannel { axis, values: vec![2, 200] }, 1, RELU);
        b.output(output(x, 4));
        quotient_bounds(&b.finish().unwrap(), x)
    };
    assert_eq!(dense(1), (0, 1000));
    assert_eq!(dense(0), (0, 100_000));
    let convolution = |axis| {
        let mut b = NetworkBuilder::new("conv", input(&[1, 2, 2], 0, 10));
        let window = Window2d::square(AxisWindow::new(1, 1));
        let x = b.conv2d("conv", b.input(), window, weights(&[2, 1, 1, 1], &[100, 1]), None).unwrap();
        let x = b.rescale("scale", x, Multiplier::PerChannel { axis, values: vec![2, 200] }, 1, RELU);
        b.output(output(x, 8));
        quotient_bounds(&b.finish().unwrap(), x)
    };
    assert_eq!(convolution(0), (0, 1000));
    assert_eq!(convolution(1), (0, 100_000));
    assert_eq!(convolution(2), (0, 100_000));
}

#[test]
fn bounds_products_of_activations_by_their_corners_and_squares_by_zero() {
    let bounds = |left: &[u8], right: &[u8], result: &[u8]| {
        let mut b = NetworkBuilder::new("product", input(&[3, 3], -5, 4));
        let x = b.product("product", (b.input(), left), (b.input(), right), result);
        let wide = ActivationFunction::Clip { minimum: -1000, maximum: 1000 };
        let x = b.rescale("clip", x, Multiplier::Uniform(2), 1, wide);
        b.output(output(x, if result.is_empty() { 1 } else { 9 }));
        quotient_bounds(&b.finish().unwrap(), x)
    };
    assert_eq!(bounds(b"ij", b"ji", b"ij"), (-20, 25));
    assert_eq!(bounds(b"ik", b"kj", b"ij"), (-60, 75));
    assert_eq!(bounds(b"ij", b"ij", b"ij"), (0, 25));
}

fn network() -> Network {
    let mut b = NetworkBuilder::new("plan", input(&[3, 5, 6], 0, 255));
    let window = Window2d::square(AxisWindow::new(3, 1).padded(1, 1));
    let x = b.conv2d("conv", b.input(), window, weights(&[5, 3, 3, 3], &[3; 135]), None).unwrap();
    let x = b.rescale("conv clip", x, Multiplier::Uniform(3), 8, SIGNED);
    let x = b.max_pool("pool", x, Window2d::square(AxisWindow::new(2, 2)));
    let y = b.average_pool("mean", x, Window2d::square(AxisWindow::new(2, 1)));
    let y = b.rescale("mean clip", y, Multiplier::Uniform(64), 8, RELU);
    let z = b.dense("dense", y, 0, weights(&[7, 5, 1, 2], &[-9; 70]), Some(vec![-300_000; 7])).unwrap();
    let z = b.rescale("dense clip", z, Multiplier::Uniform(5000), 21, SIGNED);
    b.output(output(z, 7));
    b.finish().unwrap()
}

#[test]
fn blocks_of_the_look_up_tree_are_aligned_disjoint_and_inside_it() {
    let plan = Plan::new(&network().architecture).unwrap();
    let mut end = 0;
    for segment in &plan.segments {
        let size = 1 << segment.num_vars;
        assert_eq!(segment.offset % size, 0, "{segment:?}");
        assert!(segment.offset >= end, "{segment:?} begins before {end}");
        end = segment.offset + size;
    }
    assert!(end <= 1 << plan.tree_vars && 2 * end > 1 << plan.tree_vars);
    let lookups = plan.segments.iter().filter(|segment| segment.rows != BlockSource::Table);
    assert_eq!(plan.num_lookups(), lookups.map(|segment| 1 << segment.num_vars).sum::<usize>());
}

#[test]
fn every_rescale_and_pool_is_committed_and_looked_up_once_in_its_table() {
    let network = network();
    let plan = Plan::new(&network.architecture).unwrap();
    let nodes = |wanted: fn(&Operation) -> bool| -> Vec<NodeId> {
        let nodes = network.architecture.nodes.iter().zip(0..);
        nodes.filter(|(node, _)| wanted(&node.operation)).map(|(_, i)| NodeId(i)).collect()
    };
    let rescales = nodes(|operation| matches!(operation, Operation::Rescale(_)));
    let pools = nodes(|operation| matches!(operation, Operation::MaxPool(_)));
    assert_eq!((rescales.len(), pools.len()), (3, 1));
    let columns: Vec<Column> = plan.witness.iter().map(|column| column.column).collect();
    let expected = rescales
        .iter()
        .flat_map(|&id| [Column::Activation(id), Column::Remainder(id)])
        .chain([Column::LowRemainder(rescales[2])])
        .chain(pools.iter().map(|&id| Column::Activation(id)))
        .chain((0..plan.tables.len()).map(Column::Multiplicity));
    let (mut sorted, mut expected) = (columns, expected.collect::<Vec<_>>());
    sorted.sort_unstable();
    expected.sort_unstable();
    assert_eq!(sorted, expected);
    let table = |rows| {
        let found: Vec<usize> = plan.segments.iter().filter(|s| s.rows == rows).map(|s| s.table).collect();
        assert_eq!(found.len(), 1, "{rows:?}");
        plan.tables[found[0]].clone()
    };
    for &id in &rescales {
        let Operation::Rescale(layer) = &network.architecture.node(id).operation else { unreachable!() };
        assert_eq!(
            table(BlockSource::Remainders(id)),
            LookupTable::Remainder { shift: layer.shift - layer.low_digits() }
        );
        let activations = table(BlockSource::Activations(id));
        assert!(
            matches!(&activations, LookupTable::Activation { function, .. } if *function == layer.function)
        );
        for q in [layer.quotient_bounds.0, 0, layer.quotient_bounds.1] {
            let position = activations.position(q).unwrap();
            assert_eq!(activations.row(position), (q, layer.function.apply(q)));
        }
    }
    // SIGNED spans 255, so that differences take 8 bits.
    assert_eq!(table(BlockSource::LowRemainders(rescales[2])), LookupTable::Difference { num_vars: 10 });
    assert_eq!(table(BlockSource::Differences(pools[0])), LookupTable::Difference { num_vars: 8 });
    assert_eq!(plan.segments.iter().filter(|s| s.rows == BlockSource::Table).count(), plan.tables.len());
}

/// A few bytes of padding must not make a verifier allocate without bound.
#[test]
fn refuses_more_look_ups_than_supported() {
    let padded = |channels: usize| {
        let padding = (1 << 12) - 1;
        let mut b = NetworkBuilder::new("huge", input(&[channels, 1, 1], 0, 1));
        let window = Window2d::square(AxisWindow::new(1, 1).padded(padding, 0));
        let x = b.average_pool("pad", b.input(), window);
        let x = b.rescale("clip", x, Multiplier::Uniform(1), 1, RELU);
        b.output(output(x, channels * (padding + 1) * (padding + 1)));
        Plan::new(&b.finish().unwrap().architecture).map(|plan| plan.tree_vars)
    };
    assert_eq!(padded(4), Ok(28));
    let reason = "it looks up more rows than supported";
    assert_eq!(padded(8), Err(Error::Graph { reason }));
}

/// A compiled model of a few bytes must not make a prover allocate without bound.
#[test]
fn refuses_values_out_of_proportion_to_input_and_parameters() {
    let reason = "its values are much larger than its input and parameters";
    let checked = |b: NetworkBuilder| {
        let network = b.finish()?;
        network.check_size(&network.infer()?)
    };
    let padded = |input_length: usize, length: usize| {
        let mut b = NetworkBuilder::new("huge", input(&[input_length], 0, 1));
        let x = b.remap("pad", b.input(), vec![AxisMap::pad(0, length)]);
        b.output(output(x, length));
        checked(b)
    };
    assert_eq!(padded(1, (1 << 18) + (1 << 10)), Ok(()));
    assert_eq!(padded(1, (1 << 18) + (1 << 10) + 1), Err(Error::Graph { reason }));
    assert_eq!(padded(64, (1 << 18) + (1 << 16)), Ok(()));
    let reason = "its pools, circuits or repeated reads are much larger than its input and parameters";
    let pooled = |kernel: usize| {
        let mut b = NetworkBuilder::new("huge", input(&[1, 1, 1], 0, 1));
        let window = Window2d::square(AxisWindow::new(kernel, 1).padded(kernel - 1, kernel - 1));
        let x = b.average_pool("pool", b.input(), window);
        b.output(output(x, kernel * kernel));
        checked(b)
    };
    assert_eq!(pooled(1 << 6), Ok(()));
    assert_eq!(pooled(1 << 7), Err(Error::Graph { reason }));
}

#[test]
fn a_key_with_another_number_of_rows_is_refused() {
    let architecture = network().architecture;
    let damaged = || Error::Damaged { what: "verifying key", reason: "it has another number of commitments" };
    assert_eq!(VerifyingKey::new(architecture.clone(), vec![]), Err(damaged()));
    let plan = Plan::new(&architecture).unwrap();
    let rows = |more: usize| vec![ark_bn254::G1Affine::default(); plan.rows(&plan.parameters).1 + more];
    assert_eq!(VerifyingKey::new(architecture.clone(), rows(1)), Err(damaged()));
    assert!(VerifyingKey::new(architecture, rows(0)).unwrap().soundness_bits() > 100.0);
}

/// A clip of 19-bit quotients, a table of results behind the same clip's range, a constant; then a narrow clip.
#[test]
fn wide_quotients_are_clipped_in_a_short_table_before_they_are_looked_up() {
    let mut b = NetworkBuilder::new("wide", input(&[3], 0, 255));
    let mut rescale = |name: &str, function| {
        let wide = b.add(&format!("{name} sum"), &[(b.input(), -2048)]);
        b.rescale(name, wide, Multiplier::Uniform(1), 1, function)
    };
    let clip = rescale("clip", SIGNED);
    let table = rescale("table", ActivationFunction::Table { first: -128, results: vec![3; 200] });
    let zero = rescale("zero", ActivationFunction::Clip { minimum: 0, maximum: 0 });
    let sum = b.add("narrow sum", &[(clip, 1), (table, 1), (zero, 1)]);
    let narrow = b.rescale("narrow", sum, Multiplier::Uniform(1), 1, SIGNED);
    b.output(output(narrow, 3));
    let plan = Plan::new(&b.finish().unwrap().architecture).unwrap();
    let table_of = |rows| {
        let segment = plan.segments.iter().find(|segment| segment.rows == rows);
        segment.map(|segment| plan.tables[segment.table].clone())
    };
    let columns = |id| {
        let all =
            [Column::Activation(id), Column::Remainder(id), Column::Saturation(id), Column::Argument(id)];
        all.map(|column| plan.place(column).is_some())
    };
    // -255 * 1024 - (-128) takes 18 bits.
    let saturation =
        |minimum, maximum| Some(LookupTable::Saturation(SaturationTable { minimum, maximum, limb_bits: 9 }));
    for (id, range) in [(clip, (-128, 127)), (table, (-128, 71)), (zero, (0, 1))] {
        assert_eq!(table_of(BlockSource::LowSaturation(id)), saturation(range.0, range.1));
        assert_eq!(table_of(BlockSource::HighSaturation(id)), saturation(range.0, range.1));
    }
    let rows = |rows| table_of(rows).map(|table| (table.row(0).0, table.num_vars()));
    assert_eq!(rows(BlockSource::Activations(clip)), None);
    assert_eq!(rows(BlockSource::Activations(table)), Some((-128, 8)));
    assert_eq!(rows(BlockSource::Activations(zero)), Some((0, 1)));
    assert_eq!(columns(clip), [true, true, true, false]);
    assert_eq!(columns(table), [true; 4]);
    assert_eq!(columns(zero), [true; 4]);
    assert_eq!(columns(narrow), [true, true, false, false]);
    assert_eq!(table_of(BlockSource::LowSaturation(narrow)), None);
}

/// Quotients of exactly 2^16 values are looked up whole, one more is too many.
#[test]
fn quotients_of_sixteen_bits_are_looked_up_whole() {
    for (low, is_wide) in [(-32_767, false), (-32_768, true)] {
        let function = SIGNED;
        let quotient_bounds = (low, 32_768);
        let layer = RescaleLayer { multiplier: Multiplier::Uniform(1), shift: 1, function, quotient_bounds };
        assert_eq!(layer.clipping().is_some(), is_wide);
    }
}
