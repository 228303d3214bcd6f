//! Tables of functions: how finely the argument is divided, and the results.
//!
//! A rescale before a function gives quotients $q$ of step $t$; the table holds $f(t q)$ in units of the result. The step is
//! the largest that moves no result by more than a quarter of a unit on what calibration saw. Where a table of $2^{16}$ rows
//! does not hold every quotient that any input can give, it leaves out what lies farther outside than the function's
//! results change, then what lies farther outside than half of what calibration saw; the first and the last result stand for
//! what is left out. Only then does the step grow.

use tacit_layers::{ActivationFunction, layer::rescale::saturation::MAX_WHOLE_VARS};

use super::activation::Activation;
use crate::{error::Error, float_graph::value::Value};

/// The argument of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument {
    /// Real value of one unit of the quotient.
    pub(crate) scale: f64,
    /// Smallest and largest real value that the table holds.
    pub(crate) domain: (f64, f64),
}

/// Places at which the slope is measured.
const NUM_PLACES: usize = 4096;
/// The largest change of a result over one step of the argument, in units of the result.
const RESOLUTION: f64 = 0.25;
/// Rows that a table has at most, with a margin for steps that other layers ask for.
const MAX_ROWS: f64 = 0.98 * (1_u64 << MAX_WHOLE_VARS) as f64;
/// Calibration's range has no more steps than this, however steep the function is, and no fewer than `MIN_STEPS`.
const MAX_STEPS: f64 = 16_384.0;
const MIN_STEPS: f64 = 256.0;
/// The same for results of more than eight bits.
const MAX_FINE_STEPS: f64 = 65_536.0;
/// How far beyond what calibration saw a table reaches at least, as a share of it.
const MARGIN: f64 = 0.5;

/// Chooses the step of a function's argument: `seen` is the range of arguments in calibration, `reach` that of any input,
/// `unit` the real value of one unit of the result, which lies between `bounds`.
pub(crate) fn argument(
    value: &Value,
    seen: (f64, f64),
    reach: (f64, f64),
    unit: f64,
    bounds: (i64, i64),
) -> Result<Argument, Error> {
    let width = seen.1 - seen.0;
    if width <= 0.0 {
        let scale = ((reach.1 - reach.0) / MIN_STEPS).max(f64::MIN_POSITIVE);
        return Ok(Argument { scale, domain: reach });
    }
    let step = width / NUM_PLACES as f64;
    let results = value.apply(&places(seen, NUM_PLACES))?;
    let rise = results.windows(2).map(|pair| (pair[1] - pair[0]).abs()).filter(|rise| rise.is_finite());
    let slope = rise.fold(0.0, f64::max) / step;
    let max_steps = if bounds.1 < 256 { MAX_STEPS } else { MAX_FINE_STEPS };
    let fine = (RESOLUTION * unit / slope).clamp(width / max_steps, width / MIN_STEPS);
    let fits = |(low, high): (f64, f64)| high - low <= MAX_ROWS * fine;
    let mut domain = reach;
    if !fits(domain) {
        domain = changing(value, reach, unit, bounds)?;
    }
    if !fits(domain) {
        let margin = MARGIN * width;
        domain = (domain.0.max(seen.0 - margin), domain.1.min(seen.1 + margin));
    }
    Ok(Argument { scale: fine.max((domain.1 - domain.0) / MAX_ROWS), domain })
}

/// `count` steps from one end of a range to the other.
fn places((low, high): (f64, f64), count: usize) -> Vec<f32> {
    (0..=count).map(|i| (low + (high - low) * i as f64 / count as f64) as f32).collect()
}

/// The part of a range, zero included, outside of which the results are those at its ends.
fn changing(value: &Value, range: (f64, f64), unit: f64, bounds: (i64, i64)) -> Result<(f64, f64), Error> {
    const COUNT: usize = 1 << MAX_WHOLE_VARS;
    let places = places(range, COUNT);
    let results: Vec<i64> = value.apply(&places)?.into_iter().map(|y| rounded(y, unit, bounds)).collect();
    let is_flat = |pair: &&[i64]| pair[0] == pair[1];
    let before = results.windows(2).take_while(is_flat).count();
    let behind = results.windows(2).rev().take_while(is_flat).count();
    // One place more on each side: the results change somewhere between two places.
    let (first, last) = (before.saturating_sub(1), COUNT.saturating_sub(behind.saturating_sub(1)));
    Ok((f64::from(places[first]).min(0.0), f64::from(places[last]).max(0.0)))
}

/// A result in units; one that is not a number is zero.
fn rounded(result: f64, unit: f64, (low, high): (i64, i64)) -> i64 {
    (result / unit).round().clamp(low as f64, high as f64) as i64
}

/// The table of a value's function; a result that is not a number is zero.
pub(crate) fn table(
    value: &Value,
    argument: Argument,
    activation: Activation,
) -> Result<ActivationFunction, Error> {
    // Rounded weights reach a little farther than the real ones.
    let row = |real: f64| (real / argument.scale * 1.01) as i64;
    let (first, last) = (row(argument.domain.0) - 2, row(argument.domain.1) + 2);
    let arguments: Vec<f32> = (first..=last).map(|q| (q as f64 * argument.scale) as f32).collect();
    let result = |y: f64| rounded(y, activation.scale, activation.bounds) as i32;
    let results: Vec<i32> = value.apply(&arguments)?.into_iter().map(result).collect();
    let is_flat = |pair: &&[i32]| pair[0] == pair[1];
    let before = results.windows(2).take_while(is_flat).count();
    let behind = results.windows(2).rev().take_while(is_flat).count().min(results.len() - 1 - before);
    let results = results[before..results.len() - behind].to_vec();
    Ok(ActivationFunction::Table { first: first + before as i64, results })
}

#[cfg(test)]
mod tests {
    use tract_onnx::{
        prelude::{OutletId, TypedOp},
        tract_core::ops::{math, nn},
    };

    use super::*;
    use crate::float_graph::{
        clip::Clip,
        pointwise::{Function, Operand},
        value::Operation,
    };

    fn value(operator: impl Into<Box<dyn TypedOp>>) -> Value {
        let argument = OutletId::new(0, 0);
        Value {
            name: String::new(),
            axes: vec![1],
            operation: Operation::Input,
            clip: Clip::NONE,
            function: Function::apply_operator(1, operator.into(), &[Operand::Argument(argument)]),
            spacing: None,
            outlet: argument,
            order: None,
            readers: 1,
        }
    }

    const SIGNED: (i64, i64) = (-128, 127);

    #[test]
    fn a_step_of_the_argument_moves_the_result_by_a_quarter_of_a_unit() {
        let unit = 1.0 / 127.0;
        let argument = argument(&value(math::tanh()), (-4.0, 4.0), (-30.0, 30.0), unit, SIGNED).unwrap();
        assert!((argument.scale / (unit / 4.0) - 1.0).abs() < 1e-3, "{argument:?}");
        assert_eq!(argument.domain, (-30.0, 30.0));
    }

    #[test]
    fn a_far_reach_of_a_flat_function_leaves_its_step_as_it_is() {
        let unit = 1.0 / 127.0;
        for reach in [100.0, 1000.0, 1e5] {
            let argument =
                argument(&value(math::tanh()), (-4.0, 4.0), (-reach, reach), unit, SIGNED).unwrap();
            assert!((argument.scale / (unit / 4.0) - 1.0).abs() < 1e-3, "{argument:?}");
            // tanh is within half a unit of one from 3 on.
            let (low, high) = argument.domain;
            assert!(low < -2.7 && high > 2.7, "{argument:?}");
            assert!((high - low) / argument.scale < 65_536.0, "{argument:?}");
            let activation = Activation { scale: unit, bounds: SIGNED };
            let ActivationFunction::Table { results, .. } =
                table(&value(math::tanh()), argument, activation).unwrap()
            else {
                panic!()
            };
            assert_eq!((results[0], results[results.len() - 1]), (-127, 127), "{argument:?}");
        }
    }

    #[test]
    fn a_far_reach_of_a_rising_function_is_left_out() {
        let bounds = (-32_768, 32_767);
        let (seen, reach) = ((-4.0, 4.0), (-1000.0, 1000.0));
        let unit = 4.0 / 32_767.0;
        // A leaky ReLU rises for ever, but results beyond the largest integer are that integer.
        let leaky = value(nn::leaky_relu(0.1));
        for (function, unit) in [(&leaky, unit), (&leaky, 1000.0 / 32_767.0)] {
            let argument = argument(function, seen, reach, unit, bounds).unwrap();
            let (low, high) = argument.domain;
            assert!(low <= seen.0 && high >= seen.1, "{argument:?}");
            let rows = (high - low) / argument.scale;
            assert!(rows <= 65_536.0, "{rows} rows, {argument:?}");
            let activation = Activation { scale: unit, bounds };
            let ActivationFunction::Table { results, .. } = table(function, argument, activation).unwrap()
            else {
                panic!()
            };
            assert!(results.len() <= 1 << 16, "{} results", results.len());
        }
    }

    #[test]
    fn rows_that_repeat_the_first_and_the_last_result_are_left_out() {
        let argument = Argument { scale: 0.01, domain: (-50.0, 50.0) };
        let activation = Activation { scale: 1.0 / 255.0, bounds: (0, 255) };
        let table = table(&value(nn::sigmoid()), argument, activation).unwrap();
        let ActivationFunction::Table { first, results } = &table else { panic!() };
        assert!(*first > -1000 && results.len() < 2000);
        assert_eq!((results[0], results[1], results.last()), (0, 1, Some(&255)));
        for q in [-5000_i64, -700, -1, 0, 1, 123, 700, 5000] {
            let exact = 255.0 / (1.0 + (-0.01 * q as f64).exp());
            assert!((table.apply(q) as f64 - exact).abs() < 0.51, "{q}");
        }
    }

    #[test]
    fn a_function_that_is_constant_has_one_row() {
        let clipped = Value { clip: Clip { minimum: 0.0, maximum: 0.0 }, ..value(math::tanh()) };
        let argument = argument(&clipped, (-1.0, 1.0), (-1.0, 1.0), 1.0 / 127.0, SIGNED).unwrap();
        let activation = Activation { scale: 1.0 / 127.0, bounds: (-128, 127) };
        let ActivationFunction::Table { results, .. } = table(&clipped, argument, activation).unwrap() else {
            panic!()
        };
        assert_eq!(results, [0]);
    }
}
