//! Blocks of look-ups: where looked-up rows come from, which table they ask for, and where in the tree they lie.
//!
//! **Code.** [prover](../../../tacit_prover/layers/lookups/index.html), [verifier](../../../tacit_verifier/layers/lookups/index.html).

use crate::{
    argument::{
        function::ActivationFunction,
        lookup_table::{LookupTable, saturation::SaturationTable},
    },
    integer::{count, short},
    tensor::{
        layout::{Layout, bits_of},
        value::NodeId,
    },
};
use ark_bn254::Fr;
use std::collections::BTreeMap;
use tacit_algebra::eq;

/// Where a block of look-up rows comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BlockSource {
    /// A rescale's centred remainders, or their high parts.
    Remainders(NodeId),
    /// A rescale's quotients, or its clipped quotients, with its activations.
    Activations(NodeId),
    /// A max-pool's differences, over (kernel height, kernel width, channels, height, width).
    Differences(NodeId),
    /// The table's own rows with their multiplicities.
    Table,
    /// The low parts of a rescale's remainders.
    LowRemainders(NodeId),
    /// The low limbs of what a rescale clips off wide quotients, with the clipped quotients.
    LowSaturation(NodeId),
    /// The high limbs, with the clipped quotients mirrored.
    HighSaturation(NodeId),
    /// A committed input.
    Input(NodeId),
}

impl BlockSource {
    /// The node whose values are looked up; none for a table's own rows.
    pub const fn node(self) -> Option<NodeId> {
        match self {
            Self::Remainders(id)
            | Self::Activations(id)
            | Self::Differences(id)
            | Self::LowRemainders(id)
            | Self::LowSaturation(id)
            | Self::HighSaturation(id)
            | Self::Input(id) => Some(id),
            Self::Table => None,
        }
    }
}

/// A block of leaves of the look-up tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<R = BlockSource> {
    /// Where its rows come from.
    pub rows: R,
    /// The table they must be in, or are.
    pub table: usize,
    /// Shape of what is looked up, a table's by itself.
    pub layout: Layout,
    /// $\log_2$ of the number of leaves; padding is looked up like everything else and finds the row of zeros.
    pub num_vars: usize,
    /// First leaf; a multiple of the block's size.
    pub offset: usize,
}

impl<R> Segment<R> {
    /// The block of a tensor, at the first leaf.
    pub(crate) fn new(rows: R, table: usize, layout: Layout) -> Self {
        let num_vars = layout.num_vars();
        Self { rows, table, layout, num_vars, offset: 0 }
    }

    /// $\mathrm{eq}$ of the block's place and the part of a point over all leaves that chooses it.
    pub fn weight(&self, point: &[Fr]) -> Fr {
        let (high, _) = point.split_at(point.len().saturating_sub(self.num_vars));
        let place = u32::try_from(self.num_vars).ok().and_then(|vars| self.offset.checked_shr(vars));
        eq::evaluate_index(high, place.unwrap_or(0))
    }
}

/// Which table is looked up in: blocks with the same key share one that holds what all of them look up.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableKey {
    /// Centred remainders of a division by $2^s$.
    Remainder(u32),
    /// Differences.
    Difference,
    /// A function's arguments and values.
    Activation(ActivationFunction),
    /// Low parts of remainders, of so many binary digits.
    LowRemainder(u32),
    /// What clipping to a range takes off.
    Saturation {
        /// Smallest clipped value.
        minimum: i64,
        /// Largest clipped value.
        maximum: i64,
    },
    /// Committed inputs of one range: a table of several ranges would let one input take another's integers.
    Input {
        /// Smallest integer.
        minimum: i64,
        /// Largest integer.
        maximum: i64,
        /// Whether they have padding, which takes a row of its own.
        is_padded: bool,
    },
}

impl TableKey {
    /// The table that holds first columns in this range.
    pub fn table(self, (low, high): (i64, i64)) -> LookupTable {
        let num_rows = count(high.saturating_sub(low)).saturating_add(1);
        let num_vars = short(bits_of(num_rows));
        match self {
            Self::Remainder(shift) => LookupTable::Remainder { shift },
            Self::Difference => LookupTable::Difference { num_vars },
            Self::LowRemainder(digits) => LookupTable::Difference { num_vars: digits },
            Self::Activation(function) => LookupTable::Activation { function, first: low, num_vars },
            Self::Saturation { minimum, maximum } => {
                LookupTable::Saturation(SaturationTable::new(minimum, maximum, (low, high)))
            }
            // Padding takes a row of its own.
            Self::Input { minimum, maximum, is_padded } => LookupTable::Range {
                minimum,
                maximum,
                num_vars: short(bits_of(num_rows.saturating_add(usize::from(is_padded)))),
            },
        }
    }
}

/// A block of look-ups that a layer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookupRequest {
    /// Where its rows come from.
    pub rows: BlockSource,
    /// The table.
    pub table: TableKey,
    /// Smallest and largest first column.
    pub bounds: (i64, i64),
    /// Shape of what is looked up.
    pub layout: Layout,
}

/// Every block that a network asks for, and the tables that hold what is looked up.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    lookups: Vec<(BlockSource, TableKey, Layout)>,
    tables: BTreeMap<TableKey, (i64, i64)>,
}

impl Requests {
    /// Adds a block.
    pub(crate) fn add(&mut self, LookupRequest { rows, table, bounds: (low, high), layout }: LookupRequest) {
        let bounds = self.tables.entry(table.clone()).or_insert((low, high));
        *bounds = (bounds.0.min(low), bounds.1.max(high));
        self.lookups.push((rows, table, layout));
    }

    /// The tables, in the order of their keys, and the blocks, each with its table's place.
    pub(crate) fn into_segments(self) -> (Vec<LookupTable>, Vec<Segment>) {
        let keys: Vec<TableKey> = self.tables.keys().cloned().collect();
        let tables = self.tables.into_iter().map(|(key, bounds)| key.table(bounds)).collect();
        let looked_up = self.lookups.into_iter();
        let segments = looked_up
            .map(|(rows, key, layout)| Segment::new(rows, keys.partition_point(|k| *k < key), layout));
        (tables, segments.collect())
    }
}

/// Places looked-up rows from the first leaf on and tables up to the last one, the largest block outermost, so that each
/// starts at a multiple of its size.
pub(crate) fn arrange<R>(
    mut looked_up: Vec<Segment<R>>,
    mut tables: Vec<Segment<R>>,
) -> (Vec<Segment<R>>, usize) {
    for blocks in [&mut tables, &mut looked_up] {
        blocks.sort_by_key(|segment| std::cmp::Reverse(segment.num_vars));
    }
    let total: usize = tables.iter().chain(&looked_up).map(|segment| 1_usize << segment.num_vars).sum();
    let tree_vars = bits_of(total).max(1);
    let (mut first, mut end) = (0_usize, 1_usize << tree_vars);
    for segment in &mut looked_up {
        segment.offset = first;
        first = first.saturating_add(1 << segment.num_vars);
    }
    for segment in &mut tables {
        end = end.saturating_sub(1 << segment.num_vars);
        segment.offset = end;
    }
    looked_up.extend(tables.into_iter().rev());
    (looked_up, tree_vars)
}
