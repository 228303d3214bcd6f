//! Running a circuit: on integers, and on intervals.

use tacit_layers::argument::gates::{Adjacency, Circuit, Operand};

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
/// # Panics
/// When the inputs are not of the circuit's shapes.
pub fn execute(circuit: &Circuit, inputs: &[&[i64]]) -> Vec<Vec<i64>> {
    run(circuit, inputs, |_, _| Ok::<_, std::convert::Infallible>(())).unwrap_or_else(|never| match never {})
}

/// The range of every layer's elements, the output first, for inputs of these ranges.
///
/// # Errors
/// What `check` finds for a layer's index and ranges.
pub fn intervals<E>(
    circuit: &Circuit,
    inputs: &[&[(i128, i128)]],
    check: impl Fn(usize, &[(i128, i128)]) -> Result<(), E>,
) -> Result<Vec<Vec<(i128, i128)>>, E> {
    run(circuit, inputs, check)
}

fn run<T: Number, E>(
    circuit: &Circuit,
    inputs: &[&[T]],
    check: impl Fn(usize, &[T]) -> Result<(), E>,
) -> Result<Vec<Vec<T>>, E> {
    assert_eq!(inputs.len(), circuit.inputs.len(), "a circuit's inputs");
    for (values, layout) in inputs.iter().zip(&circuit.inputs) {
        assert_eq!(values.len(), layout.num_elements(), "elements of a circuit's input");
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
