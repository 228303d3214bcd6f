//! The largest elements of an axis, in their order.
//!
//! Blocks of as many elements as are wanted, or a few more, are sorted by merging: two sorted halves, one of them turned around,
//! are compared place by place, which leaves the larger elements in one half and the smaller ones in the other; each half is
//! put in order by comparing places that are half its length apart, a quarter, and so on. Then blocks are merged in pairs, of
//! which the larger elements go on alone. The larger of two elements is a maximum over a window, which moves integers; the
//! smaller one is what the larger one leaves of their sum.

use super::rewriting::Rewriting;

/// Values along a last axis, in blocks: the axes in front, and the elements of a block.
struct Blocks {
    value: String,
    /// Axes in front of the blocks.
    outer: Vec<usize>,
    count: usize,
    size: usize,
}

impl Rewriting<'_> {
    /// The `count` largest elements along an axis of a value of a shape, in descending order.
    pub(super) fn largest_of(&mut self, value: &str, shape: &[usize], axis: usize, count: usize) -> String {
        let last = shape.len() - 1;
        let mut order: Vec<usize> = (0..shape.len()).collect();
        order.swap(axis, last);
        let moved = if axis == last { value.to_owned() } else { self.transpose(value, &order) };
        let outer: Vec<usize> = order[..last].iter().map(|&axis| shape[axis]).collect();
        let size = count.next_power_of_two();
        let num_blocks = shape[axis].div_ceil(size).next_power_of_two();
        let padded = self.padded(&moved, &outer, shape[axis], size * num_blocks);
        let mut blocks = Blocks { value: padded, outer, count: size * num_blocks, size: 1 };
        while blocks.size < size {
            blocks = self.merged(blocks, true);
        }
        while blocks.count > 1 {
            blocks = self.merged(blocks, false);
        }
        let Blocks { value, mut outer, .. } = blocks;
        outer.push(size);
        let sorted = self.reshape(&value, &outer);
        let taken = self.slice(&sorted, last, size, 0, count);
        if axis == last { taken } else { self.transpose(&taken, &order) }
    }

    /// A value with its smallest element behind its last axis, up to a length.
    fn padded(&mut self, value: &str, outer: &[usize], length: usize, to: usize) -> String {
        if length == to {
            return value.to_owned();
        }
        let smallest = self.reduce("ReduceMin", value, &[outer.len() as i64]);
        let mut shape = outer.to_vec();
        shape.push(to - length);
        let padding = self.expand(&smallest, &shape);
        self.concat(&[value.to_owned(), padding], outer.len())
    }

    /// Pairs of sorted blocks as one: all elements, or the larger half of them.
    fn merged(&mut self, Blocks { value, outer, count, size }: Blocks, keeps_all: bool) -> Blocks {
        let shape = [&*outer, &[count / 2, 2 * size]].concat();
        let axis = outer.len() + 1;
        let pairs = self.reshape(&value, &shape);
        let left = self.slice(&pairs, axis, 2 * size, 0, size);
        let turned: Vec<usize> = (size..2 * size).rev().collect();
        let right = self.select(&pairs, &shape, axis, &turned);
        let half = [&*outer, &[count / 2, size]].concat();
        let larger = self.larger(&left, &right, &half);
        let mut blocks = Blocks { value: larger.clone(), outer, count: count / 2, size };
        if keeps_all {
            let smaller = self.smaller(&left, &right, &larger);
            blocks = Blocks { value: self.concat(&[larger, smaller], axis), size: 2 * size, ..blocks };
        }
        let mut distance = size / 2;
        while distance > 0 {
            blocks.value = self.compared(&blocks, distance);
            distance /= 2;
        }
        blocks
    }

    /// Places at a distance in their order, block by block.
    fn compared(&mut self, Blocks { value, outer, count, size }: &Blocks, distance: usize) -> String {
        let pairs = count * size / (2 * distance);
        let axis = outer.len() + 1;
        let apart = self.reshape(value, &[&**outer, &[pairs, 2, distance]].concat());
        let left = self.slice(&apart, axis, 2, 0, 1);
        let right = self.slice(&apart, axis, 2, 1, 1);
        let larger = self.larger(&left, &right, &[&**outer, &[pairs, 1, distance]].concat());
        let smaller = self.smaller(&left, &right, &larger);
        let both = self.concat(&[larger, smaller], axis);
        self.reshape(&both, &[&**outer, &[*count, *size]].concat())
    }

    /// The larger of two values of a shape, element by element.
    fn larger(&mut self, left: &str, right: &str, shape: &[usize]) -> String {
        let column = [shape, &[1]].concat();
        let columns = [left, right].map(|value| self.reshape(value, &column));
        let both = self.concat(&columns, shape.len());
        let larger = self.reduce("ReduceMax", &both, &[shape.len() as i64]);
        self.reshape(&larger, shape)
    }

    /// The smaller of two values whose larger is known.
    fn smaller(&mut self, left: &str, right: &str, larger: &str) -> String {
        let above = self.binary("Sub", larger, right);
        self.binary("Sub", left, &above)
    }
}
