//! Line charts as SVG, one panel below the other on a common x axis.

use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::io;
use std::ops::Range;
use std::path::Path;

/// A named curve.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// As the legend says it.
    pub name: String,
    /// x and y, in order of x.
    pub points: Vec<(f64, f64)>,
}

/// One chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What x is.
    pub x_label: String,
    /// What y is, with its unit.
    pub y_label: String,
    /// At least one.
    pub lines: Vec<Line>,
}

/// A vertical line through all panels: something happened there.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where.
    pub x: f64,
    /// What.
    pub text: String,
}

/// A title, panels and marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// Above the first panel.
    pub title: String,
    /// From top to bottom.
    pub panels: Vec<Panel>,
    /// In every panel, with their text in the first.
    pub marks: Vec<Mark>,
}

/// Told apart by people who see few colours as well (Okabe and Ito 2008).
const COLOURS: [RGBColor; 5] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 86, 86),
];
pub(super) const WIDTH: u32 = 800;
const PANEL_HEIGHT: u32 = 300;
const TITLE_HEIGHT: u32 = 44;

/// The colour of the thing `index`.
pub(super) fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Fault = DrawingAreaErrorKind<io::Error>;

impl Picture {
    /// Writes the picture.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_svg(&self, path: &Path) -> io::Result<()> {
        let mut text = String::new();
        self.draw(&mut text)
            .map_err(|fault| io::Error::other(fault.to_string()))?;
        std::fs::write(path, text)
    }

    fn draw(&self, into: &mut String) -> Result<(), Fault> {
        let count = self.panels.len().max(1);
        let height = TITLE_HEIGHT + PANEL_HEIGHT * count as u32;
        let root = SVGBackend::with_string(into, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE)?;
        let body = root.margin(8, 0, 0, 0).titled(&self.title, ("sans-serif", 22))?;
        let x_range = range(self.panels.iter().flat_map(|panel| &panel.lines), |(x, _)| x, 0.0);
        for (index, (area, panel)) in body.split_evenly((count, 1)).iter().zip(&self.panels).enumerate() {
            self.panel(area, panel, x_range.clone(), index == 0)?;
        }
        root.present()
    }

    fn panel(&self, area: &Area<'_>, panel: &Panel, x_range: Range<f64>, first: bool) -> Result<(), Fault> {
        let mut y_range = range(panel.lines.iter(), |(_, y)| y, 0.06);
        if first && !self.marks.is_empty() {
            // Room for the marks' texts above the lines.
            y_range.end += (y_range.end - y_range.start) * 0.25;
        }
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .margin_right(24)
            .set_label_area_size(LabelAreaPosition::Left, 70)
            .set_label_area_size(LabelAreaPosition::Bottom, 46)
            .build_cartesian_2d(x_range.clone(), y_range.clone())?;
        chart
            .configure_mesh()
            .x_desc(&panel.x_label)
            .y_desc(&panel.y_label)
            .axis_desc_style(("sans-serif", 16))
            .label_style(("sans-serif", 14))
            .x_labels(10)
            .y_labels(6)
            .x_label_formatter(&|x| short(*x))
            .y_label_formatter(&|y| short(*y))
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(225, 225, 225))
            .draw()?;
        let grey = RGBColor(110, 110, 110);
        for (index, mark) in self.marks.iter().enumerate() {
            let ends = [(mark.x, y_range.start), (mark.x, y_range.end)];
            chart.draw_series(LineSeries::new(ends, grey.mix(0.6).stroke_width(1)))?;
            if first {
                // Neighbouring texts take turns in height, so that they do not cover each other, and those
                // near the right end stand to the left of their line.
                let drop = (y_range.end - y_range.start) * 0.07 * (index % 3) as f64;
                let (side, shift) = if share(mark.x, &x_range) > 0.8 {
                    (HPos::Right, -5)
                } else {
                    (HPos::Left, 5)
                };
                let font = ("sans-serif", 13).into_font().color(&grey);
                let style = font.pos(Pos::new(side, VPos::Top));
                let at = (mark.x, y_range.end - drop);
                chart
                    .draw_series([EmptyElement::at(at) + Text::new(mark.text.clone(), (shift, 2), style)])?;
            }
        }
        for (line, colour) in panel.lines.iter().zip(COLOURS.iter().cycle()) {
            let style = colour.stroke_width(2);
            let points = line.points.iter().copied().filter(|(_, y)| y.is_finite());
            if line.points.len() == 1 {
                chart.draw_series(points.clone().map(|point| Circle::new(point, 3, colour.filled())))?;
            }
            chart
                .draw_series(LineSeries::new(points, style))?
                .label(line.name.clone())
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], style));
        }
        chart
            .configure_series_labels()
            .position(emptiest(
                panel,
                if first { &self.marks } else { &[] },
                &x_range,
                &y_range,
            ))
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 14))
            .draw()
    }
}

/// Where `value` lies in `range`, from 0 to 1.
fn share(value: f64, range: &Range<f64>) -> f64 {
    (value - range.start) / (range.end - range.start)
}

/// The corner that the legend hides least in: the fewest points of any line, and no mark's text.
fn emptiest(
    panel: &Panel,
    marks: &[Mark],
    x_range: &Range<f64>,
    y_range: &Range<f64>,
) -> SeriesLabelPosition {
    let corners = [
        (SeriesLabelPosition::UpperRight, true, true),
        (SeriesLabelPosition::LowerRight, true, false),
        (SeriesLabelPosition::LowerLeft, false, false),
        (SeriesLabelPosition::UpperLeft, false, true),
    ];
    let hidden = |right: bool, upper: bool| {
        let points = panel.lines.iter().flat_map(|line| &line.points);
        let inside = points.filter(|(x, y)| {
            let (x, y) = (share(*x, x_range), share(*y, y_range));
            (if right { x > 0.75 } else { x < 0.25 }) && (if upper { y > 0.6 } else { y < 0.4 })
        });
        let texts = marks
            .iter()
            .filter(|mark| upper && right == (share(mark.x, x_range) > 0.5))
            .count();
        inside.count() + 1000 * texts
    };
    let best = corners
        .into_iter()
        .min_by_key(|(_, right, upper)| hidden(*right, *upper));
    best.map_or(SeriesLabelPosition::UpperRight, |(position, _, _)| position)
}

/// The range of what `of` takes from all finite points, widened by `margin` of itself on both sides.
fn range<'a>(lines: impl Iterator<Item = &'a Line>, of: fn((f64, f64)) -> f64, margin: f64) -> Range<f64> {
    let values = lines
        .flat_map(|line| &line.points)
        .map(|point| of(*point))
        .filter(|value| value.is_finite());
    let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low > high {
        return 0.0..1.0;
    }
    // A single value still needs a range around it.
    let spread = if high > low {
        (high - low) * margin
    } else {
        high.abs().max(1.0) * 0.1
    };
    low - spread..high + spread
}

/// A tick as people write it: no trailing zeros, no binary noise.
fn short(value: f64) -> String {
    let size = value.abs();
    let text = match size {
        _ if size < 1e-12 => return "0".into(),
        _ if !(1e-3..1e6).contains(&size) => return format!("{value:.1e}"),
        _ if size < 0.1 => format!("{value:.4}"),
        _ if size < 10.0 => format!("{value:.2}"),
        _ => format!("{value:.1}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_short() {
        let shown = [0.0, 1.0, 0.25, 0.1 + 0.2, 100.0, 12.5, 2e6, 0.05].map(short);
        assert_eq!(shown, ["0", "1", "0.25", "0.3", "100", "12.5", "2.0e6", "0.05"]);
    }

    #[test]
    fn a_picture_names_its_axes_and_lines_and_leaves_out_what_is_no_number() {
        let points = vec![(1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0)];
        let lines = ["training", "held out"].map(|name| Line {
            name: name.into(),
            points: points.clone(),
        });
        let panel = Panel {
            x_label: "epoch".into(),
            y_label: "loss".into(),
            lines: lines.into(),
        };
        let marks = vec![Mark {
            x: 2.0,
            text: "power cut".into(),
        }];
        let mut text = String::new();
        Picture {
            title: "digits".into(),
            panels: vec![panel],
            marks,
        }
        .draw(&mut text)
        .unwrap();
        for part in [
            "digits",
            "epoch",
            "loss",
            "training",
            "held out",
            "power cut",
            "polyline",
            "</svg>",
        ] {
            assert!(text.contains(part), "no {part}");
        }
        assert!(!text.contains("NaN") && !text.contains("inf"));
    }
}
