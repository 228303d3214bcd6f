//! Text from files, as a terminal may show it.
//!
//! A name that holds control characters, or such as reorder or hide text, could make a rejection look like an acceptance. Keys and
//! models with such names are refused when they are read; whatever else is printed goes through [`printable`].

/// Whether a character could make a message look like another one: control characters, and those that reorder or hide text.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with such characters written as `\u{1b}`.
pub fn printable(text: &str) -> String {
    let shown = |c: char| {
        let (escaped, plain) =
            if is_unprintable(c) { (Some(c.escape_unicode()), None) } else { (None, Some(c)) };
        escaped.into_iter().flatten().chain(plain)
    };
    text.chars().flat_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_the_cursor_or_reorders_text_is_written_out() {
        assert_eq!(printable("\u{1b}[2K\rACCEPTED"), "\\u{1b}[2K\\u{d}ACCEPTED");
        assert_eq!(printable("a\u{202e}b\u{2066}c\u{9b}d\ne"), "a\\u{202e}b\\u{2066}c\\u{9b}d\\u{a}e");
        assert_eq!(printable("conv1/größe 卷积 \u{301}"), "conv1/größe 卷积 \u{301}");
    }
}
