//! a shape has one to four dimensions

use kilograd::network::Shape;

const SHAPE: Shape = Shape::new([2, 2, 2, 2, 2]);

fn main() {
    println!("{}", SHAPE.len());
}
