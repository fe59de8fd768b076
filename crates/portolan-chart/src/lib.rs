//! The story of both sides in order: what the registers tell, what comes next if nothing is signed, and the picture of it.

pub mod ahead;
pub mod font;
pub mod page;
pub mod picture;
pub mod rates;
pub mod scene;
pub mod story;
pub mod turns;
