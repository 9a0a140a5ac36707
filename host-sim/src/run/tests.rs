use super::*;
use kilograd::network;
use kilograd::optim::Adam;

const GOOD: &str = r#"[model]
input = { length = 100, channels = 6 }
layers = [
  { kind = "conv1d", channels = 8, kernel = 5, stride = 2 },
  { kind = "relu" },
  { kind = "conv1d", channels = 16, kernel = 5, stride = 2 },
  { kind = "relu" },
  { kind = "global_average" },
  { kind = "dense", units = 8 },
  { kind = "relu" },
  { kind = "tanh" },
  { kind = "dense", units = 4 },
]
loss = "cross_entropy"

[optimizer]
kind = "adam"

[data]
source = "motions"

[fit]
epochs = 3
"#;

fn parse(text: &str) -> Result<RunFile, Complaint> {
    RunFile::parse(Source {
        name: "run.toml".into(),
        text: text.into(),
    })
}

/// The complaint about GOOD with `from` replaced by `to`.
fn complaint(from: &str, to: &str) -> (usize, String) {
    assert!(GOOD.contains(from), "the test replaces nothing");
    let complaint = parse(&GOOD.replacen(from, to, 1)).expect_err("accepted");
    (complaint.line().unwrap_or(0), complaint.to_string())
}

#[track_caller]
fn expect(from: &str, to: &str, line: usize, parts: &[&str]) {
    let (at, text) = complaint(from, to);
    assert_eq!(at, line, "{text}");
    for part in parts {
        assert!(text.contains(part), "no \"{part}\" in:\n{text}");
    }
}

#[test]
fn a_good_file_is_read() {
    let run = parse(GOOD).unwrap();
    assert_eq!(run.model.layers.len(), 9);
    assert_eq!(run.model.layers[0].entry, network::conv1d(8, 5).stride(2));
    assert_eq!(run.model.input.value, kilograd::network::Shape::series(6, 100));
    assert_eq!(run.fit.epochs, 3);
    assert_eq!(run.fit.batch.value, 1);
    assert_eq!(run.data.target, Target::Label);
    let adam = OptimizerFile::Adam(Adam::default());
    assert_eq!(run.optimizer, adam);
}

#[test]
fn layers_may_be_an_array_of_tables() {
    let start = GOOD.find("layers").unwrap();
    let end = GOOD.find("loss").unwrap();
    let tables =
        "[[model.layers]]\nkind = \"dense\"\nunits = 4\n[[model.layers]]\nkind = \"relu\"\nstride = 2\n";
    let loss = "loss = \"cross_entropy\"\n";
    let text = format!("{}{loss}{tables}{}", &GOOD[..start], &GOOD[end + loss.len()..]);
    let complaint = parse(&text).unwrap_err();
    assert_eq!(complaint.line(), Some(9), "{complaint}");
    assert_eq!(
        parse(&text.replace("stride = 2\n", ""))
            .unwrap()
            .model
            .layers
            .len(),
        2
    );
}

#[test]
fn layers_of_normalisation_and_functions_are_read() {
    for (text, entry) in [
        ("kind = \"relu6\"", network::relu6()),
        ("kind = \"leaky_relu\"", network::leaky_relu(0.01)),
        ("kind = \"leaky_relu\", slope = 0.25", network::leaky_relu(0.25)),
        ("kind = \"elu\", alpha = 0.5", network::elu(0.5)),
        ("kind = \"gelu\"", network::gelu()),
        ("kind = \"silu\"", network::silu()),
        ("kind = \"softmax\"", network::softmax()),
        ("kind = \"batch_norm\"", network::batch_norm()),
        (
            "kind = \"batch_norm\", per_sample = true, momentum = 0.25",
            network::batch_norm().per_sample().momentum(0.25),
        ),
        (
            "kind = \"layer_norm\", frozen = true",
            network::layer_norm().frozen(),
        ),
        ("kind = \"rms_norm\"", network::rms_norm()),
        ("kind = \"group_norm\", groups = 3", network::group_norm(3)),
        ("kind = \"instance_norm\"", network::instance_norm()),
        ("kind = \"dropout\", rate = 0.5", network::dropout(0.5)),
    ] {
        let run = parse(&GOOD.replace("kind = \"tanh\"", text)).unwrap();
        assert_eq!(run.model.layers[7].entry, entry, "{text}");
    }
    let two = "{ kind = \"tanh\" }";
    for (text, message) in [
        ("{ kind = \"dropout\", rate = 1.0 }", "from 0 to below 1"),
        ("{ kind = \"dropout\" }", "rate = 0.2"),
        ("{ kind = \"leaky_relu\", slope = 0 }", "above 0"),
        ("{ kind = \"batch_norm\", momentum = 2 }", "at most 1"),
        ("{ kind = \"group_norm\" }", "groups = 4"),
    ] {
        expect(two, text, 11, &[message]);
    }
}

#[test]
fn an_error_in_a_layer_points_at_its_line() {
    let two = "{ kind = \"tanh\" }";
    expect(
        two,
        "{ kind = \"tahn\" }",
        11,
        &["run.toml:11:12", "layer 7", "did you mean `tanh`?"],
    );
    expect(
        two,
        "{ kind = \"tanh\", stride = 2 }",
        11,
        &["layer 7 (tanh) has no option `stride`", "`conv1d`"],
    );
    expect(
        two,
        "{ kidn = \"tanh\" }",
        11,
        &["layer 7 needs the key `kind`", "did you mean `kind`"],
    );
    expect(
        two,
        "{ kind = \"dense\", unit = 2 }",
        11,
        &["has no key `unit`", "did you mean `units`?"],
    );
    expect(
        two,
        "{ kind = \"dense\" }",
        11,
        &["needs the key `units`", "units = 32"],
    );
    expect(
        two,
        "{ kind = \"dense\", units = 0 }",
        11,
        &["`units`", "from 1 to 65535"],
    );
    expect(two, "{ kind = \"dense\", units = 2.5 }", 11, &["whole number"]);
    expect(two, "7", 11, &["layer 7 must be a table"]);
}

#[test]
fn unknown_and_missing_keys_are_named() {
    expect(
        "epochs = 3",
        "epoch = 3",
        23,
        &["[fit] has no key `epoch`", "did you mean `epochs`?"],
    );
    expect("[fit]", "[fits]", 22, &["no key `fits`", "did you mean `fit`?"]);
    expect(
        "kind = \"adam\"",
        "kind = \"adam\"\nmomentum = 0.9",
        18,
        &["no key `momentum`", "`beta1`"],
    );
    expect(
        "kind = \"adam\"",
        "kind = \"sgd\"",
        16,
        &["needs the key `learning_rate`"],
    );
    expect(
        "kind = \"adam\"",
        "kind = \"adamn\"",
        17,
        &["did you mean `adam`?"],
    );
    expect(
        "source = \"motions\"",
        "source = \"motion\"",
        20,
        &["did you mean `motions`?"],
    );
    expect("source = \"motions\"", "", 19, &["[data] needs the key `source`"]);
    let (_, text) = complaint("[optimizer]\nkind = \"adam\"", "");
    assert!(
        text.contains("run.toml: the section [optimizer] is missing"),
        "{text}"
    );
}

#[test]
fn values_out_of_range_are_named() {
    expect(
        "kind = \"adam\"",
        "kind = \"adam\"\nlearning_rate = nan",
        18,
        &["`learning_rate`", "above 0"],
    );
    expect(
        "kind = \"adam\"",
        "kind = \"adam\"\nbeta1 = 1.0",
        18,
        &["`beta1`", "below 1"],
    );
    expect(
        "kind = \"adam\"",
        "kind = \"sgd\"\nlearning_rate = 0.1\nnesterov = true",
        19,
        &["momentum"],
    );
    expect("epochs = 3", "epochs = 0", 23, &["`epochs`", "from 1"]);
    expect("epochs = 3", "stop_early = 3", 23, &["validation = 0.2"]);
    expect(
        "{ length = 100, channels = 6 }",
        "{ length = 100, chanels = 6 }",
        2,
        &["did you mean `channels`?"],
    );
    expect(
        "{ length = 100, channels = 6 }",
        "0",
        2,
        &["`input`", "input = 64"],
    );
    expect(
        "\"cross_entropy\"",
        "\"cross-entropy\"",
        14,
        &["did you mean `cross_entropy`?"],
    );
    expect(
        "source = \"motions\"",
        "source = \"motions\"\ntarget = \"input\"",
        21,
        &["mean_squared_error"],
    );
    expect(
        "source = \"motions\"",
        "source = \"digits\"\nwindow = 3",
        21,
        &["`window`", "does not go with"],
    );
    expect(
        "source = \"motions\"",
        "csv = \"a.csv\"",
        19,
        &["needs the key `label`"],
    );
    expect(
        "source = \"motions\"",
        "csv = \"a.csv\"\nsource = \"digits\"",
        20,
        &["second source"],
    );
}

#[test]
fn what_is_not_toml_is_said_with_its_line() {
    expect("epochs = 3", "epochs = ", 23, &["not TOML"]);
    expect(
        "epochs = 3",
        "epochs = 3\nepochs = 4",
        24,
        &["not TOML", "duplicate"],
    );
}

#[path = "settings_tests.rs"]
mod settings;
