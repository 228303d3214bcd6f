//! Writing a circuit wire by wire.
//!
//! A wire is a polynomial of degree at most two in *cells*: elements of inputs and outputs of gates. So sums, differences
//! and sums of products cost no layer of their own; a product of wires that are not cells takes a gate for each of them,
//! one layer below.
//!
//! ```
//! use tacit_inference::circuit::{CircuitBuilder, execute};
//!
//! // y_i = x_i * (x_0 + x_1 + x_2) - 7
//! let mut builder = CircuitBuilder::new();
//! let x = builder.input(&[3])?;
//! let total = builder.sum(&x);
//! let seven = builder.constant(7);
//! for x in x {
//!     let product = builder.multiply(x, total);
//!     let y = builder.sub(product, seven);
//!     builder.output(y);
//! }
//! let circuit = builder.finish(&[3])?;
//! assert_eq!(circuit.layers.len(), 2);
//! assert_eq!(execute(&circuit, &[&[1, 2, 3]])?[0], [-1, 5, 11]);
//!
//! // The same for each of 1000 rows: the wiring is written, stored and evaluated once.
//! let rows = circuit.repeated(1000, &[])?;
//! assert_eq!(rows.layers[0].layout.axes(), [1000, 3]);
//! # Ok::<(), tacit_layers::Error>(())
//! ```

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use tacit_layers::argument::gates::{Axes, Circuit, Factor, Gate, GateLayer, Operand, Wiring};
use tacit_layers::{
    error::{Error, Result},
    tensor::Layout,
};

/// A value of a circuit in the making.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wire {
    builder: u64,
    index: usize,
}

/// An element of an input, or a gate's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cell {
    Input { tensor: u32, position: u32 },
    Gate(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Term {
    One,
    Cell(Cell),
    Product(Cell, Cell),
}

/// A polynomial by its terms' coefficients, none of them zero.
type Form = BTreeMap<Term, i128>;

/// Assembles a [`Circuit`] wire by wire. A wire belongs to the builder that made it: [`Self::finish`] refuses others.
///
/// Adding or subtracting wires merges their terms, so that a wire's terms are its gates wherever it is used: give a long sum
/// that is used often a [gate](Self::gate) of its own.
#[derive(Debug, Clone)]
pub struct CircuitBuilder {
    /// Tells its wires from those of others.
    id: u64,
    /// Whether a wire of another builder was used.
    has_foreign: bool,
    inputs: Vec<Layout>,
    wires: Vec<Form>,
    /// What each gate computes and its depth; inputs have depth zero.
    gates: Vec<(Form, usize)>,
    /// Gates of wires that have one.
    cells: BTreeMap<usize, Cell>,
    /// Indices of wires.
    outputs: Vec<usize>,
}

fn cells(form: &Form) -> impl Iterator<Item = Cell> + '_ {
    form.keys()
        .flat_map(|term| match *term {
            Term::One => [None, None],
            Term::Cell(cell) => [Some(cell), None],
            Term::Product(left, right) => [Some(left), Some(right)],
        })
        .flatten()
}

impl Default for CircuitBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl CircuitBuilder {
    /// A circuit without inputs.
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            has_foreign: false,
            inputs: vec![],
            wires: vec![],
            gates: vec![],
            cells: BTreeMap::new(),
            outputs: vec![],
        }
    }

    fn wire(&mut self, form: Form) -> Wire {
        self.wires.push(form);
        Wire { builder: self.id, index: self.wires.len() - 1 }
    }

    /// The index of a wire of this builder; another's is remembered, and counts for zero.
    fn index(&mut self, wire: Wire) -> Option<usize> {
        let is_own = wire.builder == self.id && wire.index < self.wires.len();
        self.has_foreign |= !is_own;
        is_own.then_some(wire.index)
    }

    /// An input tensor's wires, row-major.
    ///
    /// # Errors
    /// [`Error::Shape`] when the shape is not usable.
    pub fn input(&mut self, axes: &[usize]) -> Result<Vec<Wire>> {
        let layout = Layout::new(axes.to_vec())?;
        let (tensor, count) = (self.inputs.len() as u32, layout.num_elements() as u32);
        self.inputs.push(layout);
        let cell = |position| Form::from([(Term::Cell(Cell::Input { tensor, position }), 1)]);
        Ok((0..count).map(|position| self.wire(cell(position))).collect())
    }

    /// A constant.
    pub fn constant(&mut self, value: i64) -> Wire {
        let terms = if value == 0 { Form::new() } else { Form::from([(Term::One, i128::from(value))]) };
        self.wire(terms)
    }

    /// An integer combination of wires.
    pub fn combine(&mut self, terms: &[(Wire, i64)]) -> Wire {
        let mut sum = Form::new();
        for &(wire, scale) in terms {
            let Some(index) = self.index(wire) else { continue };
            for (&term, &coefficient) in &self.wires[index] {
                let entry = sum.entry(term).or_default();
                *entry = entry.saturating_add(coefficient.saturating_mul(i128::from(scale)));
            }
        }
        sum.retain(|_, coefficient| *coefficient != 0);
        self.wire(sum)
    }

    /// `a + b`.
    pub fn add(&mut self, a: Wire, b: Wire) -> Wire {
        self.combine(&[(a, 1), (b, 1)])
    }

    /// `a - b`.
    pub fn sub(&mut self, a: Wire, b: Wire) -> Wire {
        self.combine(&[(a, 1), (b, -1)])
    }

    /// The sum of any number of wires.
    pub fn sum(&mut self, wires: &[Wire]) -> Wire {
        self.combine(&wires.iter().map(|&wire| (wire, 1)).collect::<Vec<_>>())
    }

    /// `a * b`. A factor that is neither a constant nor a multiple of a cell gets a [gate](Self::gate).
    pub fn multiply(&mut self, a: Wire, b: Wire) -> Wire {
        let left = self.monomial(a);
        let right = self.monomial(b);
        let (Some((left, c)), Some((right, d))) = (left, right) else { return self.wire(Form::new()) };
        let term = match (left, right) {
            (None, None) => Term::One,
            (Some(cell), None) | (None, Some(cell)) => Term::Cell(cell),
            (Some(left), Some(right)) => Term::Product(left.min(right), left.max(right)),
        };
        self.wire(Form::from([(term, c.saturating_mul(d))]))
    }

    /// A multiple of a cell, or of one, equal to a wire; nothing for zero.
    fn monomial(&mut self, wire: Wire) -> Option<(Option<Cell>, i128)> {
        let index = self.index(wire)?;
        let mut terms = self.wires[index].iter();
        match (terms.next(), terms.next()) {
            (None, _) => None,
            (Some((Term::One, &coefficient)), None) => Some((None, coefficient)),
            (Some((Term::Cell(cell), &coefficient)), None) => Some((Some(*cell), coefficient)),
            _ => Some((Some(self.cell(index)), 1)),
        }
    }

    fn cell(&mut self, wire: usize) -> Cell {
        if let Some(&cell) = self.cells.get(&wire) {
            return cell;
        }
        let form = self.wires[wire].clone();
        let below = cells(&form).map(|cell| self.depth(cell)).max().unwrap_or(0);
        self.gates.push((form, below + 1));
        let cell = Cell::Gate(self.gates.len() - 1);
        self.cells.insert(wire, cell);
        cell
    }

    fn depth(&self, cell: Cell) -> usize {
        match cell {
            Cell::Input { .. } => 0,
            Cell::Gate(gate) => self.gates[gate].1,
        }
    }

    /// The same value, computed once by a gate of its own; a constant stays one.
    pub fn gate(&mut self, wire: Wire) -> Wire {
        let term = match self.monomial(wire) {
            Some((Some(cell), coefficient)) => (Term::Cell(cell), coefficient),
            _ => return wire,
        };
        self.wire(Form::from([term]))
    }

    /// Declares the next output.
    pub fn output(&mut self, wire: Wire) {
        let index = self.index(wire);
        self.outputs.extend(index);
    }

    /// The circuit with its outputs, row-major, as a tensor of these axes. Gates that no output depends on are left out.
    ///
    /// # Errors
    /// [`Error::ElementCount`] when the outputs do not fill the tensor, [`Error::Circuit`] when a wire is of another builder, and what [`Circuit::new`] finds.
    pub fn finish(self, axes: &[usize]) -> Result<Circuit> {
        let output = Layout::new(axes.to_vec())?;
        if self.has_foreign {
            let reason = "a wire belongs to another builder: make every wire by the builder that uses it";
            return Err(Error::Circuit { layer: "circuit".to_owned(), reason });
        }
        if output.num_elements() != self.outputs.len() {
            let (axes, expected) = (axes.to_vec(), output.num_elements());
            return Err(Error::ElementCount { axes, expected, actual: self.outputs.len() });
        }
        let outputs: Vec<&Form> = self.outputs.iter().map(|&wire| &self.wires[wire]).collect();
        // Gates from the last to the first: what a gate reads was made before it.
        let mut used = vec![false; self.gates.len()];
        let mark = |form: &Form, used: &mut Vec<bool>| {
            for cell in cells(form) {
                if let Cell::Gate(gate) = cell {
                    used[gate] = true;
                }
            }
        };
        for form in &outputs {
            mark(form, &mut used);
        }
        for gate in (0..self.gates.len()).rev() {
            if used[gate] {
                mark(&self.gates[gate].0, &mut used);
            }
        }
        let live = || (0..self.gates.len()).filter(|&gate| used[gate]);
        let height = live().map(|gate| self.gates[gate].1).max().unwrap_or(0);
        // A gate's layer and its position there.
        let mut counts = vec![0; height + 1];
        let mut places = vec![(0_u32, 0_u32); self.gates.len()];
        for gate in live() {
            let layer = height + 1 - self.gates[gate].1;
            places[gate] = (layer as u32, counts[layer]);
            counts[layer] += 1;
        }
        let mut layouts = vec![output];
        for &count in &counts[1..] {
            layouts.push(Layout::new(vec![count as usize])?);
        }
        let mut layers: Vec<Vec<(u32, &Form)>> = vec![vec![]; height + 1];
        layers[0].extend((0..).zip(outputs));
        for gate in live() {
            let (layer, position) = places[gate];
            layers[layer as usize].push((position, &self.gates[gate].0));
        }
        let lists = Lists { inputs: &self.inputs, layouts: &layouts, places: &places };
        let layers = layers.iter().zip(&layouts).map(|(forms, layout)| lists.layer(layout, forms));
        let layers = layers.collect::<Result<Vec<_>>>()?;
        Circuit::new(self.inputs.clone(), layers)
    }
}

/// What turns terms into gates.
struct Lists<'a> {
    inputs: &'a [Layout],
    layouts: &'a [Layout],
    places: &'a [(u32, u32)],
}

impl Lists<'_> {
    fn layer(&self, layout: &Layout, forms: &[(u32, &Form)]) -> Result<GateLayer> {
        let mut lists: BTreeMap<(Option<Operand>, Option<Operand>), Vec<Gate>> = BTreeMap::new();
        for &(output, form) in forms {
            for (&term, &coefficient) in form {
                let (left, right) = match term {
                    Term::One => (None, None),
                    Term::Cell(cell) => (Some(self.place(cell)), None),
                    Term::Product(left, right) => (Some(self.place(left)), Some(self.place(right))),
                };
                let coefficient = i64::try_from(coefficient).map_err(|_| Error::Circuit {
                    layer: "circuit".to_owned(),
                    reason: "a gate's coefficient is larger than 2^31",
                })?;
                let position = |place: Option<(Operand, u32)>| place.map_or(0, |(_, position)| position);
                let gate = Gate { output, left: position(left), right: position(right), coefficient };
                let tensors = (left.map(|(tensor, _)| tensor), right.map(|(tensor, _)| tensor));
                lists.entry(tensors).or_default().push(gate);
            }
        }
        let axes = |operand: Option<Operand>| match operand {
            Some(Operand::Input(i)) => Axes::all(&self.inputs[i as usize]),
            Some(Operand::Layer(i)) => Axes::all(&self.layouts[i as usize]),
            None => Axes::NONE,
        };
        let wirings = lists.into_iter().map(|((left, right), gates)| {
            let factors = vec![Factor::gates(gates, [Axes::all(layout), axes(left), axes(right)])];
            Wiring { coefficient: 1, left, right, factors }
        });
        Ok(GateLayer { layout: layout.clone(), wirings: wirings.collect() })
    }

    fn place(&self, cell: Cell) -> (Operand, u32) {
        match cell {
            Cell::Input { tensor, position } => (Operand::Input(tensor), position),
            Cell::Gate(gate) => (Operand::Layer(self.places[gate].0), self.places[gate].1),
        }
    }
}
