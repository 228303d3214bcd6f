//! Rows as comma-separated values (RFC 4180): one line each, times in seconds, sizes in bytes, lists by their median and
//! extremes.

use tacit_benches::{
    row::{Row, Status},
    statistics::Spread,
};

/// A named column.
type Column = (&'static str, fn(&Row) -> Option<String>);

const COLUMNS: &[Column] = &[
    ("suite", |row| Some(row.suite.clone())),
    ("group", |row| Some(row.group.clone())),
    ("name", |row| Some(row.name.clone())),
    ("status", |row| Some(status(row.status).to_owned())),
    ("reason", |row| row.reason.clone()),
    ("varied", |row| row.varied.as_ref().map(|varied| varied.what.clone())),
    ("value", |row| row.varied.as_ref().map(|varied| varied.value.to_string())),
    ("architecture", |row| row.network.as_ref().map(|network| network.architecture.clone())),
    ("layers", |row| row.network.as_ref().map(|network| network.layers.to_string())),
    ("parameters", |row| row.network.as_ref().map(|network| network.parameters.to_string())),
    ("weights", |row| row.network.as_ref().map(|network| network.weights.to_string())),
    ("multiplications", |row| row.network.as_ref().map(|network| network.multiplications.to_string())),
    ("activations", |row| row.network.as_ref().map(|network| network.activations.to_string())),
    ("lookups", |row| row.network.as_ref().map(|network| network.lookups.to_string())),
    ("soundness_bits", |row| row.network.as_ref().map(|network| format!("{:.1}", network.soundness_bits))),
    ("samples", |row| Some(row.settings.samples.to_string())),
    ("threads", |row| Some(row.settings.threads.to_string())),
    ("convolution", |row| Some(row.settings.convolution.clone())),
    ("matmul", |row| Some(row.settings.matmul.clone())),
    ("quantisation", |row| row.settings.quantisation.clone()),
    ("compile_seconds", |row| row.seconds.compile.map(seconds)),
    ("setup_seconds", |row| row.seconds.setup.map(seconds)),
    ("inference_seconds", |row| median(&row.seconds.inference)),
    ("prove_seconds", |row| median(&row.seconds.prove)),
    ("prove_seconds_min", |row| Some(seconds(row.prove()?.min))),
    ("prove_seconds_max", |row| Some(seconds(row.prove()?.max))),
    ("commit_seconds", |row| median(&row.seconds.phases.commit)),
    ("lookup_seconds", |row| median(&row.seconds.phases.lookups)),
    ("linear_seconds", |row| median(&row.seconds.phases.linear)),
    ("opening_seconds", |row| median(&row.seconds.phases.opening)),
    ("verify_seconds", |row| median(&row.seconds.verify)),
    ("verify_seconds_min", |row| Some(seconds(row.verify()?.min))),
    ("verify_seconds_max", |row| Some(seconds(row.verify()?.max))),
    ("prove_over_inference", |row| Some(format!("{:.1}", row.overhead()?))),
    ("proof_bytes", |row| row.bytes.proof.map(|bytes| bytes.to_string())),
    ("proving_key_bytes", |row| row.bytes.proving_key.map(|bytes| bytes.to_string())),
    ("verifying_key_bytes", |row| row.bytes.verifying_key.map(|bytes| bytes.to_string())),
    ("peak_memory_bytes", |row| row.bytes.peak_memory.map(|bytes| bytes.to_string())),
    ("peak_memory_proving_bytes", |row| row.bytes.peak_memory_proving.map(|bytes| bytes.to_string())),
    ("accuracy_samples", |row| Some(row.accuracy.as_ref()?.samples.to_string())),
    ("accuracy_float", |row| Some(row.accuracy.as_ref()?.float?.to_string())),
    ("accuracy_quantised", |row| Some(row.accuracy.as_ref()?.quantised?.to_string())),
    ("accuracy_loss", |row| Some(row.accuracy.as_ref()?.loss()?.to_string())),
    ("agreement", |row| Some(row.accuracy.as_ref()?.agreement?.to_string())),
    ("cpu", |row| row.machine.cpu.clone()),
    ("cores", |row| Some(row.machine.cores.to_string())),
    ("memory_bytes", |row| row.machine.memory.map(|bytes| bytes.to_string())),
    ("system", |row| Some(row.machine.system.clone())),
    ("kernel", |row| Some(row.machine.kernel.clone())),
    ("version", |row| Some(row.machine.version.clone())),
    ("commit", |row| row.machine.commit.clone()),
    ("date", |row| Some(row.date.clone())),
];

/// Rows under a line of names.
pub(super) fn table(rows: &[Row]) -> String {
    let header = line(COLUMNS.iter().map(|(name, _)| (*name).to_owned()));
    let rows = rows.iter().map(|row| line(COLUMNS.iter().map(|(_, cell)| cell(row).unwrap_or_default())));
    header + &rows.collect::<String>()
}

/// A status as it is in JSON.
pub(super) const fn status(status: Status) -> &'static str {
    match status {
        Status::Proved => "proved",
        Status::Refused => "refused",
        Status::Failed => "failed",
    }
}

pub(super) fn seconds(seconds: f64) -> String {
    format!("{seconds:.6}")
}

fn median(samples: &[f64]) -> Option<String> {
    Some(seconds(Spread::of(samples)?.median))
}

/// Cells, quoted where they must be.
pub(super) fn line(cells: impl Iterator<Item = String>) -> String {
    let quoted = cells.map(|cell| {
        // What a spreadsheet would compute.
        let formula = cell.starts_with(['=', '+', '@']);
        let cell = if formula { format!("'{cell}") } else { cell };
        let plain = !cell.contains(['"', ',', '\n', '\r']);
        if plain { cell } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
    });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_are_quoted_where_they_must_be() {
        let formula = ["=1+1", "-0.5"].map(str::to_owned);
        assert_eq!(super::line(formula.into_iter()), "'=1+1,-0.5\r\n");
        let cells = ["plain", "a,b", "say \"no\"", "two\nlines", ""].map(str::to_owned);
        assert_eq!(super::line(cells.into_iter()), "plain,\"a,b\",\"say \"\"no\"\"\",\"two\nlines\",\r\n");
    }
}
