//! A fence around libraries that read other people's binary files.
//!
//! They are well kept, and damaged files still bring some of them to a panic. Here that is one more way in which such a
//! library says that a file is damaged. Nothing of ours runs behind the fence.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// Calls a library; none where it gives up in a panic, of which nothing is printed.
pub(super) fn fenced<T>(work: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !FENCED.get() {
                usual(info);
            }
        }));
    });
    let before = FENCED.replace(true);
    // What the library left half done is dropped by the caller, who reads no further.
    let done = panic::catch_unwind(AssertUnwindSafe(work)).ok();
    FENCED.set(before);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_behind_the_fence_is_an_answer() {
        let empty: Vec<u8> = Vec::new();
        assert_eq!(fenced(|| empty[empty.len()]), None);
        assert_eq!(fenced(|| 7), Some(7));
        assert!(!FENCED.get());
    }
}
