//! Random small ledgers and random lines aimed at their edges, from a seed alone.
//!
//! A generated ledger is valid: references are acyclic and every two provisions of a program are related. It is law
//! that nobody would write, so that combinations are met which the law has not come to yet.

mod ledger;
mod line;

pub use ledger::{Generated, ledger};
pub use line::{Edges, line};

/// A small deterministic generator (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A generator of its own, which leaves what this one draws as it is.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { state: self.clone().number() }
    }

    /// A number below `bound`; zero where the bound is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        let wide = u128::from(self.number()) * bound as u128;
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// True in so many of a hundred.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these; none of none.
    pub fn pick<'t, T>(&mut self, list: &'t [T]) -> Option<&'t T> {
        list.get(self.below(list.len()))
    }

    /// One of these by value, or the default of none.
    pub fn one<T: Clone + Default>(&mut self, list: &[T]) -> T {
        self.pick(list).cloned().unwrap_or_default()
    }

    /// Each of these with the same chance, at least one where there is any.
    pub fn some<T: Clone>(&mut self, list: &[T], percent: usize) -> Vec<T> {
        let kept = list.iter().filter(|_| self.chance(percent));
        let mut kept: Vec<T> = kept.cloned().collect();
        if kept.is_empty() {
            kept.extend(self.pick(list).cloned());
        }
        kept
    }
}
