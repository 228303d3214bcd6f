//! Products of activations by activations: matrix products, batched or not, and products element by element.

use tract_onnx::{prelude::OutletId, tract_core::ops::einsum::EinSum};

use super::lowering::{Lowering, TypedNode};
use crate::{
    error::Error,
    float_graph::{value::Operation, view::View},
};

/// First name of the axes of length one that no other tensor of the product has.
const FIRST_UNIT_NAME: u8 = 128;

/// A factor, or the result, of a product.
struct Named {
    view: View,
    /// A name for each axis of the value.
    names: Vec<u8>,
}

impl Lowering<'_> {
    /// A factor with its axes named: `name` gives the name of an axis of the outlet.
    fn named(&mut self, node: &TypedNode, view: View, units: &mut u8, name: impl Fn(usize) -> u8) -> Named {
        let view = self.axis_by_axis(node, view);
        let mut names = vec![0; self.lengths(&view).len()];
        for (axis, list) in view.axes.iter().enumerate() {
            for &at in list {
                names[at] = name(axis);
            }
        }
        for unit in names.iter_mut().filter(|name| **name == 0) {
            *unit = *units;
            *units += 1;
        }
        Named { view, names }
    }

    /// Pushes the product of two factors; `wanted` lists the names of the result's axes, `outlet` the name of each axis of
    /// its outlet.
    fn push_product(
        &mut self,
        node: &TypedNode,
        [left, right]: [Named; 2],
        wanted: Vec<u8>,
        outlet: &[u8],
    ) -> View {
        let mut output = wanted;
        let length = |lowering: &Self, name: u8| {
            [&left, &right].into_iter().find_map(|factor| {
                let at = factor.names.iter().position(|&other| other == name)?;
                Some(lowering.lengths(&factor.view)[at])
            })
        };
        output.retain(|&name| length(self, name).is_some());
        if output.is_empty() {
            output.push(u8::MAX);
        }
        let axes: Vec<usize> = output.iter().map(|&name| length(self, name).unwrap_or(1)).collect();
        let place = |name: &u8| output.iter().position(|other| other == name).into_iter().collect();
        let view = outlet.iter().map(place).collect();
        let operation = Operation::Product {
            left: (left.view.value, left.names.clone()),
            right: (right.view.value, right.names.clone()),
            output,
        };
        self.push(&self.name(node), axes, operation, OutletId::new(node.id, 0), view)
    }

    pub(super) fn product_of_activations(&mut self, node: &TypedNode, op: &EinSum) -> Result<View, Error> {
        let axes: Vec<_> = op.axes.iter_all_axes().collect();
        let name_of = |positions: &dyn Fn(usize) -> bool| {
            axes.iter().position(|&axis| {
                let index = axes.iter().position(|&other| std::ptr::eq(other, axis)).unwrap_or(0);
                positions(index)
            })
        };
        let repeated = axes
            .iter()
            .any(|axis| axis.inputs.iter().chain(&axis.outputs).any(|positions| positions.len() > 1));
        if repeated || axes.len() > usize::from(FIRST_UNIT_NAME) - 1 {
            return Err(self.refuse(node, "a repeated axis", "a plain matrix product"));
        }
        let mut units = FIRST_UNIT_NAME;
        let mut factors = vec![];
        for input in 0..2 {
            let view = self.view(node, input)?;
            let name = |position: usize| {
                name_of(&|index| axes[index].inputs[input].contains(&position))
                    .map_or(0, |index| index as u8 + 1)
            };
            factors.push(self.named(node, view, &mut units, name));
        }
        let rank = self.output_shape(node)?.len();
        let outlet: Vec<u8> = (0..rank)
            .map(|position| {
                name_of(&|index| axes[index].outputs[0].contains(&position))
                    .map_or(0, |index| index as u8 + 1)
            })
            .collect();
        let factors = <[Named; 2]>::try_from(factors).map_err(|_| self.unsupported(node))?;
        self.check_sums(node, &factors, &outlet)?;
        Ok(self.push_product(node, factors, outlet.clone(), &outlet))
    }

    /// Refuses a sum over an axis that one factor lacks, which would count its length.
    fn check_sums(&self, node: &TypedNode, factors: &[Named; 2], outlet: &[u8]) -> Result<(), Error> {
        let [left, right] = factors;
        for (one, other) in [(left, right), (right, left)] {
            for (&name, &length) in one.names.iter().zip(self.lengths(&one.view)) {
                if length > 1 && !other.names.contains(&name) && !outlet.contains(&name) {
                    let expected = "sums over axes that both factors have";
                    return Err(self.refuse(node, "a sum over an axis of one factor", expected));
                }
            }
        }
        Ok(())
    }

    pub(super) fn elementwise_product(&mut self, node: &TypedNode) -> Result<View, Error> {
        let rank = self.output_shape(node)?.len();
        let mut units = FIRST_UNIT_NAME;
        let mut factors = vec![];
        for input in 0..2 {
            let mut view = self.view(node, input)?;
            while view.axes.len() < rank {
                view.axes.insert(0, vec![]);
            }
            factors.push(self.named(node, view, &mut units, |axis| axis as u8 + 1));
        }
        let [left, right] = <[Named; 2]>::try_from(factors).map_err(|_| self.unsupported(node))?;
        let size = |lowering: &Self, named: &Named| lowering.lengths(&named.view).iter().product::<usize>();
        let (first, second) =
            if size(self, &left) < size(self, &right) { (&right, &left) } else { (&left, &right) };
        let mut output = first.names.clone();
        output.extend(
            second.names.iter().filter(|name| **name < FIRST_UNIT_NAME && !first.names.contains(name)),
        );
        let outlet: Vec<u8> = (1..=rank as u8).collect();
        Ok(self.push_product(node, [left, right], output, &outlet))
    }
}
