//! Divisions that come out in the field but not in the integers: values that wrap around the modulus.

use ark_bn254::Fr;
use ark_ff::Field;
use tacit_layers::{
    NodeId, Operation,
    argument::{claim::Column, lookup_block::BlockSource},
};
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::labels;
use tacit_verifier::Error;

use super::{
    network::{DENOMINATOR, final_value, verdict},
    tiny,
};

fn half_to_the(power: u32) -> Fr {
    Fr::from(2_u64).inverse().unwrap().pow([u64::from(power)])
}

/// Every rescale of the tiny networks that looks its quotients up whole, with its remainders' digits.
fn rescales() -> Vec<(&'static str, ProvingKey, NodeId, u32)> {
    let networks = tiny::all().into_iter();
    networks
        .flat_map(|(name, network)| {
            let key = ProvingKey::setup(network).unwrap();
            let nodes = key.network().architecture.nodes.clone().into_iter().zip(0..);
            nodes
                .filter_map(|(node, index)| match node.operation {
                    Operation::Rescale(layer) if layer.clipping().is_none() && layer.low_digits() == 0 => {
                        Some((name, key.clone(), NodeId(index), layer.shift))
                    }
                    _ => None,
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The remainder is off by one, in its range. In the field there is a quotient that goes with it: not an integer, it makes
/// $m a = 2^s q + r$ hold all the same, and no row of the table has it.
#[test]
fn rejects_a_quotient_that_exists_in_the_field_only() {
    let rescales = rescales();
    assert!(rescales.len() > 10, "{} rescales", rescales.len());
    for (name, key, id, shift) in rescales {
        let input = tiny::sample(key.network());
        let mut run = Run::honest(&key, &input).unwrap();
        let remainder = run.column(Column::Remainder(id))[0];
        let by = if remainder < (1 << (shift - 1)) - 1 { 1 } else { -1 };
        run.column(Column::Remainder(id))[0] += by;
        let (keys, positions) = run.lookups(BlockSource::Remainders(id));
        keys[0] += by;
        positions[0] = positions[0].wrapping_add_signed(by as i32);
        run.recount();
        let difference = if by > 0 { -half_to_the(shift) } else { half_to_the(shift) };
        run.wrap(BlockSource::Activations(id), 0, difference);
        assert_eq!(verdict(&key, &input, &run), Err(DENOMINATOR), "{name}: {id:?}");
        // A multiplicity that makes up for the missing row depends on challenges that it must be committed before.
        let plan = key.verifying_key().plan();
        let rows = BlockSource::Activations(id);
        let table = plan.segments.iter().find(|segment| segment.rows == rows).unwrap().table;
        run.fit_multiplicity(table, 0);
        assert_eq!(verdict(&key, &input, &run), Err(Error::Opening), "{name}: {id:?}, made up for");
    }
}

/// A remainder that is a field element of any size makes every quotient true: the remainder's range stops it.
#[test]
fn rejects_a_remainder_that_is_no_small_integer() {
    for (name, key, id, shift) in rescales() {
        let input = tiny::sample(key.network());
        let mut run = Run::honest(&key, &input).unwrap();
        // The quotient that is claimed is smaller by one third; what is committed is not the remainder that goes with it.
        let third = Fr::from(3_u64).inverse().unwrap();
        run.wrap(BlockSource::Remainders(id), 0, third * Fr::from(1_u64 << shift));
        run.wrap(BlockSource::Activations(id), 0, -third);
        assert_eq!(verdict(&key, &input, &run), Err(DENOMINATOR), "{name}: {id:?}");
    }
}

/// The low limb of what is clipped off is off by one, in its range; the high limb is the field's quotient.
#[test]
fn rejects_a_limb_that_exists_in_the_field_only() {
    let key = ProvingKey::setup(tiny::wide()).unwrap();
    let input = tiny::sample(key.network());
    let plan = key.verifying_key().plan();
    for rescale in plan.looked_up_rescales() {
        let rows = BlockSource::LowSaturation(rescale);
        let mut run = Run::honest(&key, &input).unwrap();
        let Some(index) = run.column(Column::Saturation(rescale)).iter().position(|limb| *limb > 1) else {
            continue;
        };
        run.column(Column::Saturation(rescale))[index] -= 1;
        let (keys, positions) = run.lookups(rows);
        keys[index] -= 1;
        positions[index] -= 1;
        run.recount();
        assert_eq!(verdict(&key, &input, &run), Err(DENOMINATOR), "{rescale:?}");
    }
}

/// $a = (2^s q + r) / m$ is a fraction when the remainder is off by one.
#[test]
fn rejects_an_accumulator_that_is_a_fraction() {
    let mut rejected = 0;
    for (name, key, id, shift) in rescales() {
        let input = tiny::sample(key.network());
        let mut run = Run::honest(&key, &input).unwrap();
        let remainder = run.column(Column::Remainder(id))[0];
        if name != "mlp" || remainder + 1 >= 1 << (shift - 1) {
            continue;
        }
        run.column(Column::Remainder(id))[0] += 1;
        let (keys, positions) = run.lookups(BlockSource::Remainders(id));
        keys[0] += 1;
        positions[0] += 1;
        run.recount();
        let error = final_value("rescales", labels::ACCUMULATOR_VALUES);
        assert_eq!(verdict(&key, &input, &run), Err(error));
        rejected += 1;
    }
    assert_eq!(rejected, 1);
}
