//! The number that a run trains in, and what is done for every number and optimizer alike.

use super::optimizer::OptimizerFile;
use kilograd::kernel::Kernel;
use kilograd::number::bfp::{High, Low8, Low16};
use kilograd::number::{Bfp14, Number};
use kilograd::optim::Optimizer;

/// A number format that a run can be trained in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum NumberFile {
    /// Floating point.
    #[default]
    #[value(name = "f32")]
    F32,
    /// 16-bit block fixed point, master weights of 32 bits.
    Bfp14,
    /// The same with master weights of 24 bits.
    Bfp14Byte,
    /// The same with weights of 16 bits alone.
    Bfp14High,
}

impl NumberFile {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::F32, Self::Bfp14, Self::Bfp14Byte, Self::Bfp14High];

    /// The name of each.
    pub const NAMES: [&'static str; 4] = ["f32", "bfp14", "bfp14-byte", "bfp14-high"];

    /// Its name in run files and reports.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Its code in checkpoints.
    pub const fn code(self) -> u8 {
        match self {
            Self::F32 => <f32 as Number>::CODE,
            Self::Bfp14 => <Bfp14<Low16> as Number>::CODE,
            Self::Bfp14Byte => <Bfp14<Low8> as Number>::CODE,
            Self::Bfp14High => <Bfp14<High> as Number>::CODE,
        }
    }

    /// The number called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|number| number.name() == name)
    }
}

/// Something to be done with whichever number and optimizer a run names.
pub trait WithTraining {
    /// What comes of it.
    type Output;

    /// Does it.
    fn call<N: Kernel, O: Optimizer<N>>(self, optimizer: O) -> Self::Output;
}

macro_rules! optimizers {
    ($work:ident, $number:ty, $optimizer:expr) => {
        match $optimizer {
            OptimizerFile::Sgd(optimizer) => $work.call::<$number, _>(optimizer),
            OptimizerFile::Momentum(optimizer) => $work.call::<$number, _>(optimizer),
            OptimizerFile::Adam(optimizer) => $work.call::<$number, _>(optimizer),
            OptimizerFile::AdamW(optimizer) => $work.call::<$number, _>(optimizer),
            OptimizerFile::RmsProp(optimizer) => $work.call::<$number, _>(optimizer),
            OptimizerFile::Centered(optimizer) => $work.call::<$number, _>(optimizer),
            OptimizerFile::WithMomentum(optimizer) => $work.call::<$number, _>(optimizer),
            OptimizerFile::CenteredWithMomentum(optimizer) => $work.call::<$number, _>(optimizer),
        }
    };
}

/// Does something with a number and an optimizer.
pub fn with<W: WithTraining>(number: NumberFile, optimizer: OptimizerFile, work: W) -> W::Output {
    match number {
        NumberFile::F32 => optimizers!(work, f32, optimizer),
        NumberFile::Bfp14 => optimizers!(work, Bfp14<Low16>, optimizer),
        NumberFile::Bfp14Byte => optimizers!(work, Bfp14<Low8>, optimizer),
        NumberFile::Bfp14High => optimizers!(work, Bfp14<High>, optimizer),
    }
}
