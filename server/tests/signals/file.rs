//! Observers that look at files.

use std::fs;
use std::path::Path;

use domain::maintenance::{FileReading, FileSource, ObserverSource, Pattern};
use server::signals::Signals;

use super::{observe, observer};

fn source(path: &Path, reading: FileReading) -> ObserverSource {
    ObserverSource::File(FileSource {
        path: path.to_str().unwrap().to_owned(),
        reading,
    })
}

fn matching(pattern: &str) -> FileReading {
    FileReading::Content(Some(Pattern::parse(pattern).unwrap()))
}

#[tokio::test]
async fn whether_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("maintenance");
    let look = || observe(source(&path, FileReading::Exists));
    assert_eq!(look().await.as_deref(), Ok("false"));
    fs::write(&path, "").unwrap();
    assert_eq!(look().await.as_deref(), Ok("true"));
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(look().await.as_deref(), Ok("true"));
}

#[tokio::test]
async fn what_stands_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mode");
    let whole = || source(&path, FileReading::Content(None));
    // A missing file is the normal value, or nothing where none is named.
    assert_eq!(observe(whole()).await.as_deref(), Ok("off"));
    let nameless = observer(whole(), None);
    assert_eq!(Signals::new().observe(&nameless).await.unwrap(), "");
    fs::write(&path, "\n on \n").unwrap();
    assert_eq!(observe(whole()).await.as_deref(), Ok("on"));
    fs::write(&path, "a=1\nmode = ON # now\n").unwrap();
    let found = observe(source(&path, matching(r"mode\s*=\s*(\w+)"))).await;
    assert_eq!(found.as_deref(), Ok("ON"));
    let shown = path.display().to_string();
    assert_eq!(
        observe(source(&path, matching("state=(.*)"))).await,
        Err(format!(
            "The pattern of the manifest finds nothing in {shown}. Correct the file or contentPattern."
        ))
    );
    fs::write(&path, "x".repeat(64 * 1024)).unwrap();
    assert_eq!(observe(whole()).await.unwrap().len(), 64 * 1024);
    fs::write(&path, "x".repeat(64 * 1024 + 1)).unwrap();
    assert_eq!(
        observe(whole()).await,
        Err(format!(
            "{shown} is larger than 65536 bytes. Use a small file that holds the mode alone."
        ))
    );
    fs::write(&path, b"\xff\xfe").unwrap();
    assert_eq!(
        observe(whole()).await,
        Err(format!("{shown} does not hold text."))
    );
}

#[tokio::test]
async fn what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().display().to_string();
    assert_eq!(
        observe(source(folder.path(), FileReading::Content(None))).await,
        Err(format!(
            "{shown} is not a file. Name a file in the manifest."
        ))
    );
    // A pipe would keep whoever opens it.
    let pipe = folder.path().join("pipe");
    rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::RUSR).unwrap();
    let said = observe(source(&pipe, FileReading::Content(None))).await;
    assert!(
        said.unwrap_err()
            .ends_with("is not a file. Name a file in the manifest.")
    );
    let file = folder.path().join("file");
    fs::write(&file, "on").unwrap();
    let below = file.join("below");
    let said = observe(source(&below, FileReading::Exists)).await;
    assert!(
        said.unwrap_err()
            .contains("cannot be read: Not a directory")
    );
}
