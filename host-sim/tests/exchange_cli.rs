//! `kilograd export`, `import` and `train --from`: weights out to PyTorch and back in, and wrong ones refused.

mod support;

use std::path::Path;
use std::process::Command;
use support::{DIGITS, Folder, ReplaceOnce};

/// A model whose layers cover what differs in PyTorch, on the built-in motions.
const SERIES: &str = r#"[model]
input = { channels = 6, length = 48 }
layers = [
  { kind = "conv1d", channels = 5, kernel = 3 }, # 0
  { kind = "batch_norm" }, # 1
  { kind = "relu" }, # 2
  { kind = "gru", hidden = 4 }, # 3
  { kind = "last" }, # 4
  { kind = "dense", units = 4 }, # 5
]
loss = "cross_entropy"

[optimizer]
kind = "adam"
learning_rate = 0.01

[data]
source = "motions"
window = 48
hop = 24

[fit]
epochs = 1
checkpoint_every = 5
"#;

fn saving() -> String {
    DIGITS.replacen_once("epochs = 1", "epochs = 1\ncheckpoint_every = 20")
}

/// A folder with run files, and a checkpoint of each.
fn trained() -> Folder {
    let folder = Folder::new();
    folder.write("d.toml", saving());
    folder.run(&["train", "d.toml"]).done();
    folder
}

fn export(folder: &Folder, run: &str, checkpoint: &str, out: &str) -> String {
    folder
        .run(&["export", run, "--checkpoint", checkpoint, "--out", out])
        .done()
        .to_owned()
}

/// What Python's standard library reads in a safetensors file, one tensor a line.
fn python(folder: &Folder, file: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/readers/tensors.py");
    let output = Command::new("python3")
        .arg(script)
        .arg(folder.path(file))
        .output();
    let output = output.expect("this test needs python3: `apt-get install python3`");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn weights_go_out_and_come_back() {
    let folder = trained();
    let said = export(&folder, "d.toml", "out/d/checkpoint.bin", "a.safetensors");
    for part in ["10 tensors", "8.weight", "[10, 12]"] {
        assert!(said.contains(part), "{said}");
    }
    let lines = python(&folder, "a.safetensors");
    assert_eq!(lines.lines().count(), 10);
    assert!(lines.contains("0.weight [12, 64] "));
    // A reader of its own finds in the file what the library finds in the checkpoint.
    let image = kilograd_sim::image::Image::read(&folder.path("out/d/checkpoint.bin"), 0).unwrap();
    let found = image.newest("checkpoint").unwrap();
    let weights = found.weights().unwrap();
    let mut compared = 0;
    for index in 0..weights.tensors() {
        let listed = weights.tensor(&mut found.view(), index).unwrap();
        let ours = kilograd_sim::exchange::values(&found, &weights, &listed).unwrap();
        let (name, dims) = (listed.name(), listed.shape().unwrap());
        // [in][out] here, [out][in] there.
        let theirs: Vec<f32> = match dims.dims() {
            &[rows, columns] => {
                let (rows, columns) = (usize::from(rows), usize::from(columns));
                (0..columns * rows)
                    .map(|at| ours[at % rows * columns + at / rows])
                    .collect()
            }
            _ => ours,
        };
        let hex: String = theirs
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let begin = format!("{}.{name} ", listed.layer);
        let line = lines.lines().find(|line| line.starts_with(&begin)).unwrap();
        assert!(line.ends_with(&format!(" {hex}")), "{begin}");
        compared += theirs.len();
    }
    assert_eq!(compared, 64 * 12 + 12 + 3 * (12 * 12 + 12) + 12 * 10 + 10);
    folder
        .run(&["import", "d.toml", "a.safetensors", "--out", "b.bin"])
        .done();
    export(&folder, "d.toml", "b.bin", "b.safetensors");
    assert_eq!(python(&folder, "b.safetensors"), lines);
}

#[test]
fn statistics_and_gates_go_out_and_come_back() {
    let folder = Folder::new();
    folder.write("s.toml", SERIES);
    folder.run(&["train", "s.toml"]).done();
    export(&folder, "s.toml", "out/s/checkpoint.bin", "a.safetensors");
    let lines = python(&folder, "a.safetensors");
    for tensor in [
        "0.weight [5, 6, 3] ",
        "1.running_mean [5] ",
        "1.running_var [5] ",
        "3.weight_ih_l0 [12, 5] ",
        "3.weight_hh_l0 [12, 4] ",
        "3.bias_hh_l0 [12] ",
        "5.weight [4, 4] ",
    ] {
        assert!(lines.contains(tensor), "no {tensor}");
    }
    folder
        .run(&["import", "s.toml", "a.safetensors", "--out", "b.bin"])
        .done();
    export(&folder, "s.toml", "b.bin", "b.safetensors");
    assert_eq!(python(&folder, "b.safetensors"), lines);
}

#[test]
fn a_run_begins_with_the_weights_of_another() {
    let folder = trained();
    // Another head, another optimizer, another activation: the layers below match.
    let head = saving()
        .replacen_once(
            "units = 10 }, # 8",
            "units = 10 }, { kind = \"dense\", units = 10 },",
        )
        .replacen_once("momentum = 0.9\n", "")
        .replacen_once("epochs = 1", "epochs = 2");
    folder.write("head.toml", &head);
    let ran = folder.run(&["train", "head.toml", "--from", "out/d/checkpoint.bin"]);
    ran.done();
    for part in [
        "1378 parameters taken, layers 0 (dense), 2 (dense), 4 (dense), 6 (dense), 8 (dense)",
        "initialised: 9 (dense)",
    ] {
        assert!(ran.out.contains(part), "{}", ran.out);
    }
    let ran = folder.run(&[
        "train",
        "head.toml",
        "--from",
        "out/d/checkpoint.bin",
        "--layers",
        "3",
    ]);
    ran.done();
    assert!(
        ran.out
            .contains("layers 0 (dense), 2 (dense); initialised: 4 (dense)"),
        "{}",
        ran.out
    );
    assert!(
        ran.out.contains("3 layers of the checkpoint not used"),
        "{}",
        ran.out
    );
    // What is frozen is taken too, and stays: it is what the new head learns on.
    let frozen = saving().replacen_once("units = 12 }, # 0", "units = 12, frozen = true }, # 0");
    folder.write("frozen.toml", frozen);
    let from = ["train", "frozen.toml", "--from", "out/d/checkpoint.bin"];
    folder.run(&from).done();
    export(&folder, "d.toml", "out/d/checkpoint.bin", "d.safetensors");
    let base = ["--base", "out/d/checkpoint.bin"];
    let checkpoint = "out/frozen/checkpoint.bin";
    let export = |base: &[&str]| {
        let words = [
            "export",
            "frozen.toml",
            "--checkpoint",
            checkpoint,
            "--out",
            "f.safetensors",
        ];
        folder.run(&[&words, base].concat())
    };
    export(&[]).refused(&["of other frozen layers", "--base"]);
    export(&base).done();
    let line = |file, name: &str| {
        let lines = python(&folder, file);
        let line = lines
            .lines()
            .find(|line| line.starts_with(name))
            .map(str::to_owned);
        line.unwrap()
    };
    assert_eq!(
        line("f.safetensors", "0.weight"),
        line("d.safetensors", "0.weight")
    );
    assert_ne!(
        line("f.safetensors", "2.weight"),
        line("d.safetensors", "2.weight")
    );
}

#[test]
fn what_does_not_match_is_refused_with_found_and_expected() {
    let folder = trained();
    let checkpoint = "out/d/checkpoint.bin";
    let other = saving().replacen_once("units = 12 }, # 2", "units = 13 }, # 2");
    folder.write(
        "other.toml",
        other.replace("units = 12 }, # 4", "units = 13 }, # 4"),
    );
    folder
        .run(&["export", "other.toml", "--checkpoint", checkpoint, "--out", "x"])
        .refused(&[
            "other.toml:6",
            "tensor 0 of layer 2",
            "[12, 13]",
            "[12, 12]",
            "in the checkpoint",
        ]);
    folder
        .run(&["train", "other.toml", "--from", checkpoint, "--layers", "9"])
        .refused(&["other.toml:6", "[12, 13]", "[12, 12]"]);
    folder
        .run(&["train", "other.toml", "--from", checkpoint, "--layers", "90"])
        .refused(&["--layers 90 is more than the model's 9 layers"]);
    folder
        .run(&["train", "other.toml", "--from", checkpoint, "--layers", "0"])
        .refused(&["--layers 0 takes no layer", "take 1 or more"]);
    folder
        .run(&["train", "other.toml", "--layers", "3"])
        .refused(&["--from"]);
    folder
        .run(&["train", "other.toml", "--from", checkpoint, "--resume"])
        .refused(&["--resume"]);
    folder.write("s.toml", SERIES);
    folder.run(&["train", "s.toml", "--from", checkpoint]).refused(&[
        "layer 0 is of kind conv1d, but dense in the checkpoint",
        "s.toml:4",
    ]);
    folder
        .run(&["export", "d.toml", "--checkpoint", "nowhere.bin", "--out", "x"])
        .refused(&["nowhere.bin", "No such file"]);
    folder
        .run(&["export", "d.toml", "--checkpoint", "d.toml", "--out", "x"])
        .refused(&["d.toml: there is no checkpoint in it", "kilograd inspect"]);
    folder
        .run(&["export", "d.toml", "--checkpoint", checkpoint])
        .refused(&["--out"]);
    folder
        .run(&["export", "d.toml", "--checkpoint", checkpoint, "--out", "no/x"])
        .refused(&["no/x", "a folder that exists"]);
    folder
        .run(&["export", "d.toml", "--checkpoint", checkpoint, "--outt", "x"])
        .refused(&["--outt"]);
}

#[test]
fn wrong_weights_are_refused_by_name() {
    use kilograd_sim::exchange::safetensors;
    let folder = trained();
    export(&folder, "d.toml", "out/d/checkpoint.bin", "good.safetensors");
    let good = std::fs::read(folder.path("good.safetensors")).unwrap();
    let good = safetensors::read("good", &good).unwrap();
    let import = |change: &dyn Fn(&mut safetensors::Tensors), flags: &[&str]| {
        let mut tensors = good.clone();
        change(&mut tensors);
        folder.write("x.safetensors", safetensors::write(&tensors));
        folder.run(&[&["import", "d.toml", "x.safetensors", "--out", "x.bin"], flags].concat())
    };
    import(&|_| {}, &[]).done();
    let missing = |tensors: &mut safetensors::Tensors| drop(tensors.tensors.remove("8.weight"));
    import(&missing, &[]).refused(&["there is no tensor \"8.weight\"", "--partial"]);
    let said = import(&missing, &["--partial"]);
    assert!(said.done().contains("drawn by seed 1: 8.weight"), "{}", said.out);
    let rename = |tensors: &mut safetensors::Tensors| {
        let moved = tensors.tensors.remove("8.weight").unwrap();
        tensors.tensors.insert("8.wieght".into(), moved);
    };
    import(&rename, &["--partial"])
        .refused(&["\"8.wieght\" has no place in d", "did you mean \"8.weight\"?"]);
    let transpose = |tensors: &mut safetensors::Tensors| {
        tensors.tensors.get_mut("8.weight").unwrap().shape.reverse();
    };
    import(&transpose, &[]).refused(&[
        "has the shape [12, 10], layer 8 (dense) needs [10, 12]",
        "d.toml:12",
    ]);
    let poison = |tensors: &mut safetensors::Tensors| {
        tensors.tensors.get_mut("2.bias").unwrap().values[3] = f32::NAN;
    };
    import(&poison, &[]).refused(&["\"2.bias\" has the value NaN at place 3"]);
    folder.write("x.safetensors", "no such thing");
    folder
        .run(&["import", "d.toml", "x.safetensors", "--out", "x.bin"])
        .refused(&["x.safetensors", "safetensors"]);
    let frozen = saving().replacen_once("units = 12 }, # 0", "units = 12, frozen = true }, # 0");
    folder.write("frozen.toml", frozen);
    folder
        .run(&["import", "frozen.toml", "good.safetensors", "--out", "x.bin"])
        .refused(&["layer 0 (dense) is frozen", "frozen.toml:4", "--partial"]);
}

/// The script of the documentation, with a Python that has torch and safetensors:
/// `KILOGRAD_PYTORCH=/path/to/python cargo test -p kilograd-sim --test exchange_cli -- --ignored`.
#[test]
#[ignore = "needs KILOGRAD_PYTORCH, a Python with torch and safetensors"]
fn pytorch_answers_as_the_model_does() {
    let python = std::env::var("KILOGRAD_PYTORCH")
        .expect("set KILOGRAD_PYTORCH to a Python with `pip install torch safetensors`");
    let folder = Folder::new();
    let run = kilograd_sim::run::ready("digits-mlp").unwrap();
    folder.write(
        "d.toml",
        run.replacen_once("[fit]", "[fit]\ncheckpoint_every = 50"),
    );
    folder.run(&["train", "d.toml", "--epochs", "2"]).done();
    export(&folder, "d.toml", "out/d/checkpoint.bin", "m.safetensors");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/load_in_pytorch.py");
    let output = Command::new(python)
        .arg(script)
        .arg(folder.path("m.safetensors"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let theirs: Vec<f32> = String::from_utf8(output.stdout)
        .unwrap()
        .split_whitespace()
        .map(|word| word.parse().unwrap())
        .collect();
    let ours = answer(&folder.path("out/d/checkpoint.bin"));
    println!("{ours:?}\n{theirs:?}");
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert!(
            (ours - theirs).abs() <= 1e-6 * ours.abs().max(1.0),
            "{ours} {theirs}"
        );
    }
}

/// The answer of the checkpoint's model to 0, 1/64, …, 63/64.
fn answer(checkpoint: &Path) -> Vec<f32> {
    use kilograd::engine::{Arena, Trainer, Training};
    use kilograd::loss::Loss;
    use kilograd::network::{Model, PlanOf, Shape, Tensor, dense, relu};
    use kilograd::optim::Sgd;
    let layers = [dense(32), relu(), dense(10)];
    let model = Model::new(Shape::vector(64), &layers);
    let plan: PlanOf<3> = model
        .try_plan(&Training::<f32, Sgd>::new(Loss::CrossEntropy))
        .unwrap();
    let mut memory = Box::new(Arena::<65536>::ZERO);
    let sgd = Sgd {
        learning_rate: 0.1,
        weight_decay: 0.0,
    };
    let mut trainer =
        Trainer::<f32, Sgd, { u128::MAX }>::new(&plan, &mut memory[..plan.bytes()], sgd).unwrap();
    let image = kilograd_sim::image::Image::read(checkpoint, 0).unwrap();
    let found = image.newest("checkpoint").unwrap();
    let weights = found.weights().unwrap();
    weights.take(&mut found.view(), &mut trainer, 3).unwrap();
    let x: Vec<f32> = (0..64).map(|at| at as f32 / 64.0).collect();
    let x = Tensor {
        shape: Shape::vector(64),
        data: &x,
        scale: (),
    };
    trainer.infer(x).data.to_vec()
}
