//! Wide quotients: what is clipped off, limb by limb, and where.

use tacit_inference::NetworkBuilder;
use tacit_layers::{
    ActivationFunction, InputLayer, Multiplier, NodeId, Operation, RescaleLayer, Tensor,
    argument::{
        claim::Column,
        lookup_block::BlockSource,
        lookup_table::{
            LookupTable,
            saturation::{Parts, SaturationTable},
        },
    },
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_verifier::Error;

use super::{
    layout,
    network::{DENOMINATOR, output, set, verdict},
    tensor,
};

const RESCALE: NodeId = NodeId(2);
const READER: NodeId = NodeId(3);
const CLIP: ActivationFunction = ActivationFunction::Clip { minimum: -4, maximum: 8 };
const LIMB_BITS: u32 = 9;

/// Quotients above, inside and below, at the bounds, and far outside on both sides.
const QUOTIENTS: [i64; 7] = [10, 2, -30, 8, -4, 100_000, -90_000];

/// Quotients are twice the inputs; what reads the activations adds them up.
fn network(function: ActivationFunction) -> ProvingKey {
    let input = InputLayer::real(layout(&[7]), (-(1 << 16), 1 << 16), 1.0);
    let mut b = NetworkBuilder::new("wide", input);
    let x = b.add("fourfold", &[(b.input(), 4)]);
    let x = b.rescale("clip", x, Multiplier::Uniform(1), 1, function);
    let x = b.dense("sum", x, 0, Tensor::new(layout(&[1, 7]), vec![1; 7]).unwrap(), None).unwrap();
    b.output(output("sum", x, &[1]));
    ProvingKey::setup(b.finish().unwrap()).unwrap()
}

fn sample() -> Tensor<i64> {
    tensor(&[7], QUOTIENTS.iter().map(|q| q / 2).collect())
}

fn layer(key: &ProvingKey) -> RescaleLayer {
    let Operation::Rescale(layer) = &key.network().architecture.node(RESCALE).operation else {
        unreachable!()
    };
    layer.clone()
}

fn table(key: &ProvingKey) -> SaturationTable {
    let tables = &key.verifying_key().plan().tables;
    let found = tables.iter().find_map(|table| match table {
        LookupTable::Saturation(table) => Some(*table),
        _ => None,
    });
    found.unwrap()
}

/// Row of a table with this first column; the first row where there is none.
fn position(key: &ProvingKey, rows: BlockSource, first: i64) -> u32 {
    let plan = key.verifying_key().plan();
    let table = plan.segments.iter().find(|segment| segment.rows == rows).unwrap().table;
    plan.tables[table].position(first).unwrap_or(0) as u32
}

fn quotient(run: &mut Run, index: usize) -> i64 {
    run.lookups(BlockSource::HighSaturation(RESCALE)).0[index]
}

/// Replaces what is claimed of one quotient, and all that follows from it: the rows that its limbs are looked up in, the
/// activation, the output.
fn claim(run: &mut Run, key: &ProvingKey, index: usize, parts: Parts, activation: i64) {
    let (table, layer) = (table(key), layer(key));
    let quotient = parts.clipped + (parts.high << table.limb_bits) + parts.low;
    let [low_key, high_key] = table.keys(parts);
    for (rows, about, first) in [
        (BlockSource::LowSaturation(RESCALE), parts.low, low_key),
        (BlockSource::HighSaturation(RESCALE), quotient, high_key),
    ] {
        let (keys, positions) = run.lookups(rows);
        keys[index] = about;
        positions[index] = position(key, rows, first);
    }
    run.column(Column::Saturation(RESCALE))[index] = parts.low;
    if layer.clipping().unwrap().is_argument {
        let rows = BlockSource::Activations(RESCALE);
        let (keys, positions) = run.lookups(rows);
        keys[index] = parts.clipped;
        positions[index] = position(key, rows, parts.clipped);
        run.column(Column::Argument(RESCALE))[index] = parts.clipped;
    }
    let moved = activation - run.values()[RESCALE.index()].data()[index];
    set(&mut run.values()[RESCALE.index()], index, activation);
    run.column(Column::Activation(RESCALE))[index] = activation;
    let sum = run.values()[READER.index()].data()[0] + moved;
    set(&mut run.values()[READER.index()], 0, sum);
    set(&mut run.outputs()[0], 0, sum);
    run.recount();
}

/// A clip, and a table of results over the same range of quotients.
fn both() -> [ProvingKey; 2] {
    let results = (-4..=8).map(|q| 10 - q * q / 3).collect();
    [CLIP, ActivationFunction::Table { first: -4, results }].map(network)
}

#[test]
fn accepts_honest_runs_and_what_follows_from_their_parts() {
    for key in both() {
        let table = table(&key);
        assert_eq!((table.minimum, table.maximum, table.limb_bits), (-4, 8, LIMB_BITS));
        let mut run = Run::honest(&key, &sample()).unwrap();
        assert_eq!(verdict(&key, &sample(), &run), Ok(()));
        for index in 0..7 {
            let quotient = quotient(&mut run, index);
            let activation = layer(&key).function.apply(quotient);
            claim(&mut run, &key, index, table.split(quotient), activation);
        }
        assert_eq!(verdict(&key, &sample(), &run), Ok(()));
    }
}

/// The quotient stays as it is; the saturation makes up for the wrong value.
#[test]
fn rejects_every_other_clipped_value_of_the_same_quotient() {
    for key in both() {
        let (table, layer) = (table(&key), layer(&key));
        let honest = Run::honest(&key, &sample()).unwrap();
        for index in 0..7 {
            let quotient = quotient(&mut honest.clone(), index);
            for clipped in -6..=10 {
                let saturation = quotient - clipped;
                let (high, low) = (saturation >> LIMB_BITS, saturation & ((1 << LIMB_BITS) - 1));
                let signed = Parts { clipped, high: saturation / 512, low: saturation % 512 };
                for parts in [signed, Parts { clipped, high, low }] {
                    if parts == table.split(quotient) {
                        continue;
                    }
                    let mut run = honest.clone();
                    claim(&mut run, &key, index, parts, layer.function.apply(clipped));
                    assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "{quotient} as {parts:?}");
                }
            }
        }
    }
}

/// The clipped value is right and so is the saturation, but not its limbs.
#[test]
fn rejects_other_limbs_of_the_same_excess() {
    for key in both() {
        let (table, layer) = (table(&key), layer(&key));
        let honest = Run::honest(&key, &sample()).unwrap();
        for index in 0..7 {
            let quotient = quotient(&mut honest.clone(), index);
            let parts = table.split(quotient);
            for carry in [-2, -1, 1, 2] {
                let other =
                    Parts { high: parts.high + carry, low: parts.low - (carry << LIMB_BITS), ..parts };
                let mut run = honest.clone();
                claim(&mut run, &key, index, other, layer.function.apply(quotient));
                assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "{quotient} as {other:?}");
            }
        }
    }
}

/// Rows that fill the table up would do for one of both look-ups.
#[test]
fn rejects_values_of_rows_that_fill_the_table_up() {
    for key in both() {
        let (table, layer) = (table(&key), layer(&key));
        let last = table.first() + (1 << table.num_vars()) - 1;
        let largest_limb = (1 << LIMB_BITS) - 1;
        let honest = Run::honest(&key, &sample()).unwrap();
        for clipped in [9, 10, table.second(last)] {
            for (clipped, low) in [(clipped, largest_limb), (4 - clipped, 0), (8, largest_limb + clipped - 8)]
            {
                let mut run = honest.clone();
                let parts = Parts { clipped, high: 0, low };
                claim(&mut run, &key, 0, parts, layer.function.apply(clipped));
                assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "{parts:?}");
            }
        }
    }
}

/// Everything looked up is in its row, but the quotient is not the accumulator's.
#[test]
fn rejects_the_parts_of_another_quotient() {
    for key in both() {
        let (table, layer) = (table(&key), layer(&key));
        let honest = Run::honest(&key, &sample()).unwrap();
        for index in 0..7 {
            for other in [-100_001, -5, 0, 5, 9, 511 + 8, 512 + 8, 100_001] {
                let mut run = honest.clone();
                claim(&mut run, &key, index, table.split(other), layer.function.apply(other));
                // The rescale of a sum of the input ends in the input itself.
                let error = Error::Addends { layer: "fourfold".to_owned() };
                assert_eq!(verdict(&key, &sample(), &run), Err(error), "{other}");
            }
        }
    }
}

/// What is committed is not what is looked up.
#[test]
fn rejects_columns_that_are_not_what_is_looked_up() {
    for key in both() {
        let is_argument = layer(&key).clipping().unwrap().is_argument;
        let columns = [Column::Saturation(RESCALE), Column::Argument(RESCALE)];
        for &column in &columns[..=usize::from(is_argument)] {
            let mut run = Run::honest(&key, &sample()).unwrap();
            run.column(column)[0] += 1;
            let error = if column == columns[0] { Error::Opening } else { DENOMINATOR };
            assert_eq!(verdict(&key, &sample(), &run), Err(error), "{column:?}");
        }
    }
}

/// An activation that is the result of another argument.
#[test]
fn rejects_the_result_of_another_argument() {
    let [_, key] = both();
    let (table, layer) = (table(&key), layer(&key));
    for index in 0..7 {
        let mut run = Run::honest(&key, &sample()).unwrap();
        let parts = table.split(quotient(&mut run, index));
        let activation = layer.function.apply(parts.clipped) + 1;
        claim(&mut run, &key, index, parts, activation);
        assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR));
        // In the row of that other argument, the limbs left alone.
        let other =
            (-4..=8).find(|&q| layer.function.apply(q) != layer.function.apply(parts.clipped)).unwrap();
        let mut run = Run::honest(&key, &sample()).unwrap();
        let (keys, positions) = run.lookups(BlockSource::Activations(RESCALE));
        (keys[index], positions[index]) = (other, position(&key, BlockSource::Activations(RESCALE), other));
        run.recount();
        assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR));
    }
}

#[test]
fn rejects_limbs_in_each_others_place() {
    for key in both() {
        let layer = layer(&key);
        let honest = Run::honest(&key, &sample()).unwrap();
        for index in 5..7 {
            let quotient = quotient(&mut honest.clone(), index);
            let Parts { clipped, high, low } = table(&key).split(quotient);
            assert_ne!(high, low);
            let mut run = honest.clone();
            claim(
                &mut run,
                &key,
                index,
                Parts { clipped, high: low, low: high },
                layer.function.apply(quotient),
            );
            let error = Error::Addends { layer: "fourfold".to_owned() };
            assert_eq!(verdict(&key, &sample(), &run), Err(error));
        }
    }
}
