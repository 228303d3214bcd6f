//! Proofs that hide: every kind of lie under a private model and about a committed input, and lies about the masks.

use ark_bn254::Fr;
use ark_ff::One;
use tacit_inference::NetworkBuilder;
use tacit_layers::{
    AxisWindow, InputLayer, Network, Tensor, VerifyingKey, Window2d,
    argument::{claim::Column, lookup_block::BlockSource},
    proof::statement::{Input, Statement},
};
use tacit_prover::{
    InputOpening, Proven, ProvingKey, Seed,
    cheating::{MaskingLie, Revision, Run},
    prove, prove_with_seed,
};
use tacit_transcript::{Error as Malformed, Label, labels};
use tacit_verifier::{Error, verify_statement};

use super::{
    layout,
    network::{READER, RESCALE, both, output, sample, set, set_activation, set_quotient},
    tiny,
    windows::{look_differences_up, maxima, pool, set_maximum},
};

/// The error is not that of the announced ones' combination.
const ERROR: Error = Error::MaskedChecks { part: "error" };
/// Some check on values behind masks does not hold.
const PRODUCTS: Error = Error::MaskedChecks { part: "products" };

fn seed(seed: u8) -> Seed {
    Seed::new([seed; 32])
}

fn private(network: &Network) -> ProvingKey {
    ProvingKey::setup_private(network.clone(), &seed(1)).unwrap()
}

fn open(input: &Tensor<i64>) -> InputOpening {
    InputOpening::new(input.clone(), &seed(2)).unwrap()
}

/// A private model, a committed input, both.
fn settings(key: &ProvingKey, input: &Tensor<i64>) -> [(ProvingKey, Option<InputOpening>); 3] {
    let network = key.network();
    [(private(network), None), (key.clone(), Some(open(input))), (private(network), Some(open(input)))]
}

fn run<'a>(key: &'a ProvingKey, opening: Option<&InputOpening>, input: &Tensor<i64>) -> Run<'a> {
    match opening {
        Some(opening) => Run::committed(key, opening).unwrap(),
        None => Run::honest(key, input).unwrap(),
    }
}

fn check(
    key: &VerifyingKey,
    opening: Option<&InputOpening>,
    input: &Tensor<i64>,
    proven: &Proven,
) -> Result<(), Error> {
    let input = opening.map_or(Input::Public(input), |opening| Input::Committed(opening.commitment()));
    verify_statement(key, &Statement { inputs: vec![input], outputs: &proven.outputs }, &proven.proof)
        .map(|_| ())
}

/// Asserts what comes of a lie in every setting.
fn assert_all(key: &ProvingKey, input: &Tensor<i64>, expected: &Result<(), Error>, lie: impl Fn(&mut Run)) {
    for (key, opening) in settings(key, input) {
        let mut run = run(&key, opening.as_ref(), input);
        lie(&mut run);
        let verdict = check(key.verifying_key(), opening.as_ref(), input, &run.prove().unwrap());
        assert_eq!(&verdict, expected, "private {}", key.verifying_key().is_private());
    }
}

/// What the network's own look-ups and sums reject in the clear, the proof of masked messages rejects.
#[test]
fn rejects_false_runs() {
    for (key, _) in both() {
        assert_all(&key, &sample(), &Ok(()), |_| {});
        for index in 0..3 {
            let wrong = |run: &mut Run| {
                let wrong = run.values()[RESCALE.index()].data()[index] ^ 1;
                set_activation(run, key.network(), index, wrong);
                wrong
            };
            // Not in its row, and in the row of another quotient.
            assert_all(&key, &sample(), &Err(PRODUCTS), |run| {
                wrong(run);
            });
            assert_all(&key, &sample(), &Err(PRODUCTS), |run| {
                let value = wrong(run);
                set_quotient(run, &key, index, value);
            });
        }
        for table in 0..key.verifying_key().plan().tables.len() {
            assert_all(&key, &sample(), &Err(PRODUCTS), |run| {
                run.column(Column::Multiplicity(table))[0] += 1;
            });
        }
        assert_all(&key, &sample(), &Err(PRODUCTS), |run| {
            run.lookups(BlockSource::Remainders(RESCALE)).1.swap(0, 1);
        });
        assert_all(&key, &sample(), &Err(PRODUCTS), |run| {
            let wrong = run.outputs()[0].data()[1] + 1;
            set(&mut run.outputs()[0], 1, wrong);
            set(&mut run.values()[READER.index()], 1, wrong);
        });
    }
}

#[test]
fn rejects_a_maximum_that_is_not_in_its_window_or_not_the_largest() {
    for (padding, padded) in [(0, 4), (1, 16)] {
        let key = pool(padding);
        for by in [1, -1] {
            assert_all(&key, &maxima(), &Err(PRODUCTS), |run| {
                let honest = run.values()[1].data()[0];
                set_maximum(run, 0, honest + by);
                look_differences_up(run, padded);
            });
        }
    }
}

/// Another model's run, and another witness' columns: every check holds but the opening.
#[test]
fn rejects_what_is_not_committed_to() {
    for (key, _) in both() {
        let mut network = key.network().clone();
        let tacit_layers::Parameter::Int32(bias) = &mut network.parameters[2] else { panic!() };
        bias[1] -= 1;
        let [claimed, used] = [private(key.network()), private(&network)];
        assert_eq!(claimed.network().architecture, used.network().architecture);
        for lie in [None, Some(MaskingLie::Opened)] {
            let mut run = Run::honest(&used, &sample()).unwrap();
            run.claim_key(claimed.verifying_key());
            if let Some(lie) = lie {
                run.fit_masking(lie);
            }
            let verdict = check(claimed.verifying_key(), None, &sample(), &run.prove().unwrap());
            assert_eq!(verdict, Err(Error::Opening), "{lie:?}");
        }
        let former = Tensor::new(sample().layout().clone(), vec![1, 0, 2, -3, 4]).unwrap();
        let stale = Run::honest(&key, &former).unwrap();
        let (private, input) = (private(key.network()), sample());
        for lie in [None, Some(MaskingLie::Opened)] {
            let mut run = Run::honest(&private, &input).unwrap();
            run.commit_to(&stale);
            if let Some(lie) = lie {
                run.fit_masking(lie);
            }
            let verdict = check(private.verifying_key(), None, &input, &run.prove().unwrap());
            assert_eq!(verdict, Err(Error::Opening), "{lie:?}");
        }
    }
}

/// A prover whose messages fail a check fits the proof that they do not: the last thing that it has to fit it cannot.
#[test]
fn rejects_proofs_of_checks_that_are_fitted_to_the_challenge() {
    for (key, _) in both() {
        for (lie, error) in [
            (MaskingLie::Error, ERROR),
            (MaskingLie::Linear, Error::Opening),
            (MaskingLie::Factors, Error::Opening),
            (MaskingLie::Opened, PRODUCTS),
        ] {
            assert_all(&key, &sample(), &Ok(()), |run| run.fit_masking(lie));
            assert_all(&key, &sample(), &Err(error), |run| {
                let wrong = run.values()[RESCALE.index()].data()[1] ^ 1;
                set_activation(run, key.network(), 1, wrong);
                run.fit_masking(lie);
            });
        }
    }
}

/// Commitments along generators that are not theirs.
#[test]
fn rejects_commitments_along_other_generators() {
    for (key, _) in both() {
        for (lie, error) in [(MaskingLie::ErrorInRow, ERROR), (MaskingLie::RowWithError, Error::Opening)] {
            assert_all(&key, &sample(), &Err(error), |run| run.fit_masking(lie));
        }
    }
}

/// A true statement, and each step of the proof of masked messages falsified by itself.
#[test]
fn rejects_every_false_step() {
    let element = |index: usize| -> Revision {
        [
            |x: &mut [Fr]| x[0] += Fr::one(),
            |x: &mut [Fr]| x[1] += Fr::one(),
            |x: &mut [Fr]| x[2] += Fr::one(),
            |x: &mut [Fr]| x[3] += Fr::one(),
        ][index]
    };
    let last: Revision = |x| x[x.len() - 1] += Fr::one();
    let steps: [(Label, Revision, Result<(), Error>); 14] = [
        // The error, the cross term; another blinding of either is no lie.
        (labels::ANNOUNCEMENT, element(0), Err(PRODUCTS)),
        (labels::ANNOUNCEMENT, element(1), Err(PRODUCTS)),
        (labels::ANNOUNCEMENT, element(2), Ok(())),
        (labels::ANNOUNCEMENT, element(3), Ok(())),
        (labels::ANNOUNCED_VALUE, element(0), Err(Error::Opening)),
        // The error, its blinding, the linear part, the opened value.
        (labels::MASKING_RESPONSE, element(0), Err(ERROR)),
        (labels::MASKING_RESPONSE, element(1), Err(ERROR)),
        (labels::MASKING_RESPONSE, element(2), Err(PRODUCTS)),
        (labels::MASKING_RESPONSE, element(3), Err(Error::Opening)),
        (labels::MASKING_FACTORS, element(0), Err(PRODUCTS)),
        (labels::MASKING_FACTORS, element(1), Err(PRODUCTS)),
        (labels::OPENING_BLINDING, element(0), Err(Error::Opening)),
        // Masks other than those committed to: one in use, one that may be left over.
        (labels::MASK_COMMITMENT, element(0), Err(Error::Opening)),
        (labels::MASK_COMMITMENT, last, Err(Error::Opening)),
    ];
    for (key, _) in both() {
        for (label, revision, expected) in &steps {
            assert_all(&key, &sample(), expected, |run| run.revise(*label, *revision));
        }
    }
}

/// A proof of a public model under a private key and the other way round.
#[test]
fn rejects_a_proof_of_one_setting_in_the_other() {
    let network = tiny::mlp();
    let input = tiny::sample(&network);
    let [public, private] = [ProvingKey::setup(network.clone()).unwrap(), private(&network)];
    let (shown, hidden) =
        (prove(&public, &input).unwrap(), prove_with_seed(&private, &input, &seed(3)).unwrap());
    // It depends on the bytes whether the first fraction is the commitment to a mask, and the other way round.
    let as_hidden = |verdict: Result<(), Error>| {
        assert!(matches!(verdict, Err(Error::Malformed(_) | ERROR)), "{verdict:?}");
    };
    let as_shown = |verdict: Result<(), Error>| {
        let scalar = |index| Err(Error::Malformed(Malformed::Scalar { label: labels::FRACTIONS, index }));
        assert!(verdict == Err(Error::FractionSum) || (0..4).any(|i| verdict == scalar(i)), "{verdict:?}");
    };
    as_hidden(check(private.verifying_key(), None, &input, &shown));
    as_shown(check(public.verifying_key(), None, &input, &hidden));
    // The key with its flag flipped, both ways: another key, whose digest precedes every challenge.
    as_hidden(check(&flipped(public.verifying_key()), None, &input, &shown));
    as_shown(check(&flipped(private.verifying_key()), None, &input, &hidden));
    for key in [&public, &private].map(ProvingKey::verifying_key) {
        let flipped = flipped(key);
        assert_eq!((flipped.is_private(), flipped.commitments()), (!key.is_private(), key.commitments()));
        assert_ne!(flipped.digest(), key.digest());
    }
    // Blinded rows passed off as a public model's, and a private model's whose blinding is not known.
    let flipped = flipped(private.verifying_key());
    for (claimed, used) in [(&flipped, &public), (private.verifying_key(), &otherwise_blinded(&public))] {
        let mut run = Run::honest(used, &input).unwrap();
        run.claim_key(claimed);
        assert_eq!(check(claimed, None, &input, &run.prove().unwrap()), Err(Error::Opening));
    }
}

/// The private model whose rows are blinded otherwise.
fn otherwise_blinded(public: &ProvingKey) -> ProvingKey {
    ProvingKey::setup_private(public.network().clone(), &seed(7)).unwrap()
}

fn flipped(key: &VerifyingKey) -> VerifyingKey {
    let (architecture, rows) = (key.architecture().clone(), key.commitments().to_vec());
    if key.is_private() {
        VerifyingKey::new(architecture, rows).unwrap()
    } else {
        VerifyingKey::private(architecture, rows).unwrap()
    }
}

/// Networks with hardly anything to prove: no look-ups, no products, no messages, no more than one generator.
#[test]
fn rejects_false_outputs_of_networks_that_commit_to_nothing() {
    let builder = |axes: &[usize]| NetworkBuilder::new("edge", InputLayer::real(layout(axes), (0, 3), 1.0));
    let dense = |outputs: usize| {
        let mut b = builder(&[1]);
        let weights = Tensor::new(layout(&[outputs, 1]), vec![2; outputs]).unwrap();
        let x = b.dense("dense", b.input(), 0, weights, None).unwrap();
        b.output(output("y", x, &[outputs]));
        b.finish().unwrap()
    };
    let same = |axes: &[usize]| {
        let mut b = builder(axes);
        b.output(output("y", b.input(), axes));
        b.finish().unwrap()
    };
    let mut pooled = builder(&[1, 2, 2]);
    let window = Window2d::square(AxisWindow::new(2, 1));
    let x = pooled.average_pool("mean", pooled.input(), window);
    pooled.output(output("y", x, &[1, 1, 1]));
    let networks = [same(&[1]), same(&[1, 2, 2]), pooled.finish().unwrap(), dense(1), dense(3)];
    for (index, network) in networks.into_iter().enumerate() {
        let input = network.architecture.input().unwrap().layout.clone();
        let elements = input.num_elements();
        let input = Tensor::new(input, vec![2; elements]).unwrap();
        let key = ProvingKey::setup(network).unwrap();
        assert_all(&key, &input, &Ok(()), |_| {});
        for (key, opening) in settings(&key, &input) {
            // An output that is the committed input itself is opened, others are summed.
            let opened = index < 2 && opening.is_some();
            for lie in [None, Some(MaskingLie::Error), Some(MaskingLie::Linear), Some(MaskingLie::Factors)] {
                let mut run = run(&key, opening.as_ref(), &input);
                let wrong = run.outputs()[0].data()[0] + 1;
                set(&mut run.outputs()[0], 0, wrong);
                if let Some(lie) = lie {
                    run.fit_masking(lie);
                }
                let verdict = check(key.verifying_key(), opening.as_ref(), &input, &run.prove().unwrap());
                let expected = match lie {
                    _ if opened => Error::Opening,
                    None => PRODUCTS,
                    Some(MaskingLie::Error) => ERROR,
                    Some(_) => Error::Opening,
                };
                assert_eq!(verdict, Err(expected), "network {index}, {lie:?}");
            }
        }
    }
}
