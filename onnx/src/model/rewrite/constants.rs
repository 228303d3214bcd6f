//! What is computed from constants alone and the importer computes otherwise than ONNX: sequences of numbers, indices from the end,
//! and integers that leave their type, which are refused.

use tract_onnx::{
    pb::tensor_proto::DataType,
    prelude::{Datum, DatumType},
};

use super::rewriting::{Rewriting, Rewritten};
use crate::error::Error;

/// Elements of a sequence at most.
const MAX_ELEMENTS: f64 = (1 << 20) as f64;

/// `Range` of constants: each number is the one before and the difference, in the type of both.
pub(super) fn range(r: &mut Rewriting<'_>) -> Rewritten {
    let names = [r.input(0)?, r.input(1)?, r.input(2)?];
    let one = |name: &str| r.numbers(name).and_then(|numbers| numbers.first().copied());
    let integer = |name: &str| r.integers(name).and_then(|integers| integers.first().copied());
    let refused = |r: &Rewriting<'_>| {
        Err(r.refuse("a sequence of these bounds", "a difference but zero, and up to a million numbers"))
    };
    if r.is_integer(names[0]) {
        let [Some(start), Some(limit), Some(delta)] = names.map(integer) else { return Ok(None) };
        let is_short = start.unsigned_abs().max(limit.unsigned_abs()) < 1 << 52;
        let count = if delta == 0 || !is_short {
            f64::INFINITY
        } else {
            ((limit - start) as f64 / delta as f64).ceil()
        };
        if count > MAX_ELEMENTS {
            return refused(r);
        }
        let sequence: Vec<i64> = (0..count.max(0.0) as i64).map(|place| start + place * delta).collect();
        let sequence = r.vector(&sequence);
        if r.datum_type(names[0]) == Some(i32::datum_type()) {
            let to = i64::from(DataType::Int32 as i32);
            return Ok(Some(vec![r.emit("Cast", &[&sequence], &[("to", to.into())])]));
        }
        return Ok(Some(vec![sequence]));
    }
    let [Some(start), Some(limit), Some(delta)] = names.map(one) else { return Ok(None) };
    let count = (f64::from(limit - start) / f64::from(delta)).ceil();
    if count.is_nan() || count > MAX_ELEMENTS {
        return refused(r);
    }
    let mut number = start;
    let mut sequence = vec![];
    for _ in 0..count.max(0.0) as usize {
        sequence.push(number);
        number += delta;
    }
    Ok(Some(vec![r.tensor(&[sequence.len()], &sequence)]))
}

/// `OneHot` of constants: what names no place gives nothing.
pub(super) fn one_hot(r: &mut Rewriting<'_>) -> Rewritten {
    let index = r.input(0)?;
    let (Some(indices), Some(depth), Some(values)) =
        (r.integers(index), r.integers(r.input(1)?), r.numbers(r.input(2)?))
    else {
        return Ok(None);
    };
    let (Some(depth), &[off, on]) =
        (depth.first().and_then(|&depth| usize::try_from(depth).ok()), &values[..])
    else {
        return Ok(None);
    };
    if r.is_integer(r.input(2)?) || (indices.len() as f64) * depth as f64 > MAX_ELEMENTS {
        return Ok(None);
    }
    let shape = r.shape(index)?;
    let axis = r.axis(-1, shape.len() + 1)?;
    let inner: usize = shape[axis..].iter().product();
    let mut numbers = vec![off; indices.len() * depth];
    for (at, &index) in indices.iter().enumerate() {
        let counted = if index < 0 { index + depth as i64 } else { index };
        if let Some(place) = usize::try_from(counted).ok().filter(|&place| place < depth) {
            numbers[(at / inner * depth + place) * inner + at % inner] = on;
        }
    }
    let result = [&shape[..axis], &[depth], &shape[axis..]].concat();
    Ok(Some(vec![r.tensor(&result, &numbers)]))
}

/// Refuses a node that reads constants alone and gives integers which leave their type.
pub(super) fn check(r: &Rewriting<'_>) -> Result<(), Error> {
    let Some(name) = r.optional_input(0) else { return Ok(()) };
    if r.operator() == "Cast" {
        return check_cast(r, name);
    }
    let Some(largest) = r.datum_type(name).and_then(largest_of).filter(|_| r.is_integer(name)) else {
        return Ok(());
    };
    let (Some(integers), second) = (r.integers(name), r.optional_input(1).and_then(|name| r.integers(name)))
    else {
        return Ok(());
    };
    let magnitude = |integers: &[i64]| integers.iter().map(|x| x.unsigned_abs()).max().unwrap_or(0) as f64;
    let (count, first) = (integers.len() as f64, magnitude(&integers));
    let second = second.map_or(0.0, |second| magnitude(&second));
    let reach = match r.operator() {
        "ReduceSum" | "ReduceL1" | "CumSum" => first * count,
        "ReduceSumSquare" => first * first * count,
        "ReduceProd" => first.powf(count),
        "MatMul" => first * second * count,
        "Pow" => first.powf(second),
        _ => 0.0,
    };
    if reach > largest {
        let actual =
            format!("constants of integers whose result may be as large as {reach:e}, beyond their type,");
        return Err(r.refuse(actual, "constants of float32"));
    }
    Ok(())
}

/// Casts of reals that an integer type does not hold depend on the machine.
fn check_cast(r: &Rewriting<'_>, name: &str) -> Result<(), Error> {
    let to = DataType::try_from(r.int("to", 0) as i32).ok();
    let (low, high) = match to {
        Some(DataType::Int8) => (-128.0, 127.0),
        Some(DataType::Uint8) => (0.0, 255.0),
        Some(DataType::Int16) => (-32_768.0, 32_767.0),
        Some(DataType::Uint16) => (0.0, 65_535.0),
        Some(DataType::Int32) => (f64::from(i32::MIN), f64::from(i32::MAX)),
        Some(DataType::Uint32) => (0.0, f64::from(u32::MAX)),
        // What is no larger is smaller than two to the power of 63.
        Some(DataType::Int64) => (i64::MIN as f64, i64::MAX as f64 * (1.0 - f64::EPSILON)),
        Some(DataType::Uint64) => (0.0, u64::MAX as f64 * (1.0 - f64::EPSILON)),
        _ => return Ok(()),
    };
    if r.is_integer(name) || r.is_truth(name) {
        return Ok(());
    }
    let Some(numbers) = r.numbers(name) else { return Ok(()) };
    let outside = |x: &&f32| x.is_nan() || !(low..=high).contains(&f64::from(x.trunc()));
    match numbers.iter().find(outside) {
        Some(number) => Err(r.refuse(
            format!("a cast of the constant {number:e} to integers that have no such number"),
            "a constant that they have",
        )),
        None => Ok(()),
    }
}

fn largest_of(datum_type: DatumType) -> Option<f64> {
    let known = [
        (i32::datum_type(), f64::from(i32::MAX)),
        (i64::datum_type(), i64::MAX as f64),
        (u32::datum_type(), f64::from(u32::MAX)),
        (u64::datum_type(), u64::MAX as f64),
    ];
    known.iter().find(|(known, _)| *known == datum_type).map(|&(_, largest)| largest)
}
