//! The same work for many things on a few threads, where none that fails or panics stops the others.

use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::STACK_BYTES;
use crate::failure::Failure;

/// What `act` gives for each of the items, in their order, on at most so many threads; none where it panicked.
pub(super) fn each<T: Sync, R: Send>(
    items: &[T],
    threads: NonZero<usize>,
    act: impl Fn(&T) -> R + Sync,
) -> Result<Vec<Option<R>>, Failure> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let work = || {
        while let Some((index, item)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            items.get(index).map(|item| (index, item))
        } {
            // What a panic leaves half done belongs to this item alone, and the item is not looked at again.
            let result = catch_unwind(AssertUnwindSafe(|| act(item))).ok();
            done.lock().unwrap_or_else(PoisonError::into_inner).push((index, result));
        }
    };
    thread::scope(|scope| -> Result<(), Failure> {
        for _ in 0..threads.get().min(items.len()) {
            thread::Builder::new()
                .name("cvj client".to_owned())
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, work)
                .map_err(|error| Failure::Fault(format!("no thread could be started: {error}")))?;
        }
        Ok(())
    })?;
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_unstable_by_key(|(index, _)| *index);
    Ok(done.into_iter().map(|(_, result)| result).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREE: NonZero<usize> = NonZero::new(3).unwrap();

    #[test]
    fn one_that_panics_stops_no_other() {
        let items: Vec<u64> = (0..50).collect();
        let act = |item: &u64| {
            assert!(item % 10 != 7, "told to");
            item * 2
        };
        let results = each(&items, THREE, act).unwrap();
        let expected: Vec<Option<u64>> = items.iter().map(|item| (item % 10 != 7).then_some(item * 2)).collect();
        assert_eq!(results, expected);
        assert!(each(&[0_u8; 0], THREE, |item| *item).unwrap().is_empty());
    }

    #[test]
    fn no_more_threads_work_than_are_allowed() {
        let (working, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let act = |_: &u8| {
            most.fetch_max(working.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(std::time::Duration::from_millis(5));
            working.fetch_sub(1, Ordering::SeqCst);
        };
        each(&[0; 20], THREE, act).unwrap();
        assert!((1..=3).contains(&most.into_inner()));
    }
}
