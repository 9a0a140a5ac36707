//! The story: a device that loses power again and again learns what it was not shipped with, in 32 KB of RAM.

use kilograd_sim::story::{BUDGET, News, Story, run};

fn story(seed: u64) -> Story {
    run(seed, &mut |_| {}).unwrap_or_else(|failure| panic!("seed {seed}: {failure}"))
}

fn mean(stories: &[Story], of: fn(&Story) -> f32) -> f32 {
    stories.iter().map(of).sum::<f32>() / stories.len() as f32
}

#[test]
fn accuracy_falls_with_the_shift_and_comes_back_on_the_device() {
    let stories: Vec<Story> = (1..=5).map(story).collect();
    for (story, seed) in stories.iter().zip(1..) {
        let Story {
            before,
            shifted,
            after,
            life,
            ..
        } = story;
        assert!(*before >= 0.9, "seed {seed}: {before} before the shift");
        assert!(
            *shifted <= before - 0.3,
            "seed {seed}: {shifted} after the shift, {before} before"
        );
        assert!(*after >= 0.85, "seed {seed}: {after} after fine-tuning");
        assert!(life.cuts.len() >= 3, "seed {seed}: {} cuts", life.cuts.len());
        // Every cut cost work, and the device went on from before it.
        for cut in &life.cuts {
            assert!(cut.resumed < cut.step, "seed {seed}: {cut:?}");
        }
        assert_eq!(life.overruns, 0, "seed {seed}");
        assert!(
            life.fullest > 1,
            "seed {seed}: no frame ever waited while the device learned"
        );
        assert_eq!(life.points.len() as u32, story.steps + story.lost_steps());
        assert!(
            story.lost_steps() > 0 && story.steps > 100,
            "seed {seed}: {} steps",
            story.steps
        );
        assert!(story.ram.total() <= BUDGET && BUDGET == 32 * 1024);
        // What the last boot found is what the last update left.
        assert_eq!(
            life.points.last().map(|point| point.accuracy),
            Some(*after),
            "seed {seed}"
        );
    }
    assert!(mean(&stories, |story| story.before) >= 0.95);
    assert!(mean(&stories, |story| story.after) >= 0.9);
}

#[test]
fn the_seed_decides_everything() {
    let (one, same, other) = (story(7), story(7), story(8));
    assert!(one == same, "two runs of one seed differ");
    assert_ne!(one.params_hash, other.params_hash);
    assert_ne!(one.image, other.image);
}

#[test]
fn the_news_come_in_the_order_of_the_story() {
    let (mut chapters, mut cuts) = (String::new(), 0);
    let story = run(2, &mut |news| {
        let letter = match news {
            News::Begin { .. } => 'b',
            News::Epoch { .. } => 'e',
            News::Shipped { .. } => 's',
            News::Turned { .. } => 't',
            News::Learned { .. } => 'l',
            News::Cut { .. } => 'c',
            News::Resumed { .. } => 'r',
            News::Overrun { .. } => 'o',
        };
        cuts += u32::from(letter == 'c');
        if !chapters.ends_with(letter) {
            chapters.push(letter);
        }
    })
    .unwrap();
    assert_eq!(story.life.cuts.len(), cuts as usize);
    assert!(
        chapters.starts_with("bestl") && chapters.ends_with('l'),
        "{chapters}"
    );
    assert_eq!(chapters.matches("cr").count(), cuts as usize, "{chapters}");
}
