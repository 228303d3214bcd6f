//! The cost model's unit costs on this machine.

use std::time::Instant;

use ark_bn254::{Fr, G1Affine};
use ark_ff::{One, Zero};
use tacit_algebra::{Mle, generators::Generators, kernels::backend, msm::multi_scalar, small::SmallSum};
use tacit_inference::cost::UnitCosts;
use tacit_layers::{Layout, error::Result};
use tacit_prover::{
    hyrax,
    integers::Integers,
    logup::{self, Fractions},
    opening::{CommittedTensor, Elements},
    sumcheck::{Product, SumcheckInstance},
};
use tacit_transcript::{
    ProofWriter, Transcript,
    encoding::{point_from_bytes, point_to_bytes},
    labels,
};

use crate::Source;

/// Times each measurement is repeated; the fastest counts, so that other work on the machine disturbs little.
const REPETITIONS: usize = 15;

/// Measures every unit cost, on the calling thread's pool.
///
/// # Errors
/// Never: the shapes are fixed.
pub fn measure() -> Result<UnitCosts> {
    let source = &mut Source::new(11);
    let (folded_byte, folded_column) = folded_byte(source);
    Ok(UnitCosts {
        multiplication: multiplication(source),
        vector_multiplication: vector_multiplication(source),
        small_product: small_product(source),
        reduction: reduction(source),
        folded_byte,
        folded_integer: folded_integer(source, folded_column),
        folded_column,
        commitment: commitment(source)?,
        wide_commitment: wide_commitment(source)?,
        lookup: lookup(source),
        message: message(source),
        row: row(),
    })
}

/// Nanoseconds of the fastest of some runs, for each of `count` operations. `prepare` is not counted.
fn nanoseconds<T, R>(count: usize, mut prepare: impl FnMut() -> T, mut work: impl FnMut(T) -> R) -> f64 {
    let mut run = || {
        let prepared = prepare();
        let clock = Instant::now();
        let result = std::hint::black_box(work(prepared));
        let elapsed = clock.elapsed();
        drop(result);
        elapsed
    };
    let fastest = (0..REPETITIONS).map(|_| run()).min().unwrap_or_default();
    fastest.as_secs_f64() * 1e9 / count as f64
}

fn elements(source: &mut Source, count: usize) -> Vec<Fr> {
    let mut power = Fr::from(source.pick(3, 1 << 30) as u64);
    let factor = Fr::from(source.pick(1 << 29, 1 << 30) as u64);
    // After a few steps all limbs are filled.
    let mut next = || {
        power = power * power + factor;
        power
    };
    (0..count + 8).map(|_| next()).skip(8).collect()
}

fn multiplication(source: &mut Source) -> f64 {
    let (a, b) = (elements(source, 1 << 10), elements(source, 1 << 10));
    nanoseconds(a.len(), || (), |()| a.iter().zip(&b).map(|(a, b)| *a * b).sum::<Fr>())
}

/// A whole sumcheck over a product takes four for each entry of a table.
fn vector_multiplication(source: &mut Source) -> f64 {
    let num_vars = 14;
    let tables = [(); 2].map(|()| Mle::new(elements(source, 1 << num_vars), num_vars));
    let [Ok(left), Ok(right)] = tables else { unreachable!("as many values as points") };
    let Ok(product) = Product::new(left, right, Fr::one()) else { unreachable!("tables of one size") };
    let challenges = elements(source, num_vars);
    nanoseconds(
        4 << num_vars,
        || product.clone(),
        |mut instance| {
            for r in &challenges {
                std::hint::black_box(instance.round(Fr::one(), None));
                instance.bind(*r);
            }
            instance.final_values()
        },
    )
}

fn small_product(source: &mut Source) -> f64 {
    let scalars = elements(source, 1 << 10);
    let small: Vec<i64> = scalars.iter().map(|_| source.pick(-127, 127)).collect();
    let sum = |()| {
        scalars.iter().zip(&small).fold(SmallSum::default(), |mut sum, (scalar, &x)| {
            sum.add(scalar, x);
            sum
        })
    };
    nanoseconds(scalars.len(), || (), sum)
}

fn reduction(source: &mut Source) -> f64 {
    let sums: Vec<SmallSum> = elements(source, 1 << 10)
        .iter()
        .map(|x| {
            let mut sum = SmallSum::default();
            sum.add(x, 77);
            sum
        })
        .collect();
    nanoseconds(sums.len(), || (), |()| tacit_algebra::small::reduce_all(&sums))
}

/// Columns of a matrix that is folded: a layer's of medium size.
const COLUMNS: usize = 1 << 10;

/// A byte and a column, from a matrix of many rows and one of few.
fn folded_byte(source: &mut Source) -> (f64, f64) {
    let mut column = |count: usize| {
        let weights = elements(source, count);
        let data: Vec<i8> = (0..count * COLUMNS).map(|_| source.pick(-127, 127) as i8).collect();
        let rows: Vec<&[i8]> = data.chunks_exact(COLUMNS).collect();
        nanoseconds(COLUMNS, || (), |()| backend().fold_bytes(&weights, &rows, COLUMNS))
    };
    let (many, few) = (column(512), column(8));
    let byte = (many - few) / (512.0 - 8.0);
    (byte, few - 8.0 * byte)
}

fn folded_integer(source: &mut Source, column: f64) -> f64 {
    let weights = elements(source, 512);
    let data: Vec<i64> = (0..weights.len() * COLUMNS).map(|_| source.pick(0, 255)).collect();
    let rows: Vec<&[i64]> = data.chunks_exact(COLUMNS).collect();
    let time = nanoseconds(COLUMNS, || (), |()| backend().fold_integers(&weights, &rows, COLUMNS));
    (time - column) / weights.len() as f64
}

/// The mean of a column of activations and one of remainders.
fn commitment(source: &mut Source) -> Result<f64> {
    let (count, key_vars) = (1 << 13, 7);
    let generators = Generators::new(key_vars)?;
    let columns = [source.tensor(&[count], 0, 255)?, source.tensor(&[count], -2048, 2047)?];
    let commit = |()| {
        let columns = columns.each_ref().map(|column| CommittedTensor {
            layout: column.layout(),
            values: Integers::Int64(column.data()).into(),
        });
        hyrax::commit(&columns, &generators)
    };
    Ok(nanoseconds(2 * count, || (), commit))
}

fn wide_commitment(source: &mut Source) -> Result<f64> {
    let (count, key_vars) = (1 << 11, 7);
    let generators = Generators::new(key_vars)?;
    let (layout, values) = (Layout::new(vec![count])?, elements(source, count));
    let column = CommittedTensor { layout: &layout, values: Elements::Field(&values) };
    Ok(nanoseconds(count, || (), |()| hyrax::commit(&[column], &generators)))
}

fn lookup(source: &mut Source) -> f64 {
    let leaves = 1 << 14;
    let fractions = Fractions { numerators: vec![Fr::one(); leaves], denominators: elements(source, leaves) };
    nanoseconds(
        leaves,
        || fractions.clone(),
        |fractions| std::hint::black_box(logup::prove(&mut ProofWriter::new(b"bench"), fractions)).is_ok(),
    )
}

fn message(source: &mut Source) -> f64 {
    let scalars = elements(source, 2);
    let count = 1 << 8;
    let send = |mut writer: ProofWriter| {
        for _ in 0..count {
            writer.write_scalars(labels::ROUND_POLYNOMIAL, &scalars);
            std::hint::black_box(writer.squeeze(labels::ROUND_CHALLENGE));
        }
        writer
    };
    nanoseconds(count, || ProofWriter::new(b"bench"), send)
}

fn row() -> f64 {
    let Ok(generators) = Generators::new(7) else { unreachable!("a few generators") };
    let points = generators.vector().to_vec();
    let bytes: Vec<_> = points.iter().map(point_to_bytes).collect();
    let scalars: Vec<Fr> = (1..=points.len() as u64).map(|i| -Fr::from(i * i)).collect();
    let read = |()| {
        let points: Vec<G1Affine> = bytes.iter().filter_map(|bytes| point_from_bytes(bytes)).collect();
        multi_scalar(&points, &scalars).is_zero()
    };
    nanoseconds(bytes.len(), || (), read)
}
