//! Products that are described by Compose files.

use super::super::assemble::Draft;
use super::super::reading::Reading;
use super::super::source::start_of;
use super::super::yaml::Node;

pub(in crate::catalog) fn plain(
    reading: &mut Reading<'_>,
    path: &str,
    _folder: &str,
) -> Option<Draft> {
    reading.push(start_of(path).error("Compose files are not read yet.", ""));
    None
}

pub(in crate::catalog) fn read(
    reading: &mut Reading<'_>,
    path: &str,
    _root: &Node,
    folder: &str,
) -> Option<Draft> {
    plain(reading, path, folder)
}
