//! A memory of embeddings.

use super::Target;
use crate::kernel::Kernel;
use crate::number::{Element, View};

/// The last embeddings of a model, for [`InfoNce`](super::Loss::InfoNce): a ring over a slice of the caller's.
///
/// ```
/// # use kilograd::loss::Memory;
/// let mut room = [0.0_f32; 3 * 2];
/// let mut memory = Memory::new(&mut room, 2).unwrap();
/// let partner = memory.push(&[1.0, 0.5]).unwrap();
/// let target = memory.target::<f32>(partner);
/// ```
#[derive(Debug)]
pub struct Memory<'a, E> {
    room: &'a mut [E],
    width: usize,
    /// Rows that hold an embedding.
    stored: usize,
    /// The row that the next one goes to.
    next: usize,
}

impl<'a, E: Element> Memory<'a, E> {
    /// An empty memory for embeddings of `width` values. It has as many places as fit `room`;
    /// `None` if that is not one.
    pub fn new(room: &'a mut [E], width: usize) -> Option<Self> {
        let places = room.len().checked_div(width).filter(|places| *places > 0)?;
        Some(Self {
            room: room.get_mut(..places * width)?,
            width,
            stored: 0,
            next: 0,
        })
    }

    /// Keeps a copy of `embedding`, in place of the oldest when it is full, and tells its row, which
    /// it has until it is replaced. `None` if it has another length.
    pub fn push(&mut self, embedding: &[E]) -> Option<usize> {
        if embedding.len() != self.width {
            return None;
        }
        let row = self.next;
        let place = self.room.get_mut(row * self.width..(row + 1) * self.width)?;
        for (to, from) in place.iter_mut().zip(embedding) {
            *to = *from;
        }
        self.stored = self.stored.max(row + 1);
        self.next = if row + 1 == self.places() { 0 } else { row + 1 };
        Some(row)
    }

    /// Embeddings that there is room for.
    pub fn places(&self) -> usize {
        self.room.len().checked_div(self.width).unwrap_or(0)
    }

    /// Embeddings stored.
    pub fn len(&self) -> usize {
        self.stored
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.stored == 0
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        (self.stored, self.next) = (0, 0);
    }

    /// The embeddings stored, by row.
    pub fn embeddings(&self) -> &[E] {
        self.room.get(..self.stored * self.width).unwrap_or(&[])
    }

    /// The target of a sample whose partner is at row `positive`. In block fixed point the embeddings are
    /// taken at the default scale.
    pub fn target<N: Kernel<Elem = E>>(&self, positive: usize) -> Target<'_, N> {
        Target::Memory {
            embeddings: View::plain(self.embeddings()),
            positive,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_embedding_makes_room() {
        let mut room = [0.0_f32; 7];
        let mut memory = Memory::new(&mut room, 2).unwrap();
        assert_eq!((memory.places(), memory.is_empty()), (3, true));
        let rows: [Option<usize>; 4] = core::array::from_fn(|i| memory.push(&[i as f32, 10.0 + i as f32]));
        assert_eq!(rows, [Some(0), Some(1), Some(2), Some(0)]);
        assert_eq!(memory.embeddings(), [3.0, 13.0, 1.0, 11.0, 2.0, 12.0]);
        assert_eq!(memory.push(&[1.0]), None);
        memory.clear();
        assert_eq!((memory.len(), memory.push(&[5.0, 6.0])), (0, Some(0)));
        assert_eq!(memory.embeddings(), [5.0, 6.0]);
    }

    #[test]
    fn no_place_is_no_memory() {
        assert!(Memory::new(&mut [0.0_f32; 3], 4).is_none());
        assert!(Memory::new(&mut [0.0_f32; 3], 0).is_none());
    }
}
