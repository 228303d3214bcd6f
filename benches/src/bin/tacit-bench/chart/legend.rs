//! Which line is which system, on which hardware.

use super::{Chart, LETTER, System, escape};

/// The systems of some charts, those of one machine together.
#[derive(Debug)]
pub(in super::super) struct Legend {
    pub(in super::super) machines: Vec<(String, Vec<System>)>,
}

const MARGIN: f64 = 4.0;
const LINE: f64 = 20.0;
const KEY: f64 = 34.0;

impl Legend {
    pub(in super::super) fn of(charts: &[Chart]) -> Self {
        let mut systems: Vec<&System> = vec![];
        for system in charts.iter().flat_map(|chart| &chart.series).map(|series| &series.system) {
            if !systems.contains(&system) {
                systems.push(system);
            }
        }
        systems.sort_by_key(|system| (!system.own, system.look));
        let mut machines: Vec<(String, Vec<System>)> = vec![];
        for system in systems {
            let machine = machines
                .iter_mut()
                .find(|(hardware, systems)| *hardware == system.hardware && systems[0].own == system.own);
            match machine {
                Some((_, systems)) => systems.push(system.clone()),
                None => machines.push((system.hardware.clone(), vec![system.clone()])),
            }
        }
        Self { machines }
    }

    /// A short piece of a system's line, from `(0, 0)` to `(26, 0)`.
    pub(in super::super) fn key(system: &System) -> String {
        let line = if system.joined { "<path class=\"line\" d=\"M0,0H26\"/>" } else { "" };
        format!("<g class=\"{}\">{line}{}</g>", system.class(), system.mark(13.0, 0.0))
    }

    /// The legend below charts, and where it ends.
    pub(super) fn marks(&self, width: f64, top: f64) -> (String, f64) {
        let mut svg: Vec<String> = vec![];
        let mut y = top + LINE;
        for (hardware, systems) in &self.machines {
            let mut x = MARGIN;
            for system in systems {
                let needed = KEY + (system.name.chars().count() as f64 + 3.0) * LETTER;
                if x > MARGIN && x + needed > width {
                    (x, y) = (MARGIN, y + LINE);
                }
                svg.push(format!(
                    "<g transform=\"translate({x:.1} {:.1})\">{}</g><text class=\"name\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>\n",
                    y - 4.0,
                    Self::key(system),
                    x + KEY,
                    escape(&system.name)
                ));
                x += needed;
            }
            if x > MARGIN && x + hardware.chars().count() as f64 * LETTER > width {
                (x, y) = (MARGIN + KEY, y + LINE);
            }
            svg.push(format!("<text x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n", escape(hardware)));
            y += LINE;
        }
        (svg.concat(), y)
    }
}
