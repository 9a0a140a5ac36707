//! layer 1: relu has no stride: only convolutions and pools have one

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::optim::Sgd;

const NET: Model = Model::new(Shape::vector(4), &[dense(4), relu().stride(2), dense(2)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));

fn main() {
    println!("{}", PLAN.bytes());
}
