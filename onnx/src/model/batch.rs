//! Whether an open first axis is a batch axis: what is computed for a sample must not depend on the others beside it.
//!
//! Two samples are run alone and together. The outputs of the run together must be those of the runs alone, behind each
//! other along one axis. A graph that cannot be run on two samples at once has no choice but to be run on one.

use tract_onnx::{
    prelude::{
        Datum, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable, TValue, TVec, Tensor, ToDim,
        TractResult, tvec,
    },
    tract_hir::internal::ensure,
};

use super::{budget, declared::DeclaredInput, guard::attempt, input::size, tensor::floats};

/// Largest difference between a run alone and a run together, as a part of the output's largest magnitude.
const TOLERANCE: f32 = 1e-3;

/// The first output in which samples are mixed, by graphs for one sample and for two. The inputs' shapes are those of one
/// sample; those without an open first axis hold the same for both.
pub(super) fn mixed_output(
    [alone, both]: [&InferenceModel; 2],
    inputs: &[DeclaredInput],
    file_bytes: usize,
) -> Option<usize> {
    let mut samples = [vec![], vec![]];
    let mut pairs = vec![];
    let mut start = 0;
    for input in inputs {
        let size = size(&input.shape);
        let [first, second]: [Vec<f32>; 2] = [0, 1].map(|sample| {
            let start = if input.open.is_some() { start + sample * size } else { start };
            (start..start + size).map(number).collect()
        });
        pairs.push(if input.open.is_some() { [&first[..], &second].concat() } else { first.clone() });
        samples[0].push(first);
        samples[1].push(second);
        start += 2 * size;
    }
    let run_on = |model: &InferenceModel, numbers: &[Vec<f32>]| {
        attempt(|| outputs(model, inputs, numbers, file_bytes)).ok()
    };
    let together = run_on(both, &pairs)?;
    let [first, second] = [run_on(alone, &samples[0])?, run_on(alone, &samples[1])?];
    (0..together.len()).find(|&index| {
        let parts = [&first, &second].map(|outputs| outputs.get(index));
        let [Some(a), Some(b)] = parts else { return false };
        is_mixed(&together[index], a, b)
    })
}

/// Numbers between -1 and 1 without a pattern that a network could be made for.
fn number(index: usize) -> f32 {
    ((index as f32 + 1.0) * 12.9898).sin() * 43_758.547 % 1.0
}

/// An output's shape and numbers.
type Output = (Vec<usize>, Vec<f32>);

fn outputs(
    model: &InferenceModel,
    inputs: &[DeclaredInput],
    numbers: &[Vec<f32>],
    file_bytes: usize,
) -> TractResult<Vec<Output>> {
    let mut model = model.clone();
    let mut tensors: TVec<TValue> = tvec!();
    for (index, (input, numbers)) in inputs.iter().zip(numbers).enumerate() {
        let mut shape = input.shape.clone();
        if input.open.is_some() {
            shape[0] = numbers.len() / size(&input.shape).max(1);
        }
        let dims: Vec<_> = shape.iter().map(ToDim::to_dim).collect();
        model.set_input_fact(index, InferenceFact::dt_shape(f32::datum_type(), &*dims))?;
        tensors.push(Tensor::from_shape(&shape, numbers)?.into());
    }
    let elements = numbers.iter().map(Vec::len).sum();
    budget::bound_constants(&mut model, file_bytes);
    let model = model.into_typed()?;
    budget::check_values(&model, file_bytes, &[elements])?;
    ensure!(model.outputs.len() < 64);
    let outputs: TVec<TValue> = model.into_runnable()?.run(tensors)?;
    outputs.iter().map(|output| Ok((output.shape().to_vec(), floats(output)?))).collect()
}

/// Whether what is computed together is anything else than what is computed alone, one behind the other along an axis.
fn is_mixed((shape, numbers): &Output, a: &Output, b: &Output) -> bool {
    let all = || numbers.iter().chain(&a.1).chain(&b.1);
    if all().any(|number| !number.is_finite()) {
        return false;
    }
    let tolerance = TOLERANCE * all().fold(0.0, |max, number| number.abs().max(max));
    let differs = |x: &[f32], y: &[f32]| x.iter().zip(y).any(|(x, y)| (x - y).abs() > tolerance);
    if *shape == a.0 {
        // What does not depend on the number of samples may depend on none of them.
        return a.0 != b.0 || differs(numbers, &a.1) || differs(numbers, &b.1);
    }
    let axes: Vec<usize> = (0..shape.len()).filter(|&axis| a.0.get(axis) != Some(&shape[axis])).collect();
    let [axis] = axes[..] else { return true };
    if a.0 != b.0 || shape.len() != a.0.len() || shape[axis] != 2 * a.0[axis] {
        return true;
    }
    let run: usize = a.0[axis..].iter().product();
    let mut parts = a.1.chunks(run).zip(b.1.chunks(run));
    numbers
        .chunks(2 * run)
        .any(|both| parts.next().is_none_or(|(a, b)| differs(&both[..run], a) || differs(&both[run..], b)))
}

#[cfg(test)]
mod tests {
    use super::is_mixed;

    #[test]
    fn tells_mixed_samples_from_samples_side_by_side() {
        let (a, b) = ((vec![1, 2], vec![1.0, 2.0]), (vec![1, 2], vec![3.0, 4.0]));
        assert!(!is_mixed(&(vec![2, 2], vec![1.0, 2.0, 3.0, 4.0]), &a, &b));
        assert!(is_mixed(&(vec![2, 2], vec![1.0, 2.0, 3.5, 4.0]), &a, &b));
        assert!(is_mixed(&(vec![1, 2], vec![4.0, 6.0]), &a, &b));
        let (a, b) = ((vec![2, 1], vec![1.0, 2.0]), (vec![2, 1], vec![3.0, 4.0]));
        assert!(!is_mixed(&(vec![2, 2], vec![1.0, 3.0, 2.0, 4.0]), &a, &b));
        let constant = (vec![2], vec![1.0, 2.0]);
        assert!(!is_mixed(&constant, &constant, &constant));
    }
}
