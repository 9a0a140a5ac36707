//! Faults in what learns beside frozen layers, and in samples and maps that share their room, for `faults.rs`.

use super::Fault;

const GRADIENTS: &[&str] = &["gradients"];

pub const FAULTS: &[Fault] = &[
    Fault {
        what: "the thawed base of an adapter counts as trained",
        file: "core/src/network/check.rs",
        right: "            resident & entry.layer.learnable()\n",
        wrong: "            resident\n",
        caught_by: &["adapters"],
    },
    Fault {
        what: "factors beside a recurrent matrix pass nothing down",
        file: "core/src/network/layer/matrices.rs",
        right: "let here = N::affine_input(p.weight(down), seen(dh, scale), again(&mut dx), into);",
        wrong: "let here = N::affine_input(p.weight(down), seen(dh, scale), again(&mut dx), Sweep { positions: 0, ..into });",
        caught_by: GRADIENTS,
    },
    Fault {
        what: "the factors of a GRU's state learn by the input's part of the sums",
        file: "core/src/network/layer/gru.rs",
        right: "            self.turn::<N>(size, gates, terms);\n            size.beside(m, &p, &mut dp, 1,",
        wrong: "            size.beside(m, &p, &mut dp, 1,",
        caught_by: GRADIENTS,
    },
    Fault {
        what: "chosen channels of a recurrent layer learn by the first frame",
        file: "core/src/network/layer/matrices.rs",
        right: "start: frames(sweep.start),\n                step: frames(sweep.step),",
        wrong: "start: frames(sweep.start),\n                step: 0,",
        caught_by: GRADIENTS,
    },
    Fault {
        what: "every token of a low-rank table moves the first one's vector",
        file: "core/src/network/layer/low_rank_embedding.rs",
        right: "N::look_up_gradient(token(x, t),",
        wrong: "N::look_up_gradient(token(x, 0),",
        caught_by: GRADIENTS,
    },
    Fault {
        what: "chosen channels of a depthwise convolution pass the frozen part alone",
        file: "core/src/network/layer/channels_depthwise.rs",
        right: "N::scatter(View { data, scale }, again(&mut dx), run)",
        wrong: "N::scatter(View { data, scale }, again(&mut dx), Run { length: 0, ..run })",
        caught_by: GRADIENTS,
    },
    Fault {
        what: "merged channels of a depthwise convolution land in the first ones",
        file: "core/src/engine/merge.rs",
        right: "let row = tap * width + from + channel;",
        wrong: "let row = tap * width + channel;",
        caught_by: &["adapters"],
    },
    Fault {
        what: "rows that a convolution in place sets aside do not move up",
        file: "core/src/network/layer/windowed.rs",
        right: "let from = (shared.start - held.start.min(shared.start)) * row;",
        wrong: "let from = 0;",
        caught_by: &["in_place"],
    },
    Fault {
        what: "a convolution writes over rows that it has not set aside",
        file: "core/src/kernel/spatial/window.rs",
        right: "let ahead = if stride > reach { stride } else { reach };",
        wrong: "let ahead = stride + reach;",
        caught_by: &["core:window"],
    },
    Fault {
        what: "the bytes of a sample are looked for at the start of its room",
        file: "core/src/engine/sample.rs",
        right: "let first = (width - 1) * count;",
        wrong: "let first = 0 * width;",
        caught_by: &["sample_inside"],
    },
];
