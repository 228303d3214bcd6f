//! What prover and verifier ask of every kind of layer.

use ark_bn254::Fr;

use crate::{
    argument::{choice::LayerArgument, view::Shifts},
    error::Result,
    layer::{
        batches::Batches,
        gated::Gated,
        site::{Burden, Commitments, Inputs, Reading, Site, Size},
    },
    tensor::{
        value::{ParameterId, ValueSpec},
        window::Window2d,
    },
};

/// What prover and verifier ask of every kind of layer; no default answers. A [`Site`] is that of a node of a checked graph, or of one whose
/// inputs are.
pub trait Layer {
    /// The kind's name, as users know it.
    fn name(&self) -> &'static str;

    /// Parameter tensors that it reads.
    fn parameters(&self) -> Vec<ParameterId>;

    /// What proves it, where there is a choice.
    fn argument(&self) -> Option<LayerArgument>;

    /// Has it proved by another argument; one for other kinds of layers changes nothing.
    fn set_argument(&mut self, argument: LayerArgument);

    /// Shape and kind of its value.
    ///
    /// # Errors
    /// When inputs or parameters break a rule of the layer.
    fn infer(&self, inputs: &Inputs) -> Result<ValueSpec>;

    /// What it makes whoever analyses a network store and compute beyond its value's elements, where no parameter answers
    /// for it.
    fn size(&self, site: &Site) -> Size;

    /// What a claim on its value is about.
    fn reading(&self, site: &Site) -> Reading;

    /// How many claims it leaves on each of its inputs where there are `own` claims on its value.
    fn num_claims(&self, site: &Site, own: usize) -> Vec<usize>;

    /// The window of a layer that leaves claims on unfolded inputs.
    fn window(&self) -> Option<&Window2d>;

    /// The vectors of a view at a point of its value, for the input at this position; none for what is no view.
    fn shifts(&self, site: &Site, position: usize, point: &[Fr]) -> Option<Shifts>;

    /// Committed columns, what is looked up, and columns that depend on challenges.
    ///
    /// # Errors
    /// When a column is too large.
    fn commitments(&self, site: &Site) -> Result<Commitments>;

    /// Its circuit and where that one's inputs come from, if it is proved by gates.
    fn gated(&self, site: &Site) -> Option<Gated<'_>>;

    /// What it costs beyond commitments and look-ups.
    ///
    /// # Errors
    /// When its inputs do not fit it.
    fn burden(&self, site: &Site) -> Result<Burden>;

    /// Adds its instances to the batches of which a proof's soundness error is the sum.
    fn soundness<'a>(&'a self, site: &Site, batches: &mut Batches<'a>);

    /// Refuses a layer whose values could wrap around the field where nothing is known of its parameters but their widths.
    ///
    /// # Errors
    /// [`Error::Circuit`](crate::Error::Circuit).
    fn check_widths(&self, site: &Site) -> Result<()>;
}
