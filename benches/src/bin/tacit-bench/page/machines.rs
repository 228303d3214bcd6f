//! The machines that rows were measured on.

use std::collections::BTreeSet;

use tacit_benches::row::Row;

use crate::markup::escape;
use tacit_cli::units;

/// A list for each machine and build.
pub(super) fn html(rows: &[Row]) -> String {
    let mut machines: Vec<Vec<&Row>> = vec![];
    for row in rows {
        match machines.iter_mut().find(|known| known[0].machine == row.machine) {
            Some(known) => known.push(row),
            None => machines.push(vec![row]),
        }
    }
    let several = machines.len() > 1;
    machines.iter().map(|rows| list(rows, several)).collect()
}

fn list(rows: &[&Row], several: bool) -> String {
    let machine = &rows[0].machine;
    let unknown = || "unknown".to_owned();
    let values = |value: fn(&Row) -> String| {
        let values: BTreeSet<String> = rows.iter().map(|row| value(row)).collect();
        values.into_iter().collect::<Vec<_>>().join(", ")
    };
    let days: BTreeSet<&str> = rows.iter().filter_map(|row| row.date.split('T').next()).collect();
    let days = match (days.first(), days.last()) {
        (Some(first), Some(last)) if first != last => format!("{first} to {last}"),
        (first, _) => first.map_or_else(unknown, |&day| day.to_owned()),
    };
    let mut facts = vec![
        ("processor", machine.cpu.clone().unwrap_or_else(unknown)),
        ("cores", machine.cores.to_string()),
        ("memory", machine.memory.map_or_else(unknown, |bytes| units::bytes(bytes as usize))),
        ("system", machine.system.clone()),
        ("kernel", machine.kernel.clone()),
        ("Tacit", machine.version.clone()),
        ("commit", machine.commit.clone().unwrap_or_else(unknown)),
        ("threads", values(|row| row.settings.threads.to_string())),
        ("samples", values(|row| row.settings.samples.to_string())),
        ("measured", days),
    ];
    if several {
        facts.push(("rows", rows.len().to_string()));
    }
    let fact = |(name, value): (&str, String)| {
        let kind = if name == "commit" { " class=\"code\"" } else { "" };
        format!("<div><dt>{name}</dt><dd{kind}>{}</dd></div>", escape(&value))
    };
    format!("<dl class=\"machine\">{}</dl>", facts.into_iter().map(fact).collect::<String>())
}
