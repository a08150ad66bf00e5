//! `cargo xtask prepare`: are the tools that cargo does not bring itself on this machine?
//! When all are there, nothing is started and no network is needed.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Result, bail};

use crate::chore::Chore;
use crate::command::run;

pub(crate) const CHORE: Chore = Chore {
    name: "prepare",
    arguments: "",
    summary: "the tools of this machine, installed when missing and possible",
    run: |_, _| prepare(),
};

struct Tool {
    /// Programs, any one of which will do.
    programs: &'static [&'static str],
    /// The Debian package that brings the first of them.
    package: &'static str,
    purpose: &'static str,
}

/// A new tool is a row here.
const TOOLS: &[Tool] = &[
    Tool {
        programs: &["c++"],
        package: "g++",
        purpose: "libFuzzer, which runs the fuzz targets, is built from C++",
    },
    Tool { programs: &["node"], package: "nodejs", purpose: "it runs the tests of the web app" },
    Tool { programs: &["npm"], package: "npm", purpose: "it brings what those tests need" },
    Tool {
        programs: &["chromium"],
        package: "chromium",
        purpose: "the browser that the web app is tested in",
    },
    Tool {
        programs: &["tc"],
        package: "iproute2",
        purpose: "realms are tested on slow lines between network namespaces",
    },
    Tool { programs: &["nft"], package: "nftables", purpose: "those lines lose packets" },
];

fn prepare() -> Result<()> {
    match plan(&missing(), is_root(), find("apt-get").is_some()) {
        Plan::Nothing => return Ok(()),
        Plan::Install(packages) => install(&packages)?,
        Plan::Tell(message) => bail!(message),
    }
    // What was installed must be found now; without apt-get the plan is to tell.
    match plan(&missing(), false, false) {
        Plan::Tell(message) => bail!(message),
        Plan::Nothing | Plan::Install(_) => Ok(()),
    }
}

fn missing() -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| !present(tool)).collect()
}

#[derive(Debug, PartialEq)]
enum Plan {
    Nothing,
    Install(Vec<&'static str>),
    Tell(String),
}

fn plan(missing: &[&Tool], root: bool, apt: bool) -> Plan {
    if missing.is_empty() {
        return Plan::Nothing;
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    if root && apt {
        return Plan::Install(packages);
    }
    let words = packages.join(" ");
    let next = if apt {
        format!("sudo apt-get update && sudo apt-get install -y --no-install-recommends {words}")
    } else {
        format!("install what your system calls the Debian packages {words}")
    };
    let mut lines = vec!["missing on this machine:".to_owned()];
    let row = |tool: &&Tool| format!("  {}: {}", tool.programs.join(" or "), tool.purpose);
    lines.extend(missing.iter().map(row));
    lines.push(format!("next: {next}"));
    Plan::Tell(lines.join("\n"))
}

fn install(packages: &[&str]) -> Result<()> {
    let next = "see what apt-get says above; is there a network?";
    let apt = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    run(apt().arg("update"), next)?;
    run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages), next)
}

fn present(tool: &Tool) -> bool {
    tool.programs.iter().any(|program| find(program).is_some())
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    // Where Debian has what is for administrators, whether they look there or not.
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let folders = env::split_paths(&path).chain(more);
    folders.map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The owner of `/proc/self` is the user this process acts as.
fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: Tool =
        Tool { programs: &["kabar-no-such-program"], package: "p", purpose: "the test" };

    #[test]
    fn a_program_is_found_in_the_path_or_missing() {
        assert!(present(&Tool { programs: &["kabar-no-such-program", "sh"], ..TOOL }));
        assert!(!present(&TOOL));
    }

    #[test]
    fn what_is_missing_is_installed_by_root_and_told_to_others() {
        assert_eq!(plan(&[], true, true), Plan::Nothing);
        assert_eq!(plan(&[&TOOL], true, true), Plan::Install(vec!["p"]));
        for (root, apt, next) in [
            (false, true, "apt-get install -y --no-install-recommends p"),
            (true, false, "the Debian packages p"),
        ] {
            let Plan::Tell(message) = plan(&[&TOOL], root, apt) else { panic!("not told") };
            assert!(message.contains("kabar-no-such-program: the test"), "{message}");
            assert!(message.ends_with(next), "{message}");
        }
    }
}
