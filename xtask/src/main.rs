//! Automation of this repository, as `cargo xtask COMMAND`.

mod demo;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(report) => {
            drop(writeln!(std::io::stdout(), "{report}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            drop(writeln!(std::io::stderr(), "xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<String> {
    match arguments.first().map(String::as_str) {
        Some("demo-images") => {
            let host = option(arguments, "--docker-host")?.unwrap_or("unix:///var/run/docker.sock");
            Ok(demo::build_images(host)?.to_string())
        }
        Some("demo-push") => {
            let required =
                |name| option(arguments, name)?.with_context(|| format!("{name} is missing"));
            let mut options = demo::PushOptions::default();
            if let Some(bytes) = option(arguments, "--extra-bytes")? {
                options.extra_layer_bytes =
                    bytes.parse().context("--extra-bytes takes a number")?;
            }
            if let Some(seed) = option(arguments, "--seed")? {
                options.seed = seed.parse().context("--seed takes a number")?;
            }
            if let Some(user) = option(arguments, "--user")? {
                let (name, password) =
                    user.split_once(':').context("--user takes NAME:PASSWORD")?;
                options.credentials = Some((name.to_owned(), password.to_owned()));
            }
            let (registry, tag) = (required("--registry")?, required("--tag")?);
            Ok(demo::push_image(registry, required("--name")?, tag, &options)?.to_string())
        }
        _ => bail!(
            "use demo-images [--docker-host HOST], or demo-push --registry HOST:PORT --name NAME \
             --tag TAG [--extra-bytes N] [--seed N] [--user NAME:PASSWORD]"
        ),
    }
}

fn option<'a>(arguments: &'a [String], name: &str) -> Result<Option<&'a str>> {
    match arguments.iter().position(|argument| argument == name) {
        Some(at) => match arguments.get(at + 1) {
            Some(value) => Ok(Some(value)),
            None => bail!("{name} needs a value"),
        },
        None => Ok(None),
    }
}
