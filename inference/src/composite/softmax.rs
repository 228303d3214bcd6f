//! Softmax along an axis in fixed point, from maxima, look-up tables, sums and products.
//!
//! **Statement.** For integers $x_i$ with a real value of $\gamma$ each, along an axis of length $n$,
//! $$ m = \max_i x_i, \quad d_i = \Bigl\lfloor \frac{m - x_i}{2^w} \Bigr\rceil, \quad
//!    e_i = \bigl\lfloor 2^f \exp(-\gamma 2^w d_i) \bigr\rceil, \quad
//!    S = \Bigl\lfloor \frac{\sum_i e_i}{2^t} \Bigr\rceil, \quad
//!    r = \Bigl\lfloor \frac{2^{k + f - t}}{S} \Bigr\rceil, \quad
//!    y_i = \Bigl\lfloor \frac{e_i r}{2^{k + f - b}} \Bigr\rceil, $$
//! where $\lfloor \cdot \rceil$ rounds half up. One unit of $y$ is $2^{-b}$.
//!
//! **Widths.** $w$ makes the table of $\exp$ fit 16 bits: it is zero for activations of 15 bits and less. The largest $e_i$
//! is $2^f$, for $d_i = 0$, so that $\sum_i e_i \ge 2^f$; $t$ makes the table of $r$ fit $T \le 16$ bits.
//!
//! **Error.** Let $p_i$ be the softmax of $\gamma x$. Then
//! $$ \Bigl| \frac{y_i}{2^b} - p_i \Bigr| \le
//!    \frac{n / 2 + h}{2^f} + \frac{1}{2^{k + 1}} + \frac{1}{2^{b + 1}} + \tanh\Bigl(\frac{\delta}{2}\Bigr), $$
//! $h = 2^{t - 1}$, or zero for $t = 0$, and $\delta = \gamma 2^{w - 1}$, or zero for $w = 0$. For, without the last term,
//! let $a_i = \exp(-\gamma d_i)$ and $A = \sum_i a_i$; rounding gives $e_i = 2^f a_i + \epsilon_i$ with
//! $|\epsilon_i| \le \frac12$, and none where $a_i = 1$. With $Q = 2^t S$, which is $2^f A + E$ for some
//! $|E| \le \frac{n - 1}{2} + h$ and at least $2^f$,
//! $$ \frac{e_i}{Q} - \frac{a_i}{A} = \frac{\epsilon_i}{Q} - p_i \frac{E}{Q}, $$
//! of magnitude at most $(n / 2 + h) / 2^f$. Rounding $r$ adds at most $e_i / 2^{k + f + 1} \le 2^{-k-1}$, rounding $y$
//! half a unit. Arguments of $\exp$ moved by at most $\delta$ each change the odds of $p_i$ by a factor of at most
//! $e^{\pm 2 \delta}$, hence $p_i$ by at most $\tanh(\delta / 2)$.
//!
//! **Choice.** $f, k \le 16$ and $T \le 16$ are those of the smallest tables and shifts among all whose bound is within a
//! quarter of the best.
//!
//! **Masks.** Elements that a mask leaves out count as the smallest $x$ that there is when the maximum is taken, and their $e_i$ is
//! zero; both are depthwise convolutions with weights of zero and one and an exact rescale. An element that counts is at least
//! the smallest, so that $m$ is the maximum of those and $\sum_i e_i \ge 2^f$ as before. Each $y_i$ left out is exactly zero, and the
//! bound above holds for the others, $n$ being no less than their number. The weights are parameters of the network.
//!
//! **Cost.** Three committed columns of the input's size and as many rescales' look-ups, and a maximum; five with a mask.
//!
//! **Reference.** Tacit's own; the subtraction of the maximum is usual.

use crate::NetworkBuilder;
use tacit_layers::{
    AxisWindow, Layout, Tensor, Window2d,
    argument::function::ActivationFunction,
    error::{Error, Result},
    layer::rescale::Multiplier,
    tensor::{MAX_AXES, value::NodeId},
};

/// What a softmax is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoftmaxOptions {
    /// $\gamma$: the real value of one unit of the input.
    pub scale: f64,
    /// $b$: a probability of one is $2^b$.
    pub output_bits: u32,
}

/// A softmax in a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Softmax {
    /// The probabilities: an activation of the input's shape.
    pub node: NodeId,
    /// The real value of one unit of them.
    pub scale: f64,
    /// The largest difference from the real softmax that any input can give.
    pub error_bound: f64,
}

/// The widths of a softmax; the names are those of the module's formulas.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Widths {
    /// $w$.
    input_shift: u32,
    /// $f$.
    exponential_bits: u32,
    /// $t$.
    sum_shift: u32,
    /// $T$.
    table_bits: u32,
    /// $k$.
    reciprocal_bits: u32,
    /// $b$.
    output_bits: u32,
}

/// Largest number of bits of a table.
const MAX_TABLE_BITS: u32 = 16;
/// Largest number of bits of an exponential or a reciprocal.
const MAX_BITS: u32 = 16;
/// Largest number of bits of an output: its table has a row more than $2^b$.
const MAX_OUTPUT_BITS: u32 = 15;
/// Shifts up to here take one look-up.
const SHORT_SHIFT: u32 = tacit_layers::layer::rescale::MAX_WHOLE_SHIFT;
/// Longest axis.
pub const MAX_LENGTH: usize = 1 << 14;

/// Division by a power of two, rounded half up.
const fn rounded(value: u64, shift: u32) -> u64 {
    if shift == 0 { value } else { (value + (1 << (shift - 1))) >> shift }
}

impl Widths {
    /// All widths that fit an axis of `length` and differences of at most `range`.
    fn candidates(length: usize, range: u64, output_bits: u32) -> impl Iterator<Item = Self> {
        // Differences of either sign: the interval analysis does not know which operand is larger.
        let fits = |&shift: &u32| 2 * rounded(range, shift) + 1 < 1 << MAX_TABLE_BITS;
        let input_shift = (0..MAX_TABLE_BITS).find(fits).unwrap_or(MAX_TABLE_BITS);
        let widths = (1..=MAX_BITS)
            .flat_map(|f| (1..=MAX_BITS).flat_map(move |k| (4..=MAX_TABLE_BITS).map(move |t| (f, k, t))));
        widths.filter_map(move |(exponential_bits, reciprocal_bits, table_bits)| {
            let largest = (length as u64) << exponential_bits;
            let sum_shift =
                (0..=exponential_bits).find(|&shift| rounded(largest, shift) >> table_bits == 0)?;
            (exponential_bits + reciprocal_bits > output_bits).then_some(Self {
                input_shift,
                exponential_bits,
                sum_shift,
                table_bits,
                reciprocal_bits,
                output_bits,
            })
        })
    }

    /// The error's bound for an axis of `length`; a little is added for the tables' own floating-point numbers.
    fn error_bound(&self, length: usize, scale: f64) -> f64 {
        let half = |shift: u32| if shift == 0 { 0.0 } else { f64::from(shift - 1).exp2() };
        let unit = |bits: u32| (-f64::from(bits)).exp2();
        (length as f64 / 2.0 + half(self.sum_shift)) * unit(self.exponential_bits)
            + unit(self.reciprocal_bits + 1)
            + unit(self.output_bits + 1)
            + (scale * half(self.input_shift) / 2.0).tanh()
            + 1e-9
    }

    const fn output_shift(&self) -> u32 {
        self.exponential_bits + self.reciprocal_bits - self.output_bits
    }

    /// The smallest tables and shifts among all whose bound is within a quarter of the best.
    fn choose(length: usize, range: u64, options: &SoftmaxOptions) -> Option<(Self, f64)> {
        let all: Vec<(Self, f64)> = Self::candidates(length, range, options.output_bits)
            .map(|widths| (widths, widths.error_bound(length, options.scale)))
            .collect();
        let best = all.iter().map(|(_, bound)| *bound).fold(f64::INFINITY, f64::min);
        let cost = |widths: &Self| {
            let shift = widths.output_shift();
            (shift > SHORT_SHIFT, widths.table_bits, shift, widths.exponential_bits)
        };
        all.into_iter().filter(|(_, bound)| *bound <= 1.25 * best).min_by_key(|(widths, _)| cost(widths))
    }

    /// $\lfloor 2^f \exp(-\gamma 2^w d) \rceil$ from $d = 0$ to where it stays zero.
    fn exponentials(&self, scale: f64, range: u64) -> ActivationFunction {
        let step = scale * f64::from(self.input_shift).exp2();
        let value =
            |d: u64| (f64::from(self.exponential_bits).exp2() * (-step * d as f64).exp()).round() as i32;
        let mut results: Vec<i32> =
            (0..=rounded(range, self.input_shift)).map(value).take_while(|&e| e > 0).collect();
        results.push(0);
        ActivationFunction::Table { first: 0, results }
    }

    /// $\lfloor 2^{k + f - t} / S \rceil$ from the smallest sum to the largest.
    fn reciprocals(&self, length: usize) -> ActivationFunction {
        let smallest = rounded(1 << self.exponential_bits, self.sum_shift);
        let largest = rounded((length as u64) << self.exponential_bits, self.sum_shift);
        let one = 1_u64 << (self.reciprocal_bits + self.exponential_bits - self.sum_shift);
        let results = (smallest..=largest).map(|sum| ((2 * one + sum) / (2 * sum)) as i32).collect();
        ActivationFunction::Table { first: smallest as i64, results }
    }
}

impl NetworkBuilder {
    /// The softmax of an activation along an axis, with a bound on its error.
    ///
    /// # Errors
    /// When the input is no activation, the axis does not exist or is longer than [`MAX_LENGTH`], the scale is not a
    /// positive number, or the output has not 1 to 15 bits.
    pub fn softmax(
        &mut self,
        name: &str,
        input: NodeId,
        axis: usize,
        options: &SoftmaxOptions,
    ) -> Result<Softmax> {
        self.softmax_of(name, input, axis, None, options)
    }

    /// The same of the elements that are `kept`, in the order of the input; the others have a probability of zero.
    ///
    /// # Errors
    /// As for [`Self::softmax`], and when `kept` does not say of each element whether it is, or nothing is kept somewhere along
    /// the axis.
    pub fn masked_softmax(
        &mut self,
        name: &str,
        input: NodeId,
        axis: usize,
        kept: &[bool],
        options: &SoftmaxOptions,
    ) -> Result<Softmax> {
        let lengths = self.axes_of(name, input, axis)?;
        if kept.len() != lengths.iter().product::<usize>() {
            return Err(Error::Graph { reason: "a softmax' mask has another size than its input" });
        }
        let inner: usize = lengths[axis + 1..].iter().product();
        let mut starts = (0..kept.len()).filter(|element| (element / inner).is_multiple_of(lengths[axis]));
        if starts.any(|start| (0..lengths[axis]).all(|place| !kept[start + place * inner])) {
            return Err(Error::Graph { reason: "a softmax' mask leaves nothing of a line" });
        }
        self.softmax_of(name, input, axis, Some(kept), options)
    }

    fn softmax_of(
        &mut self,
        name: &str,
        input: NodeId,
        axis: usize,
        kept: Option<&[bool]>,
        options: &SoftmaxOptions,
    ) -> Result<Softmax> {
        let lengths = self.axes_of(name, input, axis)?;
        let length = lengths[axis];
        let (low, high) = self.spec(input)?.activation(name)?;
        let check = |what, actual: i64, maximum: i64| {
            let (layer, minimum) = (name.to_owned(), 1);
            let error = Error::Attribute { layer, what, actual, minimum, maximum };
            if (minimum..=maximum).contains(&actual) { Ok(()) } else { Err(error) }
        };
        check("length of the axis", length as i64, MAX_LENGTH as i64)?;
        check("number of output bits", i64::from(options.output_bits), i64::from(MAX_OUTPUT_BITS))?;
        if !(options.scale.is_finite() && options.scale > 0.0) {
            return Err(Error::Graph { reason: "a softmax' scale is not a positive number" });
        }
        let range = low.abs_diff(high);
        let Some((widths, error_bound)) = Widths::choose(length, range, options) else {
            return Err(Error::Graph { reason: "no widths of a softmax fit its axis" });
        };

        let input = match kept {
            Some(kept) => self.select(&format!("{name}.kept"), input, kept, low)?,
            None => input,
        };
        let below = self.below_maximum(name, input, axis)?;
        let divide = |b: &mut Self, what: &str, node, shift, function| {
            let what = format!("{name}.{what}");
            if shift == 0 {
                return b.apply(&what, node, function);
            }
            b.rescale(&what, node, Multiplier::Uniform(1), shift, function)
        };
        let exponentials = widths.exponentials(options.scale, range);
        let exponentials = divide(self, "exponential", below, widths.input_shift, exponentials);
        let exponentials = match kept {
            Some(kept) => self.select(&format!("{name}.kept_exponential"), exponentials, kept, 0)?,
            None => exponentials,
        };
        let sum = self.reduce_sum(&format!("{name}.sum"), exponentials, &[axis]);
        let reciprocals = widths.reciprocals(length);
        let reciprocal = divide(self, "reciprocal", sum, widths.sum_shift, reciprocals);
        // The reciprocal's axis of length one goes by a name of its own.
        let names: Vec<u8> = (0..lengths.len() as u8).collect();
        let mut others = names.clone();
        others[axis] = MAX_AXES as u8;
        let product =
            self.product(&format!("{name}.product"), (exponentials, &names), (reciprocal, &others), &names);
        let clip = ActivationFunction::Clip { minimum: 0, maximum: 1 << widths.output_bits };
        let node = divide(self, "probability", product, widths.output_shift(), clip);
        Ok(Softmax { node, scale: (-f64::from(widths.output_bits)).exp2(), error_bound })
    }

    /// An activation where it is kept, and a number in its range elsewhere.
    fn select(&mut self, name: &str, input: NodeId, kept: &[bool], other: i64) -> Result<NodeId> {
        let spec = self.spec(input)?;
        let (minimum, maximum) = spec.activation(name)?;
        let lengths = spec.layout.axes().to_vec();
        let rank = lengths.len();
        // Leading axes that the mask does not depend on go last: weights are for the others.
        let size = |from: usize| lengths[from..].iter().product::<usize>();
        let is_free = |from: &usize| (size(*from)..kept.len()).all(|i| kept[i] == kept[i - size(*from)]);
        let first = (0..=rank).rev().find(is_free).unwrap_or(0);
        let order: Vec<usize> = (first..rank).chain(0..first).collect();
        let (num_channels, num_others) = (size(first), kept.len() / size(first));
        let moves = first > 0 && num_others > 1;
        let moved = if moves { self.transpose(&format!("{name}.order"), input, &order) } else { input };
        let map = self.reshape(&format!("{name}.map"), moved, &[num_channels, 1, num_others]);
        let weights = kept[..num_channels].iter().map(|&kept| i8::from(kept)).collect();
        let weights = Tensor::new(Layout::new(vec![num_channels, 1, 1, 1])?, weights)?;
        let other = i32::try_from(other).map_err(|_| Error::Graph { reason: "a mask is below 32 bits" })?;
        let biases = || kept[..num_channels].iter().map(|&kept| if kept { 0 } else { other }).collect();
        let bias = (other != 0).then(biases);
        let window = Window2d::square(AxisWindow::new(1, 1));
        let selected = self.grouped_conv2d(name, map, window, num_channels, weights, bias)?;
        let clip = ActivationFunction::Clip { minimum, maximum };
        let selected = self.apply(&format!("{name}.exact"), selected, clip);
        if !moves {
            return Ok(self.reshape(&format!("{name}.axes"), selected, &lengths));
        }
        let axes: Vec<usize> = order.iter().map(|&axis| lengths[axis]).collect();
        let selected = self.reshape(&format!("{name}.axes"), selected, &axes);
        let back: Vec<usize> = (first..rank).map(|axis| axis - first).collect();
        let back: Vec<usize> = (0..first).map(|axis| rank - first + axis).chain(back).collect();
        Ok(self.transpose(&format!("{name}.back"), selected, &back))
    }
}
