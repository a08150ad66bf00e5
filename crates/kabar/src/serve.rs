//! `kabar serve`.

mod demo;
mod first;
mod greeting;
mod signals;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kabar_api::{Site, Stop};
use kabar_catalogue::Lang;
use kabar_engine::Engine;
use kabar_store_sqlite::Durability;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use crate::cli::{self, EXIT_USAGE, ServeArgs};
use crate::config::{Config, Listen};
use crate::net::{Bound, Gate, Shared, accept};
use crate::realm::{self, Opened};
use crate::text::Text;
use crate::{control, doctor, links, log};
use first::First;
use greeting::Start;

pub(crate) use greeting::reachable;

/// How long connections get to finish what is under way when the server stops.
const STOP_SECS_MAX: u64 = 10;
/// How often the engine keeps house.
const HOUSEKEEPING: Duration = Duration::from_mins(1);
/// How often contents that no message refers to are looked for.
const SWEEPING: Duration = Duration::from_hours(6);

/// Serves until told to stop.
pub(crate) fn run(args: &ServeArgs, lang: Lang) -> ExitCode {
    let config = match args.settings().and_then(|config| log::start(&config.log).map(|()| config)) {
        Ok(config) => config,
        Err(error) => return cli::complain(&error, EXIT_USAGE),
    };
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
        .and_then(|runtime| runtime.block_on(serve(args, config, lang)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => cli::complain(&error, 1),
    }
}

async fn serve(args: &ServeArgs, mut config: Config, lang: Lang) -> Result<()> {
    // Caught from the first moment on: a server told to stop while it starts stops in order, too.
    let stop = Stop::default();
    let drain = Duration::from_secs(u64::from(config.server.drain_secs)) / 2;
    signals::watch(stop.clone(), drain, drain)?;
    open_files();

    let demo = args.demo.map(|_| demo::prepare(args, &mut config, lang)).transpose()?;
    config.server.listen = Listen::or_default(&config.server.listen);
    let durability =
        if args.plant_weak_sync { Durability::PlantedNormal } else { Durability::Full };
    let opened = realm::open(&config, durability)
        .await
        .map_err(|error| anyhow::anyhow!(realm::cannot_open(&config, &error.into(), lang)))?;
    let store = &opened.store;
    links::is_ours(&**store, &config, lang).await?;
    let is_new = store.count_accounts().await? == 0;
    let engine = realm::start(&config, &opened).await?;
    let people = match args.demo {
        Some(with) => Some(demo::populate(&engine, with).await?),
        None => None,
    };

    let bound = bind(&config, lang)?;
    let first = match &people {
        Some(_) => First::Known,
        None => first::offer(&engine, &config.server.data, greeting::page_address(&bound)).await?,
    };
    let tasks = TaskTracker::new();
    let place = greeting::place(&config, &bound, people);
    let mut hosts = config.web.hosts.clone();
    hosts.extend(gethostname::gethostname().into_string());
    let (stop_pages, tasks_of_pages, all) = (stop.clone(), tasks.clone(), stop.all());
    let web_dir = args.web_dir.clone();
    let site = Site { place, hosts, web_dir, stop: stop_pages, tasks: tasks_of_pages };
    let links = links::open(&config, &bound, &engine, store).await?;
    let pages = kabar_api::router(Arc::clone(&engine), site);
    let routes = links::routes(&links).fallback_service(pages);
    let shared = Arc::new(Shared {
        engine: Arc::clone(&engine),
        gate: Gate::new(config.limits.clone(), config.web.trusted_proxies.clone()),
        routes,
        stop: stop.clone(),
        tasks: tasks.clone(),
    });
    announce(&bound)?;
    let start = Start { is_demo: demo.is_some(), is_new, settings: args.file(), first: &first };
    greeting::greet(&config, &bound, &start, lang);

    tasks.spawn(keep_house(Arc::clone(&engine), all.clone()));
    tasks.spawn(sweep_files(Arc::clone(&engine), all.clone()));
    tasks.spawn(follow(Arc::clone(&engine), all.clone()));
    tasks.spawn(Arc::clone(&links).run(all.clone()));
    tasks.spawn(first.withdraw(Arc::clone(&engine), all.clone()));
    let listeners = bound.iter().map(|bound| bound.listen).collect();
    let server = doctor::Running { listeners };
    let asked = control::Asked { engine: Arc::clone(&engine), server };
    control::listen(&config.server.data, asked, &all, &tasks);
    for bound in bound {
        tasks.spawn(accept(bound, Arc::clone(&shared)));
    }
    // Nobody listens where there is no service manager; that is fine.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);

    stop.accepting().cancelled().await;
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    all.cancelled().await;
    drop((shared, links));
    finish(engine, opened, &tasks, demo).await
}

/// Lets connections finish, then closes the store.
async fn finish(
    engine: Arc<Engine>,
    opened: Opened,
    tasks: &TaskTracker,
    demo: Option<TempDir>,
) -> Result<()> {
    tasks.close();
    let patience = Duration::from_secs(STOP_SECS_MAX);
    if tokio::time::timeout(patience, tasks.wait()).await.is_err() {
        warn!(connections = tasks.len(), "stopping although some connections have not finished");
    }
    if let Err(error) = engine.note_use().await {
        warn!(%error, "cannot note when sessions were last used");
    }
    if let Err(error) = engine.retire().await {
        warn!(%error, "cannot tell other nodes that this one stops; they learn it within seconds");
    }
    drop(engine);
    let Opened { store, bus, place } = opened;
    drop(bus);
    // Nobody else holds it any more, unless a connection did not finish: then the last of them closes it.
    tokio::task::spawn_blocking(move || drop((store, place))).await?;
    if let Some(directory) = demo {
        directory.close().context("cannot remove the demo's directory")?;
    }
    info!("stopped");
    Ok(())
}

/// Raises the limit of open files as far as it goes: a connection is one.
fn open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        warn!(%error, "cannot raise the number of open files");
    }
}

fn bind(config: &Config, lang: Lang) -> Result<Vec<Bound>> {
    let mut bound = Vec::with_capacity(config.server.listen.len());
    for &listen in &config.server.listen {
        match Bound::bind(listen) {
            Ok(listener) => bound.push(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                let address = listen.address.to_string();
                bail!(Text::PortTaken.say(lang, &[("address", &address)]));
            }
            Err(error) => {
                let (address, reason) = (listen.address.to_string(), error.to_string());
                let values = [("address", address.as_str()), ("reason", &reason)];
                bail!(Text::CannotListen.say(lang, &values));
            }
        }
    }
    Ok(bound)
}

/// Tells programs on standard output where the server listens, and that it is ready.
fn announce(bound: &[Bound]) -> Result<()> {
    let mut lines = String::new();
    for Bound { listen, .. } in bound {
        lines.extend([format!("listening {} {}\n", listen.address, listen.dialect.name())]);
    }
    let page = bound.iter().find(|bound| greeting::serves_pages(bound)).or(bound.first());
    if let Some(page) = page {
        lines.extend([format!("ready http://{}\n", greeting::reachable(page.listen.address))]);
    }
    let mut out = io::stdout().lock();
    out.write_all(lines.as_bytes()).and_then(|()| out.flush()).context("cannot say where we listen")
}

async fn keep_house(engine: Arc<Engine>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(HOUSEKEEPING) => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = engine.keep_house().await {
            warn!(%error, "cannot keep house; trying again in a minute");
        }
    }
}

/// Removes what no message refers to, now and then.
async fn sweep_files(engine: Arc<Engine>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEPING) => {}
            () = stop.cancelled() => return,
        }
        match engine.sweep_files().await {
            Ok(0) => {}
            Ok(files) => info!(files, "removed contents that no message refers to"),
            Err(error) => warn!(%error, "cannot sweep files; trying again later"),
        }
    }
}

async fn follow(engine: Arc<Engine>, stop: CancellationToken) {
    tokio::select! {
        () = engine.follow() => {}
        () = stop.cancelled() => {}
    }
}

/// The data directory of a demo: its own, and gone when it ends.
pub(crate) fn temporary_directory() -> Result<(TempDir, PathBuf)> {
    let directory = tempfile::Builder::new().prefix("kabar-demo-").tempdir()?;
    let path = directory.path().to_owned();
    Ok((directory, path))
}
