//! Circuits: tensors, and the gates between them, written factor by factor.

use serde::{Deserialize, Serialize};

use crate::{
    error::Result,
    integer::{byte, position},
    tensor::{Layout, MAX_AXES, window::AxisWindow},
};

use super::predicate::Wired;

/// A layered circuit over input tensors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Circuit {
    /// Shapes of the input tensors.
    pub inputs: Vec<Layout>,
    /// Layers, the output first. A layer reads inputs and layers behind it in this list.
    pub layers: Vec<GateLayer>,
}

/// A layer: a tensor and the gates that write it. What no gate writes is zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateLayer {
    /// Shape of the tensor.
    pub layout: Layout,
    /// The gates.
    pub wirings: Vec<Wiring>,
}

/// A tensor that gates read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operand {
    /// The input tensor with this index.
    Input(u32),
    /// The layer with this index, below the layer that reads it.
    Layer(u32),
}

/// Gates of one kind between the same tensors: the Cartesian product of factors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wiring {
    /// Every gate is multiplied by it.
    pub coefficient: i64,
    /// The left operand; none for constants.
    pub left: Option<Operand>,
    /// The right operand of multiply gates; none for add gates and constants.
    pub right: Option<Operand>,
    /// Together they cover every axis of output, left and right once.
    pub factors: Vec<Factor>,
}

/// A relation between positions along some axes of output, left and right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Which positions go together.
    pub relation: Relation,
    /// The axes of output, left and right that it is about.
    pub axes: [Axes; 3],
}

/// Consecutive axes of a tensor, read as one row-major index. No axes: the only position is zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Axes {
    /// The first axis.
    pub first: u8,
    /// How many.
    pub count: u8,
}

/// Which positions of output, left and right go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Relation {
    /// The same position everywhere. Left and right without output contract the axis; output alone broadcasts.
    Shared,
    /// Output position $p$ reads left position $s p + d k - b$ and the right operand's position $k$, one axis each; without
    /// axes on the right, every $k$ counts.
    Window(AxisWindow),
    /// Gates one by one.
    Gates(Vec<Gate>),
}

/// A gate of a list: `output += coefficient * left * right`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// Output position.
    pub output: u32,
    /// Left position.
    pub left: u32,
    /// Right position.
    pub right: u32,
    /// What it is multiplied by.
    pub coefficient: i64,
}

/// Wirings of a layer with one left operand.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The left operand.
    pub left: Operand,
    /// Add gates.
    pub adds: Vec<Wired<'a>>,
    /// Multiply gates by right operand.
    pub pairs: Vec<(Operand, Vec<Wired<'a>>)>,
}

impl Axes {
    /// No axes.
    pub const NONE: Self = Self { first: 0, count: 0 };

    /// One axis.
    pub const fn one(axis: usize) -> Self {
        Self::range(axis, 1)
    }

    /// The axes `first..first + count`, `count` at least 1.
    pub const fn range(first: usize, count: usize) -> Self {
        Self { first: byte(first), count: byte(count) }
    }

    /// All axes of a tensor.
    pub fn all(layout: &Layout) -> Self {
        Self::range(0, layout.axes().len())
    }
}

const fn axis(axis: Option<usize>) -> Axes {
    match axis {
        Some(axis) => Axes::one(axis),
        None => Axes::NONE,
    }
}

impl Factor {
    /// An axis of output, left and right, each where it is given, of which positions are shared.
    pub const fn shared(output: Option<usize>, left: Option<usize>, right: Option<usize>) -> Self {
        Self { relation: Relation::Shared, axes: [axis(output), axis(left), axis(right)] }
    }

    /// A window along one axis: `output` over its positions, `left` over its input, `right` over its offsets.
    pub const fn window(window: AxisWindow, output: usize, left: usize, right: Option<usize>) -> Self {
        let axes = [Axes::one(output), Axes::one(left), axis(right)];
        Self { relation: Relation::Window(window), axes }
    }

    /// Gates one by one between axes of output, left and right.
    pub const fn gates(gates: Vec<Gate>, axes: [Axes; 3]) -> Self {
        Self { relation: Relation::Gates(gates), axes }
    }
}

impl Circuit {
    /// A circuit of these layers, the output first.
    ///
    /// # Errors
    /// [`crate::Error::Circuit`] or [`crate::Error::TooManyGates`] when it breaks a rule.
    pub fn new(inputs: Vec<Layout>, layers: Vec<GateLayer>) -> Result<Self> {
        let circuit = Self { inputs, layers };
        circuit.check("circuit")?;
        Ok(circuit)
    }

    /// Shape of an operand.
    pub fn layout(&self, operand: Operand) -> Option<&Layout> {
        match operand {
            Operand::Input(i) => self.inputs.get(position(i)),
            Operand::Layer(i) => self.layers.get(position(i)).map(|layer| &layer.layout),
        }
    }

    /// Place of an operand among inputs and layers: inputs first.
    pub const fn place(&self, operand: Operand) -> usize {
        match operand {
            Operand::Input(i) => position(i),
            Operand::Layer(i) => self.inputs.len().saturating_add(position(i)),
        }
    }

    /// A layer's wirings with the shapes they connect.
    pub fn wirings(&self, layer: usize) -> impl Iterator<Item = Wired<'_>> {
        let layer = self.layers.get(layer);
        layer.into_iter().flat_map(|layer| {
            let wired = |wiring| Wired::new(self, layer, wiring);
            layer.wirings.iter().map(wired)
        })
    }

    /// A layer's constants.
    pub fn constants(&self, layer: usize) -> Vec<Wired<'_>> {
        self.wirings(layer).filter(|wired| wired.wiring().left.is_none()).collect()
    }

    /// A layer's reading wirings by left operand, and by right operand within, both in order of appearance.
    pub fn groups(&self, layer: usize) -> Vec<Group<'_>> {
        let mut groups: Vec<Group> = vec![];
        for wired in self.wirings(layer) {
            let Some(left) = wired.wiring().left else { continue };
            let known = groups.iter().position(|group| group.left == left);
            let at = known.unwrap_or(groups.len());
            if known.is_none() {
                groups.push(Group { left, adds: vec![], pairs: vec![] });
            }
            let Some(group) = groups.get_mut(at) else { continue };
            match wired.wiring().right {
                None => group.adds.push(wired),
                Some(right) => match group.pairs.iter_mut().find(|(known, _)| *known == right) {
                    Some((_, wirings)) => wirings.push(wired),
                    None => group.pairs.push((right, vec![wired])),
                },
            }
        }
        groups
    }

    /// Claims that a proof leaves on every input and layer, by [place](Self::place): one for each group that it is the left
    /// of, one for each pair that it is the right of.
    pub fn claim_counts(&self) -> Vec<usize> {
        let mut counts = vec![0_usize; self.inputs.len().saturating_add(self.layers.len())];
        for group in (0..self.layers.len()).flat_map(|layer| self.groups(layer)) {
            let rights = group.pairs.iter().map(|(right, _)| *right);
            for operand in std::iter::once(group.left).chain(rights) {
                if let Some(count) = counts.get_mut(self.place(operand)) {
                    *count = count.saturating_add(1);
                }
            }
        }
        counts
    }

    /// `copies` of the circuit side by side with one uniform wiring: every layer and every input gets a leading axis over
    /// the copies, but for the inputs listed in `shared`, which all copies read.
    ///
    /// # Errors
    /// When a shape becomes too large, and what [`Self::new`] finds.
    pub fn repeated(&self, copies: usize, shared: &[usize]) -> Result<Self> {
        let lengthened = |layout: &Layout| Layout::new([&[copies], layout.axes()].concat());
        let is_shared = |operand: Option<Operand>| match operand {
            Some(Operand::Input(i)) => shared.contains(&position(i)),
            Some(Operand::Layer(_)) => false,
            None => true,
        };
        let inputs = self.inputs.iter().enumerate();
        let inputs = inputs
            .map(|(i, input)| if shared.contains(&i) { Ok(input.clone()) } else { lengthened(input) })
            .collect::<Result<Vec<_>>>()?;
        let layers = self
            .layers
            .iter()
            .map(|layer| {
                let wirings = layer.wirings.iter().map(|wiring| {
                    let moved = [true, !is_shared(wiring.left), !is_shared(wiring.right)];
                    let copy = moved.map(|moved| if moved { Axes::one(0) } else { Axes::NONE });
                    let mut factors = vec![Factor { relation: Relation::Shared, axes: copy }];
                    factors.extend(wiring.factors.iter().cloned().map(|mut factor| {
                        for (axes, moved) in factor.axes.iter_mut().zip(moved) {
                            axes.first = axes.first.saturating_add(u8::from(moved && axes.count > 0));
                        }
                        factor
                    }));
                    Wiring { factors, ..wiring.clone() }
                });
                Ok(GateLayer { wirings: wirings.collect(), layout: lengthened(&layer.layout)? })
            })
            .collect::<Result<Vec<_>>>()?;
        Self::new(inputs, layers)
    }
}

/// Most factors of a wiring: each covers an axis.
pub(super) const MAX_FACTORS: usize = 3 * MAX_AXES;
