//! A wiring between its tensors: its gates, and its multilinear extension factor by factor.

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::{eq, small::from_i64};

use super::circuit::{Axes, Circuit, Factor, GateLayer, Relation, Wiring};
use crate::{
    integer::{position, widest},
    tensor::{Layout, bits_of, evaluation::kronecker, window::OffsetWeights},
};

/// Roles of the tensors that a wiring connects, in the order of a factor's axes.
pub(super) const ROLES: [usize; 3] = [0, 1, 2];

/// A wiring with the shapes of output, left and right.
#[derive(Debug, Clone, Copy)]
pub struct Wired<'a> {
    wiring: &'a Wiring,
    layouts: [Option<&'a Layout>; 3],
}

/// A gate's positions along one factor's axes of output, left and right, and its coefficient.
pub type Triple = ([usize; 3], i64);

/// The equality polynomial at positions along some axes: a table where most positions are asked for.
enum Weights<'a> {
    Table(Vec<Fr>),
    Direct(&'a [usize], &'a [Fr]),
}

impl<'a> Weights<'a> {
    fn new(lengths: &'a [usize], point: &'a [Fr], asked: usize) -> Self {
        let positions = lengths.iter().product::<usize>();
        if positions / 4 <= asked { Self::Table(table(lengths, point)) } else { Self::Direct(lengths, point) }
    }

    fn at(&self, index: usize) -> Fr {
        match self {
            Self::Table(table) => table.get(index).copied().unwrap_or_else(Fr::zero),
            Self::Direct(lengths, point) => {
                let (mut rest, mut weight, mut end) = (index, Fr::one(), point.len());
                for &n in lengths.iter().rev() {
                    let begin = end.saturating_sub(bits_of(n));
                    let (quotient, at) = divide(rest, n);
                    weight *= eq::evaluate_index(point.get(begin..end).unwrap_or_default(), at);
                    (rest, end) = (quotient, begin);
                }
                weight
            }
        }
    }
}

/// Quotient and remainder; of an empty axis there is neither.
fn divide(index: usize, length: usize) -> (usize, usize) {
    (index.checked_div(length).unwrap_or(0), index.checked_rem(length).unwrap_or(0))
}

/// The equality table over the stored positions of some axes, row-major.
pub(super) fn table(lengths: &[usize], point: &[Fr]) -> Vec<Fr> {
    kronecker(axis_points(lengths, point))
}

/// A point of some axes' variables, axis by axis.
fn axis_points<'a>(lengths: &'a [usize], point: &'a [Fr]) -> impl Iterator<Item = (usize, &'a [Fr])> {
    let mut rest = point;
    lengths.iter().map(move |&n| {
        let (head, tail) = rest.split_at(bits_of(n).min(rest.len()));
        rest = tail;
        (n, head)
    })
}

impl<'a> Wired<'a> {
    pub(super) fn new(circuit: &'a Circuit, layer: &'a GateLayer, wiring: &'a Wiring) -> Self {
        let operand =
            |operand: Option<super::circuit::Operand>| operand.and_then(|operand| circuit.layout(operand));
        Self { wiring, layouts: [Some(&layer.layout), operand(wiring.left), operand(wiring.right)] }
    }

    /// The wiring itself.
    pub const fn wiring(&self) -> &'a Wiring {
        self.wiring
    }

    /// Shape of output, left or right; none where the wiring has no such operand.
    pub fn layout(&self, role: usize) -> Option<&'a Layout> {
        self.layouts.get(role).copied().flatten()
    }

    /// Axis lengths of a factor's part.
    pub fn lengths(&self, factor: &Factor, role: usize) -> &'a [usize] {
        let Some(axes) = factor.axes.get(role).filter(|axes| axes.count > 0) else { return &[] };
        let (first, count) = (usize::from(axes.first), usize::from(axes.count));
        self.layout(role)
            .and_then(|layout| layout.axes().get(first..first.saturating_add(count)))
            .unwrap_or_default()
    }

    /// A factor's part of a point.
    fn part<'p>(&self, axes: Axes, role: usize, point: &'p [Fr]) -> &'p [Fr] {
        let vars = |skip: u8, take: u8| -> usize {
            let layout = self.layout(role);
            layout
                .map_or(0, |layout| layout.axis_vars().skip(usize::from(skip)).take(usize::from(take)).sum())
        };
        let (begin, count) = (vars(0, axes.first), vars(axes.first, axes.count));
        point.get(begin..begin.saturating_add(count)).unwrap_or_default()
    }

    /// $c_w \widetilde w(z, x, y)$: the product of the factors' extensions. Points of absent operands are empty.
    ///
    /// # Errors
    /// When axes that share positions have parts of different lengths in the points.
    pub fn evaluate(&self, points: [&[Fr]; 3]) -> Result<Fr, tacit_algebra::Error> {
        let factors = self.wiring.factors.iter().map(|factor| {
            let lengths = ROLES.map(|role| self.lengths(factor, role));
            let [output, left, right] = factor.axes;
            let [z, x, y] = points;
            factor.evaluate(lengths, [self.part(output, 0, z), self.part(left, 1, x), self.part(right, 2, y)])
        });
        Ok(factors.product::<Result<Fr, _>>()? * from_i64(self.wiring.coefficient))
    }

    /// $c_w \widetilde w(z, x, y)$ for every stored position $y$ of the right operand, row-major; for add gates the only
    /// entry is $c_w \widetilde w(z, x)$. Linear in the factors and the operand.
    pub fn right_vector(&self, z: &[Fr], x: &[Fr]) -> Vec<Fr> {
        let mut scale = from_i64(self.wiring.coefficient);
        let mut vectors: Vec<(u8, Vec<Fr>)> = vec![];
        for factor in &self.wiring.factors {
            let lengths = ROLES.map(|role| self.lengths(factor, role));
            let [output, left, right] = factor.axes;
            let [output_lengths, left_lengths, right_lengths] = lengths;
            let outputs = table(output_lengths, self.part(output, 0, z));
            let lefts = table(left_lengths, self.part(left, 1, x));
            let mut vector = vec![Fr::zero(); right_lengths.iter().product()];
            // A checked wiring has no gate outside its tensors.
            factor.for_each(lengths, |([z, x, y], coefficient)| {
                if let (Some(z), Some(x), Some(sum)) = (outputs.get(z), lefts.get(x), vector.get_mut(y)) {
                    let weight = *z * x;
                    *sum += if coefficient == 1 { weight } else { weight * from_i64(coefficient) };
                }
            });
            if right.count == 0 {
                scale *= vector.first().copied().unwrap_or_else(Fr::zero);
            } else {
                vectors.push((right.first, vector));
            }
        }
        vectors.sort_by_key(|(first, _)| *first);
        vectors.into_iter().fold(vec![scale], |outer, (_, inner)| {
            outer.iter().flat_map(|a| inner.iter().map(move |b| *a * b)).collect()
        })
    }
}

impl Factor {
    /// Calls `visit` for every gate along the factor's axes.
    pub fn for_each(&self, lengths: [&[usize]; 3], mut visit: impl FnMut(Triple)) {
        let flat = lengths.map(|lengths| lengths.iter().product::<usize>());
        match &self.relation {
            Relation::Shared => {
                for i in 0..flat.into_iter().max().unwrap_or(1) {
                    visit((lengths.map(|lengths| if lengths.is_empty() { 0 } else { i }), 1));
                }
            }
            Relation::Window(window) => {
                let ([output, input, _], [.., offsets]) = (flat, lengths);
                for p in 0..output {
                    for k in 0..window.kernel {
                        if let Some(i) = window.input_position(p, k, input) {
                            visit(([p, i, if offsets.is_empty() { 0 } else { k }], 1));
                        }
                    }
                }
            }
            Relation::Gates(gates) => {
                for gate in gates {
                    let positions = [gate.output, gate.left, gate.right].map(position);
                    visit((positions, gate.coefficient));
                }
            }
        }
    }

    /// Number of gates along the factor's axes, those of windows that read padding included.
    pub(super) fn num_gates(&self, lengths: [&[usize]; 3]) -> u128 {
        match &self.relation {
            Relation::Shared => {
                lengths.iter().map(|part| part.iter().map(|&n| widest(n)).product()).max().unwrap_or(1)
            }
            Relation::Window(window) => {
                let [output, ..] = lengths;
                output.iter().map(|&n| widest(n)).product::<u128>().saturating_mul(widest(window.kernel))
            }
            Relation::Gates(gates) => widest(gates.len()),
        }
    }

    /// The extension at a point.
    fn evaluate(&self, lengths: [&[usize]; 3], points: [&[Fr]; 3]) -> Result<Fr, tacit_algebra::Error> {
        Ok(match &self.relation {
            Relation::Shared => return evaluate_shared(lengths, points),
            Relation::Window(window) => {
                let [output, input, offsets] = lengths;
                let [output, input] = [output, input].map(|part| part.first().copied().unwrap_or_default());
                let [z, x, y] = points;
                let offsets = if offsets.is_empty() { OffsetWeights::All } else { OffsetWeights::Point(y) };
                let shifts = window.shift_vector(input, output, z, offsets);
                shifts.iter().zip(eq::table(x, input)).map(|(shift, weight)| *shift * weight).sum()
            }
            Relation::Gates(gates) => {
                let ([output, left, right], [z, x, y]) = (lengths, points);
                let [z, x, y] = [(output, z), (left, x), (right, y)]
                    .map(|(part, point)| Weights::new(part, point, gates.len()));
                gates
                    .iter()
                    .map(|gate| {
                        let [z, x, y] = [
                            z.at(position(gate.output)),
                            x.at(position(gate.left)),
                            y.at(position(gate.right)),
                        ];
                        z * x * y * from_i64(gate.coefficient)
                    })
                    .sum()
            }
        })
    }
}

/// $\sum_i \prod_r \mathrm{eq}(p_r, i)$ over the roles that have axes, one axis after the other.
fn evaluate_shared(lengths: [&[usize]; 3], points: [&[Fr]; 3]) -> Result<Fr, tacit_algebra::Error> {
    let present = lengths.into_iter().zip(points).filter(|(lengths, _)| !lengths.is_empty());
    let mut parts: Vec<_> = present.map(|(lengths, point)| axis_points(lengths, point)).collect();
    let mut product = Fr::one();
    loop {
        let axis: Vec<(usize, &[Fr])> = parts.iter_mut().filter_map(Iterator::next).collect();
        let Some(&(length, _)) = axis.first() else { return Ok(product) };
        product *= eq::evaluate_diagonal(&axis.iter().map(|(_, point)| *point).collect::<Vec<_>>(), length)?;
    }
}
