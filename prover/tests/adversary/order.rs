//! Messages chosen after the challenges that they must precede.

use tacit_layers::argument::lookup_block::BlockSource;
use tacit_prover::{ProvingKey, cheating::Run};
use tacit_transcript::{Event, labels};
use tacit_verifier::{Error, verify};

use super::{
    network::{DENOMINATOR, RESCALE, both, sample, set_activation, verdict},
    tiny,
};

/// A wrong activation is in no row of its table. With the fingerprint's challenges known, some multiplicity makes the
/// fractions sum to zero, as a field element; but it was committed before.
#[test]
fn rejects_a_multiplicity_fitted_to_the_challenges() {
    for (key, _) in both() {
        let plan = key.verifying_key().plan();
        let rows = BlockSource::Activations(RESCALE);
        let table = plan.segments.iter().find(|segment| segment.rows == rows).unwrap().table;
        for row in 0..1 << plan.tables[table].num_vars() {
            let mut run = Run::honest(&key, &sample()).unwrap();
            run.fit_multiplicity(table, row);
            assert_eq!(verdict(&key, &sample(), &run), Ok(()), "nothing to make up for");
            let wrong = run.values()[RESCALE.index()].data()[1] ^ 1;
            set_activation(&mut run, key.network(), 1, wrong);
            assert_eq!(verdict(&key, &sample(), &run), Err(Error::Opening), "row {row}");
        }
        let mut run = Run::honest(&key, &sample()).unwrap();
        let wrong = run.values()[RESCALE.index()].data()[1] ^ 1;
        set_activation(&mut run, key.network(), 1, wrong);
        assert_eq!(verdict(&key, &sample(), &run), Err(DENOMINATOR), "not made up for");
    }
}

/// The whole statement is absorbed before anything else, and every column is committed before the first challenge.
#[test]
fn the_statement_and_all_columns_precede_every_challenge() {
    for (name, network) in tiny::all() {
        let input = tiny::sample(&network);
        let key = ProvingKey::setup(network).unwrap();
        let proven = tacit_prover::prove(&key, &input).unwrap();
        let accepted = verify(key.verifying_key(), &input, &proven.outputs, &proven.proof).unwrap();
        let statement = [
            labels::PROTOCOL_VERSION,
            labels::ARCHITECTURE,
            labels::MODEL_COMMITMENT,
            labels::INPUT,
            labels::OUTPUT,
            labels::HARDENING,
        ];
        for events in [&proven.events, &accepted.events] {
            let first = events.iter().position(|event| !matches!(event, Event::Absorb(..))).unwrap();
            let (absorbed, rest) = events.split_at(first);
            let mut seen: Vec<_> = absorbed
                .iter()
                .map(|event| match event {
                    Event::Absorb(label, _) | Event::Message(label, _) | Event::Squeeze(label) => *label,
                })
                .collect();
            seen.dedup();
            assert_eq!(seen, statement, "{name}");
            assert!(matches!(rest[0], Event::Message(labels::WITNESS_COMMITMENT, _)), "{name}");
            let later = rest[1..].iter().any(|event| {
                matches!(event, Event::Message(labels::WITNESS_COMMITMENT, _))
                    || matches!(event, Event::Absorb(label, _) if statement.contains(label))
            });
            assert!(!later, "{name}: nothing of the statement or the witness follows a challenge");
        }
    }
}
