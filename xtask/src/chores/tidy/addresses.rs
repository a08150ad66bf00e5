//! No Rust file sends anything to a stranger: the IPv4 literals in it are loopback, unspecified
//! or reserved for documentation (RFC 5737). Private and other special ranges are data about
//! classes of addresses; a file that holds such data says so with the comment [`MARK`].

use std::net::Ipv4Addr;

use super::files::File;

const MARK: &str = "// tidy: address classes";

/// Every IPv4 literal in a Rust file is of a class that may stand there.
pub(super) fn harmless(files: &[File]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let marked = file.lines().any(|(_, line)| line.trim_start().starts_with(MARK));
        for (number, line) in file.lines() {
            let wrong = literals(line).filter_map(|address| fault(address, marked));
            found.extend(wrong.map(|fault| format!("{}:{number}: {fault}", file.path)));
        }
    }
    found
}

fn fault(address: Ipv4Addr, marked: bool) -> Option<String> {
    let harmless = address.is_loopback() || address.is_unspecified() || address.is_documentation();
    if harmless || (marked && is_special(address)) {
        return None;
    }
    Some(if is_special(address) {
        format!("the address {address} is only for a file with the comment `{MARK}`")
    } else {
        format!("the address {address} belongs to someone; use one of RFC 5737")
    })
}

/// Ranges that are nobody's on the open network.
fn is_special(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    let shared = a == 100 && b & 0xc0 == 64;
    let benchmarking = a == 198 && b & 0xfe == 18;
    let this_network_or_reserved = a == 0 || a >= 224;
    let own = address.is_private() || address.is_link_local();
    own || shared || benchmarking || this_network_or_reserved
}

/// Runs of digits and dots that are exactly one address and not part of a name.
fn literals(line: &str) -> impl Iterator<Item = Ipv4Addr> {
    let part = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
    line.split(move |c| !part(c)).filter_map(|run| run.trim_matches('.').parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::files::planted;
    use super::*;

    /// What is said of a line with this address; built from numbers so that this file passes.
    fn said(octets: [u8; 4], mark: &str) -> String {
        let text = format!("{mark}\nconst A: &str = \"{}:80\";\n", Ipv4Addr::from(octets));
        harmless(&[planted("a.rs", &text)]).join("; ")
    }

    #[test]
    fn only_addresses_that_reach_nobody_pass() {
        for octets in
            [[127, 0, 0, 1], [127, 9, 9, 9], [0, 0, 0, 0], [192, 0, 2, 7], [203, 0, 113, 1]]
        {
            assert_eq!(said(octets, ""), "");
        }
        for octets in [[8, 8, 8, 8], [1, 1, 1, 1], [100, 128, 0, 1], [172, 32, 0, 1]] {
            assert!(said(octets, "").starts_with("a.rs:2: the address"));
            assert!(said(octets, MARK).contains("belongs to someone"));
        }
    }

    #[test]
    fn special_ranges_need_the_mark() {
        for octets in
            [[10, 0, 0, 1], [172, 16, 0, 1], [192, 168, 1, 1], [169, 254, 1, 1], [100, 64, 0, 1]]
        {
            assert!(said(octets, "").contains("only for a file with the comment"));
            assert_eq!(said(octets, MARK), "");
        }
    }

    #[test]
    fn only_whole_addresses_are_read() {
        let eights = ["8"; 4].join(".");
        let read = |line: String| literals(&line).count();
        assert_eq!(read(format!("({eights}/8) and {eights}.")), 2);
        assert_eq!(read(format!("v{eights} {eights}.8 {eights}_a 8.8.8 999.8.8.8")), 0);
        assert_eq!(harmless(&[planted("a.md", &eights)]).len(), 0);
    }
}
