//! Promise: images of format 1 stay readable for ever, and `docs/formats.md` is enough to read them: a second reader in
//! Python, written from it, finds the same in each.

use kilograd::checkpoint::{Contents, LoadError, Store, Verdict};
use kilograd::engine::{Arena, Trainer, Training};
use kilograd::flash::crc32;
use kilograd::kernel::Kernel;
use kilograd::loss::{Loss, Target};
use kilograd::network::*;
use kilograd::number::bfp::{High, Low8, Low16};
use kilograd::number::{Bfp14, Element, View};
use kilograd::optim::{Optimizer, Sgd};
use kilograd::persist::{Parts, PartsMut, Persist, Record, Restore};
use kilograd::train::State;
use kilograd_sim::exchange::values;
use kilograd_sim::flash::{Cell, FaultFlash, Torn};
use kilograd_sim::image::Image;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAMES: [&str; 6] = ["record", "history", "f32", "bfp14", "bfp14-byte", "bfp14-high"];

const SGD: Sgd = Sgd {
    learning_rate: 0.05,
    weight_decay: 0.0,
};

const NET: Model = Model::new(Shape::vector(4), &[dense(3), relu(), dense(2)]);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/images")
}

fn golden(name: &str) -> (Vec<u8>, String) {
    let read = |ending: &str| {
        let path = folder().join(format!("{name}.{ending}"));
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    (read("bin"), String::from_utf8(read("txt")).unwrap())
}

/// What this crate finds in an image, in the words of the second reader.
fn told(bytes: &[u8]) -> String {
    let image = Image::parse("golden".into(), bytes.to_vec(), 0).unwrap();
    let mut text = String::new();
    for found in image.frames() {
        let mark = found.frame.mark;
        let verdict = match found.frame.verdict {
            Verdict::Valid { adopted: true } => "adopted".into(),
            Verdict::Valid { adopted: false } => "sealed".into(),
            Verdict::Unsealed => "unsealed".into(),
            Verdict::Damaged { chunk } => format!("damaged {chunk}"),
            Verdict::Impossible => "impossible".to_owned(),
        };
        write!(
            text,
            "{} {verdict} {} {} {:016x} {}",
            found.address(),
            mark.sequence,
            mark.step,
            mark.fingerprint,
            mark.length
        )
        .unwrap();
        if !found.is_valid() {
            text.push('\n');
            continue;
        }
        writeln!(text, " {:08x}", crc32(&[], &found.saved().unwrap().payload)).unwrap();
        let Ok(weights) = found.weights() else { continue };
        let (number, layers, plan) = (weights.number(), weights.layers(), weights.plan());
        writeln!(text, "  number {number} layers {layers} plan {plan:016x}").unwrap();
        for index in 0..weights.tensors() {
            let listed = weights.tensor(&mut found.view(), index).unwrap();
            let mean = values(&found, &weights, &listed).map_or("frozen".into(), |values| {
                let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
                format!("{:08x}", ((sum / values.len() as f64) as f32).to_bits())
            });
            let dims = listed.shape().unwrap();
            let (layer, kind, name) = (listed.layer, listed.kind, listed.name());
            writeln!(text, "  {layer} {kind} {name} {:?} {mean}", dims.dims()).unwrap();
        }
    }
    text
}

#[test]
fn every_golden_image_is_read_as_ever() {
    for name in NAMES {
        let (bytes, expected) = golden(name);
        assert!(expected.lines().count() > 0);
        assert_eq!(told(&bytes), expected, "{name}");
    }
}

#[test]
fn the_second_reader_finds_the_same() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers/frames.py");
    for name in NAMES {
        let path = folder().join(format!("{name}.bin"));
        let output = Command::new("python3").arg(&script).arg(&path).output();
        let output = output.expect("this test needs python3: `apt-get install python3`");
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}: {error}");
        let found = String::from_utf8(output.stdout).unwrap();
        assert_eq!(found, golden(name).1, "{name}");
    }
}

#[test]
fn golden_states_are_still_loaded() {
    let mut record = Record::<u32, 8>::new(1, 0);
    let flash = FaultFlash::<Cell<4, 256>>::from_image(&golden("record").0, 0);
    let end = flash.image().len() as u32;
    let mut store = Store::<_, 64>::new(flash, 0..end).unwrap();
    assert_eq!(store.load(&mut record).unwrap().sequence, 2);
    assert_eq!(record.value, 70_000);
    let mut long = Long([0; 200]);
    let flash = FaultFlash::<Cell<8, 256>>::from_image(&golden("history").0, 0);
    let end = flash.image().len() as u32;
    let mut store = Store::<_, 64>::new(flash, 0..end).unwrap();
    let loaded = store.load(&mut long).unwrap();
    // The newest was cut, the one before it is damaged.
    assert_eq!((loaded.sequence, loaded.damaged, long.0[0]), (3, 1, 3));
    // A trainer of the same plan, with what it had learned.
    with_trainer::<f32, _>(|mut trainer| {
        let flash = FaultFlash::<Cell<1, 1024>>::from_image(&golden("f32").0, 0);
        let end = flash.image().len() as u32;
        let mut store = Store::<_, 128>::new(flash, 0..end).unwrap();
        let (mut state, mut contents) = (State::beginning(7), Contents::of(&trainer));
        let mut parts: [&mut dyn Restore; 3] = [&mut trainer, &mut state, &mut contents];
        let loaded = store.load(&mut PartsMut(&mut parts));
        assert_eq!(loaded.map(|loaded| loaded.step), Ok::<_, LoadError>(12));
        let mut same = String::new();
        for layer in [0, 2] {
            for name in ["weight", "bias"] {
                let values: Vec<f32> = trainer.parameter(layer, name).unwrap().values().collect();
                let sum: f64 = values.iter().map(|value| f64::from(*value)).sum();
                let mean = (sum / values.len() as f64) as f32;
                writeln!(same, "{:08x}", mean.to_bits()).unwrap();
            }
        }
        let (_, text) = golden("f32");
        let last: Vec<&str> = text
            .lines()
            .skip(2)
            .map(|line| line.rsplit(' ').next().unwrap())
            .collect();
        assert_eq!(same.lines().collect::<Vec<_>>(), last);
    });
}

/// Bytes that fill several chunks.
struct Long([u8; 200]);

impl Persist for Long {
    fn size(&self) -> usize {
        self.0.len()
    }

    fn read(&self, offset: usize, out: &mut [u8]) {
        out.copy_from_slice(&self.0[offset..offset + out.len()]);
    }

    fn describe(&self, digest: &mut kilograd::persist::Fingerprint) {
        *digest = digest.number(200);
    }

    fn step(&self) -> u64 {
        u64::from(self.0[0]) * 10
    }
}

impl Restore for Long {
    fn write(&mut self, offset: usize, data: &[u8]) -> Result<(), kilograd::persist::Malformed> {
        self.0[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }
}

/// A trainer of [`NET`] that has learned twelve steps.
fn with_trainer<N: Kernel, R>(body: impl FnOnce(Trainer<'_, N, Sgd, { u128::MAX }>) -> R) -> R
where
    Sgd: Optimizer<N>,
{
    let plan: PlanOf<3> = NET
        .try_plan(&Training::<N, Sgd>::new(Loss::CrossEntropy))
        .unwrap();
    let mut memory = Box::new(Arena::<4096>::ZERO);
    let mut trainer = Trainer::new(&plan, &mut memory[..plan.bytes()], SGD).unwrap();
    trainer.init(5);
    for step in 0..12 {
        let x: Vec<N::Elem> = (0..4)
            .map(|at| N::Elem::from_f32(((step * 3 + at) % 7) as f32 / 8.0 - 0.4, N::scale(None)))
            .collect();
        let view = View {
            data: &x,
            scale: N::scale(None),
        };
        trainer.learn(view, Target::Class(step % 2)).unwrap();
        trainer.update();
    }
    body(trainer)
}

fn model<N: Kernel>() -> Vec<u8>
where
    Sgd: Optimizer<N>,
{
    with_trainer::<N, _>(|trainer| {
        let mut flash = FaultFlash::<Cell<1, 1024>>::new(4096, 1);
        let (state, contents) = (State::beginning(7), Contents::of(&trainer));
        let mut store = Store::<_, 128>::new(&mut flash, 0..4096).unwrap();
        store.save(&Parts(&[&trainer, &state, &contents])).unwrap();
        flash.image().to_vec()
    })
}

/// How the golden images were made. It runs only when it is asked to, since what is there must stay:
/// `cargo test --test format_images -- --ignored` adds those that are missing.
#[test]
#[ignore = "golden images are made once"]
fn make_what_is_missing() {
    let record = || {
        let mut flash = FaultFlash::<Cell<4, 256>>::new(768, 0);
        let mut record = Record::<u32, 8>::new(1, 300);
        let mut store = Store::<_, 64>::new(&mut flash, 0..768).unwrap();
        store.save(&record).unwrap();
        record.value = 70_000;
        store.save(&record).unwrap();
        flash.image().to_vec()
    };
    let history = || {
        let mut flash = FaultFlash::<Cell<8, 256>>::new(2048, 3);
        for boot in 1..=4 {
            let mut store = Store::<_, 64>::new(&mut flash, 0..2048).unwrap();
            let _ = store.load(&mut Long([0; 200]));
            store.save(&Long([boot; 200])).unwrap();
        }
        // The fifth save is cut between COMMIT and SEAL: an adopt mark, two erases, chunks, COMMIT, and a little.
        flash.cut_after(6 + 2 + 27 + 6 + 2, Torn::Nothing);
        let mut store = Store::<_, 64>::new(&mut flash, 0..2048).unwrap();
        let _ = store.load(&mut Long([0; 200]));
        assert!(store.save(&Long([5; 200])).is_err());
        flash.power_on();
        let image = Image::parse("history".into(), flash.image().to_vec(), 0).unwrap();
        let newest = image.newest("history").unwrap();
        assert_eq!(newest.frame.mark.sequence, 4);
        flash.flip((newest.address() as usize + 70) * 8);
        flash.image().to_vec()
    };
    type Make<'a> = &'a dyn Fn() -> Vec<u8>;
    let all: [(&str, Make); 6] = [
        ("record", &record),
        ("history", &history),
        ("f32", &model::<f32>),
        ("bfp14", &model::<Bfp14<Low16>>),
        ("bfp14-byte", &model::<Bfp14<Low8>>),
        ("bfp14-high", &model::<Bfp14<High>>),
    ];
    for (name, make) in all {
        let path = folder().join(format!("{name}.bin"));
        if !path.exists() {
            let bytes = make();
            std::fs::write(folder().join(format!("{name}.txt")), told(&bytes)).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }
}
