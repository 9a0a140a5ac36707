//! Every check of kilograd, the same locally and in CI: `cargo xtask test`.

mod apt;
mod checks;
mod core_for_chips;
mod elf;
mod firmware;
mod floats;
mod fuzz;
mod mcu;
mod parts;
mod place;
mod process;
mod qemu;
mod ram;
mod setup;

use parts::Parts;
use process::Outcome;
use setup::Tools;
use std::process::ExitCode;

const HELP: &str = "\
cargo xtask test [WORD]          every check, in order; stops at the first failure; or the parts with WORD in
                                 their name
cargo xtask setup [--core WAY]   finds or installs what the checks need; WAY is auto, rustup or debian,
                                 and stays in force until it is given again
cargo xtask firmware [--bless]   builds every board's program, runs it, compares its text (or takes it)
cargo xtask fuzz [--hours H] [--seed N] [--case FILE]
                                 random bytes for every decoder of files, a minute if no hours are given; a case
                                 that panics is kept in target/fuzz, and --case runs it again
cargo xtask bench-mcu [--bless] [--functions]
                                 instructions, code and RAM of W1, W2 and W4 on the emulated Cortex-M4F, beside
                                 the peers; compares with the golden values (or takes the new ones); which functions;
                                 small firmwares; elementary functions; the candidate orders of summation; and
                                 training in integers, on a Cortex-M0 and on a Cortex-M4
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => return code(test(Parts::default())),
        ["test", word] => return code(test(Parts::only(word))),
        ["setup"] => Tools::find_or_install().map(drop),
        ["setup", "--core", way] => {
            core_for_chips::remember(way).and_then(|()| Tools::find_or_install().map(drop))
        }
        ["firmware"] => {
            Tools::find_or_install().and_then(|tools| firmware::test(&tools, &mut parts::Tally::default()))
        }
        ["fuzz", words @ ..] => fuzz::fuzz(words),
        ["bench-mcu", options @ ..] => bench_mcu(options),
        ["firmware", "--bless"] => Tools::find_or_install().and_then(|tools| firmware::bless(&tools)),
        _ => {
            print!("{HELP}");
            return ExitCode::from(2);
        }
    };
    report(outcome)
}

fn bench_mcu(words: &[&str]) -> Outcome {
    let mut options = mcu::Options::default();
    for word in words {
        match *word {
            "--bless" => options.bless = true,
            "--functions" => options.functions = true,
            other => return Err(format!("bench-mcu takes --bless and --functions, not `{other}`")),
        }
    }
    let tools = Tools::find_or_install()?;
    mcu::sizes(&tools, options.bless, &mut parts::Tally::default())?;
    mcu::functions(&tools)?;
    mcu::orders(&tools)?;
    mcu::integers(&tools, options.bless, &mut parts::Tally::default())?;
    mcu::bench(&tools, &options, &mut parts::Tally::default())
}

fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            println!("FAILED: {why}");
            ExitCode::FAILURE
        }
    }
}

fn code(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn test(mut parts: Parts) -> bool {
    let Some(tools) = parts.always("set-up", |_| Tools::find_or_install()) else {
        return parts.close();
    };
    parts.part("format", |_| checks::format());
    parts.part("lints", |_| checks::lints(&tools.core));
    parts.part("features on chips", |tally| checks::features(&tools.core, tally));
    parts.part("documentation", |_| checks::documentation());
    parts.part("tests", checks::tests);
    parts.part("tests in release", checks::release_tests);
    parts.part("firmware", |tally| firmware::test(&tools, tally));
    parts.part("sizes on the chip", |tally| mcu::sizes(&tools, false, tally));
    parts.part("instructions on the chip", |tally| {
        mcu::bench(&tools, &mcu::Options::default(), tally)
    });
    parts.part("integer instructions on the chip", |tally| {
        mcu::integers(&tools, false, tally)
    });
    parts.close()
}
