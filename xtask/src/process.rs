//! Running other programs: say what runs, pass on what they print, turn a failure into a line.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// What went wrong, as a line for the reader.
pub type Outcome<T = ()> = Result<T, String>;

/// The cargo that started us, or the one on the path.
pub fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// The command under coreutils' `timeout`, which ends the whole process group: cargo and its emulator.
pub fn limited(seconds: u32, command: &Command) -> Command {
    let mut limited = Command::new("timeout");
    limited.arg("--kill-after=5").arg(seconds.to_string());
    limited.arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(key, value),
            None => limited.env_remove(key),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        limited.current_dir(folder);
    }
    limited
}

/// Runs to the end with the terminal as its output.
pub fn run(command: &mut Command) -> Outcome {
    say(command);
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    ended(command, status.code())
}

/// Runs to the end and returns what it printed; its errors go to the terminal.
pub fn capture(command: &mut Command) -> Outcome<String> {
    let mut text = String::new();
    each_line(command, |line| {
        text.push_str(line);
        text.push('\n');
    })?;
    Ok(text)
}

/// Runs to the end and returns what it printed, or nothing when it fails; its errors are dropped.
pub fn ask(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs to the end and hands over each line of its output as it comes.
pub fn each_line(command: &mut Command, mut line: impl FnMut(&str)) -> Outcome {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(command, &error))?;
    if let Some(out) = child.stdout.take() {
        let mut reader = BufReader::new(out);
        let mut bytes = Vec::new();
        while reader
            .read_until(b'\n', &mut bytes)
            .is_ok_and(|length| length > 0)
        {
            line(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']));
            bytes.clear();
        }
    }
    let status = child.wait().map_err(|error| cannot_start(command, &error))?;
    ended(command, status.code())
}

/// Prints the command as one would type it.
pub fn say(command: &Command) {
    println!("$ {}", shown(command));
}

fn shown(command: &Command) -> String {
    // The path of cargo itself tells the reader nothing.
    let name = |word: &OsStr| {
        let word = word.to_string_lossy().into_owned();
        if word.ends_with("/cargo") {
            "cargo".into()
        } else {
            word
        }
    };
    let mut words = vec![name(command.get_program())];
    words.extend(command.get_args().map(name));
    words.join(" ")
}

fn cannot_start(command: &Command, error: &std::io::Error) -> String {
    format!("cannot run `{}`: {error}", shown(command))
}

fn ended(command: &Command, code: Option<i32>) -> Outcome {
    match code {
        Some(0) => Ok(()),
        Some(124) if command.get_program() == "timeout" => {
            Err(format!("`{}` did not end in time", shown(command)))
        }
        Some(code) => Err(format!("`{}` ended with {code}", shown(command))),
        None => Err(format!("`{}` was killed", shown(command))),
    }
}
