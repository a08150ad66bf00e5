//! The app's files: in the program, or in a directory that somebody works in.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;
use kabar_model::ContentHash;
use sha2::{Digest, Sha256};

use super::encoding::Encoding;

/// A file in the program, as it is and packed where that is shorter.
struct File {
    name: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// The files in the program, made by `build.rs`.
const EMBEDDED: &[File] = include!(concat!(env!("OUT_DIR"), "/web.rs"));

/// What a directory's files are under: they change.
const UNSETTLED: &str = "dev";

/// What of a directory is the app.
const PARTS: [&str; 8] = include!("../../parts.rs");

/// Where the files are.
pub(super) enum Files {
    Embedded(Embedded),
    Directory(PathBuf),
}

/// The files in the program, by name.
pub(super) struct Embedded {
    version: String,
    files: HashMap<&'static str, &'static File>,
}

/// A file.
pub(super) struct Contents {
    pub(super) bytes: Bytes,
    brotli: Option<Bytes>,
    gzip: Option<Bytes>,
    /// Whether it is the same for as long as its address is.
    pub(super) lasts: bool,
}

impl Contents {
    /// The same, packed so, where that is shorter.
    pub(super) fn packed(&self, encoding: Encoding) -> Option<Bytes> {
        match encoding {
            Encoding::Brotli => self.brotli.clone(),
            Encoding::Gzip => self.gzip.clone(),
        }
    }
}

impl Files {
    pub(super) fn new(directory: Option<&Path>) -> Self {
        match directory {
            Some(directory) => Self::Directory(directory.to_owned()),
            None => Self::embedded(EMBEDDED),
        }
    }

    fn embedded(table: &'static [File]) -> Self {
        let mut hash = Sha256::new();
        let mut files = HashMap::with_capacity(table.len());
        for file in table {
            // Lengths keep names and contents apart.
            hash.update((file.name.len() as u64).to_le_bytes());
            hash.update(file.name);
            hash.update((file.plain.len() as u64).to_le_bytes());
            hash.update(file.plain);
            files.insert(file.name, file);
        }
        let hash = ContentHash(hash.finalize().into()).to_string();
        Self::Embedded(Embedded { version: hash[..16].to_owned(), files })
    }

    /// The part of the address that changes when any file does.
    pub(super) fn version(&self) -> &str {
        match self {
            Self::Embedded(embedded) => &embedded.version,
            Self::Directory(_) => UNSETTLED,
        }
    }

    pub(super) async fn read(&self, name: &str) -> Option<Contents> {
        match self {
            Self::Embedded(embedded) => {
                let &File { plain, brotli, gzip, .. } = *embedded.files.get(name)?;
                let [brotli, gzip] = [brotli, gzip].map(|packed| packed.map(Bytes::from_static));
                Some(Contents { bytes: Bytes::from_static(plain), brotli, gzip, lasts: true })
            }
            Self::Directory(directory) => {
                let bytes = tokio::fs::read(directory.join(plain(name)?)).await.ok()?;
                Some(Contents { bytes: bytes.into(), brotli: None, gzip: None, lasts: false })
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

    const fn file(name: &'static str, plain: &'static [u8]) -> File {
        File { name, plain, brotli: None, gzip: None }
    }

    #[tokio::test]
    async fn what_is_in_the_program_is_named_by_all_of_it() {
        const THIS: &[File] = &[file("index.html", b"halo"), file("app/a.js", b"1")];
        const OTHERS: [&[File]; 3] = [
            &[file("index.html", b"halo"), file("app/a.js", b"2")],
            &[file("index.html", b"halo"), file("app/b.js", b"1")],
            &[file("index.html", b"halo")],
        ];
        let files = Files::embedded(THIS);
        let contents = files.read("index.html").await.unwrap();
        assert!(contents.lasts && contents.bytes == "halo");
        assert!(files.read("app/b.js").await.is_none());
        for other in OTHERS {
            assert_ne!(Files::embedded(other).version(), files.version());
        }
    }

    #[test]
    fn what_is_packed_is_the_same_and_shorter() {
        let (mut plain_bytes, mut brotli_bytes) = (0, 0);
        for File { name, plain, brotli, gzip } in EMBEDDED {
            let mut unpacked = Vec::new();
            if let Some(packed) = brotli {
                brotli::BrotliDecompress(&mut &packed[..], &mut unpacked).unwrap();
                assert!(unpacked == *plain && packed.len() < plain.len(), "{name}");
            }
            unpacked.clear();
            if let Some(packed) = gzip {
                let mut packed = flate2::read::GzDecoder::new(*packed);
                std::io::Read::read_to_end(&mut packed, &mut unpacked).unwrap();
                assert!(unpacked == *plain, "{name}");
            }
            plain_bytes += plain.len();
            brotli_bytes += brotli.map_or(plain.len(), <[u8]>::len);
        }
        assert!(plain_bytes == 0 || brotli_bytes * 2 < plain_bytes, "{brotli_bytes} {plain_bytes}");
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
