//! Blocks of several layers that a network may use as one: nothing here has an argument of its own.
//!
//! Constants are part of the architecture, hence public: no block has parameters, so that nobody could commit to other ones.
//! The one exception is a softmax' mask, which is weights of zero and one like any others of the model.
//!
//! | module | holds |
//! |---|---|
//! | [`reduce`] | maxima over whole axes, broadcasting |
//! | [`softmax`] | softmax in fixed point, with its error bound |
//! | [`arg_max`] | the index of a maximum |

pub mod arg_max;
pub mod reduce;
pub mod softmax;
