//! What the example proves is proved.

use super::*;

#[test]
fn the_energy_of_a_filtered_image_is_proved_and_no_other() {
    let (mut statement, [image, kernel]) = example().unwrap();
    let proof = statement.prove(&image, &kernel).unwrap();
    statement.verify(&proof).unwrap();
    statement.energy += Fr::from(1_u64);
    assert!(statement.verify(&proof).is_err());
}

#[test]
fn a_changed_message_of_either_side_is_rejected() {
    let (statement, [image, kernel]) = example().unwrap();
    let proof = statement.prove(&image, &kernel).unwrap();
    for part in [0, 1] {
        for word in 0..proof.messages[part].len() / 32 {
            let mut messages = proof.messages.clone();
            messages[part][32 * word] ^= 1;
            let changed =
                Proof { messages, rounds: proof.rounds.clone(), openings: proof.openings.clone(), ..proof };
            assert!(statement.verify(&changed).is_err(), "part {part}, word {word}");
        }
    }
    for round in 0..proof.rounds.len() {
        let mut rounds = proof.rounds.clone();
        rounds[round][2] += Fr::from(1_u64);
        let changed =
            Proof { messages: proof.messages.clone(), rounds, openings: proof.openings.clone(), ..proof };
        assert!(statement.verify(&changed).is_err(), "round {round}");
    }
    let mut openings = proof.openings.clone();
    openings.swap(0, 1);
    let changed = Proof { messages: proof.messages.clone(), rounds: proof.rounds.clone(), openings, ..proof };
    assert!(statement.verify(&changed).is_err());
}

#[test]
fn a_map_outside_the_range_has_no_proof() {
    let (statement, [image, kernel]) = example().unwrap();
    let bright = Tensor::new(kernel.layout().clone(), vec![2; 16]).unwrap();
    assert!(statement.prove(&image, &bright).is_err());
}
