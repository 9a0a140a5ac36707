//! Promise: the ready models train in the least memory.
//!
//! `cargo test --test least_memory -- --nocapture` prints what is planned beside the bound.

use kilograd::engine::Training;
use kilograd::loss::Loss;
use kilograd::network::Model;
use kilograd::network::PlanOf;
use kilograd::optim::Momentum;
use support::memory::bound::Bound;
use support::memory::play::play;
use support::memory::schedule::Schedule;
use support::memory::{Choice, Net, ready};

fn row(name: &str, what: &str, net: &Net, train: bool, kept: bool) -> f64 {
    let training = Training::<f32, Momentum>::new(Loss::CrossEntropy);
    let training = if train { training } else { training.inference() };
    let training = if kept { training.batch(8) } else { training };
    let plan: PlanOf<96> = net.model().try_plan(&training).unwrap();
    let bound = Bound::of(net, 4, train, kept, 1);
    play(&Schedule::of(net, 4, train), &plan).unwrap();
    let (planned, least) = (plan.bytes(), bound.total());
    let ratio = planned as f64 / least as f64;
    println!(
        "{name:14} {what:12} {planned:9} {least:9} {ratio:6.3} {:9} {:9} {:6.3}",
        plan.regions.work,
        bound.work,
        plan.regions.work as f64 / bound.work as f64
    );
    ratio
}

#[test]
fn ready_models() {
    for (name, input, layers) in ready::ALL {
        let net = Net::new(&Model::new(input, layers));
        row(name, "training", &net, true, false);
        row(name, "batch of 8", &net, true, true);
        row(name, "head", &net.clone().head(1), true, false);
        row(name, "head of 2", &net.clone().head(2), true, false);
        let biases = net.clone().choose(0..layers.len() - 1, Choice::Biases);
        row(name, "biases, head", &biases, true, false);
        row(name, "inference", &net, false, false);
    }
}
