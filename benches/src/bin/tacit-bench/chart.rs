//! Charts with two logarithmic axes, as SVG. Colours are classes, which the style of the document gives meaning.

mod axis;
mod legend;

use self::axis::Axis;
pub(super) use self::{axis::Quantity, legend::Legend};
use super::{markup::escape, palette};

pub(super) const WIDTH: f64 = 480.0;
pub(super) const HEIGHT: f64 = 330.0;
const LEFT: f64 = 58.0;
const RIGHT: f64 = WIDTH - 14.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = HEIGHT - 44.0;
/// Room around the charts of a figure.
const EDGE: f64 = 16.0;
/// Pixels of a letter, as wide as most are.
pub(super) const LETTER: f64 = 6.1;

/// One quantity against another, of several series.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    /// Which rows it shows.
    pub(super) part: String,
    pub(super) horizontal: Quantity,
    pub(super) vertical: Quantity,
    pub(super) series: Vec<Series>,
}

/// Points of one system.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) system: System,
    pub(super) points: Vec<Point>,
}

/// A proof system on a machine, and how its points look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct System {
    pub(super) name: String,
    pub(super) hardware: String,
    /// Tacit, not a published figure.
    pub(super) own: bool,
    /// Which of the colours and marks it has.
    pub(super) look: usize,
    /// Whether a line goes through its points.
    pub(super) joined: bool,
}

/// A measured value.
#[derive(Debug, Clone)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    /// The least and the most of the samples.
    pub(super) range: Option<(f64, f64)>,
    pub(super) name: String,
    /// Whether the name stands beside the point, where there is room.
    pub(super) named: bool,
}

impl System {
    pub(super) fn class(&self) -> String {
        if self.own {
            format!("own own-{}", self.look % palette::OWN)
        } else {
            format!("peer peer-{}", self.look % palette::PEERS)
        }
    }

    /// The mark at a place.
    pub(super) fn mark(&self, x: f64, y: f64) -> String {
        let path = match self.look % palette::PEERS {
            0 if self.own => "M-4,0a4,4 0 1 0 8,0a4,4 0 1 0 -8,0z",
            0 => "M-3.4,-3.4h6.8v6.8h-6.8z",
            1 => "M0,-4.6L4.4,3.2H-4.4z",
            2 => "M0,-4.8L4.8,0L0,4.8L-4.8,0z",
            3 => "M0,4.6L4.4,-3.2H-4.4z",
            4 => "M-3.8,0a3.8,3.8 0 1 0 7.6,0a3.8,3.8 0 1 0 -7.6,0z",
            5 => "M-4,-1.6h8v3.2h-8z",
            _ => "M-1.6,-4h3.2v8h-3.2z",
        };
        format!("<path class=\"mark\" transform=\"translate({x:.1} {y:.1})\" d=\"{path}\"/>")
    }
}

impl Chart {
    /// The series' points that a logarithmic axis has a place for.
    fn points(&self) -> impl Iterator<Item = &Point> {
        self.series.iter().flat_map(Series::shown)
    }

    /// Whether there is anything to show.
    pub(super) fn is_empty(&self) -> bool {
        self.points().next().is_none()
    }

    /// What it shows, in words.
    pub(super) fn sentence(&self) -> String {
        let mut systems: Vec<&str> = vec![];
        for series in &self.series {
            if !systems.contains(&series.system.name.as_str()) {
                systems.push(&series.system.name);
            }
        }
        let part = if self.part.is_empty() { String::new() } else { format!(" ({})", self.part) };
        format!(
            "{}{part} against {}, logarithmic axes: {}",
            self.title,
            self.horizontal.name,
            systems.join(", ")
        )
    }

    /// The chart's marks, in a space of `WIDTH` by `HEIGHT`.
    pub(super) fn marks(&self) -> String {
        let spread =
            |point: &Point| point.range.map_or([point.y; 2], |(low, high)| [low.max(point.y / 100.0), high]);
        let xs: Vec<f64> = self.points().map(|point| point.x).collect();
        let ys: Vec<f64> = self.points().flat_map(spread).collect();
        let across = Axis::new(xs.iter().copied(), LEFT, RIGHT);
        let up = Axis::new(ys.iter().copied(), BOTTOM, TOP);
        let mut svg = vec![format!(
            "<text class=\"title\" x=\"4\" y=\"18\">{}<tspan class=\"part\" dx=\"8\">{}</tspan></text>",
            escape(&self.title),
            escape(&self.part)
        )];
        svg.push(self.frame(across, up, &xs, &ys));
        // Tacit's series lie over the others'.
        for own in [false, true] {
            for series in self.series.iter().filter(|series| series.system.own == own) {
                svg.push(self.line(series, across, up));
            }
        }
        svg.push(self.names(across, up));
        svg.concat()
    }

    fn frame(&self, across: Axis, up: Axis, xs: &[f64], ys: &[f64]) -> String {
        let mut svg: Vec<String> = vec![];
        for tick in up.ticks(ys, self.vertical.exact) {
            let (y, label) = (up.pixel(tick), (self.vertical.format)(tick));
            svg.push(format!(
                "<path class=\"grid\" d=\"M{LEFT},{y:.1}H{RIGHT}\"/><text class=\"end\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                LEFT - 8.0,
                y + 4.0,
                escape(&label)
            ));
        }
        for minor in if self.horizontal.exact { vec![] } else { across.minor() } {
            svg.push(format!("<path class=\"axis\" d=\"M{:.1},{BOTTOM}v3\"/>", across.pixel(minor)));
        }
        let mut free = f64::MIN;
        for tick in across.ticks(xs, self.horizontal.exact) {
            let (x, label) = (across.pixel(tick), (self.horizontal.format)(tick));
            svg.push(format!("<path class=\"axis\" d=\"M{x:.1},{BOTTOM}v6\"/>"));
            let half = label.chars().count() as f64 * LETTER / 2.0;
            if x - half >= free {
                free = x + half + 8.0;
                svg.push(format!(
                    "<text class=\"middle\" x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                    BOTTOM + 19.0,
                    escape(&label)
                ));
            }
        }
        svg.push(format!(
            "<path class=\"axis\" d=\"M{LEFT},{BOTTOM}H{RIGHT}\"/><text class=\"end\" x=\"{RIGHT}\" y=\"{:.1}\">{}</text>",
            BOTTOM + 36.0,
            escape(self.horizontal.name)
        ));
        svg.concat()
    }

    fn line(&self, series: &Series, across: Axis, up: Axis) -> String {
        let mut points: Vec<&Point> = series.shown().collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
        let place = |point: &Point| (across.pixel(point.x), up.pixel(point.y));
        let mut svg = vec![format!("<g class=\"{}\">", series.system.class())];
        if series.system.joined && points.len() > 1 {
            let path: Vec<String> =
                points.iter().map(|point| place(point)).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
            svg.push(format!("<path class=\"line\" d=\"M{}\"/>", path.join("L")));
        }
        for point in points {
            let (x, y) = place(point);
            if let Some((low, high)) = point.range.filter(|(low, high)| *low > 0.0 && high > low) {
                let (low, high) = (up.pixel(low.max(point.y / 100.0)), up.pixel(high));
                svg.push(format!("<path class=\"spread\" d=\"M{x:.1},{low:.1}V{high:.1}\"/>"));
            }
            svg.push(format!(
                "<g class=\"point\"><title>{}</title>{}<circle class=\"hit\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"9\"/></g>",
                escape(&self.told(series, point)),
                series.system.mark(x, y)
            ));
        }
        svg.push("</g>".to_owned());
        svg.concat()
    }

    /// A point in words.
    fn told(&self, series: &Series, point: &Point) -> String {
        let value = (self.vertical.format)(point.y);
        let range = point.range.map(|(low, high)| [low, high].map(self.vertical.format));
        let range = range.filter(|[low, high]| low != high).map(|[low, high]| format!(" ({low} to {high})"));
        format!(
            "{}\n{}: {value}{}\n{} {}",
            point.name,
            series.system.name,
            range.unwrap_or_default(),
            (self.horizontal.format)(point.x),
            self.horizontal.name
        )
    }

    /// Names beside points, where they cover no other point or name.
    fn names(&self, across: Axis, up: Axis) -> String {
        let place = |point: &Point| (across.pixel(point.x), up.pixel(point.y));
        let mut taken: Vec<[f64; 4]> =
            self.points().map(place).map(|(x, y)| [x - 5.0, y - 5.0, x + 5.0, y + 5.0]).collect();
        let mut svg: Vec<String> = vec![];
        let mut written: Vec<&str> = vec![];
        for point in self.points().filter(|point| point.named) {
            // A name between several points would be anyone's.
            let near = |other: &&Point| {
                let ((x, y), (a, b)) = (place(point), place(other));
                (x - a).abs() < 12.0 && (y - b).abs() < 14.0
            };
            if written.contains(&point.name.as_str()) || self.points().filter(near).count() > 1 {
                continue;
            }
            let ((x, y), width) = (place(point), point.name.chars().count() as f64 * LETTER);
            let starts = [
                (x + 9.0, y + 4.0),
                (x - 9.0 - width, y + 4.0),
                (x - width / 2.0, y - 10.0),
                (x - width / 2.0, y + 18.0),
            ];
            let area = |(x, y): (f64, f64)| [x, y - 10.0, x + width, y + 3.0];
            let fits = |[left, top, right, bottom]: [f64; 4]| {
                left >= LEFT
                    && right <= RIGHT + 8.0
                    && top >= TOP - 14.0
                    && bottom <= BOTTOM
                    && !taken.iter().any(|t| left < t[2] && t[0] < right && top < t[3] && t[1] < bottom)
            };
            if let Some(start) = starts.into_iter().find(|&start| fits(area(start))) {
                taken.push(area(start));
                written.push(&point.name);
                svg.push(format!(
                    "<text class=\"name\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    start.0,
                    start.1,
                    escape(&point.name)
                ));
            }
        }
        svg.concat()
    }
}

impl Series {
    fn shown(&self) -> impl Iterator<Item = &Point> {
        self.points.iter().filter(|point| [point.x, point.y].iter().all(|v| v.is_finite() && *v > 0.0))
    }
}

/// Charts side by side with one legend, as a document of its own.
pub(super) fn document(charts: &[Chart], columns: usize) -> String {
    let legend = Legend::of(charts);
    let columns = columns.clamp(1, charts.len().max(1));
    let width = WIDTH * columns as f64;
    let top = HEIGHT * charts.len().div_ceil(columns) as f64;
    let (key, bottom) = legend.marks(width, top);
    let (wide, high) = (width + 2.0 * EDGE, bottom + EDGE);
    let mut svg = vec![format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"-{EDGE} -{EDGE} {wide:.0} {high:.0}\" width=\"{wide:.0}\" height=\"{high:.0}\" role=\"img\">\n<style>\n{}</style>\n<rect x=\"-{EDGE}\" y=\"-{EDGE}\" width=\"100%\" height=\"100%\" style=\"fill:var(--paper)\"/>\n",
        palette::figure()
    )];
    let sentences: Vec<String> = charts.iter().map(Chart::sentence).collect();
    svg.push(format!("<desc>{}</desc>\n", escape(&sentences.join("\n"))));
    for (index, chart) in charts.iter().enumerate() {
        let (x, y) = ((index % columns) as f64 * WIDTH, (index / columns) as f64 * HEIGHT);
        svg.push(format!("<g transform=\"translate({x} {y})\">{}</g>\n", chart.marks()));
    }
    svg.push(format!("{key}</svg>\n"));
    svg.concat()
}
