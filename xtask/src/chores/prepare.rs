//! `cargo xtask prepare`: are the tools that cargo does not bring itself on this machine?
//! When all are there, nothing is started and no network is needed.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

use crate::chore::Chore;
use crate::command::run;

pub(crate) const CHORE: Chore = Chore {
    name: "prepare",
    arguments: "",
    summary: "the tools of this machine, installed when missing and possible",
    run: |_, _| prepare(|_| true),
};

struct Tool {
    /// Programs, or files with their whole path, any one of which will do.
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
    Tool {
        programs: &["nft"],
        package: "nftables",
        purpose: "those lines lose packets, and nodes are cut off from their servers",
    },
    Tool {
        programs: &["initdb"],
        package: "postgresql",
        purpose: "realms of many nodes are tested on servers of their own",
    },
    Tool {
        programs: &["nats-server"],
        package: "nats-server",
        purpose: "it carries the hints between the nodes of those realms",
    },
    Tool {
        programs: &["openssl"],
        package: "openssl",
        purpose: "it makes the certificates of those servers",
    },
    Tool {
        programs: &["nginx"],
        package: "nginx",
        purpose: "the examples for reverse proxies are tried out",
    },
    Tool {
        programs: &[
            "/usr/lib/nginx/modules/ngx_stream_module.so",
            "/usr/lib64/nginx/modules/ngx_stream_module.so",
        ],
        package: "libnginx-mod-stream",
        purpose: "the same, for the text dialects",
    },
    Tool {
        programs: &["/usr/lib/python3/dist-packages/yaml/__init__.py"],
        package: "python3-yaml",
        purpose: "the compose file is read where there is no Docker",
    },
    Tool { programs: &["caddy"], package: "caddy", purpose: "the same, with another proxy" },
];

/// Packages of the servers that many nodes stand on.
const OF_NODES: &[&str] = &["postgresql", "nats-server", "openssl"];

/// What many nodes stand on, and nothing else.
pub(crate) fn prepare_nodes() -> Result<()> {
    prepare(|tool| OF_NODES.contains(&tool.package))
}

fn prepare(wanted: fn(&Tool) -> bool) -> Result<()> {
    match plan(&missing(wanted), is_root(), find("apt-get").is_some()) {
        Plan::Nothing => return Ok(()),
        Plan::Install(packages) => install(&packages)?,
        Plan::Tell(message) => bail!(message),
    }
    // What was installed must be found now; without apt-get the plan is to tell.
    match plan(&missing(wanted), false, false) {
        Plan::Tell(message) => bail!(message),
        Plan::Nothing | Plan::Install(_) => Ok(()),
    }
}

fn missing(wanted: fn(&Tool) -> bool) -> Vec<&'static Tool> {
    TOOLS.iter().filter(|tool| wanted(tool) && !present(tool)).collect()
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
    let _unstarted = Unstarted::begin(UNSTARTED)?;
    run(apt().args(["install", "-y", "--no-install-recommends"]).args(packages), next)
}

/// What Debian's packages of servers look at when they are installed: `policy-rc.d` says that no server is to be started,
/// the other file that PostgreSQL makes no database of the system's. The tests start servers of their own.
const UNSTARTED: &[(&str, &str, u32)] = &[
    ("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755),
    (
        "/etc/postgresql-common/createcluster.d/kabar-tests.conf",
        "create_main_cluster = false\n",
        0o644,
    ),
];

/// While this lives, what is installed is not started. Files that are there already are left as they are.
struct Unstarted(Vec<PathBuf>);

impl Unstarted {
    fn begin(files: &[(&str, &str, u32)]) -> Result<Self> {
        let mut made = Self(Vec::new());
        for (path, text, mode) in files {
            let path = PathBuf::from(path);
            let folder = path.parent().context("it lies in a folder")?;
            fs::create_dir_all(folder)?;
            let file = OpenOptions::new().write(true).create_new(true).mode(*mode).open(&path);
            match file {
                Ok(mut file) => {
                    made.0.push(path);
                    file.write_all(text.as_bytes())?;
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).with_context(|| path.display().to_string()),
            }
        }
        Ok(made)
    }
}

impl Drop for Unstarted {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = fs::remove_file(path);
        }
    }
}

fn present(tool: &Tool) -> bool {
    tool.programs.iter().any(|program| find(program).is_some())
}

fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    // Where Debian has what is for administrators, whether they look there or not, and PostgreSQL by its version.
    let more = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = versions.map(|version| version.path().join("bin"));
    let folders = env::split_paths(&path).chain(more).chain(versions);
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
    fn what_nodes_stand_on_is_among_the_tools() {
        assert!(OF_NODES.iter().all(|of| TOOLS.iter().any(|tool| tool.package == *of)));
    }

    #[test]
    fn a_file_with_its_path_is_looked_for_there() {
        assert!(present(&Tool { programs: &["/kabar/no/such/file", "/proc/self/status"], ..TOOL }));
        assert!(!present(&Tool { programs: &["/kabar/no/such/file"], ..TOOL }));
    }

    #[test]
    fn what_keeps_servers_from_starting_is_there_for_a_while_and_harms_nothing() {
        let folder = env::temp_dir().join(format!("kabar-prepare-{}", std::process::id()));
        let names = ["new/one", "old"].map(|name| folder.join(name).display().to_string());
        fs::create_dir_all(&folder).unwrap();
        fs::write(&names[1], "mine").unwrap();
        let files = [(&*names[0], "text", 0o755), (&*names[1], "text", 0o755)];
        let unstarted = Unstarted::begin(&files).unwrap();
        assert_eq!(
            names.each_ref().map(|name| fs::read_to_string(name).unwrap()),
            ["text", "mine"]
        );
        assert_eq!(fs::metadata(&names[0]).unwrap().mode() & 0o100, 0o100);
        drop(unstarted);
        assert!(!fs::exists(&names[0]).unwrap());
        assert_eq!(fs::read_to_string(&names[1]).unwrap(), "mine");
        fs::remove_dir_all(folder).unwrap();
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
