//! Zero knowledge: masked messages, and a proof that the verifier accepts what is behind the masks.
//!
//! **Statement.** The prover knows masks $k$ that open the commitments to them, and for every check $c_i$ of the
//! verifier, a quadratic form in the masks ([`Constraint`]), $c_i(k) = 0$; and a vector $f$ that opens a combination $F$
//! of committed rows with $\langle f, \mathrm{eq}(z) \rangle = v(k)$ for an affine form $v$.
//!
//! **Shapes.** Every scalar $m_i$ of the proof is sent as $s_i = m_i + k_i$. The masks are uniform; they lie in rows of
//! [`masks_per_row`], each committed, $K_j = \langle k_j, G \rangle + b_j H$, before a message uses it. All rows of
//! witness, private weights and private input are blinded by $H$ too.
//!
//! **Protocol.** Messages from here on are sent as they are.
//! 1. Squeeze $\gamma$; $Q = \sum_i \gamma^i c_i = \sum_t l_t r_t + a$, with $l_t$, $r_t$ and $a$ affine forms. Let
//!    $l(k, u) = \bar l(k) + u l_0$ be a form with its constant scaled, and
//!    $Q(k, u) = \sum_t l_t(k, u) r_t(k, u) + u \bar a(k) + u^2 a_0$.
//! 2. The prover draws $k'$ and $f'$ uniformly and commits to both, to $e' = Q(k', 0)$ and to the cross term $t$ of
//!    $Q(k' + \rho k, \rho) = e' + \rho t + \rho^2 Q(k, 1)$, all blinded, and sends
//!    $w = \langle f', \mathrm{eq}(z) \rangle - \bar v(k')$.
//! 3. Squeeze $\rho$. With $k'' = k' + \rho k$ and $f'' = f' + \rho f$ the prover sends $e'' = e' + \rho t$ with its
//!    blinding, which opens the combined commitment, $\bar a(k'')$, and $y = \langle f'', \mathrm{eq}(z) \rangle$. What is
//!    left is about $k''$ and $f''$, of which nothing needs to be hidden:
//!    $$ \sum_t l_t(k'', \rho) r_t(k'', \rho) = e'' - \rho \bar a(k'') - \rho^2 a_0, \qquad
//!    \bar v(k'') = y - w - \rho v_0. $$
//! 4. A [sumcheck](crate::argument::sumcheck) over $t$ ends in $\widetilde l(s)$ and $\widetilde r(s)$, which are sent. With
//!    $\bar a(k'')$ and $\bar v(k'')$ they are four linear forms of $k''$; squeeze $\delta$ and combine them into one,
//!    $\langle c, k'' \rangle$.
//! 5. One sumcheck takes this sum and $\langle f'', \mathrm{eq}(z) \rangle = y$ to a point. The final value is that of a
//!    combination of the rows of $k''$ and $f''$; the prover sends its blinding, and the opening's
//!    [inner-product argument](crate::argument::hyrax) ends the proof.
//!
//! **Zero knowledge** (perfect against honest verifiers, hence in the random-oracle model for the proof as it is). A
//! simulator that chooses the challenges draws every masked scalar uniformly and every commitment as a uniform point.
//! It draws $k''$, $f''$ and all blindings uniformly, computes $e'' = Q(k'', \rho)$ and $w$ from step 3, draws the
//! commitments to $t$, to the masks and to the rows uniformly, and solves for the commitments to $k'$, $f'$ and $e'$:
//! each is a combined commitment minus $\rho$ times a known point. Everything from step 3 on is a function of these. In a
//! real proof masked scalars, $k''$ and $f''$ are uniform and independent of the witness, and all commitments but those
//! that step 3's equations fix are uniform points: both distributions are the same. What a check of the verifier could
//! reveal by failing has negligible probability for a true statement.
//!
//! **Soundness error.** [`crate::argument::soundness::masking`]; knowledge of the openings under the discrete logarithm
//! assumption. From answers to three values of $\rho$ follow $k$, $f$ and $Q(k, 1) = 0$, from enough $\gamma$ every
//! $c_i(k) = 0$: the messages behind the masks were fixed before the challenges that follow them, so that the soundness of
//! all other arguments carries over.
//!
//! **Caller's duty.** Every check goes through [`ProofReader::check_zero`](tacit_transcript::ProofReader::check_zero).
//!
//! **Cost.** No scalar more for a message. Besides, two commitments for each row of masks, three more, $2 \log T + 2 \log n
//! + 8$ scalars for $T$ products and rows of $n$.
//!
//! **Reference.** Masked messages as in Ames et al. (Ligero, CCS 2017) and Frigo and shelat (ePrint 2024/2010); the
//! combination with a random instance as in Kothapalli, Setty and Tzialla (Nova, ePrint 2021/370), here of a single
//! quadratic form and without committing to its products; proving the verifier's arithmetic as in Wahby et al. (Hyrax,
//! S&P 2018).
//!
//! **Code.** [verifier](../../../tacit_verifier/masking/index.html).

use ark_bn254::Fr;
use ark_ff::{One, Zero};
use tacit_algebra::eq;
use tacit_transcript::{
    Transcript, labels,
    value::{Constraint, Masked},
};

use crate::{integer::corners, tensor::bits_of};

/// $\log_2$ of the largest number of masks in a row.
const MASK_VARS: usize = 8;

/// Number of masks that are committed together, for $2^n$ generators.
pub const fn masks_per_row(key_vars: usize) -> usize {
    1 << if key_vars < MASK_VARS { key_vars } else { MASK_VARS }
}

/// All checks as one quadratic form, and the form that the opened vector's value has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// $(l_t, r_t)$.
    pub products: Vec<(Masked, Masked)>,
    /// $a$.
    pub linear: Masked,
    /// $v$.
    pub value: Masked,
}

/// What the prover answers to $\rho$.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Response {
    /// $e''$.
    pub error: Fr,
    /// Its commitment's blinding.
    pub blinding: Fr,
    /// $\bar a(k'')$.
    pub linear: Fr,
    /// $y$.
    pub opened: Fr,
}

/// $\langle c, k'' \rangle$ and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "the form must be opened"]
pub struct LinearForm {
    /// $c$, one for each mask.
    pub coefficients: Vec<Fr>,
    /// The value.
    pub value: Fr,
}

impl Relation {
    /// Step 1: all checks as one.
    pub fn combine(transcript: &mut impl Transcript, constraints: Vec<Constraint>, value: Masked) -> Self {
        let gamma = transcript.squeeze(labels::CONSTRAINT_BATCH);
        let powers = std::iter::successors(Some(Fr::one()), |power| Some(*power * gamma));
        let Constraint { products, linear } =
            constraints.into_iter().zip(powers).map(|(constraint, power)| constraint * power).sum();
        Self { products, linear, value }
    }

    /// Rounds of the sumcheck over products.
    pub const fn num_vars(&self) -> usize {
        bits_of(self.products.len())
    }

    /// $l_t(k, u)$ and $r_t(k, u)$ for every $t$.
    pub fn factors(&self, unit: Fr, masks: &[Fr]) -> [Vec<Fr>; 2] {
        let both = |(l, r): &(Masked, Masked)| (l.evaluate(unit, masks), r.evaluate(unit, masks));
        let (left, right) = self.products.iter().map(both).unzip();
        [left, right]
    }

    /// Step 3: what the products have to sum to.
    pub fn sum(&self, rho: Fr, response: &Response) -> Fr {
        response.error - rho * response.linear - rho * rho * self.linear.constant
    }

    /// Step 4: the four linear forms as one, with the values that they have if the claims are true.
    pub fn linear_form(
        &self,
        transcript: &mut impl Transcript,
        [rho, cross]: [Fr; 2],
        response: &Response,
        (point, [left, right]): (&[Fr], [Fr; 2]),
        num_masks: usize,
    ) -> LinearForm {
        let delta = transcript.squeeze(labels::FORM_BATCH);
        let mut form = LinearForm { coefficients: vec![Fr::zero(); num_masks], value: response.linear };
        self.linear.add_coefficients(Fr::one(), &mut form.coefficients);
        let mut power = delta;
        form.value += power * (response.opened - cross - rho * self.value.constant);
        self.value.add_coefficients(power, &mut form.coefficients);
        let weights = eq::table(point, self.products.len());
        let sides = [
            self.products.iter().map(|(l, _)| l).zip(&weights).collect::<Vec<_>>(),
            self.products.iter().map(|(_, r)| r).zip(&weights).collect(),
        ];
        for (side, value) in sides.into_iter().zip([left, right]) {
            power *= delta;
            form.value += power * value;
            for (factor, weight) in side {
                form.value -= power * weight * rho * factor.constant;
                factor.add_coefficients(power * weight, &mut form.coefficients);
            }
        }
        form
    }
}

impl Response {
    /// In the order they are sent.
    pub const fn to_message(self) -> [Fr; 4] {
        [self.error, self.blinding, self.linear, self.opened]
    }

    /// From a message.
    pub const fn from_message([error, blinding, linear, opened]: [Fr; 4]) -> Self {
        Self { error, blinding, linear, opened }
    }
}

/// Variables of the masks as a tensor over (rows, generators).
pub const fn mask_vars(num_rows: usize, key_vars: usize) -> usize {
    bits_of(num_rows).saturating_add(key_vars)
}

/// A vector over the masks at their places in a tensor over (rows, generators). For as many generators as memory holds.
#[doc(hidden)]
pub fn spread(values: &[Fr], key_vars: usize) -> Vec<Fr> {
    let per_row = masks_per_row(key_vars);
    let mut spread = vec![];
    for (row, values) in values.chunks(per_row).enumerate() {
        spread.resize(corners(key_vars).saturating_mul(row), Fr::zero());
        spread.extend_from_slice(values);
    }
    spread
}

/// The multilinear extension of a [`spread`] vector at a point.
pub fn evaluate_spread(values: &[Fr], point: &[Fr], key_vars: usize) -> Fr {
    let per_row = masks_per_row(key_vars);
    let (row, column) = point.split_at(point.len().saturating_sub(key_vars));
    let (high, low) = column.split_at(column.len().saturating_sub(bits_of(per_row)));
    let (rows, columns) = (eq::table(row, values.len().div_ceil(per_row)), eq::table(low, per_row));
    let along = |values: &[Fr]| -> Fr { values.iter().zip(&columns).map(|(a, b)| *a * b).sum() };
    let sum: Fr = values.chunks(per_row).zip(&rows).map(|(values, weight)| *weight * along(values)).sum();
    eq::evaluate_zero(high) * sum
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;
    use tacit_transcript::{ProofWriter, value::Value};

    use super::*;

    fn random(n: usize) -> Vec<Fr> {
        let mut rng = ark_std::test_rng();
        (0..n).map(|_| Fr::rand(&mut rng)).collect()
    }

    /// Forms over five masks, with constraints that hold for the values 2, 3, 6, 5, 30 behind them.
    fn relation(masks: &[Fr], writer: &mut ProofWriter) -> Relation {
        let forms: Vec<Masked> = [2_u64, 3, 6, 5, 30]
            .iter()
            .enumerate()
            .map(|(i, &value)| Masked::of_message(Fr::from(value) + masks[i], i))
            .collect();
        let product =
            |a: usize, b: usize, c: usize| forms[a].times(&forms[b]) - Constraint::from(forms[c].clone());
        let sum: Masked = forms[..4].iter().cloned().sum::<Masked>() - Masked::from(Fr::from(16_u64));
        let constraints = vec![product(0, 1, 2), sum.into(), product(2, 3, 4)];
        Relation::combine(writer, constraints, forms[4].clone() * Fr::from(7_u64))
    }

    #[test]
    fn the_combined_instance_has_no_quadratic_term() {
        let values = random(12);
        let (masks, fresh, rho) = (&values[..5], &values[5..10], values[10]);
        let relation = relation(masks, &mut ProofWriter::new(b"test"));
        let one = Fr::one();
        let quadratic = |masks: &[Fr], unit: Fr| -> Fr {
            let [left, right] = relation.factors(unit, masks);
            let products: Fr = left.iter().zip(&right).map(|(l, r)| *l * r).sum();
            products + unit * relation.linear.linear_part(masks) + unit * unit * relation.linear.constant
        };
        assert_eq!(quadratic(masks, one), Fr::zero());
        let combined: Vec<Fr> = fresh.iter().zip(masks).map(|(a, b)| *a + rho * b).collect();
        let error = quadratic(fresh, Fr::zero());
        let at_one: Vec<Fr> = fresh.iter().zip(masks).map(|(a, b)| *a + b).collect();
        let cross = quadratic(&at_one, one) - error;
        assert_eq!(quadratic(&combined, rho), error + rho * cross);
    }

    #[test]
    fn the_linear_form_has_its_claims_combined_value() {
        let values = random(16);
        let (masks, fresh, rho, point) = (&values[..5], &values[5..10], values[10], &values[11..12]);
        let mut writer = ProofWriter::new(b"test");
        let relation = relation(masks, &mut writer);
        assert_eq!((relation.products.len(), relation.num_vars()), (2, 1));
        let combined: Vec<Fr> = fresh.iter().zip(masks).map(|(a, b)| *a + rho * b).collect();
        let factors = relation.factors(rho, &combined);
        let weights = eq::table(point, 2);
        let finals = factors.map(|side| side.iter().zip(&weights).map(|(a, b)| *a * b).sum());
        let cross = values[12];
        let opened = relation.value.linear_part(&combined) + cross + rho * relation.value.constant;
        let linear = relation.linear.linear_part(&combined);
        let response = Response { error: values[13], blinding: values[14], linear, opened };
        let form = relation.linear_form(&mut writer, [rho, cross], &response, (point, finals), 5);
        let value: Fr = form.coefficients.iter().zip(&combined).map(|(c, k)| *c * k).sum();
        assert_eq!(value, form.value);
    }

    #[test]
    fn masks_lie_at_the_first_generators_of_their_rows() {
        for (count, key_vars) in [(1, 0), (5, 1), (3, 3), (20, 3), (600, 9), (1000, 8)] {
            let values = random(count);
            let rows = count.div_ceil(masks_per_row(key_vars));
            let point = random(mask_vars(rows, key_vars));
            let spread = spread(&values, key_vars);
            let expected: Fr = eq::table(&point, spread.len()).iter().zip(&spread).map(|(e, x)| *e * x).sum();
            assert_eq!(evaluate_spread(&values, &point, key_vars), expected);
        }
    }
}
