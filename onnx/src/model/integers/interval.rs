//! Integers from one to another.

use tract_onnx::{
    pb::tensor_proto::DataType,
    prelude::{Datum, DatumType},
};

/// Float32 has all integers up to here.
pub(super) const ALL: i128 = 1 << 24;
/// What is so much farther apart than float32 rounds is ordered rightly, as a power of two.
const ORDERED: u32 = 22;

/// Integers from one to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) low: i128,
    pub(super) high: i128,
    /// Whether float32 has every one of them that occurs.
    pub(super) is_exact: bool,
}

impl Interval {
    pub(super) fn exact(low: i64, high: i64) -> Self {
        Self { low: low.into(), high: high.into(), is_exact: true }
    }

    /// All integers of a type.
    pub(super) fn of(data_type: i32) -> Self {
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
    pub(super) fn of_engine(datum_type: Option<DatumType>) -> Self {
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

    pub(super) const fn magnitude(self) -> i128 {
        if self.high > -self.low { self.high } else { -self.low }
    }

    pub(super) const fn negative(self) -> Self {
        Self { low: -self.high, high: -self.low, is_exact: self.is_exact }
    }

    pub(super) fn hull(self, other: Self) -> Self {
        let is_exact = self.is_exact && other.is_exact;
        Self { low: self.low.min(other.low), high: self.high.max(other.high), is_exact }
    }

    pub(super) const fn is_one(self) -> bool {
        self.low == self.high
    }

    /// Whether float32 rounds all of them to less than all of the others.
    pub(super) fn is_below(self, other: Self) -> bool {
        let gap = other.low - self.high;
        gap > 0 && gap.saturating_mul(1 << ORDERED) > self.magnitude().max(other.magnitude())
    }
}
