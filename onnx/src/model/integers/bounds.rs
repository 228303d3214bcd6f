//! How large the integers of a model may become.
//!
//! Integers are carried by float32 here, which neither goes around at the ends of a type, as those of ONNX do, nor has all
//! integers beyond [`ALL`]. From what the inputs may be, which no sample leaves, follows what every carried integer may be. A
//! result that may leave its type is refused, and so is one of which float32 may lose more than its last digit: a sum of
//! integers of both signs, a quotient, a remainder or a comparison beyond [`ALL`]. Products and sums of one sign are rounded there,
//! as a cast to float32 behind them rounds.

use std::collections::{BTreeMap, BTreeSet};

use tract_onnx::{
    pb::{NodeProto, tensor_proto::DataType},
    prelude::DatumType,
};

use super::interval::{ALL, Interval};
use crate::{error::Error, model::file::node_name};

/// Float32 has what is half a unit beside an integer up to here.
const HALVES: i64 = 1 << 23;

/// What a node computes of integers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What it reads, in another place or under another type.
    Same,
    /// What it reads first, in another place.
    First,
    /// One of what it reads, by a condition or by size.
    Choice,
    Sum,
    Difference,
    Product,
    Negative,
    Magnitude,
    Quotient,
    /// The remainder has the sign of the divisor, or for `fmod` that of the dividend.
    Remainder {
        fmod: bool,
    },
    /// The sum of an axis.
    Total,
    /// Truth values, signs, or positions of elements.
    Question,
    /// What is not carried: an integer of the type, as far as it is known.
    Foreign,
    /// What comes from real numbers, and is watched.
    Watched,
}

impl Kind {
    /// Whether results may be far from both ends of what is said of them, whatever the inputs are.
    const fn is_loose(self) -> bool {
        match self {
            Self::Choice | Self::Question | Self::Foreign | Self::Watched => true,
            Self::Same
            | Self::First
            | Self::Sum
            | Self::Difference
            | Self::Product
            | Self::Negative
            | Self::Magnitude
            | Self::Quotient
            | Self::Remainder { .. }
            | Self::Total => false,
        }
    }

    /// Whether results may be larger than what they are computed from.
    pub(super) const fn makes_larger(self) -> bool {
        match self {
            Self::Sum | Self::Difference | Self::Product | Self::Total => true,
            Self::Same
            | Self::First
            | Self::Choice
            | Self::Negative
            | Self::Magnitude
            | Self::Quotient
            | Self::Remainder { .. }
            | Self::Question
            | Self::Foreign
            | Self::Watched => false,
        }
    }
}

/// A node that computes with carried integers.
#[derive(Debug, Clone)]
struct Step {
    node: String,
    operator: String,
    kind: Kind,
    inputs: Vec<String>,
    outputs: Vec<String>,
    /// The ONNX element type of the results.
    data_type: i32,
    /// Elements that each result is the sum of.
    terms: i128,
}

/// A `Gather` by carried integers.
#[derive(Debug, Clone)]
struct Index {
    node: String,
    read: String,
    table: String,
    axis: i64,
    /// Slices of the table, once they are known.
    places: Option<usize>,
}

/// What is known of a value that is not carried.
pub(in crate::model) struct Known {
    pub(in crate::model) datum_type: Option<DatumType>,
    /// Smallest and largest element of a constant.
    pub(in crate::model) range: Option<(i64, i64)>,
    pub(in crate::model) shape: Option<Vec<usize>>,
}

/// The steps of a model that compute with integers, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    /// Names of the model's inputs of integers and truth values, and their places among all inputs.
    inputs: Vec<(usize, String)>,
    nodes: Vec<Step>,
    indices: Vec<Index>,
    /// Values that are read and not carried.
    others: BTreeMap<String, Interval>,
}

impl Steps {
    pub(super) fn input(&mut self, place: usize, name: &str) {
        self.inputs.push((place, name.to_owned()));
    }

    /// Records a node that makes integers of real numbers.
    pub(super) fn found(&mut self, value: &str, node: &NodeProto, data_type: i32) {
        let output = vec![value.to_owned()];
        self.record(&NodeProto { input: vec![], output, ..node.clone() }, Kind::Watched, 0, data_type);
    }

    /// Records a `Gather` by carried integers.
    pub(super) fn index(&mut self, node: &NodeProto) {
        if let [table, index, ..] = &node.input[..] {
            let axis = node.attribute.iter().find(|attribute| attribute.name == "axis");
            self.indices.push(Index {
                node: node_name(node).to_owned(),
                read: index.clone(),
                table: table.clone(),
                axis: axis.map_or(0, |axis| axis.i),
                places: None,
            });
        }
    }

    /// Says of the last node that what it computes is watched.
    pub(super) fn watch_last(&mut self) {
        if let Some(step) = self.nodes.last_mut() {
            step.kind = Kind::Watched;
        }
    }

    /// Records a node that reads the inputs from `first` on.
    pub(super) fn record(&mut self, node: &NodeProto, kind: Kind, first: usize, data_type: i32) {
        let names = |names: &[String]| names.iter().filter(|name| !name.is_empty()).cloned().collect();
        let mut inputs: Vec<String> = names(node.input.get(first..).unwrap_or(&[]));
        if matches!(kind, Kind::First | Kind::Total) {
            inputs.truncate(1);
        }
        self.nodes.push(Step {
            node: node_name(node).to_owned(),
            operator: node.op_type.clone(),
            kind,
            inputs,
            outputs: names(&node.output),
            data_type,
            terms: 1,
        });
    }

    /// Whether some integers come from real numbers.
    pub(crate) fn are_watched(&self) -> bool {
        self.nodes.iter().any(|step| step.kind == Kind::Watched)
    }

    /// Learns from the analysed graph what is read and not carried, and how long sums are.
    pub(in crate::model) fn learn(&mut self, known: impl Fn(&str) -> Option<Known>) {
        let mut carried: BTreeSet<String> = self.inputs.iter().map(|(_, name)| name.clone()).collect();
        let shape = |name: &String| known(name).and_then(|known| known.shape);
        let count = |name: Option<&String>| name.and_then(shape).map(|shape| shape.iter().product::<usize>());
        for index in &mut self.indices {
            index.places = shape(&index.table).and_then(|shape| {
                let turn = if index.axis < 0 { shape.len() as i64 } else { 0 };
                shape.get(usize::try_from(index.axis + turn).ok()?).copied()
            });
        }
        for step in &mut self.nodes {
            if step.kind == Kind::Total
                && let (Some(read), Some(left)) = (count(step.inputs.first()), count(step.outputs.first()))
            {
                // A cumulative sum leaves as many elements; an axis has no more than there are.
                let left = if step.operator == "CumSum" { 1 } else { left };
                step.terms = (read / left.max(1)).max(1) as i128;
            }
            carried.extend(step.outputs.iter().cloned());
            for name in step.inputs.iter().filter(|name| !carried.contains(*name)) {
                let Some(Known { datum_type, range, .. }) = known(name) else { continue };
                let other = range.map_or_else(
                    || Interval::of_engine(datum_type),
                    |(low, high)| {
                        let has = |integer: i64| i128::from(integer as f32 as i64) == i128::from(integer);
                        Interval { is_exact: has(low) && has(high), ..Interval::exact(low, high) }
                    },
                );
                self.others.insert(name.clone(), other);
            }
        }
    }

    /// Checks that no integer leaves its type, that float32 holds them well enough, and that indices name slices, for inputs with
    /// these smallest and largest values, real ones included.
    ///
    /// # Errors
    /// [`Error::IntegerOverflow`], [`Error::IntegerPrecision`] and [`Error::IndexRange`].
    pub(crate) fn check(&self, bounds: &[(i64, i64)]) -> Result<(), Error> {
        let mut found: BTreeMap<&str, Interval> = BTreeMap::new();
        // What may be less than its interval says.
        let mut loose: BTreeSet<&str> = BTreeSet::new();
        for (place, name) in &self.inputs {
            let (low, high) = bounds.get(*place).copied().unwrap_or((0, 0));
            found.insert(name, Interval::exact(low, high));
        }
        for step in &self.nodes {
            let read = |name: &String| {
                let known = found.get(&**name).or_else(|| self.others.get(name)).copied();
                known.unwrap_or_else(|| Interval::of(step.data_type))
            };
            let operands: Vec<Interval> = step.inputs.iter().map(read).collect();
            let result = step.result(&operands)?;
            let is_loose = step.kind.is_loose() || step.inputs.iter().any(|name| loose.contains(&**name));
            for output in &step.outputs {
                found.insert(output, result);
                if is_loose {
                    loose.insert(output);
                }
            }
        }
        for Index { node, read, places, .. } in &self.indices {
            let (Some(&Interval { low, high, .. }), Some(places)) = (found.get(&**read), *places) else {
                continue;
            };
            let count = places as i128;
            if !loose.contains(&**read) && (low < -count || high >= count) {
                let (node, places) = (node.clone(), places as u64);
                return Err(Error::IndexRange { node, minimum: low, maximum: high, places });
            }
        }
        Ok(())
    }
}

impl Step {
    /// What the results may be.
    fn result(&self, operands: &[Interval]) -> Result<Interval, Error> {
        let [first, rest @ ..] = operands else { return Ok(Interval::exact(-HALVES, HALVES)) };
        let (first, second) = (*first, rest.first().copied());
        let hull = || rest.iter().fold(first, |hull, other| hull.hull(*other));
        let result = match self.kind {
            Kind::Same | Kind::Foreign => hull(),
            Kind::First => first,
            Kind::Choice => {
                let is_apart = rest.iter().all(|other| other.is_one()) || rest.is_empty();
                let hull = hull();
                if !is_apart && (!hull.is_exact || hull.high - hull.low > ALL) {
                    return Err(self.imprecise(hull));
                }
                hull
            }
            Kind::Sum => self.sum(operands)?,
            Kind::Difference => {
                let others = rest.iter().map(|other| other.negative());
                self.sum(&[first].into_iter().chain(others).collect::<Vec<_>>())?
            }
            Kind::Product => self.product(operands),
            Kind::Negative => first.negative(),
            Kind::Magnitude => {
                let low = if first.low > 0 { first.low } else { (-first.high).max(0) };
                Interval { low, high: first.magnitude(), ..first }
            }
            Kind::Quotient | Kind::Remainder { .. } => self.divided(first, second)?,
            Kind::Total => {
                let terms = Interval {
                    low: first.low.saturating_mul(self.terms),
                    high: first.high.saturating_mul(self.terms),
                    is_exact: first.is_exact,
                };
                self.rounded(terms, terms.magnitude(), first.low >= 0 || first.high <= 0)?
            }
            Kind::Question | Kind::Watched => {
                let is_apart = second.is_some_and(|second| first.is_below(second) || second.is_below(first));
                let is_fine = |operand: &Interval| operand.is_exact && operand.magnitude() <= HALVES.into();
                if !is_apart && !operands.iter().all(is_fine) {
                    return Err(self.imprecise(hull()));
                }
                // There are fewer positions, and what is watched is smaller; a sign may be negative.
                let low = if self.kind == Kind::Watched { -HALVES } else { -1 };
                return Ok(Interval::exact(low, HALVES));
            }
        };
        let of_type = Interval::of(self.data_type);
        if self.kind == Kind::Foreign {
            return Ok(Interval {
                low: result.low.max(of_type.low),
                high: result.high.min(of_type.high),
                ..result
            });
        }
        if result.low < of_type.low || result.high > of_type.high {
            return Err(Error::IntegerOverflow {
                node: self.node.clone(),
                operator: self.operator.clone(),
                data_type: type_name(self.data_type),
                minimum: result.low,
                maximum: result.high,
            });
        }
        Ok(result)
    }

    fn sum(&self, operands: &[Interval]) -> Result<Interval, Error> {
        let sum = Interval {
            low: operands.iter().map(|operand| operand.low).sum(),
            high: operands.iter().map(|operand| operand.high).sum(),
            is_exact: operands.iter().all(|operand| operand.is_exact),
        };
        let reach = operands.iter().map(|operand| operand.magnitude()).sum();
        let has_one_sign = operands.iter().all(|operand| operand.low >= 0)
            || operands.iter().all(|operand| operand.high <= 0);
        self.rounded(sum, reach, has_one_sign)
    }

    /// A sum whose partial sums reach so far; refused where it cancels what is rounded.
    fn rounded(&self, sum: Interval, reach: i128, has_one_sign: bool) -> Result<Interval, Error> {
        let is_exact = sum.is_exact && reach <= ALL;
        let of_type = Interval::of(self.data_type);
        let leaves = sum.low < of_type.low || sum.high > of_type.high;
        if !is_exact && !has_one_sign && !leaves {
            return Err(self.imprecise(Interval { low: -reach, high: reach, is_exact }));
        }
        Ok(Interval { is_exact, ..sum })
    }

    fn product(&self, operands: &[Interval]) -> Interval {
        let mut product = Interval::exact(1, 1);
        for operand in operands {
            let ends = [product.low, product.high]
                .into_iter()
                .flat_map(|a| [a.saturating_mul(operand.low), a.saturating_mul(operand.high)]);
            let (low, high) = ends.fold((i128::MAX, i128::MIN), |(low, high), x| (low.min(x), high.max(x)));
            product = Interval { low, high, is_exact: product.is_exact && operand.is_exact };
        }
        let is_square = self.inputs.len() == 2 && self.inputs[0] == self.inputs[1];
        if is_square {
            product.low = 0;
        }
        Interval { is_exact: product.is_exact && product.magnitude() <= ALL, ..product }
    }

    fn divided(&self, dividend: Interval, divisor: Option<Interval>) -> Result<Interval, Error> {
        let divisor = divisor.unwrap_or_else(|| Interval::of(self.data_type));
        if divisor.is_one() && divisor.low == 0 {
            let (node, operator) = (self.node.clone(), self.operator.clone());
            let actual = "a division by zero".to_owned();
            return Err(Error::UnsupportedUse { node, operator, actual, expected: "another divisor" });
        }
        if !dividend.is_exact || dividend.magnitude() > HALVES.into() || !divisor.is_exact {
            return Err(self.imprecise(dividend.hull(divisor)));
        }
        let reach = dividend.magnitude();
        let signed = |low: bool, high: bool, reach: i128| Interval {
            low: if low { -reach } else { 0 },
            high: if high { reach } else { 0 },
            is_exact: true,
        };
        if let Kind::Remainder { fmod } = self.kind {
            let largest = (divisor.magnitude() - 1).max(0);
            return Ok(if fmod {
                signed(dividend.low < 0, dividend.high > 0, largest.min(reach))
            } else {
                signed(divisor.low < 0, divisor.high > 0, largest)
            });
        }
        let smallest = if divisor.low > 0 { divisor.low } else { (-divisor.high).max(1) };
        Ok(signed(true, true, reach / smallest))
    }

    fn imprecise(&self, reached: Interval) -> Error {
        Error::IntegerPrecision {
            node: self.node.clone(),
            operator: self.operator.clone(),
            minimum: reached.low,
            maximum: reached.high,
        }
    }
}

fn type_name(data_type: i32) -> &'static str {
    match DataType::try_from(data_type) {
        Ok(DataType::Bool) => "bool",
        Ok(DataType::Int8) => "int8",
        Ok(DataType::Uint8) => "uint8",
        Ok(DataType::Int16) => "int16",
        Ok(DataType::Uint16) => "uint16",
        Ok(DataType::Int32) => "int32",
        Ok(DataType::Uint32) => "uint32",
        Ok(DataType::Uint64) => "uint64",
        _ => "int64",
    }
}

#[cfg(test)]
mod tests;
