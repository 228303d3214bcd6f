//! Loops over all cores, by rayon. Without the feature `parallel` the same loops run on the core that calls them: under the
//! same names, with the same results.

#[cfg(feature = "parallel")]
pub(crate) use rayon::{current_num_threads, prelude};

#[cfg(not(feature = "parallel"))]
pub(crate) const fn current_num_threads() -> usize {
    1
}

#[cfg(not(feature = "parallel"))]
pub(crate) mod prelude {
    use std::{
        iter::FlatMap,
        slice::{Chunks, ChunksMut, Iter},
    };

    pub(crate) trait SliceLoops<T> {
        fn par_iter(&self) -> Iter<'_, T>;

        fn par_chunks(&self, size: usize) -> Chunks<'_, T>;

        fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T>;
    }

    impl<T> SliceLoops<T> for [T] {
        fn par_iter(&self) -> Iter<'_, T> {
            self.iter()
        }

        fn par_chunks(&self, size: usize) -> Chunks<'_, T> {
            self.chunks(size)
        }

        fn par_chunks_mut(&mut self, size: usize) -> ChunksMut<'_, T> {
            self.chunks_mut(size)
        }
    }

    pub(crate) trait IntoLoop: IntoIterator + Sized {
        fn into_par_iter(self) -> Self::IntoIter {
            self.into_iter()
        }
    }

    impl<I: IntoIterator> IntoLoop for I {}

    pub(crate) trait Loop: Iterator + Sized {
        fn flat_map_iter<I: IntoIterator, F: FnMut(Self::Item) -> I>(self, f: F) -> FlatMap<Self, I, F> {
            self.flat_map(f)
        }

        fn reduce_with(self, join: impl FnMut(Self::Item, Self::Item) -> Self::Item) -> Option<Self::Item> {
            self.reduce(join)
        }
    }

    impl<I: Iterator> Loop for I {}
}
