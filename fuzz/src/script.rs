//! A target's bytes read as a list of instructions. What is behind the end reads as zero.

/// Bytes not read yet.
pub(crate) struct Script<'a> {
    rest: &'a [u8],
}

impl<'a> Script<'a> {
    pub(crate) const fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// Whether bytes are left.
    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        byte
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        [(); N].map(|()| self.byte())
    }

    /// A number of any size, small ones in few bytes.
    pub(crate) fn number(&mut self) -> u64 {
        match self.byte() {
            small @ 0..=247 => u64::from(small),
            248 | 249 => u64::from(u16::from_le_bytes(self.bytes())),
            250 | 251 => u64::from(u32::from_le_bytes(self.bytes())),
            252 => u64::from_le_bytes(self.bytes()),
            253 => 1 << (self.byte() % 64),
            254 => (1 << (self.byte() % 64)) - 1,
            255 => u64::MAX,
        }
    }

    /// A position in a list of `length`; zero for an empty one.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        let number =
            if length <= 248 { u64::from(self.byte()) } else { u64::from(u16::from_le_bytes(self.bytes())) };
        (number % (length as u64).max(1)) as usize
    }

    /// A scalar's bytes: the first eight are read, the others are a mixture of them.
    pub(crate) fn word(&mut self) -> [u8; 32] {
        let mut state = u64::from_le_bytes(self.bytes());
        let mut word = [0; 32];
        for chunk in word.chunks_exact_mut(8) {
            chunk.copy_from_slice(&state.to_le_bytes());
            state = mix(state);
        }
        word[31] &= 0x1f;
        word
    }
}

/// The next state of a generator (splitmix64).
pub(crate) const fn mix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
