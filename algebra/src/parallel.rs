//! Work spread over all cores where the feature `parallel` is on, and done in order on the caller's thread where it is not.
//! Results are in the items' order either way.

#[cfg(feature = "parallel")]
use rayon::prelude::*;

/// How many items are worked on at a time.
#[cfg(feature = "parallel")]
pub(crate) fn num_threads() -> usize {
    rayon::current_num_threads().max(1)
}

/// Calls `work` for each item.
#[cfg(feature = "parallel")]
pub(crate) fn for_each<T: Send>(items: impl IntoIterator<Item = T>, work: impl Fn(T) + Sync + Send) {
    items.into_iter().collect::<Vec<T>>().into_par_iter().for_each(work);
}

/// What `work` makes of each item.
#[cfg(feature = "parallel")]
pub(crate) fn map<T: Send, U: Send>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> U + Sync + Send,
) -> Vec<U> {
    items.into_iter().collect::<Vec<T>>().into_par_iter().map(work).collect()
}

/// The lists that `work` makes of all items, one behind the other.
#[cfg(feature = "parallel")]
pub(crate) fn flat_map<T: Send, U: Send>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> Vec<U> + Sync + Send,
) -> Vec<U> {
    items.into_iter().collect::<Vec<T>>().into_par_iter().flat_map_iter(work).collect()
}

/// The sum, by an associative `add`, of what `work` makes of the items; nothing of none.
#[cfg(feature = "parallel")]
pub(crate) fn sum<T: Send, U: Send>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> U + Sync + Send,
    add: impl Fn(U, U) -> U + Sync + Send,
) -> Option<U> {
    items.into_iter().collect::<Vec<T>>().into_par_iter().map(work).reduce_with(add)
}

/// How many items are worked on at a time.
#[cfg(not(feature = "parallel"))]
pub(crate) const fn num_threads() -> usize {
    1
}

/// Calls `work` for each item.
#[cfg(not(feature = "parallel"))]
pub(crate) fn for_each<T>(items: impl IntoIterator<Item = T>, work: impl Fn(T)) {
    items.into_iter().for_each(work);
}

/// What `work` makes of each item.
#[cfg(not(feature = "parallel"))]
pub(crate) fn map<T, U>(items: impl IntoIterator<Item = T>, work: impl Fn(T) -> U) -> Vec<U> {
    items.into_iter().map(work).collect()
}

/// The lists that `work` makes of all items, one behind the other.
#[cfg(not(feature = "parallel"))]
pub(crate) fn flat_map<T, U>(items: impl IntoIterator<Item = T>, work: impl Fn(T) -> Vec<U>) -> Vec<U> {
    items.into_iter().flat_map(work).collect()
}

/// The sum, by an associative `add`, of what `work` makes of the items; nothing of none.
#[cfg(not(feature = "parallel"))]
pub(crate) fn sum<T, U>(
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> U,
    add: impl Fn(U, U) -> U,
) -> Option<U> {
    items.into_iter().map(work).reduce(add)
}
