//! YAML as a tree in which every node knows its file, line, column and path, so that every complaint can point.
//!
//! One document, YAML 1.2 core schema, plus the merge key `<<` and the tags `!reset` and `!override` of Compose. Bounded in size, depth and
//! nodes: an alias costs as many nodes as it stands for, so a bomb is refused before it unfolds.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use domain::product::{Problem, Severity};
use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, StrInput};
use serde_json::{Map, Number, Value};

/// Largest file that is read.
pub(super) const MAX_BYTES: usize = 1024 * 1024;
/// Most nodes of one document, aliases unfolded.
pub(super) const MAX_NODES: usize = 100_000;
/// Deepest nesting.
pub(super) const MAX_DEPTH: usize = 64;
/// Most items of one list or entries of one mapping: what follows may compare each with each.
const MAX_ITEMS: usize = 10_000;
/// Longest key of a mapping, in bytes.
const MAX_KEY: usize = 1024;

/// Where a node was written.
#[derive(Debug, Clone)]
pub struct Place {
    /// Path below the source.
    pub file: Arc<str>,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// Path inside the document.
    pub field: Field,
}

impl Place {
    /// A problem here.
    #[must_use]
    pub fn problem(
        &self,
        severity: Severity,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Problem {
        let hint = hint.into();
        Problem {
            severity,
            file: self.file.to_string(),
            line: Some(self.line),
            column: Some(self.column),
            field: bounded(self.field.to_string()),
            message: bounded(message.into()),
            hint: (!hint.is_empty()).then_some(hint),
        }
    }

    /// An error here.
    #[must_use]
    pub fn error(&self, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        self.problem(Severity::Error, message, hint)
    }

    /// A warning here.
    #[must_use]
    pub fn warning(&self, message: impl Into<String>, hint: impl Into<String>) -> Problem {
        self.problem(Severity::Warning, message, hint)
    }
}

/// A path inside a document: shared steps, so that a hundred thousand nodes do not hold a hundred thousand texts.
#[derive(Debug, Clone, Default)]
pub struct Field(Option<Arc<(Self, Step)>>);

#[derive(Debug)]
enum Step {
    Key(String),
    Index(usize),
}

impl Field {
    /// The path of a mapping's value.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        Self(Some(Arc::new((self.clone(), Step::Key(key.to_owned())))))
    }

    fn index(&self, index: usize) -> Self {
        Self(Some(Arc::new((self.clone(), Step::Index(index)))))
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(step) = &self.0 else { return Ok(()) };
        let (parent, step) = step.as_ref();
        parent.fmt(f)?;
        match step {
            Step::Key(key) if parent.0.is_some() => write!(f, ".{key}"),
            Step::Key(key) => f.write_str(key),
            Step::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// What a tag asks of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum MergeTag {
    /// Nothing.
    #[default]
    None,
    /// `!reset`: what stood here before goes.
    Reset,
    /// `!override`: what stood here before is replaced, not merged.
    Override,
}

/// A node with its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where it was written.
    pub place: Place,
    /// `!reset`, `!override` or nothing.
    pub tag: MergeTag,
    /// What it is.
    pub data: Data,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum Data {
    /// Text and what the core schema makes of it.
    Scalar(String, Scalar),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in file order, without duplicates.
    Map(Vec<Entry>),
}

/// What the core schema makes of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Null,
    Bool,
    Int,
    Float,
    Text,
}

/// One entry of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// The key; scalars of every kind are taken as text.
    pub key: String,
    /// Where the key was written.
    pub place: Place,
    /// Its value.
    pub value: Node,
}

impl Node {
    /// A node of text at another's place.
    #[must_use]
    pub(super) fn text_at(place: &Place, text: impl Into<String>) -> Self {
        Self::scalar_at(place, text, Scalar::Text)
    }

    /// A node of a kind at another's place.
    #[must_use]
    pub(super) fn scalar_at(place: &Place, text: impl Into<String>, kind: Scalar) -> Self {
        Self::at(place, Data::Scalar(text.into(), kind))
    }

    /// A node at another's place.
    #[must_use]
    pub(super) fn at(place: &Place, data: Data) -> Self {
        Self {
            place: place.clone(),
            tag: MergeTag::None,
            data,
        }
    }

    /// An empty mapping at another's place.
    #[must_use]
    pub(super) fn map_at(place: &Place) -> Self {
        Self::at(place, Data::Map(Vec::new()))
    }

    /// The value of a key; nothing for `null` and for what is no mapping.
    #[must_use]
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key)
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }

    /// The entry of a key, `null` or not.
    #[must_use]
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value of a key, to be changed.
    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        match &mut self.data {
            Data::Map(entries) => entries
                .iter_mut()
                .find(|entry| entry.key == key)
                .map(|entry| &mut entry.value),
            _ => None,
        }
    }

    /// Sets or replaces the value of a key of a mapping.
    pub(super) fn set(&mut self, key: &str, value: Self) {
        if let Data::Map(entries) = &mut self.data {
            match entries.iter_mut().find(|entry| entry.key == key) {
                Some(entry) => entry.value = value,
                None => entries.push(Entry {
                    key: key.to_owned(),
                    place: value.place.clone(),
                    value,
                }),
            }
        }
    }

    /// Removes a key of a mapping and returns its value.
    pub(super) fn remove(&mut self, key: &str) -> Option<Self> {
        match &mut self.data {
            Data::Map(entries) => {
                let index = entries.iter().position(|entry| entry.key == key)?;
                Some(entries.remove(index).value)
            }
            _ => None,
        }
    }

    /// The entries of a mapping; none for anything else.
    #[must_use]
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none for anything else.
    #[must_use]
    pub(super) fn items(&self) -> &[Self] {
        match &self.data {
            Data::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a scalar that is not `null`.
    #[must_use]
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar(_, Scalar::Null) => None,
            Data::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    /// Whether it is `null`.
    #[must_use]
    pub(super) const fn is_null(&self) -> bool {
        matches!(self.data, Data::Scalar(_, Scalar::Null))
    }

    /// Whether it is a mapping.
    #[must_use]
    pub(super) const fn is_map(&self) -> bool {
        matches!(self.data, Data::Map(_))
    }

    /// Whether it is a sequence.
    #[must_use]
    pub(super) const fn is_list(&self) -> bool {
        matches!(self.data, Data::List(_))
    }

    /// `a mapping`, `a list`, `text`, ….
    #[must_use]
    pub(super) const fn what(&self) -> &'static str {
        match &self.data {
            Data::Map(_) => "a mapping",
            Data::List(_) => "a list",
            Data::Scalar(_, Scalar::Null) => "nothing",
            Data::Scalar(_, Scalar::Bool) => "a boolean",
            Data::Scalar(_, Scalar::Int | Scalar::Float) => "a number",
            Data::Scalar(_, Scalar::Text) => "text",
        }
    }

    /// How many nodes it is, itself included.
    #[must_use]
    pub(super) fn count(&self) -> usize {
        match &self.data {
            Data::Scalar(..) => 1,
            Data::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Data::Map(entries) => {
                1 + entries
                    .iter()
                    .map(|entry| entry.value.count())
                    .sum::<usize>()
            }
        }
    }

    /// As plain data. Numbers whose text would change (`1.10`, `0440`, `0x1F`) stay text: every reader takes numbers as text, too, and an
    /// environment shall get what the author wrote.
    #[must_use]
    pub(super) fn to_value(&self) -> Value {
        match &self.data {
            Data::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Data::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_value()))
                    .collect::<Map<_, _>>(),
            ),
            Data::Scalar(_, Scalar::Null) => Value::Null,
            Data::Scalar(text, Scalar::Bool) => Value::Bool(text.eq_ignore_ascii_case("true")),
            Data::Scalar(text, Scalar::Int) => text
                .parse::<i64>()
                .ok()
                .filter(|number| number.to_string() == *text)
                .map_or_else(|| Value::String(text.clone()), Value::from),
            Data::Scalar(text, Scalar::Float) => text
                .parse::<f64>()
                .ok()
                .and_then(Number::from_f64)
                .filter(|number| number.to_string() == *text)
                .map_or_else(|| Value::String(text.clone()), Value::Number),
            Data::Scalar(text, Scalar::Text) => Value::String(text.clone()),
        }
    }

    /// The deepest node on a path such as `services.web.ports[0]`, and whether it is the whole path. Keys may contain dots.
    #[must_use]
    pub(super) fn locate(&self, path: &str) -> (&Self, bool) {
        let mut node = self;
        let mut rest = path;
        'descend: while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[')
                && let Some((index, after)) = inner.split_once(']')
                && let Some(item) = index
                    .parse()
                    .ok()
                    .and_then(|index: usize| node.items().get(index))
            {
                (node, rest) = (item, after.strip_prefix('.').unwrap_or(after));
                continue;
            }
            for entry in node.entries() {
                let Some(after) = rest.strip_prefix(entry.key.as_str()) else {
                    continue;
                };
                if after.is_empty() || after.starts_with(['.', '[']) {
                    (node, rest) = (&entry.value, after.strip_prefix('.').unwrap_or(after));
                    continue 'descend;
                }
            }
            return (node, false);
        }
        (node, true)
    }
}

/// Reads one document.
///
/// # Errors
/// The first problem: broken syntax, a duplicate key, too large, too deep, too many nodes, or more than one document.
pub(super) fn parse(file: &str, text: &str) -> Result<Node, Box<Problem>> {
    let file: Arc<str> = Arc::from(file);
    let start = Place {
        file: Arc::clone(&file),
        line: 1,
        column: 1,
        field: Field::default(),
    };
    if text.len() > MAX_BYTES {
        return Err(Box::new(start.error(
            format!(
                "The file has {} bytes; at most {MAX_BYTES} are read.",
                text.len()
            ),
            "Split it and use include.",
        )));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder {
        file,
        parser: Parser::new_from_str(text),
        anchors: BTreeMap::new(),
        nodes: 0,
    };
    let mut root = None;
    loop {
        let (event, span) = builder.next()?;
        match event {
            Event::StreamEnd => break,
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event if root.is_none() => {
                root = Some(builder.node(event, span, 0, Field::default())?);
            }
            _ => {
                return Err(Box::new(builder.place(span, Field::default()).error(
                    "A second document starts here; one file holds one document.",
                    "Put it into a file of its own.",
                )));
            }
        }
    }
    Ok(root.unwrap_or_else(|| Node::scalar_at(&start, "", Scalar::Null)))
}

struct Builder<'t> {
    file: Arc<str>,
    parser: Parser<'t, StrInput<'t>>,
    /// Finished anchors with the number of nodes they stand for.
    anchors: BTreeMap<usize, (Node, usize)>,
    nodes: usize,
}

impl<'t> Builder<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Span), Box<Problem>> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(self.syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn syntax(&self, error: &ScanError) -> Box<Problem> {
        let mark = *error.marker();
        let place = self.place(Span::empty(mark), Field::default());
        Box::new(place.error(
            format!("This is not YAML: {}.", error.info()),
            "Check the indentation and the quotes here and in the line above.",
        ))
    }

    fn place(&self, span: Span, field: Field) -> Place {
        Place {
            file: Arc::clone(&self.file),
            line: u32::try_from(span.start.line().max(1)).unwrap_or(u32::MAX),
            column: u32::try_from(span.start.col() + 1).unwrap_or(u32::MAX),
            field,
        }
    }

    fn count(&mut self, nodes: usize, place: &Place) -> Result<(), Box<Problem>> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > MAX_NODES {
            return Err(Box::new(place.error(
                format!("The document unfolds to more than {MAX_NODES} nodes."),
                "Use fewer aliases, or split the file.",
            )));
        }
        Ok(())
    }

    fn node(
        &mut self,
        event: Event<'t>,
        span: Span,
        depth: usize,
        field: Field,
    ) -> Result<Node, Box<Problem>> {
        let place = self.place(span, field);
        if depth > MAX_DEPTH {
            return Err(Box::new(place.error(
                format!("The document is nested deeper than {MAX_DEPTH} levels."),
                "",
            )));
        }
        let before = self.nodes;
        self.count(1, &place)?;
        let (anchor, node) = match event {
            Event::Alias(id) => return self.alias(id, &place, depth),
            Event::Scalar(text, style, anchor, tag) => {
                let (merge, forced) = self.tag(tag.as_deref(), &place)?;
                let kind = if forced || !matches!(style, ScalarStyle::Plain) {
                    Scalar::Text
                } else {
                    core_schema(&text)
                };
                let mut node = Node::scalar_at(&place, text.into_owned(), kind);
                node.tag = merge;
                (anchor, node)
            }
            Event::SequenceStart(anchor, tag) => {
                let (merge, _) = self.tag(tag.as_deref(), &place)?;
                let mut items = Vec::new();
                loop {
                    let (event, span) = self.next()?;
                    if matches!(event, Event::SequenceEnd) {
                        break;
                    }
                    let field = place.field.index(items.len());
                    items.push(self.node(event, span, depth + 1, field)?);
                    too_many(items.len(), &place)?;
                }
                let mut node = Node::at(&place, Data::List(items));
                node.tag = merge;
                (anchor, node)
            }
            Event::MappingStart(anchor, tag) => {
                let (merge, _) = self.tag(tag.as_deref(), &place)?;
                let mut node = Node::at(&place, Data::Map(self.mapping(&place, depth)?));
                node.tag = merge;
                (anchor, node)
            }
            _ => return Err(Box::new(place.error("The document ends too early.", ""))),
        };
        if anchor != 0 {
            self.anchors
                .insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, place: &Place, depth: usize) -> Result<Node, Box<Problem>> {
        let Some((node, size)) = self.anchors.get(&id) else {
            return Err(Box::new(
                place.error("An anchor cannot contain an alias of itself.", ""),
            ));
        };
        let (size, too_deep) = (*size, depth + depth_of(node) > MAX_DEPTH);
        if too_deep {
            return Err(Box::new(place.error(
                format!("The alias nests deeper than {MAX_DEPTH} levels."),
                "",
            )));
        }
        // Counted before it is copied: this is what stops a bomb.
        self.count(size, place)?;
        match self.anchors.get(&id) {
            Some((node, _)) => Ok(node.clone()),
            None => Err(Box::new(place.error("The alias has no anchor.", ""))),
        }
    }

    fn mapping(&mut self, place: &Place, depth: usize) -> Result<Vec<Entry>, Box<Problem>> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut keys = HashSet::new();
        let mut merges = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break;
            }
            let plain = matches!(&event, Event::Scalar(_, ScalarStyle::Plain, ..));
            let key = self.node(event, span, depth + 1, place.field.clone())?;
            let Data::Scalar(key_text, _) = &key.data else {
                return Err(Box::new(key.place.error(
                    format!("A key must be text, not {}.", key.what()),
                    "Quote it if it contains braces or brackets.",
                )));
            };
            if key_text.len() > MAX_KEY {
                return Err(Box::new(
                    key.place
                        .error(format!("A key is longer than {MAX_KEY} bytes."), ""),
                ));
            }
            let (event, span) = self.next()?;
            let field = place.field.key(key_text);
            let key_place = Place {
                field: field.clone(),
                ..key.place.clone()
            };
            let value = self.node(event, span, depth + 1, field)?;
            if plain && key_text == "<<" {
                merges.push(value);
            } else if keys.insert(key_text.clone()) {
                entries.push(Entry {
                    key: key_text.clone(),
                    place: key_place,
                    value,
                });
            } else {
                return Err(Box::new(key_place.error(
                    format!("The key '{key_text}' stands twice in this mapping."),
                    "Remove one of the two.",
                )));
            }
        }
        too_many(entries.len(), place)?;
        for merge in merges {
            let sources = match merge.data {
                Data::List(items) => items,
                _ => vec![merge],
            };
            for source in sources {
                let Data::Map(merged) = source.data else {
                    return Err(Box::new(source.place.error(
                        "A merge key (<<) takes a mapping or a list of mappings.",
                        "",
                    )));
                };
                entries.extend(
                    merged
                        .into_iter()
                        .filter(|entry| keys.insert(entry.key.clone())),
                );
            }
        }
        too_many(entries.len(), place)?;
        Ok(entries)
    }

    /// What the tag asks, and whether it forces text.
    fn tag(
        &self,
        tag: Option<&saphyr_parser::Tag>,
        place: &Place,
    ) -> Result<(MergeTag, bool), Box<Problem>> {
        let Some(tag) = tag else {
            return Ok((MergeTag::None, false));
        };
        if tag.is_yaml_core_schema() {
            return Ok((MergeTag::None, tag.suffix == "str"));
        }
        match (tag.handle.as_str(), tag.suffix.as_str()) {
            ("!", "reset") => Ok((MergeTag::Reset, false)),
            ("!", "override") => Ok((MergeTag::Override, false)),
            (handle, suffix) => Err(Box::new(place.error(
                format!("The tag '{handle}{suffix}' is not known."),
                "Known are !reset, !override and YAML's own.",
            ))),
        }
    }
}

fn too_many(items: usize, place: &Place) -> Result<(), Box<Problem>> {
    if items > MAX_ITEMS {
        return Err(Box::new(place.error(
            format!("There are more than {MAX_ITEMS} items here."),
            "Split them.",
        )));
    }
    Ok(())
}

fn depth_of(node: &Node) -> usize {
    match &node.data {
        Data::Scalar(..) => 0,
        Data::List(items) => 1 + items.iter().map(depth_of).max().unwrap_or(0),
        Data::Map(entries) => {
            let deepest = entries.iter().map(|entry| depth_of(&entry.value)).max();
            1 + deepest.unwrap_or(0)
        }
    }
}

fn core_schema(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return Scalar::Bool,
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let all = |digits: &str, fits: fn(&u8) -> bool| {
        !digits.is_empty() && digits.as_bytes().iter().all(fits)
    };
    if all(unsigned, u8::is_ascii_digit)
        || text
            .strip_prefix("0x")
            .is_some_and(|hex| all(hex, u8::is_ascii_hexdigit))
        || text
            .strip_prefix("0o")
            .is_some_and(|octal| all(octal, |byte| (b'0'..=b'7').contains(byte)))
    {
        return Scalar::Int;
    }
    let starts = unsigned.starts_with(|ch: char| ch.is_ascii_digit() || ch == '.');
    let chars = |byte: &u8| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    if starts && all(unsigned, chars) && text.parse::<f64>().is_ok() {
        return Scalar::Float;
    }
    Scalar::Text
}

/// Longest message or path of a problem, in characters: files may hold texts of any length.
const MAX_SAID: usize = 400;

/// A text that is short enough to be shown.
pub(super) fn bounded(text: String) -> String {
    match text.char_indices().nth(MAX_SAID) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Writes a mapping path for messages: `parent.key`.
#[must_use]
pub(super) fn join(parent: &str, key: &str) -> String {
    let mut path = parent.to_owned();
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
    path
}

/// Writes a sequence path for messages: `parent[index]`.
#[must_use]
pub(super) fn join_index(parent: &str, index: usize) -> String {
    let mut path = parent.to_owned();
    // Writing into a String cannot fail.
    let _ = write!(path, "[{index}]");
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(text: &str, expect: &Value) {
        match parse("f.yaml", text) {
            Ok(node) => assert_eq!(node.to_value(), *expect, "{text}"),
            Err(problem) => panic!("{text}: {problem}"),
        }
    }

    fn refused(text: &str, expect: &str) {
        let problem = parse("f.yaml", text)
            .map(|node| node.to_value())
            .unwrap_err();
        assert_eq!(problem.to_string(), expect, "{text}");
    }

    #[test]
    fn core_schema_and_styles() {
        check(
            "a: 1\nb: 1.10\nc: 0440\nd: yes\ne: true\nf: ~\ng: '1'\nh: 0.5\ni: 1e3\nj: .\nk: 12abc\nl:\n",
            &json!({"a": 1, "b": "1.10", "c": "0440", "d": "yes", "e": true, "f": null, "g": "1",
                "h": 0.5, "i": "1e3", "j": ".", "k": "12abc", "l": null}),
        );
        check(
            "a: !!str 1\nb: |\n  x\n  y\nc: \"ü\\n\"",
            &json!({"a": "1", "b": "x\ny\n", "c": "ü\n"}),
        );
        check("", &Value::Null);
        check("# only a comment\n", &Value::Null);
    }

    #[test]
    fn anchors_and_merge_keys() {
        check(
            "x: &x {a: 1, b: 2}\ny: &y {b: 3, c: 4}\nz:\n  <<: [*x, *y]\n  a: 9\n",
            &json!({"x": {"a": 1, "b": 2}, "y": {"b": 3, "c": 4}, "z": {"a": 9, "b": 2, "c": 4}}),
        );
        refused(
            "a: &a [*a]",
            "f.yaml:1:8: a[0]: An anchor cannot contain an alias of itself.",
        );
        refused(
            "a:\n  <<: 1",
            "f.yaml:2:7: a.<<: A merge key (<<) takes a mapping or a list of mappings.",
        );
    }

    #[test]
    fn broken_documents_name_the_place() {
        refused(
            "a:\n  b: 1\n  b: 2\n",
            "f.yaml:3:3: a.b: The key 'b' stands twice in this mapping. Remove one of the two.",
        );
        refused(
            "a: !secret 1",
            "f.yaml:1:4: a: The tag '!secret' is not known. Known are !reset, !override and YAML's own.",
        );
        let problem = parse("f.yaml", "a: [1,\nb: 2").unwrap_err();
        assert!(problem.message.starts_with("This is not YAML"), "{problem}");
        assert!(problem.line.is_some());
        let problem = parse("f.yaml", "a: 1\n---\nb: 2").unwrap_err();
        assert!(
            problem.message.starts_with("A second document"),
            "{problem}"
        );
        assert_eq!(problem.line, Some(3));
    }

    #[test]
    fn bombs_are_refused_before_they_unfold() {
        let mut bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
        for level in 1..20 {
            let refs = vec![format!("*a{}", level - 1); 10].join(",");
            bomb.push_str(&format!("a{level}: &a{level} [{refs}]\n"));
        }
        let problem = parse("f.yaml", &bomb).unwrap_err();
        assert!(problem.message.contains("100000 nodes"), "{problem}");

        let mut merges = "a0: &a0 {k0: 1}\n".to_owned();
        for level in 1..100 {
            let before = level - 1;
            merges.push_str(&format!(
                "a{level}: &a{level} {{<<: [*a{before}, *a{before}], k{level}: *a{before}}}\n"
            ));
        }
        assert!(parse("f.yaml", &merges).is_err());

        let problem =
            parse("f.yaml", &format!("{}{}", "[".repeat(100), "]".repeat(100))).unwrap_err();
        assert!(parse("f.yaml", &"[".repeat(100_000)).is_err());
        assert!(problem.message.contains("64 levels"), "{problem}");
        let problem = parse("f.yaml", &" ".repeat(MAX_BYTES + 1)).unwrap_err();
        assert!(problem.message.contains("at most 1048576"), "{problem}");
        let problem = parse("f.yaml", &"- 1\n".repeat(MAX_ITEMS + 1)).unwrap_err();
        assert!(problem.message.contains("10000 items"), "{problem}");
    }

    #[test]
    fn tags_and_places() {
        let node = parse(
            "f.yaml",
            "services:\n  a.b:\n    ports: !reset []\n    x: !override\n      - 1\n",
        )
        .unwrap();
        let (ports, whole) = node.locate("services.a.b.ports");
        assert!(whole);
        assert_eq!(ports.tag, MergeTag::Reset);
        let (item, whole) = node.locate("services.a.b.x[0]");
        assert!(whole);
        assert_eq!((item.place.line, item.place.column), (5, 9));
        assert_eq!(item.place.field.to_string(), "services.a.b.x[0]");
        let (deepest, whole) = node.locate("services.a.b.image");
        assert!(!whole && deepest.is_map());
    }
}
