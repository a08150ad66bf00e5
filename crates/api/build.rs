//! Puts the web app into the program: a table of its files, made from the directory `web` of the repository.
//! Nothing is built and nothing is fetched. Without that directory the table is empty.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// What of the directory is the app; the rest are tools and tests.
const PARTS: [&str; 7] =
    ["index.html", "sw.js", "manifest.webmanifest", "app", "vendor", "i18n", "icons"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let web = root.join("../../web");
    let mut files = Vec::new();
    for part in PARTS {
        let path = web.join(part);
        // A path that is not there yet is watched, too.
        println!("cargo::rerun-if-changed={}", path.display());
        collect(&path, part, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for (name, path) in files {
        let path = path.to_str().ok_or_else(|| io::Error::other("a path that is not Unicode"))?;
        writeln!(table, "    ({name:?}, include_bytes!({path:?})),").map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    fs::write(out.join("web.rs"), table)
}

fn collect(path: &Path, name: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            let file = entry.file_name();
            let Some(file) = file.to_str().filter(|file| !file.starts_with('.')) else { continue };
            collect(&entry.path(), &format!("{name}/{file}"), files)?;
        }
    } else if path.is_file() && path.extension().is_none_or(|extension| extension != "md") {
        files.push((name.to_owned(), path.canonicalize()?));
    }
    Ok(())
}
