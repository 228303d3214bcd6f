//! What all layers of a key together ask of the verifier, beyond what it reads: a key of many small nodes may not ask for
//! hours.

use crate::{
    argument::{claim::CommittedColumn, hyrax::RowShape},
    error::Result,
    layer::{Burden, Reading},
    network::Architecture,
    proof::plan::bases::Base,
    tensor::value::{NodeId, ValueSpec},
};

impl Burden {
    /// That of all layers together, but for public inputs.
    pub(super) fn of(architecture: &Architecture, specs: &[ValueSpec]) -> Result<Self> {
        let mut sum = Self::NOTHING;
        for (node, site) in architecture.sites(specs) {
            let own = node.operation.layer().burden(&site)?;
            sum.verifier = sum.verifier.saturating_add(own.verifier);
            sum.rounds = sum.rounds.max(own.rounds);
            sum.products = sum.products.saturating_add(own.products);
        }
        Ok(sum)
    }
}

/// Elements of the public input that a node's value is; none for other nodes'.
fn public(architecture: &Architecture, bases: &[Base], id: NodeId) -> usize {
    let input = bases.get(id.index()).and_then(|base| architecture.input_layer(base.node).ok());
    input.map_or(0, |input| input.layout.num_elements())
}

/// Public inputs, for a claim of each reader's; what views ask beyond that is counted [apart](super::MAX_VIEW_WORK).
pub(super) fn public_reads(architecture: &Architecture, specs: &[ValueSpec], bases: &[Base]) -> usize {
    let reads = architecture.sites(specs).flat_map(|(node, site)| {
        let counts = node.operation.layer().num_claims(&site, 1);
        let read = |(id, count): (&NodeId, usize)| public(architecture, bases, *id).saturating_mul(count);
        site.reads.iter().zip(counts).map(read).collect::<Vec<_>>()
    });
    reads.fold(0, usize::saturating_add)
}

/// What reading parameters costs. The first layer that reads one is paid for by the key's rows, every other one by nothing.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// Claims on parameters.
    pub(super) claims: usize,
    /// Rows that claims speak about beyond the first claim on their parameter.
    pub(super) shared_rows: usize,
}

impl Reads {
    /// Of a checked graph whose parameters' rows have `2^key_vars` elements.
    pub(super) fn of(architecture: &Architecture, parameters: &[CommittedColumn], key_vars: usize) -> Self {
        let rows: Vec<usize> =
            parameters.iter().map(|column| RowShape::new(&column.layout, key_vars).num_rows).collect();
        let (mut reads, mut again) = (Self::default(), vec![false; rows.len()]);
        for id in architecture.nodes.iter().flat_map(|node| node.operation.layer().parameters()) {
            let (Some(rows), Some(again)) = (rows.get(id.index()), again.get_mut(id.index())) else {
                continue;
            };
            reads.claims = reads.claims.saturating_add(1);
            if std::mem::replace(again, true) {
                reads.shared_rows = reads.shared_rows.saturating_add(*rows);
            }
        }
        reads
    }
}

/// What all layers ask of the verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Burdens {
    /// Field elements of windows, circuits and views.
    pub(super) elements: usize,
    /// Elements of the public input, for each claim on it.
    pub(super) reads: usize,
}

/// What views cost. Nothing else bounds it, since a view is not committed.
#[derive(Debug, Default)]
pub(super) struct Views {
    /// Claims on inputs that the claims on views become.
    pub(super) claims: usize,
    /// Field elements that the verifier computes.
    pub(super) work: usize,
    /// The longest vector of field elements.
    pub(super) longest: usize,
    /// Claims on every node's value, its own layer's apart.
    pub(super) on_nodes: Vec<usize>,
}

impl Views {
    /// Of a checked graph. Claims are counted from the outputs back.
    pub(super) fn of(architecture: &Architecture, specs: &[ValueSpec], bases: &[Base]) -> Self {
        let mut views = Self::default();
        let mut claims = vec![0_usize; architecture.nodes.len()];
        let add = |claims: &mut [usize], id: NodeId, count: usize| {
            if let Some(claims) = claims.get_mut(id.index()) {
                *claims = claims.saturating_add(count);
            }
        };
        for output in &architecture.outputs {
            add(&mut claims, output.node, 1);
        }
        for (node, site) in architecture.sites(specs).rev() {
            let (layer, own) = (node.operation.layer(), claims.get(site.id.index()).copied().unwrap_or(0));
            let parts = match layer.reading(&site) {
                Reading::View(size) => vec![size],
                Reading::SumOfViews(sizes) => sizes,
                Reading::Own | Reading::Renamed(_) => vec![],
            };
            views.claims = views.claims.saturating_add(own.saturating_mul(parts.len()));
            for (input, part) in site.reads.iter().zip(parts) {
                // The verifier evaluates a public input for each claim.
                let public = public(architecture, bases, *input);
                views.work = views.work.saturating_add(own.saturating_mul(part.work.saturating_add(public)));
                views.longest = views.longest.max(part.longest);
            }
            for (&input, count) in site.reads.iter().zip(layer.num_claims(&site, own)) {
                add(&mut claims, input, count);
            }
        }
        views.on_nodes = claims;
        views
    }
}
