//! Enumerating a wiring's gates by the position of one of its tensors, without storing them.

use super::{
    predicate::Wired,
    predicate::{ROLES, Triple},
};

/// Part of a gate: storage offsets in the two other tensors, and a coefficient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Offset in the first of the other two tensors, in the order output, left, right.
    pub first: u32,
    /// Offset in the second.
    pub second: u32,
    /// Factor of the coefficient.
    pub coefficient: i64,
}

impl Step {
    /// Both parts together.
    #[must_use]
    pub const fn then(self, other: Self) -> Self {
        Self {
            first: self.first + other.first,
            second: self.second + other.second,
            coefficient: self.coefficient * other.coefficient,
        }
    }
}

/// One factor's gates by position.
#[derive(Debug, Clone)]
struct Lists {
    length: usize,
    stride: usize,
    starts: Vec<usize>,
    steps: Vec<Step>,
}

/// A checked wiring's gates by the storage position of output (role 0), left (1) or right (2).
#[derive(Debug, Clone)]
pub struct Adjacency {
    coefficient: i64,
    factors: Vec<Lists>,
}

/// Elements between neighbours of the last axis of a factor's part.
fn stride(wired: &Wired, axes: super::circuit::Axes, role: usize) -> usize {
    let after = usize::from(axes.first) + usize::from(axes.count);
    wired.layout(role).map_or(1, |layout| layout.axes().iter().skip(after).product())
}

impl Adjacency {
    /// A wiring's gates by the position of the tensor in this role. Memory is linear in the factors.
    pub fn new(wired: &Wired, role: usize) -> Self {
        let wiring = wired.wiring();
        let factors = wiring.factors.iter().map(|factor| {
            let lengths = ROLES.map(|role| wired.lengths(factor, role));
            let strides = ROLES.map(|role| stride(wired, factor.axes[role], role));
            let length: usize = lengths[role].iter().product();
            let mut starts = vec![0; length + 1];
            factor.for_each(lengths, |(positions, _)| starts[positions[role] + 1] += 1);
            for i in 0..length {
                starts[i + 1] += starts[i];
            }
            let mut next = starts.clone();
            let mut steps = vec![Step { first: 0, second: 0, coefficient: 0 }; starts[length]];
            let (first, second) = [(1, 2), (0, 2), (0, 1)][role];
            factor.for_each(lengths, |(positions, coefficient): Triple| {
                let offset = |role: usize| (positions[role] * strides[role]) as u32;
                let at = &mut next[positions[role]];
                steps[*at] = Step { first: offset(first), second: offset(second), coefficient };
                *at += 1;
            });
            Lists { length, stride: strides[role], starts, steps }
        });
        Self { coefficient: wiring.coefficient, factors: factors.collect() }
    }

    /// A bound on the magnitude of every gate's coefficient.
    pub fn largest_coefficient(&self) -> u64 {
        let largest = |lists: &Lists| lists.steps.iter().map(|step| step.coefficient.unsigned_abs()).max();
        let factors = self.factors.iter().map(|lists| largest(lists).unwrap_or(0));
        factors.fold(self.coefficient.unsigned_abs(), u64::saturating_mul)
    }

    /// The gates at a position: every step returned together with every step left in `inner`.
    pub fn gates<'s>(&'s self, position: usize, inner: &mut Vec<Step>) -> &'s [Step] {
        let list = |lists: &'s Lists| {
            let at = position / lists.stride % lists.length;
            &lists.steps[lists.starts[at]..lists.starts[at + 1]]
        };
        let longest = (0..self.factors.len()).max_by_key(|&i| list(&self.factors[i]).len());
        inner.clear();
        inner.push(Step { first: 0, second: 0, coefficient: self.coefficient });
        for (_, lists) in self.factors.iter().enumerate().filter(|(i, _)| Some(*i) != longest) {
            let Some((head, tail)) = list(lists).split_first() else {
                inner.clear();
                return &[];
            };
            let count = inner.len();
            for step in tail {
                for i in 0..count {
                    inner.push(inner[i].then(*step));
                }
            }
            for known in &mut inner[..count] {
                *known = known.then(*head);
            }
        }
        longest.map_or(&[], |i| list(&self.factors[i]))
    }
}
