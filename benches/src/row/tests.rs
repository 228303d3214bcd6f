use super::*;

/// A measured row as the first version of the schema writes it.
const EXAMPLE: &str = include_str!("../../data/row_v1.jsonl");

#[test]
fn the_committed_example_is_read_and_written_as_it_is() {
    let row = Row::from_line(EXAMPLE).unwrap();
    assert_eq!(row.to_line().unwrap(), EXAMPLE.trim_end());
    assert_eq!((row.schema, row.status), (SCHEMA, Status::Proved));
    assert!(!row.published.is_empty() && row.layers.len() > 1);
    let overhead = row.overhead().unwrap();
    assert!((overhead - row.prove().unwrap().median / row.inference().unwrap().median).abs() < 1e-9);
}

#[test]
fn numbers_are_read_as_the_nearest_ones() {
    // Read by multiplications of powers of ten, it would be the next number above.
    let before = Row::from_line(EXAMPLE).unwrap();
    let mut row = before.clone();
    row.layers[0].inference = 2.153e-26;
    let line = row.to_line().unwrap();
    assert!(line.contains("2.153e-26"), "{line}");
    assert_eq!(Row::from_line(&line).unwrap().to_line().unwrap(), line);
    assert_ne!(line, before.to_line().unwrap());
}

#[test]
fn rows_of_other_versions_are_named() {
    let other = EXAMPLE.replace("{\"schema\":1,", "{\"schema\":7,");
    assert!(matches!(Row::from_line(&other), Err(RowError::Version { found: 7 })));
}

#[test]
fn lines_that_are_no_rows_are_refused() {
    let unknown = EXAMPLE.replace("{\"schema\":1,", "{\"schema\":1,\"colour\":2,");
    let lacking = EXAMPLE.replace("\"status\":\"proved\",", "");
    for line in ["", "7", "{}", "{\"schema\":1}", &unknown, &lacking] {
        assert!(matches!(Row::from_line(line), Err(RowError::Malformed(_))), "{line}");
    }
}

#[test]
fn measurements_are_the_same_only_with_machine_and_settings() {
    let row = Row::from_line(EXAMPLE).unwrap();
    let later = Row { date: "2030-01-01T00:00:00Z".to_owned(), ..row.clone() };
    assert!(row.same_measurement(&later));
    let mut other = row.clone();
    other.settings.threads += 1;
    assert!(!row.same_measurement(&other) && row.same_subject(&other));
    let mut other = row.clone();
    other.machine.build = None;
    assert!(!row.same_measurement(&other));
    let other = Row { source: Some("ab".to_owned()), ..row.clone() };
    assert!(!row.same_subject(&other));
}
