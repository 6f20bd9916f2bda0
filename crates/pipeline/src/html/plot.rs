//! A drawing with axes: paths in one SVG, which stretches, and numbers in others beside it, which stay legible.
//!
//! Numbers stand where they do by attributes of SVG, not by styles of their own: a page without style attributes can be
//! served under a policy that lets in its one style sheet and nothing else.

use std::fmt::Write as _;

use super::text::escape;

/// Units of the view box to each side; the page stretches it.
pub(super) const BOX: f64 = 1000.0;

/// A drawing in the making.
#[derive(Debug)]
pub(super) struct Plot {
    description: String,
    class: &'static str,
    shapes: String,
    below: String,
    left: String,
    legend: String,
}

impl Plot {
    /// `description` says in words what is drawn, for those who do not see it.
    pub(super) fn new(description: &str, class: &'static str) -> Self {
        Self {
            description: escape(description),
            class,
            shapes: String::new(),
            below: String::new(),
            left: String::new(),
            legend: String::new(),
        }
    }

    /// A number below the drawing and a line up from it; `minor` ones give way on narrow screens.
    pub(super) fn tick_x(&mut self, at: f64, label: &str, minor: bool) {
        let class = if minor { " class=\"minor\"" } else { "" };
        // In the middle of the line, unless it would leave the drawing.
        let anchor = match at {
            ..1.0 => "start",
            970.0.. => "end",
            _ => "middle",
        };
        let _ = write!(self.shapes, "<path class=\"grid\" d=\"M{at:.1} 0V{BOX}\"/>");
        let _ = write!(
            self.below,
            "<text{class} x=\"{:.2}%\" y=\"1.4em\" text-anchor=\"{anchor}\">{}</text>",
            at / 10.0,
            escape(label)
        );
    }

    /// A number to the left of the drawing and a line across it.
    pub(super) fn tick_y(&mut self, at: f64, label: &str) {
        let _ = write!(self.shapes, "<path class=\"grid\" d=\"M0 {at:.1}H{BOX}\"/>");
        let _ = write!(
            self.left,
            "<text x=\"100%\" y=\"{:.2}%\" dy=\"0.35em\" text-anchor=\"end\">{}</text>",
            at / 10.0,
            escape(label)
        );
    }

    /// A line through points.
    pub(super) fn line(&mut self, class: &str, points: impl Iterator<Item = Option<(f64, f64)>>) {
        let mut path = String::new();
        let mut on = false;
        for point in points {
            if let Some((x, y)) = point {
                let _ = write!(path, "{}{:.1} {:.1}", if on { 'L' } else { 'M' }, x, y.clamp(0.0, BOX));
            }
            on = point.is_some();
        }
        if !path.is_empty() {
            let _ = write!(self.shapes, "<path class=\"line {class}\" d=\"{path}\"/>");
        }
    }

    /// What lies between an upper and a lower edge: `(x, upper, lower)`.
    pub(super) fn body(&mut self, class: &str, edges: &[(f64, f64, f64)]) {
        let mut path = String::with_capacity(24 * edges.len());
        let there = edges.iter().map(|(x, upper, _)| (x, upper));
        let back = edges.iter().rev().map(|(x, _, lower)| (x, lower));
        for (index, (x, y)) in there.chain(back).enumerate() {
            let _ = write!(path, "{}{x:.1} {:.1}", if index == 0 { 'M' } else { 'L' }, y.clamp(0.0, BOX));
        }
        if !path.is_empty() {
            let _ = write!(self.shapes, "<path class=\"body {class}\" d=\"{path}Z\"/>");
        }
    }

    /// What a class of lines is.
    pub(super) fn legend(&mut self, class: &str, words: &str) {
        let _ = write!(self.legend, "<span class=\"key {class}\">{}</span> ", escape(words));
    }

    /// The figure; the caption says what to see in it.
    pub(super) fn figure(self, unit_y: &str, unit_x: &str, caption: &str) -> String {
        let Self { description, class, shapes, below, left, legend } = self;
        let (unit_x, unit_y, caption) = (escape(unit_x), escape(unit_y), escape(caption));
        format!(
            "<figure class=\"plot {class}\">\n<div class=\"frame\"><div class=\"left\" aria-hidden=\"true\"><svg>{left}\
             <text class=\"unit\" x=\"100%\" y=\"100%\" dy=\"1.4em\" text-anchor=\"end\">{unit_y}</text></svg></div>\n\
             <svg viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{description}\">{shapes}</svg>\n\
             <div class=\"below\" aria-hidden=\"true\"><svg>{below}\
             <text class=\"unit\" x=\"100%\" y=\"1.4em\" text-anchor=\"end\">{unit_x}</text></svg></div></div>\n\
             <figcaption>{legend}{caption}</figcaption>\n</figure>\n"
        )
    }
}
