//! Which entries of a level's tables are stored.
//!
//! Look-ups are padded to a power of two, and all padding of a block looks up the same row. These leaves are one and the same
//! fraction, and so is every node of the tree that has only such leaves below it. The tables of a level therefore have runs of
//! equal entries. Such a run is known from where it begins, where it ends and its value: its entries are not stored, not
//! bound and not multiplied.
//!
//! Variables are bound from the last one on. That halves a table, and with it every run. As blocks begin at multiples of their
//! size, runs of different blocks stay apart until the blocks have shrunk to an entry each.

use std::ops::Range;

use super::CHUNK;

/// Consecutive entries, or pairs of them, that all have the same value: from `first` to before `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Constant {
    pub(super) first: usize,
    pub(super) end: usize,
    /// Which value.
    pub(super) id: usize,
}

/// Tables of $2^n$ entries and what is stored of them, one after the other: an even number of entries from an even one on
/// for each run, so that pairs are stored or constant as a whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    /// Entries, constants included.
    entries: usize,
    /// What is not stored.
    constants: Vec<Constant>,
    /// Entries that are stored.
    pub(super) stored: usize,
    /// Entries that halving the next larger shape leaves unstored and that are stored here: so many are copied, then so
    /// many of a constant are written. Empty where there are none.
    pub(super) insertions: Vec<Insertion>,
    /// All pairs, `CHUNK` at a time.
    pub(super) chunks: Vec<Chunk>,
    /// What chunks have of constants.
    pub(super) patterns: Vec<Vec<Constant>>,
}

/// Entries to copy and then a constant to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Insertion {
    pub(super) copied: usize,
    pub(super) written: usize,
    pub(super) id: usize,
}

/// Consecutive pairs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Stored pairs before it.
    pub(super) before: usize,
    /// Its own that are stored.
    pub(super) pairs: usize,
    /// Which pattern of constants it has.
    pub(super) pattern: usize,
}

/// The shapes of all tables over at most so many variables.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shapes(Vec<Shape>);

impl std::ops::Index<usize> for Shapes {
    type Output = Shape;

    fn index(&self, num_vars: usize) -> &Shape {
        &self.0[num_vars]
    }
}

impl Shapes {
    /// Those of tables over `num_vars` variables and fewer; `constants` are those of twice as many entries, in order.
    pub(super) fn new(num_vars: usize, constants: &[Constant]) -> Self {
        let mut halved = halve(&align(constants, 2 << num_vars));
        let mut shapes: Vec<Shape> = (0..=num_vars)
            .rev()
            .map(|num_vars| {
                let shape = Shape::new(num_vars, &halved);
                halved = halve(&shape.constants);
                shape
            })
            .collect();
        shapes.reverse();
        Self(shapes)
    }
}

impl Shape {
    fn new(num_vars: usize, halved: &[Constant]) -> Self {
        let entries = 1 << num_vars;
        // Tables of one chunk are stored as a whole.
        let constants = if entries <= 2 * CHUNK { vec![] } else { align(halved, entries) };
        let stored = entries - constants.iter().map(|run| run.end - run.first).sum::<usize>();
        let mut shape = Self {
            entries,
            insertions: insertions(halved, &constants, entries),
            constants,
            stored,
            chunks: vec![],
            patterns: vec![],
        };
        shape.cut(entries / 2);
        shape
    }

    /// Cuts all pairs into chunks.
    fn cut(&mut self, pairs: usize) {
        let mut rest = self.constants.as_slice();
        let (mut before, mut found) = (0, vec![]);
        for first in (0..pairs).step_by(CHUNK) {
            let end = pairs.min(first + CHUNK);
            found.clear();
            while let [run, behind @ ..] = rest {
                let (from, to) = ((run.first / 2).max(first), (run.end / 2).min(end));
                if from < to {
                    found.push(Constant { first: from - first, end: to - first, id: run.id });
                }
                if run.end / 2 > end {
                    break;
                }
                rest = behind;
            }
            let constant: usize = found.iter().map(|run| run.end - run.first).sum();
            let pattern = self.patterns.iter().rposition(|pattern| *pattern == found).unwrap_or_else(|| {
                self.patterns.push(found.clone());
                self.patterns.len() - 1
            });
            let pairs = end - first - constant;
            self.chunks.push(Chunk { before, pairs, pattern });
            before += pairs;
        }
    }

    /// A chunk's stored runs of pairs.
    pub(super) fn stored_pairs(&self, chunk: usize) -> impl Iterator<Item = Range<usize>> + '_ {
        let first = chunk * CHUNK;
        let pairs = CHUNK.min(self.entries / 2 - first);
        let constants = &self.patterns[self.chunks[chunk].pattern];
        let starts = std::iter::once(0).chain(constants.iter().map(|run| run.end));
        let ends = constants.iter().map(|run| run.first).chain(std::iter::once(pairs));
        starts.zip(ends).filter(|(from, to)| from < to).map(move |(from, to)| first + from..first + to)
    }
}

/// Half as many entries, each a pair of these.
fn halve(constants: &[Constant]) -> Vec<Constant> {
    constants.iter().map(|run| Constant { first: run.first / 2, end: run.end / 2, ..*run }).collect()
}

/// Shortens constants so that what lies between them begins and ends at even entries, where it is long at multiples of a
/// power of two, so that it stays so when it is halved.
fn align(constants: &[Constant], entries: usize) -> Vec<Constant> {
    let granule = |stored: usize| (stored / 8).checked_ilog2().map_or(2, |bits| 1_usize << bits.max(1));
    let mut aligned: Vec<Constant> = Vec::with_capacity(constants.len());
    let mut before = 0;
    for (i, run) in constants.iter().enumerate() {
        let next = constants.get(i + 1).map_or(entries, |next| next.first);
        let [first, last] = [run.first - before, next - run.end].map(granule);
        let (first, end) = (run.first.next_multiple_of(first), run.end / last * last);
        if first < end {
            aligned.push(Constant { first, end, id: run.id });
        }
        before = run.end;
    }
    aligned
}

/// How tables of `entries` entries whose constants are `from` become tables whose constants are parts of these.
fn insertions(from: &[Constant], to: &[Constant], entries: usize) -> Vec<Insertion> {
    let mut insertions: Vec<Insertion> = vec![];
    if from == to {
        return insertions;
    }
    let (mut at, mut copied) = (0, 0);
    let mut kept = to.iter().peekable();
    let mut write = |copied: &mut usize, written: usize, id: usize| {
        if written > 0 {
            insertions.push(Insertion { copied: std::mem::take(copied), written, id });
        }
    };
    for run in from {
        copied += run.first - at;
        at = run.end;
        match kept.next_if(|kept| kept.end <= run.end) {
            Some(kept) => {
                write(&mut copied, kept.first - run.first, run.id);
                write(&mut copied, run.end - kept.end, run.id);
            }
            None => write(&mut copied, run.end - run.first, run.id),
        }
    }
    copied += entries - at;
    insertions.push(Insertion { copied, written: 0, id: 0 });
    insertions
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All entries by what they are.
    fn entries(constants: &[Constant], entries: usize) -> Vec<Option<usize>> {
        let mut all = vec![None; entries];
        for run in constants {
            all[run.first..run.end].fill(Some(run.id));
        }
        all
    }

    fn run(first: usize, end: usize, id: usize) -> Constant {
        Constant { first, end, id }
    }

    #[test]
    fn what_is_constant_is_a_pair_of_equal_constants() {
        const VARS: usize = 15;
        let rows = (0..900).map(|i| run(32 * i + 25 + i % 7, 32 * i + 32, i / 300));
        let rest = [run(30_000, 30_001, 3), run(30_001, 30_007, 4), run(30_700, 2 << VARS, 5)];
        let constants: Vec<Constant> = rows.chain(rest).collect();
        let shapes = Shapes::new(VARS, &constants);
        let mut above = entries(&constants, 2 << VARS);
        let mut saved = 0;
        for num_vars in (0..=VARS).rev() {
            let shape = &shapes[num_vars];
            let own = entries(&shape.constants, 1 << num_vars);
            for (pair, own) in above.as_chunks::<2>().0.iter().zip(&own) {
                assert!(own.is_none() || *pair == [*own; 2], "{num_vars} variables");
            }
            assert_eq!(shape.stored, own.iter().filter(|entry| entry.is_none()).count());
            let pairs: usize = shape.chunks.iter().map(|chunk| chunk.pairs).sum();
            assert_eq!(pairs, if num_vars == 0 { 0 } else { shape.stored / 2 });
            for (chunk, entries) in own.chunks(2 * CHUNK).enumerate().filter(|_| num_vars > 0) {
                let mut stored = vec![false; entries.len() / 2];
                for run in shape.stored_pairs(chunk) {
                    stored[run.start - chunk * CHUNK..run.end - chunk * CHUNK].fill(true);
                }
                let expected: Vec<bool> =
                    entries.as_chunks::<2>().0.iter().map(|pair| pair[0].is_none()).collect();
                assert_eq!(stored, expected);
            }
            saved += own.len() - shape.stored;
            above = own;
        }
        assert!(saved > 1 << VARS, "{saved} entries saved");
    }

    #[test]
    fn insertions_lead_from_one_shape_to_the_next() {
        const VARS: usize = 14;
        let constants: Vec<Constant> =
            (0..400).map(|i| run(64 * i + 50 + i % 5, 64 * i + 64, i % 3)).collect();
        let shapes = Shapes::new(VARS, &constants);
        for num_vars in 0..VARS {
            let from = entries(&halve(&shapes[num_vars + 1].constants), 1 << num_vars);
            let to = entries(&shapes[num_vars].constants, 1 << num_vars);
            // A stored entry by its index, a constant by its number behind all of these.
            let value = |(i, entry): (usize, &Option<usize>)| entry.map_or(i, |id| (2 << VARS) + id);
            let stored: Vec<usize> =
                from.iter().enumerate().filter(|(_, entry)| entry.is_none()).map(value).collect();
            let expected: Vec<usize> = from
                .iter()
                .enumerate()
                .zip(&to)
                .filter(|(_, to)| to.is_none())
                .map(|(entry, _)| value(entry))
                .collect();
            let (mut inserted, mut rest) = (vec![], stored.as_slice());
            for insertion in &shapes[num_vars].insertions {
                let (now, behind) = rest.split_at(insertion.copied);
                inserted.extend_from_slice(now);
                inserted.extend(std::iter::repeat_n((2 << VARS) + insertion.id, insertion.written));
                rest = behind;
            }
            if shapes[num_vars].insertions.is_empty() {
                inserted = stored;
            }
            assert_eq!(inserted, expected, "{num_vars} variables");
        }
    }
}
