//! `cargo xtask bench`: every figure that the project claims, measured in one run on one machine, beside what it is
//! compared with. Writes BENCHMARKS.md; a target that is missed is written down as missed.

mod catalog;
mod changing;
mod compose;
mod deploying;
mod engine;
mod journal;
mod load;
mod machine;
mod report;
mod samples;
mod screen;
mod serving;
mod windlass;

use std::{fs, path::PathBuf};

use clap::ValueEnum;

use crate::{
    cargo::{self, Profile},
    demo,
    ground::Ground,
    interrupt, paths, process, tools, web,
};
use compose::Compose;
use deploying::Arena;
use engine::Engine;
use report::{Figure, Report};
use serving::Site;

/// How it was measured, for the reader of BENCHMARKS.md.
const NOTES: &str = include_str!("bench/notes.md");
/// Fewer give no median worth the name.
const LEAST_RUNS: i64 = 1;
/// And fewer are not kept.
const RUNS_TO_KEEP: u32 = 5;

/// The options of `cargo xtask bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// Only these parts; the others stay in BENCHMARKS.md as they were measured before
    #[arg(long, value_name = "PART", value_delimiter = ',')]
    only: Vec<Part>,
    /// How often each thing is measured; the median counts. Fewer than 5 are printed, and not written down
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(LEAST_RUNS..=100))]
    runs: u32,
}

/// What is measured, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Deploying, against Docker Compose and bare engine calls
    Engine,
    /// Redeploying, upgrading and removing, against Docker Compose
    Changing,
    /// What a durable step costs
    Journal,
    /// Pages, live events, restart, size of what a browser loads
    Web,
    /// Pages at work in a real browser
    Screen,
}

impl Part {
    const ALL: [Self; 5] = [
        Self::Engine,
        Self::Changing,
        Self::Journal,
        Self::Web,
        Self::Screen,
    ];

    const fn title(self) -> &'static str {
        match self {
            Self::Engine => "Deploying",
            Self::Changing => "Changing",
            Self::Journal => "Journal",
            Self::Web => "Serving",
            Self::Screen => "In the browser",
        }
    }
}

/// What the parts stand on.
struct Bench {
    ground: Ground,
    engine: Engine,
    compose: Compose,
    site: PathBuf,
    runs: u32,
}

/// Measures, prints, and writes BENCHMARKS.md.
pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let wanted: Vec<Part> = Part::ALL
        .into_iter()
        .filter(|part| args.only.is_empty() || args.only.contains(part))
        .collect();
    let bench = Bench::prepare(args.runs, &wanted)?;
    let file = paths::root().join("BENCHMARKS.md");
    let mut report = Report::read(&file)?;
    for part in wanted {
        interrupt::check()?;
        println!("\n== {}", part.title());
        let of = format!(
            "{}: {}; load average when it began {}",
            machine::date(),
            machine::windlass(),
            machine::load()
        );
        let figures = bench.measure(part)?;
        let section = report::section(part.title(), &of, &figures);
        println!("\n{section}");
        report.put(part.title(), section);
        // After each part, so that nothing is lost where a later one breaks off.
        if args.runs >= RUNS_TO_KEEP {
            fs::write(&file, bench.text(&report)?)?;
            println!("written: {}", file.display());
        }
    }
    println!("\n{}", report.verdicts());
    Ok(())
}

impl Bench {
    fn prepare(runs: u32, wanted: &[Part]) -> anyhow::Result<Self> {
        tools::rust_targets()?;
        // Whoever only deploys needs no small files, which take minutes to build.
        let site = web::build(
            match wanted.contains(&Part::Web) || wanted.contains(&Part::Screen) {
                true => Profile::Release,
                false => Profile::Dev,
            },
        )?;
        let mut build = cargo::native("build", Profile::Release);
        process::run(build.args(["--package", "server", "--package", "bench"]))?;
        let compose = Compose::provide()?;
        let ground = Ground::provide_durable()?;
        println!("{}", demo::build_images(&ground.docker_host())?);
        let engine = Engine::at(&ground.docker_host())?;
        Ok(Self {
            ground,
            engine,
            compose,
            site,
            runs,
        })
    }

    fn measure(&self, part: Part) -> anyhow::Result<Vec<Figure>> {
        match part {
            Part::Engine => deploying::measure(&Arena {
                engine: &self.engine,
                compose: &self.compose,
                folder: self.ground.folder("bench")?,
                site: self.site.clone(),
                runs: self.runs,
            }),
            Part::Changing => changing::measure(&Arena {
                engine: &self.engine,
                compose: &self.compose,
                folder: self.ground.folder("bench-changing")?,
                site: self.site.clone(),
                runs: self.runs,
            }),
            Part::Journal => journal::measure(&self.ground, self.runs),
            Part::Web => serving::measure(&self.site("bench-web")?),
            Part::Screen => screen::measure(&self.site("bench-screen")?),
        }
    }

    fn site(&self, folder: &str) -> anyhow::Result<Site<'_>> {
        Ok(Site {
            engine: &self.engine,
            folder: self.ground.folder(folder)?,
            site: self.site.clone(),
            runs: self.runs,
        })
    }

    fn text(&self, report: &Report) -> anyhow::Result<String> {
        let mut facts = machine::facts();
        facts.push(("Docker engine", self.engine.version()?));
        facts.push(("Docker Compose", self.compose.version.clone()));
        let lines: String = facts
            .iter()
            .map(|(name, fact)| format!("| {name} | {fact} |\n"))
            .collect();
        let titles = Part::ALL.map(Part::title);
        Ok(format!(
            "# Measured\n\nWritten by `cargo xtask bench`, which anyone can run; it needs root. Compare ratios, not times: both \
             sides of a line\nran in the same run, in turn. Values are medians, with the least and the greatest of n.\n\n\
             | | |\n|---|---|\n{lines}\n{}{}\n\n{NOTES}",
            report.sections(&titles),
            report.verdicts()
        ))
    }
}
