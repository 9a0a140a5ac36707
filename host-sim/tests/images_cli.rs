//! `kilograd image` and `inspect`: a checkpoint as a device is shipped with it, and what a device has.

mod support;

use kilograd::checkpoint::{Contents, Store};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::load::{Label, Loader, Samples, Split};
use kilograd::loss::Loss;
use kilograd::network::{Model, PlanOf, Shape, add, dense, relu, sigmoid, tanh};
use kilograd::optim::Momentum;
use kilograd::persist::{PartsMut, Persist, Restore};
use kilograd::train::{Event, Fit, Goals, State};
use kilograd_sim::flash::{FaultFlash, Microbit, Nrf52, Part, Rp2040, Stm32l4};
use kilograd_sim::image::{Image, hex, uf2};
use support::{DIGITS, Folder, ReplaceOnce};

const CHECKPOINT: &str = "out/d/checkpoint.bin";

fn trained() -> Folder {
    let folder = Folder::new();
    folder.write(
        "d.toml",
        DIGITS.replacen_once("epochs = 1", "epochs = 1\ncheckpoint_every = 20"),
    );
    folder.run(&["train", "d.toml"]).done();
    folder
}

/// The firmware's samples.
struct Sensor;

impl Samples<f32> for Sensor {
    fn len(&self) -> usize {
        60
    }

    fn scale(&self) {}

    fn read(&self, index: usize, into: &mut [f32]) -> Option<Label> {
        for (at, x) in (0..).zip(into) {
            *x = ((index * 7 + at) % 17) as f32 / 17.0;
        }
        Some(Label::Class((index % 10) as u16))
    }
}

/// A firmware for the model of [`DIGITS`]: finds its state, trains on for an epoch and keeps it. The step that it began at,
/// and its trainer's state in the end. No flash word may be programmed twice.
fn firmware<P: Part>(flash: &mut FaultFlash<P>, epochs: u32) -> (u64, Vec<u8>) {
    let layers = [
        dense(12),
        relu(),
        dense(12),
        sigmoid(),
        dense(12),
        add(2),
        dense(12),
        tanh(),
        dense(10),
    ];
    let model = Model::new(Shape::vector(64), &layers);
    let plan: PlanOf<9> = model
        .try_plan(&Training::<f32, Momentum>::new(Loss::CrossEntropy))
        .unwrap();
    let mut memory = Box::new(Arena::<65536>::ZERO);
    let optimizer = Momentum {
        learning_rate: 0.01,
        momentum: 0.9,
        dampening: 0.0,
        weight_decay: 0.0,
        nesterov: false,
    };
    let mut trainer =
        Trainer::<f32, Momentum, { u128::MAX }>::new(&plan, &mut memory[..plan.bytes()], optimizer).unwrap();
    let (mut state, mut contents) = (State::beginning(0), Contents::of(&trainer));
    let end = flash.image().len() as u32;
    let mut store = Store::<_, 256>::new(flash, 0..end).unwrap();
    let loaded = {
        let mut extra: [&mut dyn Restore; 1] = [&mut contents];
        let mut parts: [&mut dyn Restore; 3] = [&mut trainer, &mut state, &mut PartsMut(&mut extra)];
        store
            .load(&mut PartsMut(&mut parts))
            .unwrap_or_else(|error| panic!("{error}"))
    };
    let loader = Loader::new(&Sensor, Split::all(60), 3).unwrap();
    let mut sample = [0.0; 64];
    let goals = Goals {
        epochs,
        save_every: 2,
        ..Goals::default()
    };
    let extra: [&dyn Persist; 1] = [&contents];
    let mut saves = 0;
    {
        let mut fit =
            Fit::new(&mut trainer, loader, &mut sample, &mut state, goals).checkpoint(&mut store, &extra);
        while let Some(event) = fit.next_event().unwrap() {
            saves += u32::from(matches!(event, Event::Saved { .. }));
        }
    }
    assert!(saves > 0);
    let mut bytes = vec![0; trainer.size()];
    trainer.read(0, &mut bytes);
    (loaded.step, bytes)
}

/// The region of an image as the flash of a part.
fn flashed<P: Part>(folder: &Folder, file: &str, start: u32, size: usize) -> FaultFlash<P> {
    let image = Image::read(&folder.path(file), start).unwrap();
    let mut region = vec![0xff; size];
    for (address, bytes) in image.pieces.iter() {
        if let Some(at) = address.checked_sub(start).map(|at| at as usize)
            && at + bytes.len() <= size
        {
            region[at..at + bytes.len()].copy_from_slice(bytes);
        }
    }
    FaultFlash::from_image(&region, 5)
}

/// An ELF file with `bytes` at `address`.
fn elf(address: u32, bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 1, 1, 1, 0];
    file.resize(16, 0);
    file.extend([2, 0, 40, 0]);
    for word in [1, address, 52, 0, 0] {
        file.extend(u32::to_le_bytes(word));
    }
    for half in [52_u16, 32, 1, 40, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    let length = bytes.len() as u32;
    for word in [1, 84, address, address, length, length, 5, 4] {
        file.extend(u32::to_le_bytes(word));
    }
    file.extend(bytes);
    file
}

#[test]
fn a_firmware_finds_the_factorys_state_and_trains_on() {
    let folder = trained();
    folder.write("app.elf", elf(0x1000_0100, &[7; 3000]));
    let image = |words: &[&str]| {
        let begin = ["image", "d.toml", "--checkpoint", CHECKPOINT];
        folder.run(&[&begin, words].concat()).done().to_owned()
    };
    let said = image(&["--chip", "nrf52840", "--address", "0xf0000", "--out", "f.hex"]);
    assert!(said.contains("Store::<_, 256>::new(flash, 0xf0000.."), "{said}");
    image(&[
        "--chip",
        "nrf51822",
        "--address",
        "0x38000",
        "--size",
        "32K",
        "--out",
        "f.bin",
    ]);
    image(&[
        "--chip",
        "rp2040",
        "--address",
        "0x10100000",
        "--firmware",
        "app.elf",
        "--out",
        "f.uf2",
    ]);
    image(&["--chip", "stm32l476", "--address", "0x08080000", "--out", "l.hex"]);
    // Each part, as it is programmed by each kind of file: the same state, the same next steps.
    let mut nrf52 = flashed::<Nrf52>(&folder, "f.hex", 0xf_0000, 0xc000);
    let (step, first) = firmware(&mut nrf52, 2);
    assert!(step > 0);
    let mut others = [
        firmware(&mut flashed::<Microbit>(&folder, "f.bin", 0x3_8000, 0x8000), 2),
        firmware(&mut flashed::<Rp2040>(&folder, "f.uf2", 0x1010_0000, 0xc000), 2),
        firmware(&mut flashed::<Stm32l4>(&folder, "l.hex", 0x0808_0000, 0x9000), 2),
    ];
    assert_eq!(others, [(); 3].map(|()| (step, first.clone())));
    // It goes on from its own last save, not from the factory's.
    let (later, second) = firmware(&mut nrf52, 4);
    assert!(later > step && second != first);
    others[0].1.clear();
    // What left the factory is the desktop's trainer, optimizer state and all.
    let image = Image::read(&folder.path("f.bin"), 0).unwrap();
    let desktop = Image::read(&folder.path(CHECKPOINT), 0).unwrap();
    let payload = |image: &Image| {
        let found = image.newest("").unwrap();
        let trainer = found.weights().unwrap().trainer_bytes() as usize;
        found.saved().unwrap().payload[..trainer].to_vec()
    };
    assert!(payload(&image) == payload(&desktop));
}

#[test]
fn a_dump_is_flashed_as_it_is() {
    let folder = trained();
    let words = ["image", "--checkpoint", CHECKPOINT, "--chip", "esp32c3"];
    let to = ["--address", "0x300000", "--out", "again.bin"];
    let said = folder.run(&[&words[..], &to].concat());
    assert!(said.done().contains("to write at 0x00300000"), "{}", said.out);
    let newest = |file: &str| {
        let image = Image::read(&folder.path(file), 0).unwrap();
        image.newest("").unwrap().saved().unwrap()
    };
    assert!(newest("again.bin") == newest(CHECKPOINT));
    // It resumes where the dump came from, too: the fingerprint is the run's.
    std::fs::copy(folder.path("again.bin"), folder.path(CHECKPOINT)).unwrap();
    folder
        .run(&["train", "d.toml", "--resume", "--epochs", "2"])
        .done();
}

#[test]
fn a_firmware_and_a_state_become_one_file() {
    let folder = trained();
    let program: Vec<u8> = (0..5000_u32).map(|at| at as u8).collect();
    folder.write("app.elf", elf(0x1000, &program));
    let mut pieces = kilograd_sim::image::Pieces::default();
    pieces.put(0x1000, &program).unwrap();
    // As a vendor's tools write it: configuration outside the flash.
    pieces.put(0x1000_1000, &[1, 2, 3, 4]).unwrap();
    folder.write("app.hex", hex::write(&pieces));
    folder.write("app.uf2", uf2::write(&pieces, 1));
    let words = ["image", "--checkpoint", CHECKPOINT, "--chip", "nrf52840"];
    let merge = |firmware: &str, address: &str, out: &str| {
        let more = ["--address", address, "--firmware", firmware, "--out", out];
        folder.run(&[&words[..], &more].concat())
    };
    for (firmware, out) in [
        ("app.elf", "a.hex"),
        ("app.elf", "a.uf2"),
        ("app.elf", "a.bin"),
        ("app.hex", "b.hex"),
        ("app.uf2", "c.hex"),
    ] {
        merge(firmware, "0x80000", out).done();
        let image = Image::read(&folder.path(out), 0x1000).unwrap();
        assert_eq!(image.newest(out).unwrap().address(), 0x8_0000, "{out}");
        let (start, bytes) = image.pieces.iter().find(|(at, _)| *at <= 0x1000).unwrap();
        let from = (0x1000 - start) as usize;
        assert!(bytes[from..from + 5000] == program, "{out}");
    }
    merge("app.hex", "0x80000", "b.bin").refused(&["outside the flash", ".hex or .uf2"]);
    merge("app.elf", "0x1000", "x.hex").refused(&["has a byte at 0x00001000", "another --address"]);
    // The last byte of the firmware counts, and the one behind it does not.
    merge("app.elf", "0x2000", "x.hex").refused(&["has a byte at 0x00002000"]);
    merge("app.elf", "0x3000", "x.hex").done();
    folder.write("far.elf", elf(0x0800_0000, &[1; 10]));
    merge("far.elf", "0x80000", "x.hex").refused(&["nothing in the flash of nrf52840", "another chip"]);
    merge(CHECKPOINT, "0x80000", "x.hex").refused(&["no firmware of a known format"]);
    folder.write("cut.elf", &elf(0x1000, &program)[..200]);
    merge("cut.elf", "0x80000", "x.hex").refused(&["cut.elf", "cut short"]);
    folder.write("bad.hex", ":0100000041BF\n:00000001FF\n");
    merge("bad.hex", "0x80000", "x.hex").refused(&["bad.hex:1:1", "the checksum is BF"]);
}

#[test]
fn a_region_that_does_not_fit_is_refused() {
    let folder = trained();
    let image = |chip: &str, address: &str, more: &[&str]| {
        let words = ["image", "--checkpoint", CHECKPOINT, "--out", "x.hex"];
        let place = ["--chip", chip, "--address", address];
        folder.run(&[&words[..], &place, more].concat())
    };
    image("nrf52840", "0xf0000", &[]).done();
    image("rp2041", "0", &[]).refused(&["no chip \"rp2041\"", "did you mean `rp2040`?"]);
    image("rp2040", "0", &[]).refused(&["outside the flash of rp2040", "0x10000000..0x10200000"]);
    image("rp2040", "0x101ff000", &[]).refused(&["outside the flash"]);
    image("rp2040", "0x101ff000", &["--flash-size", "16M"]).done();
    image("nrf52840", "0xf0100", &[]).refused(&["begins inside an erase unit", "0xf0000 or 0xf1000"]);
    image("nrf52840", "0xe0000", &["--size", "0x10100"]).refused(&["ends inside an erase unit"]);
    image("nrf52840", "0xe0000", &["--size", "4K"]).refused(&["too small", "--size"]);
    image("stm32f407", "0x0800c000", &["--size", "0x14000"])
        .refused(&["erase units of 16384 and of 65536 bytes", "4 x 16384"]);
    image("nrf52840", "zero", &[]).refused(&["--address", "4096, 0x1000, 4K or 1M"]);
    image("nrf52840", "0xe0000", &["--chunk", "50"]).refused(&["a chunk of 50 bytes", "multiple of 4"]);
    image("nrf52840", "0xe0000", &["--write-size", "3"]).refused(&["write size of 3", "power of two"]);
    image("nrf52840", "0xe0000", &["--write-size", "512", "--chunk", "512"]).done();
    image("nrf52840", "0xe0000", &["--base", "x"]).refused(&["RUN.toml"]);
    let out = |chip: &str, address: &str, out: &str| {
        let words = ["image", "--checkpoint", CHECKPOINT, "--out", out];
        folder.run(&[&words[..], &["--chip", chip, "--address", address]].concat())
    };
    out("nrf51822", "0x30000", "x.uf2").refused(&["takes no UF2 files", ".hex"]);
    out("rp2040", "0x10100000", "x.elf").refused(&["x.elf: the ending tells no format", ".uf2"]);
    out("rp2040", "0x10100000", "no/x.uf2").refused(&["no/x.uf2", "a folder that exists"]);
    folder.write(
        "other.toml",
        DIGITS.replacen_once("units = 12 }, # 6", "units = 12 }, { kind = \"tanh\" }, # 6"),
    );
    folder.write("more.toml", DIGITS.replacen_once("input = 64", "input = 60"));
    let run = |run: &str| {
        let words = ["image", run, "--checkpoint", CHECKPOINT, "--out", "x.hex"];
        folder.run(&[&words[..], &["--chip", "nrf52840", "--address", "0xe0000"]].concat())
    };
    run("other.toml").done();
    run("more.toml").refused(&["more.toml:4", "[60, 12]", "[64, 12]"]);
}

#[test]
fn inspect_tells_every_frame_and_why_one_is_not_valid() {
    let folder = trained();
    let said = folder.run(&["inspect", CHECKPOINT, "--tensors"]);
    for part in [
        "newest",
        "The device loads the frame at",
        "in f32",
        "run: 1 epochs done",
        "dense",
        "[64, 12]",
    ] {
        assert!(said.done().contains(part), "no {part} in {}", said.out);
    }
    let json = |file: &str| -> serde_json::Value {
        serde_json::from_str(
            folder
                .run(&["inspect", file, "--json", "--address", "0x1000"])
                .done(),
        )
        .unwrap()
    };
    let before = json(CHECKPOINT);
    let frames = before["frames"].as_array().unwrap();
    assert!(frames.len() >= 2 && frames.iter().all(|frame| frame["valid"] == true));
    let newest = frames.iter().position(|frame| frame["newest"] == true).unwrap();
    let (address, sequence) = (&frames[newest]["address"], &frames[newest]["sequence"]);
    assert_eq!(&before["newest_address"], address);
    assert_eq!(frames[newest]["number"], "f32");
    assert_eq!(frames[newest]["epochs"], 1);
    assert!(frames[newest]["best_loss"].as_f64().unwrap() > 0.0);
    // A bit falls over in its second chunk: the one before is loaded.
    let mut bytes = std::fs::read(folder.path(CHECKPOINT)).unwrap();
    bytes[address.as_u64().unwrap() as usize - 0x1000 + 300] ^= 1;
    folder.write("damaged.bin", &bytes);
    let after = json("damaged.bin");
    let frame = &after["frames"][newest];
    assert_eq!(
        (&frame["valid"], &frame["newest"]),
        (&false.into(), &false.into())
    );
    assert!(
        frame["verdict"].as_str().unwrap().contains("chunk 1 at 0x"),
        "{frame}"
    );
    let other = after["frames"]
        .as_array()
        .unwrap()
        .iter()
        .find(|frame| frame["newest"] == true);
    assert_eq!(
        other.unwrap()["sequence"].as_u64().unwrap() + 1,
        sequence.as_u64().unwrap()
    );
    // The same through every format, also where a programmer left out what is erased.
    let mut pieces = kilograd_sim::image::Pieces::default();
    for (at, line) in (0x2000_u32..).step_by(16).zip(bytes.chunks(16)) {
        if line.iter().any(|byte| *byte != 0xff) {
            pieces.put(at, line).unwrap();
        }
    }
    folder.write("damaged.hex", hex::write(&pieces));
    folder.write("damaged.uf2", uf2::write(&pieces, 1));
    for file in ["damaged.hex", "damaged.uf2"] {
        let found = json(file);
        let frames = |value: &serde_json::Value| -> Vec<(String, u64)> {
            let frames = value["frames"].as_array().unwrap().iter();
            frames
                .map(|frame| {
                    (
                        frame["fingerprint"].to_string(),
                        frame["sequence"].as_u64().unwrap(),
                    )
                })
                .collect()
        };
        assert_eq!(frames(&found), frames(&after), "{file}");
        assert_eq!(
            found["newest_address"].as_u64().unwrap(),
            after["newest_address"].as_u64().unwrap() + 0x1000
        );
    }
    // None left.
    for frame in frames {
        bytes[frame["address"].as_u64().unwrap() as usize - 0x1000 + 5] ^= 4;
    }
    folder.write("none.bin", &bytes);
    let said = folder.run(&["inspect", "none.bin"]);
    assert!(said.done().contains("None is valid"), "{}", said.out);
    folder
        .run(&[
            "image",
            "--checkpoint",
            "none.bin",
            "--chip",
            "rp2040",
            "--address",
            "0x10100000",
            "--out",
            "x.bin",
        ])
        .refused(&["none of its", "is valid"]);
    folder
        .run(&["inspect", "d.toml"])
        .refused(&["there is no checkpoint in its"]);
    folder
        .run(&["inspect", "nowhere"])
        .refused(&["nowhere", "No such file"]);
    folder.run(&["inspect", CHECKPOINT, "--all"]).refused(&["--all"]);
}

/// A model that block fixed point has all kinds of.
const PLAIN: &str = r#"[model]
input = 64
layers = [{ kind = "dense", units = 12 }, { kind = "relu" }, { kind = "dense", units = 10 }]
loss = "cross_entropy"

[optimizer]
kind = "sgd"
learning_rate = 0.01

[data]
source = "digits"
scale = "unit"
test = 0.2

[fit]
epochs = 1
checkpoint_every = 500
"#;

#[test]
fn a_model_learned_in_floats_is_shipped_in_block_fixed_point() {
    let folder = Folder::new();
    folder.write("p.toml", PLAIN);
    folder.run(&["train", "p.toml"]).done();
    let image = |checkpoint: &str, number: &str, out: &str| {
        let words = [
            "image",
            "p.toml",
            "--checkpoint",
            checkpoint,
            "--number",
            number,
            "--out",
            out,
        ];
        let place = ["--chip", "nrf52840", "--address", "0xf0000"];
        folder.run(&[&words[..], &place].concat()).done().to_owned()
    };
    let export = |checkpoint: &str, out: &str| {
        folder
            .run(&["export", "p.toml", "--checkpoint", checkpoint, "--out", out])
            .done();
        let bytes = std::fs::read(folder.path(out)).unwrap();
        kilograd_sim::exchange::safetensors::read(out, &bytes).unwrap()
    };
    let float = export("out/p/checkpoint.bin", "float.safetensors");
    for (number, least) in [("bfp14", 1e-6), ("bfp14-byte", 1e-5), ("bfp14-high", 1e-3)] {
        let file = format!("{number}.bin");
        image("out/p/checkpoint.bin", number, &file);
        let said = folder.run(&["inspect", &file]);
        assert!(said.done().contains(&format!("in {number}\n")), "{}", said.out);
        // What is exported again is what was learned, but for the rounding of the number.
        let again = export(&file, "again.safetensors");
        for (name, tensor) in &float.tensors {
            let largest = tensor.values.iter().fold(0.0_f32, |a, b| a.max(b.abs()));
            for (ours, theirs) in tensor.values.iter().zip(&again.tensors[name].values) {
                let error = (ours - theirs).abs() / largest;
                assert!(error <= least, "{number} {name}: {error}");
            }
        }
        // And a run goes on from it, in its own number and in another.
        for to in [number, "f32"] {
            let ran = folder.run(&["train", "p.toml", "--number", to, "--from", &file, "--out", "t"]);
            assert!(ran.done().contains("910 parameters taken"), "{}", ran.out);
        }
    }
    // A device's whole state in block fixed point is shipped as it is, not only its weights.
    folder
        .run(&["train", "p.toml", "--number", "bfp14", "--out", "b"])
        .done();
    image("b/checkpoint.bin", "bfp14", "whole.bin");
    let trainer = |file: &str| {
        let image = Image::read(&folder.path(file), 0).unwrap();
        let found = image.newest(file).unwrap();
        let trainer = found.weights().unwrap().trainer_bytes() as usize;
        found.saved().unwrap().payload[..trainer].to_vec()
    };
    assert!(trainer("whole.bin") == trainer("b/checkpoint.bin"));
}
