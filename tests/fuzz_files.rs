//! Promise: whatever bytes a file holds (an image, a dump, Intel HEX, UF2, ELF, safetensors, a frame whose checksums are
//! right), it is read or refused with a message, never a panic.
//!
//! Valid files are changed at random: bits, words at the ends of their range, pieces cut out, doubled, exchanged; and, since a
//! wrong checksum ends most readers early, checksums are put right again. `cargo xtask fuzz --hours 1` runs the long form. A
//! case that panics is kept in `target/fuzz`, and `KILOGRAD_FUZZ_CASE=FILE` runs it again.

use kilograd::checkpoint::{Contents, Layout, Store, Weights};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::flash::{MARK_BYTES, Mark, crc32};
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::number::Bfp14;
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;
use kilograd::persist::{Parts, Restore};
use kilograd::train::State;
use kilograd_sim::chip::Chip;
use kilograd_sim::exchange::{safetensors, values};
use kilograd_sim::flash::{Cell, FaultFlash};
use kilograd_sim::image::region::{Region, Wanted, region};
use kilograd_sim::image::{Image, Pieces, Saved, View, hex, uf2};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

const SGD: Sgd = Sgd {
    learning_rate: 0.05,
    weight_decay: 0.0,
};

const NET: Model = Model::new(
    Shape::series(2, 6),
    &[conv1d(3, 3), batch_norm(), relu(), dense(2)],
);

/// A decoder: its name, what it is given to begin with, how it is put right after a change, and itself.
struct Target {
    name: &'static str,
    valid: Vec<Vec<u8>>,
    repair: fn(&mut Vec<u8>, &mut Pcg),
    /// Whether the bytes were read.
    run: fn(&[u8]) -> bool,
}

/// A state with a list of its tensors, and the image of a store that holds it twice.
fn state() -> (Saved, Vec<u8>) {
    let plan: PlanOf<4> = NET
        .try_plan(&Training::<f32, Sgd>::new(Loss::CrossEntropy))
        .unwrap();
    let mut memory = Box::new(Arena::<8192>::ZERO);
    let mut trainer =
        Trainer::<f32, Sgd, { u128::MAX }>::new(&plan, &mut memory[..plan.bytes()], SGD).unwrap();
    trainer.init(3);
    let (state, contents) = (State::beginning(7), Contents::of(&trainer));
    let mut flash = FaultFlash::<Cell<4, 1024>>::new(4096, 1);
    let mut store = Store::<_, 128>::new(&mut flash, 0..4096).unwrap();
    for _ in 0..2 {
        store.save(&Parts(&[&trainer, &state, &contents])).unwrap();
    }
    let image = flash.image().to_vec();
    let found = Image::parse("valid".into(), image.clone(), 0).unwrap();
    let saved = found.newest("valid").unwrap().saved().unwrap();
    (saved, image)
}

fn shipped(saved: &Saved) -> Region {
    let wanted = Wanted {
        chip: &Chip::named("nrf51822").unwrap(),
        address: 0x3_0000,
        size: None,
        chunk: 128,
        write: 4,
    };
    region(saved, &wanted).unwrap()
}

/// Everything that the tools do with a file of a flash.
fn examine(bytes: &[u8]) -> bool {
    let Ok(image) = Image::parse("fuzzed".into(), bytes.to_vec(), 0x1000) else {
        return false;
    };
    for found in image.frames() {
        let _ = found.saved();
        if let Ok(weights) = found.weights() {
            for index in 0..weights.tensors() {
                if let Ok(listed) = weights.tensor(&mut found.view(), index) {
                    let _ = (listed.name(), listed.role(), values(&found, &weights, &listed));
                }
            }
            let mut run = State::beginning(0);
            let mut record = [0; 112];
            if found
                .frame
                .read(&mut found.view(), weights.trainer_bytes(), &mut record)
                .is_some()
            {
                let _ = run.write(0, &record);
            }
        }
    }
    let _ = image.newest("fuzzed");
    true
}

/// Plain bytes are always a file: whether a device would find a state in it.
fn dump(bytes: &[u8]) -> bool {
    examine(bytes);
    let image = Image::parse("fuzzed".into(), bytes.to_vec(), 0);
    image.is_ok_and(|image| image.newest("fuzzed").is_ok())
}

/// A state of any bytes, in a frame whose checksums are right: flashed, found, taken into two models.
fn forge(payload: &[u8]) -> bool {
    let saved = Saved {
        payload: payload.to_vec(),
        fingerprint: 9,
        step: 1,
        chunk: 128,
    };
    let region = shipped(&saved);
    let mut view = View(&region.bytes);
    let end = region.bytes.len() as u32;
    let Ok(weights) = Weights::newest(&mut view, 0..end) else {
        return false;
    };
    let mut taken = false;
    {
        let plan: PlanOf<4> = NET
            .try_plan(&Training::<f32, Sgd>::new(Loss::CrossEntropy))
            .unwrap();
        let mut memory = Box::new(Arena::<8192>::ZERO);
        let mut trainer =
            Trainer::<f32, Sgd, { u128::MAX }>::new(&plan, &mut memory[..plan.bytes()], SGD).unwrap();
        let _ = weights.matching(&mut view, &plan);
        taken |= weights.take(&mut view, &mut trainer, 4).is_ok();
    }
    let layers = [dense(3), relu(), dense(2)];
    let plan: PlanOf<4> = Model::new(Shape::vector(4), &layers)
        .try_plan(&Training::<Bfp14, Sgd>::new(Loss::CrossEntropy))
        .unwrap();
    let mut memory = Box::new(Arena::<8192>::ZERO);
    let mut trainer =
        Trainer::<Bfp14, Sgd, { u128::MAX }>::new(&plan, &mut memory[..plan.bytes()], SGD).unwrap();
    taken |= weights.take(&mut view, &mut trainer, 3).is_ok();
    taken | examine(&region.bytes)
}

/// A mark and the sizes that it speaks of.
fn header(bytes: &[u8]) -> bool {
    let Some(mark) = bytes.first_chunk::<MARK_BYTES>().and_then(Mark::decode) else {
        return false;
    };
    let Some(layout) = Layout::of(&mark) else {
        return true;
    };
    let last = layout.chunks() - 1;
    assert!(layout.fits(&mark) && layout.frame() <= layout.segment());
    assert!(layout.chunk_at(last) + layout.stored(last) <= layout.frame());
    assert_eq!(layout.payload_at(last) + layout.payload_of(last), layout.length());
    // Around a mark anything may lie.
    let mut image = bytes.to_vec();
    image.resize(4096, 0xff);
    image.rotate_right(1024);
    examine(&image)
}

fn nothing(_: &mut Vec<u8>, _: &mut Pcg) {}

/// The checksum of every mark in the bytes.
#[expect(
    clippy::ptr_arg,
    reason = "every repair is called alike, and some change the length"
)]
fn marks(bytes: &mut Vec<u8>, _: &mut Pcg) {
    let mut at = 0;
    while at + MARK_BYTES <= bytes.len() {
        if bytes[at..].starts_with(b"KG") {
            let checksum = crc32(&[], &bytes[at..at + 44]);
            bytes[at + 44..at + 48].copy_from_slice(&checksum.to_le_bytes());
        }
        at += 1;
    }
}

/// The checksum of a list of tensors, over as many entries as its foot speaks of.
#[expect(
    clippy::ptr_arg,
    reason = "every repair is called alike, and some change the length"
)]
fn list(bytes: &mut Vec<u8>, _: &mut Pcg) {
    let Some(foot) = bytes.len().checked_sub(44) else {
        return;
    };
    let entries = usize::from(u16::from_le_bytes([bytes[foot], bytes[foot + 1]]));
    let Some(begin) = foot.checked_sub(36 * entries) else {
        return;
    };
    let checksum = crc32(&[], &bytes[begin..foot + 40]);
    bytes[foot + 40..].copy_from_slice(&checksum.to_le_bytes());
}

/// The checksum of every line of Intel HEX that is still made of digits.
fn lines(bytes: &mut Vec<u8>, _: &mut Pcg) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut right = String::new();
    for line in text.lines() {
        let digits = line.strip_prefix(':').filter(|digits| digits.len() > 2);
        let body = digits.and_then(|digits| digits.get(..digits.len() - 2));
        let pairs = body.map(|body| {
            (0..body.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(body.get(at..at + 2)?, 16).ok())
                .collect::<Option<Vec<u8>>>()
        });
        match (body, pairs.flatten()) {
            (Some(body), Some(pairs)) => {
                let sum = pairs
                    .iter()
                    .fold(0_u8, |sum, byte| sum.wrapping_add(*byte))
                    .wrapping_neg();
                right += &format!(":{body}{sum:02X}\n");
            }
            _ => right += &format!("{line}\n"),
        }
    }
    *bytes = right.into_bytes();
}

/// Numbers of a UF2 file's blocks, so that what is behind them is reached.
fn blocks(bytes: &mut Vec<u8>, dice: &mut Pcg) {
    if dice.below(2) == 0 {
        let whole = bytes.len() / 512 * 512;
        bytes.truncate(whole);
    }
    let count = (bytes.len() / 512) as u32;
    for (block, number) in bytes.chunks_exact_mut(512).zip(0_u32..) {
        block[20..24].copy_from_slice(&number.to_le_bytes());
        block[24..28].copy_from_slice(&count.to_le_bytes());
    }
}

/// The length in front of a safetensors header.
#[expect(
    clippy::ptr_arg,
    reason = "every repair is called alike, and some change the length"
)]
fn length(bytes: &mut Vec<u8>, dice: &mut Pcg) {
    let end = bytes.iter().rposition(|byte| *byte == b'}');
    if let (Some(end), true) = (end, dice.below(2) == 0) {
        let header = (end + 1).saturating_sub(8) as u64;
        if let Some(first) = bytes.first_chunk_mut::<8>() {
            *first = header.to_le_bytes();
        }
    }
}

/// A firmware of two segments, written by hand.
fn firmware() -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0];
    file.resize(16, 0);
    file.extend(2_u16.to_le_bytes());
    file.extend(40_u16.to_le_bytes());
    for word in [1_u32, 0x100, 52, 0, 0] {
        file.extend(word.to_le_bytes());
    }
    for half in [52_u16, 32, 2, 40, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    for (offset, address) in [(116_u32, 0x100_u32), (180, 0x2000)] {
        for word in [1, offset, address, address, 64, 64, 5, 4] {
            file.extend(word.to_le_bytes());
        }
    }
    file.extend((0..128).map(|at| at as u8));
    file
}

fn targets() -> Vec<Target> {
    let (saved, image) = state();
    let region = shipped(&saved);
    let pieces: Pieces = region.pieces();
    let mut whole = pieces.clone();
    whole.put(0x100, &[5; 300]).unwrap();
    let mut tensors = safetensors::Tensors::default();
    tensors.notes.insert("format".into(), "pt".into());
    for (name, shape) in [("0.weight", vec![3, 2]), ("0.bias", vec![3]), ("1.x", vec![])] {
        let values = vec![0.5; shape.iter().product()];
        tensors
            .tensors
            .insert(name.into(), safetensors::Tensor { shape, values });
    }
    let commit = image.windows(3).position(|window| window == b"KGC").unwrap();
    let small = {
        let mut pieces = Pieces::default();
        pieces.put(0xfff0, &(0..90).collect::<Vec<u8>>()).unwrap();
        pieces.put(0x2_0000, &[7; 40]).unwrap();
        pieces
    };
    vec![
        Target {
            name: "image",
            valid: vec![image.clone(), region.bytes.clone()],
            repair: marks,
            run: dump,
        },
        Target {
            name: "header",
            valid: vec![image[commit..commit + 48].to_vec()],
            repair: marks,
            run: header,
        },
        Target {
            name: "frame",
            valid: vec![saved.payload],
            repair: list,
            run: forge,
        },
        Target {
            name: "hex",
            valid: vec![hex::write(&small).into_bytes(), hex::write(&whole).into_bytes()],
            repair: lines,
            run: examine,
        },
        Target {
            name: "uf2",
            valid: vec![uf2::write(&small, 1), uf2::write(&whole, 0xe48b_ff56)],
            repair: blocks,
            run: examine,
        },
        Target {
            name: "elf",
            valid: vec![firmware()],
            repair: nothing,
            run: examine,
        },
        Target {
            name: "safetensors",
            valid: vec![safetensors::write(&tensors)],
            repair: length,
            run: |bytes| safetensors::read("fuzzed", bytes).is_ok(),
        },
    ]
}

/// Words that sums and products overflow at.
const EDGES: [u32; 8] = [
    0,
    1,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fff0,
    u32::MAX,
    0xffff,
    0x1_0000,
];

fn changed(valid: &[Vec<u8>], dice: &mut Pcg) -> Vec<u8> {
    let pick = |dice: &mut Pcg, below: usize| dice.below(below.max(1) as u32) as usize;
    let mut bytes = valid[pick(dice, valid.len())].clone();
    for _ in 0..=dice.below(5) {
        let at = pick(dice, bytes.len());
        let length = (1 + pick(dice, 40)).min(bytes.len() - at.min(bytes.len()));
        match dice.below(9) {
            _ if bytes.is_empty() => {}
            0 => bytes[at] ^= 1 << dice.below(8),
            1 => bytes[at] = [0, 0xff, 0x7f, 0x80, b'0', b':'][pick(dice, 6)],
            2 => {
                let word = EDGES[pick(dice, EDGES.len())].to_le_bytes();
                bytes[at..].iter_mut().zip(word).for_each(|(to, from)| *to = from);
            }
            3 => bytes[at..at + length]
                .iter_mut()
                .for_each(|byte| *byte = dice.next_u32() as u8),
            4 => drop(bytes.drain(at..at + length)),
            5 => {
                let piece = bytes[at..at + length].to_vec();
                let to = pick(dice, bytes.len());
                bytes.splice(to..to, piece);
            }
            6 if dice.below(4) == 0 => bytes.truncate(at),
            7 => {
                let other = &valid[pick(dice, valid.len())];
                let from = pick(dice, other.len());
                let piece = &other[from..(from + length).min(other.len())];
                bytes[at..]
                    .iter_mut()
                    .zip(piece)
                    .for_each(|(to, from)| *to = *from);
            }
            // A digit for a digit: headers and lines of text stay what they are.
            _ => {
                if let Some(byte) = bytes[at..].iter_mut().find(|byte| byte.is_ascii_digit()) {
                    *byte = b'0' + dice.below(10) as u8;
                }
            }
        }
    }
    bytes
}

/// One case of a target; the bytes are kept when it panics.
fn case(target: &Target, seed: u64) -> bool {
    let mut dice = Pcg::new(seed);
    let mut bytes = changed(&target.valid, &mut dice);
    if dice.below(4) > 0 {
        (target.repair)(&mut bytes, &mut dice);
    }
    match catch_unwind(AssertUnwindSafe(|| (target.run)(&bytes))) {
        Ok(read) => read,
        Err(_) => {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
            let path = folder.join(format!("{}-{seed}.bin", target.name));
            let _ = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&path, &bytes));
            panic!("{} with seed {seed}: kept in {}", target.name, path.display());
        }
    }
}

#[test]
fn no_file_makes_a_reader_panic() {
    for target in targets() {
        for valid in &target.valid {
            assert!((target.run)(valid), "{}: the valid one is read", target.name);
        }
        let read = (0..4000).filter(|seed| case(&target, *seed)).count();
        println!("{}: {read} of 4000 were read", target.name);
        // Changes that are always refused would test the first check alone.
        assert!(read > 100 && read < 4000, "{}: {read}", target.name);
    }
}

/// The long form: `cargo xtask fuzz`.
#[test]
#[ignore = "runs for as long as KILOGRAD_FUZZ_SECONDS says"]
fn for_a_long_time() {
    let targets = targets();
    if let Ok(path) = std::env::var("KILOGRAD_FUZZ_CASE") {
        let bytes = std::fs::read(&path).unwrap();
        let file = Path::new(&path).file_name().unwrap().to_string_lossy();
        let target = targets.iter().find(|target| file.starts_with(target.name));
        (target.expect("the file is named after its decoder").run)(&bytes);
        return;
    }
    let number = |name| std::env::var(name).ok().map(|text: String| text.parse().unwrap());
    let seconds: u64 = number("KILOGRAD_FUZZ_SECONDS").unwrap_or(60);
    let first: u64 = number("KILOGRAD_FUZZ_SEED").unwrap_or(1 << 32);
    println!("{seconds} seconds from seed {first}, each target in turn");
    let (began, mut told) = (Instant::now(), Instant::now());
    let mut counts = vec![(0_u64, 0_u64); targets.len()];
    let mut seed = first;
    while began.elapsed() < Duration::from_secs(seconds) {
        for (target, (cases, read)) in targets.iter().zip(&mut counts) {
            for _ in 0..100 {
                *cases += 1;
                *read += u64::from(case(target, seed));
                seed += 1;
            }
        }
        if told.elapsed() > Duration::from_secs(60) {
            told = Instant::now();
            println!(
                "{} s, {} cases, next seed {seed}",
                began.elapsed().as_secs(),
                seed - first
            );
        }
    }
    for (target, (cases, read)) in targets.iter().zip(counts) {
        println!("{}: {cases} cases, {read} were read, no panic", target.name);
    }
}
