//! Figures that others published, with the machines they were measured on.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::row::Published;

const MODULUS: &str = include_str!("../data/modulus_cost_of_intelligence.json");
const MODULUS_HARDWARE: &str = "AMD EPYC 7R32, 16 cores, 128 GB";
const MODULUS_SOURCE: &str = "Modulus Labs, The Cost of Intelligence (2023), read off its plots";

/// A perceptron of Modulus Labs' "The Cost of Intelligence".
#[derive(Debug, Clone, Deserialize)]
pub struct Perceptron {
    /// Its name.
    pub name: String,
    /// Dense layers.
    pub layers: u64,
    /// Weights without biases.
    pub weights: u64,
    /// Widths, input first.
    #[serde(rename = "dims")]
    pub widths: Vec<usize>,
    /// Seconds and gigabytes by system.
    published_seconds_gb: Option<BTreeMap<String, Option<Figure>>>,
}

/// Seconds, and gigabytes where they are known.
type Figure = (f64, Option<f64>);

#[derive(Debug, Deserialize)]
struct File {
    suites: Suites,
}

/// The two suites of "The Cost of Intelligence".
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Suites {
    /// Ever more layers.
    pub depth: Vec<Perceptron>,
    /// Ever wider layers.
    pub width: Vec<Perceptron>,
}

/// The perceptrons of "The Cost of Intelligence".
pub fn modulus() -> &'static Suites {
    static SUITES: LazyLock<Suites> =
        LazyLock::new(|| serde_json::from_str(MODULUS).map(|file: File| file.suites).unwrap_or_default());
    &SUITES
}

impl Perceptron {
    /// What is published about it, fastest system first.
    pub fn published(&self) -> Vec<Published> {
        let figures = self.published_seconds_gb.iter().flatten();
        let mut published: Vec<(f64, Published)> = figures
            .filter_map(|(system, figure)| figure.map(|figure| (system, figure)))
            .map(|(system, (seconds, gigabytes))| {
                let figure = Published {
                    system: system.clone(),
                    prove_seconds: Some(seconds),
                    verify_seconds: None,
                    proof_bytes: None,
                    peak_memory_bytes: gigabytes.map(|gigabytes| (gigabytes * 1e9).round() as u64),
                    hardware: MODULUS_HARDWARE.to_owned(),
                    source: MODULUS_SOURCE.to_owned(),
                };
                (seconds, figure)
            })
            .collect();
        published.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        published.into_iter().map(|(_, figure)| figure).collect()
    }
}

/// What is published about VGG16 for CIFAR-10.
pub fn vgg16() -> Vec<Published> {
    vec![Published {
        system: "zkcnn".to_owned(),
        prove_seconds: Some(88.3),
        verify_seconds: Some(0.0593),
        proof_bytes: Some(341_000),
        peak_memory_bytes: None,
        hardware: "not stated with the figures".to_owned(),
        source: "zkCNN (CCS 2021), abstract".to_owned(),
    }]
}

/// What is published about CNN-264k.
pub fn cnn_264k() -> Vec<Published> {
    vec![deep_prove("deepprove", 1.242, 0.599), deep_prove("ezkl", 196.567, 312.505)]
}

/// What is published about dense-4M.
pub fn dense_4m() -> Vec<Published> {
    vec![deep_prove("deepprove", 2.335, 0.520), deep_prove("ezkl", 126.831, 1.112)]
}

fn deep_prove(system: &str, prove: f64, verify: f64) -> Published {
    Published {
        system: system.to_owned(),
        prove_seconds: Some(prove),
        verify_seconds: Some(verify),
        proof_bytes: None,
        peak_memory_bytes: None,
        hardware: "not stated with the figures".to_owned(),
        source: "README of Lagrange-Labs/deep-prove (2025)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modulus_suites_have_the_weights_they_name() {
        let suites = modulus();
        assert_eq!((suites.depth.len(), suites.width.len()), (14, 12));
        for perceptron in suites.depth.iter().chain(&suites.width) {
            let weights: usize = perceptron.widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
            assert_eq!(weights as u64, perceptron.weights, "{}", perceptron.name);
            assert_eq!(perceptron.widths.len() as u64, perceptron.layers + 1, "{}", perceptron.name);
        }
    }

    #[test]
    fn five_systems_are_published() {
        let depth = &modulus().depth[7];
        let systems: Vec<_> = depth.published().into_iter().map(|figure| figure.system).collect();
        assert_eq!(systems, ["zkcnn", "plonky2", "groth16", "gemini", "halo2"]);
        let partial = &modulus().depth[8].published()[4];
        assert_eq!((partial.prove_seconds, partial.peak_memory_bytes), (Some(138.0), None));
    }
}
