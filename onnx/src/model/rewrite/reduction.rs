//! Reductions and pools that others express.

use super::rewriting::{Rewriting, Rewritten};

/// Elements that `TopK` finds at most.
const MAX_LARGEST: usize = 64;

/// `ReduceMin` and `ArgMin`: maxima of the negative.
pub(super) fn minimum(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    if r.is_integer(x) {
        return Ok(None);
    }
    let negative = r.unary("Neg", x);
    let mut inputs = vec![&*negative];
    inputs.extend((1..r.num_inputs()).filter_map(|index| r.optional_input(index)));
    if r.operator() == "ArgMin" {
        return Ok(Some(vec![r.again("ArgMax", &inputs)]));
    }
    let largest = r.again("ReduceMax", &inputs);
    Ok(Some(vec![r.unary("Neg", &largest)]))
}

/// `ReduceProd`: halves of an axis times each other.
pub(super) fn product(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    if r.is_integer(x) {
        return Ok(None);
    }
    if r.reduces_nothing() {
        return Ok(Some(vec![x.to_owned()]));
    }
    let Some((axes, kept)) = r.reduced_axes(x)? else { return Ok(None) };
    let mut value = x.to_owned();
    for axis in axes {
        let axis = axis as usize;
        let mut length = r.shape(x)?[axis];
        while length > 1 {
            let half = length / 2;
            let left = r.slice(&value, axis, length, 0, half);
            let right = r.slice(&value, axis, length, half, half);
            let product = r.binary("Mul", &left, &right);
            value = if length % 2 == 1 {
                let rest = r.slice(&value, axis, length, length - 1, 1);
                r.concat(&[product, rest], axis)
            } else {
                product
            };
            length -= half;
        }
    }
    Ok(Some(vec![r.reshape(&value, &kept)]))
}

/// `LpPool` and `GlobalLpPool`: the root of sums of powers of magnitudes.
pub(super) fn lp_pool(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let p = r.int("p", 2);
    if p < 1 {
        return Err(r.refuse(format!("p = {p}"), "a positive p"));
    }
    let magnitudes = r.unary("Abs", x);
    let powers = if p == 1 { magnitudes } else { r.with_number("Pow", &magnitudes, p as f32) };
    let sums = if r.operator() == "GlobalLpPool" {
        let axes: Vec<i64> = (2..shape.len() as i64).collect();
        r.reduce("ReduceSum", &powers, &axes)
    } else {
        let kernel: i64 = r.ints("kernel_shape").unwrap_or(&[]).iter().product();
        let means = r.again_but("AveragePool", &[&powers], "p", ("count_include_pad", 1_i64.into()));
        r.with_number("Mul", &means, kernel as f32)
    };
    Ok(Some(vec![if p == 1 { sums } else { r.with_number("Pow", &sums, 1.0 / p as f32) }]))
}

/// `MaxPool`: the places of the largest elements are not found.
pub(super) fn max_pool(r: &mut Rewriting<'_>) -> Rewritten {
    if r.is_read(1) {
        return Err(r.refuse("an output of indices", "the first output alone"));
    }
    Ok(None)
}

/// `TopK`: the largest elements, and the index of one.
pub(super) fn largest(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    if r.is_integer(x) {
        return Ok(None);
    }
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let count = match r.optional_input(1) {
        Some(name) => r.integers(name).and_then(|list| list.first().copied()),
        None => Some(r.int("k", 0)),
    };
    let axis = r.axis(-1, shape.len())? as i64;
    let count = count.and_then(|count| usize::try_from(count).ok());
    let Some(count @ 1..) = count.filter(|&count| count <= shape[axis as usize].min(MAX_LARGEST)) else {
        return Err(r.refuse("this number of elements", "a constant number of them, up to 64"));
    };
    let is_largest = r.int("largest", 1) != 0;
    let value = if is_largest { x.to_owned() } else { r.unary("Neg", x) };
    if count > 1 {
        if r.is_read(1) {
            return Err(r.refuse("the indices of more than one element", "the elements alone, or ArgMax"));
        }
        if r.int("sorted", 1) == 0 {
            return Err(r.refuse("an order that is left open", "sorted = 1"));
        }
        let found = r.largest_of(&value, shape, axis as usize, count);
        return Ok(Some(vec![if is_largest { found } else { r.unary("Neg", &found) }]));
    }
    let best = r.reduce("ReduceMax", &value, &[axis]);
    let best = if is_largest { best } else { r.unary("Neg", &best) };
    let index = r.emit("ArgMax", &[&value], &[("axis", axis.into()), ("keepdims", true.into())]);
    Ok(Some(vec![best, index]))
}

/// `CumSum`: a triangular matrix.
pub(super) fn cumulative_sum(r: &mut Rewriting<'_>) -> Rewritten {
    let (x, axis) = (r.input(0)?, r.input(1)?);
    if r.is_integer(x) {
        return Ok(None);
    }
    let (Some(shape), Some(axis)) = (r.known_shape(x), r.integers(axis)) else { return Ok(None) };
    let axis = r.normalised(axis.first().copied().unwrap_or(0), shape.len())?;
    let (exclusive, reverse) = (r.int("exclusive", 0) != 0, r.int("reverse", 0) != 0);
    let length = shape[axis];
    let counts = |to: usize, from: usize| {
        let (first, last) = if reverse { (to, from) } else { (from, to) };
        first < last || (first == last && !exclusive)
    };
    let row = |to: usize| (0..length).map(|from| f32::from(u8::from(counts(to, from)))).collect();
    let matrix: Vec<Vec<f32>> = (0..length).map(row).collect();
    Ok(Some(vec![r.map_along(x, shape, axis, &matrix)]))
}

/// `Einsum` of one operand: a sum over the axes that its result lacks, and the others in another order.
pub(super) fn einsum_of_one(r: &mut Rewriting<'_>) -> Rewritten {
    if r.num_inputs() != 1 {
        return Ok(None);
    }
    let x = r.input(0)?;
    let equation: String = r.text("equation", "").split_whitespace().collect();
    let (Some((operand, result)), Some(shape)) = (equation.split_once("->"), r.known_shape(x)) else {
        return Ok(None);
    };
    let [letters, wanted] = [operand, result].map(|letters| letters.chars().collect::<Vec<_>>());
    let is_plain = |list: &[char]| {
        list.iter().all(|l| l.is_alphabetic() && list.iter().filter(|m| *m == l).count() == 1)
    };
    if !is_plain(&letters) || !is_plain(&wanted) || letters.len() != shape.len() {
        return Err(r.refuse(format!("the equation `{equation}`"), "each axis named once"));
    }
    let gone: Vec<i64> =
        (0..letters.len()).filter(|&axis| !wanted.contains(&letters[axis])).map(|axis| axis as i64).collect();
    let order: Option<Vec<usize>> = wanted
        .iter()
        .chain(letters.iter().filter(|letter| !wanted.contains(letter)))
        .map(|letter| letters.iter().position(|other| other == letter))
        .collect();
    let Some(order) = order else { return Ok(None) };
    let sum = if gone.is_empty() { x.to_owned() } else { r.reduce("ReduceSum", x, &gone) };
    let moved = r.transpose(&sum, &order);
    let kept: Vec<usize> = order.iter().take(wanted.len()).map(|&axis| shape[axis]).collect();
    Ok(Some(vec![r.reshape(&moved, &kept)]))
}
