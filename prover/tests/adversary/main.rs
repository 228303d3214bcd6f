//! Cheating provers, one false statement each, consistent with as many checks as can be: the check that is left rejects,
//! and the error is asserted with its fields.
//!
//! A prover that lies proves its lie as an honest prover would: the rest of the run follows from it, and every argument is
//! run over what it claims. Where several checks could reject, the error is that of the first.
//!
//! | lie | module | who stops it | error |
//! |---|---|---|---|
//! | a wrong ReLU at one position, the wrong sign, left out | `network` | the activation's look-up | `LookupColumns { denominator }` |
//! | the same in the row of another quotient | `network` | the sums behind the quotient | `FinalValue { contractions }`, `{ rescales }` |
//! | a remainder off by $2^s$, the quotient by one | `network` | the remainder's look-up, or the sums | `LookupColumns`, `FinalValue` |
//! | parts of a remainder out of their ranges | `network` | look-up, opening | `LookupColumns`, `Opening` |
//! | saturation where there is none | `network` | look-up, then the sums | `LookupColumns`, `FinalValue` |
//! | another clipped value, other limbs, limbs exchanged | `saturation` | both limbs' look-ups | `LookupColumns`, `Addends` |
//! | a quotient, limb or accumulator that exists in the field only | `wrapped` | look-ups; the opening where a multiplicity makes up for it | `LookupColumns`, `Opening`, `FinalValue { rescales }` |
//! | a maximum that is not in its window, padding read as zero | `windows` | the product of differences | `FinalValue { max-pools }` |
//! | a maximum that is not the largest, for every offset | `windows` | the differences' look-ups | `LookupColumns` |
//! | forged differences, sums of which are right | `windows` | the window sumcheck at random offsets | `FinalValue { windows }` |
//! | shifted padding, another stride or dilation | `windows`, `arguments`, `polynomials`, `frequencies` | shift vectors of the key's window | `FinalValue { windows }` and others by argument |
//! | a permuted look-up | `network` | the leaves' columns | `LookupColumns`, `FinalValue` |
//! | a wrong multiplicity | `network` | the sum of fractions | `FractionSum` |
//! | any message changed and made up for in the next ones, any output, another input, another key | `frozen` | absorption | that of the first check behind it |
//! | the same behind masks, another committed input, a hiding proof drawn at random, a simulated one | `frozen::hiding` | absorption | that of the first check behind it, nearly always `MaskedChecks { error }` |
//! | a multiplicity fitted to the fingerprint's challenges | `order` | its commitment, made before | `Opening` |
//! | fractions that do not sum to zero, a zero denominator, broken levels | `logup` | root, levels | `FractionSum`, `ZeroDenominator`, `FractionLevel` |
//! | a value out of a caller's range, padding that is not zero, a row of another table or of none, other multiplicities | `lookups` | the sum of fractions | `FractionSum` |
//! | columns other than committed, a table other than the verifier's | `lookups` | the leaves' columns, the claims, every challenge | `LookupColumns`, `FractionLevel { 2 }` |
//! | swapped channels of an activation | `channels` | the sums of the layer before | `FinalValue`, by argument |
//! | swapped channels of weights, biases, of a layer and its reader alike | `channels` | the key's commitments | `Opening` |
//! | swapped channels of the input, swapped multipliers | `channels` | the public input, the rescales' sumcheck | `PublicInput`, `FinalValue { rescales }` |
//! | other weights, another version's, two layers' exchanged | `network`, `commitments` | the key's commitments | `Opening` |
//! | other weights in one reader of a shared parameter | `shared` | the opening | `Opening` |
//! | a stale commitment, all columns or one | `commitments` | the opening | `Opening` |
//! | another layer's activation read, columns exchanged | `commitments`, `packing` | the opening | `Opening` |
//! | a claim's value moved to another layer's claim | `moved` | the sums; the opening where none reads it | `FinalValue`, `Opening` |
//! | a factor moved to the other, an addend to the other | `moved`, `products` | the opening, the public input | `Opening`, `PublicInput` |
//! | a wrong sum, product, transposition, reshape, view, concatenation | `network`, `products`, `axes`, `views` | by argument | `Addends`, `FinalValue`, `Shares`, `Opening`, `PublicInput` |
//! | a wrong circuit, spectrum or polynomial product | `gates`, `frequencies`, `polynomials`, `arguments` | by argument | `FinalValue`, `ProductPolynomials`, `FourierVector` |
//! | a wrong exponential, reciprocal, indicator or index | `composites` | look-ups, sums | `LookupColumns`, `Addends`, `Opening` |
//! | values in padding | `network`, `polynomials`, `hyrax` | look-ups, sums, the opening | `LookupColumns`, `FinalValue`, `Opening` |
//! | a tensor read at another place of its row | `packing`, `hyrax` | the opening | `Opening` |
//! | a wrong output, outputs swapped | `network` | the sums, the opening | `FinalValue`, `Opening` |
//! | another input's run | `network` | the public input | `PublicInput` |
//! | another input than the committed one, its rows in another order | `inputs` | the opening | `Opening` |
//! | a committed integer out of range, a value in the padding of a committed input | `inputs` | look-ups, the opening | `LookupColumns`, `Opening` |
//! | a stale commitment of the input, one of another shape, a proof of the other setting | `inputs` | every challenge, shapes of the key, the plan | `FractionLevel { 2 }`, `Statement`, `FractionSum`, `Malformed` |
//! | another tensor for one of several committed inputs, an integer of another input's range | `several` | the opening, the input's own table | `Opening`, `MaskedChecks { products }` |
//! | inputs or commitments swapped, another mixture, other names or kinds | `several` | every challenge | by setting |
//! | false activations, maxima, multiplicities, outputs behind masks | `masking` | the products of the masked checks | `MaskedChecks { products }` |
//! | other weights, a stale witness behind masks | `masking` | the opening | `Opening` |
//! | error, linear part, factors, opened value fitted to checks that fail | `masking` | the announced commitments, the opening | `MaskedChecks { error }`, `Opening` |
//! | a false error, cross term, difference, response, factor, blinding; other masks than committed to | `masking` | by step | `MaskedChecks`, `Opening` |
//! | an error along a row's generator, masks along the error's | `masking` | its commitment, the opening | `MaskedChecks { error }`, `Opening` |
//! | a hiding proof as one that does not hide, a key with its flag flipped | `masking` | domain, digest, the opening | `Malformed`, `Opening` |
//! | a weight or bias outside its width, a value in padding, digits outside the table, a wrong multiplicity, in a proof about a key | `parameters` | look-ups, the root, the masked checks | `MaskedChecks { products }` |
//! | digits or parameters other than committed, another key's proof | `parameters` | the opening, every challenge | `Opening`, `MaskedChecks { error }` |
//! | a proof for another input, output, architecture or version | `statement` | every challenge | `FractionLevel { 2 }` |
//! | a statement that does not fit the key | `statement` | counts and shapes of the key | `OutputCount`, `OutputShape`, `Statement` |
//! | rounds swapped, replayed, reflected, of another degree | `sumcheck` | the final value, the form | `FinalValue`, `Malformed` |
//! | proofs joined, cut, spliced | `forms` | the form, every challenge | `Malformed`, by place |
//! | unreduced scalars, second encodings of points | `forms` | canonical encodings | `Malformed { Scalar, Point }` |
//!
//! That statement and commitments precede every challenge is asserted on both sides' events (`order`).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../support/clear.rs"]
mod clear;
#[path = "../support/several.rs"]
mod mixture;
#[path = "../support/oracle.rs"]
mod oracle;
#[path = "../support/tiny.rs"]
mod tiny;

mod arguments;
mod axes;
mod channels;
mod commitments;
mod composites;
mod forms;
mod frequencies;
mod frozen;
mod gates;
mod hyrax;
mod inputs;
mod logup;
mod lookups;
mod masking;
mod moved;
mod network;
mod order;
mod packing;
mod parameters;
mod polynomials;
mod products;
mod saturation;
mod several;
mod shared;
mod statement;
mod sumcheck;
mod views;
mod windows;
mod wrapped;

use ark_bn254::Fr;
use ark_ff::UniformRand;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tacit_layers::{Layout, Tensor};

/// The domain of stand-alone arguments.
const DOMAIN: &[u8] = b"soundness";

fn layout(axes: &[usize]) -> Layout {
    Layout::new(axes.to_vec()).unwrap()
}

fn tensor(axes: &[usize], data: Vec<i64>) -> Tensor<i64> {
    Tensor::new(layout(axes), data).unwrap()
}

/// Seeded small integers.
fn integers(seed: u64, count: usize) -> Vec<i64> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..count).map(|_| rng.random_range(-50..50)).collect()
}

/// Seeded field elements.
fn scalars(seed: usize, count: usize) -> Vec<Fr> {
    let mut rng = ark_std::test_rng();
    std::iter::repeat_with(|| Fr::rand(&mut rng)).skip(64 * seed).take(count).collect()
}
