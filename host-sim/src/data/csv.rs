//! CSV files: a header line, then one sample (or one frame of a series) per line.

mod group;

use super::Dataset;
use crate::complaint::{Complaint, listed, nearest};
use crate::run::{Marked, RunFile};
use group::{classes, numbered, windows};
use kilograd::network::Shape;
use std::path::Path;

/// Which columns are what.
pub struct Columns<'a> {
    /// The class.
    pub label: Option<&'a Marked<String>>,
    /// What is learnt from; every other column if none.
    pub features: Option<&'a [Marked<String>]>,
    /// The recording.
    pub group: Option<&'a Marked<String>>,
    /// Whether classes are learnt: then there must be two.
    pub wanted: bool,
}

/// Lines as they were read.
struct Lines {
    width: usize,
    values: Vec<f32>,
    labels: Vec<String>,
    groups: Vec<String>,
    count: usize,
}

/// Reads a file; `name` is its path as the run file gives it.
pub fn read(
    run: &RunFile,
    name: &Marked<String>,
    path: &Path,
    columns: &Columns<'_>,
) -> Result<Dataset, Complaint> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        run.complain(
            name.span.clone(),
            format!("{}: {error}", path.display()),
            match error.kind() {
                std::io::ErrorKind::InvalidData => "save the file as UTF-8 text",
                _ => "check the path; paths in a run file start at the folder of that file",
            },
        )
    })?;
    let lines = parse(run, name, &path.display().to_string(), &text, columns)?;
    let (classes, class_of) = classes(&lines.labels);
    if columns.wanted && classes.len() < 2 {
        let span = columns
            .label
            .map_or(name.span.clone(), |label| label.span.clone());
        let message = format!("{}: every line has the same class", path.display());
        return Err(run.complain(
            span,
            message,
            "give data of at least two classes, or name another column",
        ));
    }
    if classes.len() > usize::from(u16::MAX) {
        let span = columns
            .label
            .map_or(name.span.clone(), |label| label.span.clone());
        let message = format!("{}: {} different labels", path.display(), classes.len());
        return Err(run.complain(span, message, "name a column of classes, not of measured values"));
    }
    match &run.data.windowing {
        None => {
            let width = u16::try_from(lines.width).map_err(|_| too_wide(run, name, lines.width))?;
            let recordings = match columns.group {
                Some(_) => numbered(&lines.groups),
                None => (0..lines.count as u32).collect(),
            };
            Ok(Dataset {
                features: lines.values,
                labels: class_of,
                classes,
                recordings,
                ..Dataset::of(Shape::vector(width))
            })
        }
        Some(_) => windows(run, name, lines, class_of, classes),
    }
}

fn too_wide(run: &RunFile, name: &Marked<String>, width: usize) -> Complaint {
    run.complain(
        name.span.clone(),
        format!("{width} columns are too many"),
        "choose up to 65535 with `features`",
    )
}

/// Checks the header, then every cell.
fn parse(
    run: &RunFile,
    name: &Marked<String>,
    path: &str,
    text: &str,
    columns: &Columns<'_>,
) -> Result<Lines, Complaint> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or("");
    // A spreadsheet may have written semicolons or tabs: take the one that the header has most of.
    let delimiter = *[b',', b';', b'\t']
        .iter()
        .rev()
        .max_by_key(|d| first.bytes().filter(|b| b == *d).count())
        .unwrap_or(&b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let broken = |error: csv::Error| match error.kind() {
        csv::ErrorKind::UnequalLengths {
            pos,
            expected_len,
            len,
        } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            let message = format!("{path}, line {line}: {len} cells where the header has {expected_len}");
            Complaint::new(
                message,
                "give every line the cells of the header; quote a cell that holds the separator",
            )
        }
        _ => Complaint::new(format!("{path}: {error}"), "correct the file"),
    };
    let header: Vec<String> = reader
        .headers()
        .map_err(broken)?
        .iter()
        .map(str::to_owned)
        .collect();
    if header.iter().all(String::is_empty) {
        return Err(Complaint::new(
            format!("{path}: the file is empty"),
            "give it a header line and at least one line of data",
        ));
    }
    if let Some(twice) = header
        .iter()
        .enumerate()
        .find_map(|(index, column)| header[..index].contains(column).then_some(column))
    {
        return Err(Complaint::new(
            format!("{path}, line 1: two columns are named `{twice}`"),
            "give each its own name",
        ));
    }
    if header.iter().all(|column| column.parse::<f32>().is_ok()) {
        let help = "add a first line that names the columns, such as `x,y,label`";
        return Err(Complaint::new(
            format!("{path}, line 1: the header holds numbers"),
            help,
        ));
    }
    let find = |wanted: &Marked<String>| {
        header
            .iter()
            .position(|column| *column == wanted.value)
            .ok_or_else(|| missing(run, wanted, path, &header))
    };
    let label = columns.label.map(find).transpose()?;
    let group = columns.group.map(find).transpose()?;
    let features: Vec<usize> = match columns.features {
        Some(names) => names.iter().map(find).collect::<Result<_, _>>()?,
        None => (0..header.len())
            .filter(|index| Some(*index) != label && Some(*index) != group)
            .collect(),
    };
    if let Some((name, index)) = columns
        .features
        .into_iter()
        .flatten()
        .zip(&features)
        .find(|(_, index)| Some(**index) == label)
    {
        let message = format!("the column `{}` is both feature and label", header[*index]);
        return Err(run.complain(
            name.span.clone(),
            message,
            "remove it from `features`: the answer must not be given away",
        ));
    }
    if features.is_empty() {
        let message = format!("{path}: no column is left to learn from");
        return Err(run.complain(
            name.span.clone(),
            message,
            "give the file columns of numbers beside the label",
        ));
    }
    let mut lines = Lines {
        width: features.len(),
        values: vec![],
        labels: vec![],
        groups: vec![],
        count: 0,
    };
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, csv::Position::line);
        for &column in &features {
            lines
                .values
                .push(number(&record[column]).map_err(|(message, help)| {
                    let place = format!("{path}, line {line}, column `{}`", header[column]);
                    Complaint::new(format!("{place}: {message}"), help)
                })?);
        }
        for (column, into) in [(label, &mut lines.labels), (group, &mut lines.groups)] {
            let Some(column) = column else { continue };
            if record[column].is_empty() {
                let message = format!(
                    "{path}, line {line}, column `{}`: the cell is empty",
                    header[column]
                );
                return Err(Complaint::new(message, "fill it in, or remove the line"));
            }
            into.push(record[column].to_owned());
        }
        lines.count += 1;
    }
    if lines.count == 0 {
        return Err(Complaint::new(
            format!("{path}: there is a header but no data"),
            "add at least one line of data",
        ));
    }
    Ok(lines)
}

fn missing(run: &RunFile, wanted: &Marked<String>, path: &str, header: &[String]) -> Complaint {
    let names: Vec<&str> = header.iter().map(String::as_str).collect();
    let near =
        nearest(&wanted.value, &names).map_or(String::new(), |near| format!("did you mean `{near}`? "));
    let message = format!("{path} has no column `{}`", wanted.value);
    run.complain(
        wanted.span.clone(),
        message,
        format!("{near}its columns are {}", listed(&names)),
    )
}

/// A cell as a finite number, or what is wrong with it and what to do.
fn number(cell: &str) -> Result<f32, (String, &'static str)> {
    if cell.is_empty() {
        return Err(("the cell is empty".into(), "fill it in, or remove the line"));
    }
    match cell.parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(value) if value.is_nan() => Err((
            "the value is NaN".into(),
            "replace it by a number, or remove the line",
        )),
        Ok(_) => Err((
            format!("`{cell}` is infinite"),
            "replace it by a number below 3.4e38, or remove the line",
        )),
        Err(_) if cell.contains(',') => Err((
            format!("`{cell}` is not a number"),
            "write decimals with a point: 0.5, not 0,5",
        )),
        Err(_) => Err((
            format!("`{cell}` is not a number"),
            "correct it; leave a column of text out by listing the others in `features`",
        )),
    }
}

#[cfg(test)]
mod tests;
