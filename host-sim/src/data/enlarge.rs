//! Images seen larger than they are stored.

use kilograd::network::Shape;

/// Bilinear interpolation from one size to another, each value repeated for every channel of the larger image.
///
/// A pixel is a square whose value holds at its middle: pixel `i` of the larger image lies at
/// `s = (i + ½) · from / to − ½` of the smaller one, between `⌊s⌋` and `⌊s⌋ + 1`, both kept within the image.
/// So a set of small images takes no more memory for being seen large.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Enlarge {
    /// Shape of a stored image, of one channel.
    pub from: Shape,
    /// Shape of what the network sees.
    pub to: Shape,
}

/// Where a pixel of the larger image lies in the smaller one: a place, the next, and how far towards it.
fn between(index: usize, from: usize, to: usize) -> (usize, usize, f32) {
    let at = (index as f32 + 0.5) * from as f32 / to as f32 - 0.5;
    let at = at.clamp(0.0, (from - 1) as f32);
    let first = at as usize;
    (first, (first + 1).min(from - 1), at - first as f32)
}

impl Enlarge {
    /// Enlarges `image`.
    pub fn image(&self, image: &[f32], into: &mut [f32]) {
        let [height, width] = [0, 1].map(|side| (self.from.dim(side), self.to.dim(side)));
        let channels = self.to.channels();
        let columns: Vec<_> = (0..width.1).map(|x| between(x, width.0, width.1)).collect();
        for (y, line) in into.chunks_exact_mut(width.1 * channels).enumerate() {
            let (above, below, down) = between(y, height.0, height.1);
            let row = |y: usize| image.get(y * width.0..(y + 1) * width.0).unwrap_or(&[]);
            let (above, below) = (row(above), row(below));
            for (pixel, &(left, right, across)) in line.chunks_exact_mut(channels).zip(&columns) {
                let mix = |row: &[f32]| row[left] + across * (row[right] - row[left]);
                let (top, bottom) = (mix(above), mix(below));
                pixel.fill(top + down * (bottom - top));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of `torch.nn.functional.interpolate(x, size=(3, 6), mode="bilinear", align_corners=False)`.
    #[test]
    fn it_is_the_usual_interpolation() {
        let enlarge = Enlarge {
            from: Shape::image(1, 2, 3),
            to: Shape::image(2, 3, 6),
        };
        let mut found = [0.0; 36];
        enlarge.image(&[0.0, 4.0, 8.0, 12.0, 20.0, 4.0], &mut found);
        let expected = [
            0.0, 1.0, 3.0, 5.0, 7.0, 8.0, 6.0, 7.5, 10.5, 10.5, 7.5, 6.0, 12.0, 14.0, 18.0, 16.0, 8.0, 4.0,
        ];
        for (pixel, expected) in found.chunks_exact(2).zip(expected) {
            assert!(
                (pixel[0] - expected).abs() < 1e-5 && pixel[1] == pixel[0],
                "{pixel:?} {expected}"
            );
        }
    }
}
