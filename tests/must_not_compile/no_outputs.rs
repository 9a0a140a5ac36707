//! layer 12: dense needs at least one output

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::optim::Sgd;

const NET: Model = Model::new(Shape::vector(4), &[dense(4), relu(), dense(4), relu(), dense(4), relu(), dense(4), relu(), dense(4), relu(), dense(4), relu(), dense(0)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));

fn main() {
    println!("{}", PLAN.bytes());
}
