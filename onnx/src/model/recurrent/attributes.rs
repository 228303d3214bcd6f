//! What a recurrent node asks for: its attributes, all of them read, or refused by name.

use tract_onnx::pb::{AttributeProto, NodeProto};

use super::function::Function;
use crate::{error::Error, model::file::node_name};

/// The operators, by name.
pub(super) const OPERATORS: [&str; 3] = ["LSTM", "GRU", "RNN"];

/// Positions of optional inputs.
pub(super) const BIAS: usize = 3;
pub(super) const SEQUENCE_LENS: usize = 4;
pub(super) const INITIAL_H: usize = 5;
pub(super) const INITIAL_C: usize = 6;
pub(super) const PEEPHOLES: usize = 7;

/// What a step computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cell {
    /// Gates in the order input, output, forget, cell.
    Lstm { input_forget: bool },
    /// Gates in the order update, reset, hidden.
    Gru { linear_before_reset: bool },
    /// One function of the sum of both products.
    Rnn,
}

impl Cell {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Lstm { .. } => "LSTM",
            Self::Gru { .. } => "GRU",
            Self::Rnn => "RNN",
        }
    }

    /// Rows of the weights for each element of the state.
    pub(super) const fn num_gates(self) -> usize {
        match self {
            Self::Lstm { .. } => 4,
            Self::Gru { .. } => 3,
            Self::Rnn => 1,
        }
    }

    /// Functions that a direction has where the node names none.
    const fn functions(self) -> &'static [Function] {
        match self {
            Self::Lstm { .. } => &[Function::Sigmoid, Function::Tanh, Function::Tanh],
            Self::Gru { .. } => &[Function::Sigmoid, Function::Tanh],
            Self::Rnn => &[Function::Tanh],
        }
    }

    /// Attributes beyond those that all have.
    const fn own_attribute(self) -> &'static str {
        match self {
            Self::Lstm { .. } => "input_forget",
            Self::Gru { .. } => "linear_before_reset",
            Self::Rnn => "",
        }
    }

    /// Most inputs.
    const fn max_inputs(self) -> usize {
        match self {
            Self::Lstm { .. } => 8,
            Self::Gru { .. } | Self::Rnn => 6,
        }
    }

    /// Most outputs.
    const fn max_outputs(self) -> usize {
        match self {
            Self::Lstm { .. } => 3,
            Self::Gru { .. } | Self::Rnn => 2,
        }
    }
}

/// One pass over the sequence.
#[derive(Debug, Clone)]
pub(super) struct Direction {
    /// Whether it begins at the last step.
    pub(super) is_reverse: bool,
    /// In the operator's order: of gates, then of the new state, then of the cell's state.
    pub(super) functions: Vec<Function>,
}

/// A recurrent node.
#[derive(Debug, Clone)]
pub(crate) struct Recurrent {
    pub(super) cell: Cell,
    pub(super) hidden_size: usize,
    /// Whether the batch is the first axis: `layout` 1.
    pub(super) batch_first: bool,
    pub(super) directions: Vec<Direction>,
    /// The bound of what functions are applied to.
    pub(super) clip: Option<f32>,
    /// For each of ONNX's inputs its place among those that are there.
    inputs: Vec<Option<usize>>,
    /// The same for outputs: all states, the last one, the last cell state.
    pub(super) outputs: [Option<usize>; 3],
}

/// Places among the names that are not empty.
fn places(names: &[String]) -> Vec<Option<usize>> {
    let mut next = 0;
    let place = |name: &String| {
        let place = (!name.is_empty()).then_some(next);
        next += usize::from(place.is_some());
        place
    };
    names.iter().map(place).collect()
}

/// A node whose attributes are read one by one.
struct Reader<'a>(&'a NodeProto);

impl Reader<'_> {
    fn refuse(&self, actual: impl Into<String>, expected: &'static str) -> Error {
        let (node, operator) = (node_name(self.0).to_owned(), self.0.op_type.clone());
        Error::UnsupportedUse { node, operator, actual: actual.into(), expected }
    }

    fn attribute(&self, name: &str) -> Option<&AttributeProto> {
        self.0.attribute.iter().find(|attribute| attribute.name == name)
    }

    fn flag(&self, name: &'static str) -> Result<bool, Error> {
        match self.attribute(name).map_or(0, |attribute| attribute.i) {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.refuse(format!("attribute {name} = {other}"), "0 or 1")),
        }
    }

    fn cell(&self) -> Result<Cell, Error> {
        match &*self.0.op_type {
            "LSTM" => Ok(Cell::Lstm { input_forget: self.flag("input_forget")? }),
            "GRU" => Ok(Cell::Gru { linear_before_reset: self.flag("linear_before_reset")? }),
            _ => Ok(Cell::Rnn),
        }
    }

    /// Refuses attributes, inputs and outputs that nothing here reads.
    fn check_names(&self, cell: Cell) -> Result<(), Error> {
        const COMMON: [&str; 7] = [
            "hidden_size",
            "direction",
            "activations",
            "activation_alpha",
            "activation_beta",
            "clip",
            "layout",
        ];
        let known = |name: &str| COMMON.contains(&name) || name == cell.own_attribute();
        if let Some(other) = self.0.attribute.iter().find(|attribute| !known(&attribute.name)) {
            return Err(self.refuse(format!("attribute {}", other.name), "the operator's own attributes"));
        }
        let counts =
            [(self.0.input.len(), 3, cell.max_inputs()), (self.0.output.len(), 1, cell.max_outputs())];
        for ((count, least, most), what) in counts.into_iter().zip(["inputs", "outputs"]) {
            if !(least..=most).contains(&count) {
                return Err(self.refuse(format!("{count} {what}"), "as many as the operator has"));
            }
        }
        if self.0.input[..3].iter().any(String::is_empty) {
            return Err(self.refuse("an empty name of X, W or R", "all three of them"));
        }
        Ok(())
    }

    fn hidden_size(&self) -> Result<usize, Error> {
        let size = self.attribute("hidden_size").map_or(0, |attribute| attribute.i);
        usize::try_from(size)
            .ok()
            .filter(|&size| size > 0)
            .ok_or_else(|| self.refuse(format!("attribute hidden_size = {size}"), "the length of the state"))
    }

    fn sides(&self) -> Result<&'static [bool], Error> {
        let direction = self.attribute("direction").map(|attribute| String::from_utf8_lossy(&attribute.s));
        match direction.as_deref() {
            None | Some("forward") => Ok(&[false]),
            Some("reverse") => Ok(&[true]),
            Some("bidirectional") => Ok(&[false, true]),
            Some(other) => {
                Err(self
                    .refuse(format!("attribute direction = {other}"), "forward, reverse or bidirectional"))
            }
        }
    }

    /// The functions of all directions, one after the other.
    fn functions(&self, cell: Cell, num_directions: usize) -> Result<Vec<Function>, Error> {
        let expected = cell.functions().len() * num_directions;
        let floats = |name: &str| self.attribute(name).map_or(&[][..], |attribute| &attribute.floats);
        let (mut alphas, mut betas) =
            (floats("activation_alpha").iter().copied(), floats("activation_beta").iter().copied());
        let names = self.attribute("activations").map_or(&[][..], |attribute| &attribute.strings);
        let functions = if names.is_empty() {
            cell.functions().iter().copied().cycle().take(expected).collect()
        } else {
            let read = |name: &Vec<u8>| {
                let name = String::from_utf8_lossy(name);
                Function::named(&name, &mut alphas, &mut betas).ok_or_else(|| {
                    let expected =
                        "a function of the operator's list, with alpha and beta where it has no defaults";
                    self.refuse(format!("activation {name}"), expected)
                })
            };
            names.iter().map(read).collect::<Result<Vec<_>, _>>()?
        };
        if functions.len() != expected {
            let actual = format!("{} activations", functions.len());
            return Err(self.refuse(actual, "one for each function of each direction"));
        }
        if alphas.next().or_else(|| betas.next()).is_some() {
            return Err(self.refuse("an activation_alpha or activation_beta that no function reads", "none"));
        }
        Ok(functions)
    }

    fn clip(&self) -> Result<Option<f32>, Error> {
        match self.attribute("clip").map(|attribute| attribute.f) {
            Some(clip) if !(clip.is_finite() && clip > 0.0) => {
                Err(self.refuse(format!("attribute clip = {clip}"), "a positive number"))
            }
            clip => Ok(clip),
        }
    }
}

impl Recurrent {
    /// What a node asks for.
    ///
    /// # Errors
    /// [`Error::UnsupportedUse`] naming the attribute.
    pub(crate) fn of(node: &NodeProto) -> Result<Self, Error> {
        let reader = Reader(node);
        let cell = reader.cell()?;
        reader.check_names(cell)?;
        let sides = reader.sides()?;
        let functions = reader.functions(cell, sides.len())?;
        let per_side = functions.len() / sides.len();
        let directions = sides.iter().zip(functions.chunks(per_side));
        let directions = directions
            .map(|(&is_reverse, functions)| Direction { is_reverse, functions: functions.to_vec() })
            .collect();
        let outputs = places(&node.output);
        Ok(Self {
            cell,
            hidden_size: reader.hidden_size()?,
            batch_first: reader.flag("layout")?,
            directions,
            clip: reader.clip()?,
            inputs: places(&node.input),
            outputs: std::array::from_fn(|index| outputs.get(index).copied().flatten()),
        })
    }

    /// The place of an optional input among those that are there.
    pub(super) fn input(&self, slot: usize) -> Option<usize> {
        self.inputs.get(slot).copied().flatten()
    }

    /// How many inputs are there.
    pub(super) fn num_inputs(&self) -> usize {
        self.inputs.iter().flatten().count()
    }
}
