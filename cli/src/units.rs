//! Sizes, counts and times as people read them.

use std::{path::Path, time::Duration};

use tacit_layers::printable::printable;

/// `1.5 KB`, with powers of 1000.
pub fn bytes(count: usize) -> String {
    match count {
        0..1000 => format!("{count} B"),
        1000..1_000_000 => format!("{:.1} KB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.2} GB", count as f64 / 1e9),
    }
}

/// `12.3 ms`.
pub fn time(duration: Duration) -> String {
    seconds(duration.as_secs_f64())
}

/// The same of a number of seconds.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        ..1e-4 => format!("{:.1} us", seconds * 1e6),
        ..1.0 => format!("{:.1} ms", seconds * 1e3),
        _ => format!("{seconds:.2} s"),
    }
}

/// `61,706`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.char_indices() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `99.0%`.
pub fn share(share: f64) -> String {
    format!("{:.1}%", share * 100.0)
}

/// `1x28x28`.
pub fn shape(axes: &[usize]) -> String {
    axes.iter().map(usize::to_string).collect::<Vec<_>>().join("x")
}

/// A file's path in a line of its own.
pub fn path(path: &Path) -> String {
    printable(&path.display().to_string())
}

/// `0123456789abcdef...` as lowercase hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Lines of a label and a value, values aligned.
pub fn fields<'a>(fields: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let fields: Vec<_> =
        fields.into_iter().map(|(label, value)| (printable(label), printable(&value))).collect();
    let width = fields.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let line = |(label, value)| format!("  {label:<width$}  {value}\n");
    fields.into_iter().map(line).collect::<Vec<_>>().concat()
}

/// Lines of cells, the columns aligned: the first to the left, numbers to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cell = |row: &[String], column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| cell(row, column)).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            let number = cell.starts_with(|c: char| c.is_ascii_digit());
            if column > 0 && number { format!("  {cell:>width$}") } else { format!("  {cell:<width$}") }
        });
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_separators_between_groups_of_three() {
        let texts = [0, 7, 100, 1000, 61_706, 1_234_567].map(count);
        assert_eq!(texts, ["0", "7", "100", "1,000", "61,706", "1,234,567"]);
    }

    #[test]
    fn tables_align_their_columns() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = table(&[row(["layer", "time"]), row(["a", "1.5 ms"]), row(["longer name", "12.0 ms"])]);
        assert_eq!(text, "  layer        time\n  a             1.5 ms\n  longer name  12.0 ms\n");
    }

    #[test]
    fn sizes_and_times_choose_their_unit() {
        assert_eq!([999, 1500, 71_000_000].map(bytes), ["999 B", "1.5 KB", "71.0 MB"]);
        assert_eq!(time(Duration::from_nanos(12_300)), "12.3 us");
        assert_eq!(time(Duration::from_micros(12_300)), "12.3 ms");
        assert_eq!(time(Duration::from_millis(1500)), "1.50 s");
    }
}
