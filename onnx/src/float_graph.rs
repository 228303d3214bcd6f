//! The float graph between ONNX and the quantised network: linear layers with everything folded into them.
//!
//! A *value* is what the quantised network will hold, in the axes it will hold it in. A *view* is how an outlet of the
//! imported graph reads a value: which value axes each of its axes runs over. Transposing, flattening and unit axes change
//! the view only.
//!
//! | module | concept |
//! |---|---|
//! | `clip` | clips |
//! | `weights` | weights of linear layers |
//! | `pointwise` | functions of one number |
//! | `value` | values and what computes them |
//! | `parts` | concatenations whose parts keep scales of their own |
//! | `reading` | inputs whose parts have scales and zeros of their own |
//! | `view` | how outlets read values |

pub(crate) mod clip;
pub(crate) mod parts;
pub(crate) mod pointwise;
pub(crate) mod reading;
pub(crate) mod value;
pub(crate) mod view;
pub(crate) mod weights;

use self::{
    clip::Clip,
    parts::can_be_apart,
    value::{Operation, Value},
};

/// The float graph.
#[derive(Debug, Clone)]
pub(crate) struct Graph {
    /// Values in execution order; the inputs are the first.
    pub(crate) values: Vec<Value>,
    /// The values that are outputs.
    pub(crate) outputs: Vec<usize>,
}

impl Graph {
    /// The graph of these values: what brings values to one scale is left out where weights read them or they adapt, each function moves
    /// into the layer before it where nothing else reads that layer, and values that nothing reads are dropped.
    pub(crate) fn new(mut values: Vec<Value>, mut outputs: Vec<usize>) -> Self {
        count_readers(&mut values, &outputs);
        keep_apart(&mut values, &outputs);
        spare_alignments(&mut values);
        count_readers(&mut values, &outputs);
        absorb_functions(&mut values);
        count_readers(&mut values, &outputs);
        // The inputs stay, whatever reads them.
        let is_input = |value: &Value| matches!(value.operation, Operation::Input);
        let kept: Vec<bool> = values.iter().map(|value| value.readers > 0 || is_input(value)).collect();
        let mut indices = vec![];
        let mut next = 0;
        for &kept in &kept {
            indices.push(next);
            next += usize::from(kept);
        }
        let mut position = 0..;
        values.retain(|_| position.next().is_some_and(|index| kept[index]));
        for input in values.iter_mut().flat_map(|value| value.operation.inputs_mut()).chain(&mut outputs) {
            *input = indices[*input];
        }
        Self { values, outputs }
    }

    /// Whether a value is an output whose accumulator is delivered as it is.
    pub(crate) fn stays_accumulator(&self, index: usize) -> bool {
        let value = &self.values[index];
        value.is_linear()
            && value.readers == 1
            && self.outputs.contains(&index)
            && value.clip == Clip::NONE
            && value.function.is_none()
            && value.spacing.is_none()
    }

    /// Whether the model gives every scale that calibration would choose.
    pub(crate) fn has_all_scales(&self) -> bool {
        self.values.iter().enumerate().all(|(index, value)| {
            let is_chosen = value.is_linear() || matches!(value.operation, Operation::Input);
            let is_sum = matches!(value.operation, Operation::Add { .. });
            let is_exact = self.stays_accumulator(index) && !is_sum;
            value.spacing.is_some() || !is_chosen || value.readers == 0 || is_exact
        })
    }

    /// The value that a value's scale comes from, if it is free to take any, and all that pass it on.
    pub(crate) fn adaptable(&self, index: usize) -> Option<Vec<usize>> {
        adaptable(&self.values, index)
    }
}

fn adaptable(values: &[Value], index: usize) -> Option<Vec<usize>> {
    let mut chain = vec![index];
    let mut at = index;
    while values[at].readers == 1 {
        if values[at].adapts() {
            return Some(chain);
        }
        at = values[at].passes_on()?;
        chain.push(at);
    }
    None
}

/// Lets concatenations that weights read take every part as it is, unless the model gives scales.
fn keep_apart(values: &mut [Value], outputs: &[usize]) {
    if values.iter().any(|value| value.spacing.is_some()) {
        return;
    }
    // What reads a concatenation comes first.
    for index in (0..values.len()).rev() {
        let Operation::Concat { inputs, axis, .. } = &values[index].operation else { continue };
        if !can_be_apart(values, outputs, index, *axis) {
            continue;
        }
        let parts: Vec<usize> = inputs.iter().map(|&input| values[input].aligns().unwrap_or(input)).collect();
        if let Operation::Concat { inputs, is_apart, .. } = &mut values[index].operation {
            (*inputs, *is_apart) = (parts, true);
        }
        count_readers(values, outputs);
    }
}

/// Lets concatenations read values directly that already have one scale, or can take one.
fn spare_alignments(values: &mut [Value]) {
    for index in 0..values.len() {
        let Operation::Concat { inputs, is_apart: false, .. } = &values[index].operation else { continue };
        let before: Vec<Option<usize>> = inputs.iter().map(|&input| values[input].aligns()).collect();
        let source = |mut at: usize| {
            while let Some(input) = values[at].passes_on() {
                at = input;
            }
            at
        };
        let first = before.first().copied().flatten().map(source);
        let is_common = first.is_some() && before.iter().all(|input| input.map(source) == first);
        let has_spacing = |part: usize| {
            let Value { spacing, .. } = &values[part];
            let input = values[part].rescales().filter(|_| spacing.is_some())?;
            (values[source(input)].spacing == *spacing).then_some(input)
        };
        let spared: Vec<Option<usize>> = inputs
            .iter()
            .zip(&before)
            .map(|(&part, input)| {
                let spared = input.filter(|&input| is_common || adaptable(values, input).is_some());
                spared.or_else(|| has_spacing(part))
            })
            .collect();
        if let Operation::Concat { inputs, .. } = &mut values[index].operation {
            for (input, spared) in inputs.iter_mut().zip(spared) {
                *input = spared.unwrap_or(*input);
            }
        }
    }
}

fn absorb_functions(values: &mut [Value]) {
    for index in 0..values.len() {
        let Operation::Add { addends } = &values[index].operation else { continue };
        let [(input, 1.0)] = addends[..] else { continue };
        let before = &values[input];
        if values[index].function.is_some()
            && before.readers == 1
            && before.is_linear()
            && before.function.is_none()
            && before.spacing.is_none()
        {
            let Value { name, operation, clip, .. } = before.clone();
            values[index] = Value { name, operation, clip, ..values[index].clone() };
        }
    }
}

/// How many values that lead to an output read each value, and how many outputs do.
fn count_readers(values: &mut [Value], outputs: &[usize]) {
    let mut readers = vec![0; values.len()];
    for &output in outputs {
        readers[output] += 1;
    }
    // Values read earlier ones only.
    for index in (0..values.len()).rev() {
        if readers[index] > 0 {
            for input in values[index].operation.inputs() {
                readers[input] += 1;
            }
        }
    }
    for (value, readers) in values.iter_mut().zip(readers) {
        value.readers = readers;
    }
}
