//! A certificate that a server shows, and that nobody signed but itself.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Makes `certificate.pem` and `key.pem` in a directory, for these names and 127.0.0.1.
///
/// # Panics
/// When OpenSSL is not there.
pub fn make_certificate(dir: &Path, names: &[&str]) -> (PathBuf, PathBuf) {
    let names: Vec<String> = names.iter().map(|name| format!("DNS:{name}")).collect();
    let mut openssl = Command::new("openssl");
    openssl.args(["req", "-new", "-x509", "-days", "30", "-nodes", "-subj", "/CN=kabar-test"]);
    let names = format!("subjectAltName=IP:127.0.0.1,{}", names.join(","));
    openssl.args(["-addext", &names, "-addext", "basicConstraints=critical,CA:FALSE"]);
    openssl.args(["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]);
    let (certificate, key) = (dir.join("certificate.pem"), dir.join("key.pem"));
    let output = openssl.arg("-out").arg(&certificate).arg("-keyout").arg(&key).output();
    let output = output.expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (certificate, key)
}
