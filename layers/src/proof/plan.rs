//! The plan of a proof: what is committed, what is looked up where, in which order; derived from the architecture alone.

use std::collections::BTreeMap;

use ark_bn254::Fr;

use crate::{
    argument::{
        claim::{Column, CommittedColumn},
        hyrax::{self, Place},
        lookup_block::{BlockSource, LookupRequest, Requests, Segment, TableKey, arrange},
        lookup_table::LookupTable,
        matmul::polynomial::cross_layout,
    },
    error::{Error, Result},
    layer::site::Burden,
    network::Architecture,
    proof::input,
    tensor::{
        Layout,
        value::{NodeId, ParameterId, ParameterSpec, ValueSpec},
        window::MAX_AXIS,
    },
};

mod bases;

use bases::{Base, bases};
use burden::Burdens;
use work::Work;

mod burden;
mod least;
pub mod work;

/// The plan of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Shape and kind of every node's value.
    pub specs: Vec<ValueSpec>,
    /// Columns the prover commits to, in transcript order.
    pub witness: Vec<CommittedColumn>,
    /// Columns that depend on challenges, committed after the look-ups, in transcript order.
    pub deferred: Vec<CommittedColumn>,
    /// Columns of the model, committed once.
    pub parameters: Vec<CommittedColumn>,
    /// The inputs that are committed, in order.
    pub inputs: Vec<CommittedColumn>,
    /// Look-up tables.
    pub tables: Vec<LookupTable>,
    /// Blocks of the look-up tree, largest first.
    pub segments: Vec<Segment>,
    /// $\log_2$ of the number of leaves of the look-up tree.
    pub tree_vars: usize,
    /// $\log_2$ of the length of one of [Hyrax](crate::argument::hyrax)'s rows, but for a committed input's.
    pub key_vars: usize,
    /// Multiplications of activations by activations.
    pub num_products: usize,
    /// Claims on inputs that claims on views become.
    pub num_view_claims: usize,
    /// Claims on parameters: one for each layer that reads one.
    pub num_parameter_claims: usize,
    /// What checking a proof costs.
    pub work: Work,
    /// For each node the node whose value it is, flattening and transpositions undone.
    bases: Vec<Base>,
    /// Place of every committed column.
    places: BTreeMap<Column, usize>,
    /// What the verifier computes for windows, circuits, views and the public input.
    burden: Burdens,
}

/// Variables of the largest look-up tree. Both sides absorb a byte for each look-up, and a key that asks for more than a
/// machine can hold is refused when it is read.
pub const MAX_TREE_VARS: usize = 28;

/// Most multiplications of activations by activations: both sides absorb a byte for each.
pub const MAX_PRODUCTS: usize = 1 << 30;

/// Most claims that views may leave: a concatenation multiplies the claims on it by its inputs.
pub const MAX_VIEW_CLAIMS: usize = 1 << 12;

/// Most field elements that the verifier may spend on views: shift vectors, and a public input for each claim on it.
pub const MAX_VIEW_WORK: usize = 1 << 24;

/// Most rows of parameters that layers may read beyond those of the first layer that reads them: for each the verifier
/// computes a weight.
pub const MAX_SHARED_ROWS: usize = 1 << 22;

/// Most field elements that the verifier may spend on windows, circuits and the public inputs of a whole network.
pub const MAX_WORK: usize = 1 << 28;

impl Plan {
    /// The plan for a checked architecture, with public inputs.
    ///
    /// # Errors
    /// What [`Architecture::infer`] finds, [`Error::Graph`] for more look-ups than supported, and [`Error::Disproportionate`]
    /// for more [work] than a verifier does for so short a key and proof.
    pub fn new(architecture: &Architecture) -> Result<Self> {
        Self::with_committed(architecture, &vec![false; architecture.num_inputs()])
    }

    /// The plan in which the inputs that are marked are [committed](crate::proof::input): with a block of look-ups more for
    /// each, and its table.
    ///
    /// # Errors
    /// As [`Self::new`], and [`Error::NumInputs`] for another number of marks than inputs.
    pub fn with_committed(architecture: &Architecture, is_committed: &[bool]) -> Result<Self> {
        let specs = architecture.infer()?;
        Self::assemble(architecture, specs, is_committed)?.with_work(architecture)
    }

    /// The plan of an [argument by itself](crate::proof::alone): nodes' values have these specifications, inputs are the caller's, and
    /// what verification costs is the caller's to judge.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(super) fn of_specs(architecture: &Architecture, specs: Vec<ValueSpec>) -> Result<Self> {
        Self::assemble(architecture, specs, &vec![false; architecture.num_inputs()])
    }

    /// The plan, but for the work that it asks of a verifier.
    fn assemble(architecture: &Architecture, specs: Vec<ValueSpec>, is_committed: &[bool]) -> Result<Self> {
        // A node that had no place would commit to nothing and count for nothing.
        if architecture.sites(&specs).count() != architecture.nodes.len() {
            return Err(Error::Graph { reason: "a node has no place" });
        }
        let mut requests = Requests::default();
        let (mut witness, mut deferred, mut cross_extent) = (vec![], vec![], None);
        let inputs = input_columns(architecture, is_committed, &mut requests)?;
        for (node, site) in architecture.sites(&specs) {
            let commitments = node.operation.layer().commitments(&site)?;
            witness.extend(commitments.columns);
            commitments.lookups.into_iter().for_each(|lookup| requests.add(lookup));
            deferred.extend(commitments.deferred);
            cross_extent = cross_extent.max(commitments.cross_extent);
        }
        if let Some(extent) = cross_extent {
            deferred.push(CommittedColumn { column: Column::CrossTerms, layout: cross_layout(extent)? });
        }
        let (tables, looked_up) = requests.into_segments();
        let num_ranges = tables.iter().filter(|table| matches!(table, LookupTable::Range { .. })).count();
        let mut table_rows = vec![];
        for (index, table) in tables.iter().enumerate() {
            let layout = Layout::new(vec![1 << table.num_vars()])?;
            table_rows.push(Segment::new(BlockSource::Table, index, layout.clone()));
            witness.push(CommittedColumn { column: Column::Multiplicity(index), layout });
        }
        let (segments, tree_vars) = arrange(looked_up, table_rows);
        if tree_vars > MAX_TREE_VARS {
            let reason = "it looks up more rows than supported";
            return Err(Error::Graph { reason });
        }
        let burden = Burden::of(architecture, &specs)?;
        let num_products = burden.products;
        if num_products > MAX_PRODUCTS {
            let reason = "it multiplies more activations by activations than supported";
            return Err(Error::Graph { reason });
        }
        let parameters = parameter_columns(architecture);
        // The key's rows are as long whatever is committed: the tables of committed inputs, the last ones, do not count.
        let (public, _) = witness.split_at(witness.len().saturating_sub(num_ranges));
        let key_vars = choose_key_vars(&parameters, public, &deferred);
        let reads = burden::Reads::of(architecture, &parameters, key_vars);
        if reads.shared_rows > MAX_SHARED_ROWS {
            return Err(Error::Graph { reason: "its parameters are read more often than supported" });
        }
        let places = parameters
            .iter()
            .chain(&witness)
            .chain(&deferred)
            .chain(&inputs)
            .enumerate()
            .map(|(i, column)| (column.column, i))
            .collect();
        let bases = bases(architecture, &specs);
        let views = burden::Views::of(architecture, &specs, &bases);
        if views.claims > MAX_VIEW_CLAIMS || views.work > MAX_VIEW_WORK {
            return Err(Error::Graph { reason: "its views are read more often than supported" });
        }
        if views.longest > MAX_AXIS {
            return Err(Error::Graph { reason: "a view runs along a longer axis than supported" });
        }
        let public = burden::public_reads(architecture, &specs, &bases);
        if burden.verifier.saturating_add(public) > MAX_WORK {
            return Err(Error::Graph { reason: "its layers cost the verifier more than supported" });
        }
        Ok(Self {
            specs,
            witness,
            deferred,
            parameters,
            inputs,
            tables,
            segments,
            tree_vars,
            key_vars,
            num_products,
            num_view_claims: views.claims,
            num_parameter_claims: reads.claims,
            bases,
            places,
            burden: Burdens { elements: burden.verifier.saturating_add(views.work), reads: public },
            work: Work::default(),
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

    /// Whether claims on a node's value become claims on its inputs by the argument of [views](crate::argument::view).
    pub fn is_view(&self, id: NodeId) -> bool {
        self.bases.get(id.index()).is_some_and(|base| base.node == id && base.is_view)
    }

    /// Place of a column among all committed ones.
    pub fn place(&self, column: Column) -> Option<usize> {
        self.places.get(&column).copied()
    }

    /// All committed columns in the order of openings: the model's, the witness', the deferred ones, then the inputs.
    pub fn committed(&self) -> impl Iterator<Item = &CommittedColumn> {
        self.parameters.iter().chain(&self.witness).chain(&self.deferred).chain(&self.inputs)
    }

    /// $\log_2$ of the number of generators that Hyrax's openings take: those of a row, or of a committed input's longer one.
    pub fn opening_vars(&self) -> usize {
        let inputs = self.inputs.iter().map(|input| input::row_vars(&input.layout));
        inputs.fold(self.key_vars, usize::max)
    }

    /// Shape of a deferred column.
    pub fn deferred_layout(&self, column: Column) -> Option<&Layout> {
        self.deferred.iter().find(|deferred| deferred.column == column).map(|deferred| &deferred.layout)
    }

    /// Hyrax's row commitments of a proof: the witness' and those of deferred columns.
    pub fn num_rows(&self) -> usize {
        let lists = std::iter::once(self.witness.as_slice()).chain(self.deferred.chunks(1));
        lists.map(|list| self.rows(list).1).sum()
    }

    /// Where columns that are committed to together lie among Hyrax's rows, and how many rows they take.
    pub fn rows(&self, columns: &[CommittedColumn]) -> (Vec<Place>, usize) {
        hyrax::places(columns.iter().map(|column| &column.layout), self.key_vars)
    }

    /// Every rescale in the order in which its remainders are looked up.
    pub fn looked_up_rescales(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.segments.iter().filter_map(|segment| {
            let BlockSource::Remainders(id) = segment.rows else { return None };
            Some(id)
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
            .filter(|segment| segment.rows != BlockSource::Table)
            .map(|segment| 1_usize << segment.num_vars)
            .sum()
    }
}

/// The columns of committed inputs, whose look-ups join the requests.
fn input_columns(
    architecture: &Architecture,
    is_committed: &[bool],
    requests: &mut Requests,
) -> Result<Vec<CommittedColumn>> {
    architecture.check_num_inputs(is_committed.len())?;
    let inputs = (0..).map(NodeId).zip(architecture.input_layers()).zip(is_committed);
    let columns = inputs.filter(|(_, is_committed)| **is_committed).map(|((id, (_, input)), _)| {
        let (layout, (minimum, maximum)) = (input.layout.clone(), input.bounds);
        let is_padded = layout.num_elements() < 1 << layout.num_vars();
        requests.add(LookupRequest {
            rows: BlockSource::Input(id),
            table: TableKey::Input { minimum, maximum, is_padded },
            bounds: input.bounds,
            layout: layout.clone(),
        });
        CommittedColumn { column: Column::Activation(id), layout }
    });
    Ok(columns.collect())
}

/// The model's columns.
fn parameter_columns(architecture: &Architecture) -> Vec<CommittedColumn> {
    let column = |(spec, i): (&ParameterSpec, u32)| CommittedColumn {
        column: Column::Parameter(ParameterId(i)),
        layout: spec.layout.clone(),
    };
    architecture.parameters.iter().zip(0..).map(column).collect()
}

/// The number of generators that makes both sides' work over Hyrax least: the verifier multiplies every generator and every row and
/// decodes the rows of the witness and of deferred columns; the prover folds every generator by a full-width scalar.
fn choose_key_vars(
    parameters: &[CommittedColumn],
    witness: &[CommittedColumn],
    deferred: &[CommittedColumn],
) -> usize {
    let rows = |columns: &[CommittedColumn], vars| -> usize {
        hyrax::places(columns.iter().map(|column| &column.layout), vars).1
    };
    let cost = |vars: &usize| {
        let deferred: usize = deferred.chunks(1).map(|column| rows(column, *vars)).sum();
        let sent = rows(witness, *vars).saturating_add(deferred);
        let multiplied = rows(parameters, *vars).saturating_mul(2);
        sent.saturating_add(1 << vars).saturating_mul(8).saturating_add(multiplied)
    };
    (4..=16).min_by_key(cost).unwrap_or(4)
}
