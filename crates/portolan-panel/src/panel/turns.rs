//! Work that is done on all threads and taken in order, with a bounded part of it under way.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::mpsc::channel;
use std::sync::{Condvar, Mutex};
use std::thread;

/// Pieces that may be under way for each thread beyond the one that is taken next.
const AHEAD: usize = 2;

/// Which pieces may be begun.
struct Turn {
    taken: Mutex<usize>,
    moved: Condvar,
}

impl Turn {
    /// Waits until a piece is among the next to be taken; false where nothing is taken any more.
    fn wait(&self, piece: usize, ahead: usize) -> bool {
        let Ok(taken) = self.taken.lock() else { return false };
        let waited = self.moved.wait_while(taken, |taken| piece >= taken.saturating_add(ahead));
        waited.is_ok_and(|taken| *taken != usize::MAX)
    }

    fn set(&self, next: usize) {
        if let Ok(mut taken) = self.taken.lock() {
            *taken = next;
        }
        self.moved.notify_all();
    }
}

/// How pieces go to threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dealt {
    /// One after another, few ahead of the one that is taken next: what waits is bounded.
    InOrder,
    /// From both ends: neighbouring pieces, which have much in common, mostly go to one thread. What was made from the far end
    /// waits until all before it was taken, so it should be small.
    FromEnds,
}

/// The pieces that no thread has yet.
struct Left {
    dealt: Dealt,
    pieces: Mutex<Range<usize>>,
}

impl Left {
    fn next(&self, thread: usize) -> Option<usize> {
        let mut pieces = self.pieces.lock().ok()?;
        match self.dealt {
            Dealt::FromEnds if thread % 2 == 1 => pieces.next_back(),
            Dealt::FromEnds | Dealt::InOrder => pieces.next(),
        }
    }
}

/// Makes `count` pieces, each with what `start` gave its thread; `take` sees them in order. The first error ends it all.
pub fn in_order<S, P: Send, E: Send>(
    (threads, count, dealt): (usize, usize, Dealt),
    start: &(dyn Fn() -> S + Sync),
    make: &(dyn Fn(&mut S, usize) -> Result<P, E> + Sync),
    take: &mut dyn FnMut(P) -> Result<(), E>,
) -> Result<(), E> {
    let threads = threads.clamp(1, count.max(1));
    let turn = &Turn { taken: Mutex::new(0), moved: Condvar::new() };
    let left = &Left { dealt, pieces: Mutex::new(0..count) };
    let ahead = if dealt == Dealt::InOrder { AHEAD * threads } else { count };
    let (sender, receiver) = channel();
    thread::scope(|scope| {
        for thread in 0..threads {
            let sender = sender.clone();
            scope.spawn(move || {
                let mut state = start();
                while let Some(piece) = left.next(thread) {
                    if !turn.wait(piece, ahead) {
                        return;
                    }
                    if sender.send((piece, make(&mut state, piece))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting = BTreeMap::new();
        let mut at = 0;
        let mut outcome = Ok(());
        'all: for (piece, made) in &receiver {
            waiting.insert(piece, made);
            while let Some(made) = waiting.remove(&at) {
                outcome = made.and_then(&mut *take);
                if outcome.is_err() {
                    break 'all;
                }
                at += 1;
                turn.set(at);
            }
        }
        // Whoever waits for a turn goes on, finds that there is none any more, and ends.
        drop(receiver);
        turn.set(usize::MAX);
        outcome
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_taken_in_order_and_the_first_error_ends_it() {
        for dealt in [Dealt::InOrder, Dealt::FromEnds] {
            taken_in_order(dealt);
        }
    }

    fn taken_in_order(dealt: Dealt) {
        let mut seen = Vec::new();
        let make = |(): &mut (), piece: usize| {
            thread::sleep(std::time::Duration::from_micros((piece as u64 * 7_919) % 500));
            if piece == 40 { Err("forty") } else { Ok(piece) }
        };
        let outcome = in_order((3, 100, dealt), &|| (), &make, &mut |piece| {
            seen.push(piece);
            Ok(())
        });
        assert_eq!(outcome, Err("forty"));
        assert_eq!(seen, (0..40).collect::<Vec<_>>());
        let refused = in_order((2, 9, dealt), &|| (), &|(), piece| Ok(piece), &mut |piece| {
            if piece == 5 { Err(5) } else { Ok(()) }
        });
        assert_eq!(refused, Err(5));
        assert_eq!(in_order((2, 0, dealt), &|| (), &|(), piece| Ok::<_, ()>(piece), &mut |_| Err(())), Ok(()));
    }
}
