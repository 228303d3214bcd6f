//! Resized axes: places repeated or left out, or a constant matrix of interpolation along each axis.
//!
//! Coordinates are those of ONNX, in single precision, as ONNX Runtime computes them.

use super::rewriting::{Rewriting, Rewritten};
use crate::error::Error;

/// How far a place may be from the middle between two others to be taken for it.
const BETWEEN: f32 = 1e-6;
/// Elements of a result, and of a matrix of interpolation, at most.
const MAX_ELEMENTS: usize = 1 << 26;

/// How places of the result are found in the input.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Coordinates {
    HalfPixel,
    PytorchHalfPixel,
    HalfPixelSymmetric,
    AlignCorners,
    Asymmetric,
    HalfPixelForNearest,
}

/// Which of two places is nearest.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Nearest {
    PreferFloor,
    PreferCeiling,
    Floor,
    Ceiling,
    /// Of old operator sets: towards zero, but up where the axis becomes shorter.
    Simple,
}

/// One axis.
#[derive(Debug, Clone, Copy)]
struct Axis {
    length: usize,
    resized: usize,
    scale: f32,
}

impl Coordinates {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "half_pixel" => Self::HalfPixel,
            "pytorch_half_pixel" => Self::PytorchHalfPixel,
            "half_pixel_symmetric" => Self::HalfPixelSymmetric,
            "align_corners" => Self::AlignCorners,
            "asymmetric" => Self::Asymmetric,
            "tf_half_pixel_for_nn" => Self::HalfPixelForNearest,
            _ => return None,
        })
    }

    fn original(self, place: usize, axis: Axis) -> f32 {
        let (x, scale) = (place as f32, axis.scale);
        let (length, resized) = (axis.length as f32, axis.resized as f32);
        let half_pixel = (x + 0.5) / scale - 0.5;
        match self {
            Self::HalfPixel => half_pixel,
            Self::PytorchHalfPixel => {
                if axis.resized > 1 {
                    half_pixel
                } else {
                    0.0
                }
            }
            Self::HalfPixelSymmetric => {
                let offset = length / 2.0 * (1.0 - resized / (scale * length));
                // In double precision, unlike the others.
                (f64::from(offset) + (f64::from(x) + 0.5) / f64::from(scale) - 0.5) as f32
            }
            Self::AlignCorners => {
                if axis.resized > 1 {
                    x * (length - 1.0) / (resized - 1.0)
                } else {
                    0.0
                }
            }
            Self::Asymmetric => x / scale,
            Self::HalfPixelForNearest => (x + 0.5) / scale,
        }
    }
}

impl Nearest {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "round_prefer_floor" => Self::PreferFloor,
            "round_prefer_ceil" => Self::PreferCeiling,
            "floor" => Self::Floor,
            "ceil" => Self::Ceiling,
            _ => return None,
        })
    }

    fn place(self, x: f32, axis: Axis) -> usize {
        let is_between = (x - x.floor() - 0.5).abs() <= BETWEEN;
        let nearest = match self {
            Self::PreferFloor if is_between => x.floor(),
            Self::PreferCeiling if is_between => x.ceil(),
            Self::PreferFloor | Self::PreferCeiling => x.round(),
            Self::Floor => x.floor(),
            Self::Ceiling => x.ceil(),
            Self::Simple => {
                if axis.scale < 1.0 {
                    x.ceil()
                } else {
                    x.trunc()
                }
            }
        };
        nearest.clamp(0.0, axis.length as f32 - 1.0) as usize
    }
}

/// Weights of linear interpolation at a coordinate.
fn linear(x: f32, axis: Axis) -> Vec<f32> {
    let last = axis.length - 1;
    let x = x.clamp(0.0, last as f32);
    let first = (x as usize).min(last);
    let second = (first + 1).min(last);
    let mut row = vec![0.0; axis.length];
    if first == second {
        row[first] = 1.0;
    } else {
        row[first] += (x - second as f32).abs();
        row[second] += (x - first as f32).abs();
    }
    row
}

/// Weights of cubic interpolation at a coordinate.
fn cubic(x: f32, axis: Axis, a: f32, leaves_out: bool) -> Vec<f32> {
    let start = x.floor();
    let s = x - start;
    let outer = |t: f32| ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a;
    let inner = |t: f32| ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
    let weights = [outer(s + 1.0), inner(s), inner(1.0 - s), outer(2.0 - s)];
    let mut row = vec![0.0; axis.length];
    for (offset, weight) in weights.into_iter().enumerate() {
        let place = start as i64 + offset as i64 - 1;
        let inside = place.clamp(0, axis.length as i64 - 1);
        if !leaves_out || inside == place {
            row[inside as usize] += weight;
        }
    }
    let sum: f32 = row.iter().sum();
    if leaves_out {
        for weight in &mut row {
            *weight /= sum;
        }
    }
    row
}

/// `Resize`.
pub(super) fn resize(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let is_old = r.opset() < 11;
    let (scales, sizes) = if is_old { (1, 3) } else { (2, 3) };
    let axes = resized_axes(r, shape, scales, sizes)?;
    for (name, neutral) in [("antialias", "0"), ("keep_aspect_ratio_policy", "stretch")] {
        let is_neutral =
            if name == "antialias" { r.int(name, 0) == 0 } else { r.text(name, neutral) == neutral };
        if !is_neutral {
            return Err(r.refuse(format!("`{name}`"), "its default"));
        }
    }
    let how = r.text("coordinate_transformation_mode", if is_old { "asymmetric" } else { "half_pixel" });
    let Some(coordinates) = Coordinates::of(how) else {
        return Err(r.refuse(format!("the coordinates `{how}`"), "coordinates that need no region"));
    };
    let is_parted = |axis: &Axis| (axis.scale * axis.length as f32 - axis.resized as f32).abs() > 1e-3;
    if coordinates == Coordinates::AlignCorners && axes.iter().any(is_parted) {
        // ONNX takes the corner of the length before it is rounded, ONNX Runtime of the length after.
        let actual = "aligned corners with a scale that gives no whole length";
        return Err(r.refuse(actual, "scales that give whole lengths, or sizes"));
    }
    let rounding = r.text("nearest_mode", "round_prefer_floor");
    let nearest = if is_old { Some(Nearest::Simple) } else { Nearest::of(rounding) };
    let Some(nearest) = nearest else {
        return Err(r.refuse(format!("the rounding `{rounding}`"), "one that ONNX has"));
    };
    resample(r, x, shape, &axes, coordinates, nearest)
}

/// `Upsample` of old operator sets by anything but whole factors to the nearest place.
pub(super) fn upsample(r: &mut Rewriting<'_>) -> Rewritten {
    let x = r.input(0)?;
    let Some(shape) = r.known_shape(x) else { return Ok(None) };
    let axes = resized_axes(r, shape, 1, 3)?;
    let is_whole = axes.iter().all(|axis| axis.scale >= 1.0 && axis.scale.fract() == 0.0);
    if is_whole && r.text("mode", "nearest") == "nearest" {
        return Ok(None);
    }
    resample(r, x, shape, &axes, Coordinates::Asymmetric, Nearest::Simple)
}

fn resized_axes(r: &Rewriting<'_>, shape: &[usize], scales: usize, sizes: usize) -> Result<Vec<Axis>, Error> {
    let subset = r.ints("axes").map_or_else(|| (0..shape.len() as i64).collect(), <[i64]>::to_vec);
    let mut axes: Vec<Axis> =
        shape.iter().map(|&length| Axis { length, resized: length, scale: 1.0 }).collect();
    let computed = || r.refuse("computed scales or sizes", "constant scales or sizes");
    let sizes = r.optional_input(sizes).map(|name| r.integers(name).ok_or_else(computed)).transpose()?;
    let scales = match (r.reals("scales"), r.optional_input(scales)) {
        (Some(scales), _) => Some(scales.to_vec()),
        (None, Some(name)) => Some(r.numbers(name).ok_or_else(computed)?).filter(|scales| !scales.is_empty()),
        (None, None) => None,
    };
    let count = sizes.as_ref().map(Vec::len).or(scales.as_ref().map(Vec::len));
    if count != Some(subset.len()) {
        return Err(r.refuse("another number of scales or sizes than axes", "one for each axis"));
    }
    for (index, &axis) in subset.iter().enumerate() {
        let axis = &mut axes[r.normalised(axis, shape.len())?];
        let size = sizes.as_ref().map(|sizes| sizes[index]);
        let scale = scales.as_ref().map(|scales| scales[index]);
        if let Some(scale) = scale.filter(|scale| !(scale.is_finite() && *scale > 0.0)) {
            return Err(r.refuse(format!("the scale {scale}"), "positive numbers"));
        }
        axis.resized = match (size, scale) {
            (Some(size), _) => usize::try_from(size).unwrap_or(0),
            (None, Some(scale)) => (axis.length as f32 * scale).floor() as usize,
            (None, None) => axis.length,
        };
        axis.scale = size.map_or(scale, |_| None).unwrap_or(axis.resized as f32 / axis.length as f32);
        if axis.resized == 0 || axis.length == 0 {
            return Err(r.refuse("an empty result", "at least one place on each axis"));
        }
    }
    let elements = axes.iter().map(|axis| axis.resized).fold(1, usize::saturating_mul);
    if elements > MAX_ELEMENTS {
        return Err(r.refuse(format!("a result of {elements} elements"), "up to 67108864 elements"));
    }
    Ok(axes)
}

fn resample(
    r: &mut Rewriting<'_>,
    x: &str,
    shape: &[usize],
    axes: &[Axis],
    coordinates: Coordinates,
    nearest: Nearest,
) -> Rewritten {
    if axes.iter().all(|axis| axis.resized == axis.length) {
        // Whatever the scales are, ONNX Runtime copies.
        return Ok(Some(vec![x.to_owned()]));
    }
    let mode = r.text("mode", "nearest");
    let (a, leaves_out) = (r.float("cubic_coeff_a", -0.75), r.int("exclude_outside", 0) != 0);
    let (mut value, mut lengths) = (x.to_owned(), shape.to_vec());
    for (at, &axis) in axes.iter().enumerate() {
        if axis.resized == axis.length && (axis.scale - 1.0).abs() <= 0.0 {
            continue;
        }
        let originals = (0..axis.resized).map(|place| coordinates.original(place, axis));
        value = match mode {
            "nearest" => {
                let places: Vec<usize> = originals.map(|x| nearest.place(x, axis)).collect();
                r.select(&value, &lengths, at, &places)
            }
            "linear" | "bilinear" | "cubic" => {
                if axis.length.saturating_mul(axis.resized) > MAX_ELEMENTS {
                    let actual = format!("interpolation of {} places from {}", axis.resized, axis.length);
                    return Err(r.refuse(actual, "two lengths whose product is up to 67108864"));
                }
                let row = |x| if mode == "cubic" { cubic(x, axis, a, leaves_out) } else { linear(x, axis) };
                let matrix: Vec<Vec<f32>> = originals.map(row).collect();
                r.map_along(&value, &lengths, at, &matrix)
            }
            _ => return Err(r.refuse(format!("mode `{mode}`"), "mode `nearest`, `linear` or `cubic`")),
        };
        lengths[at] = axis.resized;
    }
    Ok(Some(vec![value]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_weights_lie_between_neighbours() {
        let axis = Axis { length: 3, resized: 6, scale: 2.0 };
        let at = |place| linear(Coordinates::HalfPixel.original(place, axis), axis);
        assert_eq!(at(0), [1.0, 0.0, 0.0]);
        assert_eq!(at(1), [0.75, 0.25, 0.0]);
        assert_eq!(at(5), [0.0, 0.0, 1.0]);
    }

    #[test]
    fn cubic_weights_sum_to_one() {
        let axis = Axis { length: 4, resized: 8, scale: 2.0 };
        for leaves_out in [false, true] {
            for place in 0..8 {
                let row = cubic(Coordinates::HalfPixel.original(place, axis), axis, -0.75, leaves_out);
                assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn halves_go_where_the_mode_says() {
        let axis = Axis { length: 9, resized: 9, scale: 1.0 };
        let at = |nearest: Nearest| nearest.place(2.5, axis);
        assert_eq!([at(Nearest::PreferFloor), at(Nearest::PreferCeiling)], [2, 3]);
        assert_eq!([at(Nearest::Floor), at(Nearest::Ceiling)], [2, 3]);
    }
}
