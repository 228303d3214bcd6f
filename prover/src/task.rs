//! Work that waits for a core.

use std::sync::{Arc, OnceLock};

/// A value that some thread of the pool computes when it has nothing else to do.
pub(crate) struct Task<T>(Arc<OnceLock<T>>);

impl<T: Clone + Send + Sync + 'static> Task<T> {
    /// Hands the work to the pool, behind what was handed to it before.
    pub(crate) fn spawn(work: impl FnOnce() -> T + Send + 'static) -> Self {
        let value = Arc::new(OnceLock::new());
        let filled = Arc::clone(&value);
        rayon::spawn_fifo(move || drop(filled.set(work())));
        Self(value)
    }

    /// The value; until it is there, the thread does other work of the pool.
    pub(crate) fn wait(&self) -> T {
        loop {
            if let Some(value) = self.0.get() {
                return value.clone();
            }
            if rayon::yield_now() != Some(rayon::Yield::Executed) {
                std::thread::yield_now();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_finish_on_one_thread_and_on_several() {
        for threads in [1, 2, 4] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let sum: u64 = pool.install(|| {
                let tasks: Vec<Task<u64>> = (0..50).map(|i| Task::spawn(move || i * i)).collect();
                tasks.iter().rev().map(Task::wait).sum()
            });
            assert_eq!(sum, 40_425);
        }
        // Outside of any pool.
        assert_eq!(Task::spawn(|| 7).wait(), 7);
    }
}
