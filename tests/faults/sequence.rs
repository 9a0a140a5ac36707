//! Faults in the layers that read a sequence, for `faults.rs`.

use super::{BOTH, Fault, GOLDEN};

pub const FAULTS: &[Fault] = &[
    Fault {
        what: "a token seen twice leaves one gradient",
        file: "core/src/kernel/sequence.rs",
        right: "Some(dw) => zip::<F, 4>(dw, dy, |dw, dy| dw + dy),",
        wrong: "Some(dw) => zip::<F, 4>(dw, dy, |_, dy| dy),",
        caught_by: BOTH,
    },
    Fault {
        what: "position has no gradient",
        file: "core/src/network/layer/position.rs",
        right: "N::affine_bias(dy, dw, fresh);",
        wrong: "let _ = (dy, dw, fresh);",
        caught_by: BOTH,
    },
    Fault {
        what: "attention without its mask",
        file: "core/src/network/layer/attention/size.rs",
        right: "if self.causal { i + 1 } else { self.frames }",
        wrong: "self.frames",
        caught_by: GOLDEN,
    },
    Fault {
        what: "softmax of attention without its mean",
        file: "core/src/kernel/sequence.rs",
        right: "*p = *p * (*dp - *mean) * scale;",
        wrong: "*p = *p * (*dp - *mean * F::ZERO) * scale;",
        caught_by: BOTH,
    },
    Fault {
        what: "rnn cut off after one frame",
        file: "core/src/network/layer/rnn.rs",
        right: "if t + 1 < size.frames {",
        wrong: "if t + 1 < size.frames && t > size.frames {",
        caught_by: BOTH,
    },
    Fault {
        what: "gru without the reset of the state's gradient",
        file: "core/src/kernel/sequence.rs",
        right: "*n = dn * *r;",
        wrong: "*n = dn;",
        caught_by: BOTH,
    },
    Fault {
        what: "lstm passes the cell's gradient by the forget gate",
        file: "core/src/kernel/sequence.rs",
        right: "*dc = dc_now * *f;",
        wrong: "*dc = dc_now;",
        caught_by: BOTH,
    },
    Fault {
        what: "state gradient takes the output of the same frame",
        file: "core/src/network/layer/recurrence.rs",
        right: "            target: 1,\n",
        wrong: "            target: 0,\n",
        caught_by: BOTH,
    },
];
