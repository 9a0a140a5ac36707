//! What other libraries take for the same networks on the same emulated chip.
//!
//! Measured with the same emulator and the same counter (QEMU 7.2, `mps2-an386`, `-icount shift=0`), batch 1,
//! f32, gcc 12.2 at -O3; rounded to three digits. All with momentum, unless the name says plain SGD.

/// One peer: instructions of a forward pass and of a training step, for W1, W2 and W4.
pub struct Peer {
    pub name: &'static str,
    pub counts: [Option<(u64, u64)>; 3],
    /// Kilobytes of heap and stack while training.
    pub memory: [Option<u64>; 3],
    /// Bytes of library code, smallest and largest seen.
    pub code: Option<(u64, u64)>,
}

/// The peers, slowest first.
pub const PEERS: [Peer; 5] = [
    Peer {
        name: "AIfES 2.2",
        counts: [
            Some((16_200, 362_000)),
            Some((118_000, 2_780_000)),
            Some((1_050_000, 4_490_000)),
        ],
        memory: [Some(46), Some(293), Some(26)],
        code: Some((7_300, 15_800)),
    },
    Peer {
        name: "KANN",
        counts: [
            Some((17_500, 63_300)),
            Some((113_000, 500_000)),
            Some((263_000, 624_000)),
        ],
        memory: [Some(31), Some(233), Some(32)],
        code: Some((34_000, 34_000)),
    },
    Peer {
        name: "PULP-TrainLib, naive kernels, plain SGD",
        counts: [
            Some((15_900, 49_300)),
            Some((119_000, 408_000)),
            Some((283_000, 1_050_000)),
        ],
        memory: [Some(20), Some(152), Some(24)],
        code: Some((25_000, 47_000)),
    },
    Peer {
        name: "Tinn, sigmoid, plain SGD",
        counts: [Some((15_300, 41_800)), None, None],
        memory: [None; 3],
        code: Some((800, 800)),
    },
    Peer {
        name: "PULP-TrainLib, best kernels, plain SGD",
        counts: [Some((7_300, 36_900)), Some((50_300, 280_000)), None],
        memory: [Some(20), Some(152), Some(24)],
        code: Some((25_000, 47_000)),
    },
];
