//! How large a network may be for what it is made of: a few bytes of a file may not ask for gigabytes.

use super::Network;
use crate::{
    error::{Error, Result},
    integer::widest,
    tensor::value::{Parameter, ParameterId, ValueSpec},
};

/// Elements of values that any network may have.
const FREE_ELEMENTS: u128 = 1 << 18;
/// Elements of values for each element of input and parameters.
const ELEMENTS: u128 = 1 << 10;
/// Gates, elements read by windows without weights and elements of parameters read again that any network may have.
const FREE_STEPS: u128 = 1 << 24;
/// The same for each element of input and parameters.
const STEPS: u128 = 1 << 14;

impl Network {
    /// Refuses networks whose values are out of proportion to their input and parameters: what comes from a file is checked
    /// before it is analysed. `specs` are those of [`Network::infer`].
    ///
    /// # Errors
    /// [`Error::Graph`].
    pub fn check_size(&self, specs: &[ValueSpec]) -> Result<()> {
        let own: u128 = self.parameters.iter().map(|parameter| widest(parameter.num_elements())).sum();
        let input = specs.first().map_or(0, |spec| widest(spec.layout.num_elements()));
        let (mut elements, mut steps) = (0_u128, 0_u128);
        for (node, site) in self.architecture.sites(specs).skip(1) {
            let size = node.operation.layer().size(&site);
            elements = elements
                .saturating_add(widest(site.output.layout.num_elements()))
                .saturating_add(size.elements);
            steps = steps.saturating_add(size.steps);
        }
        steps = steps.saturating_add(self.read_again());
        let known = own.saturating_add(input);
        if elements > FREE_ELEMENTS.saturating_add(known.saturating_mul(ELEMENTS)) {
            return Err(Error::Graph { reason: "its values are much larger than its input and parameters" });
        }
        if steps > FREE_STEPS.saturating_add(known.saturating_mul(STEPS)) {
            return Err(Error::Graph {
                reason: "its pools, circuits or repeated reads are much larger than its input and parameters",
            });
        }
        Ok(())
    }

    /// Elements of parameters that layers read beyond the first one that reads them: each goes through all of them.
    fn read_again(&self) -> u128 {
        let reads = self.architecture.nodes.iter().flat_map(|node| node.operation.layer().parameters());
        let elements = |id: ParameterId| self.parameters.get(id.index()).map(Parameter::num_elements);
        let read = reads.filter_map(elements).map(widest).fold(0, u128::saturating_add);
        let own = self.parameters.iter().map(|parameter| widest(parameter.num_elements()));
        read.saturating_sub(own.fold(0, u128::saturating_add))
    }
}
