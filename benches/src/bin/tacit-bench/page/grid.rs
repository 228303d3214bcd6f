//! Tables in HTML: units in the header, figures under each other, values to sort by beside what is shown.

use super::scale::{Kind, Scale};
use crate::markup::escape;

/// A table. The first column names the rows.
#[derive(Debug, Default)]
pub(super) struct Grid {
    pub(super) caption: String,
    /// Names over several columns, and how many; none, or for all columns.
    pub(super) bands: Vec<(String, usize)>,
    pub(super) columns: Vec<Column>,
    pub(super) lines: Vec<Line>,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) unit: String,
    /// What it holds, for the reader who points at it.
    pub(super) about: &'static str,
    pub(super) text: bool,
    /// Whether it is the one to look at.
    pub(super) main: bool,
}

#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) cells: Vec<Cell>,
    /// Whether a series begins with it.
    pub(super) first: bool,
    /// What stands in the place of all further cells: a status and a reason.
    pub(super) ending: Option<(&'static str, String)>,
}

#[derive(Debug)]
pub(super) enum Cell {
    /// A name that leads to a network's costs, by its number.
    Name(String, Option<usize>),
    Text(String),
    /// What is shown, what is sorted by, and a remark.
    Number(String, f64, Option<String>),
    Empty,
}

impl Column {
    /// A column of numbers and its cells.
    pub(super) fn numbers(
        name: &str,
        about: &'static str,
        kind: Kind,
        values: &[Option<f64>],
    ) -> (Self, Vec<Cell>) {
        let scale = Scale::of(kind, &values.iter().copied().flatten().collect::<Vec<_>>());
        let cell = |value: &Option<f64>| value.map_or(Cell::Empty, |v| Cell::Number(scale.text(v), v, None));
        let column =
            Self { name: name.to_owned(), unit: scale.unit.to_owned(), about, text: false, main: false };
        (column, values.iter().map(cell).collect())
    }

    fn html(&self, band: bool) -> String {
        let mut classes = vec![if self.text { "text" } else { "number" }];
        classes.extend(self.main.then_some("main"));
        classes.extend(band.then_some("band"));
        let unit = match self.unit.as_str() {
            "" => String::new(),
            unit => format!(" <span class=\"unit\">{}</span>", escape(unit)),
        };
        let about =
            if self.about.is_empty() { String::new() } else { format!(" title=\"{}\"", escape(self.about)) };
        // Names of two words have two lines, above figures that are narrower.
        let name = match self.name.split_once(' ') {
            Some((first, rest)) => format!("{}<br>{}", escape(first), escape(rest)),
            None => escape(&self.name),
        };
        format!("<th scope=\"col\" class=\"{}\"{about}>{name}{unit}</th>", classes.join(" "))
    }
}

impl Cell {
    fn html(&self, column: &Column, band: bool) -> String {
        let class = |kind: &str| {
            let main = if column.main { " main" } else { "" };
            let band = if band { " band" } else { "" };
            format!("{kind}{main}{band}")
        };
        match self {
            Self::Name(name, costs) => {
                let shown = match costs {
                    Some(costs) => {
                        format!("<a href=\"#costs\" data-network=\"{costs}\">{}</a>", escape(name))
                    }
                    None => escape(name),
                };
                format!("<th scope=\"row\" data-value=\"{}\">{shown}</th>", escape(name))
            }
            Self::Text(text) => {
                format!("<td class=\"{}\" data-value=\"{1}\">{1}</td>", class("text"), escape(text))
            }
            Self::Number(shown, value, remark) => {
                let remark =
                    remark.as_ref().map(|remark| format!("<span class=\"remark\">{}</span>", escape(remark)));
                format!(
                    "<td class=\"{}\" data-value=\"{value}\">{}{}</td>",
                    class("number"),
                    escape(shown),
                    remark.unwrap_or_default()
                )
            }
            Self::Empty => {
                format!(
                    "<td class=\"{} none\"><span aria-label=\"none\">–</span></td>",
                    class(if column.text { "text" } else { "number" })
                )
            }
        }
    }
}

impl Grid {
    pub(super) fn html(&self) -> String {
        let mut bands = vec![false; self.columns.len()];
        let mut html = vec![format!(
            "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{0}\"><table class=\"sortable\"><caption>{0}</caption><thead>",
            escape(&self.caption)
        )];
        if !self.bands.is_empty() {
            html.push("<tr class=\"bands\">".to_owned());
            let mut at = 0;
            for (name, width) in &self.bands {
                let tag = if name.is_empty() { "td" } else { "th" };
                let scope = if name.is_empty() { "" } else { " scope=\"colgroup\" class=\"band\"" };
                html.push(format!("<{tag} colspan=\"{width}\"{scope}>{}</{tag}>", escape(name)));
                if let Some(first) = bands.get_mut(at).filter(|_| !name.is_empty()) {
                    *first = true;
                }
                at += width;
            }
            html.push("</tr>".to_owned());
        }
        let heads = self.columns.iter().zip(&bands).map(|(column, &band)| column.html(band));
        html.push(format!("<tr>{}</tr></thead><tbody>\n", heads.collect::<String>()));
        for line in &self.lines {
            html.push(self.line(line, &bands));
        }
        html.push("</tbody></table></div>\n".to_owned());
        html.concat()
    }

    fn line(&self, line: &Line, bands: &[bool]) -> String {
        let mut classes = vec![];
        classes.extend(line.first.then_some("first"));
        classes.extend(line.ending.as_ref().map(|(status, _)| *status));
        let class =
            if classes.is_empty() { String::new() } else { format!(" class=\"{}\"", classes.join(" ")) };
        let cells = line.cells.iter().zip(&self.columns).zip(bands);
        let mut html = vec![format!(
            "<tr{class}>{}",
            cells.map(|((cell, column), &band)| cell.html(column, band)).collect::<String>()
        )];
        if let Some((status, reason)) = &line.ending {
            let width = self.columns.len().saturating_sub(line.cells.len()).max(1);
            html.push(format!(
                "<td class=\"reason\" colspan=\"{width}\"><div><span class=\"status {status}\">{status}</span> {}</div></td>",
                escape(reason)
            ));
        }
        html.push("</tr>\n".to_owned());
        html.concat()
    }
}
