//! Functions of one number that the importer misreads.

use super::rewriting::{Rewriting, Rewritten};

/// `Celu`, $\max(x, 0) + \min(\alpha (e^{x / \alpha} - 1), 0)$: the importer forgets the outer factor.
pub(super) fn celu(r: &mut Rewriting<'_>) -> Rewritten {
    let (x, alpha) = (r.input(0)?, r.float("alpha", 1.0));
    let scaled = r.with_number("Div", x, alpha);
    let power = r.unary("Exp", &scaled);
    let less = r.with_number("Sub", &power, 1.0);
    let below = r.with_number("Mul", &less, alpha);
    let below = r.with_number("Min", &below, 0.0);
    let above = r.unary("Relu", x);
    Ok(Some(vec![r.binary("Add", &above, &below)]))
}

/// `Swish`, $x \sigma(\alpha x)$: the importer forgets the factor.
pub(super) fn swish(r: &mut Rewriting<'_>) -> Rewritten {
    let (x, alpha) = (r.input(0)?, r.float("alpha", 1.0));
    let scaled = r.with_number("Mul", x, alpha);
    let gate = r.unary("Sigmoid", &scaled);
    Ok(Some(vec![r.binary("Mul", x, &gate)]))
}

/// `Softplus`, $\max(x, 0) + \ln(1 + e^{-|x|})$: the importer's exponential of a large number is infinite.
pub(super) fn softplus(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    Ok(Some(vec![softplus_of(r, x)]))
}

/// `Mish`, $x \tanh(\mathrm{softplus}(x))$.
pub(super) fn mish(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let softplus = softplus_of(r, x);
    let gate = r.unary("Tanh", &softplus);
    Ok(Some(vec![r.binary("Mul", x, &gate)]))
}

fn softplus_of(r: &mut Rewriting<'_>, x: &str) -> String {
    let magnitude = r.unary("Abs", x);
    let negative = r.unary("Neg", &magnitude);
    let power = r.unary("Exp", &negative);
    let more = r.with_number("Add", &power, 1.0);
    let rest = r.unary("Log", &more);
    let above = r.unary("Relu", x);
    r.binary("Add", &above, &rest)
}

/// `Pow` of an integer exponent: the importer computes it in double precision, in pieces that are no function of floats.
pub(super) fn power(r: &mut Rewriting<'_>) -> Rewritten {
    let (base, exponent) = (r.input(0)?, r.input(1)?);
    if !r.is_one_number(exponent) && !r.is_constant(base) && r.is_constant(exponent) {
        return Err(
            r.refuse("exponents that differ", "one constant exponent, or a Pow for each behind a Split")
        );
    }
    if r.is_integer(base) || !r.is_integer(exponent) {
        return Ok(None);
    }
    let Some(numbers) = r.numbers(exponent) else { return Ok(None) };
    let shape = r.shape(exponent)?.to_vec();
    let exponent = r.tensor(&shape, &numbers);
    Ok(Some(vec![r.binary("Pow", base, &exponent)]))
}

/// `Mod` of real numbers by constants that differ: what a quotient that is rounded towards zero leaves.
pub(super) fn remainder(r: &mut Rewriting<'_>) -> Rewritten {
    let (x, divisor) = (r.input(0)?, r.input(1)?);
    if r.is_integer(x) || !r.is_constant(divisor) || r.is_one_number(divisor) || r.int("fmod", 0) == 0 {
        return Ok(None);
    }
    let quotient = r.binary("Div", x, divisor);
    let integer = r.emit("Cast", &[&quotient], &[("to", 6_i64.into())]);
    let rounded = r.as_float(&integer);
    let part = r.binary("Mul", &rounded, divisor);
    Ok(Some(vec![r.binary("Sub", x, &part)]))
}
