//! layer 1: conv1d stride must be at least 1

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::optim::Sgd;

const NET: Model = Model::new(Shape::series(3, 9), &[relu(), conv1d(4, 3).stride(0), dense(2)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));

fn main() {
    println!("{}", PLAN.bytes());
}
