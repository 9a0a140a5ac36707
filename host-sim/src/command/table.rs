//! Figures in columns, as people read them.

use kilograd::network::Shape;

/// Extents as people write them: 48x8.
pub(super) fn extents(shape: Shape) -> String {
    shape
        .dims()
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join("x")
}

/// A number with its thousands apart: 12,345.
pub(super) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Columns as wide as their widest cell; the first three to the left, figures to the right. The last line is a sum.
pub(super) fn table<const COLUMNS: usize>(lines: &[[String; COLUMNS]]) -> String {
    columns(lines, true)
}

/// The same without a sum.
pub(super) fn listing<const COLUMNS: usize>(lines: &[[String; COLUMNS]]) -> String {
    columns(lines, false)
}

fn columns<const COLUMNS: usize>(lines: &[[String; COLUMNS]], sum: bool) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line
            .iter()
            .zip(widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                if column < 3 {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            })
            .collect();
        text += cells.join("  ").trim_end();
        text.push('\n');
        if index == 0 || sum && index + 2 == lines.len() {
            text += &"-".repeat(widths.iter().sum::<usize>() + 2 * (COLUMNS - 1));
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_apart() {
        assert_eq!(
            [0, 7, 999, 1000, 1234567].map(grouped),
            ["0", "7", "999", "1,000", "1,234,567"]
        );
    }
}
