//! compiles

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::optim::Sgd;

const NET: Model = Model::new(
    Shape::series(3, 9),
    &[conv1d(4, 5).stride(2), relu(), conv1d(4, 3), dense(2)],
);
const PLAN: PlanOf<{ NET.len() }> = NET.plan(Training::<f32, Sgd>::new(Loss::CrossEntropy));
const _: () = PLAN.budget(2048, 4096);

fn main() {
    println!("{}", PLAN.bytes());
}
