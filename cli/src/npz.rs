//! `.npz` files: arrays under names, as a ZIP archive of `.npy` files that are stored as they are.
//!
//! `numpy.savez` writes them so; what `numpy.savez_compressed` writes is refused. The list of members is the archive's
//! central directory, behind the members: per member its name, checksum, size and the place of its header.
//!
//! It is read here rather than by a library because libraries keep one of several members of one name and say nothing: which
//! array a statement is about would depend on who reads the file. A name that is there twice is refused.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};

const MEMBER: [u8; 4] = *b"PK\x03\x04";
const DIRECTORY: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
/// Bytes of the end of the directory without its comment, and of the longest comment.
const END_BYTES: usize = 22;
const MAX_COMMENT: usize = 1 << 16;
/// What a size says that needs more than four bytes.
const TOO_LARGE: u32 = u32::MAX;

const DAMAGED: &str = "the archive is damaged: write it again with `numpy.savez(path, NAME=array)`";

/// An array of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member<'a> {
    /// Its name, without `.npy`.
    pub name: String,
    /// The bytes of its `.npy` file.
    pub bytes: &'a [u8],
}

/// Whether bytes begin as an archive's do.
pub fn is_npz(bytes: &[u8]) -> bool {
    bytes.starts_with(&MEMBER) || bytes.starts_with(&END)
}

/// The arrays of an archive, in order, each name once.
pub fn members(bytes: &[u8]) -> Result<Vec<Member<'_>>> {
    let mut members = vec![];
    let mut names = BTreeSet::new();
    let end = end_of_directory(bytes).context(DAMAGED)?;
    let count = usize::from(short(bytes, end + 10).context(DAMAGED)?);
    let mut at = long(bytes, end + 16).context(DAMAGED)? as usize;
    for _ in 0..count {
        let member = member(bytes, at)?;
        if !names.insert(member.name.clone()) {
            bail!("the archive holds `{}` twice: give it once", member.name);
        }
        members.push(member);
        let lengths = [28, 30, 32].map(|field| short(bytes, at.saturating_add(field)).map(usize::from));
        let [Some(name), Some(extra), Some(comment)] = lengths else { bail!(DAMAGED) };
        at = at.saturating_add(46 + name + extra + comment);
    }
    if at != end {
        bail!(DAMAGED);
    }
    Ok(members)
}

/// The member that an entry of the directory tells of.
fn member(bytes: &[u8], at: usize) -> Result<Member<'_>> {
    if bytes.get(at..at.saturating_add(4)) != Some(&DIRECTORY) {
        bail!(DAMAGED);
    }
    let field = |offset: usize| long(bytes, at.saturating_add(offset)).context(DAMAGED);
    let name_bytes = usize::from(short(bytes, at.saturating_add(28)).context(DAMAGED)?);
    let name = bytes.get(at + 46..at + 46 + name_bytes).context(DAMAGED)?;
    let file =
        str::from_utf8(name).ok().context("a name in the archive is not UTF-8: give it another one")?;
    let Some(name) = file.strip_suffix(".npy") else {
        bail!("the archive holds `{}`, which is no `.npy` file: leave it out", file.escape_debug());
    };
    if short(bytes, at.saturating_add(8)).context(DAMAGED)? & 1 == 1 {
        bail!("array `{}` is encrypted: save it without a password", name.escape_debug());
    }
    if short(bytes, at.saturating_add(10)).context(DAMAGED)? != 0 {
        bail!(
            "array `{}` is compressed: save it with `numpy.savez`, which does not compress",
            name.escape_debug()
        );
    }
    let (crc, stored, size, header) = (field(16)?, field(20)?, field(24)?, field(42)?);
    if [stored, size, header].contains(&TOO_LARGE) {
        bail!("array `{}` takes four gigabytes or more: give it as a `.npy` file", name.escape_debug());
    }
    let content = content(bytes, header as usize, stored as usize);
    let content = content.filter(|content| stored == size && checksum(content) == crc).context(DAMAGED)?;
    Ok(Member { name: name.to_owned(), bytes: content })
}

/// The bytes behind a member's own header.
fn content(bytes: &[u8], header: usize, size: usize) -> Option<&[u8]> {
    let rest = bytes.get(header..)?;
    if !rest.starts_with(&MEMBER) {
        return None;
    }
    let start = 30 + usize::from(short(rest, 26)?) + usize::from(short(rest, 28)?);
    rest.get(start..start.checked_add(size)?)
}

/// Where the end of the directory begins: the last place that looks like one and reaches to the end of the file.
fn end_of_directory(bytes: &[u8]) -> Option<usize> {
    let last = bytes.len().checked_sub(END_BYTES)?;
    let first = last.saturating_sub(MAX_COMMENT);
    (first..=last).rev().find(|&at| {
        let comment = short(bytes, at + 20).map(usize::from);
        bytes.get(at..at + 4) == Some(&END) && comment == Some(last - at)
    })
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The bytes of an archive of `.npy` files under these names; the same for the same arrays.
pub fn to_bytes(members: &[(&str, Vec<u8>)]) -> Result<Vec<u8>> {
    let (mut bytes, mut directory) = (vec![], vec![]);
    for (name, content) in members {
        if members.iter().filter(|(other, _)| other == name).count() > 1 {
            bail!("two arrays are called `{name}`, of which an archive can hold one");
        }
        let name = format!("{name}.npy");
        let name_bytes = u16::try_from(name.len()).context("a name is too long for an archive")?;
        let size = |count: usize| {
            let size = u32::try_from(count).ok().filter(|&size| size != TOO_LARGE);
            size.context("an archive holds less than four gigabytes: write `.npy` files one by one")
        };
        let (offset, length) = (size(bytes.len())?, size(content.len())?);
        // Version 2.0, names in UTF-8, stored, the first of January 1980.
        let mut header: Vec<u8> = [20_u16, 0x0800, 0, 0, 0x21].iter().flat_map(|x| x.to_le_bytes()).collect();
        header.extend([checksum(content), length, length].iter().flat_map(|x| x.to_le_bytes()));
        header.extend(name_bytes.to_le_bytes());
        header.extend([0; 2]);
        bytes.extend(MEMBER);
        bytes.extend(&header);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
        directory.extend(DIRECTORY);
        directory.extend(20_u16.to_le_bytes());
        directory.extend(&header);
        // No comment, first disk, no attributes.
        directory.extend([0; 10]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = u16::try_from(members.len()).context("an archive holds at most 65,535 arrays")?;
    let sizes = [directory.len(), bytes.len()].map(u32::try_from);
    let [Ok(size), Ok(offset)] = sizes else { bail!("an archive holds less than four gigabytes") };
    bytes.extend(directory);
    bytes.extend(END);
    bytes.extend([0; 4]);
    bytes.extend([count, count].iter().flat_map(|x| x.to_le_bytes()));
    bytes.extend([size, offset].iter().flat_map(|x| x.to_le_bytes()));
    bytes.extend([0; 2]);
    Ok(bytes)
}

/// The checksum CRC-32 of ZIP archives.
fn checksum(bytes: &[u8]) -> u32 {
    const TABLE: [u32; 256] = table();
    !bytes.iter().fold(!0, |crc, &byte| TABLE[(crc as u8 ^ byte) as usize] ^ crc >> 8)
}

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = index as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { 0xedb8_8320 ^ crc >> 1 } else { crc >> 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Vec<u8> {
        to_bytes(&[("a", b"first".to_vec()), ("b/ä", vec![]), ("c", vec![7; 300])]).unwrap()
    }

    fn error(bytes: &[u8]) -> String {
        format!("{:#}", members(bytes).unwrap_err())
    }

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn archives_read_back() {
        let bytes = archive();
        assert!(is_npz(&bytes));
        let read = members(&bytes).unwrap();
        let names: Vec<_> = read.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["a", "b/ä", "c"]);
        assert_eq!((read[0].bytes, read[1].bytes.len(), read[2].bytes), (&b"first"[..], 0, &[7; 300][..]));
        assert_eq!(members(&to_bytes(&[]).unwrap()).unwrap(), []);
        // A comment may follow.
        let mut commented = archive();
        let end = commented.len();
        commented[end - 2] = 3;
        commented.extend(b"PK!");
        assert_eq!(members(&commented).unwrap().len(), 3);
    }

    #[test]
    fn damaged_archives_are_refused_and_never_panic() {
        let whole = archive();
        for length in 0..whole.len() {
            assert_eq!(error(&whole[..length]), DAMAGED, "{length} bytes");
        }
        for at in 0..whole.len() {
            for flip in [1, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                // What is not looked at changes nothing; what is, no content.
                if let Ok(read) = members(&bytes) {
                    assert!(
                        read.iter().map(|member| member.bytes).eq([&b"first"[..], &[], &[7; 300]]),
                        "byte {at}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_not_stored_as_it_is_is_refused() {
        let mut bytes = archive();
        let entry = bytes.windows(4).position(|window| window == DIRECTORY).unwrap();
        bytes[entry + 10] = 8;
        assert!(error(&bytes).contains("`a` is compressed"), "{}", error(&bytes));
        bytes[entry + 8] |= 1;
        assert!(error(&bytes).contains("`a` is encrypted"), "{}", error(&bytes));
        let other =
            archive().into_iter().map(|byte| if byte == b'y' { b'x' } else { byte }).collect::<Vec<_>>();
        assert!(error(&other).contains("`a.npx`"), "{}", error(&other));
        assert!(
            format!("{:#}", to_bytes(&[("a", vec![]), ("a", vec![])]).unwrap_err()).contains("two arrays")
        );
    }
}
