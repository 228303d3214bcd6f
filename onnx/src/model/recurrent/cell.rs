//! One step of each cell.
//!
//! With $a = W x_t + b$ the step's part of the product over all steps, $\odot$ the product element by element, $P$ the
//! peepholes and every function but $k$ behind the clip:
//! - **LSTM.** $i, f = \sigma(a_{i,f} + R_{i,f} h + P_{i,f} \odot c)$, or $f = 1 - i$; $c' = f \odot c + i \odot g(a_c + R_c h)$;
//!   $o = \sigma(a_o + R_o h + P_o \odot c')$; $h' = o \odot k(c')$.
//! - **GRU.** $z, r = \sigma(a_{z,r} + R_{z,r} h)$; $n = g(a_h + R_h (r \odot h))$, or $n = g(a_h + r \odot (R_h h + b'))$ where the
//!   reset comes behind the product; $h' = n + z \odot (h - n)$.
//! - **RNN.** $h' = g(a + R h)$.

use tract_onnx::{
    prelude::{OutletId, TractResult},
    tract_hir::{internal::AxisOp, ops::activations::Clip},
};

use super::{
    attributes::{Cell, Direction, Recurrent},
    function::Function,
    wiring::Wiring,
};

/// What all steps of a direction have in common.
pub(super) struct Step<'a> {
    cell: Cell,
    hidden: usize,
    clip: Option<f32>,
    functions: &'a [Function],
    /// Constants that the state is multiplied by, each for some gates.
    recurrence: Vec<OutletId>,
    /// What is added to the product over all steps.
    pub(super) input_bias: Option<OutletId>,
    /// What is added to each product with the state.
    state_bias: Option<OutletId>,
    /// Of the input, output and forget gates.
    peepholes: Option<[OutletId; 3]>,
}

impl Recurrent {
    /// The constants of a direction's steps.
    pub(super) fn step<'a>(
        &self,
        wiring: &mut Wiring,
        direction: &'a Direction,
        recurrence: OutletId,
        bias: Option<OutletId>,
        peepholes: Option<OutletId>,
    ) -> TractResult<Step<'a>> {
        let (hidden, gates) = (self.hidden_size, self.cell.num_gates());
        let all = gates * hidden;
        let is_linear = self.cell == Cell::Gru { linear_before_reset: true };
        let recurrence = if self.cell == (Cell::Gru { linear_before_reset: false }) {
            let parts = [(0, 2 * hidden), (2 * hidden, all)];
            parts.into_iter().map(|part| wiring.slice(recurrence, 0, part)).collect::<TractResult<_>>()?
        } else {
            vec![recurrence]
        };
        let (mut input_bias, mut state_bias) = (None, None);
        if let Some(bias) = bias {
            let (own, of_state) = (wiring.slice(bias, 0, (0, all))?, wiring.slice(bias, 0, (all, 2 * all))?);
            if is_linear {
                (input_bias, state_bias) = (Some(own), Some(of_state));
            } else {
                input_bias = Some(wiring.sum(own, of_state)?);
            }
        }
        let peepholes = peepholes.map(|all| -> TractResult<[OutletId; 3]> {
            let mut part = |gate: usize| wiring.slice(all, 0, (gate * hidden, (gate + 1) * hidden));
            Ok([part(0)?, part(1)?, part(2)?])
        });
        let peepholes = peepholes.transpose()?;
        let (cell, clip, functions) = (self.cell, self.clip, direction.functions.as_slice());
        Ok(Step { cell, hidden, clip, functions, recurrence, input_bias, state_bias, peepholes })
    }
}

/// A step's sums before its functions: the part of the product over all steps, and the product with the state, if any.
struct Sums {
    row: OutletId,
    state: Option<OutletId>,
}

impl Step<'_> {
    /// The next state and the next cell state from a row of the product over all steps.
    pub(super) fn wire(
        &self,
        wiring: &mut Wiring,
        row: OutletId,
        hidden: Option<OutletId>,
        cell: Option<OutletId>,
    ) -> TractResult<(OutletId, Option<OutletId>)> {
        match self.cell {
            Cell::Lstm { input_forget } => {
                let sums = self.sums(wiring, row, hidden, 0)?;
                let (hidden, cell) = self.lstm(wiring, &sums, cell, input_forget)?;
                Ok((hidden, Some(cell)))
            }
            Cell::Gru { .. } => Ok((self.gru(wiring, row, hidden)?, None)),
            Cell::Rnn => {
                let sums = self.sums(wiring, row, hidden, 0)?;
                let sum = self.gates(wiring, &sums, (0, 1))?;
                Ok((self.function(wiring, 0, sum)?, None))
            }
        }
    }

    /// The row with the product of the state and one of the constants.
    fn sums(
        &self,
        wiring: &mut Wiring,
        row: OutletId,
        hidden: Option<OutletId>,
        part: usize,
    ) -> TractResult<Sums> {
        let product = hidden.map(|hidden| wiring.product("nh,gh->ng", hidden, self.recurrence[part]));
        let state = match (product.transpose()?, self.state_bias) {
            (Some(product), Some(bias)) => Some(wiring.sum(product, bias)?),
            (None, Some(bias)) => Some(wiring.axis(AxisOp::Add(0), bias)?),
            (product, None) => product,
        };
        Ok(Sums { row, state })
    }

    /// Some gates' part of a value over all gates.
    fn part(&self, wiring: &mut Wiring, x: OutletId, (from, to): (usize, usize)) -> TractResult<OutletId> {
        wiring.slice(x, 1, (from * self.hidden, to * self.hidden))
    }

    /// Some gates' sums.
    fn gates(&self, wiring: &mut Wiring, sums: &Sums, gates: (usize, usize)) -> TractResult<OutletId> {
        let row = self.part(wiring, sums.row, gates)?;
        let Some(state) = sums.state else { return Ok(row) };
        let state = self.part(wiring, state, gates)?;
        wiring.sum(row, state)
    }

    /// One of the direction's functions, behind the clip.
    fn function(&self, wiring: &mut Wiring, index: usize, x: OutletId) -> TractResult<OutletId> {
        let clipped = match self.clip {
            Some(clip) => wiring.expansion(&Clip::new(Some(-clip), Some(clip)), x)?,
            None => x,
        };
        self.functions[index].wire(wiring, clipped)
    }

    /// A gate with its peephole's part of the cell state.
    fn peeping(
        &self,
        wiring: &mut Wiring,
        sums: &Sums,
        gate: usize,
        cell: Option<OutletId>,
    ) -> TractResult<OutletId> {
        let mut sum = self.gates(wiring, sums, (gate, gate + 1))?;
        if let (Some(peepholes), Some(cell)) = (self.peepholes, cell) {
            let peep = wiring.times(peepholes[gate], cell)?;
            sum = wiring.sum(sum, peep)?;
        }
        self.function(wiring, 0, sum)
    }

    fn lstm(
        &self,
        wiring: &mut Wiring,
        sums: &Sums,
        cell: Option<OutletId>,
        input_forget: bool,
    ) -> TractResult<(OutletId, OutletId)> {
        // Gates of one function are one value, unless each sees another state.
        let together = if self.peepholes.is_none() && !input_forget {
            let gates = self.gates(wiring, sums, (0, if cell.is_some() { 3 } else { 2 }))?;
            Some(self.function(wiring, 0, gates)?)
        } else {
            None
        };
        let gate = |wiring: &mut Wiring, gate: usize, cell| match together {
            Some(gates) => self.part(wiring, gates, (gate, gate + 1)),
            None => self.peeping(wiring, sums, gate, cell),
        };
        let input = gate(wiring, 0, cell)?;
        let new = self.gates(wiring, sums, (3, 4))?;
        let new = self.function(wiring, 1, new)?;
        let mut next = wiring.times(input, new)?;
        if let Some(cell) = cell {
            let forget =
                if input_forget { wiring.complement(1.0, input)? } else { gate(wiring, 2, Some(cell))? };
            let kept = wiring.times(forget, cell)?;
            next = wiring.sum(kept, next)?;
        }
        let output = gate(wiring, 1, Some(next))?;
        let shown = self.functions[2].wire(wiring, next)?;
        Ok((wiring.times(output, shown)?, next))
    }

    fn gru(&self, wiring: &mut Wiring, row: OutletId, hidden: Option<OutletId>) -> TractResult<OutletId> {
        let sums = self.sums(wiring, row, hidden, 0)?;
        let gates = self.gates(wiring, &sums, (0, 2))?;
        let gates = self.function(wiring, 0, gates)?;
        let (update, reset) = (self.part(wiring, gates, (0, 1))?, self.part(wiring, gates, (1, 2))?);
        let mut new = self.part(wiring, row, (2, 3))?;
        let before = match (self.recurrence.get(1), hidden, sums.state) {
            (Some(&recurrence), Some(hidden), _) => {
                let left = wiring.times(reset, hidden)?;
                Some(wiring.product("nh,gh->ng", left, recurrence)?)
            }
            (None, _, Some(state)) => {
                let state = self.part(wiring, state, (2, 3))?;
                Some(wiring.times(reset, state)?)
            }
            (Some(_), None, _) | (None, _, None) => None,
        };
        if let Some(before) = before {
            new = wiring.sum(new, before)?;
        }
        let new = self.function(wiring, 1, new)?;
        let hidden = match hidden {
            Some(hidden) if !wiring.is_constant(hidden)? => hidden,
            // One product with a value less.
            known => {
                let rest = wiring.times(update, new)?;
                let next = wiring.difference(new, rest)?;
                let Some(known) = known else { return Ok(next) };
                let kept = wiring.times(update, known)?;
                return wiring.sum(next, kept);
            }
        };
        let rest = wiring.difference(hidden, new)?;
        let rest = wiring.times(update, rest)?;
        wiring.sum(new, rest)
    }
}
