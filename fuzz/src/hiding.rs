//! Proofs that hide a model, an input or both, and proofs about keys: mutated message by message, and several at once by
//! what would cancel.

use std::{ops::Range, sync::OnceLock};

use ark_bn254::{Fr, G1Affine};
use tacit_layers::{
    Network, Tensor, VerifyingKey,
    argument::masking::masks_per_row,
    proof::{
        input::InputCommitment,
        statement::{Input, Statement},
    },
};
use tacit_prover::{
    InputOpening, ProvingKey, Seed, parameters::prove_parameters, prove_committed, prove_with_seed,
};
use tacit_transcript::{
    Label,
    encoding::{point_from_bytes, point_to_bytes, scalar_from_bytes, scalar_to_bytes},
    labels,
};
use tacit_verifier::{parameters::verify_parameters, verify_statement};

use crate::{
    proofs::{ELEMENT, mutate, nudged, word},
    script::Script,
    tiny,
};

/// What a verifier is given.
#[derive(Debug, Clone, PartialEq)]
struct Claim {
    /// The key's rows.
    model: Vec<G1Affine>,
    /// The input, where it is public.
    input: Option<Tensor<i64>>,
    /// The rows of the commitment to it, where it is not.
    committed: Vec<G1Affine>,
    outputs: Vec<Tensor<i64>>,
    proof: Vec<u8>,
}

/// Valid proofs about one architecture, and where their messages are: the same for all.
struct Honest {
    key: VerifyingKey,
    /// The first is mutated. The others: the same statement's with other masks, that of another input, that of another
    /// commitment to the same model or input.
    claims: [Claim; 4],
    messages: Vec<(Label, Range<usize>)>,
    /// Whether the proofs are about the key's parameters, not about outputs.
    is_about_key: bool,
    /// Where each masked scalar is, in the order of the masks.
    masked: Vec<usize>,
    masks_per_row: usize,
}

/// What is hidden, and what is proved.
#[derive(Clone, Copy)]
struct Hidden {
    model: bool,
    input: bool,
    is_about_key: bool,
}

const MODEL: Hidden = Hidden { model: true, input: false, is_about_key: false };
const INPUT: Hidden = Hidden { model: false, input: true, is_about_key: false };
const BOTH: Hidden = Hidden { model: true, input: true, is_about_key: false };
const PRIVATE_KEY: Hidden = Hidden { is_about_key: true, ..MODEL };
const PUBLIC_KEY: Hidden = Hidden { model: false, ..PRIVATE_KEY };

/// Valid proofs in every setting: of few rows, with products of several values, with deferred columns.
fn honest() -> &'static [Honest] {
    static HONEST: OnceLock<Vec<Honest>> = OnceLock::new();
    HONEST.get_or_init(|| {
        let networks = [tiny::mlp(), tiny::products(), tiny::frequencies(), tiny::polynomial()];
        let settings = |network: Network| [MODEL, INPUT, BOTH].map(|hidden| Honest::new(&network, hidden));
        let keys =
            [(tiny::mlp(), PRIVATE_KEY), (tiny::frequencies(), PRIVATE_KEY), (tiny::mlp(), PUBLIC_KEY)];
        let keys = keys.map(|(network, hidden)| Honest::new(&network, hidden));
        networks.into_iter().flat_map(settings).chain(keys).collect()
    })
}

/// Makes the proofs, so that no target is charged for them.
pub(crate) fn prepare() {
    for honest in honest() {
        assert!(honest.claims.iter().all(|claim| honest.accepts(claim)), "a valid proof is rejected");
    }
}

/// How many lists of proofs there are to mutate.
pub(crate) fn count() -> usize {
    honest().len()
}

impl Honest {
    fn new(network: &Network, hidden: Hidden) -> Self {
        let key = |seed: u8| {
            if hidden.model {
                ProvingKey::setup_private(network.clone(), &Seed::new([seed; 32])).unwrap()
            } else {
                ProvingKey::setup(network.clone()).unwrap()
            }
        };
        let input = tiny::sample(network);
        let mut other = input.data().to_vec();
        other.reverse();
        let other = Tensor::new(input.layout().clone(), other).unwrap();
        let (first, second) = (key(1), key(2));
        let proofs = [
            claim(&first, &input, hidden, [1, 1]),
            claim(&first, &input, hidden, [1, 2]),
            claim(&first, &other, hidden, [1, 3]),
            claim(&second, &input, hidden, [2, 4]),
        ];
        let sent = &proofs[0].1;
        assert!(proofs.iter().all(|(_, other)| other == sent), "messages of other lengths");
        let mut end = 0;
        let messages = sent.iter().map(|(name, bytes)| {
            end += bytes;
            (*labels::ALL.iter().find(|label| label.name() == name).unwrap(), end - *bytes..end)
        });
        let messages: Vec<_> = messages.collect();
        let sent = messages.iter().take_while(|(label, _)| *label != labels::ANNOUNCEMENT);
        let masked = sent.filter(|(label, _)| !holds_points(*label));
        let masked = masked.flat_map(|(_, place)| place.clone().step_by(ELEMENT)).collect();
        let key = first.verifying_key().clone();
        let plan = key.plan_of(&[hidden.input]).unwrap();
        let masks_per_row = masks_per_row(plan.opening_vars());
        let (claims, is_about_key) = (proofs.map(|(claim, _)| claim), hidden.is_about_key);
        Self { key, claims, messages, is_about_key, masked, masks_per_row }
    }

    /// The places of all messages with this label.
    fn places(&self, label: Label) -> Vec<Range<usize>> {
        self.messages.iter().filter(|(other, _)| *other == label).map(|(_, place)| place.clone()).collect()
    }

    /// Where the elements with this label are.
    fn elements(&self, label: Label) -> Vec<usize> {
        self.places(label).into_iter().flat_map(|place| place.step_by(ELEMENT)).collect()
    }

    /// Whether a claim is accepted.
    fn accepts(&self, claim: &Claim) -> bool {
        let architecture = || self.key.architecture().clone();
        let key = match (claim.model == self.key.commitments(), self.key.is_private()) {
            (true, _) => Ok(self.key.clone()),
            (false, true) => VerifyingKey::private(architecture(), claim.model.clone()),
            (false, false) => VerifyingKey::new(architecture(), claim.model.clone()),
        };
        let Ok(key) = key else { return false };
        if self.is_about_key {
            return verify_parameters(&key, &claim.proof).is_ok();
        }
        let layout = self.key.plan().specs[0].layout.clone();
        let commitment = InputCommitment::new(layout, claim.committed.clone());
        let input = match (&claim.input, &commitment) {
            (Some(input), _) => Input::Public(input),
            (None, Ok(commitment)) => Input::Committed(commitment),
            (None, Err(_)) => return false,
        };
        verify_statement(&key, &Statement { inputs: vec![input], outputs: &claim.outputs }, &claim.proof)
            .is_ok()
    }
}

/// A claim, with label and bytes of every message of its proof.
fn claim(
    key: &ProvingKey,
    input: &Tensor<i64>,
    hidden: Hidden,
    seeds: [u8; 2],
) -> (Claim, Vec<(String, usize)>) {
    let [blinding, masks] = seeds.map(|seed| Seed::new([seed; 32]));
    let model = key.verifying_key().commitments().to_vec();
    if hidden.is_about_key {
        let proven = prove_parameters(key, &masks).unwrap();
        let claim = Claim { model, input: None, committed: vec![], outputs: vec![], proof: proven.proof };
        return (claim, proven.messages);
    }
    let opening = hidden.input.then(|| InputOpening::new(input.clone(), &blinding).unwrap());
    let proven = match &opening {
        Some(opening) => prove_committed(key, opening, &masks).unwrap(),
        None => prove_with_seed(key, input, &masks).unwrap(),
    };
    let input = opening.is_none().then(|| input.clone());
    let committed = opening.map_or_else(Vec::new, |opening| opening.commitment().rows().to_vec());
    (Claim { model, input, committed, outputs: proven.outputs, proof: proven.proof }, proven.messages)
}

fn holds_points(label: Label) -> bool {
    [
        labels::WITNESS_COMMITMENT,
        labels::DEFERRED_COMMITMENT,
        labels::MASK_COMMITMENT,
        labels::ANNOUNCEMENT,
        labels::INNER_PRODUCT_HALVES,
    ]
    .contains(&label)
}

/// Adds to a scalar of a proof, if it is one.
fn add(proof: &mut [u8], at: usize, difference: Fr) {
    let Some(place) = proof.get_mut(at..at + ELEMENT) else { return };
    if let Some(scalar) = scalar_from_bytes(place) {
        place.copy_from_slice(&scalar_to_bytes(&(scalar + difference)));
    }
}

/// Adds a multiple of a point to a point of a proof, if it is one.
fn add_point(proof: &mut [u8], at: usize, point: G1Affine, times: Fr) {
    let Some(place) = proof.get_mut(at..at + ELEMENT) else { return };
    if let Some(old) = point_from_bytes(place) {
        place.copy_from_slice(&point_to_bytes(&(old + point * times).into()));
    }
}

/// Exchanges two parts of a proof of the same length.
fn exchange(proof: &mut [u8], first: usize, second: usize, length: usize) {
    if first.abs_diff(second) >= length && first.max(second) + length <= proof.len() {
        let (low, high) = proof.split_at_mut(first.max(second));
        low[first.min(second)..][..length].swap_with_slice(&mut high[..length]);
    }
}

fn some<T: Clone>(script: &mut Script, of: &[T]) -> Option<T> {
    of.get(script.index(of.len())).cloned()
}

/// Changes messages as wholes: by others of the proof, by those of another proof.
fn replace(script: &mut Script, honest: &Honest, proof: &mut [u8]) -> Option<()> {
    let operation = script.byte() % 4;
    let at = script.index(honest.messages.len());
    let (label, place) = honest.messages[at].clone();
    let alike: Vec<Range<usize>> = honest
        .messages
        .iter()
        .filter(|(other, range)| {
            range.len() == place.len() && (operation == 0 || holds_points(*other) == holds_points(label))
        })
        .map(|(_, place)| place.clone())
        .collect();
    let other = some(script, &alike)?;
    match operation {
        0 | 1 => exchange(proof, place.start, other.start, place.len()),
        2 => {
            let copied = proof.get(other)?.to_vec();
            proof.get_mut(place)?.copy_from_slice(&copied);
        }
        // This message of another proof, or as many from here.
        _ => {
            let other = &honest.claims[script.index(honest.claims.len())].proof;
            let last = (at + script.index(honest.messages.len())).min(honest.messages.len() - 1);
            let place = place.start..honest.messages[last].1.end;
            proof.get_mut(place.clone())?.copy_from_slice(other.get(place)?);
        }
    }
    Some(())
}

/// Changes several messages at once by what would cancel, were it not for the challenges between them.
fn cancel(script: &mut Script, honest: &Honest, proof: &mut [u8]) -> Option<()> {
    let generators = honest.key.generators();
    let (hiding, along) = (generators.hiding(), generators.inner_product());
    let announced = honest.elements(labels::ANNOUNCEMENT);
    let [.., vector, error, cross_term] = *announced.as_slice() else { return None };
    let response = *honest.elements(labels::MASKING_RESPONSE).first()?;
    let blinding = *honest.elements(labels::OPENING_BLINDING).first()?;
    let (mask_rows, operation) = (honest.elements(labels::MASK_COMMITMENT), script.byte() % 10);
    let row = script.index(mask_rows.len());
    let (committed, fresh) = (*mask_rows.get(row)?, *announced.get(row)?);
    let change = word(script);
    match operation {
        // A masked scalar with its mask, and with its fresh mask.
        0 | 1 => {
            let index = script.index(honest.masked.len());
            let row = index / honest.masks_per_row;
            let generator = *generators.vector().get(index % honest.masks_per_row)?;
            add(proof, *honest.masked.get(index)?, change);
            add_point(proof, *mask_rows.get(row)?, generator, change);
            if operation == 1 {
                add_point(proof, *announced.get(row)?, generator, -word(script));
            }
        }
        // Two rows of masks exchanged, with the fresh ones or without.
        2 | 3 => {
            let other = script.index(mask_rows.len());
            exchange(proof, committed, *mask_rows.get(other)?, ELEMENT);
            if operation == 3 {
                exchange(proof, fresh, *announced.get(other)?, ELEMENT);
            }
        }
        // A row of masks and the fresh one against each other, or one of them blinded otherwise.
        4 => {
            let generator = some(script, generators.vector())?;
            add_point(proof, committed, generator, change);
            add_point(proof, fresh, generator, -change * word(script));
        }
        5 => {
            add_point(proof, some(script, &[committed, fresh])?, hiding, change);
            add(proof, blinding, change * word(script));
        }
        // The error or the cross term with the response that opens their combination.
        6 => {
            let (point, opened) = some(script, &[(along, response), (hiding, response + ELEMENT)])?;
            let times = [Fr::from(1_u64), word(script)];
            let (announced, times) = some(script, &[(error, times[0]), (cross_term, times[1])])?;
            add_point(proof, announced, point, change);
            add(proof, opened, change * times);
        }
        // The fresh vector with the blinding that opens it, or with the announced and the opened value.
        7 => {
            add_point(proof, vector, hiding, change);
            add(proof, blinding, change);
        }
        8 => {
            let announced_value = *honest.elements(labels::ANNOUNCED_VALUE).first()?;
            add_point(proof, vector, some(script, generators.vector())?, change);
            add(proof, announced_value, change * word(script));
            add(proof, response + 3 * ELEMENT, change * word(script));
        }
        // A witness row with the fresh vector, or the first halves.
        _ => {
            let witness = some(script, &honest.elements(labels::WITNESS_COMMITMENT))?;
            let halves = honest.elements(labels::INNER_PRODUCT_HALVES);
            let made_up = some(script, &[&[vector], halves.as_slice()].concat())?;
            let generator = some(script, generators.vector())?;
            add_point(proof, witness, generator, change);
            add_point(proof, made_up, generator, -change * word(script));
        }
    }
    Some(())
}

/// Changes a point to its sum with another, or with a multiple of a generator.
fn add_points(script: &mut Script, honest: &Honest, proof: &mut [u8]) -> Option<()> {
    let points: Vec<usize> = honest
        .messages
        .iter()
        .filter(|(label, _)| holds_points(*label))
        .flat_map(|(_, place)| place.clone().step_by(ELEMENT))
        .collect();
    let (at, elsewhere) = (some(script, &points)?, some(script, &points)?);
    let generators = honest.key.generators();
    match script.byte() % 4 {
        0 => {
            let other = point_from_bytes(proof.get(elsewhere..elsewhere + ELEMENT)?)?;
            add_point(proof, at, other, Fr::from(1_u64));
        }
        1 => add_point(proof, at, some(script, generators.vector())?, word(script)),
        2 => add_point(proof, at, generators.hiding(), word(script)),
        // What one gains, the other loses.
        _ => {
            let (point, times) = (generators.inner_product(), word(script));
            add_point(proof, at, point, times);
            add_point(proof, elsewhere, point, -times);
        }
    }
    Some(())
}

/// Changes rows that a statement names.
fn change_rows(script: &mut Script, honest: &Honest, rows: &mut [G1Affine]) -> Option<()> {
    let (at, other) = (script.index(rows.len()), script.index(rows.len()));
    let row = *rows.get(at)?;
    match script.byte() % 4 {
        0 => rows.swap(at, other),
        1 => rows[at] = (row + honest.key.generators().hiding() * word(script)).into(),
        2 => rows[at] = (row + rows[other]).into(),
        _ => rows[at] = -row,
    }
    Some(())
}

/// Changes what a proof is said to prove.
fn restate(script: &mut Script, honest: &Honest, claim: &mut Claim) -> Option<()> {
    let operation = script.byte() % 8;
    let other = &honest.claims[script.index(honest.claims.len())];
    match operation {
        0 => claim.input = Some(nudged(script, claim.input.as_ref()?)),
        1 => {
            let at = script.index(claim.outputs.len());
            let output = claim.outputs.get_mut(at)?;
            *output = nudged(script, output);
        }
        2 => change_rows(script, honest, &mut claim.model)?,
        3 => change_rows(script, honest, &mut claim.committed)?,
        4 => claim.model.clone_from(&other.model),
        5 => claim.outputs.clone_from(&other.outputs),
        6 => claim.proof.clone_from(&other.proof),
        _ => {
            claim.input.clone_from(&other.input);
            claim.committed.clone_from(&other.committed);
        }
    }
    Some(())
}

/// Nothing but valid proofs of their own statements is accepted.
pub(crate) fn verifier(script: &mut Script, index: usize) {
    let honest = &honest()[index];
    let ranges: Vec<Range<usize>> = honest.messages.iter().map(|(_, place)| place.clone()).collect();
    let mut claim = honest.claims[0].clone();
    for _ in 0..8 {
        if script.is_empty() {
            break;
        }
        // An operation that does not apply changes nothing.
        let _ = match script.byte() % 8 {
            0 => restate(script, honest, &mut claim),
            1 | 2 => replace(script, honest, &mut claim.proof),
            3 | 4 => cancel(script, honest, &mut claim.proof),
            5 => add_points(script, honest, &mut claim.proof),
            _ => {
                mutate(script, &ranges, honest.key.generators().vector(), &mut claim.proof);
                Some(())
            }
        };
    }
    let known = honest.claims.contains(&claim);
    assert_eq!(honest.accepts(&claim), known, "list {index}");
}
