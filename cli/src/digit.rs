//! A grey-scale picture drawn in the terminal.

use std::{
    fmt::Write,
    io::{self, IsTerminal},
};

/// Draws a picture whose brightest value is 1. Two rows of pixels share a line of text, because letters are about
/// twice as high as wide.
pub(crate) fn draw(pixels: &[f32], width: usize) -> String {
    let colours = io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
    if colours { coloured(pixels, width) } else { shaded(pixels, width) }
}

/// Upper half blocks: the letter's colour is the upper pixel, its background the lower.
fn coloured(pixels: &[f32], width: usize) -> String {
    // Colours 232 to 255 of the common palette run from black to white.
    lines(pixels, width, |text, upper, lower| {
        let [upper, lower] = [upper, lower].map(|x| 232 + (x * 23.0).round() as u8);
        let _ = write!(text, "\x1b[38;5;{upper};48;5;{lower}m\u{2580}");
    })
    .replace('\n', "\x1b[0m\n")
}

/// Shades of the mean of both pixels.
fn shaded(pixels: &[f32], width: usize) -> String {
    lines(pixels, width, |text, upper, lower| {
        let shade = f32::midpoint(upper, lower) * 4.0;
        text.push([' ', '\u{2591}', '\u{2592}', '\u{2593}', '\u{2588}'][shade.round() as usize]);
    })
}

fn lines(pixels: &[f32], width: usize, mut letter: impl FnMut(&mut String, f32, f32)) -> String {
    let mut text = String::new();
    let pixel = |row: &[f32], column: usize| row.get(column).map_or(0.0, |x| x.clamp(0.0, 1.0));
    let rows: Vec<&[f32]> = pixels.chunks(width.max(1)).collect();
    for pair in rows.chunks(2) {
        let mut line = "  ".to_owned();
        for column in 0..width {
            let lower = pair.get(1).map_or(0.0, |row| pixel(row, column));
            letter(&mut line, pixel(pair[0], column), lower);
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: [f32; 6] = [0.0, 1.0, 0.5, 1.0, -3.0, 9.0];

    #[test]
    fn shades_are_the_mean_of_two_rows() {
        assert_eq!(shaded(&PIXELS, 2), "  \u{2591}\u{2588}\n   \u{2592}\n");
    }

    #[test]
    fn colours_end_before_every_line_does() {
        let text = coloured(&PIXELS, 2);
        assert!(text.lines().all(|line| line.ends_with("\x1b[0m")), "{text:?}");
        assert!(text.starts_with("  \x1b[38;5;232;48;5;244m\u{2580}"), "{text:?}");
    }
}
