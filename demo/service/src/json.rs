//! Just enough JSON to write answers: a quoted, escaped string.

/// `text` as a JSON string, quotes included.
pub(crate) fn string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control < ' ' => quoted.push_str(&format!("\\u{:04x}", control as u32)),
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_control_characters_are_escaped() {
        assert_eq!(string("plain ü"), "\"plain ü\"");
        assert_eq!(
            string("a\"b\\c\n\r\t\u{1}"),
            "\"a\\\"b\\\\c\\n\\r\\t\\u0001\""
        );
    }
}
