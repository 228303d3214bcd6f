//! Fixed-point multipliers for given ratios of scales, and how far they can move a result.
//!
//! ONNX Runtime computes $y = \mathrm{clamp}(\mathrm{rne}(\rho a))$ in float32 with the ratio $\rho = s_x s_w / s_y$, rounding
//! halves to even; the network computes $y' = \mathrm{clamp}(\lfloor m a' / 2^s + 1/2 \rfloor)$, where $a'$ may hold
//! another bias $b'$ instead of $b$. For an accumulator $a = v + b$ the arguments of the two roundings differ by
//! $$ \delta(v) = v \Bigl(\frac{m}{2^s} - \rho\Bigr) + \frac{m b'}{2^s} - \rho b, $$
//! linear in $v$. Only accumulators whose result is not clamped in both matter: $\rho a$ in $[lo - 1, hi + 1]$. With $v$ cut
//! to that range and to the interval that the layer's weights allow, the error is the larger of $|\delta|$ at its two
//! ends, and a part for the float32 arithmetic.
//!
//! Numbers less than one apart round to integers at most one apart, ties included: with an error below one, results differ
//! by one at most. Where the runtime clamps, $y'$ is monotone in $a$ and within one of the bound at the range's end.

use tacit_layers::layer::rescale::{ACCUMULATOR_BITS, MAX_MULTIPLIER, MAX_SHIFT};

/// One output channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channel {
    /// $\rho$.
    pub(crate) ratio: f64,
    /// $b$, not rounded.
    pub(crate) bias: f64,
    /// Smallest and largest $v$.
    pub(crate) interval: (f64, f64),
}

/// The fixed-point form of a layer's rescale.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rescale {
    /// $s$.
    pub(crate) shift: u32,
    /// $m$ of each channel.
    pub(crate) multipliers: Vec<u32>,
    /// $b'$ of each channel.
    pub(crate) biases: Vec<i32>,
    /// The error in units of the result.
    pub(crate) error: f64,
}

/// The fixed-point form of a sum of activations.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sum {
    /// $s$.
    pub(crate) shift: u32,
    /// The integer factor of each addend.
    pub(crate) coefficients: Vec<i64>,
    /// The error in units of the result.
    pub(crate) error: f64,
}

/// How far a rescale's result, before it is rounded, can be from ONNX Runtime's for any input of its layer.
#[derive(Debug, Clone, PartialEq)]
pub struct RescaleError {
    /// The layer's name.
    pub layer: String,
    /// Binary digits that the rescale drops.
    pub shift: u32,
    /// The bound, in units of the result. Below one, the rounded results differ by one unit at most.
    pub units: f64,
}

/// The first shift tried: two tables of $2^{15}$ remainders. With trained networks, results are the runtime's bit for bit but
/// for one in a thousand or fewer.
const PREFERRED_SHIFT: u32 = 30;
/// The error that is small enough not to try larger shifts.
const SMALL_ERROR: f64 = 1.0 / 64.0;
/// Relative error of a few float32 operations.
const FLOAT_ERROR: f64 = 1.0 / (1_u64 << 21) as f64;

/// The smallest shift from [`PREFERRED_SHIFT`] on with a small error, or else the shift with the smallest; nothing when no
/// shift keeps results within one unit.
pub(crate) fn rescale(channels: &[Channel], bounds: (i64, i64)) -> Option<Rescale> {
    let largest = channels.iter().fold(0.0, |largest, channel| f64::max(largest, channel.ratio));
    best(largest, MAX_SHIFT, |shift| {
        let mut rescale = Rescale { shift, multipliers: vec![], biases: vec![], error: 0.0 };
        for channel in channels {
            let (multiplier, bias, error) = channel.fixed_point(shift, bounds)?;
            rescale.multipliers.push(multiplier);
            rescale.biases.push(bias);
            rescale.error = rescale.error.max(error);
        }
        let error = rescale.error;
        Some((rescale, error))
    })
}

/// The same for a sum of activations: `addends` are the ratios, of either sign, with each activation's largest magnitude.
pub(crate) fn sum(addends: &[(f64, f64)], bounds: (i64, i64)) -> Option<Sum> {
    let largest = addends.iter().fold(0.0, |largest, &(ratio, _)| f64::max(largest, ratio.abs()));
    let reach: f64 = addends.iter().map(|(ratio, reach)| ratio.abs() * reach).sum();
    // Activations of sixteen bits leave less room in the accumulator; half a result is added to round, and each coefficient is rounded.
    let fits = |shift: &u32| {
        let rounding: f64 = addends.iter().map(|(_, reach)| reach / 2.0).sum();
        (reach + 0.5) * power(*shift) + rounding < power(ACCUMULATOR_BITS - 1)
    };
    let most = (1..=MAX_SHIFT).rev().find(fits)?;
    best(largest, most, |shift| {
        let unit = power(shift);
        let coefficients: Vec<f64> = addends.iter().map(|(ratio, _)| (ratio * unit).round()).collect();
        let terms = addends.iter().zip(&coefficients);
        let error: f64 = terms.map(|((ratio, reach), c)| (c / unit - ratio).abs() * reach).sum();
        let error = error + reach.max(edge(bounds)) * FLOAT_ERROR;
        let coefficients = coefficients.into_iter().map(|c| c as i64).collect();
        Some((Sum { shift, coefficients, error }, error))
    })
}

/// Tries shifts for which the largest ratio's multiplier is not too large, up to `most`.
fn best<T>(largest: f64, most: u32, attempt: impl Fn(u32) -> Option<(T, f64)>) -> Option<T> {
    let fits = |shift: &u32| (largest * power(*shift)).round() <= f64::from(MAX_MULTIPLIER);
    let last = (1..=most).rev().find(fits)?;
    let mut best: Option<(T, f64)> = None;
    for shift in PREFERRED_SHIFT.min(last)..=last {
        let Some((result, error)) = attempt(shift) else { continue };
        if best.as_ref().is_none_or(|(_, smallest)| error < *smallest) {
            best = Some((result, error));
        }
        if error <= SMALL_ERROR {
            break;
        }
    }
    best.filter(|(_, error)| *error < 1.0).map(|(result, _)| result)
}

impl Channel {
    /// Multiplier, bias and error at a shift; nothing when the bias does not fit 32 bits.
    fn fixed_point(&self, shift: u32, bounds: (i64, i64)) -> Option<(u32, i32, f64)> {
        let multiplier = (self.ratio * power(shift)).round().max(1.0);
        let fixed = multiplier / power(shift);
        let own = self.bias.round();
        // The bias that makes up for an inexact multiplier; the model's own where it is as good.
        let fitted = (self.ratio * self.bias / fixed).round();
        let fits = |bias: &f64| (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(bias);
        let candidates = [own, fitted].into_iter().filter(fits);
        let (bias, error) = candidates
            .map(|bias| (bias, self.error(fixed, bias, bounds)))
            .reduce(|best, next| if next.1 < best.1 { next } else { best })?;
        Some((multiplier as u32, bias as i32, error))
    }

    fn error(&self, fixed: f64, bias: f64, (low, high): (i64, i64)) -> f64 {
        let (first, last) = self.interval;
        let unclamped = |y: f64| (y / self.ratio - self.bias).clamp(first, last);
        let moved = |v: f64| (v * (fixed - self.ratio) + fixed * bias - self.ratio * self.bias).abs();
        let ends = [unclamped(low as f64 - 1.0), unclamped(high as f64 + 1.0)];
        // A float bias is added in float32: bias and products may cancel.
        let reach = edge((low, high)) + (self.ratio * self.bias).abs();
        ends.into_iter().map(moved).fold(0.0, f64::max) + reach * FLOAT_ERROR
    }
}

/// The largest magnitude whose result is not clamped.
fn edge((low, high): (i64, i64)) -> f64 {
    high.max(-low) as f64 + 1.0
}

fn power(shift: u32) -> f64 {
    f64::from(shift).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ONNX Runtime computes from an accumulator.
    fn runtime(accumulator: i64, ratio: f32, (low, high): (i64, i64)) -> i64 {
        ((accumulator as f32 * ratio).round_ties_even() as i64).clamp(low, high)
    }

    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 16) % bound
        }
    }

    #[test]
    fn results_are_within_one_unit_of_the_runtime_for_any_accumulator() {
        let mut random = Random(1);
        let (mut same, mut total) = (0_u32, 0_u32);
        for _ in 0..2000 {
            let ratio = (random.below(1000) + 1) as f32 * (-(random.below(22) as f32)).exp2() / 1000.0;
            let span = 1 + random.below(1 << 23) as i64;
            let bias = random.below(1 << 22) as i64 - (1 << 21);
            let bounds = [(0, 255), (-128, 127), (-77, 178), (0, 0)][random.below(4) as usize];
            let channel = Channel {
                ratio: f64::from(ratio),
                bias: bias as f64,
                interval: (-(span as f64), span as f64),
            };
            let Some(rescale) = rescale(&[channel], bounds) else { panic!("{channel:?}") };
            assert!(rescale.error < 1.0, "{rescale:?}");
            for i in 0..200_i64 {
                // The interval's ends, and accumulators at and around every result.
                let target = bounds.0 - 2 + i * (bounds.1 - bounds.0 + 4) / 200;
                let near = ((target as f64 + 0.5) / f64::from(ratio)) as i64 - bias;
                let v = [span, -span, near, near + 1][i as usize % 4].clamp(-span, span);
                let product = i64::from(rescale.multipliers[0]) * (v + i64::from(rescale.biases[0]));
                let ours = (product + (1 << (rescale.shift - 1))) >> rescale.shift;
                let theirs = runtime(v + bias, ratio, bounds);
                let difference = (ours.clamp(bounds.0, bounds.1) - theirs).abs();
                assert!(difference <= 1, "{channel:?} {rescale:?}: {v} gives {ours}, not {theirs}");
                same += u32::from(difference == 0);
                total += 1;
            }
        }
        // Half of these accumulators lie next to a tie.
        assert!(same * 10 > total * 9, "{same} of {total}");
    }

    #[test]
    fn a_bias_makes_up_for_a_small_multiplier() {
        let channel = Channel { ratio: 3e-8, bias: 2e9, interval: (-1e5, 1e5) };
        let Some(rescale) = rescale(&[channel], (-128, 127)) else { panic!() };
        assert!(rescale.error < 0.02 && rescale.biases[0] != 2_000_000_000, "{rescale:?}");
    }

    #[test]
    fn refuses_ratios_that_no_multiplier_comes_near() {
        let tiny = Channel { ratio: 1e-9, bias: 0.0, interval: (-1e11, 1e11) };
        assert_eq!(rescale(&[tiny], (-128, 127)), None);
        let large = Channel { ratio: 3e7, ..tiny };
        assert_eq!(rescale(&[large], (-128, 127)), None);
    }

    #[test]
    fn sums_of_sixteen_bits_fit_their_accumulator() {
        for ratio in [0.2, 1.0, 1.7, 3.1] {
            let addends = [(ratio, 65_535.0), (-ratio / 3.0, 32_768.0)];
            let Some(sum) = sum(&addends, (-32_768, 32_767)) else { panic!("{ratio}") };
            let reach: f64 =
                addends.iter().zip(&sum.coefficients).map(|((_, x), &c)| x * (c as f64).abs()).sum();
            assert!(reach + power(sum.shift - 1) < power(ACCUMULATOR_BITS - 1), "{sum:?}");
            assert!(sum.error < 0.2, "{sum:?}");
        }
    }

    #[test]
    fn sums_are_within_one_unit_of_the_runtime() {
        let mut random = Random(2);
        for _ in 0..300 {
            let ratio = |random: &mut Random| (random.below(4000) + 1) as f32 / 1000.0;
            let ratios = [ratio(&mut random), ratio(&mut random)];
            let addends = ratios.map(|ratio| (f64::from(ratio), 255.0));
            let Some(sum) = sum(&addends, (-128, 127)) else { panic!("{ratios:?}") };
            for _ in 0..300 {
                let x = [0, 1].map(|_| random.below(256) as i64 - 77);
                let exact = ratios[0].mul_add(x[0] as f32, ratios[1] * x[1] as f32);
                let theirs = (exact.round_ties_even() as i64).clamp(-128, 127);
                let total: i64 = sum.coefficients.iter().zip(&x).map(|(c, x)| c * x).sum();
                let ours = ((total + (1 << (sum.shift - 1))) >> sum.shift).clamp(-128, 127);
                assert!((ours - theirs).abs() <= 1, "{sum:?} {x:?}");
            }
        }
    }
}
