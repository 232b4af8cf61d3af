//! Inputs made of seeds: a poor man's fuzzer, for where none is at hand.

use crate::Random;

/// The most that a mutated input has, in bytes.
pub const INPUT_BYTES_MAX: usize = 4096;

/// Bytes near which decisions are made: ends of ranges, lengths, separators.
const BORDERS: &[u8] =
    b"\x00\x01\x7d\x7e\x7f\x80\x81\x82\x88\x89\xc1\xed\xf4\xfe\xff\r\n\t ,;=\"\\/%{}:.";

/// The most changes to one input.
const CHANGES_MAX: usize = 6;

/// One of the seeds with a few changes, of which some put in pieces of others.
///
/// # Panics
/// Where there are no seeds.
#[must_use]
pub fn mutate(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut input = seeds[random.below(seeds.len())].clone();
    for _ in 0..=random.below(CHANGES_MAX) {
        change(&mut input, seeds, random);
    }
    input.truncate(INPUT_BYTES_MAX);
    input
}

fn change(input: &mut Vec<u8>, seeds: &[Vec<u8>], random: &mut Random) {
    let at = random.below(input.len());
    let border = BORDERS[random.below(BORDERS.len())];
    let end = at + random.few_of(input.len() - at);
    match random.below(8) {
        0 => input.truncate(at),
        1 => input.insert(at, border),
        2 => drop(input.drain(at..end)),
        3 => {
            let again = input[at..end].to_vec();
            let to = random.below(input.len() + 1);
            input.splice(to..to, again);
        }
        4 => {
            let other = &seeds[random.below(seeds.len())];
            let from = random.below(other.len());
            let to = from + random.few_of(other.len() - from);
            input.splice(at..end, other[from..to].iter().copied());
        }
        kind => {
            if let Some(byte) = input.get_mut(at) {
                *byte = match kind {
                    5 => *byte ^ 1 << random.below(8),
                    6 => border,
                    _ => random.below(256) as u8,
                };
            }
        }
    }
}
