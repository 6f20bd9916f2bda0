//! `analyse --plot`: the waveform above, the loudness over time below, as one SVG.

use std::error::Error;

use pipeline::AnalysisReport;
use plotters::coord::Shift;
use plotters::prelude::*;

const SIZE: (u32, u32) = (1200, 640);
const PAPER: RGBColor = RGBColor(0xfb, 0xfa, 0xf8);
const INK: RGBColor = RGBColor(0x2b, 0x2a, 0x33);
const GRID: RGBColor = RGBColor(0xe4, 0xe1, 0xdc);
const MIX: RGBColor = RGBColor(0x5b, 0x6b, 0x8c);
const ACCENT: RGBColor = RGBColor(0xd0, 0x5a, 0x2b);
const FONT: &str = "sans-serif";
/// The range of a loudness plot, LUFS; music that is heard lies in it.
const LOUDNESS_LUFS: (f64, f64) = (-50.0, 0.0);

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws the report.
pub(crate) fn svg(report: &AnalysisReport) -> String {
    let mut text = String::new();
    draw(report, &mut text).expect("drawing into a string has nothing to fail at");
    text
}

fn draw(report: &AnalysisReport, text: &mut String) -> Result<(), Box<dyn Error>> {
    let root = SVGBackend::with_string(text, SIZE).into_drawing_area();
    root.fill(&PAPER)?;
    let title = format!(
        "{} · {:.1} LUFS · {:.1} dBTP · loudness range {:.1} LU",
        file_name(&report.source.input),
        report.before.integrated_lufs,
        report.before.true_peak_dbtp,
        report.before.loudness_range_lu
    );
    let root = root.titled(&title, (FONT, 20).into_font().color(&INK))?;
    let (upper, lower) = root.margin(8, 0, 0, 0).split_vertically(260);
    waveform(report, &upper)?;
    loudness(report, &lower)?;
    root.present()?;
    Ok(())
}

fn waveform(report: &AnalysisReport, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let overview = &report.waveform;
    let highest = overview.max.iter().chain(&overview.min).fold(1.0_f32, |top, x| top.max(x.abs()));
    let columns = overview.max.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .margin_left(12)
        .margin_right(24)
        .margin_bottom(16)
        .set_label_area_size(LabelAreaPosition::Left, 56)
        .build_cartesian_2d(0.0..report.source.duration_s, -highest..highest)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .disable_x_axis()
        .y_labels(3)
        .y_desc("full scale")
        .y_label_formatter(&|y| format!("{y:.1}"))
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style((FONT, 13).into_font().color(&INK))
        .draw()?;
    let at = |index: usize| report.source.duration_s * index as f64 / columns;
    let above = overview.max.iter().enumerate().map(|(index, y)| (at(index), *y));
    let below = overview.min.iter().enumerate().rev().map(|(index, y)| (at(index), *y));
    chart.draw_series([Polygon::new(above.chain(below).collect::<Vec<_>>(), MIX.filled())])?;
    Ok(())
}

fn loudness(report: &AnalysisReport, area: &Area<'_>) -> Result<(), Box<dyn Error>> {
    let course = &report.loudness_over_time;
    let (lowest, highest) = LOUDNESS_LUFS;
    let duration_s = report.source.duration_s;
    let mut chart = ChartBuilder::on(area)
        .margin_left(12)
        .margin_right(24)
        .margin_bottom(8)
        .set_label_area_size(LabelAreaPosition::Left, 56)
        .set_label_area_size(LabelAreaPosition::Bottom, 36)
        .build_cartesian_2d(0.0..duration_s, lowest..highest)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .y_desc("LUFS")
        .x_label_formatter(&|s| format!("{}:{:02}", *s as u64 / 60, *s as u64 % 60))
        .y_label_formatter(&|y| format!("{y:.0}"))
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(GRID)
        .label_style((FONT, 13).into_font().color(&INK))
        .draw()?;
    let points = |values: &[f32]| -> Vec<(f64, f64)> {
        let step = |index: usize| (index + 1) as f64 * course.step_s;
        values
            .iter()
            .enumerate()
            .map(|(index, y)| (step(index).min(duration_s), f64::from(*y).clamp(lowest, highest)))
            .collect()
    };
    let momentary = AreaSeries::new(points(&course.momentary_lufs), lowest, MIX.mix(0.25)).border_style(MIX.mix(0.5));
    chart.draw_series(momentary)?.label("momentary (400 ms)").legend(|(x, y)| dash(x, y, MIX.mix(0.6)));
    let short_term = LineSeries::new(points(&course.short_term_lufs), ACCENT.stroke_width(2));
    chart.draw_series(short_term)?.label("short-term (3 s)").legend(|(x, y)| dash(x, y, ACCENT.to_rgba()));
    let integrated = report.before.integrated_lufs.clamp(lowest, highest);
    let line = LineSeries::new([(0.0, integrated), (duration_s, integrated)], INK.mix(0.7));
    chart.draw_series(line)?.label("integrated").legend(|(x, y)| dash(x, y, INK.mix(0.7)));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(PAPER.mix(0.9))
        .label_font((FONT, 13).into_font().color(&INK))
        .draw()?;
    Ok(())
}

fn dash(x: i32, y: i32, colour: RGBAColor) -> PathElement<(i32, i32)> {
    PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(2))
}

fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
