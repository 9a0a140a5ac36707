use super::*;
use kilograd::network::{self, Entry, Init, Shape};

fn layers(lines: &str) -> Result<Vec<Entry>, Complaint> {
    let text = format!(
        "[model]\ninput = [12, 12, 2]\nlayers = [\n{lines}\n]\nloss = \"cross_entropy\"\n\
         [optimizer]\nkind = \"adam\"\n[data]\nsource = \"digits\"\n"
    );
    let run = RunFile::parse(Source {
        name: "run.toml".into(),
        text,
    })?;
    Ok(run.model.layers.iter().map(|line| line.entry).collect())
}

/// Every kind with its settings, against the builders of the core.
#[test]
fn every_kind_can_be_written() {
    let pairs = [
        (
            "\"dense\", units = 3, init = \"lecun\"",
            network::dense(3).init(Init::LeCun),
        ),
        (
            "\"conv1d\", channels = 4, kernel = 3, dilation = 2",
            network::conv1d(4, 3).dilation(2),
        ),
        (
            "\"conv2d\", channels = 4, kernel = 3, stride = 2",
            network::conv2d(4, [3, 3]).stride(2),
        ),
        (
            "\"conv2d\", channels = 4, kernel = [10, 4], padding = [5, 1]",
            network::conv2d(4, [10, 4]).padding_by_side([5, 1]),
        ),
        (
            "\"depthwise1d\", kernel = 3, padding = 1",
            network::depthwise1d(3).padding(1),
        ),
        (
            "\"depthwise2d\", kernel = [3, 5], bias_only = true",
            network::depthwise2d([3, 5]).bias_only(),
        ),
        (
            "\"transposed1d\", channels = 2, kernel = 4, stride = 2",
            network::transposed1d(2, 4).stride(2),
        ),
        (
            "\"transposed2d\", channels = 2, kernel = 4, padding = 1",
            network::transposed2d(2, [4, 4]).padding(1),
        ),
        ("\"upsample\", factor = 2", network::upsample(2)),
        (
            "\"max_pool\", size = 3, stride = 2, padding = 1",
            network::max_pool(3).stride(2).padding(1),
        ),
        ("\"average_pool\", size = 2", network::average_pool(2)),
        ("\"global_average\"", network::global_average()),
        ("\"global_max\"", network::global_max()),
        ("\"relu\"", network::relu()),
        ("\"relu6\"", network::relu6()),
        ("\"leaky_relu\", slope = 0.2", network::leaky_relu(0.2)),
        ("\"elu\"", network::elu(1.0)),
        ("\"gelu\"", network::gelu()),
        ("\"silu\"", network::silu()),
        ("\"tanh\"", network::tanh()),
        ("\"sigmoid\"", network::sigmoid()),
        ("\"softmax\"", network::softmax()),
        (
            "\"batch_norm\", momentum = 0.01, frozen = true",
            network::batch_norm().momentum(0.01).frozen(),
        ),
        (
            "\"batch_norm\", per_sample = true",
            network::batch_norm().per_sample(),
        ),
        ("\"layer_norm\"", network::layer_norm()),
        ("\"rms_norm\"", network::rms_norm()),
        ("\"group_norm\", groups = 2", network::group_norm(2)),
        ("\"instance_norm\"", network::instance_norm()),
        ("\"dropout\", rate = 0.25", network::dropout(0.25)),
        (
            "\"embedding\", vocabulary = 9, width = 4",
            network::embedding(9, 4),
        ),
        ("\"position\"", network::position()),
        (
            "\"attention\", heads = 2, causal = true",
            network::attention(2).causal(),
        ),
        ("\"rnn\", hidden = 5", network::rnn(5)),
        ("\"gru\", hidden = 5", network::gru(5)),
        ("\"lstm\", hidden = 5", network::lstm(5)),
        ("\"last\"", network::last()),
        ("\"input\"", network::input()),
        ("\"add\", back = 3", network::add(3)),
        ("\"concat\", back = 2", network::concat(2)),
        ("\"reshape\", to = [4, 8]", network::reshape(Shape::series(8, 4))),
        ("\"flatten\"", network::flatten()),
        (
            "\"dense\", units = 3, low_rank = 2",
            network::dense(3).low_rank(2),
        ),
        (
            "\"conv2d\", channels = 4, kernel = 1, sparse = [1, 2]",
            network::conv2d(4, [1, 1]).channels(1, 2),
        ),
        (
            "\"transposed1d\", channels = 4, kernel = 3, stride = 2, low_rank = 2",
            network::transposed1d(4, 3).stride(2).low_rank(2),
        ),
        (
            "\"attention\", heads = 2, causal = true, low_rank = 4",
            network::attention(2).causal().low_rank(4),
        ),
        (
            "\"embedding\", vocabulary = 38, width = 32, low_rank = 4",
            network::embedding(38, 32).low_rank(4),
        ),
        ("\"rnn\", hidden = 5, low_rank = 2", network::rnn(5).low_rank(2)),
        ("\"gru\", hidden = 5, low_rank = 2", network::gru(5).low_rank(2)),
        (
            "\"lstm\", hidden = 5, sparse = [0, 2]",
            network::lstm(5).channels(0, 2),
        ),
        (
            "\"depthwise2d\", kernel = 3, padding = 1, sparse = [2, 4]",
            network::depthwise2d([3, 3]).padding(1).channels(2, 4),
        ),
        (
            "\"conv2d\", channels = 4, kernel = 1, stride = 2, from = 6",
            network::conv2d(4, [1, 1]).stride(2).from(6),
        ),
        ("\"relu\", from = 2", network::relu().from(2)),
        ("\"tanh\", recompute = true", network::tanh().recompute()),
        ("\"tanh\", recompute = false", network::tanh()),
        ("\"add\", back = 3, from = 2", network::add(3).from(2)),
    ];
    let lines: String = pairs
        .iter()
        .map(|(line, _)| format!("{{ kind = {line} }},\n"))
        .collect();
    let found = layers(&lines).unwrap();
    assert_eq!(found.len(), pairs.len());
    for (found, (line, expected)) in found.iter().zip(pairs) {
        assert_eq!(*found, expected, "{line}");
    }
    for (kind, _) in kinds::KINDS {
        assert!(lines.contains(&format!("\"{kind}\"")), "{kind} is not tried");
    }
}

#[test]
fn contradictions_and_misshapen_windows_are_named() {
    let said = |line: &str| layers(line).unwrap_err().to_string();
    let both = said("{ kind = \"dense\", units = 3, frozen = true, low_rank = 2 }");
    assert!(
        both.contains("`low_rank`") && both.contains("contradicts `frozen`"),
        "{both}"
    );
    let window = said("{ kind = \"conv2d\", channels = 4, kernel = [3, 3, 3] }");
    assert!(
        window.contains("run.toml:4:") && window.contains("one or two numbers from 1"),
        "{window}"
    );
    let itself = said("{ kind = \"relu\", from = 0 }");
    assert!(
        itself.contains("run.toml:4:") && itself.contains("`from`") && itself.contains("from 1 to 255"),
        "{itself}"
    );
    // A kernel for each channel has no rank, and a table no input channels.
    let rank = said("{ kind = \"depthwise2d\", kernel = 3, low_rank = 2 }");
    assert!(
        rank.contains("no option `low_rank`") && rank.contains("lstm"),
        "{rank}"
    );
    let table = said("{ kind = \"embedding\", vocabulary = 9, width = 4, sparse = [0, 2] }");
    assert!(
        table.contains("no option `sparse`") && table.contains("depthwise1d"),
        "{table}"
    );
    let foreign = said("{ kind = \"gru\", hidden = 4, stride = 2 }");
    assert!(
        foreign.contains("no option `stride`") && foreign.contains("conv2d"),
        "{foreign}"
    );
}
