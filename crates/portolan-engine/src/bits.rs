//! Sets of small numbers.

/// A set of indices, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bits(Box<[u64]>);

impl Bits {
    /// An empty set over `count` indices.
    pub fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(64)].into_boxed_slice())
    }

    /// All of `count` indices.
    pub fn all(count: usize) -> Self {
        let mut all = Self::new(count);
        (0..count).for_each(|index| all.insert(index));
        all
    }

    /// Adds an index.
    pub fn insert(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }

    /// Whether an index is in.
    pub fn contains(&self, index: usize) -> bool {
        self.0.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Adds what another set holds.
    pub fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own |= other);
    }

    /// What both sets hold.
    pub fn and(&self, other: &Self) -> Self {
        Self::all_of([self, other])
    }

    /// What all of several sets over the same indices hold.
    pub fn all_of<const N: usize>(sets: [&Self; N]) -> Self {
        let words = sets.iter().map(|set| set.0.len()).min().unwrap_or(0);
        Self((0..words).map(|at| sets.iter().fold(u64::MAX, |all, set| all & set.0[at])).collect())
    }

    /// The words of what both sets hold, without those in which the other holds nothing.
    pub fn shared_words(&self, other: &Self) -> impl Iterator<Item = u64> {
        self.0.iter().zip(&other.0).filter(|(_, other)| **other != 0).map(|(own, other)| own & other)
    }

    /// The indices that both sets hold, in order.
    pub fn shared<'b>(&'b self, other: &'b Self) -> impl Iterator<Item = usize> + 'b {
        let words = self.0.iter().zip(&other.0).map(|(own, other)| own & other);
        words.enumerate().flat_map(|(at, word)| ones_of(word).map(move |bit| at * 64 + bit))
    }

    /// Whether this set shares an index with the other.
    pub fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    /// Removes an index.
    pub fn remove(&mut self, index: usize) {
        self.0[index / 64] &= !(1 << (index % 64));
    }

    /// What is in this set and not in the other.
    pub fn without(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & !b).collect())
    }

    /// The indices in the set, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        ones(&self.0)
    }
}

/// The places of the bits that are set in words, in order.
pub fn ones(words: &[u64]) -> impl Iterator<Item = usize> + '_ {
    words.iter().enumerate().flat_map(|(at, &word)| ones_of(word).map(move |bit| at * 64 + bit))
}

/// The places of the bits that are set in a word.
fn ones_of(word: u64) -> impl Iterator<Item = usize> {
    let mut rest = word;
    std::iter::from_fn(move || {
        let bit = rest.trailing_zeros() as usize;
        (rest != 0).then(|| {
            rest &= rest - 1;
            bit
        })
    })
}
