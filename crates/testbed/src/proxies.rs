//! Reverse proxies: nginx and Caddy, with the files of whoever tests them.

use std::fs;
use std::path::Path;

use crate::daemon::Daemon;

/// What nginx's modules are loaded from, on Debian and elsewhere.
const MODULES: [&str; 2] = ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"];

/// Where nginx would put files outside of the directory.
const TEMPORARY: [&str; 5] = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/// A proxy that runs until this is dropped.
#[derive(Debug)]
pub struct Proxy(Daemon);

impl Proxy {
    /// nginx with this inside of `http` and that inside of `stream`, listening on these ports.
    ///
    /// # Panics
    /// When it does not start.
    pub fn nginx(http: &str, stream: &str, ports: &[u16]) -> Self {
        Self(Daemon::start_new("nginx", ports.to_vec(), |dir| {
            let file = dir.join("nginx.conf");
            let at = dir.display();
            let temporary =
                TEMPORARY.map(|what| format!("{what}_temp_path {at}/{what};")).join("\n");
            let modules = MODULES.map(|dir| Path::new(dir).join("ngx_stream_module.so"));
            let module = modules.iter().find(|path| path.is_file());
            let module = module.map(|path| format!("load_module {};", path.display()));
            let module = module.unwrap_or_default();
            let text = format!(
                "{module}\ndaemon off;\nmaster_process off;\npid {at}/pid;\n\
                 error_log stderr notice;\nevents {{}}\n\
                 http {{\naccess_log off;\n{temporary}\n{http}\n}}\nstream {{\n{stream}\n}}\n"
            );
            fs::write(&file, text).expect("the directory takes a file");
            ["-p", &at.to_string(), "-e", "stderr", "-c", &file.display().to_string()]
                .map(str::to_owned)
                .to_vec()
        }))
    }

    /// Caddy with this file, listening on these ports.
    ///
    /// # Panics
    /// When it does not start.
    pub fn caddy(text: &str, ports: &[u16]) -> Self {
        Self(Daemon::start_new("caddy", ports.to_vec(), |dir| {
            let file = dir.join("Caddyfile");
            fs::write(&file, text).expect("the directory takes a file");
            let file = file.display().to_string();
            ["run", "--adapter", "caddyfile", "--config", &file].map(str::to_owned).to_vec()
        }))
    }

    /// What it wrote on its standard error.
    pub fn log(&self) -> String {
        self.0.log()
    }
}
