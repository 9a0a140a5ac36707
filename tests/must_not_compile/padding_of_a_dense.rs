//! layer 0: dense has no padding: only convolutions and pools have one

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::optim::Sgd;

const NET: Model = Model::new(Shape::vector(4), &[dense(4).padding(1)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));

fn main() {
    println!("{}", PLAN.bytes());
}
