//! Brotli and gzip beside each file, so that the server never compresses while somebody waits.

use std::{fs, io::Write as _, path::Path};

use anyhow::Context as _;
use brotli::enc::BrotliEncoderParams;
use flate2::{Compression, write::GzEncoder};

use crate::cargo::Profile;

/// Writes `content` to `path`, `path.br` and `path.gz`.
pub(super) fn write_all(path: &Path, content: &[u8], profile: Profile) -> anyhow::Result<()> {
    let (brotli_quality, gzip_level) = match profile {
        Profile::Dev => (4, Compression::fast()),
        Profile::Release => (11, Compression::best()),
    };
    let context = || format!("cannot write {}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(context)?;
    }
    fs::write(path, content).with_context(context)?;

    let mut small = Vec::new();
    let parameters = BrotliEncoderParams {
        quality: brotli_quality,
        ..Default::default()
    };
    brotli::BrotliCompress(&mut &*content, &mut small, &parameters).with_context(context)?;
    fs::write(with_suffix(path, "br"), small).with_context(context)?;

    let mut gzip = GzEncoder::new(Vec::new(), gzip_level);
    gzip.write_all(content).with_context(context)?;
    fs::write(
        with_suffix(path, "gz"),
        gzip.finish().with_context(context)?,
    )
    .with_context(context)
}

fn with_suffix(path: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}
