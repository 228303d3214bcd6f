//! Tables of functions: how finely the argument is divided, and the results.
//!
//! A rescale before a function gives quotients $q$ of step $t$; the table holds $f(t q)$ in units of the result. The step is
//! the largest that moves no result by more than a quarter of a unit on what calibration saw. Where the table, which must
//! hold every quotient that any input can give, would then have more than $2^{16}$ rows, the step doubles at most; and
//! whatever the step, there are fewer than $2^{18}$ rows.

use tacit_layers::{ActivationFunction, rescale::MAX_RESULT_VARS};

use crate::{error::Error, graph::Value, scales::Activation};

/// The argument of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Argument {
    /// Real value of one unit of the quotient.
    pub(crate) scale: f64,
    /// Smallest and largest real value that any input can give.
    pub(crate) reach: (f64, f64),
}

/// Places at which the slope is measured.
const NUM_PLACES: usize = 4096;
/// The largest change of a result over one step of the argument, in units of the result.
const RESOLUTION: f64 = 0.25;
/// Rows that a table has at most where a coarser step, down to half the resolution, allows it.
const FEW_ROWS: f64 = 65_536.0;
/// Rows that a table has at most, with a margin for rounded weights.
const MAX_ROWS: f64 = 0.85 * (1_u64 << MAX_RESULT_VARS) as f64;
/// Calibration's range has no more steps than this, however steep the function is, and no fewer than `MIN_STEPS`.
const MAX_STEPS: f64 = 16_384.0;
const MIN_STEPS: f64 = 256.0;

/// Chooses the step of a function's argument: `seen` is the range of arguments in calibration, `reach` that of any input,
/// `unit` the real value of one unit of the result.
pub(crate) fn argument(
    value: &Value,
    seen: (f64, f64),
    reach: (f64, f64),
    unit: f64,
) -> Result<Argument, Error> {
    let width = seen.1 - seen.0;
    if width <= 0.0 {
        return Ok(Argument { scale: ((reach.1 - reach.0) / MIN_STEPS).max(f64::MIN_POSITIVE), reach });
    }
    let step = width / NUM_PLACES as f64;
    let places: Vec<f32> = (0..=NUM_PLACES).map(|i| (seen.0 + i as f64 * step) as f32).collect();
    let results = value.apply(&places)?;
    let rise = results.windows(2).map(|pair| (pair[1] - pair[0]).abs()).filter(|rise| rise.is_finite());
    let slope = rise.fold(0.0, f64::max) / step;
    let fine = (RESOLUTION * unit / slope).clamp(width / MAX_STEPS, width / MIN_STEPS);
    let span = reach.1 - reach.0;
    let scale = fine.max((span / FEW_ROWS).min(2.0 * fine)).max(span / MAX_ROWS);
    Ok(Argument { scale, reach })
}

/// The table of a value's function; a result that is not a number is zero.
pub(crate) fn table(
    value: &Value,
    argument: Argument,
    activation: Activation,
) -> Result<ActivationFunction, Error> {
    // Rounded weights reach a little farther than the real ones.
    let row = |real: f64| (real / argument.scale * 1.02) as i64;
    let (first, last) = (row(argument.reach.0) - 2, row(argument.reach.1) + 2);
    let arguments: Vec<f32> = (first..=last).map(|q| (q as f64 * argument.scale) as f32).collect();
    let (low, high) = activation.bounds;
    let result = |y: f64| (y / activation.scale).round().clamp(low as f64, high as f64) as i32;
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
    use crate::{
        graph::{Clip, Operation},
        pointwise::{Function, Operand},
    };

    fn value(operator: impl Into<Box<dyn TypedOp>>) -> Value {
        let argument = OutletId::new(0, 0);
        Value {
            name: String::new(),
            axes: vec![1],
            operation: Operation::Input,
            clip: Clip::NONE,
            function: Function::apply_operator(1, operator.into(), &[Operand::Argument(argument)]),
            outlet: argument,
            readers: 1,
        }
    }

    #[test]
    fn a_step_of_the_argument_moves_the_result_by_a_quarter_of_a_unit() {
        let unit = 1.0 / 127.0;
        let argument = argument(&value(math::tanh()), (-4.0, 4.0), (-30.0, 30.0), unit).unwrap();
        assert!((argument.scale / (unit / 4.0) - 1.0).abs() < 1e-3, "{argument:?}");
    }

    #[test]
    fn a_far_reach_coarsens_the_argument() {
        let unit = 1.0 / 127.0;
        for (reach, rows) in [(100.0, 65_536.0), (1000.0, 262_144.0)] {
            let argument = argument(&value(math::tanh()), (-4.0, 4.0), (-reach, reach), unit).unwrap();
            assert!(2.0 * reach / argument.scale <= rows * 1.001, "{argument:?}");
        }
    }

    #[test]
    fn rows_that_repeat_the_first_and_the_last_result_are_left_out() {
        let argument = Argument { scale: 0.01, reach: (-50.0, 50.0) };
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
        let argument = argument(&clipped, (-1.0, 1.0), (-1.0, 1.0), 1.0 / 127.0).unwrap();
        let activation = Activation { scale: 1.0 / 127.0, bounds: (-128, 127) };
        let ActivationFunction::Table { results, .. } = table(&clipped, argument, activation).unwrap() else {
            panic!()
        };
        assert_eq!(results, [0]);
    }
}
