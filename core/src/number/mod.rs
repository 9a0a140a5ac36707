//! What a number is: the storage of a tensor's elements and the scale that they share.

mod element;
pub mod random;

pub use element::Element;
