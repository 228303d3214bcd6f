//! ONNX's LSTM, GRU and RNN, unrolled over a fixed number of steps.
//!
//! **What becomes of one.** With $h_0$ the initial state and $x_t$ the input of step $t$, a direction is
//! - one product $X W^T$ over all steps, with the biases that do not depend on the state,
//! - for each step one product $h_{t-1} R^T$, all with the same constant, and the cell's additions, functions and products.
//!
//! Quantisation brings steps to [common scales](crate::ranges::tied), so that every step reads the same parameters: $R$, cut
//! into its gates where their sums go different ways. A step that begins from no state, or from zeros, has no product with
//! $R$.
//!
//! **What is read.** Every attribute and every input: `direction`, `hidden_size`, `activations` with `activation_alpha` and
//! `activation_beta`, `clip`, `input_forget`, `linear_before_reset`, `layout`; biases, initial states, peepholes.
//! `sequence_lens` must be constant and name the whole sequence.
//!
//! tract has these operators as well, as loops that no network of layers can hold, and with fixed functions; what is
//! registered here takes their place.
//!
//! | module | concept |
//! |---|---|
//! | `attributes` | what a node asks for, or why it is refused |
//! | `function` | the functions of gates and states |
//! | `wiring` | constants, slices and sums of a direction in the making |
//! | `cell` | one step of each cell |

mod attributes;
mod cell;
mod function;
mod wiring;

use tract_onnx::{
    model::{Onnx, ParsingContext},
    pb::NodeProto,
    prelude::{OutletId, TractResult, TypedModel, tvec},
    tract_hir::{
        internal::{
            AxisOp, InferenceOp, InferenceResult, Solver, StaticName, TVec, TensorProxy, ToDim,
            check_input_arity, check_output_arity,
        },
        ops::expandable::{Expansion, expand},
    },
};

use self::{attributes::Recurrent, wiring::Wiring};
use crate::{error::Error, model::guard::Refusal};

/// Most steps of a sequence: each is some twenty operators.
const MAX_STEPS: usize = 1024;

/// Teaches tract the operators, in place of its own.
pub(crate) fn register(onnx: &mut Onnx) {
    for operator in attributes::OPERATORS {
        onnx.op_register.insert(operator, recurrent);
    }
}

/// Refuses a recurrent node for what it asks for.
///
/// # Errors
/// [`Error::UnsupportedUse`] naming the attribute.
pub(crate) fn check(node: &NodeProto) -> Result<(), Error> {
    let is_recurrent = attributes::OPERATORS.contains(&&*node.op_type);
    if is_recurrent { Recurrent::of(node).map(|_| ()) } else { Ok(()) }
}

fn recurrent(_: &ParsingContext, node: &NodeProto) -> TractResult<(Box<dyn InferenceOp>, Vec<String>)> {
    let layer = Recurrent::of(node).map_err(|error| Refusal(error.to_string()))?;
    Ok((expand(layer), vec![]))
}

impl Expansion for Recurrent {
    fn name(&self) -> StaticName {
        self.cell.name().into()
    }

    fn nboutputs(&self) -> TractResult<usize> {
        Ok(self.outputs.iter().flatten().count())
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, self.num_inputs())?;
        check_output_arity(outputs, self.outputs.iter().flatten().count())?;
        for tensor in inputs[1..3].iter().chain(outputs) {
            s.equals(&inputs[0].datum_type, &tensor.datum_type)?;
        }
        for tensor in &inputs[..3] {
            s.equals(&tensor.rank, 3)?;
        }
        let (directions, hidden) = (self.directions.len() as i64, self.hidden_size as i64);
        let gates = self.cell.num_gates() as i64 * hidden;
        for (axis, length) in [(0, directions), (1, gates)] {
            s.equals(&inputs[1].shape[axis], length.to_dim())?;
            s.equals(&inputs[2].shape[axis], length.to_dim())?;
        }
        s.equals(&inputs[2].shape[2], hidden.to_dim())?;
        s.equals(&inputs[1].shape[2], &inputs[0].shape[2])?;
        // Axes of steps, of the batch, and of directions in the states.
        let (steps, batch, side) = if self.batch_first { (1, 0, 1) } else { (0, 1, 0) };
        if let Some(y) = self.outputs[0] {
            let [batch_at, side_at] = if self.batch_first { [0, 2] } else { [2, 1] };
            s.equals(&outputs[y].rank, 4)?;
            s.equals(&outputs[y].shape[steps], &inputs[0].shape[steps])?;
            s.equals(&outputs[y].shape[batch_at], &inputs[0].shape[batch])?;
            s.equals(&outputs[y].shape[side_at], directions.to_dim())?;
            s.equals(&outputs[y].shape[3], hidden.to_dim())?;
        }
        for &state in self.outputs[1..].iter().flatten() {
            s.equals(&outputs[state].rank, 3)?;
            s.equals(&outputs[state].shape[side], directions.to_dim())?;
            s.equals(&outputs[state].shape[1 - side], &inputs[0].shape[batch])?;
            s.equals(&outputs[state].shape[2], hidden.to_dim())?;
        }
        Ok(())
    }

    fn wire(&self, name: &str, model: &mut TypedModel, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let mut wiring = Wiring::new(name, model);
        let x = if self.batch_first { wiring.axis(AxisOp::Move(1, 0), inputs[0])? } else { inputs[0] };
        let shape = wiring.shape(x)?;
        let steps = shape[0];
        if !(1..=MAX_STEPS).contains(&steps) {
            let actual = format!("a sequence of {steps} steps");
            return Err(wiring.refusal(&actual, &format!("one of 1 to {MAX_STEPS}")));
        }
        self.check_lengths(&wiring, inputs, steps)?;
        let mut sides = vec![];
        for direction in 0..self.directions.len() {
            sides.push(self.direction(&mut wiring, inputs, x, direction)?);
        }
        let mut results = tvec![];
        if self.outputs[0].is_some() {
            let parts =
                sides.iter().map(|side| wiring.stack(&side.states)).collect::<TractResult<Vec<_>>>()?;
            let parts = parts.into_iter().map(|part| wiring.axis(AxisOp::Add(1), part));
            let parts = parts.collect::<TractResult<Vec<_>>>()?;
            let y = wiring.concat(1, &parts)?;
            results.push(if self.batch_first { wiring.axis(AxisOp::Move(2, 0), y)? } else { y });
        }
        for (output, cell) in [(1, false), (2, true)] {
            if self.outputs[output].is_none() {
                continue;
            }
            let last = sides.iter().map(|side| if cell { side.cell } else { side.hidden });
            let last = last.collect::<Vec<_>>();
            let state = wiring.stack(&last)?;
            results.push(if self.batch_first { wiring.axis(AxisOp::Move(1, 0), state)? } else { state });
        }
        Ok(results)
    }
}

/// What a direction leaves: the state after each step in the order of the input, and the last ones.
struct Side {
    states: Vec<OutletId>,
    hidden: OutletId,
    cell: OutletId,
}

impl Recurrent {
    /// Refuses sequences that end early.
    fn check_lengths(&self, wiring: &Wiring, inputs: &[OutletId], steps: usize) -> TractResult<()> {
        let Some(lengths) = self.input(attributes::SEQUENCE_LENS).map(|at| inputs[at]) else { return Ok(()) };
        let lengths = wiring.integers(lengths)?;
        if lengths.is_some_and(|lengths| lengths.iter().all(|&n| n == steps as i64)) {
            return Ok(());
        }
        let expected = format!("a constant {steps}, the whole sequence, or none");
        Err(wiring.refusal("this sequence_lens", &expected))
    }

    /// Unrolls one direction over an input of (steps, batch, features).
    fn direction(
        &self,
        wiring: &mut Wiring,
        inputs: &[OutletId],
        x: OutletId,
        index: usize,
    ) -> TractResult<Side> {
        let direction = &self.directions[index];
        let own = |wiring: &mut Wiring, slot: usize| {
            self.input(slot).map(|at| wiring.part(inputs[at], index)).transpose()
        };
        // Initial states have the batch first under `layout` 1, directions second.
        let state = |wiring: &mut Wiring, slot: usize| -> TractResult<Option<OutletId>> {
            let Some(at) = self.input(slot) else { return Ok(None) };
            let state = inputs[at];
            if wiring.is_zero(state)? {
                return Ok(None);
            }
            let state = if self.batch_first { wiring.axis(AxisOp::Move(1, 0), state)? } else { state };
            wiring.part(state, index).map(Some)
        };
        let (weights, recurrence) = (wiring.part(inputs[1], index)?, wiring.part(inputs[2], index)?);
        let bias = own(wiring, attributes::BIAS)?;
        let (mut hidden, mut cell) =
            (state(wiring, attributes::INITIAL_H)?, state(wiring, attributes::INITIAL_C)?);
        let peepholes = own(wiring, attributes::PEEPHOLES)?;
        let step = self.step(wiring, direction, recurrence, bias, peepholes)?;
        let mut projected = wiring.product("tnf,gf->tng", x, weights)?;
        if let Some(bias) = step.input_bias {
            let bias = wiring.axis(AxisOp::Add(0), bias)?;
            projected = wiring.sum(projected, bias)?;
        }
        let steps = wiring.shape(x)?[0];
        let mut states = vec![None; steps];
        let order: Vec<usize> =
            if direction.is_reverse { (0..steps).rev().collect() } else { (0..steps).collect() };
        for at in order {
            let row = wiring.part(projected, at)?;
            let (next, next_cell) = step.wire(wiring, row, hidden, cell)?;
            states[at] = Some(next);
            (hidden, cell) = (Some(next), next_cell);
        }
        let states: Vec<OutletId> = states.into_iter().flatten().collect();
        let last = states[if direction.is_reverse { 0 } else { steps - 1 }];
        Ok(Side { hidden: last, cell: cell.unwrap_or(last), states })
    }
}
