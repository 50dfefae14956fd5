//! Stacks and what they depend on as boxes in layers, with lines between them. A box stands behind everything that it waits for.

use std::fmt::Write as _;

/// Most lines of text in a box, below its title.
const MOST_LINES: usize = 4;
const TITLE: u32 = 30;
const LINE: u32 = 18;
const PADDING: u32 = 8;

/// What is drawn as a box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// As others name it.
    pub name: String,
    /// Names of nodes that come before; others are passed over.
    pub depends_on: Vec<String>,
    /// Lines of text below its title.
    pub lines: usize,
}

/// How the layers follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// From left to right, a layer a column.
    Across,
    /// From top to bottom, a layer as many rows as it needs, so many boxes in each.
    Down { in_row: usize },
}

/// Where a node lies, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// The whole drawing, in pixels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    pub width: u32,
    pub height: u32,
    /// In the order of the nodes.
    pub places: Vec<Place>,
    /// Paths of SVG: a curve with its head.
    pub edges: Vec<String>,
}

/// The layer of each node, from 0: one more than the deepest of those before it. What waits for itself, which nothing does that was
/// accepted, stands behind everything else.
#[must_use]
pub fn layers(nodes: &[Node]) -> Vec<usize> {
    let before = befores(nodes);
    let mut layers: Vec<Option<usize>> = vec![None; nodes.len()];
    // Each round settles at least one node, or none ever again.
    for _ in 0..nodes.len() {
        for index in 0..nodes.len() {
            let depths: Option<Vec<usize>> =
                before[index].iter().map(|&other| layers[other]).collect();
            if let (None, Some(depths)) = (layers[index], depths) {
                layers[index] = Some(depths.into_iter().max().map_or(0, |depth| depth + 1));
            }
        }
    }
    let last = layers.iter().flatten().max().map_or(0, |depth| depth + 1);
    layers
        .into_iter()
        .map(|layer| layer.unwrap_or(last))
        .collect()
}

/// Places every node and draws the lines. Boxes are `width` pixels wide.
#[must_use]
pub fn draw(nodes: &[Node], flow: Flow, width: u32) -> Drawing {
    let rows = rows(nodes, flow);
    let (gap_along, gap_beside) = match flow {
        Flow::Across => (56, 16),
        Flow::Down { .. } => (32, 16),
    };
    let empty = Place {
        x: 0,
        y: 0,
        width,
        height: 0,
    };
    let mut places = vec![empty; nodes.len()];
    let (mut along, mut longest) = (0, 0);
    for row in &rows {
        let mut beside = 0;
        let mut deepest = 0;
        for &index in row {
            let height = height(nodes[index].lines);
            let (x, y) = match flow {
                Flow::Across => (along, beside),
                Flow::Down { .. } => (beside, along),
            };
            places[index] = Place {
                x,
                y,
                width,
                height,
            };
            let (size, depth) = match flow {
                Flow::Across => (height, width),
                Flow::Down { .. } => (width, height),
            };
            beside += size + gap_beside;
            deepest = deepest.max(depth);
        }
        longest = longest.max(beside.saturating_sub(gap_beside));
        along += deepest + gap_along;
    }
    centre(&rows, &mut places, flow, longest);
    let along = along.saturating_sub(gap_along);
    let (width, height) = match flow {
        Flow::Across => (along, longest),
        Flow::Down { .. } => (longest, along),
    };
    let before = befores(nodes);
    let pairs = before
        .iter()
        .enumerate()
        .flat_map(|(to, all)| all.iter().map(move |&from| (from, to)));
    let edges = pairs
        .map(|(from, to)| edge(places[from], places[to], flow))
        .collect();
    Drawing {
        width,
        height,
        places,
        edges,
    }
}

/// How many lines of a box are shown, and whether one more says that there are others.
#[must_use]
pub fn shown_lines(lines: usize) -> (usize, bool) {
    if lines > MOST_LINES {
        (MOST_LINES - 1, true)
    } else {
        (lines, false)
    }
}

/// Where the text of a line stands, in pixels below the top of its box; the title is line 0.
#[must_use]
pub const fn baseline(line: u32) -> u32 {
    match line {
        0 => 20,
        line => TITLE + LINE * line - 6,
    }
}

fn height(lines: usize) -> u32 {
    let lines = u32::try_from(lines.min(MOST_LINES)).unwrap_or(u32::MAX);
    TITLE + LINE * lines + PADDING * u32::from(lines > 0)
}

/// Positions of the nodes that come before each.
fn befores(nodes: &[Node]) -> Vec<Vec<usize>> {
    let of = |node: &Node| {
        let named = node.depends_on.iter();
        named
            .filter_map(|name| nodes.iter().position(|other| other.name == *name))
            .collect()
    };
    nodes.iter().map(of).collect()
}

/// Nodes that stand side by side. Within a layer each stands near the middle of what it waits for.
fn rows(nodes: &[Node], flow: Flow) -> Vec<Vec<usize>> {
    let layers = layers(nodes);
    let before = befores(nodes);
    let count = layers.iter().max().map_or(0, |last| last + 1);
    let mut position = vec![0_usize; nodes.len()];
    let mut rows = Vec::new();
    for layer in 0..count {
        let mut row: Vec<usize> = (0..nodes.len())
            .filter(|&index| layers[index] == layer)
            .collect();
        // In hundredths, so that no fraction is needed.
        let middle = |index: usize| {
            let all = &before[index];
            let sum: usize = all.iter().map(|&other| position[other] * 100).sum();
            sum.checked_div(all.len()).unwrap_or(index * 100)
        };
        row.sort_by_key(|&index| (middle(index), index));
        for (place, &index) in row.iter().enumerate() {
            position[index] = place;
        }
        match flow {
            Flow::Across => rows.push(row),
            Flow::Down { in_row } => rows.extend(row.chunks(in_row.max(1)).map(<[usize]>::to_vec)),
        }
    }
    rows
}

/// Short rows stand in the middle of the longest.
fn centre(rows: &[Vec<usize>], places: &mut [Place], flow: Flow, longest: u32) {
    for row in rows {
        let ends = row.iter().map(|&index| match flow {
            Flow::Across => places[index].y + places[index].height,
            Flow::Down { .. } => places[index].x + places[index].width,
        });
        let shift = (longest - ends.max().unwrap_or(longest)) / 2;
        for &index in row {
            match flow {
                Flow::Across => places[index].y += shift,
                Flow::Down { .. } => places[index].x += shift,
            }
        }
    }
}

fn edge(from: Place, to: Place, flow: Flow) -> String {
    let mut path = String::new();
    // Writing to a string cannot fail.
    let _ = match flow {
        Flow::Across => {
            let (x1, y1) = (from.x + from.width, from.y + from.height / 2);
            let (x2, y2) = (to.x, to.y + to.height / 2);
            let bend = (x2.saturating_sub(x1) / 2).max(20);
            write!(
                path,
                "M{x1} {y1}C{} {y1} {} {y2} {x2} {y2}m-7 -4l7 4l-7 4",
                x1 + bend,
                x2.saturating_sub(bend),
            )
        }
        Flow::Down { .. } => {
            let (x1, y1) = (from.x + from.width / 2, from.y + from.height);
            let (x2, y2) = (to.x + to.width / 2, to.y);
            let bend = (y2.saturating_sub(y1) / 2).max(12);
            write!(
                path,
                "M{x1} {y1}C{x1} {} {x2} {} {x2} {y2}m-4 -7l4 7l4 -7",
                y1 + bend,
                y2.saturating_sub(bend),
            )
        }
    };
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(all: &[(&str, &[&str])]) -> Vec<Node> {
        all.iter()
            .map(|(name, depends_on)| Node {
                name: (*name).to_owned(),
                depends_on: depends_on.iter().map(|&name| name.to_owned()).collect(),
                lines: 1,
            })
            .collect()
    }

    fn diamond() -> Vec<Node> {
        nodes(&[
            ("web", &["api", "id"]),
            ("api", &["db"]),
            ("id", &["db"]),
            ("db", &[]),
            ("logs", &["elsewhere"]),
        ])
    }

    #[test]
    fn everything_stands_behind_what_it_waits_for() {
        assert_eq!(layers(&diamond()), [2, 1, 1, 0, 0]);
        assert_eq!(
            layers(&nodes(&[("a", &["b"]), ("b", &["a"]), ("c", &[])])),
            [1, 1, 0]
        );
        assert_eq!(layers(&[]), [0_usize; 0]);
    }

    fn apart(drawing: &Drawing) {
        for (number, one) in drawing.places.iter().enumerate() {
            assert!(one.x + one.width <= drawing.width, "{drawing:?}");
            assert!(one.y + one.height <= drawing.height, "{drawing:?}");
            for other in &drawing.places[number + 1..] {
                let beside = one.x + one.width <= other.x || other.x + other.width <= one.x;
                let above = one.y + one.height <= other.y || other.y + other.height <= one.y;
                assert!(beside || above, "{drawing:?}");
            }
        }
    }

    #[test]
    fn boxes_lie_apart_and_inside() {
        let across = draw(&diamond(), Flow::Across, 176);
        apart(&across);
        assert_eq!(across.width, 3 * 176 + 2 * 56);
        assert_eq!(across.edges.len(), 4);
        for in_row in [1, 2, 5] {
            apart(&draw(&diamond(), Flow::Down { in_row }, 140));
        }
    }

    #[test]
    fn a_row_on_a_phone_is_no_wider_than_it_may_be() {
        let all: Vec<(&str, &[&str])> = vec![("a", &[]), ("b", &[]), ("c", &[]), ("d", &["a"])];
        let drawing = draw(&nodes(&all), Flow::Down { in_row: 2 }, 140);
        assert_eq!(drawing.width, 2 * 140 + 16);
        apart(&drawing);
    }

    #[test]
    fn the_rest_of_many_lines_is_one_line() {
        assert_eq!(shown_lines(4), (4, false));
        assert_eq!(shown_lines(5), (3, true));
    }
}
