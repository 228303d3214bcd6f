//! The plan of a proof: what is committed, what is looked up where, in which order; derived from the architecture alone.

use std::collections::BTreeMap;

use ark_bn254::Fr;
use tacit_algebra::eq;

use crate::{
    argument::{
        claim::Column,
        function::ActivationFunction,
        hyrax::{self, Place},
        lookup_table::{LookupTable, excess::ExcessTable},
    },
    error::{Error, Result},
    layer::{
        Operation,
        max_pool::MaxPoolLayer,
        rescale::{RescaleLayer, excess::Clipping},
        reshape::ReshapeLayer,
    },
    network::Architecture,
    proof::input,
    tensor::{
        Layout, bits_of,
        value::{NodeId, ParameterId, ParameterSpec, ValueSpec},
        window::MAX_AXIS,
    },
};

mod bases;

use bases::{Base, bases};

mod late;

mod least;

mod work;

/// A committed column and its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedColumn {
    /// What it holds.
    pub column: Column,
    /// Its shape.
    pub layout: Layout,
}

/// Where a block of look-up rows comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rows {
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
    LowExcess(NodeId),
    /// The high limbs, with the clipped quotients mirrored.
    HighExcess(NodeId),
    /// The committed input.
    Input(NodeId),
}

impl Rows {
    /// The node whose values are looked up; none for a table's own rows.
    pub const fn node(self) -> Option<NodeId> {
        match self {
            Self::Remainders(id)
            | Self::Activations(id)
            | Self::Differences(id)
            | Self::LowRemainders(id)
            | Self::LowExcess(id)
            | Self::HighExcess(id)
            | Self::Input(id) => Some(id),
            Self::Table => None,
        }
    }
}

/// A block of leaves of the look-up tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<R = Rows> {
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

/// The plan of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Shape and kind of every node's value.
    pub specs: Vec<ValueSpec>,
    /// Columns the prover commits to, in transcript order.
    pub witness: Vec<CommittedColumn>,
    /// Columns that depend on challenges, committed after the look-ups, in transcript order.
    pub late: Vec<CommittedColumn>,
    /// Columns of the model, committed once.
    pub parameters: Vec<CommittedColumn>,
    /// The input, where it is committed.
    pub input: Option<CommittedColumn>,
    /// Look-up tables.
    pub tables: Vec<LookupTable>,
    /// Blocks of the look-up tree, largest first.
    pub segments: Vec<Segment>,
    /// $\log_2$ of the number of leaves of the look-up tree.
    pub tree_vars: usize,
    /// $\log_2$ of the length of a row, but for a committed input's.
    pub key_vars: usize,
    /// Multiplications of activations by activations.
    pub num_products: usize,
    /// Claims on inputs that claims on views become.
    pub num_view_claims: usize,
    /// For each node the node whose value it is, flattening and transpositions undone.
    bases: Vec<Base>,
    /// Place of every committed column.
    places: BTreeMap<Column, usize>,
}

/// Variables of the largest look-up tree. Both sides absorb a byte for each look-up, and a key that asks for more than a
/// machine can hold is refused when it is read.
pub const MAX_TREE_VARS: usize = 28;

/// Most multiplications of activations by activations: both sides absorb a byte for each.
pub const MAX_PRODUCTS: usize = 1 << 30;

/// Most claims that views may leave: a concatenation multiplies the claims on it by its inputs.
pub const MAX_VIEW_CLAIMS: usize = 1 << 12;

/// Most field elements that the verifier may spend on views: shift vectors, and the public input for each claim on it.
pub const MAX_VIEW_WORK: usize = 1 << 24;

/// Most field elements that the verifier may spend on windows, circuits and the public input of a whole network.
pub const MAX_WORK: usize = 1 << 28;

/// Rows of table `table` that its own node does not fit are impossible: the plan made the table to hold them.
type Tables = BTreeMap<TableKey, (i64, i64)>;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum TableKey {
    Remainder(u32),
    Difference,
    Activation(ActivationFunction),
    LowRemainder(u32),
    Excess { minimum: i64, maximum: i64 },
    Input { is_padded: bool },
}

impl TableKey {
    fn table(self, (low, high): (i64, i64)) -> LookupTable {
        let num_vars = bits_of((high - low) as usize + 1) as u32;
        match self {
            Self::Remainder(shift) => LookupTable::Remainder { shift },
            Self::Difference => LookupTable::Difference { num_vars },
            Self::LowRemainder(digits) => LookupTable::Difference { num_vars: digits },
            Self::Activation(function) => LookupTable::Activation { function, first: low, num_vars },
            Self::Excess { minimum, maximum } => {
                LookupTable::Excess(ExcessTable::new(minimum, maximum, (low, high)))
            }
            // Padding takes a row of its own.
            Self::Input { is_padded } => LookupTable::Range {
                minimum: low,
                maximum: high,
                num_vars: bits_of((high - low) as usize + 1 + usize::from(is_padded)) as u32,
            },
        }
    }
}

/// What nodes ask for: columns, look-ups, and tables that hold what is looked up.
#[derive(Debug, Default)]
struct Requests {
    witness: Vec<CommittedColumn>,
    lookups: Vec<(Rows, TableKey, Layout)>,
    tables: Tables,
}

impl Requests {
    fn commit(&mut self, column: Column, layout: &Layout) {
        self.witness.push(CommittedColumn { column, layout: layout.clone() });
    }

    fn look_up(&mut self, rows: Rows, key: TableKey, (low, high): (i64, i64), layout: &Layout) {
        let bounds = self.tables.entry(key.clone()).or_insert((low, high));
        *bounds = (bounds.0.min(low), bounds.1.max(high));
        self.lookups.push((rows, key, layout.clone()));
    }

    fn input(&mut self, id: NodeId, layout: &Layout, bounds: (i64, i64)) {
        let is_padded = layout.num_elements() < 1 << layout.num_vars();
        self.look_up(Rows::Input(id), TableKey::Input { is_padded }, bounds, layout);
    }

    fn rescale(&mut self, id: NodeId, layer: &RescaleLayer, layout: &Layout) {
        self.commit(Column::Activation(id), layout);
        self.commit(Column::Remainder(id), layout);
        let mut arguments = Some(layer.quotient_bounds);
        if let Some(Clipping { minimum, maximum, is_argument }) = layer.clipping() {
            self.commit(Column::Excess(id), layout);
            for rows in [Rows::LowExcess(id), Rows::HighExcess(id)] {
                self.look_up(rows, TableKey::Excess { minimum, maximum }, layer.quotient_bounds, layout);
            }
            arguments = is_argument.then_some((minimum, maximum));
            if is_argument {
                self.commit(Column::Argument(id), layout);
            }
        }
        if let Some(arguments) = arguments {
            let key = TableKey::Activation(layer.function.clone());
            self.look_up(Rows::Activations(id), key, arguments, layout);
        }
        let low = layer.low_digits();
        self.look_up(Rows::Remainders(id), TableKey::Remainder(layer.shift - low), (0, 0), layout);
        if low > 0 {
            self.commit(Column::LowRemainder(id), layout);
            self.look_up(Rows::LowRemainders(id), TableKey::LowRemainder(low), (0, 0), layout);
        }
    }
}

impl Plan {
    /// The plan for a checked architecture, with a public input.
    ///
    /// # Errors
    /// What [`Architecture::infer`] finds, and [`Error::Graph`] for more look-ups than supported.
    pub fn new(architecture: &Architecture) -> Result<Self> {
        Self::of(architecture, false)
    }

    /// The plan with a [committed](crate::proof::input) input: with a block of look-ups more, and its table.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_committed_input(architecture: &Architecture) -> Result<Self> {
        Self::of(architecture, true)
    }

    fn of(architecture: &Architecture, commits_input: bool) -> Result<Self> {
        let specs = architecture.infer()?;
        let mut requests = Requests::default();
        let mut input = None;
        for (node, spec, id) in nodes(architecture, &specs) {
            let layout = &spec.layout;
            match &node.operation {
                Operation::Input(_) if commits_input => {
                    requests.input(id, layout, spec.activation(&node.name)?);
                    input = Some(CommittedColumn { column: Column::Activation(id), layout: layout.clone() });
                }
                Operation::Rescale(layer) => requests.rescale(id, layer, layout),
                Operation::MaxPool(layer) => {
                    requests.commit(Column::Activation(id), layout);
                    let (low, high) = spec.activation(&node.name)?;
                    let differences = layer.difference_layout(layout)?;
                    requests.look_up(
                        Rows::Differences(id),
                        TableKey::Difference,
                        (0, high - low),
                        &differences,
                    );
                }
                _ => {}
            }
        }
        let Requests { mut witness, lookups, tables } = requests;
        let keys: Vec<TableKey> = tables.keys().cloned().collect();
        let tables: Vec<LookupTable> = tables.into_iter().map(|(key, bounds)| key.table(bounds)).collect();
        let mut table_rows = vec![];
        for (index, table) in tables.iter().enumerate() {
            let layout = Layout::new(vec![1 << table.num_vars()])?;
            table_rows.push(Segment::new(Rows::Table, index, layout.clone()));
            witness.push(CommittedColumn { column: Column::Multiplicity(index), layout });
        }
        let looked_up = lookups
            .into_iter()
            .map(|(rows, key, layout)| Segment::new(rows, keys.partition_point(|k| *k < key), layout));
        let (segments, tree_vars) = arrange(looked_up.collect(), table_rows);
        if tree_vars > MAX_TREE_VARS {
            let reason = "it looks up more rows than supported";
            return Err(Error::Graph { reason });
        }
        let num_products = count_products(architecture, &specs)?;
        if num_products > MAX_PRODUCTS {
            let reason = "it multiplies more activations by activations than supported";
            return Err(Error::Graph { reason });
        }
        let parameters = parameter_columns(architecture);
        let late = late::columns(architecture, &specs)?;
        // The key's rows are as long in both settings: a committed input's table, the last one, does not count.
        let (public, _) = witness.split_at(witness.len() - usize::from(input.is_some()));
        let key_vars = choose_key_vars(&parameters, public, &late);
        let places = parameters
            .iter()
            .chain(&witness)
            .chain(&late)
            .chain(&input)
            .enumerate()
            .map(|(i, column)| (column.column, i))
            .collect();
        let bases = bases(architecture, &specs);
        let (num_view_claims, view_work) = count_view_claims(architecture, &specs, &bases);
        if num_view_claims > MAX_VIEW_CLAIMS || view_work > MAX_VIEW_WORK {
            return Err(Error::Graph { reason: "its views are read more often than supported" });
        }
        if views_longest(architecture, &specs, &bases) > MAX_AXIS {
            return Err(Error::Graph { reason: "a view runs along a longer axis than supported" });
        }
        if work::count(architecture, &specs, &bases) > MAX_WORK {
            return Err(Error::Graph { reason: "its layers cost the verifier more than supported" });
        }
        Ok(Self {
            specs,
            witness,
            late,
            parameters,
            input,
            tables,
            segments,
            tree_vars,
            key_vars,
            num_products,
            num_view_claims,
            bases,
            places,
        })
    }

    /// The node whose value a node's value is, flattening and transpositions undone, and the place there of a point of the
    /// node.
    pub fn base(&self, id: NodeId, point: Vec<Fr>) -> (NodeId, Vec<Fr>) {
        match self.bases.get(id.index()) {
            Some(base) => (base.node, base.point(&point)),
            None => (id, point),
        }
    }

    /// Place of a column among all committed ones.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.places.get(&column).copied()
    }

    /// All committed columns in the order of openings: the model's, the witness', the late ones, then the input.
    pub fn committed(&self) -> impl Iterator<Item = &CommittedColumn> {
        self.parameters.iter().chain(&self.witness).chain(&self.late).chain(&self.input)
    }

    /// $\log_2$ of the number of generators that openings take: those of a row, or of a committed input's longer one.
    pub fn opening_vars(&self) -> usize {
        let input = self.input.as_ref().map_or(0, |input| input::row_vars(&input.layout));
        self.key_vars.max(input)
    }

    /// Shape of a late column.
    pub fn late_layout(&self, column: Column) -> Option<&Layout> {
        self.late.iter().find(|late| late.column == column).map(|late| &late.layout)
    }

    /// Row commitments of a proof: the witness' and those of late columns.
    pub fn num_rows(&self) -> usize {
        let lists = std::iter::once(self.witness.as_slice()).chain(self.late.chunks(1));
        lists.map(|list| self.rows(list).1).sum()
    }

    /// Where columns that are committed to together lie, and how many rows they take.
    pub fn rows(&self, columns: &[CommittedColumn]) -> (Vec<Place>, usize) {
        hyrax::places(columns.iter().map(|column| &column.layout), self.key_vars)
    }

    /// Every rescale in the order in which its remainders are looked up.
    pub fn looked_up_rescales(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.segments.iter().filter_map(|segment| match segment.rows {
            Rows::Remainders(id) => Some(id),
            _ => None,
        })
    }

    /// Leaves of the look-up tree that are not constant: looked-up rows without padding, and the tables' own.
    pub fn num_leaves(&self) -> usize {
        self.segments.iter().map(|segment| segment.layout.num_elements()).sum()
    }

    /// Looked-up rows, padding included, without the tables' own.
    pub fn num_lookups(&self) -> usize {
        self.segments
            .iter()
            .filter(|segment| segment.rows != Rows::Table)
            .map(|segment| 1_usize << segment.num_vars)
            .sum()
    }
}

/// Every node with its value's specification and its index.
pub fn nodes<'a>(
    architecture: &'a Architecture,
    specs: &'a [ValueSpec],
) -> impl Iterator<Item = (&'a crate::Node, &'a ValueSpec, NodeId)> {
    architecture.nodes.iter().zip(specs).zip(0..).map(|((node, spec), i)| (node, spec, NodeId(i)))
}

/// The model's columns.
fn parameter_columns(architecture: &Architecture) -> Vec<CommittedColumn> {
    let column = |(spec, i): (&ParameterSpec, u32)| CommittedColumn {
        column: Column::Parameter(ParameterId(i)),
        layout: spec.layout.clone(),
    };
    architecture.parameters.iter().zip(0..).map(column).collect()
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
    let (mut first, mut end) = (0, 1 << tree_vars);
    for segment in &mut looked_up {
        segment.offset = first;
        first += 1 << segment.num_vars;
    }
    for segment in &mut tables {
        end -= 1 << segment.num_vars;
        segment.offset = end;
    }
    looked_up.extend(tables.into_iter().rev());
    (looked_up, tree_vars)
}

/// The number of generators that makes both sides' work least: the verifier multiplies every generator and every row and
/// decodes the rows of the witness and of late columns; the prover folds every generator by a full-width scalar.
fn choose_key_vars(
    parameters: &[CommittedColumn],
    witness: &[CommittedColumn],
    late: &[CommittedColumn],
) -> usize {
    let rows = |columns: &[CommittedColumn], vars| -> usize {
        hyrax::places(columns.iter().map(|column| &column.layout), vars).1
    };
    let cost = |vars: &usize| {
        let late: usize = late.chunks(1).map(|column| rows(column, *vars)).sum();
        let sent = rows(witness, *vars) + late;
        8 * (1_usize << vars) + 2 * rows(parameters, *vars) + 8 * sent
    };
    (4..=16).min_by_key(cost).unwrap_or(4)
}

/// Multiplications of activations by activations in the whole network.
fn count_products(architecture: &Architecture, specs: &[ValueSpec]) -> Result<usize> {
    let mut count = 0_usize;
    for node in &architecture.nodes {
        let own = match (&node.operation, node.inputs.as_slice()) {
            (Operation::Product(layer), [left, right]) => {
                let layout = |id: &NodeId| &specs[id.index()].layout;
                layer.axes(&node.name, layout(left), layout(right))?.num_products()
            }
            (Operation::Circuit(layer), _) => {
                let products = layer.circuit.num_products(layer.num_activations());
                usize::try_from(products).unwrap_or(usize::MAX)
            }
            _ => 0,
        };
        count = count.saturating_add(own);
    }
    Ok(count)
}

/// How many claims on inputs the claims on views become. A reader leaves one claim on each input, a max-pool two, a circuit
/// one for each tensor it meets the input with, a view as many as there are on itself. Nothing else bounds what a view costs
/// the verifier, since it is not committed: the second number is that cost, every axis of view and input for each claim and
/// every group of a reshape's.
fn count_view_claims(architecture: &Architecture, specs: &[ValueSpec], bases: &[Base]) -> (usize, usize) {
    let axes = |id: usize| specs.get(id).map_or(0, |spec| spec.layout.axes().iter().sum::<usize>());
    let mut work = 0_usize;
    let mut claims = vec![0_usize; architecture.nodes.len()];
    let add = |claims: &mut [usize], id: NodeId, count: usize| {
        if let Some(claims) = claims.get_mut(id.index()) {
            *claims = claims.saturating_add(count);
        }
    };
    for output in &architecture.outputs {
        add(&mut claims, output.node, 1);
    }
    let mut total = 0_usize;
    for (index, node) in architecture.nodes.iter().enumerate().rev() {
        let own = claims.get(index).copied().unwrap_or(0);
        let each = match &node.operation {
            operation if operation.is_view() => own,
            Operation::Flatten | Operation::Transpose(_) => own,
            Operation::MaxPool(_) => 2,
            _ => 1,
        };
        // What has another node as its base is never claimed itself.
        let claimed = bases.get(index).is_some_and(|base| base.node.index() == index);
        if node.operation.is_view() && claimed {
            total = total.saturating_add(own.saturating_mul(node.inputs.len()));
            for input in &node.inputs {
                // Node 0 is the public input, which the verifier evaluates for each claim.
                let public = match (bases.get(input.index()), specs.first()) {
                    (Some(Base { node: NodeId(0), .. }), Some(spec)) => spec.layout.num_elements(),
                    _ => 0,
                };
                let groups = match (&node.operation, specs.get(input.index()), specs.get(index)) {
                    (Operation::Reshape(_), Some(input), Some(output)) => {
                        ReshapeLayer::work(&input.layout, &output.layout)
                    }
                    _ => 0,
                };
                let each = [axes(input.index()), public, groups]
                    .into_iter()
                    .fold(axes(index), usize::saturating_add);
                work = work.saturating_add(own.saturating_mul(each));
            }
        }
        let counts = match &node.operation {
            Operation::Circuit(layer) => layer.circuit.claim_counts(),
            _ => vec![],
        };
        for (position, &input) in node.inputs.iter().enumerate() {
            add(&mut claims, input, counts.get(position).copied().unwrap_or(each));
        }
    }
    (total, work)
}

/// The longest vector of field elements that a view takes: an axis, or a group of a reshape's.
fn views_longest(architecture: &Architecture, specs: &[ValueSpec], bases: &[Base]) -> usize {
    let views = nodes(architecture, specs).filter(|(node, _, id)| {
        node.operation.is_view() && bases.get(id.index()).is_some_and(|base| base.node == *id)
    });
    let longest = views.flat_map(|(node, output, _)| {
        let inputs = node.inputs.iter().filter_map(|id| specs.get(id.index())).map(|spec| &spec.layout);
        inputs.map(|input| match &node.operation {
            Operation::Reshape(_) => ReshapeLayer::longest(input, &output.layout),
            _ => input.axes().iter().chain(output.layout.axes()).copied().max().unwrap_or(0),
        })
    });
    longest.max().unwrap_or(0)
}

/// A rescale of the network.
pub fn rescales(architecture: &Architecture) -> impl Iterator<Item = (NodeId, &RescaleLayer)> {
    architecture.nodes.iter().zip(0..).filter_map(|(node, i)| match &node.operation {
        Operation::Rescale(layer) => Some((NodeId(i), layer)),
        _ => None,
    })
}

/// A max-pool of the network.
pub fn max_pools(architecture: &Architecture) -> impl Iterator<Item = (NodeId, &MaxPoolLayer)> {
    architecture.nodes.iter().zip(0..).filter_map(|(node, i)| match &node.operation {
        Operation::MaxPool(layer) => Some((NodeId(i), layer)),
        _ => None,
    })
}
