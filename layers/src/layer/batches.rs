//! The batched arguments that layers take part in, for the soundness error of a proof.

use std::borrow::Cow;

use crate::{
    argument::{
        gates::Circuit,
        soundness::{self, SoundnessError, TransformedConvolution},
    },
    tensor::Layout,
};

/// What every layer of a network adds to the batched arguments of one proof.
#[derive(Debug, Default)]
pub struct Batches<'a> {
    /// Variables of the channels of every rescale with a multiplier for each.
    pub channels: Vec<usize>,
    /// Variables that every sumcheck over weights runs over.
    pub contractions: Vec<usize>,
    /// Variables that every sumcheck over products of activations runs over.
    pub products: Vec<usize>,
    /// Convolutions in the frequency domain.
    pub transformed: Vec<TransformedConvolution>,
    /// Of every max-pool the variables of its value, its window's offsets and their variables.
    pub pools: Vec<(usize, usize, usize)>,
    /// Spatial variables of every unfolded input that is claimed.
    pub unfolded: Vec<usize>,
    /// Variables of every input of a view.
    pub views: Vec<usize>,
    /// Circuits of gates.
    pub circuits: Vec<Cow<'a, Circuit>>,
    /// Convolutions as products of polynomials.
    pub polynomial_convolutions: PolynomialConvolutions,
    /// Matrix products as coefficients of products of polynomials.
    pub polynomial_products: PolynomialProducts,
}

/// Convolutions as products of polynomials, all compared at one point.
#[derive(Debug, Default)]
pub struct PolynomialConvolutions {
    degree: usize,
    num_vars: usize,
    layers: usize,
}

/// Matrix products as coefficients of products of polynomials.
#[derive(Debug, Default)]
pub struct PolynomialProducts {
    /// Variables of the longest batch axes.
    pub batch_vars: usize,
    /// How many there are.
    pub layers: usize,
}

impl PolynomialConvolutions {
    /// A convolution by the shape of its product and the variables of its channels, groups included.
    pub fn add(&mut self, product: &Layout, channel_vars: usize) {
        // Padded factors multiply to less than twice the padded product.
        let degree = product.axis_vars().map(|vars| 2_usize << vars).sum();
        self.degree = self.degree.saturating_add(degree);
        self.num_vars = self.num_vars.max(product.num_vars()).max(channel_vars);
        self.layers = self.layers.saturating_add(1);
    }
}

impl Batches<'_> {
    /// The error of every argument. `view_claims` is how many claims views leave, `cross_half` how many positions of the
    /// polynomials of matrix products lie below the middle, where there are any.
    pub fn errors(
        &self,
        view_claims: usize,
        cross_half: Option<usize>,
    ) -> Vec<(&'static str, SoundnessError)> {
        let largest = |vars: &[usize]| vars.iter().copied().max().unwrap_or(0);
        let pool = |part: fn(&(usize, usize, usize)) -> usize| self.pools.iter().map(part).max().unwrap_or(0);
        let circuits: Vec<&Circuit> = self.circuits.iter().map(AsRef::as_ref).collect();
        let PolynomialConvolutions { degree, num_vars, layers } = self.polynomial_convolutions;
        let convolutions = match layers {
            0 => SoundnessError::default(),
            layers => soundness::polynomial_convolution(degree, num_vars, layers),
        };
        let products = &self.polynomial_products;
        let inner_products =
            cross_half.map(|half| soundness::polynomial_matmul(half, products.batch_vars, products.layers));
        vec![
            ("max-pools", soundness::max_pool(pool(|p| p.0), pool(|p| p.1), pool(|p| p.2), self.pools.len())),
            ("rescales", soundness::rescale(largest(&self.channels), self.channels.len())),
            ("contractions", soundness::contraction(largest(&self.contractions), self.contractions.len())),
            ("products", soundness::products(largest(&self.products), self.products.len())),
            ("FFT convolutions", soundness::fft_convolutions(&self.transformed)),
            ("gates", soundness::gates(&circuits)),
            ("windows", soundness::windows(largest(&self.unfolded), self.unfolded.len())),
            ("polynomial convolutions", convolutions),
            ("polynomial products", inner_products.unwrap_or_default()),
            // There are no more levels than views.
            ("views", soundness::views(largest(&self.views), self.views.len(), view_claims)),
        ]
    }

    /// Claims that circuits leave on their inputs and layers.
    pub fn circuit_claims(&self) -> usize {
        self.circuits.iter().flat_map(|circuit| circuit.claim_counts()).sum()
    }
}
