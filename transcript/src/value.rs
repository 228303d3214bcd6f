//! What verifiers compute with: the values of messages, in the clear or behind masks.
//!
//! In the clear a message's value is the scalar that was sent. Behind masks the prover sends $s_i = m_i + k_i$ with a
//! one-time mask $k_i$ for every scalar $m_i$ and has committed to the masks before; a verifier then knows $m_i$ as the
//! affine form $s_i - k_i$. A verifier's checks are sums of products of two values, so that over masked values they
//! become quadratic [`Constraint`]s on the masks, to be proved at the end.

use std::{
    fmt::Debug,
    iter::Sum,
    ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign},
};

use ark_bn254::Fr;
use ark_ff::{AdditiveGroup, Zero};

/// A message's value, or what follows from several linearly.
pub trait Value:
    Clone
    + Debug
    + Default
    + PartialEq
    + From<Fr>
    + Add<Output = Self>
    + Sub<Output = Self>
    + Neg<Output = Self>
    + Mul<Fr, Output = Self>
    + AddAssign
    + SubAssign
    + Sum
{
    /// Whether messages are masked.
    const MASKED: bool;

    /// A sum of products of two values.
    type Product: Clone
        + Debug
        + From<Self>
        + Add<Output = Self::Product>
        + Sub<Output = Self::Product>
        + Mul<Fr, Output = Self::Product>
        + Sum;

    /// The value of the scalar with this index among all that were sent.
    fn of_message(sent: Fr, index: usize) -> Self;

    /// The product with another value.
    fn times(&self, other: &Self) -> Self::Product;

    /// A product as a value, if it is one: masked values' are not.
    fn whole(product: &Self::Product) -> Option<Self>;

    /// What of a value that follows from messages enters the transcript again: nothing when they are masked.
    fn absorbed(&self) -> Fr;

    /// Whether a check's difference is zero as far as is known now. Masked ones are proved later.
    fn vanishes(difference: &Self::Product) -> bool;
}

impl Value for Fr {
    const MASKED: bool = false;

    type Product = Self;

    fn of_message(sent: Fr, _index: usize) -> Self {
        sent
    }

    fn times(&self, other: &Self) -> Self {
        self * other
    }

    fn whole(product: &Self) -> Option<Self> {
        Some(*product)
    }

    fn absorbed(&self) -> Fr {
        *self
    }

    fn vanishes(difference: &Self) -> bool {
        difference.is_zero()
    }
}

/// An affine form in the masks: $c + \sum_i a_i k_i$. An index may occur several times.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masked {
    /// $c$.
    pub constant: Fr,
    /// $i$ and $a_i$.
    pub terms: Vec<(usize, Fr)>,
}

/// A quadratic form in the masks that has to be zero: $\sum_j l_j r_j + a$.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Constraint {
    /// $(l_j, r_j)$.
    pub products: Vec<(Masked, Masked)>,
    /// $a$.
    pub linear: Masked,
}

impl Masked {
    /// $\sum_i a_i k_i$, without the constant.
    pub fn linear_part(&self, masks: &[Fr]) -> Fr {
        self.terms.iter().map(|(index, a)| *a * masks.get(*index).copied().unwrap_or_default()).sum()
    }

    /// $u c + \sum_i a_i k_i$.
    pub fn evaluate(&self, unit: Fr, masks: &[Fr]) -> Fr {
        unit * self.constant + self.linear_part(masks)
    }

    /// Adds `scale` times the coefficients $a_i$ to a vector.
    pub fn add_coefficients(&self, scale: Fr, coefficients: &mut [Fr]) {
        for (index, a) in &self.terms {
            if let Some(coefficient) = coefficients.get_mut(*index) {
                *coefficient += scale * a;
            }
        }
    }
}

impl From<Fr> for Masked {
    fn from(constant: Fr) -> Self {
        Self { constant, terms: vec![] }
    }
}

impl AddAssign for Masked {
    fn add_assign(&mut self, mut other: Self) {
        self.constant += other.constant;
        if self.terms.is_empty() {
            self.terms = other.terms;
        } else {
            self.terms.append(&mut other.terms);
        }
    }
}

impl Add for Masked {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl Neg for Masked {
    type Output = Self;

    fn neg(mut self) -> Self {
        self.constant = -self.constant;
        for (_, a) in &mut self.terms {
            a.neg_in_place();
        }
        self
    }
}

impl SubAssign for Masked {
    fn sub_assign(&mut self, other: Self) {
        *self += -other;
    }
}

impl Sub for Masked {
    type Output = Self;

    fn sub(mut self, other: Self) -> Self {
        self -= other;
        self
    }
}

impl Mul<Fr> for Masked {
    type Output = Self;

    fn mul(mut self, scale: Fr) -> Self {
        if scale.is_zero() {
            return Self::default();
        }
        self.constant *= scale;
        for (_, a) in &mut self.terms {
            *a *= scale;
        }
        self
    }
}

impl Sum for Masked {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::default(), Add::add)
    }
}

impl From<Masked> for Constraint {
    fn from(linear: Masked) -> Self {
        Self { products: vec![], linear }
    }
}

impl Add for Constraint {
    type Output = Self;

    fn add(mut self, mut other: Self) -> Self {
        self.products.append(&mut other.products);
        self.linear += other.linear;
        self
    }
}

impl Mul<Fr> for Constraint {
    type Output = Self;

    fn mul(self, scale: Fr) -> Self {
        let products = self.products.into_iter().map(|(left, right)| (left * scale, right));
        Self { products: products.collect(), linear: self.linear * scale }
    }
}

impl Sub for Constraint {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + other * -Fr::from(1_u64)
    }
}

impl Sum for Constraint {
    fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
        values.fold(Self::default(), Add::add)
    }
}

impl Value for Masked {
    const MASKED: bool = true;

    type Product = Constraint;

    fn of_message(sent: Fr, index: usize) -> Self {
        Self { constant: sent, terms: vec![(index, -Fr::from(1_u64))] }
    }

    fn times(&self, other: &Self) -> Constraint {
        if self.terms.is_empty() {
            return (other.clone() * self.constant).into();
        }
        if other.terms.is_empty() {
            return (self.clone() * other.constant).into();
        }
        Constraint { products: vec![(self.clone(), other.clone())], linear: Self::default() }
    }

    fn whole(product: &Constraint) -> Option<Self> {
        product.products.is_empty().then(|| product.linear.clone())
    }

    fn absorbed(&self) -> Fr {
        Fr::zero()
    }

    fn vanishes(_difference: &Constraint) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use ark_ff::UniformRand;

    use super::*;

    #[test]
    fn forms_compute_as_the_values_they_stand_for() {
        let mut rng = ark_std::test_rng();
        let masks: Vec<Fr> = (0..4).map(|_| Fr::rand(&mut rng)).collect();
        let values: Vec<Fr> = (0..4).map(|_| Fr::rand(&mut rng)).collect();
        let forms: Vec<Masked> = (0..4).map(|i| Masked::of_message(values[i] + masks[i], i)).collect();
        let one = Fr::from(1_u64);
        let scale = Fr::rand(&mut rng);
        let check = |form: &Masked, value: Fr| assert_eq!(form.evaluate(one, &masks), value);
        for (form, value) in forms.iter().zip(&values) {
            check(form, *value);
        }
        let [a, b, c, d] = [0, 1, 2, 3].map(|i| forms[i].clone());
        let sum = a.clone() * scale + b.clone() - (c.clone() - Masked::from(scale)) + -d.clone();
        check(&sum, values[0] * scale + values[1] - (values[2] - scale) - values[3]);
        let mut coefficients = vec![Fr::zero(); 4];
        sum.add_coefficients(scale, &mut coefficients);
        let linear: Fr = coefficients.iter().zip(&masks).map(|(a, k)| *a * k).sum();
        assert_eq!(linear + scale * sum.constant, scale * sum.evaluate(one, &masks));
        let product = (a.times(&b) - c.times(&Masked::from(scale))) * scale + Constraint::from(d);
        let value: Fr = product
            .products
            .iter()
            .map(|(l, r)| l.evaluate(one, &masks) * r.evaluate(one, &masks))
            .sum::<Fr>()
            + product.linear.evaluate(one, &masks);
        assert_eq!(value, (values[0] * values[1] - values[2] * scale) * scale + values[3]);
    }
}
