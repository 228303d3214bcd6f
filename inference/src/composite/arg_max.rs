//! The index of the maximum along an axis, exact, ties included.
//!
//! With $m$ the maximum over the axis of length $n$,
//! $$ t_i = [x_i = m], \qquad s_i = (n - i) t_i, \qquad \text{index} = n - \max_i s_i, $$
//! the first of several maxima; the last with $s_i = (i + 1) t_i$ and $\max_i s_i - 1$. The indicator is a table of the
//! difference $m - x_i$, the factors $n - i$ are a rescale's multipliers, one for each position: both are public, part of the
//! architecture. A dense layer of constants would do as well but for its weights, which only the model's owner knows.
//!
//! Two rescales of the input's size and two cascades of max-pools.

use crate::NetworkBuilder;
use tacit_layers::{
    argument::function::ActivationFunction,
    error::{Error, Result},
    layer::rescale::Multiplier,
    tensor::value::{MAX_ACTIVATION, NodeId},
};

impl NetworkBuilder {
    /// The index of an activation's maximum along an axis, which stays with a length of one: the first where there are
    /// several, or the last. The result is an activation.
    ///
    /// # Errors
    /// When the input is no activation, the axis does not exist, or it is longer than the largest activation.
    pub fn arg_max(
        &mut self,
        name: &str,
        input: NodeId,
        axis: usize,
        select_last_index: bool,
    ) -> Result<NodeId> {
        let length = self.axes_of(name, input, axis)?[axis];
        let limit = MAX_ACTIVATION as usize;
        if length > limit {
            return Err(Error::Attribute {
                layer: name.to_owned(),
                what: "length of the axis",
                actual: i64::try_from(length).unwrap_or(i64::MAX),
                minimum: 1,
                maximum: MAX_ACTIVATION,
            });
        }
        let below = self.below_maximum(name, input, axis)?;
        let indicator = ActivationFunction::Table { first: 0, results: vec![1, 0] };
        let indicator = self.apply(&format!("{name}.indicator"), below, indicator);
        // One multiplier for each position; both halves of it, so that nothing is rounded.
        let rank = |position: usize| if select_last_index { position + 1 } else { length - position };
        let values = (0..length).map(|position| 2 * rank(position) as u32).collect();
        let score = self.add(&format!("{name}.score"), &[(indicator, 1)]);
        let clip = ActivationFunction::Clip { minimum: 0, maximum: length as i64 };
        let score = self.rescale(
            &format!("{name}.score.scale"),
            score,
            Multiplier::PerChannel { axis, values },
            1,
            clip,
        );
        let best = self.reduce_max(&format!("{name}.best"), score, &[axis])?;
        let best = self.add(&format!("{name}.index"), &[(best, 1)]);
        // Some score is at least one; the row of zero is never looked up but for padding.
        let index = |score: usize| if select_last_index { score - 1 } else { length - score } as i32;
        let results = std::iter::once(0).chain((1..=length).map(index)).collect();
        Ok(self.apply(&format!("{name}.index.table"), best, ActivationFunction::Table { first: 0, results }))
    }
}
