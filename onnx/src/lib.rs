//! ONNX import and post-training quantisation.
//!
//! **Start here:** [`FloatModel::load`] for float models, [`operators`] for what can be imported.
//!
//! 1. [`FloatModel::load`] reads a float32 ONNX file through tract, with the batch axis fixed to one sample, and declutters it
//!    to a few core operators. [`FloatModel::run`] is the float reference.
//! 2. *Lowering* turns that graph into layers the integer network knows: biases, batch normalisation and constant factors
//!    are folded into the convolution or dense layer before them, ReLU and Clip become a clip of that layer's rescale,
//!    smooth activations become a function of that rescale, and transposing, flattening and unit axes only change how a
//!    value is read, as long as what reads it can. What is concatenated is brought to one scale.
//! 3. *Calibration* runs the float graph on samples and records every layer's range.
//! 4. *Quantisation* picks one shift $s$ for the whole network and scales such that every rescale is exactly
//!    $y = \mathrm{clip}(\lfloor (m a + 2^{s-1}) / 2^s \rfloor)$ with integer $m$: no real ratio is approximated, weights
//!    and pool outputs give up a part $1/m$ of their resolution instead. Activations are centred (0 is real 0), in
//!    $[0, 255]$ after a ReLU and in $[-128, 127]$ otherwise, or have 16 bits. The smallest $s$ from 8 to 16 is taken for
//!    which no layer's squared weight error grows to more than three times what free scales give.
//! 5. Before a smooth activation the quotient is finer than the result, so that one step moves the result by a quarter of a
//!    unit at most, as long as a table of $2^{16}$ rows holds all that matters.
//!
//! The modules in the order in which data flows; each stands on some of those above it:
//!
//! | module | concept |
//! |---|---|
//! | [`operators`] | what can be imported, with limits |
//! | [`error`] | what can be wrong |
//! | [`options`] | how to quantise |
//! | [`model`] | the float model, loaded and run |
//! | `float_graph` | layers with everything folded in, and views of their values |
//! | `lower` | tract's graph to that graph |
//! | `ranges` | what activations are on the calibration samples |
//! | `requantise` | multipliers and shifts for given ratios of scales, and their error |
//! | `scales` | scales of activations and weights, and tables of functions, for a shift |
//! | [`mod@quantise`] | the integer network |
//! | [`mod@quantised`] | the same from models that are already quantised |
//! | [`samples`] | real samples to integers and back |
//! | [`agreement`] | where accuracy is lost |
#![forbid(unsafe_code)]

pub mod agreement;
pub mod error;
mod float_graph;
mod lower;
pub mod model;
pub mod operators;
pub mod options;
pub mod quantise;
pub mod quantised;
mod ranges;
mod requantise;
pub mod samples;
mod scales;

pub use agreement::ValueAgreement;
pub use error::Error;
pub use model::{FloatModel, LoadOptions, ModelInput, SampleKind, guard::is_guarded};
pub use options::{CalibrationMethod, DEFAULT_TARGET, QuantiseOptions};
pub use quantise::{
    Quantised,
    choice::{MaskedScores, Precision, ValueWidth},
    quantise, quantise_comparably,
};
pub use quantised::QuantisedModel;
pub use requantise::RescaleError;
pub use samples::{dequantise_output, quantise_input, quantise_inputs, quantise_sample};
