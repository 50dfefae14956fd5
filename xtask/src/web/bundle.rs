//! Puts parts of the program that are needed together into one file: a page needs hundreds of parts, and each request costs more than
//! most of them weigh.
//!
//! A bundle is a WASM module that does nothing: each of its custom sections is a part, under its name.

use std::collections::{BTreeMap, BTreeSet};

/// What one request may cost, as a part of the whole program: so much that a page does not need is loaded to save it.
const REQUEST: f64 = 1.0 / 250.0;
/// Magic number and version of a WASM module.
const HEAD: [u8; 8] = *b"\0asm\x01\0\0\0";

/// Files by name, and where everything is.
pub(super) struct Bundles {
    /// By name without suffix.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// The bundle of each part.
    pub(super) of: BTreeMap<String, String>,
}

/// Parts that every page of `pages` loads, if it loads one.
struct Group {
    pages: BTreeSet<usize>,
    parts: Vec<String>,
    size: f64,
}

impl Group {
    /// What is saved where both are one file: requests, less what pages load in vain. Both in bytes.
    fn gain(&self, other: &Self, request: f64) -> f64 {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let both = count(self.pages.intersection(&other.pages).count());
        let only_here = count(self.pages.len()) - both;
        let only_there = count(other.pages.len()) - both;
        both * request - only_here * other.size - only_there * self.size
    }

    fn take(&mut self, other: Self) {
        self.pages.extend(other.pages);
        self.parts.extend(other.parts);
        self.size += other.size;
    }
}

/// Bundles `parts`, of which `needed` says which page needs which.
pub(super) fn bundle(
    parts: &BTreeMap<String, Vec<u8>>,
    needed: &BTreeMap<String, Vec<String>>,
) -> Bundles {
    let groups = merged(groups(parts, needed));
    let mut bundles = Bundles {
        files: BTreeMap::new(),
        of: BTreeMap::new(),
    };
    for (number, mut group) in groups.into_iter().enumerate() {
        let name = format!("parts_{number}");
        group.parts.sort();
        let mut file = HEAD.to_vec();
        for part in group.parts {
            push_section(
                &mut file,
                &part,
                parts.get(&part).map_or(&[], Vec::as_slice),
            );
            bundles.of.insert(part, name.clone());
        }
        bundles.files.insert(name, file);
    }
    bundles
}

/// Parts that the same pages need.
fn groups(parts: &BTreeMap<String, Vec<u8>>, needed: &BTreeMap<String, Vec<String>>) -> Vec<Group> {
    let mut by_pages: BTreeMap<BTreeSet<usize>, Group> = BTreeMap::new();
    for (name, content) in parts {
        let needing = needed.values().enumerate();
        let needing = needing.filter(|(_, all)| all.contains(name));
        let pages: BTreeSet<usize> = needing.map(|(page, _)| page).collect();
        let group = by_pages.entry(pages.clone()).or_insert_with(|| Group {
            pages,
            parts: Vec::new(),
            size: 0.0,
        });
        group.parts.push(name.clone());
        group.size += f64::from(u32::try_from(content.len()).unwrap_or(u32::MAX));
    }
    by_pages.into_values().collect()
}

/// Merges the two that gain most by it, until nothing is gained.
fn merged(mut groups: Vec<Group>) -> Vec<Group> {
    let whole: f64 = groups.iter().map(|group| group.size).sum();
    let request = whole * REQUEST;
    loop {
        let mut best = (0.0, 0, 0);
        for (left, one) in groups.iter().enumerate() {
            for (right, other) in groups.iter().enumerate().skip(left + 1) {
                let gain = one.gain(other, request);
                if gain > best.0 {
                    best = (gain, left, right);
                }
            }
        }
        let (gain, left, right) = best;
        if gain <= 0.0 {
            return groups;
        }
        // `right` is behind `left`, so that stays where it is.
        let other = groups.remove(right);
        if let Some(one) = groups.get_mut(left) {
            one.take(other);
        }
    }
}

/// WebAssembly core specification, binary format, custom section.
fn push_section(file: &mut Vec<u8>, name: &str, content: &[u8]) {
    let length = leb128(name.len());
    file.push(0);
    file.extend(leb128(length.len() + name.len() + content.len()));
    file.extend(length);
    file.extend(name.as_bytes());
    file.extend(content);
}

fn leb128(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(parts: &[(&str, usize)], needed: &[(&str, &[&str])], expected: &[&[&str]]) {
        let parts = parts.iter();
        let parts = parts.map(|(name, size)| ((*name).to_owned(), vec![7; *size]));
        let parts: BTreeMap<_, _> = parts.collect();
        let owned = |all: &[&str]| all.iter().map(|part| (*part).to_owned()).collect();
        let needed = needed.iter();
        let needed = needed.map(|(page, all)| ((*page).to_owned(), owned(all)));
        let bundles = bundle(&parts, &needed.collect());
        let mut found: BTreeMap<&String, BTreeSet<&str>> = BTreeMap::new();
        for (part, file) in &bundles.of {
            found.entry(file).or_default().insert(part);
        }
        let found: BTreeSet<_> = found.into_values().collect();
        let expected = expected.iter().map(|all| all.iter().copied().collect());
        assert_eq!(found, expected.collect());
        assert_eq!(bundles.of.len(), parts.len(), "every part is somewhere");
    }

    #[test]
    fn what_is_needed_together_is_one_file() {
        check(
            &[("a", 900), ("b", 900), ("c", 1)],
            &[("one", &["a", "c"]), ("two", &["b", "c"])],
            &[&["a"], &["b"], &["c"]],
        );
        check(
            &[("a", 900), ("b", 900), ("c", 5)],
            &[("one", &["a", "c"]), ("two", &["a", "b"])],
            &[&["a", "c"], &["b"]],
        );
        check(
            &[("a", 5), ("b", 9)],
            &[("one", &["a", "b"])],
            &[&["a", "b"]],
        );
    }

    #[test]
    fn a_bundle_is_a_module_of_custom_sections() {
        let parts = BTreeMap::from([("a".to_owned(), vec![7; 200])]);
        let needed = BTreeMap::from([("one".to_owned(), vec!["a".to_owned()])]);
        let bundles = bundle(&parts, &needed);
        let file = &bundles.files["parts_0"];
        let mut expected = HEAD.to_vec();
        // A section of 202 bytes: the length of the name, the name, the part.
        expected.extend([0, 0xca, 0x01, 1, b'a']);
        expected.extend([7; 200]);
        assert_eq!(*file, expected);
    }
}
