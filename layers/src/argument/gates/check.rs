//! What a circuit must satisfy, and the limits that bound both sides' work.

use super::{
    circuit::Axes, circuit::Circuit, circuit::Factor, circuit::GateLayer, circuit::MAX_FACTORS,
    circuit::Operand, circuit::Relation, circuit::Wiring, predicate::ROLES, predicate::Wired,
};
use crate::{
    error::{Error, Result},
    integer::{position, wide, widest},
    tensor::Layout,
};

/// Most gates that a prover is asked for in one circuit, and most elements of a circuit's tensor.
pub const MAX_GATES: u64 = 1 << 31;
/// Most layers of a circuit.
pub const MAX_LAYERS: usize = 1 << 10;
/// Most wirings of a circuit.
pub const MAX_WIRINGS: usize = 1 << 12;
/// Most steps that the verifier may spend on a circuit's wirings, all claims together.
pub const MAX_WIRING_WORK: u64 = 1 << 24;
/// Largest magnitude of the product of a gate's coefficients.
const MAX_COEFFICIENT: i128 = 1 << 31;

/// The least $b$ with $x \le 2^b$.
pub(crate) const fn bits_above(x: u128) -> u32 {
    if x <= 1 { 0 } else { u128::BITS.saturating_sub(x.saturating_sub(1).leading_zeros()) }
}

/// Refuses more gates than a prover is asked for.
///
/// # Errors
/// [`Error::TooManyGates`].
fn check_gates(layer: &str, gates: u128) -> Result<()> {
    if gates <= u128::from(MAX_GATES) {
        return Ok(());
    }
    let gates = u64::try_from(gates).unwrap_or(u64::MAX);
    Err(Error::TooManyGates { layer: layer.to_owned(), gates, maximum: MAX_GATES })
}

/// Refuses a linear layer by gates with more of them, or with larger tensors, than a prover is asked for. Every weight is one
/// of a gate.
///
/// # Errors
/// [`Error::TooManyGates`].
pub(crate) fn check_products(layer: &str, gates: u128, tensors: [&Layout; 2]) -> Result<()> {
    let elements = tensors.map(|layout| widest(layout.num_elements()));
    elements.into_iter().chain([gates]).try_for_each(|count| check_gates(layer, count))
}

impl Wired<'_> {
    /// Number of gates, those of windows that read padding included.
    pub fn num_gates(&self) -> u128 {
        let factors = self.wiring().factors.iter();
        factors
            .map(|factor| factor.num_gates(ROLES.map(|role| self.lengths(factor, role))))
            .fold(1, u128::saturating_mul)
    }

    /// Steps that evaluating the wiring at a point takes.
    pub fn work(&self) -> u64 {
        let factors = self.wiring().factors.iter().map(|factor| match &factor.relation {
            Relation::Shared => 64,
            Relation::Window(_) => {
                let lengths = ROLES.map(|role| self.lengths(factor, role));
                let input: usize = lengths.get(1).map_or(1, |lengths| lengths.iter().product());
                u64::try_from(factor.num_gates(lengths)).unwrap_or(u64::MAX).saturating_add(wide(input))
            }
            Relation::Gates(gates) => wide(gates.len()).saturating_mul(16),
        });
        factors.fold(0, u64::saturating_add)
    }

    fn check(&self, name: &str) -> Result<()> {
        let fail = |reason| Err(Error::Circuit { layer: name.to_owned(), reason });
        let wiring = self.wiring();
        if wiring.factors.len() > MAX_FACTORS {
            return fail("a wiring has more factors than axes");
        }
        for role in ROLES {
            let parts = wiring.factors.iter().filter_map(|factor| factor.axes.get(role).copied());
            if !covers_once(self.layout(role), parts) {
                return fail("a wiring's factors do not cover every axis once");
            }
        }
        for factor in &wiring.factors {
            if let Err(reason) = self.check_factor(name, factor)? {
                return fail(reason);
            }
        }
        if self.largest_coefficient() > MAX_COEFFICIENT {
            return fail("a gate's coefficient is larger than 2^31");
        }
        Ok(())
    }

    /// The largest magnitude of a gate's coefficients' product.
    fn largest_coefficient(&self) -> i128 {
        let wiring = self.wiring();
        let mut coefficient = i128::from(wiring.coefficient).abs();
        for factor in &wiring.factors {
            if let Relation::Gates(gates) = &factor.relation {
                let largest = gates.iter().map(|gate| i128::from(gate.coefficient).abs()).max();
                coefficient = coefficient.saturating_mul(largest.unwrap_or(0));
            }
        }
        coefficient
    }

    /// What is wrong with a factor.
    fn check_factor(&self, name: &str, factor: &Factor) -> Result<std::result::Result<(), &'static str>> {
        let lengths = ROLES.map(|role| self.lengths(factor, role));
        let flat = lengths.map(|lengths| lengths.iter().product::<usize>());
        Ok(match &factor.relation {
            Relation::Shared => {
                let mut present = lengths.iter().filter(|lengths| !lengths.is_empty());
                match present.next() {
                    None => Err("a shared factor has no axis"),
                    Some(first) if present.any(|lengths| lengths != first) => {
                        Err("axes that share positions differ in length")
                    }
                    Some(_) => Ok(()),
                }
            }
            Relation::Window(window) => {
                let [&[output], &[input], offsets @ ([] | [_])] = lengths else {
                    return Ok(Err("a window is not between single axes"));
                };
                let fits = window.output_length(name, input)? == output
                    && offsets.first().is_none_or(|&kernel| kernel == window.kernel);
                if fits { Ok(()) } else { Err("a window does not fit its axes") }
            }
            Relation::Gates(gates) => {
                let outside = gates.iter().any(|gate| {
                    let positions = [gate.output, gate.left, gate.right];
                    positions.iter().zip(flat).any(|(&i, length)| position(i) >= length)
                });
                if outside { Err("a gate is outside its tensors") } else { Ok(()) }
            }
        })
    }
}

/// Whether parts cover every axis of a tensor exactly once, and are empty where there is no tensor.
fn covers_once(layout: Option<&Layout>, parts: impl Iterator<Item = Axes>) -> bool {
    let mut covered = vec![false; layout.map_or(0, |layout| layout.axes().len())];
    for part in parts {
        if part.count == 0 && part.first != 0 {
            return false;
        }
        let first = usize::from(part.first);
        for axis in first..first.saturating_add(usize::from(part.count)) {
            match covered.get_mut(axis) {
                Some(covered) if !*covered => *covered = true,
                _ => return false,
            }
        }
    }
    covered.into_iter().all(|covered| covered)
}

impl Circuit {
    /// Number of gates, those of windows that read padding included.
    pub fn num_gates(&self) -> u128 {
        let wirings = (0..self.layers.len()).flat_map(|layer| self.wirings(layer));
        wirings.map(|wired| wired.num_gates()).fold(0, u128::saturating_add)
    }

    /// Multiply gates of which both operands depend on the first `num_dependent` inputs: what a circuit computes that is not
    /// linear in them.
    pub fn num_products(&self, num_dependent: usize) -> u128 {
        let mut dependent = vec![false; self.layers.len()];
        let mut total = 0_u128;
        for index in (0..self.layers.len()).rev() {
            let depends = |operand: Option<Operand>| match operand {
                Some(Operand::Input(i)) => position(i) < num_dependent,
                Some(Operand::Layer(i)) => dependent.get(position(i)).copied().unwrap_or(false),
                None => false,
            };
            let mut any = false;
            for wired in self.wirings(index) {
                let (left, right) = (depends(wired.wiring().left), depends(wired.wiring().right));
                if left && right {
                    total = total.saturating_add(wired.num_gates());
                }
                any |= left || right;
            }
            if let Some(dependent) = dependent.get_mut(index) {
                *dependent = any;
            }
        }
        total
    }

    /// $b$ such that no value is larger than $2^b$ in magnitude, where inputs have so many bits each: from the numbers of
    /// gates and their largest coefficients, without a look at single gates.
    pub fn value_bits(&self, inputs: &[u32]) -> u32 {
        let mut layers = vec![0_u32; self.layers.len()];
        for index in (0..self.layers.len()).rev() {
            let bits = |operand: Option<Operand>| match operand {
                Some(Operand::Input(i)) => inputs.get(position(i)).copied().unwrap_or(0),
                Some(Operand::Layer(i)) => layers.get(position(i)).copied().unwrap_or(0),
                None => 0,
            };
            let (mut largest, mut wirings) = (0, 0_u128);
            for wired in self.wirings(index) {
                let terms = [wired.num_gates(), wired.largest_coefficient().unsigned_abs()].map(bits_above);
                let operands = [bits(wired.wiring().left), bits(wired.wiring().right)];
                largest = terms.into_iter().chain(operands).fold(0, u32::saturating_add).max(largest);
                wirings = wirings.saturating_add(1);
            }
            if let Some(layer) = layers.get_mut(index) {
                *layer = largest.saturating_add(bits_above(wirings));
            }
        }
        layers.into_iter().chain(inputs.iter().copied()).max().unwrap_or(0)
    }

    /// Checks a circuit of which nothing is trusted.
    ///
    /// # Errors
    /// [`Error::Circuit`] or [`Error::TooManyGates`], naming the network's layer.
    pub fn check(&self, name: &str) -> Result<()> {
        let fail = |reason| Err(Error::Circuit { layer: name.to_owned(), reason });
        let num_wirings = self.layers.iter().map(|layer| layer.wirings.len()).fold(0, usize::saturating_add);
        if !(1..=MAX_LAYERS).contains(&self.layers.len())
            || self.inputs.len() > MAX_LAYERS
            || num_wirings > MAX_WIRINGS
        {
            return fail("it has no layer, or more inputs, layers or wirings than supported");
        }
        let tensors = self.inputs.iter().chain(self.layers.iter().map(|layer| &layer.layout));
        for layout in tensors {
            check_gates(name, widest(layout.num_elements()))?;
        }
        for (index, layer) in self.layers.iter().enumerate() {
            if !layer.wirings.iter().all(|wiring| self.reads_below(index, wiring)) {
                return fail("a gate reads a tensor that is not below its layer");
            }
            if layer.wirings.iter().all(|wiring| wiring.left.is_none()) {
                return fail("a layer reads nothing");
            }
            self.check_wirings(name, layer)?;
        }
        check_gates(name, self.num_gates())?;
        let counts = self.claim_counts();
        let output = self.inputs.len();
        if counts.iter().enumerate().any(|(place, &count)| place != output && count == 0) {
            return fail("an input or a layer is read by no gate");
        }
        if self.wiring_work() > MAX_WIRING_WORK {
            return fail("its wirings cost the verifier more than supported");
        }
        Ok(())
    }

    /// Steps that the verifier spends on the wirings, all claims together.
    pub fn wiring_work(&self) -> u64 {
        let (counts, output) = (self.claim_counts(), self.inputs.len());
        let work = (0..self.layers.len()).map(|layer| {
            let claims =
                if layer == 0 { 1 } else { counts.get(output.saturating_add(layer)).copied().unwrap_or(0) };
            self.wirings(layer)
                .map(|wired| wired.work())
                .fold(0, u64::saturating_add)
                .saturating_mul(wide(claims))
        });
        work.fold(0, u64::saturating_add)
    }

    fn check_wirings(&self, name: &str, layer: &GateLayer) -> Result<()> {
        layer.wirings.iter().try_for_each(|wiring| Wired::new(self, layer, wiring).check(name))
    }

    /// Whether a wiring's operands exist below a layer, and there is no right one without a left one.
    fn reads_below(&self, layer: usize, wiring: &Wiring) -> bool {
        let below = |operand: Option<Operand>| match operand {
            Some(Operand::Input(i)) => position(i) < self.inputs.len(),
            Some(Operand::Layer(i)) => position(i) > layer && position(i) < self.layers.len(),
            None => true,
        };
        below(wiring.left) && below(wiring.right) && (wiring.left.is_some() || wiring.right.is_none())
    }
}
