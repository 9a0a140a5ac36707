//! The work region over time as SVG: what lies where, and when.

use super::plot::{WIDTH, colour};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::io;
use std::path::Path;

/// A block of memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// What is in it.
    pub name: String,
    /// Which kind of thing that is: an index into the kinds of the picture.
    pub kind: usize,
    /// First and last step.
    pub steps: (usize, usize),
    /// First byte, and the first behind it.
    pub bytes: (usize, usize),
}

/// Memory over time.
#[derive(Debug, Clone, PartialEq)]
pub struct ArenaPicture {
    /// Above the picture.
    pub title: String,
    /// Below the title.
    pub subtitle: String,
    /// What kinds of pieces there are.
    pub kinds: Vec<&'static str>,
    /// All pieces.
    pub pieces: Vec<Piece>,
    /// What happens at each step.
    pub steps: Vec<String>,
    /// Bytes in all.
    pub bytes: usize,
}

const HEIGHT: u32 = 760;
const LETTER: f64 = 6.0;

type Fault = DrawingAreaErrorKind<io::Error>;

impl ArenaPicture {
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
        let width = 3 * WIDTH / 2;
        let root = SVGBackend::with_string(into, (width, HEIGHT)).into_drawing_area();
        root.fill(&WHITE)?;
        let body = root
            .margin(8, 0, 0, 0)
            .titled(&self.title, ("sans-serif", 22))?
            .titled(&self.subtitle, ("sans-serif", 15))?;
        let (steps, bytes) = (self.steps.len().max(1) as f64, self.bytes.max(1) as f64);
        // Room for the legend above everything.
        let top = 1.18 * bytes;
        let mut chart = ChartBuilder::on(&body)
            .margin(12)
            .margin_right(24)
            .set_label_area_size(LabelAreaPosition::Left, 84)
            .set_label_area_size(LabelAreaPosition::Bottom, 46)
            .build_cartesian_2d(0.0..steps, 0.0..top)?;
        chart
            .configure_mesh()
            .x_desc("step: forward through the layers, loss, backward")
            .y_desc("byte of the work region")
            .axis_desc_style(("sans-serif", 16))
            .label_style(("sans-serif", 13))
            .x_labels(self.steps.len().clamp(2, 16))
            .y_labels(8)
            .x_label_formatter(&|x| self.step(*x))
            .y_label_formatter(&|y| format!("{y:.0}"))
            .light_line_style(TRANSPARENT)
            .bold_line_style(RGBColor(225, 225, 225))
            .draw()?;
        let (across, down) = chart.plotting_area().dim_in_pixel();
        let (across, down) = (f64::from(across) / steps, f64::from(down) / top);
        for piece in &self.pieces {
            let colour = colour(piece.kind);
            let from = (piece.steps.0 as f64, piece.bytes.0 as f64);
            let to = (piece.steps.1 as f64 + 1.0, piece.bytes.1 as f64);
            chart.draw_series([
                Rectangle::new([from, to], colour.mix(0.45).filled()),
                Rectangle::new([from, to], colour.stroke_width(1)),
            ])?;
            let room = ((to.0 - from.0) * across, (to.1 - from.1) * down);
            if room.1 >= 10.0
                && let Some(text) = fitting(&piece.name, room.0)
            {
                let font = ("sans-serif", 11).into_font().color(&BLACK);
                let style = font.pos(Pos::new(HPos::Center, VPos::Center));
                let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
                chart.draw_series([EmptyElement::at(middle) + Text::new(text, (0, 0), style)])?;
            }
        }
        for (kind, name) in self.kinds.iter().enumerate() {
            let colour = colour(kind);
            chart
                .draw_series([Rectangle::new([(0.0, 0.0), (0.0, 0.0)], colour.filled())])?
                .label(*name)
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - 5), (x + 16, y + 5)], colour.mix(0.6).filled())
                });
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 14))
            .draw()?;
        root.present()
    }

    /// What happens at `x`, if that is where a step begins.
    fn step(&self, x: f64) -> String {
        let step = self.steps.get(x.round() as usize);
        step.filter(|_| x.fract() == 0.0).cloned().unwrap_or_default()
    }
}

/// The name, or as much of its beginning as can be read in so many pixels.
fn fitting(name: &str, pixels: f64) -> Option<String> {
    let letters = (pixels / LETTER) as usize;
    if name.chars().count() <= letters {
        return Some(name.to_owned());
    }
    let short = name.split(' ').next().unwrap_or(name);
    (short.chars().count() <= letters).then(|| short.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shows_each_piece_with_its_name() {
        let piece = |name: &str, kind, steps, bytes| Piece {
            name: name.into(),
            kind,
            steps,
            bytes,
        };
        let picture = ArenaPicture {
            title: "model".into(),
            subtitle: "4,096 bytes".into(),
            kinds: vec!["output", "gradient"],
            pieces: vec![
                piece("0 dense", 0, (0, 2), (0, 4000)),
                piece("1 tanh", 1, (2, 2), (4056, 4096)),
            ],
            steps: ["0", "loss", "0'"].map(str::to_owned).into(),
            bytes: 4096,
        };
        let mut text = String::new();
        picture.draw(&mut text).unwrap();
        for part in [
            "model",
            "4,096 bytes",
            "output",
            "gradient",
            "0 dense",
            "loss",
            "</svg>",
        ] {
            assert!(text.contains(part), "no {part}");
        }
        // Two boxes, with fill and edge each, and those of the legend; the second is too flat for its name.
        assert!(!text.contains("1 tanh"));
        assert!(text.matches("<rect").count() >= 6);
    }
}
