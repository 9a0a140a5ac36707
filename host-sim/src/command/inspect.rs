//! `kilograd inspect`: every checkpoint in an image or a dump of a device.

use super::image::number;
use super::table::{grouped, listing};
use crate::complaint::{Complaint, Failure};
use crate::image::{Found, Image};
use crate::report::say;
use kilograd::checkpoint::{Layout, Verdict, Weights};
use kilograd::network::Layer;
use kilograd::number::{Bfp14, Number, Scalar, bfp};
use kilograd::persist::Restore;
use kilograd::train::State;
use serde_json::{Value, json};
use std::path::PathBuf;

const EXAMPLES: &str = "\
Examples:
  kilograd inspect out/digits-mlp/checkpoint.bin
  kilograd inspect dump.bin --address 0xf0000 --tensors
  kilograd inspect product.uf2 --json

A frame is valid when its save was completed and every chunk agrees with its checksum; the device loads the valid one with the
largest sequence. The checksums find accidents, not forgeries.";

/// What `kilograd inspect` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Options {
    /// An image or a dump: plain bytes, Intel HEX, UF2, ELF
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Address of the first byte, of plain bytes
    #[arg(long, value_name = "ADDRESS", value_parser = number, default_value = "0")]
    address: u32,
    /// Show the tensors of the newest valid state
    #[arg(long)]
    tensors: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// What a state says of itself.
struct About {
    weights: Option<Weights>,
    /// Epochs done and the lowest monitored loss, if the second part is that of a run.
    run: Option<(u32, Option<f32>)>,
}

fn about(found: &Found<'_>) -> About {
    let weights = found.weights().ok().filter(|_| found.is_valid());
    let run = weights.as_ref().and_then(|weights| {
        let mut bytes = [0; 112];
        found
            .frame
            .read(&mut found.view(), weights.trainer_bytes(), &mut bytes)?;
        let mut state = State::beginning(0);
        state.write(0, &bytes).ok()?;
        let loss = |bits| match weights.number() {
            f32::CODE => <f32 as Scalar>::from_bits(bits),
            f64::CODE => <f64 as Scalar>::from_bits(bits).to_f32(),
            _ => bfp::Q32::from_bits(bits).to_f32(),
        };
        Some((state.value.epochs(), state.value.best().map(loss)))
    });
    About { weights, run }
}

/// The name of a number format.
fn number_name(code: u8) -> String {
    let known = [
        (<f32 as Number>::CODE, <f32 as Number>::NAME),
        (<f64 as Number>::CODE, <f64 as Number>::NAME),
        (Bfp14::<bfp::Low16>::CODE, Bfp14::<bfp::Low16>::NAME),
        (Bfp14::<bfp::Low8>::CODE, Bfp14::<bfp::Low8>::NAME),
        (Bfp14::<bfp::High>::CODE, Bfp14::<bfp::High>::NAME),
    ];
    let name = known.iter().find(|(known, _)| *known == code);
    name.map_or_else(|| format!("number {code}"), |(_, name)| (*name).to_owned())
}

/// Whether a frame is valid, or why not.
fn verdict(found: &Found<'_>) -> String {
    match found.frame.verdict {
        Verdict::Valid { adopted: true } => "valid".into(),
        Verdict::Valid { adopted: false } => "valid, no boot has seen it yet".into(),
        Verdict::Unsealed => "not valid: its save was cut before it was acknowledged".into(),
        Verdict::Damaged { chunk } => match Layout::of(&found.frame.mark) {
            Some(layout) if chunk == layout.chunks() => {
                "not valid: its chunks are not those that were committed".into()
            }
            Some(layout) => {
                let at = found.address() + u64::from(layout.chunk_at(chunk));
                format!("not valid: chunk {chunk} at {at:#x} is damaged or overwritten")
            }
            None => "not valid".into(),
        },
        Verdict::Impossible => "not valid: its mark speaks of sizes that cannot be".into(),
    }
}

/// The segment of its stretch that a frame lies in, counted from the stretch's beginning.
fn segment(found: &Found<'_>) -> Option<u32> {
    found.frame.address.checked_div(found.frame.mark.segment)
}

/// Runs the command.
///
/// # Errors
/// When the file cannot be read, or holds no frame at all.
pub fn run(options: &Options) -> Result<(), Failure> {
    let name = options.file.display().to_string();
    let image = Image::read(&options.file, options.address)?;
    let frames = image.frames();
    if frames.is_empty() {
        let message = format!(
            "{name}: there is no checkpoint in its {} bytes",
            image.pieces.bytes()
        );
        let help = "dump the region of the store, or an image that `kilograd image` wrote";
        return Err(Complaint::new(message, help).into());
    }
    let newest = image.newest(&name).ok();
    if options.json {
        say(as_json(&name, &image, &frames, newest.as_ref(), options.tensors))
    } else {
        say(as_text(&name, &image, &frames, newest.as_ref(), options.tensors).trim_end())
    }
}

fn as_json(
    name: &str,
    image: &Image,
    frames: &[Found<'_>],
    newest: Option<&Found<'_>>,
    tensors: bool,
) -> Value {
    let all: Vec<Value> = frames
        .iter()
        .map(|found| {
            let mark = found.frame.mark;
            let About { weights, run } = about(found);
            let weights = weights.as_ref();
            json!({
                "address": found.address(),
                "segment": segment(found),
                "valid": found.is_valid(),
                "verdict": verdict(found),
                "newest": newest == Some(found),
                "sequence": mark.sequence,
                "step": mark.step,
                "fingerprint": format!("{:016x}", mark.fingerprint),
                "state_bytes": mark.length,
                "chunk": mark.chunk,
                "write_size": mark.write_size,
                "segment_bytes": mark.segment,
                "number": weights.map(|weights| number_name(weights.number())),
                "plan": weights.map(|weights| format!("{:016x}", weights.plan())),
                "layers": weights.map(Weights::layers),
                "epochs": run.map(|(epochs, _)| epochs),
                "best_loss": run.and_then(|(_, best)| best),
            })
        })
        .collect();
    let stretches: Vec<Value> = image
        .pieces
        .iter()
        .map(|(address, bytes)| json!({ "address": address, "bytes": bytes.len() }))
        .collect();
    let mut whole = json!({
        "file": name,
        "format": image.form.name(),
        "stretches": stretches,
        "frames": all,
        "newest_address": newest.map(Found::address),
        "newest_segment": newest.and_then(segment),
    });
    if let (true, Some(found)) = (tensors, newest) {
        let rows: Vec<Value> = listed(found)
            .into_iter()
            .map(|row| json!({ "layer": row.layer, "kind": row.kind, "name": row.name, "shape": row.shape, "saved": row.saved, "trained": row.trained }))
            .collect();
        whole["tensors"] = rows.into();
    }
    whole
}

/// A tensor of a state, for people.
struct Row {
    layer: u16,
    kind: String,
    name: String,
    shape: Vec<u16>,
    saved: bool,
    trained: bool,
}

fn listed(found: &Found<'_>) -> Vec<Row> {
    let Ok(weights) = found.weights() else {
        return vec![];
    };
    (0..weights.tensors())
        .filter_map(|index| weights.tensor(&mut found.view(), index).ok())
        .map(|listed| Row {
            layer: listed.layer,
            kind: Layer::name_of(listed.kind).map_or_else(|| listed.kind.to_string(), str::to_owned),
            name: listed.name().to_owned(),
            shape: listed.shape().map_or(vec![], |shape| shape.dims().to_vec()),
            saved: listed.saved(),
            trained: listed.trained(),
        })
        .collect()
}

fn as_text(
    name: &str,
    image: &Image,
    frames: &[Found<'_>],
    newest: Option<&Found<'_>>,
    tensors: bool,
) -> String {
    let plural = if frames.len() == 1 { "" } else { "s" };
    let mut text = format!(
        "{name}: {}, {} checkpoint{plural}\n",
        image.form.name(),
        frames.len()
    );
    for (address, bytes) in image.pieces.iter() {
        let end = u64::from(address) + bytes.len() as u64;
        text += &format!(
            "  {address:#010x}..{end:#010x}  {:>9} bytes\n",
            grouped(bytes.len())
        );
    }
    text.push('\n');
    let head = [
        "address",
        "segment",
        "fingerprint",
        "sequence",
        "step",
        "state",
        "",
    ];
    let mut rows = vec![head.map(str::to_owned)];
    for found in frames {
        let mark = found.frame.mark;
        rows.push([
            format!("{:#010x}", found.address()),
            segment(found).map_or("-".into(), |segment| segment.to_string()),
            format!("{:016x}", mark.fingerprint),
            mark.sequence.to_string(),
            mark.step.to_string(),
            grouped(mark.length as usize),
            if newest == Some(found) {
                "newest".into()
            } else {
                String::new()
            },
        ]);
    }
    text += &listing(&rows);
    text.push('\n');
    for found in frames {
        text += &format!("{:#010x}  {}\n", found.address(), verdict(found));
    }
    let Some(found) = newest else {
        text += "\nNone is valid: a device would refuse to load.\n";
        return text;
    };
    let mark = found.frame.mark;
    let About { weights, run } = about(found);
    text += &format!(
        "\nThe device loads the frame at {:#010x}: {} bytes in chunks of {}, write size {}, segments of {}\n",
        found.address(),
        grouped(mark.length as usize),
        mark.chunk,
        mark.write_size,
        grouped(mark.segment as usize)
    );
    match weights {
        None => text += "It does not list its tensors.\n",
        Some(weights) => {
            let input = weights.input();
            let input: Vec<String> = input
                .iter()
                .filter(|extent| **extent > 0)
                .map(u16::to_string)
                .collect();
            text += &format!(
                "model {:016x}: {} layers, {} tensors, input {}, in {}\n",
                weights.plan(),
                weights.layers(),
                weights.tensors(),
                input.join("x"),
                number_name(weights.number())
            );
        }
    }
    if let Some((epochs, best)) = run {
        text += &format!("run: {epochs} epochs done");
        if let Some(best) = best {
            text += &format!(", lowest loss {best:.4}");
        }
        text.push('\n');
    }
    if tensors {
        for row in listed(found) {
            let note = match (row.saved, row.trained) {
                (false, _) => ", frozen: in the firmware",
                (true, false) => ", not trained",
                (true, true) => "",
            };
            text += &format!(
                "  {:>3} {:<14} {:<16} {:?}{note}\n",
                row.layer, row.kind, row.name, row.shape
            );
        }
    }
    text
}
