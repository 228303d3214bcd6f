//! Colours of figures and pages, light and dark. Text keeps a contrast of 4.5 to its ground, lines and bars of 3.

const LIGHT: &str = "\
--paper:#fdfdfb;--panel:#f5f5f1;--ink:#1b1e23;--soft:#5a616b;--rule:#dddcd5;--grid:#e8e7e1;--accent:#0b57ad;--wash:#e9f0f9;\
--bad:#a8321d;--bad-wash:#fbece8;--warn:#80560b;--warn-wash:#faf1dc;\
--own-0:#0b57ad;--own-1:#b3470f;--own-2:#197a5e;--own-3:#7d4bb0;\
--peer-0:#7d4bb0;--peer-1:#197a5e;--peer-2:#b3470f;--peer-3:#5a6470;--peer-4:#b02a68;--peer-5:#7a6a10;--peer-6:#27788f;\
--inference:#7f8791;--commit:#2a69b4;--lookups:#c7701b;--linear:#23896a;--opening:#8a57bb;";

const DARK: &str = "\
--paper:#14161a;--panel:#1b1e23;--ink:#e7e8ea;--soft:#a0a7b1;--rule:#343941;--grid:#272b32;--accent:#82b8fb;--wash:#1d2a3b;\
--bad:#f19a86;--bad-wash:#38211d;--warn:#e4bd6c;--warn-wash:#322a19;\
--own-0:#82b8fb;--own-1:#f0965f;--own-2:#5cc5a1;--own-3:#c29bf0;\
--peer-0:#c29bf0;--peer-1:#5cc5a1;--peer-2:#f0965f;--peer-3:#a7b0bb;--peer-4:#f183b2;--peer-5:#d3c05a;--peer-6:#6cc0d8;\
--inference:#8d96a1;--commit:#5d9de8;--lookups:#e29a4b;--linear:#45b28d;--opening:#b58ce2;";

const CHART: &str = include_str!("chart/chart.css");

/// How many colours other systems have, and how many Tacit's own series.
pub(super) const PEERS: usize = 7;
pub(super) const OWN: usize = 4;

/// The style of a figure in a file of its own, which follows the reader's preference.
pub(super) fn figure() -> String {
    format!(":root{{{LIGHT}}}\n@media (prefers-color-scheme:dark){{:root{{{DARK}}}}}\n{CHART}")
}

/// The style of figures in a page, which follows the reader's preference until `data-theme` tells otherwise.
pub(super) fn page() -> String {
    let dark = format!("{DARK}color-scheme:dark;");
    format!(
        ":root{{{LIGHT}color-scheme:light;}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n:root[data-theme=dark]{{{dark}}}\n{CHART}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(palette: &str, name: &str) -> [f64; 3] {
        let at = palette.find(&format!("--{name}:#")).unwrap() + name.len() + 4;
        [0, 2, 4].map(|k| f64::from(u8::from_str_radix(&palette[at + k..at + k + 2], 16).unwrap()) / 255.0)
    }

    /// The contrast of WCAG 2.
    fn contrast(palette: &str, a: &str, b: &str) -> f64 {
        let luminance = |name: &str| {
            let linear = colour(palette, name)
                .map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        };
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn everything_stands_out_from_its_ground() {
        let text = [
            ("ink", "paper"),
            ("soft", "paper"),
            ("soft", "panel"),
            ("accent", "paper"),
            ("accent", "wash"),
            ("bad", "bad-wash"),
            ("warn", "warn-wash"),
            ("ink", "panel"),
            ("soft", "wash"),
        ];
        let marks = ["inference", "commit", "lookups", "linear", "opening"].map(str::to_owned).into_iter();
        let marks =
            marks.chain((0..OWN).map(|k| format!("own-{k}"))).chain((0..PEERS).map(|k| format!("peer-{k}")));
        let marks: Vec<String> = marks.collect();
        for palette in [LIGHT, DARK] {
            for (a, b) in text {
                assert!(contrast(palette, a, b) >= 4.5, "{a} on {b}: {}", contrast(palette, a, b));
            }
            for mark in &marks {
                assert!(
                    contrast(palette, mark, "paper") >= 3.0,
                    "{mark}: {}",
                    contrast(palette, mark, "paper")
                );
            }
        }
    }
}
