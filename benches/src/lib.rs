//! What the benchmarks measure and how measurements are written down.
//!
//! | module | holds |
//! |---|---|
//! | [`networks`] | published architectures with pseudo-random weights |
//! | [`suites`] | which networks are measured together |
//! | [`published`] | figures of other systems |
//! | [`measure`] | measuring one network |
//! | [`row`] | one measured network, as a line of JSON |
//! | [`compare`] | what changed between two measurements |
//! | [`machine`] | the machine it was measured on |
//! | [`statistics`] | medians and spreads |
//! | [`single`] | one linear layer by itself |
//! | [`shape`] | shapes of one's own, and how they are written |
//! | [`alone`] | one argument by itself |
//! | [`units`] | the cost model's unit costs on this machine |

pub mod alone;
pub mod compare;
pub mod machine;
pub mod measure;
pub mod networks;
pub mod published;
pub mod row;
pub mod shape;
pub mod single;
pub mod statistics;
pub mod suites;
pub mod units;

pub use networks::{Source, batched_mlp, cnn_264k, dense_4m, lenet5, mlp, picture, vgg11, vgg16};
