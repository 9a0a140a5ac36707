//! Faults in the planner, for `faults.rs`: memory that is lost while it is needed, and memory that is wasted.

use super::Fault;

const LEAST: &[&str] = &["least_memory"];
const PLANNING: &[&str] = &["planning"];

pub const FAULTS: &[Fault] = &[
    Fault {
        what: "every output lives one step longer than it is read",
        file: "core/src/network/lives.rs",
        right: "    let mut forward = i + 1;\n",
        wrong: "    let mut forward = i + 2;\n",
        caught_by: LEAST,
    },
    Fault {
        what: "the input lives until its layer goes backward, whether or not that reads it",
        file: "core/src/network/lives.rs",
        right: "slots[j].reads_input && 2 * count - j > backward",
        wrong: "2 * count - j > backward",
        caught_by: LEAST,
    },
    Fault {
        what: "a layer that trains its biases alone keeps its input",
        file: "core/src/network/layer/ports.rs",
        right: "Self::Parameters => visit.weighs,",
        wrong: "Self::Parameters => visit.trains,",
        caught_by: LEAST,
    },
    Fault {
        what: "a gradient lives on when its layer has used it",
        file: "core/src/network/lives.rs",
        right: "[DELTA].live(elements::<N>(plan.slots[i].output), born, 2 * count - i);",
        wrong: "[DELTA].live(elements::<N>(plan.slots[i].output), born, 2 * count - i + 2);",
        caught_by: LEAST,
    },
    Fault {
        what: "a relu keeps its output where bits are less",
        file: "core/src/network/planner.rs",
        right: "let saved = plan.regions.work.saturating_sub(gated.regions.work);",
        wrong: "let saved = gated.regions.work.saturating_sub(plan.regions.work);",
        caught_by: LEAST,
    },
    Fault {
        what: "a relu keeps no bits",
        file: "core/src/network/layer/pointwise.rs",
        right: "N::gate::<U>(View { data, scale }, kept);",
        wrong: "let _ = View::<N> { data, scale };",
        caught_by: &["gradients"],
    },
    Fault {
        what: "the bits of a relu are one off",
        file: "core/src/kernel/gate.rs",
        right: "pass(dy, bits & 1 != 0);",
        wrong: "pass(dy, bits & 2 != 0);",
        caught_by: &["gradients", "core:gate"],
    },
    Fault {
        what: "what shrinks in place keeps the room that it had",
        file: "core/src/network/lives.rs",
        right: "if buffers[owner][VALUE].bytes != bytes {",
        wrong: "if buffers[owner][VALUE].bytes < bytes {",
        caught_by: LEAST,
    },
    Fault {
        what: "what grows in place begins somewhere else",
        file: "core/src/network/pack.rs",
        right: "            member = following(buffers, member);\n        }\n    }",
        wrong: "            member = END;\n        }\n    }",
        caught_by: PLANNING,
    },
    Fault {
        what: "what is kept is forgotten after its forward step",
        file: "core/src/network/lives.rs",
        right: "let until = if slot.visited() { backward } else { i };",
        wrong: "let until = i;",
        caught_by: PLANNING,
    },
    Fault {
        what: "too few rows set aside by a window in place",
        file: "core/src/kernel/spatial/window.rs",
        right: "match ((last + 1) * self.columns.output",
        wrong: "match (last * self.columns.output",
        caught_by: PLANNING,
    },
    Fault {
        what: "a max pool keeps four bytes for each index",
        file: "core/src/network/layer/max_pool.rs",
        right: "window.rows.output * window.output_row()",
        wrong: "4 * window.rows.output * window.output_row()",
        caught_by: PLANNING,
    },
    Fault {
        what: "the state's gradient of a GRU taken from the input's",
        file: "core/src/network/layer/gru.rs",
        right: "let of_state = ports.tensor % 2 == 1;",
        wrong: "let of_state = ports.tensor > 9;",
        caught_by: &["golden"],
    },
];
