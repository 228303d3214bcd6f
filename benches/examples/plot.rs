//! The plot of what the example `arguments` measured:
//! `cargo run --release -p tacit-benches --example plot -- FILE.csv FILE.svg`.

use std::{collections::BTreeMap, env, error::Error, fs, path::Path};

use plotters::prelude::*;

/// A measured convolution.
struct Point {
    argument: String,
    image: u32,
    channels: u32,
    kernel: u32,
    milliseconds: f64,
}

/// The dimension along which a panel varies.
type Dimension = fn(&Point) -> u32;

/// A panel: title, what is on its horizontal axis, and what it shows.
type Panel = (&'static str, Dimension, fn(&Point) -> bool);

const PANELS: [Panel; 4] = [
    ("image, 16 channels, 3x3 kernel", |p| p.image, |p| p.channels == 16 && p.kernel == 3),
    ("channels, 16x16 image, 3x3 kernel", |p| p.channels, |p| p.image == 16 && p.kernel == 3),
    ("kernel, 32x32 image, 16 channels", |p| p.kernel, |p| p.image == 32 && p.channels == 16),
    ("image, 4 channels, 11x11 kernel", |p| p.image, |p| p.channels == 4 && p.kernel == 11),
];

const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 90, 181), RGBColor(220, 50, 32), RGBColor(34, 136, 51), RGBColor(120, 120, 120)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [csv, svg] = arguments.as_slice() else {
        return Err("give a .csv file to read and an .svg file to write".into());
    };
    let points = read(Path::new(csv))?;
    let mut names: Vec<&str> = vec![];
    for point in &points {
        if !names.contains(&point.argument.as_str()) {
            names.push(&point.argument);
        }
    }
    let root = SVGBackend::new(svg, (960, 720)).into_drawing_area();
    root.fill(&WHITE)?;
    for (area, panel) in root.split_evenly((2, 2)).iter().zip(PANELS) {
        draw(area, panel, &points, &names)?;
    }
    root.present()?;
    Ok(())
}

/// The measured convolutions of a table.
fn read(path: &Path) -> Result<Vec<Point>, Box<dyn Error>> {
    let text = fs::read_to_string(path)?;
    let mut points = vec![];
    for line in text.lines().filter(|line| line.starts_with("convolution,") && line.contains(",measured,")) {
        let cells: Vec<&str> = line.split(',').collect();
        let [_, image, channels, kernel, _, _, _, argument, _, _, milliseconds, ..] = cells.as_slice() else {
            return Err(format!("`{line}` is not a row of the table").into());
        };
        points.push(Point {
            argument: (*argument).to_owned(),
            image: image.parse()?,
            channels: channels.parse()?,
            kernel: kernel.parse()?,
            milliseconds: milliseconds.parse()?,
        });
    }
    Ok(points)
}

fn draw(
    area: &DrawingArea<SVGBackend, plotters::coord::Shift>,
    (title, dimension, shown): Panel,
    points: &[Point],
    names: &[&str],
) -> Result<(), Box<dyn Error>> {
    let shown: Vec<&Point> = points.iter().filter(|point| shown(point)).collect();
    let positions = || shown.iter().map(|point| f64::from(dimension(point)));
    let times = || shown.iter().map(|point| point.milliseconds);
    let (left, right) = (positions().fold(f64::MAX, f64::min), positions().fold(1.0, f64::max));
    let (low, high) = (times().fold(f64::MAX, f64::min), times().fold(1e-3, f64::max));
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 16))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(56)
        .build_cartesian_2d((left * 0.9..right * 1.1).log_scale(), (low * 0.5..high * 2.0).log_scale())?;
    let time = |milliseconds: &f64| match *milliseconds {
        ms if ms < 1.0 => format!("{:.0} us", ms * 1e3),
        ms if ms < 1e3 => format!("{ms:.0} ms"),
        ms => format!("{:.0} s", ms / 1e3),
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .x_labels(4)
        .y_labels(6)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&time)
        .draw()?;
    for (&name, colour) in names.iter().zip(COLOURS) {
        // Where several sizes share a position, the largest number of channels.
        let mut line: BTreeMap<u32, (u32, f64)> = BTreeMap::new();
        for point in shown.iter().filter(|point| point.argument == name) {
            let best = line.entry(dimension(point)).or_insert((point.channels, point.milliseconds));
            if point.channels > best.0 {
                *best = (point.channels, point.milliseconds);
            }
        }
        let line: Vec<(f64, f64)> = line.into_iter().map(|(x, (_, y))| (f64::from(x), y)).collect();
        let marks = line.iter().map(|&at| Circle::new(at, 3, colour.filled()));
        chart.draw_series(marks)?;
        chart
            .draw_series(LineSeries::new(line.iter().copied(), colour.stroke_width(2)))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.8))
        .label_font(("sans-serif", 13))
        .draw()?;
    Ok(())
}
