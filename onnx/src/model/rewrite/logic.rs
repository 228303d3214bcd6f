//! Choices, comparisons, extrema and truth values of several values, through differences and products; what depends on one
//! value only stays a function of it.

use super::rewriting::{Rewriting, Rewritten};
use crate::error::Error;

/// Numbers up to here are added in front of a softmax to leave elements out of it.
pub(crate) const MASK: f32 = -1e4;

/// Which of two constants is large negative wherever it is chosen.
fn is_mask(chosen: impl Iterator<Item = f32>) -> bool {
    let mut numbers = chosen.peekable();
    numbers.peek().is_some() && numbers.all(|number| number <= MASK)
}

/// A constant repeated to a shape.
pub(crate) fn broadcast<T: Copy>(values: &[T], shape: &[usize], to: &[usize]) -> Option<Vec<T>> {
    let offset = to.len().checked_sub(shape.len())?;
    let count: usize = to.iter().product();
    let mut result = Vec::with_capacity(count);
    for place in 0..count {
        let (mut rest, mut from, mut stride) = (place, 0, 1);
        for axis in (0..to.len()).rev() {
            let coordinate = rest % to[axis];
            rest /= to[axis];
            if axis >= offset && shape[axis - offset] > 1 {
                from += coordinate * stride;
                stride *= shape[axis - offset];
            }
        }
        result.push(*values.get(from)?);
    }
    Some(result)
}

/// The shape that shapes broadcast to.
fn common_shape(shapes: &[&[usize]]) -> Option<Vec<usize>> {
    let rank = shapes.iter().map(|shape| shape.len()).max()?;
    let mut result = vec![1; rank];
    for shape in shapes {
        for (at, &length) in shape.iter().enumerate() {
            let known = &mut result[rank - shape.len() + at];
            if *known != 1 && length != 1 && *known != length {
                return None;
            }
            *known = length.max(*known);
        }
    }
    Some(result)
}

/// `Where`.
pub(super) fn choose(r: &mut Rewriting<'_>) -> Rewritten {
    let (condition, x, y) = (r.input(0)?, r.input(1)?, r.input(2)?);
    if r.is_integer(x) || r.is_integer(y) {
        return Ok(None);
    }
    if !r.is_constant(condition) {
        if r.is_function_of_one_value(&[condition, x, y]) {
            let finite = [x, y].map(|name| finite(r, name));
            let [x, y] = match finite {
                [Ok(None), Ok(None)] => return Ok(None),
                [new_x, new_y] => {
                    [new_x?.unwrap_or_else(|| x.to_owned()), new_y?.unwrap_or_else(|| y.to_owned())]
                }
            };
            return Ok(Some(vec![r.emit("Where", &[condition, &x, &y], &[])]));
        }
        let taken = r.as_float(condition);
        if r.is_constant(x) || r.is_constant(y) {
            return chosen_or_constant(r, [x, y], &taken);
        }
        let difference = r.binary("Sub", x, y);
        let part = r.binary("Mul", &difference, &taken);
        return Ok(Some(vec![r.binary("Add", &part, y)]));
    }
    let Some(taken) = r.numbers(condition) else {
        return Err(r.refuse("a condition of more than a million elements", "a smaller condition"));
    };
    let Some(shape) = common_shape(&[r.shape(condition)?, r.shape(x)?, r.shape(y)?]) else {
        return Ok(None);
    };
    let factors = |wanted: bool| -> Vec<f32> {
        taken.iter().map(|&truth| f32::from(u8::from((truth != 0.0) == wanted))).collect()
    };
    let mut parts = vec![];
    let condition_shape = r.shape(condition)?;
    for (name, wanted) in [(x, true), (y, false)] {
        let factors = factors(wanted);
        if factors.iter().all(|&factor| factor <= 0.0) {
            continue;
        }
        let everywhere = factors.iter().all(|&factor| factor >= 1.0);
        if let Some(numbers) = r.numbers(name) {
            let own = r.shape(name)?;
            let numbers = broadcast(&numbers, own, &shape);
            let chosen = broadcast(&factors, condition_shape, &shape);
            let (Some(numbers), Some(chosen)) = (numbers, chosen) else { return Ok(None) };
            let pairs = || numbers.iter().zip(&chosen);
            let used = pairs().filter(|&(_, &factor)| factor >= 1.0).map(|(&number, _)| number);
            let kept: Vec<f32> =
                pairs().map(|(&number, &factor)| if factor >= 1.0 { number } else { 0.0 }).collect();
            if is_mask(used) {
                // The other value is added as it is: what is masked does not count.
                let other = if wanted { y } else { x };
                let mask = r.tensor(&shape, &kept);
                return Ok(Some(vec![r.binary("Add", other, &mask)]));
            }
            parts.push(r.tensor(&shape, &kept));
        } else if everywhere {
            parts.push(r.expand(name, &shape));
        } else {
            let factors = r.tensor(condition_shape, &factors);
            parts.push(r.binary("Mul", name, &factors));
        }
    }
    let sum = match &parts[..] {
        [one] => r.unary("Identity", one),
        [one, other] => r.binary("Add", one, other),
        _ => return Ok(None),
    };
    Ok(Some(vec![sum]))
}

/// The sum of both values, each times zero or one: a constant that masks leaves nothing of a difference with it.
fn chosen_or_constant(r: &mut Rewriting<'_>, [x, y]: [&str; 2], taken: &str) -> Rewritten {
    let one = r.scalar(1.0);
    let other = r.binary("Sub", &one, taken);
    let mut parts = vec![];
    for (name, factor) in [(x, taken), (y, &*other)] {
        // A zero times this is a zero.
        let finite = finite(r, name)?.unwrap_or_else(|| name.to_owned());
        parts.push(r.binary("Mul", &finite, factor));
    }
    Ok(Some(vec![r.binary("Add", &parts[0], &parts[1])]))
}

/// A constant that holds the negative infinity, with the smallest number in its place: nothing is left of either in a softmax.
fn finite(r: &mut Rewriting<'_>, name: &str) -> Result<Option<String>, Error> {
    let numbers = if r.is_constant(name) { r.numbers(name) } else { None };
    let Some(numbers) = numbers.filter(|numbers| numbers.contains(&f32::NEG_INFINITY)) else {
        return Ok(None);
    };
    let numbers: Vec<f32> = numbers.iter().map(|number| number.max(f32::MIN)).collect();
    let shape = r.shape(name)?;
    Ok(Some(r.tensor(shape, &numbers)))
}

/// `Max` and `Min` of several values: $\max(a, b) = b + \max(a - b, 0)$, $\min(a, b) = a - \max(a - b, 0)$.
pub(super) fn extremum(r: &mut Rewriting<'_>) -> Rewritten {
    let names: Vec<&str> = (0..r.num_inputs()).map(|index| r.input(index)).collect::<Result<_, _>>()?;
    let is_function = r.is_function_of_one_value(&names);
    if names.len() < 2 || names.iter().any(|name| r.is_integer(name)) || is_function {
        return Ok(None);
    }
    let is_max = r.operator() == "Max";
    let (numbers, values): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| r.is_one_number(name));
    let mut best = values.first().map_or_else(String::new, |&first| first.to_owned());
    for value in values.iter().skip(1) {
        let difference = r.binary("Sub", &best, value);
        let above = r.unary("Relu", &difference);
        best = if is_max { r.binary("Add", value, &above) } else { r.binary("Sub", &best, &above) };
    }
    for number in numbers {
        best = r.again(r.operator(), &[&best, number]);
    }
    Ok(Some(vec![best]))
}

/// `Clip` with bounds that are not one number for all elements.
pub(super) fn clip(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let bounds: Vec<(&str, &str)> =
        [("Max", 1), ("Min", 2)].iter().filter_map(|&(op, at)| Some((op, r.optional_input(at)?))).collect();
    if r.is_integer(x) || bounds.iter().all(|(_, name)| r.is_one_number(name)) {
        return Ok(None);
    }
    let mut value = x.to_owned();
    for (operator, bound) in bounds {
        value = r.binary(operator, &value, bound);
    }
    Ok(Some(vec![value]))
}

/// Comparisons of two values: of their difference with zero.
pub(super) fn compare(r: &mut Rewriting<'_>) -> Rewritten {
    let (left, right) = (r.input(0)?, r.input(1)?);
    if r.is_integer(left) || r.is_integer(right) || r.is_function_of_one_value(&[left, right]) {
        return Ok(None);
    }
    let [left, right] = [left, right].map(|name| real(r, name));
    let difference = r.binary("Sub", &left, &right);
    Ok(Some(vec![r.with_number(r.operator(), &difference, 0.0)]))
}

/// A value as real numbers.
fn real(r: &mut Rewriting<'_>, name: &str) -> String {
    if r.is_truth(name) { r.as_float(name) } else { name.to_owned() }
}

/// `And`, `Or` and `Xor` of two values: their sum or difference, as numbers, against a half.
pub(super) fn connect(r: &mut Rewriting<'_>) -> Rewritten {
    let (left, right) = (r.input(0)?, r.input(1)?);
    if r.is_function_of_one_value(&[left, right]) {
        return Ok(None);
    }
    let [left, right] = [left, right].map(|name| r.as_float(name));
    let (sum, threshold) = match r.operator() {
        "And" => (r.binary("Add", &left, &right), 1.5),
        "Or" => (r.binary("Add", &left, &right), 0.5),
        _ => {
            let difference = r.binary("Sub", &left, &right);
            (r.unary("Abs", &difference), 0.5)
        }
    };
    Ok(Some(vec![r.with_number("Greater", &sum, threshold)]))
}

/// `Add` of a constant that masks some elements and shifts others: one after the other.
pub(super) fn add(r: &mut Rewriting<'_>) -> Rewritten {
    let Some((value, constant, numbers)) = masked(r, 0)? else { return Ok(None) };
    if numbers.iter().all(|&number| number == 0.0 || number <= MASK) {
        return Ok(None);
    }
    let shape = r.shape(constant)?;
    let part = |masks: bool| -> Vec<f32> {
        numbers.iter().map(|&n| if (n <= MASK) == masks { n } else { 0.0 }).collect()
    };
    let (shifts, mask) = (r.tensor(shape, &part(false)), r.tensor(shape, &part(true)));
    let shifted = r.binary("Add", value, &shifts);
    Ok(Some(vec![r.binary("Add", &shifted, &mask)]))
}

/// `Sub` of a constant that masks some elements: `Add` of its negative.
pub(super) fn subtract(r: &mut Rewriting<'_>) -> Rewritten {
    let (value, constant) = (r.input(0)?, r.input(1)?);
    if r.is_constant(value) || r.is_integer(value) {
        return Ok(None);
    }
    let Some(numbers) = r.numbers(constant) else { return Ok(None) };
    let masks = |number: &f32| -number <= MASK;
    if !numbers.iter().any(masks) || numbers.iter().all(masks) {
        return Ok(None);
    }
    let negative: Vec<f32> = numbers.iter().map(|number| -number).collect();
    let constant = r.tensor(r.shape(constant)?, &negative);
    Ok(Some(vec![r.binary("Add", value, &constant)]))
}

/// The computed and the constant operand of a sum, and the constant's numbers.
type Masked<'a> = (&'a str, &'a str, Vec<f32>);

/// The operands of a sum, if the constant masks some elements and not others.
fn masked<'a>(r: &Rewriting<'a>, first: usize) -> Result<Option<Masked<'a>>, Error> {
    let operands = [r.input(first)?, r.input(first + 1)?];
    for [value, constant] in [operands, [operands[1], operands[0]]] {
        if r.is_integer(value) || r.is_constant(value) || !r.is_constant(constant) {
            continue;
        }
        let Some(numbers) = r.numbers(constant) else { return Ok(None) };
        let masks = |number: &f32| *number <= MASK;
        if numbers.iter().any(masks) && !numbers.iter().all(masks) {
            return Ok(Some((value, constant, numbers)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_repeated_along_axes_of_length_one() {
        assert_eq!(broadcast(&[1, 2], &[2, 1], &[2, 3]), Some(vec![1, 1, 1, 2, 2, 2]));
        assert_eq!(broadcast(&[1, 2, 3], &[3], &[2, 3]), Some(vec![1, 2, 3, 1, 2, 3]));
        assert_eq!(common_shape(&[&[2, 1], &[3]]), Some(vec![2, 3]));
        assert_eq!(common_shape(&[&[2], &[3]]), None);
    }
}
