//! The baseline: Docker Compose, Debian's newest, unpacked into a folder as the engine is.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};

use super::{
    catalog::Product,
    engine::{Engine, side_by_side},
};
use crate::{ground::debian, interrupt, paths};

/// Newest first.
const SUITES: [&str; 2] = ["forky", "trixie"];
const PROGRAM: &str = "usr/libexec/docker/cli-plugins/docker-compose";

/// `docker-compose`, a program of its own.
#[derive(Debug)]
pub(super) struct Compose {
    program: PathBuf,
    pub(super) version: String,
}

impl Compose {
    pub(super) fn provide() -> anyhow::Result<Self> {
        for suite in SUITES {
            match Self::of_suite(suite) {
                Ok(compose) => return Ok(compose),
                Err(error) => {
                    interrupt::check()?;
                    println!("  Compose of Debian's suite {suite} is of no use: {error:#}");
                }
            }
        }
        bail!("no suite of Debian has a Compose that runs here")
    }

    fn of_suite(suite: &str) -> anyhow::Result<Self> {
        let folder = paths::tools().join("compose").join(suite);
        debian::unpack(suite, &["docker-compose"], &folder)?;
        let program = folder.join(PROGRAM);
        let said = Command::new(&program)
            .args(["version", "--short"])
            .output()
            .context("it does not start")?;
        ensure!(said.status.success(), "it does not run: {}", said.status);
        let version = String::from_utf8_lossy(&said.stdout).trim().to_owned();
        Ok(Self { program, version })
    }

    /// `up -d --wait` for each stack, one after the other.
    pub(super) fn up_in_turn(
        &self,
        engine: &Engine,
        catalog: &Path,
        product: &Product,
    ) -> anyhow::Result<Duration> {
        let began = Instant::now();
        for stack in product.stack_names() {
            self.up(engine, catalog, product, &stack, &["--wait"])?;
        }
        Ok(began.elapsed())
    }

    /// The same for all stacks at once.
    pub(super) fn up_at_once(
        &self,
        engine: &Engine,
        catalog: &Path,
        product: &Product,
    ) -> anyhow::Result<Duration> {
        let began = Instant::now();
        side_by_side(&product.stack_names(), |stack| {
            self.up(engine, catalog, product, stack, &["--wait"])
        })?;
        Ok(began.elapsed())
    }

    /// `up -d` for each stack of a product that is up.
    pub(super) fn up_again(
        &self,
        engine: &Engine,
        catalog: &Path,
        product: &Product,
    ) -> anyhow::Result<Duration> {
        let began = Instant::now();
        for stack in product.stack_names() {
            self.up(engine, catalog, product, &stack, &[])?;
        }
        Ok(began.elapsed())
    }

    /// `up -d --force-recreate --wait` for each stack, one after the other.
    pub(super) fn recreate(
        &self,
        engine: &Engine,
        catalog: &Path,
        product: &Product,
    ) -> anyhow::Result<Duration> {
        let began = Instant::now();
        for stack in product.stack_names() {
            self.up(
                engine,
                catalog,
                product,
                &stack,
                &["--force-recreate", "--wait"],
            )?;
        }
        Ok(began.elapsed())
    }

    /// `down` for each stack, the last one first.
    pub(super) fn down(
        &self,
        engine: &Engine,
        catalog: &Path,
        product: &Product,
    ) -> anyhow::Result<Duration> {
        let began = Instant::now();
        for stack in product.stack_names().iter().rev() {
            self.call(engine, catalog, product, stack, &["down"])?;
        }
        Ok(began.elapsed())
    }

    fn up(
        &self,
        engine: &Engine,
        catalog: &Path,
        product: &Product,
        stack: &str,
        more: &[&str],
    ) -> anyhow::Result<()> {
        let words = [&["up", "--detach"], more].concat();
        self.call(engine, catalog, product, stack, &words)
    }

    fn call(
        &self,
        engine: &Engine,
        catalog: &Path,
        product: &Product,
        stack: &str,
        words: &[&str],
    ) -> anyhow::Result<()> {
        interrupt::check()?;
        // Waited for without looking now and then: that would cost the baseline time.
        let done = Command::new(&self.program)
            .args(["--project-name", &format!("compose-{stack}"), "--file"])
            .arg(product.compose_file(catalog, stack))
            .args(words)
            .env("DOCKER_HOST", engine.host())
            .output()
            .context("cannot start Compose")?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            bail!("compose {} of {stack}: {said}", words.join(" "));
        }
        Ok(())
    }
}
