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

use super::{budget, guard::attempt, tensor::floats};

/// Largest difference between a run alone and a run together, as a part of the output's largest magnitude.
const TOLERANCE: f32 = 1e-3;

/// The first output in which samples are mixed, by graphs for one sample and for two. `shape` is that of the input with one
/// sample.
pub(super) fn mixed_output(
    [alone, both]: [&InferenceModel; 2],
    shape: &[usize],
    file_bytes: usize,
) -> Option<usize> {
    let run_on =
        |model: &InferenceModel, numbers: &[f32]| attempt(|| outputs(model, shape, numbers, file_bytes)).ok();
    let run = |numbers: &[f32]| run_on(alone, numbers);
    let size: usize = shape.iter().product();
    let samples: [Vec<f32>; 2] =
        [0, 1].map(|sample| (0..size).map(|index| number(sample * size + index)).collect());
    let together = run_on(both, &samples.concat())?;
    let [first, second] = [run(&samples[0])?, run(&samples[1])?];
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
    shape: &[usize],
    numbers: &[f32],
    file_bytes: usize,
) -> TractResult<Vec<Output>> {
    let mut shape = shape.to_vec();
    shape[0] = numbers.len() / shape.iter().product::<usize>().max(1);
    let dims: Vec<_> = shape.iter().map(ToDim::to_dim).collect();
    let mut model = model.clone();
    model.set_input_fact(0, InferenceFact::dt_shape(f32::datum_type(), &*dims))?;
    budget::bound_constants(&mut model, file_bytes);
    let model = model.into_typed()?;
    budget::check_values(&model, file_bytes, &shape)?;
    ensure!(model.outputs.len() < 64);
    let outputs: TVec<TValue> =
        model.into_runnable()?.run(tvec!(Tensor::from_shape(&shape, numbers)?.into()))?;
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
