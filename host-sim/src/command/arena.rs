//! The work region of a plan over time: what is alive when, and a picture of it.

use super::table::grouped;
use crate::report::{ArenaPicture, Piece};
use crate::session::MAX_LAYERS;
use kilograd::network::{Block, Content, Layout, PlanOf, Slot};

/// A planned work region.
pub(super) struct Timeline<'a> {
    slots: &'a [Slot],
    blocks: Vec<Block>,
    bytes: usize,
    layers: usize,
}

/// What the pieces of the picture are, by [`kind`].
const KINDS: [&str; 4] = [
    "output",
    "gradient of an output",
    "kept for the backward pass",
    "scratch",
];

fn kind(content: Content) -> usize {
    match content {
        Content::Output => 0,
        Content::Gradient => 1,
        Content::Kept => 2,
        Content::Scratch => 3,
    }
}

impl<'a> Timeline<'a> {
    pub(super) fn new(plan: &'a PlanOf<MAX_LAYERS>, layout: &Layout<MAX_LAYERS>) -> Self {
        Self {
            slots: &plan.slots,
            blocks: layout.blocks().collect(),
            bytes: plan.regions.work,
            layers: plan.layers,
        }
    }

    fn alive(&self, step: usize) -> impl Iterator<Item = &Block> {
        let blocks = self.blocks.iter();
        blocks.filter(move |block| (block.first..=block.last).contains(&step))
    }

    /// Bytes in use at a step. What is written over something else is counted once.
    fn used(&self, step: usize) -> usize {
        let mut alive: Vec<&Block> = self.alive(step).collect();
        alive.sort_by_key(|block| block.offset);
        let (mut used, mut end) = (0, 0);
        for block in alive {
            let behind = block.offset + block.bytes;
            used += behind.saturating_sub(end.max(block.offset));
            end = end.max(behind);
        }
        used
    }

    /// The busiest step, the first of equals, and the bytes in use there.
    pub(super) fn peak(&self) -> (usize, usize) {
        let steps = (0..=2 * self.layers).map(|step| (step, self.used(step)));
        steps.fold((0, 0), |peak, step| if step.1 > peak.1 { step } else { peak })
    }

    /// What is alive at the busiest step, the largest first.
    pub(super) fn dominant(&self) -> Vec<&Block> {
        let mut alive: Vec<&Block> = self.alive(self.peak().0).collect();
        alive.sort_by_key(|block| std::cmp::Reverse(block.bytes));
        alive
    }

    /// What happens at a step, in words.
    pub(super) fn spoken(&self, step: usize) -> String {
        match self.direction(step) {
            Some((layer, true)) => format!("layer {layer} ({}) forward", self.name(layer)),
            Some((layer, false)) => format!("layer {layer} ({}) backward", self.name(layer)),
            None => "the loss".into(),
        }
    }

    /// The layer that runs at a step, and whether forward.
    fn direction(&self, step: usize) -> Option<(usize, bool)> {
        match step.checked_sub(self.layers) {
            None => Some((step, true)),
            Some(0) => None,
            Some(back) => Some((self.layers - back, false)),
        }
    }

    fn name(&self, layer: usize) -> &'static str {
        self.slots.get(layer).map_or("", |slot| slot.layer.name())
    }

    /// What a block holds, in words.
    pub(super) fn holds(&self, block: &Block) -> String {
        let what = KINDS[kind(block.content)];
        format!("{} {} {what}", block.layer, self.name(block.layer))
    }

    /// What dominates, in words.
    pub(super) fn summary(&self) -> String {
        const SHOWN: usize = 8;
        let (step, used) = self.peak();
        let alive = self.dominant();
        let mut text = format!(
            "\nAt the busiest step, {}, {} bytes are in use:\n",
            self.spoken(step),
            grouped(used)
        );
        for block in alive.iter().take(SHOWN) {
            text += &format!("{:>11}  {}\n", grouped(block.bytes), self.holds(block));
        }
        let rest = alive.get(SHOWN..).unwrap_or(&[]);
        if !rest.is_empty() {
            let bytes = rest.iter().map(|block| block.bytes).sum();
            text += &format!("{:>11}  {} more\n", grouped(bytes), rest.len());
        }
        text + "\n"
    }

    /// The picture.
    pub(super) fn picture(&self, title: String) -> ArenaPicture {
        let (busiest, used) = self.peak();
        let last = self.blocks.iter().map(|block| block.last).max().unwrap_or(0);
        let steps = 0..=last.max(self.layers);
        let label = |step| match self.direction(step) {
            Some((layer, true)) => format!("→{layer}"),
            Some((layer, false)) => format!("←{layer}"),
            None => "loss".into(),
        };
        let piece = |block: &Block| Piece {
            name: format!("{} {}", block.layer, self.name(block.layer)),
            kind: kind(block.content),
            steps: (block.first, block.last),
            bytes: (block.offset, block.offset + block.bytes),
        };
        ArenaPicture {
            title,
            subtitle: format!(
                "work region {} bytes; in use at the busiest step, {}: {} bytes",
                grouped(self.bytes),
                self.spoken(busiest),
                grouped(used)
            ),
            kinds: KINDS.into(),
            pieces: self.blocks.iter().map(piece).collect(),
            steps: steps.map(label).collect(),
            bytes: self.bytes,
        }
    }
}
