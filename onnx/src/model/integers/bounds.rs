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
    prelude::{Datum, DatumType},
};

use crate::{error::Error, model::file::node_name};

/// Float32 has all integers up to here.
const ALL: i128 = 1 << 24;
/// Quotients are told apart, half a unit from the next, up to here.
const QUOTIENTS: i128 = ALL / 2;
/// What is so much farther apart than float32 rounds is ordered rightly, as a power of two.
const ORDERED: u32 = 22;

/// Integers from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Interval {
    low: i128,
    high: i128,
    /// Whether float32 has every one of them that occurs.
    is_exact: bool,
}

impl Interval {
    fn exact(low: i64, high: i64) -> Self {
        Self { low: low.into(), high: high.into(), is_exact: true }
    }

    /// All integers of a type.
    fn of(data_type: i32) -> Self {
        let (low, high) = match DataType::try_from(data_type) {
            Ok(DataType::Bool) => (0, 1),
            Ok(DataType::Int8) => (i8::MIN.into(), i8::MAX.into()),
            Ok(DataType::Uint8) => (0, u8::MAX.into()),
            Ok(DataType::Int16) => (i16::MIN.into(), i16::MAX.into()),
            Ok(DataType::Uint16) => (0, u16::MAX.into()),
            Ok(DataType::Int32) => (i32::MIN.into(), i32::MAX.into()),
            Ok(DataType::Uint32) => (0, u32::MAX.into()),
            Ok(DataType::Uint64) => (0, u64::MAX.into()),
            _ => (i64::MIN.into(), i128::from(i64::MAX)),
        };
        let result = Self { low, high, is_exact: false };
        Self { is_exact: result.magnitude() <= ALL, ..result }
    }

    /// All integers of what the importer's engine calls a type.
    fn of_engine(datum_type: Option<DatumType>) -> Self {
        let narrow = [
            (bool::datum_type(), DataType::Bool),
            (i8::datum_type(), DataType::Int8),
            (u8::datum_type(), DataType::Uint8),
            (i16::datum_type(), DataType::Int16),
            (u16::datum_type(), DataType::Uint16),
            (i32::datum_type(), DataType::Int32),
            (u32::datum_type(), DataType::Uint32),
        ];
        let found = narrow.iter().find(|(narrow, _)| Some(*narrow) == datum_type);
        Self::of(found.map_or(DataType::Int64, |(_, data_type)| *data_type).into())
    }

    const fn magnitude(self) -> i128 {
        if self.high > -self.low { self.high } else { -self.low }
    }

    const fn negative(self) -> Self {
        Self { low: -self.high, high: -self.low, is_exact: self.is_exact }
    }

    fn hull(self, other: Self) -> Self {
        let is_exact = self.is_exact && other.is_exact;
        Self { low: self.low.min(other.low), high: self.high.max(other.high), is_exact }
    }

    const fn is_one(self) -> bool {
        self.low == self.high
    }

    /// Whether float32 rounds all of them to less than all of the others.
    fn is_below(self, other: Self) -> bool {
        let gap = other.low - self.high;
        gap > 0 && gap.saturating_mul(1 << ORDERED) > self.magnitude().max(other.magnitude())
    }
}

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
    /// Truth values, or positions of elements.
    Question,
    /// What is not carried: an integer of the type, as far as it is known.
    Foreign,
    /// Positions of elements of what is not carried.
    Position,
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

/// What is known of a value that is not carried.
pub(in crate::model) struct Known {
    pub(in crate::model) datum_type: Option<DatumType>,
    /// Smallest and largest element of a constant.
    pub(in crate::model) range: Option<(i64, i64)>,
    /// Number of elements.
    pub(in crate::model) count: Option<usize>,
}

/// The steps of a model that compute with integers, in order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    /// Names of the model's inputs of integers and truth values, and their places among all inputs.
    inputs: Vec<(usize, String)>,
    steps: Vec<Step>,
    /// Values that are read and not carried.
    others: BTreeMap<String, Interval>,
}

impl Steps {
    pub(super) fn input(&mut self, place: usize, name: &str) {
        self.inputs.push((place, name.to_owned()));
    }

    /// Records a node that reads the inputs from `first` on.
    pub(super) fn record(&mut self, node: &NodeProto, kind: Kind, first: usize, data_type: i32) {
        let names = |names: &[String]| names.iter().filter(|name| !name.is_empty()).cloned().collect();
        let inputs: Vec<String> = names(node.input.get(first..).unwrap_or(&[]));
        self.steps.push(Step {
            node: node_name(node).to_owned(),
            operator: node.op_type.clone(),
            kind,
            inputs,
            outputs: names(&node.output),
            data_type,
            terms: 1,
        });
    }

    /// Learns from the analysed graph what is read and not carried, and how long sums are.
    pub(in crate::model) fn learn(&mut self, known: impl Fn(&str) -> Option<Known>) {
        let mut carried: BTreeSet<String> = self.inputs.iter().map(|(_, name)| name.clone()).collect();
        let count = |name: Option<&String>| name.and_then(|name| known(name)).and_then(|known| known.count);
        for step in &mut self.steps {
            if step.kind == Kind::Total
                && let (Some(read), Some(left)) = (count(step.inputs.first()), count(step.outputs.first()))
            {
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

    /// Checks that no integer leaves its type, and that float32 holds them well enough, for inputs with these smallest and
    /// largest values, real ones included.
    ///
    /// # Errors
    /// [`Error::IntegerOverflow`] and [`Error::IntegerPrecision`].
    pub(crate) fn check(&self, bounds: &[(i64, i64)]) -> Result<(), Error> {
        let mut found: BTreeMap<&str, Interval> = BTreeMap::new();
        for (place, name) in &self.inputs {
            let (low, high) = bounds.get(*place).copied().unwrap_or((0, 0));
            found.insert(name, Interval::exact(low, high));
        }
        for step in &self.steps {
            let read = |name: &String| {
                let known = found.get(&**name).or_else(|| self.others.get(name)).copied();
                known.unwrap_or_else(|| Interval::of(step.data_type))
            };
            let operands: Vec<Interval> = step.inputs.iter().map(read).collect();
            let result = step.result(&operands)?;
            for output in &step.outputs {
                found.insert(output, result);
            }
        }
        Ok(())
    }
}

impl Step {
    /// What the results may be.
    fn result(&self, operands: &[Interval]) -> Result<Interval, Error> {
        let [first, rest @ ..] = operands else { return Ok(Interval::of(self.data_type)) };
        let (first, second) = (*first, rest.first().copied());
        let hull = || rest.iter().fold(first, |hull, other| hull.hull(*other));
        let result = match self.kind {
            Kind::Same | Kind::Foreign => hull(),
            Kind::First => first,
            Kind::Position => return Ok(Interval::exact(0, ALL as i64)),
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
            Kind::Question => {
                let is_apart = second.is_some_and(|second| first.is_below(second) || second.is_below(first));
                if !is_apart && operands.iter().any(|operand| !operand.is_exact) {
                    return Err(self.imprecise(hull()));
                }
                // Positions are fewer than there are elements.
                return Ok(Interval::exact(0, ALL as i64));
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
        if !dividend.is_exact || dividend.magnitude() >= QUOTIENTS || !divisor.is_exact {
            return Err(self.imprecise(dividend.hull(divisor)));
        }
        let reach = dividend.magnitude();
        let signed = |low: bool, high: bool, reach: i128| Interval {
            low: if low { -reach } else { 0 },
            high: if high { reach } else { 0 },
            is_exact: true,
        };
        Ok(match self.kind {
            Kind::Remainder { fmod } => {
                let largest = (divisor.magnitude() - 1).max(0);
                if fmod {
                    signed(dividend.low < 0, dividend.high > 0, largest.min(reach))
                } else {
                    signed(divisor.low < 0, divisor.high > 0, largest)
                }
            }
            _ => {
                let smallest = if divisor.low > 0 { divisor.low } else { (-divisor.high).max(1) };
                signed(true, true, reach / smallest)
            }
        })
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
mod tests {
    use super::*;

    const INT32: i32 = DataType::Int32 as i32;
    const INT64: i32 = DataType::Int64 as i32;

    fn step(kind: Kind, data_type: i32, inputs: &[&str]) -> Step {
        Step {
            node: "n".to_owned(),
            operator: "Op".to_owned(),
            kind,
            inputs: inputs.iter().map(|&name| name.to_owned()).collect(),
            outputs: vec!["y".to_owned()],
            data_type,
            terms: 1,
        }
    }

    #[test]
    fn products_leave_thirty_two_bits_and_not_sixty_four() {
        let x = Interval::exact(0, 65_535);
        let error = step(Kind::Product, INT32, &["x", "x"]).result(&[x, x]).expect_err("it goes around");
        assert!(matches!(error, Error::IntegerOverflow { maximum: 4_294_836_225, data_type: "int32", .. }));
        let wide = step(Kind::Product, INT64, &["x", "x"]).result(&[x, x]).expect("it fits");
        assert_eq!(wide, Interval { low: 0, high: 4_294_836_225, is_exact: false });
        let signed = Interval::exact(-128, 127);
        let square = step(Kind::Product, INT32, &["x", "x"]).result(&[signed, signed]).expect("it fits");
        assert_eq!(square, Interval::exact(0, 16_384));
        let product = step(Kind::Product, INT32, &["x", "z"]).result(&[signed, signed]).expect("it fits");
        assert_eq!(product, Interval::exact(-16_256, 16_384));
    }

    #[test]
    fn sums_that_cancel_what_is_rounded_are_refused() {
        let large = Interval { low: 0, high: 1 << 32, is_exact: false };
        let sum = step(Kind::Sum, INT64, &["a", "b"]).result(&[large, large]).expect("it has one sign");
        assert_eq!((sum.low, sum.high, sum.is_exact), (0, 1 << 33, false));
        let error =
            step(Kind::Difference, INT64, &["a", "b"]).result(&[large, large]).expect_err("it cancels");
        assert!(matches!(error, Error::IntegerPrecision { maximum: 0x2_0000_0000, .. }), "{error:?}");
        let end = Interval { is_exact: false, ..Interval::exact(i32::MAX.into(), i32::MAX.into()) };
        let one = Interval::exact(0, 1);
        let error = step(Kind::Sum, INT32, &["a", "b"]).result(&[one, end]).expect_err("it goes around");
        assert!(matches!(error, Error::IntegerOverflow { maximum: 0x8000_0000, .. }), "{error:?}");
    }

    #[test]
    fn comparisons_with_what_is_far_away_are_exact_enough() {
        let (small, end) = (Interval::exact(-128, 127), Interval::of(INT64));
        let end = Interval { low: end.high, ..end };
        assert!(step(Kind::Question, INT64, &["a", "b"]).result(&[small, end]).is_ok());
        let near = Interval { low: ALL, high: ALL + 9, is_exact: false };
        let error =
            step(Kind::Question, INT64, &["a", "b"]).result(&[near, near]).expect_err("it is rounded");
        assert!(matches!(error, Error::IntegerPrecision { .. }), "{error:?}");
    }

    #[test]
    fn remainders_are_below_their_divisor() {
        let (x, three) = (Interval::exact(-9, 9), Interval::exact(3, 3));
        let of = |kind| step(kind, INT64, &["x", "c"]).result(&[x, three]).expect("it is exact");
        assert_eq!(of(Kind::Remainder { fmod: false }), Interval::exact(0, 2));
        assert_eq!(of(Kind::Remainder { fmod: true }), Interval::exact(-2, 2));
        assert_eq!(of(Kind::Quotient), Interval::exact(-3, 3));
    }
}
