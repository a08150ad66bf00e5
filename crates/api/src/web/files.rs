//! The app's files: in the program, or in a directory that somebody works in.

use std::collections::HashMap;
use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use kabar_model::ContentHash;
use sha2::{Digest, Sha256};

/// The files in the program, by name.
const EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web.rs"));

/// What a directory's files are under: they change.
const UNSETTLED: &str = "dev";

/// What of a directory is the app.
const PARTS: [&str; 7] =
    ["index.html", "sw.js", "manifest.webmanifest", "app", "vendor", "i18n", "icons"];

/// Where the files are.
pub(super) enum Files {
    Embedded { version: String, files: HashMap<&'static str, Embedded> },
    Directory(PathBuf),
}

/// A file in the program, and what it is packed, once somebody wants it so.
pub(super) struct Embedded {
    bytes: &'static [u8],
    gzip: OnceLock<Option<Bytes>>,
}

/// A file.
pub(super) struct Contents {
    pub(super) bytes: Bytes,
    /// The same, packed, where that is shorter.
    pub(super) gzip: Option<Bytes>,
    /// Whether it is the same for as long as its address is.
    pub(super) lasts: bool,
}

impl Files {
    pub(super) fn new(directory: Option<&Path>) -> Self {
        match directory {
            Some(directory) => Self::Directory(directory.to_owned()),
            None => Self::embedded(EMBEDDED),
        }
    }

    fn embedded(table: &[(&'static str, &'static [u8])]) -> Self {
        let mut hash = Sha256::new();
        let mut files = HashMap::with_capacity(table.len());
        for &(name, bytes) in table {
            // Lengths keep names and contents apart.
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name);
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
            files.insert(name, Embedded { bytes, gzip: OnceLock::new() });
        }
        let hash = ContentHash(hash.finalize().into()).to_string();
        let version = hash[..16].to_owned();
        Self::Embedded { version, files }
    }

    /// The part of the address that changes when any file does.
    pub(super) fn version(&self) -> &str {
        match self {
            Self::Embedded { version, .. } => version,
            Self::Directory(_) => UNSETTLED,
        }
    }

    pub(super) async fn read(&self, name: &str) -> Option<Contents> {
        match self {
            Self::Embedded { files, .. } => {
                let Embedded { bytes, gzip } = files.get(name)?;
                let gzip = gzip.get_or_init(|| packed(bytes)).clone();
                Some(Contents { bytes: Bytes::from_static(bytes), gzip, lasts: true })
            }
            Self::Directory(directory) => {
                let bytes = tokio::fs::read(directory.join(plain(name)?)).await.ok()?;
                Some(Contents { bytes: bytes.into(), gzip: None, lasts: false })
            }
        }
    }
}

/// A path that stays within the app's parts of the directory.
fn plain(name: &str) -> Option<&Path> {
    let path = Path::new(name);
    let mut parts = path.components();
    let within = matches!(parts.next(), Some(Component::Normal(first)) if PARTS.iter().any(|part| first == *part));
    (within && parts.all(|part| matches!(part, Component::Normal(_)))).then_some(path)
}

fn packed(bytes: &[u8]) -> Option<Bytes> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).ok()?;
    let packed = packed.finish().ok()?;
    (packed.len() < bytes.len()).then(|| packed.into())
}

pub(super) fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json; charset=utf-8",
        Some("webmanifest") => "application/manifest+json; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_in_the_program_is_packed_and_named_by_all_of_it() {
        let page = "halo ".repeat(100).leak().as_bytes();
        let files = Files::embedded(&[("index.html", page), ("app/a.js", b"1")]);
        let contents = files.read("index.html").await.unwrap();
        assert!(contents.lasts && contents.bytes == page);
        let mut unpacked = Vec::new();
        let gzip = contents.gzip.unwrap();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&*gzip), &mut unpacked)
            .unwrap();
        assert_eq!(unpacked, page);
        assert!(files.read("app/a.js").await.unwrap().gzip.is_none(), "packing makes it longer");
        assert!(files.read("app/b.js").await.is_none());
        let others = [
            [("index.html", page), ("app/a.js", b"2")],
            [("index.html", page), ("app/b.js", b"1")],
        ];
        for other in others {
            assert_ne!(Files::embedded(&other).version(), files.version());
        }
    }

    #[test]
    fn a_path_stays_within_the_app() {
        for good in ["index.html", "app/main.js", "app/style/base.css"] {
            assert!(plain(good).is_some(), "{good}");
        }
        for bad in
            ["", "..", "../app/x", "app/../../x", "/etc/passwd", "tests/x.mjs", "node_modules/x"]
        {
            assert!(plain(bad).is_none(), "{bad}");
        }
    }
}
