//! Rows as comma-separated values: a line for each shape and argument, bytes by message in columns of their own.

use tacit_benches::{
    alone::{Phases, Sent},
    statistics::Spread,
};

use super::{Facts, Row, TIMES};
use crate::csv::{line, seconds};

type Phase = (&'static str, fn(&Phases) -> &Sent);

const PHASES: [Phase; 3] = [
    ("commitment", |phases| &phases.commitment),
    ("argument", |phases| &phases.argument),
    ("opening", |phases| &phases.opening),
];

pub(super) fn table(facts: &Facts) -> String {
    let messages = messages(&facts.rows);
    let names = facts.rows.first().map(|row| row.numbers.iter().map(|(name, _)| (*name).to_owned()));
    let mut header: Vec<String> = vec!["kind".to_owned(), "shape".to_owned()];
    header.extend(names.into_iter().flatten());
    header.extend(
        ["argument", "status", "reason", "repeat", "threads", "predicted_seconds"].map(str::to_owned),
    );
    for (name, _) in TIMES {
        header.extend(["min", "median", "max"].map(|part| format!("{name}_seconds_{part}")));
    }
    for (name, _) in PHASES {
        header.extend(["bytes", "rounds"].map(|what| format!("{name}_{what}")));
    }
    header.extend(messages.iter().map(|(phase, message)| {
        format!("{}_bytes_{}", PHASES[*phase].0, message.replace([' ', '-'], "_").replace('\'', ""))
    }));
    header.extend(["cpu", "cores", "system", "kernel", "version", "commit", "date"].map(str::to_owned));
    let rows = facts.rows.iter().map(|row| line(cells(facts, row, &messages).into_iter()));
    line(header.into_iter()) + &rows.collect::<String>()
}

/// Every message of every row, by phase.
fn messages(rows: &[Row]) -> Vec<(usize, &'static str)> {
    let mut messages = vec![];
    for (index, (_, phase)) in PHASES.iter().enumerate() {
        for message in rows.iter().flat_map(|row| &phase(&row.measured.sent).messages) {
            if !messages.contains(&(index, message.name)) {
                messages.push((index, message.name));
            }
        }
    }
    messages
}

fn cells(facts: &Facts, row: &Row, messages: &[(usize, &'static str)]) -> Vec<String> {
    let mut cells = vec![facts.kind.to_owned(), row.shape.clone()];
    let number = |(_, number): &(_, Option<usize>)| number.map_or_else(String::new, |n| n.to_string());
    cells.extend(row.numbers.iter().map(number));
    let status = if row.refused.is_some() { "refused" } else { "measured" };
    cells.extend([row.argument.to_owned(), status.to_owned(), row.refused.clone().unwrap_or_default()]);
    cells.extend([facts.repeat.to_string(), facts.threads.to_string()]);
    cells.push(row.predicted_seconds.map_or_else(String::new, time));
    for (_, times) in TIMES {
        let spread = Spread::of(times(&row.measured.seconds));
        let part = |part: fn(Spread) -> f64| spread.map_or_else(String::new, |spread| time(part(spread)));
        cells.extend([part(|s| s.min), part(|s| s.median), part(|s| s.max)]);
    }
    let is_measured = row.refused.is_none();
    let measured = |count: usize| if is_measured { count.to_string() } else { String::new() };
    for (_, phase) in PHASES {
        let sent = phase(&row.measured.sent);
        cells.extend([measured(sent.bytes), measured(sent.rounds)]);
    }
    for &(phase, name) in messages {
        let own = PHASES[phase].1(&row.measured.sent).messages.iter().filter(|message| message.name == name);
        cells.push(measured(own.map(|message| message.bytes).sum()));
    }
    let machine = &facts.machine;
    cells.extend([machine.cpu.clone().unwrap_or_default(), machine.cores.to_string()]);
    cells.extend([machine.system.clone(), machine.kernel.clone(), machine.version.clone()]);
    cells.extend([machine.commit.clone().unwrap_or_default(), facts.date.clone()]);
    cells
}

/// Arguments take microseconds.
fn time(time: f64) -> String {
    if time < 1.0 { format!("{time:.9}") } else { seconds(time) }
}
