//! What rules emit often: operators whose form depends on the operator set, linear maps and selections along an axis.

use super::{attribute::Attribute, rewriting::Rewriting};

/// Pieces that a selection is put together from at most; a selection of more pieces is a product with a constant matrix.
const MAX_PIECES: usize = 24;

/// Indices that go up or down by equal steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    start: usize,
    step: i64,
    count: usize,
}

impl Rewriting<'_> {
    /// An operator of two operands.
    pub(super) fn binary(&mut self, operator: &str, left: &str, right: &str) -> String {
        self.emit(operator, &[left, right], &[])
    }

    /// An operator of one operand.
    pub(super) fn unary(&mut self, operator: &str, value: &str) -> String {
        self.emit(operator, &[value], &[])
    }

    /// An operator of an operand and a number.
    pub(super) fn with_number(&mut self, operator: &str, value: &str, number: f32) -> String {
        let number = self.scalar(number);
        self.binary(operator, value, &number)
    }

    /// A conversion of truth values to the numbers 0 and 1, or of numbers to numbers.
    pub(super) fn as_float(&mut self, value: &str) -> String {
        self.emit("Cast", &[value], &[("to", 1_i64.into())])
    }

    /// A reduction over axes, which stay with a length of one.
    pub(super) fn reduce(&mut self, operator: &str, value: &str, axes: &[i64]) -> String {
        let takes_input = self.opset() >= 18 || (operator == "ReduceSum" && self.opset() >= 13);
        if takes_input {
            let axes = self.vector(axes);
            self.emit(operator, &[value, &axes], &[("keepdims", true.into())])
        } else {
            let axes: Attribute = axes.to_vec().into();
            self.emit(operator, &[value], &[("axes", axes), ("keepdims", true.into())])
        }
    }

    /// A value under another shape.
    pub(super) fn reshape(&mut self, value: &str, shape: &[usize]) -> String {
        let shape: Vec<i64> = shape.iter().map(|&length| length as i64).collect();
        let shape = self.vector(&shape);
        self.emit("Reshape", &[value, &shape], &[])
    }

    /// A value repeated to a shape.
    pub(super) fn expand(&mut self, value: &str, shape: &[usize]) -> String {
        let shape: Vec<i64> = shape.iter().map(|&length| length as i64).collect();
        let shape = self.vector(&shape);
        self.emit("Expand", &[value, &shape], &[])
    }

    /// A value with its axes in another order.
    pub(super) fn transpose(&mut self, value: &str, order: &[usize]) -> String {
        let order: Vec<i64> = order.iter().map(|&axis| axis as i64).collect();
        self.emit("Transpose", &[value], &[("perm", order.into())])
    }

    /// Values behind each other.
    pub(super) fn concat(&mut self, values: &[String], axis: usize) -> String {
        if let [value] = values {
            return value.clone();
        }
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        self.emit("Concat", &values, &[("axis", (axis as i64).into())])
    }

    /// Part of an axis of `length`: `count` places from `start` on.
    pub(super) fn slice(
        &mut self,
        value: &str,
        axis: usize,
        length: usize,
        start: usize,
        count: usize,
    ) -> String {
        self.run(value, axis, length, Run { start, step: 1, count })
    }

    fn run(&mut self, value: &str, axis: usize, length: usize, run: Run) -> String {
        if run == (Run { start: 0, step: 1, count: length }) {
            return value.to_owned();
        }
        let start = run.start as i64;
        let end = start + run.step * run.count as i64;
        // A negative end would count from behind.
        let end = if end < 0 { -1 - length as i64 } else { end };
        let axis = axis as i64;
        if self.opset() < 10 {
            let bounds = [("starts", vec![start]), ("ends", vec![end]), ("axes", vec![axis])];
            return self.emit("Slice", &[value], &bounds.map(|(name, list)| (name, list.into())));
        }
        let [start, end, axis, step] = [start, end, axis, run.step].map(|number| self.vector(&[number]));
        self.emit("Slice", &[value, &start, &end, &axis, &step], &[])
    }

    /// A linear map along an axis: `matrix` has a row for each place of the result.
    pub(super) fn map_along(
        &mut self,
        value: &str,
        shape: &[usize],
        axis: usize,
        matrix: &[Vec<f32>],
    ) -> String {
        let (rows, columns) = (matrix.len(), shape[axis]);
        let rank = shape.len();
        if rank >= 2 && axis == rank - 2 {
            let matrix = self.tensor(&[rows, columns], &matrix.concat());
            return self.binary("MatMul", &matrix, value);
        }
        let transposed: Vec<f32> =
            (0..columns).flat_map(|column| matrix.iter().map(move |row| row[column])).collect();
        let transposed = self.tensor(&[columns, rows], &transposed);
        if rank == 1 {
            let row = self.reshape(value, &[1, columns]);
            let product = self.binary("MatMul", &row, &transposed);
            return self.reshape(&product, &[rows]);
        }
        if axis == rank - 1 {
            return self.binary("MatMul", value, &transposed);
        }
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(axis, rank - 1);
        let last = self.transpose(value, &order);
        let product = self.binary("MatMul", &last, &transposed);
        self.transpose(&product, &order)
    }

    /// Places of an axis in any order, any number of times.
    pub(super) fn select(&mut self, value: &str, shape: &[usize], axis: usize, indices: &[usize]) -> String {
        let length = shape[axis];
        if let Some(factor) = repetition(indices, length) {
            return self.repeat_each(value, shape, axis, factor);
        }
        let steps = self.opset() >= 10;
        let runs = runs(indices, steps);
        if runs.len() <= MAX_PIECES {
            let pieces: Vec<String> = runs.iter().map(|&run| self.piece(value, shape, axis, run)).collect();
            return self.concat(&pieces, axis);
        }
        let row = |&index: &usize| {
            let mut row = vec![0.0; length];
            row[index] = 1.0;
            row
        };
        let matrix: Vec<Vec<f32>> = indices.iter().map(row).collect();
        self.map_along(value, shape, axis, &matrix)
    }

    fn piece(&mut self, value: &str, shape: &[usize], axis: usize, run: Run) -> String {
        if run.step != 0 {
            return self.run(value, axis, shape[axis], run);
        }
        let one = self.run(value, axis, shape[axis], Run { count: 1, step: 1, ..run });
        let mut shape = shape.to_vec();
        shape[axis] = run.count;
        self.expand(&one, &shape)
    }

    /// Every place of an axis `factor` times.
    fn repeat_each(&mut self, value: &str, shape: &[usize], axis: usize, factor: usize) -> String {
        if factor == 1 {
            return value.to_owned();
        }
        let mut factors = vec![1.0; shape.len()];
        factors[axis] = factor as f32;
        self.emit("Upsample", &[value], &[("scales", factors.into())])
    }
}

/// How often each place is repeated, if the indices are all places in order, each as often.
fn repetition(indices: &[usize], length: usize) -> Option<usize> {
    if length == 0 || indices.is_empty() || !indices.len().is_multiple_of(length) {
        return None;
    }
    let factor = indices.len() / length;
    indices.iter().enumerate().all(|(at, &index)| index == at / factor).then_some(factor)
}

/// Indices as runs of equal steps, or of steps of one only.
fn runs(indices: &[usize], any_step: bool) -> Vec<Run> {
    let mut runs: Vec<Run> = vec![];
    for &index in indices {
        if let Some(run) = runs.last_mut() {
            let step = index as i64 - (run.start as i64 + run.step * (run.count as i64 - 1));
            let allowed = any_step || step == 0 || step == 1;
            if (run.count == 1 && allowed) || step == run.step {
                run.step = step;
                run.count += 1;
                continue;
            }
        }
        runs.push(Run { start: index, step: 1, count: 1 });
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_fall_into_runs() {
        let run = |start, step, count| Run { start, step, count };
        assert_eq!(runs(&[2, 1, 0, 1, 2, 2, 2], true), [run(2, -1, 3), run(1, 1, 2), run(2, 0, 2)]);
        assert_eq!(runs(&[2, 1, 0], false), [run(2, 1, 1), run(1, 1, 1), run(0, 1, 1)]);
        assert_eq!(repetition(&[0, 0, 1, 1], 2), Some(2));
        assert_eq!(repetition(&[0, 1, 1, 0], 2), None);
    }
}
