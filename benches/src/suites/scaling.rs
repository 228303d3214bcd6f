//! Networks that grow in one respect.

use super::{Case, PublishedNetwork, Subject};

const WIDTHS: [usize; 6] = [64, 128, 256, 512, 1024, 2048];
const SIDES: [usize; 5] = [8, 16, 32, 64, 128];
const BATCHES: [usize; 7] = [1, 2, 4, 8, 16, 32, 64];

pub(super) fn cases() -> Vec<Case> {
    let case = |group: &str, value: usize, subject| {
        Case::new("scaling", group, format!("{group}-{value}"), subject).varied(group, value)
    };
    let mut cases = vec![];
    cases.extend(WIDTHS.map(|width| {
        let widths = vec![64, width, width, 10];
        let weights = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        case("weights", weights, Subject::Perceptron(widths))
    }));
    // Two maps of 16 channels and one of one.
    cases.extend(SIDES.map(|side| case("activations", 33 * side * side, Subject::Picture(side))));
    cases.extend(BATCHES.map(|batch| case("batch", batch, Subject::Batch(batch, vec![256, 256, 256, 10]))));
    let cores = std::thread::available_parallelism().map_or(1, usize::from).min(1024);
    let powers = (0..).map(|k| 1 << k).take_while(|&threads| threads < cores);
    cases.extend(powers.chain([cores]).map(|threads| Case {
        threads: Some(threads as u16),
        ..case("threads", threads, Subject::Published(PublishedNetwork::Vgg11))
    }));
    cases
}
