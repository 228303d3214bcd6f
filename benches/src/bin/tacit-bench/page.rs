//! `report.html`: one page with everything that the rows tell, which asks nothing of the network.

mod costs;
mod grid;
mod machines;
mod measured;
mod peers;
mod scale;

use anyhow::{Context, Result};
use tacit_benches::row::{Row, Status};

use self::costs::Costs;
use super::{
    chart::{self, Chart, Legend},
    figures,
    markup::{escape, script, slug},
    palette,
};

const STYLE: &str = include_str!("page/page.css");
/// Before anything is drawn, so that no page is light first.
const THEME: &str = include_str!("page/theme.js");
const SCRIPT: &str = include_str!("page/page.js");
/// What stands in the page whatever the rows are.
const THEMES: &str = include_str!("page/themes.html");
const LAYERS: &str = include_str!("page/layers.html");
const NOTES: &str = include_str!("page/notes.html");

/// The suites of some rows in order, with their rows.
pub(super) fn suites(rows: &[Row]) -> Vec<(&str, Vec<&Row>)> {
    let mut suites: Vec<(&str, Vec<&Row>)> = vec![];
    for row in rows {
        match suites.iter_mut().find(|(suite, _)| *suite == row.suite) {
            Some((_, rows)) => rows.push(row),
            None => suites.push((&row.suite, vec![row])),
        }
    }
    for (_, rows) in &mut suites {
        // Rows that were measured later are put where they belong.
        let mut groups: Vec<&str> = vec![];
        for row in rows.iter() {
            if !groups.contains(&row.group.as_str()) {
                groups.push(&row.group);
            }
        }
        rows.sort_by_key(|row| {
            let group = groups.iter().position(|group| *group == row.group);
            (group, row.varied.as_ref().map(|varied| varied.value))
        });
    }
    suites
}

/// The page.
pub(super) fn html(rows: &[Row]) -> Result<String> {
    let suites = suites(rows);
    let costs: Vec<Costs> =
        suites.iter().flat_map(|(_, rows)| rows).filter_map(|row| Costs::of(row)).collect();
    let data = serde_json::to_string(&costs).context("costs by layer cannot be written")?;
    let mut links: Vec<(String, &str)> = suites.iter().map(|(suite, _)| (anchor(suite), *suite)).collect();
    if !costs.is_empty() {
        links.push(("costs".to_owned(), "costs by layer"));
    }
    links.push(("notes".to_owned(), "notes"));
    let link =
        |(anchor, name): &(String, &str)| format!("<li><a href=\"#{anchor}\">{}</a></li>", escape(name));
    let links = links.iter().map(link).collect::<Vec<_>>().concat();
    let body: String = if rows.is_empty() {
        "<section class=\"nothing\"><h2>No rows yet</h2><p>Nothing has been measured into this folder. <code>tacit-bench modulus --out DIR</code> measures a suite.</p></section>\n".to_owned()
    } else {
        suites.iter().map(|(suite, rows)| section(suite, rows, &costs)).collect()
    };
    let layers =
        if costs.is_empty() { String::new() } else { LAYERS.replace("<!--networks-->", &choices(&costs)) };
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <title>Tacit benchmarks</title>\n<script>{THEME}</script>\n<style>\n{}{STYLE}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#content\">Skip to the figures</a>\n\
         <header><div class=\"bar\"><h1>Tacit benchmarks</h1>{THEMES}</div>\n<p class=\"lead\">{}</p>\n{}\n\
         <nav aria-label=\"Sections\"><ul>{links}</ul></nav></header>\n\
         <main id=\"content\">\n{body}{layers}{NOTES}</main>\n\
         <div id=\"tip\" aria-hidden=\"true\" hidden></div>\n\
         <script type=\"application/json\" id=\"data\">{}</script>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n",
        palette::page(),
        lead(rows),
        machines::html(rows),
        script(&data),
    ))
}

/// How many rows there are and how they ended.
fn lead(rows: &[Row]) -> String {
    let count = |status| rows.iter().filter(|row| row.status == status).count();
    let mut parts = vec![format!("{} of {} rows proved and verified", count(Status::Proved), rows.len())];
    for (status, text) in [(Status::Refused, "refused"), (Status::Failed, "failed")] {
        let count = count(status);
        if count > 0 {
            parts.push(format!("<span class=\"status {text}\">{count} {text}</span>"));
        }
    }
    parts.join(" ")
}

fn anchor(suite: &str) -> String {
    format!("suite-{}", slug(suite))
}

/// What a suite measures.
fn about(suite: &str) -> &'static str {
    match suite {
        "modulus" => {
            "The perceptrons of “The Cost of Intelligence”, ever deeper and ever wider, beside its published figures."
        }
        "zoo" => "Networks that others published figures of, with random weights, and trained models.",
        "conv" => "One convolution by itself, proved by each argument.",
        "scaling" => "Networks that grow in one respect: weights, activations, inputs at once, threads.",
        _ => "",
    }
}

fn section(suite: &str, rows: &[&Row], costs: &[Costs]) -> String {
    let charts = figures::charts(rows);
    let figures = if charts.is_empty() {
        "<p class=\"nothing\">No row of this suite was proved, so there is nothing to plot.</p>\n".to_owned()
    } else {
        let charts_html: String = charts.iter().map(figure).collect();
        format!("<div class=\"figures\">\n{charts_html}</div>\n{}", legend(&charts))
    };
    let number = |row: &Row| costs.iter().position(|costs| costs.are_of(row));
    let table = measured::grid(suite, rows, number).html();
    let peers = peers::html(suite, rows)
        .map(|table| format!("<h3>Beside published figures</h3>\n{table}"))
        .unwrap_or_default();
    format!(
        "<section id=\"{}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{}</h2>\n<p class=\"about\">{}</p>\n{figures}{peers}<h3>All rows</h3>\n{table}</section>\n",
        anchor(suite),
        escape(suite),
        about(suite)
    )
}

fn figure(chart: &Chart) -> String {
    format!(
        "<figure><svg class=\"chart\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">{}</svg></figure>\n",
        chart::WIDTH,
        chart::HEIGHT,
        escape(&chart.sentence()),
        chart.marks()
    )
}

fn legend(charts: &[Chart]) -> String {
    let machine = |(hardware, systems): &(String, Vec<chart::System>)| {
        let key = |system: &chart::System| {
            format!(
                "<span class=\"key\"><svg viewBox=\"0 -8 26 16\" width=\"26\" height=\"16\" aria-hidden=\"true\">{}</svg>{}</span>",
                Legend::key(system),
                escape(&system.name)
            )
        };
        let keys: String = systems.iter().map(key).collect();
        format!("<li>{keys}<span class=\"hardware\">{}</span></li>\n", escape(hardware))
    };
    let machines: String = Legend::of(charts).machines.iter().map(machine).collect();
    format!("<ul class=\"legend\" aria-label=\"Legend\">\n{machines}</ul>\n")
}

/// The networks whose layers can be shown, by suite.
fn choices(costs: &[Costs]) -> String {
    let mut html: Vec<String> = vec![];
    let mut suite = None;
    for (number, costs) in costs.iter().enumerate() {
        if suite != Some(costs.suite()) {
            if suite.is_some() {
                html.push("</optgroup>".to_owned());
            }
            html.push(format!("<optgroup label=\"{}\">", escape(costs.suite())));
            suite = Some(costs.suite());
        }
        html.push(format!("<option value=\"{number}\">{}</option>", escape(costs.name())));
    }
    html.push("</optgroup>".to_owned());
    html.concat()
}
