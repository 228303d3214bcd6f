//! What checking a proof costs, known before any of it is done, and how much of that a key may ask for.
//!
//! The verifier's work does not follow from the length of what it reads: a product of activations is hashed for each of its
//! multiplications and commits to none of them, a window costs as much as its input is long, a column is combined once for
//! each claim on it. A few hundred bytes could ask for seconds. So a plan whose work is out of proportion to the shortest
//! key and proof that there are for it is refused when it is made, on both sides; and a proof shorter than the shortest
//! is refused before it is hashed. Work counts in nanoseconds of one core of the machine that the constants were measured
//! on, rounded up:
//!
//! | what | ns |
//! |---|---:|
//! | a byte absorbed | 4 |
//! | a point decoded, and multiplied in the opening | 9,000 |
//! | a generator derived, and multiplied | 12,000 |
//! | a claim on a value, with its point | 12,000 |
//! | an element of the public input at a point | 36 |
//! | a field element of a table, a window, a view, a wiring or a row's weight | 40 |
//!
//! With $n$ bytes received, the key's and the statement's included, a plan may cost
//! $\min(F + R n, \max(M, S n))$: a small file some tens of milliseconds, one of less than a megabyte never a second, and a
//! larger one in proportion to its length.

use tacit_transcript::encoding::{POINT_BYTES, SCALAR_BYTES};

use super::{Plan, burden::Views};
use crate::{
    argument::{
        claim::{Column, CommittedColumn},
        function::ActivationFunction,
        hyrax::RowShape,
        lookup_table::LookupTable,
    },
    error::{Error, Result},
    network::Architecture,
    proof::{input, statement},
    tensor::{Layout, value::NodeId},
};

/// Nanoseconds that any key may cost, $F$.
const FREE: usize = 100_000_000;
/// Nanoseconds for each byte received, $R$: a row of $2^{16}$ look-ups takes 32 bytes and a quarter of a millisecond.
const PER_BYTE: usize = 20_000;
/// Nanoseconds that a file of less than a megabyte may cost however long it is, $M$.
const MOST: usize = 800_000_000;
/// Nanoseconds for each byte of a larger one, $S$.
const PER_BYTE_OF_MORE: usize = 800;

const HASHED_NANOSECONDS: usize = 4;
const POINT_NANOSECONDS: usize = 9_000;
const GENERATOR_NANOSECONDS: usize = 12_000;
const CLAIM_NANOSECONDS: usize = 12_000;
const READ_NANOSECONDS: usize = 36;
const ELEMENT_NANOSECONDS: usize = 40;

/// Claims on a column that its own layer leaves at most, readers' apart.
const OWN_CLAIMS: usize = 4;

/// What checking a proof takes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Work {
    /// Zero bytes of the statement.
    pub hashed: usize,
    /// Points decoded and multiplied: the rows of key, proof and committed input.
    pub points: usize,
    /// Generators derived and multiplied.
    pub generators: usize,
    /// Claims on values, their own layers' apart.
    pub claims: usize,
    /// Elements of the public input, for each claim on it.
    pub reads: usize,
    /// Field elements computed: rows of tables, shift vectors, views, wirings, weights of rows.
    pub elements: usize,
}

impl Work {
    /// Nanoseconds on one core, about.
    pub const fn nanoseconds(&self) -> usize {
        let hashed = self.hashed.saturating_mul(HASHED_NANOSECONDS);
        let points = self.points.saturating_mul(POINT_NANOSECONDS);
        let generators = self.generators.saturating_mul(GENERATOR_NANOSECONDS);
        let claims = self.claims.saturating_mul(CLAIM_NANOSECONDS);
        let reads = self.reads.saturating_mul(READ_NANOSECONDS);
        let elements = self.elements.saturating_mul(ELEMENT_NANOSECONDS);
        hashed
            .saturating_add(points)
            .saturating_add(generators)
            .saturating_add(claims)
            .saturating_add(reads)
            .saturating_add(elements)
    }

    /// Nanoseconds that so many bytes may cost.
    pub fn allowed(received: usize) -> usize {
        let small = FREE.saturating_add(received.saturating_mul(PER_BYTE));
        small.min(MOST.max(received.saturating_mul(PER_BYTE_OF_MORE)))
    }
}

impl Plan {
    /// What checking a proof takes, but for its scalars and the outputs, whose work is in proportion to their bytes.
    fn measure(&self, architecture: &Architecture) -> Work {
        let rows = |list| self.rows(list).1;
        let input_rows = self.inputs.iter().map(|column| input::num_rows(&column.layout));
        let input_rows = input_rows.fold(0, usize::saturating_add);
        let points = rows(&self.parameters).saturating_add(self.num_rows()).saturating_add(input_rows);
        let claims = Views::of(architecture, &self.specs, &self.bases).on_nodes;
        let elements = [self.burden.elements, self.table_rows(), self.row_weights(architecture, &claims)];
        Work {
            hashed: statement::hardening_bytes(self),
            points,
            generators: 1 << self.opening_vars(),
            claims: claims.into_iter().fold(0, usize::saturating_add),
            reads: self.burden.reads,
            elements: elements.into_iter().fold(0, usize::saturating_add),
        }
    }

    /// The fewest bytes of key, statement and proof together. A public value takes a byte for each element at least.
    pub fn least_received(&self, architecture: &Architecture) -> usize {
        let elements = |layout: &Layout| layout.num_elements();
        let outputs = architecture.outputs.iter().filter_map(|output| self.specs.get(output.node.index()));
        let outputs = outputs.map(|spec| elements(&spec.layout)).fold(0, usize::saturating_add);
        let inputs = architecture.input_layers().zip(0..).map(|((_, layer), id)| {
            if self.inputs.iter().any(|column| column.column == Column::Activation(NodeId(id))) {
                input::num_rows(&layer.layout).saturating_mul(POINT_BYTES)
            } else {
                elements(&layer.layout)
            }
        });
        let inputs = inputs.fold(0, usize::saturating_add);
        let rows = self.rows(&self.parameters).1.saturating_add(self.num_rows());
        let messages = self.least_scalars(architecture).saturating_mul(SCALAR_BYTES);
        [outputs, inputs, rows.saturating_mul(POINT_BYTES), messages]
            .into_iter()
            .fold(0, usize::saturating_add)
    }

    /// The plan with its work, unless that is out of proportion to what a verifier receives.
    ///
    /// # Errors
    /// [`Error::Disproportionate`].
    pub(super) fn with_work(self, architecture: &Architecture) -> Result<Self> {
        let work = self.measure(architecture);
        let (nanoseconds, received) = (work.nanoseconds(), self.least_received(architecture));
        let allowed = Work::allowed(received);
        if nanoseconds > allowed {
            return Err(Error::Disproportionate { nanoseconds, allowed, received });
        }
        Ok(Self { work, ..self })
    }

    /// Rows of tables of results, which the verifier reads one by one; all others have a closed form.
    fn table_rows(&self) -> usize {
        let rows = self.tables.iter().map(|table| match table {
            LookupTable::Activation { function: ActivationFunction::Table { .. }, num_vars, .. } => {
                1 << num_vars
            }
            LookupTable::Activation { function: ActivationFunction::Clip { .. }, .. }
            | LookupTable::Remainder { .. }
            | LookupTable::Difference { .. }
            | LookupTable::Saturation(_)
            | LookupTable::Range { .. } => 0,
        });
        rows.fold(0, usize::saturating_add)
    }

    /// Rows of every committed column, as often as there are claims on it.
    fn row_weights(&self, architecture: &Architecture, claims: &[usize]) -> usize {
        let mut on_parameters = vec![0_usize; self.parameters.len()];
        for (node, site) in architecture.sites(&self.specs) {
            let layer = node.operation.layer();
            let gates = layer.gated(&site).map_or(0, |gated| gated.circuit.claim_counts().into_iter().sum());
            for id in layer.parameters() {
                if let Some(count) = on_parameters.get_mut(id.index()) {
                    *count = count.saturating_add(gates.max(1));
                }
            }
        }
        let weights = self.committed().map(|CommittedColumn { column, layout }| {
            let readers = match column {
                Column::Activation(id) => claims.get(id.index()),
                Column::Parameter(id) => on_parameters.get(id.index()),
                Column::Remainder(_)
                | Column::Multiplicity(_)
                | Column::LowRemainder(_)
                | Column::Saturation(_)
                | Column::Argument(_)
                | Column::Convolved(_)
                | Column::CrossTerms => None,
            };
            let claims = readers.copied().unwrap_or(0).saturating_add(OWN_CLAIMS);
            RowShape::new(layout, self.key_vars).num_rows.saturating_mul(claims)
        });
        weights.fold(0, usize::saturating_add)
    }
}
