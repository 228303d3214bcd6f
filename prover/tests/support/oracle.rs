//! What the verifier must answer to a proof that differs from an honest one, worked out from the order of messages and
//! checks alone: the first changed message decides which check sees it, unless something before that check is malformed.

use ark_bn254::Fr;
use tacit_layers::{Network, VerifyingKey, argument::lookup_block::BlockSource};
use tacit_prover::Proven;
use tacit_transcript::{
    Error as Malformed, Label,
    encoding::{point_from_bytes, scalar_from_bytes},
    labels,
};
use tacit_verifier::Error;

/// One message of an honest proof.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message {
    pub(crate) label: Label,
    pub(crate) start: usize,
    pub(crate) length: usize,
}

impl Message {
    pub(crate) fn end(&self) -> usize {
        self.start + self.length
    }

    /// Whether its elements are points.
    pub(crate) fn holds_points(&self) -> bool {
        [
            labels::WITNESS_COMMITMENT,
            labels::DEFERRED_COMMITMENT,
            labels::INNER_PRODUCT_HALVES,
            labels::MASK_COMMITMENT,
            labels::ANNOUNCEMENT,
        ]
        .contains(&self.label)
    }

    /// Whether these are the canonical bytes of an element.
    pub(crate) fn decodes(&self, element: &[u8]) -> bool {
        if self.holds_points() {
            point_from_bytes(element).is_some()
        } else {
            scalar_from_bytes(element).is_some()
        }
    }

    /// The error of a message whose element with this index is not canonical.
    pub(crate) fn malformed(&self, index: usize) -> Error {
        let label = self.label;
        Error::Malformed(if self.holds_points() {
            Malformed::Point { label, index }
        } else {
            Malformed::Scalar { label, index }
        })
    }
}

/// An honest proof and what is known about its messages.
pub(crate) struct Oracle {
    pub(crate) proof: Vec<u8>,
    pub(crate) messages: Vec<Message>,
    /// Of the messages with look-up columns: whether it is a multiplicity.
    multiplicities: Vec<bool>,
    addition: String,
    /// Name of the network's concatenation.
    concatenation: String,
}

impl Oracle {
    pub(crate) fn new(network: &Network, key: &VerifyingKey, proven: &Proven) -> Self {
        let mut start = 0;
        let messages = proven.messages.iter().map(|(name, length)| {
            let label = *labels::ALL.iter().find(|label| label.name() == name).unwrap();
            let message = Message { label, start, length: *length };
            start += length;
            message
        });
        let named = |operation| {
            let mut nodes = network.architecture.nodes.iter();
            nodes
                .find(|node| node.operation.layer().name() == operation)
                .map(|node| node.name.clone())
                .unwrap_or_default()
        };
        Self {
            messages: messages.collect(),
            proof: proven.proof.clone(),
            multiplicities: key
                .plan()
                .segments
                .iter()
                .map(|segment| segment.rows == BlockSource::Table)
                .collect(),
            addition: named("Add"),
            concatenation: named("Concat"),
        }
    }

    /// The verifier's error for these bytes; nothing when they are the honest proof's.
    pub(crate) fn error(&self, bytes: &[u8]) -> Option<Error> {
        let honest = |message: &Message| &self.proof[message.start..message.end()];
        let changed = self.messages.iter().position(|m| bytes.get(m.start..m.end()) != Some(honest(m)));
        let Some(changed) = changed else {
            let count = bytes.len() - self.proof.len();
            return (count > 0).then_some(Error::Malformed(Malformed::TrailingBytes { count }));
        };
        let (last, error) = self.check(changed, bytes);
        for message in &self.messages[changed..=last] {
            let Some(read) = bytes.get(message.start..message.end()) else {
                let left = bytes.len() - message.start;
                let (label, needed) = (message.label, message.length);
                return Some(Error::Malformed(Malformed::Truncated { label, needed, left }));
            };
            if let Some(index) = read.chunks_exact(32).position(|element| !message.decodes(element)) {
                return Some(message.malformed(index));
            }
        }
        Some(error)
    }

    /// The same where messages are masked: no check fails before the response to the challenge that follows from them all.
    fn masked(&self, changed: usize, response: usize, bytes: &[u8]) -> (usize, Error) {
        let factors = self.messages.iter().position(|m| m.label == labels::MASKING_FACTORS).unwrap();
        let (start, of_error) = (self.messages[response].start, 64);
        let error = start..start + of_error;
        if changed < response || changed == response && bytes.get(error.clone()) != Some(&self.proof[error]) {
            (response, Error::MaskedChecks { part: "error" })
        } else if changed < factors || changed == factors && self.factors_differ(factors, bytes) {
            (factors, Error::MaskedChecks { part: "products" })
        } else {
            (self.messages.len() - 1, Error::Opening)
        }
    }

    /// Whether two factors have another product.
    fn factors_differ(&self, factors: usize, bytes: &[u8]) -> bool {
        let message = self.messages[factors];
        let product = |bytes: &[u8]| -> Option<Fr> {
            bytes.get(message.start..message.end())?.chunks_exact(32).map(scalar_from_bytes).product()
        };
        product(bytes) != product(&self.proof)
    }

    /// The check that a change of this message fails: after which message it comes, and its error.
    pub(crate) fn check(&self, changed: usize, bytes: &[u8]) -> (usize, Error) {
        let label = self.messages[changed].label;
        let first = |label| self.messages.iter().position(|m| m.label == label);
        let last = |label| self.messages.iter().rposition(|m| m.label == label).unwrap();
        let value = |argument, message| (last(message), Error::FinalValue { argument, message });
        if let Some(response) = first(labels::MASKING_RESPONSE) {
            return self.masked(changed, response, bytes);
        }
        if let Some(root) = first(labels::FRACTIONS).filter(|&root| root >= changed)
            && let Some(error) = self.root(root, bytes)
        {
            return (root, error);
        }
        if label == labels::COLUMN_VALUES {
            return (last(label), Error::LookupColumns { part: self.part(bytes) });
        }
        // A changed message changes every challenge after it, so that the next sumcheck's end fails, whatever it is
        // about. The root of the look-up tree and the columns' check depend on no challenge between.
        let fractions = first(labels::FRACTIONS).unwrap_or(usize::MAX);
        for (index, message) in self.messages.iter().enumerate().skip(changed) {
            match message.label {
                labels::FRACTIONS if index > fractions => {
                    let level =
                        self.messages[..=index].iter().filter(|m| m.label == labels::FRACTIONS).count();
                    return (index, Error::FractionLevel { level });
                }
                labels::POOL_DIFFERENCES if index > changed || self.product_differs(index, bytes) => {
                    return value("max-pools", labels::POOL_DIFFERENCES);
                }
                labels::ADDEND_VALUES if self.differs(index, bytes) => {
                    return (index, Error::Addends { layer: self.addition.clone() });
                }
                labels::ACCUMULATOR_VALUES => return value("rescales", labels::ACCUMULATOR_VALUES),
                // Of one layer's weights and input, their product alone is checked at once.
                labels::CONTRACTION_VALUES
                    if index == changed
                        && self.messages[index].length == 64
                        && self.differs(index, bytes)
                        && !self.product_differs(index, bytes) =>
                {
                    return (self.messages.len() - 1, Error::PublicInput);
                }
                labels::CONTRACTION_VALUES => return value("contractions", labels::CONTRACTION_VALUES),
                labels::PRODUCT_VALUES => return value("products", labels::PRODUCT_VALUES),
                labels::SPECTRUM_VALUES => return value("frequency products", labels::SPECTRUM_VALUES),
                labels::TRANSFORM_VALUES => return value("transforms", labels::TRANSFORM_VALUES),
                // One for each level of Fourier vectors.
                labels::FOURIER_VALUES => {
                    let (argument, message) = ("Fourier vectors", message.label);
                    return (index, Error::FinalValue { argument, message });
                }
                labels::CONVOLUTION_VALUES => return value("convolutions", labels::CONVOLUTION_VALUES),
                labels::CROSS_VALUES => return (index, Error::ProductPolynomials),
                labels::FACTOR_VALUES => return value("inner products", labels::FACTOR_VALUES),
                // One of each for every depth of the circuits.
                labels::GATE_LEFT_VALUES | labels::GATE_RIGHT_VALUES => {
                    return (index, Error::FinalValue { argument: "gates", message: message.label });
                }
                labels::WINDOW_VALUES => return value("windows", labels::WINDOW_VALUES),
                labels::VIEW_SHARES if self.sum_differs(index, bytes) => {
                    return (index, Error::Shares { layer: self.concatenation.clone() });
                }
                // One for each level of views.
                labels::VIEW_VALUES => {
                    return (index, Error::FinalValue { argument: "views", message: message.label });
                }
                _ => {}
            }
        }
        (self.messages.len() - 1, Error::Opening)
    }

    fn differs(&self, index: usize, bytes: &[u8]) -> bool {
        let message = &self.messages[index];
        bytes.get(message.start..message.end()) != Some(&self.proof[message.start..message.end()])
    }

    /// Only the sum of a concatenation's shares is checked at once; which is which is left to the sumcheck.
    fn sum_differs(&self, index: usize, bytes: &[u8]) -> bool {
        let message = &self.messages[index];
        let sum = |bytes: &[u8]| -> Option<Fr> {
            bytes.get(message.start..message.end())?.chunks_exact(32).map(scalar_from_bytes).sum()
        };
        sum(bytes) != sum(&self.proof)
    }

    /// Only the product of a window's differences is checked at once; which is which is left to later checks.
    fn product_differs(&self, index: usize, bytes: &[u8]) -> bool {
        let message = &self.messages[index];
        let product = |bytes: &[u8]| -> Option<Fr> {
            bytes.get(message.start..message.end())?.chunks_exact(32).map(scalar_from_bytes).product()
        };
        product(bytes) != product(&self.proof)
    }

    /// The two fractions of the root are checked by themselves: their sum must be zero.
    fn root(&self, index: usize, bytes: &[u8]) -> Option<Error> {
        let message = &self.messages[index];
        let read = bytes.get(message.start..message.end()).unwrap_or_default();
        let scalars: Option<Vec<Fr>> = read.chunks_exact(32).map(scalar_from_bytes).collect();
        // What is malformed is found before the sum is taken.
        let Some(&[p0, p1, q0, q1]) = scalars.as_deref() else { return Some(Error::FractionSum) };
        if q0 * q1 == Fr::from(0_u64) {
            return Some(Error::ZeroDenominator);
        }
        (p0 * q1 + p1 * q0 != Fr::from(0_u64)).then_some(Error::FractionSum)
    }

    /// Multiplicities are the only numerators that are sent; they are checked first.
    fn part(&self, bytes: &[u8]) -> &'static str {
        let columns = (0..self.messages.len()).filter(|&i| self.messages[i].label == labels::COLUMN_VALUES);
        let numerator = columns
            .zip(&self.multiplicities)
            .any(|(i, &multiplicity)| multiplicity && self.differs(i, bytes));
        if numerator { "numerator" } else { "denominator" }
    }
}
