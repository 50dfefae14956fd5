//! `cargo xtask test`: everything that must hold before a change lands, from a fresh clone.
//!
//! Stages run in order and a failed one does not hide the others. The last line counts the tests of
//! all runners; a stage that fails without a count counts as one failure.

mod faults;

use std::{
    fs,
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use crate::{
    browser,
    cargo::{self, Profile},
    demo,
    ground::Ground,
    interrupt, paths,
    process::{self, Background},
    tidy, tools,
    totals::Totals,
    web,
};

/// One test program that hangs must not hang the run.
const LONGEST_TESTS: Duration = Duration::from_secs(25 * 60);
/// The same for every fault there is.
const LONGEST_FULL: Duration = Duration::from_secs(3 * 60 * 60);
/// The module of the fault tests.
const FAULTS: &str = "faults::";
/// They wait more than they work.
const FAULTS_AT_ONCE: &str = "--test-threads=6";
const SERVER_START: Duration = Duration::from_secs(60);
/// Inside the tests' own network namespace, so it is always free.
const SERVER: &str = "127.0.0.1:8080";
/// Their own folders, with the features that their neighbours get, too.
const RULES_AND_TOOLS: [&str; 3] = ["domain", "cli", "demo-service"];

/// The options of `cargo xtask test`.
#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// Only these stages, in the usual order
    #[arg(long, value_name = "STAGE", value_delimiter = ',')]
    only: Vec<Stage>,
    /// Only tests whose name contains this (integration and browser stages; faults: what follows `faults::`)
    #[arg(long, value_name = "NAME")]
    filter: Option<String>,
    /// Provoke faults at every place and more often, not only at a choice of them
    #[arg(long)]
    full: bool,
    /// Write docs/faults.md from what the faults stage sees
    #[arg(long)]
    document: bool,
    /// Keep what the browser shows now as what it is compared with from now on (end2end/baselines)
    #[arg(long)]
    update_baselines: bool,
    /// Repeat what an earlier run of the faults did by chance
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
}

/// What is tested, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Stage {
    /// Code is formatted
    Fmt,
    /// Dependencies point one way, files are as agreed
    Tidy,
    /// Lints, on this machine's target and on the browser's
    Clippy,
    /// Tests of pure logic
    Unit,
    /// Tests on a real engine, a registry and both databases (root)
    Integration,
    /// Tests that break things: the server, engines, registries, databases (root)
    Faults,
    /// Tests in a real browser, on the real server (root)
    Browser,
}

/// Runs the stages.
pub(crate) fn run(args: &TestArgs) -> anyhow::Result<ExitCode> {
    let mut report = Report::default();
    let wanted = |stage: Stage| args.only.is_empty() || args.only.contains(&stage);
    for stage in [Stage::Fmt, Stage::Tidy, Stage::Clippy, Stage::Unit] {
        if wanted(stage) {
            report.stage(name(stage), |totals| match stage {
                Stage::Fmt => process::run(cargo::bare("fmt").args(["--all", "--check"])),
                Stage::Tidy => tidy::run(),
                Stage::Clippy => clippy(),
                _ => unit(totals),
            })?;
        }
    }
    if [Stage::Integration, Stage::Faults, Stage::Browser]
        .into_iter()
        .any(wanted)
    {
        on_the_ground(args, &wanted, &mut report)?;
    }
    Ok(report.finish())
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Fmt => "fmt",
        Stage::Tidy => "tidy",
        Stage::Clippy => "clippy",
        Stage::Unit => "unit",
        Stage::Integration => "integration",
        Stage::Faults => "faults",
        Stage::Browser => "browser",
    }
}

/// Stages that need the pages' files, the server and the ground.
fn on_the_ground(
    args: &TestArgs,
    wanted: &impl Fn(Stage) -> bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let built = report.stage("build", |_| {
        tools::rust_targets()?;
        web::build(Profile::Dev)?;
        process::run(cargo::native("build", Profile::Dev).args(["--package", "server"]))?;
        if wanted(Stage::Integration) || wanted(Stage::Faults) {
            // Nothing is downloaded or compiled inside the network namespace.
            process::run(integration_tests().arg("--no-run"))?;
        }
        Ok(())
    })?;
    let ground = report.stage("ground", |_| {
        let ground = Ground::provide()?;
        println!("{}", demo::build_images(&ground.docker_host())?);
        // What tests pull. The registry is reached from inside only.
        let push = [
            "demo-push",
            "--registry",
            Ground::REGISTRY,
            "--name",
            "windlass-demo/web",
            "--tag",
            "pulled",
        ];
        process::run(ground.command(std::env::current_exe()?).args(push))?;
        Ok(ground)
    })?;
    let (Some(()), Some(ground)) = (built, ground) else {
        return Ok(());
    };

    if wanted(Stage::Integration) {
        report.stage("integration", |totals| {
            let mut tests = tests_inside(&ground)?;
            tests.args(["--", "--skip", FAULTS]).args(&args.filter);
            must_pass(&mut tests, totals)
        })?;
    }
    if wanted(Stage::Faults) {
        report.stage("faults", |totals| break_things(args, &ground, totals))?;
    }
    if wanted(Stage::Browser) {
        report.stage("browser", |totals| in_the_browser(args, &ground, totals))?;
    }
    report.stage("clearing up", |_| {
        drop(ground);
        Ok(())
    })?;
    Ok(())
}

fn clippy() -> anyhow::Result<()> {
    tools::rust_targets()?;
    let deny = ["--", "-D", "warnings"];
    for package in RULES_AND_TOOLS {
        let mut native = cargo::native("clippy", Profile::Dev);
        process::run(
            native
                .args(["--package", package, "--all-targets"])
                .args(deny),
        )?;
    }
    // Together, so that the pages are seen with the features that the server gives them.
    let mut server = cargo::native("clippy", Profile::Dev);
    process::run(
        server
            .args(["--package", "server", "--package", "app", "--all-targets"])
            .args(deny),
    )?;
    let mut frontend = cargo::wasm("clippy", Profile::Dev);
    process::run(
        frontend
            .args(["--package", "frontend", "--package", "app"])
            .args(deny),
    )?;
    process::run(
        cargo::bare("clippy")
            .args(["--package", "xtask", "--all-targets"])
            .args(deny),
    )
}

fn unit(totals: &mut Totals) -> anyhow::Result<()> {
    let mut good = true;
    for package in RULES_AND_TOOLS {
        let mut tests = cargo::native("test", Profile::Dev);
        good &= rust_tests(
            tests.args(["--package", package, "--no-fail-fast"]),
            LONGEST_TESTS,
            totals,
        )?;
    }
    let mut server = cargo::native("test", Profile::Dev);
    server.args([
        "--package",
        "server",
        "--package",
        "app",
        "--lib",
        "--bins",
        "--no-fail-fast",
    ]);
    good &= rust_tests(&mut server, LONGEST_TESTS, totals)?;
    good &= rust_tests(
        cargo::bare("test").args(["--package", "xtask", "--no-fail-fast"]),
        LONGEST_TESTS,
        totals,
    )?;
    if !good {
        bail!("unit tests failed");
    }
    Ok(())
}

/// The server's tests under `server/tests`.
fn integration_tests() -> Command {
    let mut cargo = cargo::native("test", Profile::Dev);
    cargo.args(["--package", "server", "--no-fail-fast", "--test", "*"]);
    cargo
}

/// The same, inside the ground's network namespace; arguments of the test program may follow.
fn tests_inside(ground: &Ground) -> anyhow::Result<Command> {
    let plain = integration_tests();
    let mut inside = ground.command_with_engines(plain.get_program())?;
    inside
        .args(plain.get_args())
        .arg("--offline")
        .current_dir(paths::root());
    for (name, value) in plain.get_envs() {
        if let Some(value) = value {
            inside.env(name, value);
        }
    }
    inside.env("WINDLASS_TEST_SITE", web::site(Profile::Dev));
    Ok(inside)
}

fn must_pass(tests: &mut Command, totals: &mut Totals) -> anyhow::Result<()> {
    if !rust_tests(tests, LONGEST_TESTS, totals)? {
        bail!("tests failed");
    }
    Ok(())
}

fn break_things(args: &TestArgs, ground: &Ground, totals: &mut Totals) -> anyhow::Result<()> {
    let tally = ground.folder("tally")?.join("faults.jsonl");
    let mut tests = tests_inside(ground)?;
    tests.env("WINDLASS_TEST_TALLY", &tally);
    if args.full {
        tests.env("WINDLASS_TEST_FULL", "1");
    }
    if let Some(seed) = args.seed {
        tests.env("WINDLASS_TEST_SEED", seed.to_string());
    }
    let filter = args.filter.as_deref().unwrap_or_default();
    tests.args(["--", &format!("{FAULTS}{filter}"), FAULTS_AT_ONCE]);
    let longest = if args.full {
        LONGEST_FULL
    } else {
        LONGEST_TESTS
    };
    let passed = rust_tests(&mut tests, longest, totals)?;
    // Also after a failure: the sums say how far it came.
    let summed = faults::sum_up(&tally, args.document);
    if !passed {
        bail!("tests failed");
    }
    summed
}

/// Whether all passed. A program that breaks off before it counts is counted as one failure.
fn rust_tests(
    command: &mut Command,
    longest: Duration,
    totals: &mut Totals,
) -> anyhow::Result<bool> {
    let before = totals.failed;
    let status = process::run_watched(command, longest, |line| totals.read_rust_line(line))?;
    if !status.success() && totals.failed == before {
        totals.failed += 1;
    }
    Ok(status.success())
}

fn in_the_browser(args: &TestArgs, ground: &Ground, totals: &mut Totals) -> anyhow::Result<()> {
    let browser = browser::provide()?;
    let program = cargo::program("windlass-server", Profile::Dev);
    let site = web::site(Profile::Dev);
    let catalog = paths::root().join("demo/catalog");
    let log = paths::target().join("test-logs/windlass-server.log");

    let mut command = ground.command(&program);
    command
        .args(["serve", "--listen", SERVER, "--data-dir"])
        .arg(ground.folder("windlass")?)
        .arg("--site")
        .arg(&site)
        .args(["--source", &format!("demo={}", catalog.display())])
        .args(["--docker-host", &ground.docker_host()]);
    let mut server = Background::start("windlass-server", &mut command, Some(&log))?;
    server
        .wait_until(SERVER_START, || ground.answers(SERVER, "/health/ready"))
        .with_context(|| format!("the end of its log:\n{}", process::tail(&log)))?;

    let report = paths::target().join("test-logs/browser.json");
    // An old report must not stand in for a new one.
    if report.exists() {
        fs::remove_file(&report)?;
    }
    let mut tests = ground.command(&browser.playwright);
    tests
        .arg("test")
        .args(
            args.update_baselines
                .then_some("--update-snapshots=changed"),
        )
        .args(&args.filter)
        .current_dir(&browser.folder)
        .env("WINDLASS_TEST_URL", format!("http://{SERVER}"))
        .env("WINDLASS_TEST_BROWSER", &browser.chromium)
        .env("WINDLASS_TEST_REPORT", &report)
        .env("WINDLASS_TEST_SERVER", &program)
        .env("WINDLASS_TEST_SITE", &site)
        .env("WINDLASS_TEST_CATALOG", &catalog);
    let status = process::run_watched(&mut tests, LONGEST_TESTS, |_| {})?;
    let text = fs::read_to_string(&report).context("Playwright wrote no report")?;
    totals.read_browser_report(&text)?;
    if !status.success() {
        bail!(
            "browser tests failed; their server's log is {}",
            log.display()
        );
    }
    Ok(())
}

/// What happened so far.
#[derive(Debug, Default)]
struct Report {
    totals: Totals,
    lines: Vec<String>,
    failed: bool,
}

impl Report {
    /// Runs a stage; a failure is noted and the next stage goes on, an interruption is not.
    fn stage<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Totals) -> anyhow::Result<T>,
    ) -> anyhow::Result<Option<T>> {
        interrupt::check()?;
        println!("\n== {name}");
        let began = Instant::now();
        let failures_before = self.totals.failed;
        let done = work(&mut self.totals);
        let seconds = began.elapsed().as_secs_f64();
        interrupt::check()?;
        let word = match &done {
            Ok(_) => "ok",
            Err(error) => {
                println!("{name}: {error:#}");
                self.failed = true;
                if self.totals.failed == failures_before {
                    self.totals.failed += 1;
                }
                "FAILED"
            }
        };
        let line = format!("== {name}: {word} after {seconds:.1} s");
        println!("{line}");
        self.lines.push(line);
        Ok(done.ok())
    }

    /// The overview; the totals are the last line.
    fn finish(self) -> ExitCode {
        println!("\n{}\n", self.lines.join("\n"));
        println!("{}", self.totals);
        // Nothing is said after the totals.
        match self.failed || self.totals.failed > 0 {
            true => ExitCode::FAILURE,
            false => ExitCode::SUCCESS,
        }
    }
}
