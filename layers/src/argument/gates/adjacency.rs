//! Enumerating a wiring's gates by the position of one of its tensors, without storing them.

use crate::integer::short;

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
    /// Both parts together: of a checked wiring nothing wraps around.
    #[must_use]
    pub const fn then(self, other: Self) -> Self {
        Self {
            first: self.first.wrapping_add(other.first),
            second: self.second.wrapping_add(other.second),
            coefficient: self.coefficient.wrapping_mul(other.coefficient),
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
    let after = usize::from(axes.first).saturating_add(usize::from(axes.count));
    wired.layout(role).map_or(1, |layout| layout.axes().iter().skip(after).product())
}

/// What belongs to a role, then what belongs to the two others.
const fn in_order<T: Copy>(role: usize, [output, left, right]: [T; 3]) -> [T; 3] {
    match role {
        0 => [output, left, right],
        1 => [left, output, right],
        _ => [right, output, left],
    }
}

impl Lists {
    /// The steps at a position of the whole tensor.
    fn at(&self, position: usize) -> &[Step] {
        let at = position.checked_div(self.stride).and_then(|at| at.checked_rem(self.length)).unwrap_or(0);
        match self.starts.get(at..) {
            Some(&[start, end, ..]) => self.steps.get(start..end).unwrap_or_default(),
            _ => &[],
        }
    }
}

impl Adjacency {
    /// A wiring's gates by the position of the tensor in this role. Memory is linear in the factors.
    pub fn new(wired: &Wired, role: usize) -> Self {
        let wiring = wired.wiring();
        let factors = wiring.factors.iter().map(|factor| {
            let lengths = ROLES.map(|role| wired.lengths(factor, role));
            let [output, left, right] = factor.axes;
            let strides = [(output, 0), (left, 1), (right, 2)].map(|(axes, role)| stride(wired, axes, role));
            let [own, ..] = in_order(role, lengths.map(|lengths| lengths.iter().product::<usize>()));
            let [stride, first_stride, second_stride] = in_order(role, strides);
            let mut starts = vec![0_usize; own.saturating_add(1)];
            factor.for_each(lengths, |(positions, _)| {
                let [position, ..] = in_order(role, positions);
                if let Some(count) = starts.get_mut(position.saturating_add(1)) {
                    *count = count.saturating_add(1);
                }
            });
            let mut total = 0_usize;
            for start in &mut starts {
                total = total.saturating_add(*start);
                *start = total;
            }
            let mut next = starts.clone();
            let mut steps = vec![Step { first: 0, second: 0, coefficient: 0 }; total];
            factor.for_each(lengths, |(positions, coefficient): Triple| {
                let [position, first, second] = in_order(role, positions);
                let Some(at) = next.get_mut(position) else { return };
                if let Some(step) = steps.get_mut(*at) {
                    let [first, second] = [(first, first_stride), (second, second_stride)]
                        .map(|(position, stride)| short(position.saturating_mul(stride)));
                    *step = Step { first, second, coefficient };
                }
                *at = at.saturating_add(1);
            });
            Lists { length: own, stride, starts, steps }
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
        let lists = || self.factors.iter().map(|lists| lists.at(position)).enumerate();
        let longest = lists().max_by_key(|(_, list)| list.len());
        inner.clear();
        inner.push(Step { first: 0, second: 0, coefficient: self.coefficient });
        for (_, list) in lists().filter(|(i, _)| longest.is_none_or(|(longest, _)| *i != longest)) {
            let Some((head, tail)) = list.split_first() else {
                inner.clear();
                return &[];
            };
            let count = inner.len();
            for step in tail {
                inner.extend_from_within(..count);
                for added in inner.iter_mut().rev().take(count) {
                    *added = added.then(*step);
                }
            }
            for known in inner.iter_mut().take(count) {
                *known = known.then(*head);
            }
        }
        longest.map_or(&[], |(_, list)| list)
    }
}
