//! Which argument proves a linear layer: part of the architecture, so that prover and verifier hold the same choice.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a convolution is proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConvolutionArgument {
    /// A sumcheck over channels and kernel offsets ([`crate::layer::conv2d`]).
    #[default]
    Direct,
    /// A product in the frequency domain ([`crate::layer::conv2d::fft`]).
    Fft,
    /// A product of polynomials compared at a random point ([`crate::layer::conv2d::polynomial`]).
    Polynomial,
    /// One layer of multiply gates ([`crate::argument::gates`]).
    Gates,
}

/// How a matrix product is proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum MatmulArgument {
    /// A sumcheck over the inner axis ([`crate::argument::matmul`]).
    #[default]
    Sumcheck,
    /// A coefficient of a product of polynomials compared at a random point ([`crate::argument::matmul::polynomial`]).
    Polynomial,
    /// One layer of multiply gates ([`crate::argument::gates`]).
    Gates,
}

impl ConvolutionArgument {
    /// Every argument.
    pub const ALL: &[Self] = &[Self::Direct, Self::Fft, Self::Polynomial, Self::Gates];

    /// The argument's name, as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Fft => "fft",
            Self::Polynomial => "polynomial",
            Self::Gates => "gates",
        }
    }
}

impl MatmulArgument {
    /// Every argument.
    pub const ALL: &[Self] = &[Self::Sumcheck, Self::Polynomial, Self::Gates];

    /// The argument's name, as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sumcheck => "sumcheck",
            Self::Polynomial => "polynomial",
            Self::Gates => "gates",
        }
    }
}

/// The argument of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LayerArgument {
    /// Of a convolution.
    Convolution(ConvolutionArgument),
    /// Of a matrix product.
    Matmul(MatmulArgument),
}

impl LayerArgument {
    /// The argument's name, as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Convolution(argument) => argument.name(),
            Self::Matmul(argument) => argument.name(),
        }
    }
}

impl fmt::Display for LayerArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for ConvolutionArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for MatmulArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
