//! Every label that enters the transcript, once.

use std::fmt;

/// Tag under which a message is absorbed or a challenge squeezed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(&'static str);

impl Label {
    /// A label with this name.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

macro_rules! labels {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        $($(#[$doc])* pub const $name: Label = Label::new($text);)*
        /// Every label, for the test that no two are the same.
        pub const ALL: &[Label] = &[$($name),*];
    };
}

labels! {
    /// Version of the proof format.
    PROTOCOL_VERSION = "protocol version";
    /// Digest of the architecture.
    ARCHITECTURE = "architecture digest";
    /// Row commitments of the parameters.
    MODEL_COMMITMENT = "model commitment";
    /// Public input tensor.
    INPUT = "public input";
    /// Shape and row commitments of a committed input.
    INPUT_COMMITMENT = "input commitment";
    /// Public output tensor.
    OUTPUT = "public output";
    /// Zero bytes that make hashing dearer than the circuit.
    HARDENING = "hardening";
    /// Row commitments of a witness column.
    WITNESS_COMMITMENT = "witness commitment";
    /// Point at which an output is evaluated.
    OUTPUT_POINT = "output point";
    /// The fingerprint's challenges.
    FINGERPRINT = "look-up fingerprint";
    /// The pair of children of a node of the fraction tree.
    FRACTIONS = "look-up fractions";
    /// Batching of numerator and denominator.
    FRACTION_BATCH = "look-up fraction batch";
    /// The variable that chooses between two children.
    FRACTION_CHILD = "look-up child";
    /// Column evaluations at the look-ups' final point.
    COLUMN_VALUES = "look-up columns";
    /// A round polynomial's coefficients.
    ROUND_POLYNOMIAL = "round polynomial";
    /// A sumcheck's round challenge.
    ROUND_CHALLENGE = "round challenge";
    /// Random combination of batched sumchecks.
    SUMCHECK_BATCH = "sumcheck batch";
    /// Point of the pooling's zero check.
    POOL_POINT = "pool point";
    /// Window differences at the zero check's final point.
    POOL_DIFFERENCES = "pool differences";
    /// Point that combines the offsets of a pooling window.
    POOL_OFFSET = "pool offset";
    /// Maxima evaluated where a claim needs them.
    POOL_VALUES = "pool values";
    /// Accumulators after per-channel scaling is removed.
    ACCUMULATOR_VALUES = "accumulator values";
    /// Biases at the accumulators' points.
    BIAS_VALUES = "bias values";
    /// Addends at the accumulators' points.
    ADDEND_VALUES = "addend values";
    /// Final evaluations of contractions: weights and inputs.
    CONTRACTION_VALUES = "contraction values";
    /// Final evaluations of products of activations: both factors.
    PRODUCT_VALUES = "product values";
    /// Final evaluations of windows: inputs.
    WINDOW_VALUES = "window values";
    /// Row commitments of a column that depends on challenges.
    DEFERRED_COMMITMENT = "late commitment";
    /// Powers at which convolutions are compared as polynomials: height, width.
    CONVOLUTION_POINT = "convolution point";
    /// Convolutions' sums at the power points.
    CONVOLUTION_POWERS = "convolution powers";
    /// Final evaluations of convolutions as polynomials: weights, inputs, sums.
    CONVOLUTION_VALUES = "convolution values";
    /// Random combination of inner products.
    CROSS_BATCH = "cross terms batch";
    /// Power at which matrix products are compared as polynomials.
    CROSS_POWER = "cross terms power";
    /// Inner products and their cross terms at the power points.
    CROSS_VALUES = "cross terms values";
    /// Final evaluations of inner products: both factors.
    FACTOR_VALUES = "factor values";
    /// Shares of a concatenation's inputs in its value.
    VIEW_SHARES = "view shares";
    /// Final evaluations of views: inputs.
    VIEW_VALUES = "view values";
    /// Crops, weights and inputs of convolutions at a frequency.
    SPECTRUM_VALUES = "spectrum values";
    /// Inputs, weights and Fourier vectors behind a convolution's transforms.
    TRANSFORM_VALUES = "transform values";
    /// Fourier vectors of half the length.
    FOURIER_VALUES = "fourier values";
    /// Random combination of the claims on a circuit's layer.
    GATE_CLAIM_BATCH = "gate claim batch";
    /// Shares of a circuit layer's left operands in its claim, but for the first.
    GATE_SHARES = "gate shares";
    /// Left operands after the first phase, each with what its right operands add.
    GATE_LEFT_VALUES = "gate left values";
    /// Right operands after the second phase.
    GATE_RIGHT_VALUES = "gate right values";
    /// A matrix product's evaluation point.
    MATMUL_POINT = "matmul point";
    /// Left and right halves of an inner-product round.
    INNER_PRODUCT_HALVES = "inner product halves";
    /// An inner-product round's challenge.
    INNER_PRODUCT_CHALLENGE = "inner product challenge";
    /// Scale of the inner product's own generator.
    INNER_PRODUCT_GENERATOR = "inner product generator";
    /// The folded vector's last element.
    INNER_PRODUCT_SCALAR = "inner product scalar";
    /// Row commitments opened by a stand-alone argument.
    COMMITMENT = "commitment";
    /// Commitment to the next masks.
    MASK_COMMITMENT = "mask commitment";
    /// Inverses of the look-ups' last two denominators, behind masks only.
    ROOT_INVERSES = "look-up root inverses";
    /// Products of values that a check multiplies by more, behind masks only.
    PARTIAL_PRODUCTS = "partial products";
    /// Random combination of the checks on masked messages.
    CONSTRAINT_BATCH = "constraint batch";
    /// Commitments to fresh masks and vector, to the error and the cross term.
    ANNOUNCEMENT = "masking announcement";
    /// How the fresh vector's value and masks differ.
    ANNOUNCED_VALUE = "masking announced value";
    /// The challenge that combines fresh masks with those in use.
    MASKING_CHALLENGE = "masking challenge";
    /// Error with its blinding, linear part, opened value.
    MASKING_RESPONSE = "masking response";
    /// Both factors of the checks' products at a point.
    MASKING_FACTORS = "masking factors";
    /// Random combination of linear forms of the masks.
    FORM_BATCH = "linear form batch";
    /// The blinding of the rows' combination that is opened.
    OPENING_BLINDING = "opening blinding";
    /// Claims opened by a stand-alone argument.
    CLAIM = "claim";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn labels_are_distinct() {
        let mut names: Vec<_> = ALL.iter().map(|label| label.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }
}
