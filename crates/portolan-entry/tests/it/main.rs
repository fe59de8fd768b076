//! Entry lines end to end, on the law that ships.

mod acceptance;
mod worked;
