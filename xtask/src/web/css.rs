//! One style sheet from many files: `main.css` imports the others in the order that counts.

use std::{fs, path::Path};

use anyhow::{Context as _, anyhow, bail};
use lightningcss::{
    printer::PrinterOptions,
    stylesheet::{MinifyOptions, ParserOptions, StyleSheet},
    targets::{Browsers, Targets},
};

/// Browsers of 2024 and later; older syntax is written for no one.
const BROWSERS: Browsers = Browsers {
    android: None,
    chrome: Some(120 << 16),
    edge: Some(120 << 16),
    firefox: Some(121 << 16),
    ie: None,
    ios_saf: Some(17 << 16),
    opera: None,
    safari: Some(17 << 16),
    samsung: None,
};

/// Reads `entry` and everything it imports, in order, and makes it small.
pub(super) fn bundle(folder: &Path, entry: &str) -> anyhow::Result<String> {
    let source = join(entry, &mut |name| {
        fs::read_to_string(folder.join(name)).with_context(|| format!("cannot read style/{name}"))
    })?;
    // Positions count from the start of the joined text; the file is found by its content.
    let refuse = |what: String| anyhow!("the style sheet is not valid CSS: {what}");
    let options = ParserOptions {
        filename: entry.to_owned(),
        ..ParserOptions::default()
    };
    let mut sheet =
        StyleSheet::parse(&source, options).map_err(|error| refuse(error.to_string()))?;
    let targets = Targets::from(BROWSERS);
    sheet
        .minify(MinifyOptions {
            targets,
            ..MinifyOptions::default()
        })
        .map_err(|error| refuse(error.to_string()))?;
    let printed = sheet
        .to_css(PrinterOptions {
            minify: true,
            targets,
            ..PrinterOptions::default()
        })
        .map_err(|error| refuse(error.to_string()))?;
    Ok(printed.code)
}

/// Replaces each `@import "file.css" [layer(name)];` line by the file's own text.
fn join(
    name: &str,
    read: &mut impl FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<String> {
    let mut text = String::new();
    for line in read(name)?.lines() {
        let Some(import) = line.trim_start().strip_prefix("@import") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let (file, layer) = parse_import(import)
            .with_context(|| format!("style/{name}: cannot read `{}`", line.trim()))?;
        if file.contains("..") || file.starts_with('/') {
            bail!("style/{name}: `{file}` lies outside of the folder");
        }
        let imported = join(file, read)?;
        match layer {
            Some(layer) => text.push_str(&format!("@layer {layer} {{\n{imported}}}\n")),
            None => text.push_str(&imported),
        }
    }
    Ok(text)
}

/// Reads ` "file.css" layer(name);` after `@import`.
fn parse_import(import: &str) -> Option<(&str, Option<&str>)> {
    let (file, rest) = import.trim().strip_prefix('"')?.split_once('"')?;
    let rest = rest.trim().strip_suffix(';')?.trim();
    if rest.is_empty() {
        return Some((file, None));
    }
    let layer = rest.strip_prefix("layer(")?.strip_suffix(')')?;
    Some((file, Some(layer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(files: &[(&str, &str)]) -> anyhow::Result<String> {
        join("main.css", &mut |name| {
            files
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, text)| (*text).to_owned())
                .with_context(|| format!("no {name}"))
        })
    }

    #[test]
    fn imports_are_replaced_in_order() {
        let files = [
            (
                "main.css",
                "@layer a, b;\n@import \"a.css\" layer(a);\n@import \"b.css\";\n",
            ),
            ("a.css", "p { top: 0 }\n"),
            ("b.css", "b { top: 1px }\n"),
        ];
        let expected = "@layer a, b;\n@layer a {\np { top: 0 }\n}\nb { top: 1px }\n";
        assert_eq!(joined(&files).unwrap(), expected);
    }

    #[test]
    fn what_cannot_be_imported_is_said() {
        for bad in [
            "@import url(x.css);",
            "@import \"missing.css\";",
            "@import \"../x.css\";",
        ] {
            assert!(joined(&[("main.css", bad)]).is_err(), "{bad}");
        }
    }
}
