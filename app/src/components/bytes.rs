//! Amounts of data for people.

/// `640 kB`, `12.3 MB`, `1.4 GB`: decimal, as registries and disks count.
#[must_use]
pub fn bytes(count: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    for (unit, size) in UNITS {
        if count >= size {
            let tenths = u128::from(count) * 10 / u128::from(size);
            return if tenths >= 1000 || unit == "kB" {
                format!("{} {unit}", tenths / 10)
            } else {
                format!("{}.{} {unit}", tenths / 10, tenths % 10)
            };
        }
    }
    format!("{count} B")
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn three_digits_are_enough() {
        for (count, expected) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 kB"),
            (640_900, "640 kB"),
            (12_345_678, "12.3 MB"),
            (123_456_789, "123 MB"),
            (1_440_000_000, "1.4 GB"),
        ] {
            assert_eq!(bytes(count), expected);
        }
    }
}
