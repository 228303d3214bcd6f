//! `tacit compile --report`: where accuracy is lost.

use serde::Serialize;
use tacit_onnx::ValueAgreement;

use crate::units;

/// One value of the network.
#[derive(Debug, Serialize)]
pub(super) struct ValueFacts {
    name: String,
    operation: &'static str,
    signal_to_noise_db: Option<f64>,
    added_noise: f64,
    largest_error: f64,
    clipped: f64,
    bits: Option<f64>,
    bits_used: f64,
    loses_most: bool,
}

impl From<ValueAgreement> for ValueFacts {
    fn from(value: ValueAgreement) -> Self {
        Self {
            name: value.name,
            operation: value.operation,
            signal_to_noise_db: value.signal_to_noise,
            added_noise: value.added_noise,
            largest_error: value.largest_error,
            clipped: value.clipped,
            bits: value.bits,
            bits_used: value.bits_used,
            loses_most: value.loses_most,
        }
    }
}

/// The values as a table, those that lose most marked.
pub(super) fn table(values: &[ValueFacts]) -> String {
    const HEADER: [&str; 7] =
        ["value", "signal to noise", "noise added", "largest error", "clipped", "bits used", ""];
    let row = |value: &ValueFacts| {
        let used = match value.bits {
            Some(bits) => format!("{:.1} of {bits:.0}", value.bits_used),
            None => format!("{:.1}", value.bits_used),
        };
        vec![
            value.name.clone(),
            value.signal_to_noise_db.map_or_else(|| "exact".to_owned(), |ratio| format!("{ratio:.1} dB")),
            format!("{:.1e}", value.added_noise),
            format!("{:.1} units", value.largest_error),
            format!("{:.3}%", 100.0 * value.clipped),
            used,
            if value.loses_most { "<- loses most" } else { "" }.to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> =
        std::iter::once(HEADER.map(str::to_owned).to_vec()).chain(values.iter().map(row)).collect();
    units::table(&rows)
}
