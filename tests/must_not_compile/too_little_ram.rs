//! the plan needs more RAM than its budget: take smaller layers, a smaller batch or an optimizer with less state

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::optim::Sgd;

const NET: Model = Model::new(Shape::vector(4), &[dense(64), relu(), dense(2)]);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));
const _: () = PLAN.budget(1024, 65_536);
fn main() {
    println!("{}", PLAN.bytes());
}
