//! clip must be a bound above 0

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::optim::Sgd;

const NET: Model = Model::new(Shape::vector(4), &[dense(2)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy).clip(kilograd::engine::Clip::Norm(0.0)));

fn main() {
    println!("{}", PLAN.bytes());
}
