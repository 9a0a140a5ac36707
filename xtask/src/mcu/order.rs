//! Which order of summation and which layout of weights the chip likes: the other half of
//! `cargo bench --bench order`. Printed, not held to anything; the choice is in `docs/architecture.md`.

use super::probe::{BUILDS, Probe};
use crate::process::Outcome;
use crate::setup::Tools;

/// One form on one shape: `(inputs, outputs)`.
struct Count<'a> {
    form: &'a str,
    shape: (u64, u64),
    instructions: u64,
}

/// Counts every form on every shape and prints instructions per multiply-accumulate.
pub fn print(tools: &Tools) -> Outcome {
    for build in &BUILDS {
        let text = Probe::build(tools, "order", "release", build.flags)?.run(tools)?;
        let counts: Vec<Count<'_>> = text.lines().filter_map(read).collect();
        println!(
            "\nInstructions per multiply-accumulate of `y = b + W x`, by form and shape, {}",
            build.name
        );
        let (mut forms, mut shapes) = (Vec::new(), Vec::new());
        for count in &counts {
            if !forms.contains(&count.form) {
                forms.push(count.form);
            }
            if !shapes.contains(&count.shape) {
                shapes.push(count.shape);
            }
        }
        let heads = shapes
            .iter()
            .map(|(inputs, outputs)| format!("{inputs} x {outputs}"));
        row("inputs x outputs", heads);
        for form in forms {
            let figures = counts.iter().filter(|count| count.form == form).map(|count| {
                let (inputs, outputs) = count.shape;
                format!("{:.2}", count.instructions as f64 / (inputs * outputs) as f64)
            });
            row(form, figures);
        }
    }
    Ok(())
}

/// A line of a form's name and three numbers.
fn read(line: &str) -> Option<Count<'_>> {
    let mut words = line.rsplitn(4, ' ');
    let mut number = || words.next()?.parse().ok();
    let (instructions, outputs, inputs) = (number()?, number()?, number()?);
    Some(Count {
        form: words.next()?,
        shape: (inputs, outputs),
        instructions,
    })
}

fn row(name: &str, cells: impl Iterator<Item = String>) {
    let cells: String = cells.map(|cell| format!("{cell:>12}")).collect();
    println!("{name:<48}{cells}");
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_name_may_hold_spaces() {
        let count = read("w[i][o], 4 outputs at a time 64 32 9000").unwrap();
        assert_eq!(count.form, "w[i][o], 4 outputs at a time");
        assert_eq!((count.shape, count.instructions), ((64, 32), 9000));
        assert!(read("known 2000000 2000000").is_none());
    }
}
