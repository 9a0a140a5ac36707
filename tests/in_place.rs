//! Promise: where no backward pass comes, convolutions and pools write over their
//! input, in the memory of one map, and give the bits that they give beside it.

use kilograd::engine::{Arena, Training};
use kilograd::loss::Loss;
use kilograd::network::*;
use kilograd::number::View;
use kilograd::number::random::Pcg;
use kilograd::optim::Sgd;
use support::real::{AnyTrainer, set_parameters};

type Plan = PlanOf<16>;

/// The body of a small image network, and one of a small audio network; each map shrinks and grows.
fn bodies() -> [(Shape, Vec<Entry>); 2] {
    let image = vec![
        conv2d(8, [3, 3]).stride(2).padding(1),
        relu(),
        depthwise2d([3, 3]).padding(1),
        conv2d(12, [1, 1]),
        relu(),
        conv2d(12, [3, 3]).padding(1),
        conv2d(10, [2, 3]).padding(1).dilation(2),
        conv2d(18, [3, 2]).stride(2).padding(1),
        conv2d(5, [1, 1]),
        depthwise2d([2, 3]).stride(2),
        average_pool(2).stride(1),
        flatten(),
    ];
    let series = vec![
        conv1d(7, 1),
        depthwise1d(5).padding(4).dilation(2),
        conv1d(4, 1),
        average_pool(3).stride(1).padding(1),
        max_pool(2),
        depthwise1d(4).stride(3).padding(1),
        flatten(),
    ];
    [(Shape::image(3, 22, 25), image), (Shape::series(6, 40), series)]
}

/// Runs three samples after one another.
fn outputs(plan: &Plan, image: &[u8], start: &[f32]) -> Vec<Vec<u32>> {
    let mut memory = Box::new(Arena::<{ 1 << 17 }>::ZERO);
    memory.fill(0xff);
    let mut trainer =
        AnyTrainer::<f32, Sgd>::with_frozen(plan, &mut memory[..plan.bytes()], Sgd::default(), image)
            .expect("planned for this trainer");
    set_parameters(&mut trainer, start);
    let mut dice = Pcg::new(5);
    (0..3)
        .map(|_| {
            let x: Vec<f32> = (0..plan.input.len()).map(|_| dice.uniform() - 0.5).collect();
            let y = trainer.infer(View::plain(&x));
            y.data.iter().map(|y| y.to_bits()).collect()
        })
        .collect()
}

#[test]
fn in_place_gives_the_same_bits() {
    for (input, body) in bodies() {
        let with_head = |freeze: bool| -> Vec<Entry> {
            let entries = body
                .iter()
                .map(|entry| if freeze { entry.frozen() } else { *entry });
            entries.chain([dense(3)]).collect()
        };
        let training = || Training::<f32, Sgd>::new(Loss::MeanSquaredError);
        let (whole, frozen) = (with_head(false), with_head(true));
        let trained: Plan = Model::new(input, &whole).try_plan(&training()).unwrap();
        let inference: Plan = Model::new(input, &whole)
            .try_plan(&training().inference())
            .unwrap();
        let head: Plan = Model::new(input, &frozen).try_plan(&training()).unwrap();
        let mut memory = Box::new(Arena::<{ 1 << 17 }>::ZERO);
        let mut trainer =
            AnyTrainer::<f32, Sgd>::new(&trained, &mut memory[..trained.bytes()], Sgd::default()).unwrap();
        trainer.init(3);
        let bytes = trainer.parameter_bytes().chunks_exact(4);
        let start: Vec<f32> = bytes.map(|x| f32::from_ne_bytes(x.try_into().unwrap())).collect();
        let mut image = Arena::<{ 1 << 14 }>::ZERO;
        assert!(trainer.write_frozen(&head, &mut image[..head.frozen]));

        let expected = outputs(&trained, &[], &start);
        assert_eq!(
            outputs(&inference, &[], &start),
            expected,
            "inference of {body:?}"
        );
        assert_eq!(
            outputs(&head, &image[..head.frozen], &start),
            expected,
            "frozen {body:?}"
        );

        // All but the first, whose input is the sample, and those that see more than they write over.
        for plan in [&inference, &head] {
            for slot in &plan.slots[1..body.len()] {
                assert!(slot.in_place, "{:?}", slot.layer);
            }
        }
        // One map, and some of its rows; not two.
        let widest = trained.slots[..trained.layers]
            .iter()
            .map(|slot| slot.output.len())
            .max()
            .unwrap();
        let rows = inference.regions.work - 4 * widest;
        assert!(
            rows < 4 * widest / 2,
            "{rows} bytes beside a map of {}",
            4 * widest
        );
        assert!(inference.regions.work < trained.regions.work);
    }
}
