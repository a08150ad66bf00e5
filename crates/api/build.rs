//! Puts the web app into the program: a table of its files, made from the directory `web` of the repository, each as
//! it is and packed. Nothing else is built and nothing is fetched. Without that directory the table is empty.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use brotli::enc::BrotliEncoderParams;

/// What of the directory is the app.
const PARTS: [&str; 8] = include!("parts.rs");

/// Brotli's best: it is done once, and all of the app takes two seconds. The window is the largest that every
/// browser takes (RFC 7932 §9.1).
const BROTLI_QUALITY: i32 = 11;
const BROTLI_WINDOW_BITS: i32 = 22;

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(io::Error::other)?);
    let out = PathBuf::from(env::var("OUT_DIR").map_err(io::Error::other)?);
    let web = root.join("../../web");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=parts.rs");
    let mut files = Vec::new();
    for part in PARTS {
        let path = web.join(part);
        // A path that is not there yet is watched, too.
        println!("cargo::rerun-if-changed={}", path.display());
        collect(&path, part, &mut files)?;
    }
    files.sort();
    let packed = out.join("web");
    fs::create_dir_all(&packed)?;
    let mut table = String::from("&[\n");
    for (number, (name, path)) in files.iter().enumerate() {
        let bytes = fs::read(path)?;
        let brotli = put(&packed.join(format!("{number}.br")), &bytes, brotli(&bytes)?)?;
        let gzip = put(&packed.join(format!("{number}.gz")), &bytes, gzip(&bytes)?)?;
        let plain = included(path)?;
        writeln!(
            table,
            "    File {{ name: {name:?}, plain: {plain}, brotli: {brotli}, gzip: {gzip} }},"
        )
        .map_err(io::Error::other)?;
    }
    table.push_str("]\n");
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

/// Writes a packed file where it is shorter; what stands for it in the table.
fn put(path: &Path, plain: &[u8], packed: Vec<u8>) -> io::Result<String> {
    if packed.len() >= plain.len() {
        return Ok("None".to_owned());
    }
    fs::write(path, packed)?;
    Ok(format!("Some({})", included(path)?))
}

fn included(path: &Path) -> io::Result<String> {
    let path = path.to_str().ok_or_else(|| io::Error::other("a path that is not Unicode"))?;
    Ok(format!("include_bytes!({path:?})"))
}

fn brotli(mut bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = Vec::new();
    let params = BrotliEncoderParams {
        quality: BROTLI_QUALITY,
        lgwin: BROTLI_WINDOW_BITS,
        ..BrotliEncoderParams::default()
    };
    brotli::BrotliCompress(&mut bytes, &mut packed, &params)?;
    Ok(packed)
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes)?;
    packer.finish()
}
