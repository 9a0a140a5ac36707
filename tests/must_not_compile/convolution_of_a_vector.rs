//! layer 1: conv1d needs a series as its input: Shape::series(channels, length)

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::optim::Sgd;

const NET: Model = Model::new(Shape::vector(4), &[dense(8), conv1d(4, 3)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));

fn main() {
    println!("{}", PLAN.bytes());
}
