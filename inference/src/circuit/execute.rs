//! Running a circuit: on integers, and on intervals.

use tacit_layers::{
    argument::gates::{Adjacency, Circuit, Operand},
    error::{Error, Result},
};

/// What gates compute with.
trait Number: Copy {
    const ZERO: Self;
    const ONE: Self;
    /// `self + coefficient * left * right`.
    fn accumulate(self, coefficient: i64, left: Self, right: Self) -> Self;
}

/// Wraps around where the interval analysis was not heeded: such a trace proves nothing.
impl Number for i64 {
    const ZERO: Self = 0;
    const ONE: Self = 1;

    fn accumulate(self, coefficient: i64, left: Self, right: Self) -> Self {
        self.wrapping_add(coefficient.wrapping_mul(left).wrapping_mul(right))
    }
}

/// A range that no bound is known of; nothing added to it gives it one.
const UNBOUNDED: (i128, i128) = (i128::MIN, i128::MAX);

/// Smallest and largest value.
impl Number for (i128, i128) {
    const ZERO: Self = (0, 0);
    const ONE: Self = (1, 1);

    fn accumulate(self, coefficient: i64, left: Self, right: Self) -> Self {
        let coefficient = i128::from(coefficient);
        let sum = || {
            let (mut low, mut high) = (i128::MAX, i128::MIN);
            for (a, b) in [(left.0, right.0), (left.0, right.1), (left.1, right.0), (left.1, right.1)] {
                let product = coefficient.checked_mul(a)?.checked_mul(b)?;
                (low, high) = (low.min(product), high.max(product));
            }
            Some((self.0.checked_add(low)?, self.1.checked_add(high)?))
        };
        // Bounds that saturate would cancel.
        if self == UNBOUNDED { UNBOUNDED } else { sum().unwrap_or(UNBOUNDED) }
    }
}

/// The values of every layer, the output first, on inputs in storage order.
///
/// # Errors
/// When the circuit breaks a rule, or the inputs are not as many and as long as its own.
pub fn execute(circuit: &Circuit, inputs: &[&[i64]]) -> Result<Vec<Vec<i64>>> {
    circuit.check(NAME)?;
    execute_checked(circuit, inputs)
}

/// [`execute`] of a circuit that was checked.
pub(crate) fn execute_checked(circuit: &Circuit, inputs: &[&[i64]]) -> Result<Vec<Vec<i64>>> {
    run(circuit, inputs, |_, _| Ok(()))
}

/// A circuit by itself in messages.
const NAME: &str = "circuit";

/// The range of every layer's elements, the output first, for inputs of these ranges.
///
/// # Errors
/// As [`execute`], and what `check` finds for a layer's index and ranges.
pub fn intervals(
    circuit: &Circuit,
    inputs: &[&[(i128, i128)]],
    check: impl Fn(usize, &[(i128, i128)]) -> Result<()>,
) -> Result<Vec<Vec<(i128, i128)>>> {
    circuit.check(NAME)?;
    run(circuit, inputs, check)
}

fn run<T: Number>(
    circuit: &Circuit,
    inputs: &[&[T]],
    check: impl Fn(usize, &[T]) -> Result<()>,
) -> Result<Vec<Vec<T>>> {
    let (expected, actual) = (circuit.inputs.len(), inputs.len());
    if expected != actual {
        return Err(Error::InputCount { layer: NAME.to_owned(), expected, actual });
    }
    for (values, layout) in inputs.iter().zip(&circuit.inputs) {
        let (expected, actual) = (layout.num_elements(), values.len());
        if expected != actual {
            return Err(Error::ElementCount { axes: layout.axes().to_vec(), expected, actual });
        }
    }
    let one = [T::ONE];
    let mut layers: Vec<Vec<T>> = vec![vec![]; circuit.layers.len()];
    for index in (0..circuit.layers.len()).rev() {
        let mut sums = vec![T::ZERO; circuit.layers[index].layout.num_elements()];
        for wired in circuit.wirings(index) {
            let read = |operand: Option<Operand>| match operand {
                Some(Operand::Input(i)) => inputs[i as usize],
                Some(Operand::Layer(i)) => &layers[i as usize],
                None => &one,
            };
            let (left, right) = (read(wired.wiring().left), read(wired.wiring().right));
            let adjacency = Adjacency::new(&wired, 0);
            let mut inner = vec![];
            for (position, sum) in sums.iter_mut().enumerate() {
                for outer in adjacency.gates(position, &mut inner) {
                    for step in &inner {
                        let step = step.then(*outer);
                        let (left, right) = (left[step.first as usize], right[step.second as usize]);
                        *sum = sum.accumulate(step.coefficient, left, right);
                    }
                }
            }
        }
        check(index, &sums)?;
        layers[index] = sums;
    }
    Ok(layers)
}
