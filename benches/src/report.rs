//! The report: one page that needs no other file, and no network.

use std::fmt::Display;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use plotters::prelude::*;

use crate::answer;
use crate::results::{MEASURES, Measure, Results, Table};
use crate::setting::Setting;
use crate::table::{COLUMNS, classes, figures, remarks, waits};

/// Colours that stand out from light and from dark alike.
const COLOURS: [RGBColor; 12] = [
    RGBColor(78, 121, 167),
    RGBColor(242, 142, 43),
    RGBColor(225, 87, 89),
    RGBColor(89, 161, 79),
    RGBColor(176, 122, 161),
    RGBColor(118, 183, 178),
    RGBColor(182, 153, 45),
    RGBColor(255, 130, 145),
    RGBColor(156, 117, 95),
    RGBColor(23, 190, 207),
    RGBColor(188, 80, 144),
    RGBColor(127, 127, 127),
];

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
svg { width: 100%; height: auto; }
figure { margin: 1rem 0; }
ul.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; }
ul.legend span { display: inline-block; width: 1rem; height: .25rem; margin-right: .4rem; vertical-align: middle; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .85rem; }
th, td { padding: .1rem .5rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
tbody tr { border-top: 1px solid rgb(128 128 128 / 30%); }
pre { overflow-x: auto; }
";

/// The page.
///
/// # Errors
///
/// A chart cannot be drawn.
pub(crate) fn page(results: &Results, json: &[u8], has_answer: bool) -> Result<String, String> {
    let families: Vec<&[Table]> =
        results.tables.chunk_by(|one, next| one.cell.family() == next.cell.family()).collect();
    let sections = families.iter().map(|tables| family(tables)).collect::<Result<Vec<_>, _>>()?;
    let raw = format!("data:application/json;base64,{}", BASE64_STANDARD.encode(json));
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Latchwork: the comparison" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { "Latchwork: the comparison" }
                (setting(&results.setting))
                p { a download="comparison.json" href=(raw) { "All that was measured, as JSON" } }
                @if has_answer {
                    h2 { "The answer" }
                    pre { (answer::lines(&results.tables).join("\n")) }
                }
                @for section in sections { (section) }
            }
        }
    };
    Ok(page.into_string())
}

fn setting(setting: &Setting) -> Markup {
    html! {
        p { (setting.date) "; " (setting.cores) " cores of " (setting.processor) "; " (setting.system) "; " (setting.compiler) }
        pre { "cargo run --release -p latchwork-benches -- " (setting.arguments.join(" ")) }
        p {
            @for (name, version) in &setting.versions { (name) " " (version) ", " }
            "and what comes with the compiler"
        }
    }
}

/// Cells that differ by the length of the section: a chart for each measure, and a table for each cell.
fn family(tables: &[Table]) -> Result<Markup, String> {
    let Some(first) = tables.first() else { return Ok(html! {}) };
    let title = first.cell.family();
    let mut charts = Vec::new();
    if tables.len() > 1 {
        for measure in &MEASURES {
            charts.push((measure, chart(tables, measure).map_err(|error| format!("{title}: {error}"))?));
        }
    }
    Ok(html! {
        section {
            h2 { (title) }
            @for (measure, svg) in &charts {
                figure role="group" aria-label=(format!("{}, {title}", measure.name)) {
                    figcaption { (measure.name) ", " (measure.unit) ", by the length of the section" }
                    (PreEscaped(svg))
                    ul.legend {
                        @for (row, colour) in first.rows.iter().zip(COLOURS.iter().cycle()) {
                            li { span style=(format!("background: {}", css(*colour))) {} (row.contender) }
                        }
                    }
                }
            }
            @for table in tables { (rows(table)) }
        }
    })
}

/// The figures of a cell.
fn rows(table: &Table) -> Markup {
    let Some(first) = table.rows.first() else { return html! {} };
    html! {
        details open[table.cell.section == 0] {
            summary { (table.cell) }
            div.wide { table {
                thead { tr { th {} @for (name, _) in COLUMNS { th { (name) } } } }
                tbody {
                    @for row in &table.rows {
                        tr { td { (row.contender) } @for figure in figures(row, first) { td { (figure) } } }
                        @for (class, name) in classes(table) {
                            tr {
                                td { (row.contender) ", " (name) }
                                td colspan="5" {}
                                @for figure in waits(row, class) { td { (figure) } }
                            }
                        }
                        @for remark in remarks(row) { tr { td colspan="10" { (remark) } } }
                    }
                }
            } }
        }
    }
}

/// A line for each contender, from section to section.
fn chart(tables: &[Table], measure: &Measure) -> Result<String, impl Display> {
    let value = |table: &Table, contender: &str| {
        let spread = table.row(contender)?.spread(measure.of)?;
        Some(spread.median).filter(|median| *median > 0.0)
    };
    let contenders: Vec<&str> = tables[0].rows.iter().map(|row| &*row.contender).collect();
    let values = || tables.iter().flat_map(|table| contenders.iter().filter_map(|name| value(table, name)));
    // Where there is nothing to show, there are axes.
    let (lowest, highest) = (values().reduce(f64::min).unwrap_or(1.0), values().reduce(f64::max).unwrap_or(1.0));
    let last = u32::try_from(tables.len() - 1).unwrap_or(u32::MAX);
    let section =
        |index: &u32| tables.get(*index as usize).map_or_else(String::new, |table| table.cell.section.to_string());

    let mut svg = String::new();
    let result = (|| {
        let area = SVGBackend::with_string(&mut svg, (720, 400)).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(12)
            .margin_right(32)
            .x_label_area_size(44)
            .y_label_area_size(76)
            .build_cartesian_2d(0..last, (lowest / 1.5..highest * 1.5).log_scale())?;
        chart
            .configure_mesh()
            .x_labels(tables.len())
            .x_label_formatter(&section)
            .y_label_formatter(&|value: &f64| format!("{value:.0e}"))
            .x_desc("section, ns")
            .y_desc(measure.unit)
            .label_style(("sans-serif", 14))
            .draw()?;
        for (name, colour) in contenders.iter().zip(COLOURS.iter().cycle()) {
            let points = tables.iter().zip(0..).filter_map(|(table, index)| Some((index, value(table, name)?)));
            chart.draw_series(LineSeries::new(points, colour.stroke_width(3)))?;
        }
        area.present()
    })();
    // What is black is of the colour of the text, whichever that is.
    result.map(|()| svg.replace("#000000", "currentColor"))
}

fn css(RGBColor(red, green, blue): RGBColor) -> String {
    format!("rgb({red} {green} {blue})")
}
