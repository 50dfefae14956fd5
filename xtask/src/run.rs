//! `cargo xtask run`: from a fresh clone to a page in the browser, with one command.
//!
//! Changes nothing on the machine without saying so first. Whatever is there already is used.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::Context as _;

use crate::{
    cargo::{self, Profile},
    demo,
    http::Peer,
    paths,
    process::{self, Background},
    tools, user_engine, web,
};

const START: Duration = Duration::from_secs(60);

/// The options of `cargo xtask run`.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    /// Build optimised: takes minutes the first time
    #[arg(long)]
    release: bool,
    /// The address to listen on
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the database and what is kept on disk go
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
    /// Handed to the server: listen on an address that other machines reach, without sign-in
    #[arg(long)]
    insecure_no_auth: bool,
}

/// Builds, starts, waits for Ctrl-C.
pub(crate) fn run(args: &RunArgs) -> anyhow::Result<()> {
    let began = Instant::now();
    let profile = if args.release {
        Profile::Release
    } else {
        Profile::Dev
    };
    tools::rust_targets()?;
    let site = web::build(profile)?;
    process::run(cargo::native("build", profile).args(["--package", "server"]))?;

    fs::create_dir_all(&args.data_dir)
        .with_context(|| format!("cannot make {}", args.data_dir.display()))?;
    let engine = user_engine::provide(&args.data_dir)?;
    println!("using the Docker engine {} ({})", engine.host, engine.how);
    println!("{}", demo::build_images(&engine.host)?);

    let mut server = Command::new(cargo::program("windlass-server", profile));
    server
        .arg("serve")
        .args(["--listen", &args.listen.to_string()])
        .arg("--data-dir")
        .arg(&args.data_dir)
        .arg("--site")
        .arg(site)
        .args([
            "--source",
            &format!("demo={}", paths::root().join("demo/catalog").display()),
        ])
        .args(["--docker-host", &engine.host]);
    if args.insecure_no_auth {
        server.arg("--insecure-no-auth");
    }
    let mut server = Background::start("windlass-server", &mut server, None)?;
    let peer = Peer::address(args.listen);
    server.wait_until(START, || peer.says_ok("/health/ready"))?;
    println!(
        "\nWindlass is ready after {:.1} s: http://{}\nCtrl-C stops it.\n",
        began.elapsed().as_secs_f64(),
        args.listen
    );
    server.wait()?;
    println!("Windlass has stopped.");
    Ok(())
}
