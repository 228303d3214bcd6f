//! Constant tensors, and the integers and scales of those that are quantised.

use tract_onnx::{
    data_resolver::MmapDataResolver,
    pb::TensorProto,
    prelude::{DatumType, Tensor},
    tensor::load_tensor,
};

use super::node::Node;
use crate::{
    error::Error,
    model::guard::{Failure, attempt},
};

/// A constant tensor. Numbers of up to 53 bits are exact.
#[derive(Debug, Clone)]
pub(super) struct Constant {
    pub(super) shape: Vec<usize>,
    /// Row-major; the real values of a dequantised constant.
    pub(super) values: Vec<f64>,
    /// Smallest and largest integer of a type of four, eight or sixteen bits.
    pub(super) range: Option<(i64, i64)>,
    /// Where the values come from, for a dequantised constant.
    pub(super) quantisation: Option<Quantisation>,
}

/// The integers of a dequantised constant and their scales.
#[derive(Debug, Clone)]
pub(super) struct Quantisation {
    /// Integers with the zero point taken off, row-major.
    pub(super) integers: Vec<f64>,
    /// One for all, or one for each position of `axis`.
    pub(super) scales: Vec<f32>,
    pub(super) axis: usize,
}

impl Constant {
    /// Reads a tensor of the file.
    pub(super) fn new(tensor: &TensorProto, folder: Option<&str>) -> Result<Self, String> {
        if let Some(range) = four_bits(tensor.data_type) {
            return Self::packed(tensor, range);
        }
        if let Some(name) = small_float(tensor.data_type) {
            return Err(format!("a tensor of type {name}"));
        }
        let unread = |failure: Failure| {
            let reason =
                || format!("a tensor `{}` whose elements are not what its type and shape say", tensor.name);
            failure.refusal.unwrap_or_else(reason)
        };
        let loaded = attempt(|| load_tensor(&MmapDataResolver, tensor, folder)).map_err(unread)?;
        let values = attempt(|| floats(&loaded)).map_err(unread)?;
        let tensor = loaded;
        let shape = tensor.shape().to_vec();
        if shape.iter().product::<usize>() != values.len() {
            return Err(format!("a constant of shape {shape:?} has {} elements", values.len()));
        }
        let range = match tensor.datum_type() {
            DatumType::U8 => Some((0, 255)),
            DatumType::I8 => Some((-128, 127)),
            DatumType::U16 => Some((0, 65_535)),
            DatumType::I16 => Some((-32_768, 32_767)),
            _ => None,
        };
        Ok(Self { shape, values, range, quantisation: None })
    }

    /// Integers of four bits, two to a byte, the first in the lower half.
    fn packed(tensor: &TensorProto, range: (i64, i64)) -> Result<Self, String> {
        let shape: Vec<usize> =
            tensor.dims.iter().map(|&length| usize::try_from(length).unwrap_or(0)).collect();
        let count = shape.iter().try_fold(1_usize, |count, &length| count.checked_mul(length));
        let bytes: Vec<u8> = if tensor.raw_data.is_empty() {
            tensor.int32_data.iter().map(|&word| word as u8).collect()
        } else {
            tensor.raw_data.clone()
        };
        if count.is_none_or(|count| count.div_ceil(2) != bytes.len()) {
            return Err(format!("a constant of shape {shape:?} and four bits has {} bytes", bytes.len()));
        }
        let signed = |half: u8| {
            let half = i64::from(half);
            if half > range.1 { half - 16 } else { half }
        };
        let halves = bytes.iter().flat_map(|byte| [byte & 15, byte >> 4]);
        let values = halves.take(count.unwrap_or(0)).map(|half| signed(half) as f64).collect();
        Ok(Self { shape, values, range: Some(range), quantisation: None })
    }

    /// One real number.
    pub(super) fn number(value: f32) -> Self {
        Self { shape: vec![], values: vec![value.into()], range: None, quantisation: None }
    }

    /// Ones: a single number, or a list.
    pub(super) fn ones(count: usize) -> Self {
        let shape = if count == 1 { vec![] } else { vec![count] };
        Self { shape, values: vec![1.0; count], range: None, quantisation: None }
    }

    /// The single element.
    pub(super) fn scalar(&self) -> Option<f64> {
        <[f64; 1]>::try_from(&self.values[..]).ok().map(|[value]| value)
    }

    /// All elements as integers, for shapes and axes.
    pub(super) fn integers(&self) -> Vec<i64> {
        self.values.iter().map(|&value| value as i64).collect()
    }

    /// The constant under another shape of as many elements.
    pub(super) fn reshaped(&self, node: Node<'_>, shape: Vec<usize>) -> Result<Self, Error> {
        let per_axis = self.quantisation.as_ref().is_some_and(|quantisation| quantisation.scales.len() > 1);
        if per_axis && shape != self.shape {
            return Err(node.refuse("reshaping a constant with several scales", "one scale, or no reshape"));
        }
        Ok(Self { shape, ..self.clone() })
    }

    /// The constant with its axes in another order.
    pub(super) fn transposed(&self, permutation: &[usize]) -> Self {
        let mut strides = vec![1; self.shape.len()];
        for axis in (1..self.shape.len()).rev() {
            strides[axis - 1] = strides[axis] * self.shape[axis];
        }
        let shape: Vec<usize> = permutation.iter().map(|&axis| self.shape[axis]).collect();
        let place = |mut index: usize| {
            let mut at = 0;
            for (&axis, &length) in permutation.iter().zip(&shape).rev() {
                at += index % length * strides[axis];
                index /= length;
            }
            at
        };
        let permute = |values: &[f64]| (0..values.len()).map(|i| values[place(i)]).collect();
        let quantisation = self.quantisation.as_ref().map(|quantisation| Quantisation {
            integers: permute(&quantisation.integers),
            scales: quantisation.scales.clone(),
            axis: permutation.iter().position(|&axis| axis == quantisation.axis).unwrap_or(0),
        });
        Self { values: permute(&self.values), shape, range: self.range, quantisation }
    }

    /// The constant read as integers with these scales and zero points along an axis.
    pub(super) fn dequantised(
        &self,
        node: Node<'_>,
        scales: &Self,
        zero_points: Option<&Self>,
        axis: i64,
    ) -> Result<Self, Error> {
        let count = scales.values.len();
        let axis = usize::try_from(if axis < 0 { axis + self.shape.len() as i64 } else { axis });
        let axis = axis.ok().filter(|&axis| count == 1 || self.shape.get(axis) == Some(&count));
        let (Some(axis), 0 | 1) = (axis, scales.shape.len()) else {
            let actual =
                format!("scales of shape {:?} for a constant of shape {:?}", scales.shape, self.shape);
            return Err(node.refuse(actual, "one scale, or one for each position of one axis"));
        };
        if zero_points.is_some_and(|points| ![1, count].contains(&points.values.len())) {
            return Err(node.refuse("zero points that do not fit the scales", "one for each scale"));
        }
        let inner: usize = self.shape.iter().skip(axis + 1).product();
        let of =
            |values: &[f64], index: usize| values[if values.len() == 1 { 0 } else { index / inner % count }];
        let scale = |index: usize| of(&scales.values, index);
        let zero_point = |index: usize| zero_points.map_or(0.0, |points| of(&points.values, index));
        let integers: Vec<f64> =
            self.values.iter().enumerate().map(|(index, q)| q - zero_point(index)).collect();
        let values = integers.iter().enumerate().map(|(index, q)| q * scale(index)).collect();
        let scales = scales.values.iter().map(|&scale| scale as f32).collect();
        let quantisation = Some(Quantisation { integers, scales, axis });
        Ok(Self { shape: self.shape.clone(), values, range: None, quantisation })
    }

    /// Real numbers to integers of a type with this range, as QuantizeLinear does it.
    pub(super) fn quantised(&self, scale: f32, zero_point: i64, range: (i64, i64)) -> Self {
        let integer = |&value: &f64| {
            let q = (value as f32 / scale).round_ties_even() as i64;
            q.saturating_add(zero_point).clamp(range.0, range.1) as f64
        };
        let values = self.values.iter().map(integer).collect();
        Self { shape: self.shape.clone(), values, range: Some(range), quantisation: None }
    }
}

/// The range of a type of four bits.
const fn four_bits(data_type: i32) -> Option<(i64, i64)> {
    match data_type {
        21 => Some((0, 15)),
        22 => Some((-8, 7)),
        _ => None,
    }
}

/// The name of a type of small floating-point numbers.
const fn small_float(data_type: i32) -> Option<&'static str> {
    match data_type {
        17 => Some("FLOAT8E4M3FN"),
        18 => Some("FLOAT8E4M3FNUZ"),
        19 => Some("FLOAT8E5M2"),
        20 => Some("FLOAT8E5M2FNUZ"),
        23 => Some("FLOAT4E2M1"),
        24 => Some("FLOAT8E8M0"),
        _ => None,
    }
}

fn floats(tensor: &Tensor) -> tract_onnx::prelude::TractResult<Vec<f64>> {
    let tensor = tensor.cast_to::<f64>()?;
    Ok(tensor.to_plain_array_view::<f64>()?.iter().copied().collect())
}
