//! The example of an attested camera: an honest claim passes, and nothing in it can be swapped.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../examples/attested_camera.rs"]
mod attested_camera;

use attested_camera::{Camera, Claim, Refusal, SIZE, check, claim, lines_across, network};
use tacit_prover::ProvingKey;
use tacit_verifier::Error;

struct Scene {
    camera: Camera,
    key: ProvingKey,
    /// Of a picture with lines four rows apart, and of one with lines eight apart.
    claims: [Claim; 2],
}

impl Scene {
    fn new() -> Self {
        let (camera, key) = (Camera::new(&[7; 32]), ProvingKey::setup(network().unwrap()).unwrap());
        let claims = [4, 8].map(|period| claim(&key, &camera.take(lines_across(period)).unwrap()).unwrap());
        Self { camera, key, claims }
    }

    fn check(&self, claim: &Claim) -> Result<(), Refusal> {
        check(&self.camera.public_key(), self.key.verifying_key(), claim)
    }
}

#[test]
fn accepts_honest_claims_that_say_what_is_in_the_picture() {
    let scene = Scene::new();
    for claim in &scene.claims {
        assert_eq!(scene.check(claim), Ok(()));
        let [across, down] = claim.outputs[0].data() else { unreachable!() };
        assert!(across > &(10 * down), "{across} across, {down} down");
    }
    assert_ne!(scene.claims[0].outputs, scene.claims[1].outputs);
}

#[test]
fn rejects_a_swapped_commitment_signature_proof_or_answer() {
    let scene = Scene::new();
    let [claim, other] = &scene.claims;
    let commitment = Claim { commitment: other.commitment.clone(), ..claim.clone() };
    assert_eq!(scene.check(&commitment), Err(Refusal::Signature));
    let signature = Claim { signature: other.signature, ..claim.clone() };
    assert_eq!(scene.check(&signature), Err(Refusal::Signature));
    // A commitment with its own signature, under which the proof is another picture's.
    let signed = Claim { signature: other.signature, ..commitment };
    assert!(matches!(scene.check(&signed), Err(Refusal::Proof(_))));
    let proof = Claim { proof: other.proof.clone(), ..claim.clone() };
    assert!(matches!(scene.check(&proof), Err(Refusal::Proof(_))));
    let answer = Claim { outputs: other.outputs.clone(), ..claim.clone() };
    assert!(matches!(scene.check(&answer), Err(Refusal::Proof(_))));
    let mut cut = claim.clone();
    cut.proof.pop();
    assert!(matches!(scene.check(&cut), Err(Refusal::Proof(Error::Malformed(_)))));
}

#[test]
fn rejects_another_cameras_signature_and_a_picture_that_no_camera_took() {
    let scene = Scene::new();
    let other = Camera::new(&[8; 32]);
    let taken = claim(&scene.key, &other.take(vec![100; SIZE * SIZE]).unwrap()).unwrap();
    assert_eq!(scene.check(&taken), Err(Refusal::Signature));
    assert_eq!(check(&other.public_key(), scene.key.verifying_key(), &taken), Ok(()));
    let borrowed = Claim { signature: scene.claims[0].signature, ..taken };
    assert_eq!(scene.check(&borrowed), Err(Refusal::Signature));
}
