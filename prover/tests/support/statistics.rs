//! Tests of distributions, with bounds on the probability that they reject what they should accept.

/// A 256-bit number, least significant word first.
pub(crate) type Words = [u64; 4];

/// Bins of a histogram.
pub(crate) const BINS: usize = 16;
/// The probability with which one test may reject a true hypothesis: for a hundred thousand of them, below $10^{-9}$.
const LEVEL: f64 = 1e-14;
/// The most significant word of both of the curve's fields' moduli.
const TOP: u64 = 0x3064_4e72_e131_a029;

/// Where a field element is among all, in equal bins.
pub(crate) fn top_bin(words: &Words) -> usize {
    (u128::from(words[3]) * BINS as u128 / (u128::from(TOP) + 1)) as usize
}

/// Its least significant bits.
pub(crate) fn low_bin(words: &Words) -> usize {
    words[0] as usize % BINS
}

fn histogram(values: &[Words], bin: fn(&Words) -> usize) -> [u64; BINS] {
    values.iter().fold([0; BINS], |mut counts, words| {
        counts[bin(words)] += 1;
        counts
    })
}

/// A bound on the probability that a chi-square variable of $k$ degrees of freedom is at least $x$, by Chernoff:
/// $(z e^{1 - z})^{k / 2}$ with $z = x / k > 1$.
pub(crate) fn chi_square_tail(x: f64, degrees: usize) -> f64 {
    let z = x / degrees as f64;
    if z <= 1.0 { 1.0 } else { ((z.ln() + 1.0 - z) * degrees as f64 / 2.0).exp() }
}

/// Pearson's statistic of values against the uniform distribution.
fn against_uniform(counts: &[u64; BINS]) -> f64 {
    let expected = counts.iter().sum::<u64>() as f64 / BINS as f64;
    counts.iter().map(|&count| (count as f64 - expected).powi(2) / expected).sum()
}

/// Pearson's statistic of two samples against one distribution of both, with its degrees of freedom.
fn against_each_other([a, b]: [&[u64; BINS]; 2]) -> (f64, usize) {
    let [n, m] = [a, b].map(|counts| counts.iter().sum::<u64>() as f64);
    let (to, from) = ((m / n).sqrt(), (n / m).sqrt());
    let filled = a.iter().zip(b).filter(|(a, b)| **a + **b > 0);
    let terms: Vec<f64> =
        filled.map(|(&a, &b)| (to * a as f64 - from * b as f64).powi(2) / (a + b) as f64).collect();
    (terms.iter().sum(), terms.len().saturating_sub(1).max(1))
}

/// A bound on the probability of the smaller of both histograms' statistics: top bits, low bits.
pub(crate) fn uniform_tail(values: &[Words]) -> f64 {
    let tail = |bin| chi_square_tail(against_uniform(&histogram(values, bin)), BINS - 1);
    f64::min(tail(top_bin), tail(low_bin))
}

/// Whether a test with this tail accepts.
pub(crate) fn accepts(tail: f64) -> bool {
    tail > LEVEL
}

/// The largest distance of two samples' distribution functions.
pub(crate) fn kolmogorov_smirnov([a, b]: [&[Words]; 2]) -> f64 {
    let [a, b] = [a, b].map(|values| {
        let mut sorted: Vec<(u64, u64)> = values.iter().map(|words| (words[3], words[2])).collect();
        sorted.sort_unstable();
        sorted
    });
    let below = |sorted: &[(u64, u64)], x: &(u64, u64)| {
        sorted.partition_point(|y| y <= x) as f64 / sorted.len() as f64
    };
    a.iter().chain(&b).map(|x| (below(&a, x) - below(&b, x)).abs()).fold(0.0, f64::max)
}

/// A bound on the probability that two samples of one distribution are as far from each other: for each of three tests, of
/// top bits, low bits and (by the inequality of Dvoretzky, Kiefer, Wolfowitz and Massart) distribution functions.
pub(crate) fn two_sample_tail(samples: [&[Words]; 2]) -> f64 {
    let tail = |bin| {
        let [a, b] = samples.map(|values| histogram(values, bin));
        let (statistic, degrees) = against_each_other([&a, &b]);
        chi_square_tail(statistic, degrees)
    };
    let fewer = samples.map(<[Words]>::len).into_iter().min().unwrap() as f64;
    let distance = kolmogorov_smirnov(samples);
    let distributions = 4.0 * (-fewer * distance * distance / 2.0).exp();
    [tail(top_bin), tail(low_bin), distributions].into_iter().fold(1.0, f64::min)
}
