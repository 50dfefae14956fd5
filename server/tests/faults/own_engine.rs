//! An engine of a test's own, to be killed, stopped and restarted: in a network namespace of its own, with its own data.
//!
//! Everything that it makes on the machine carries the run's name, so that `cargo xtask test` finds what a killed test left behind.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::plain_http::ask;
use crate::deploy::world::Engine;

/// Longest start of an engine, among everything else that runs.
const START: Duration = Duration::from_secs(120);
/// Longest wait for its processes to end.
const END: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Of the demo product, taken from the run's engine.
const IMAGES: [&str; 2] = ["windlass-demo/web:1.0.0", "windlass-demo/migrate:1.0.0"];

/// What kind of engine is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kind {
    /// Containers outlive it.
    pub(super) live_restore: bool,
    /// Its data is on a file system of this size, in megabytes.
    pub(super) disk: Option<u32>,
}

/// A Docker engine; taken down when dropped.
pub(super) struct OwnEngine {
    kind: Kind,
    /// Of the network namespace.
    name: String,
    /// Parent of the containers' control groups.
    group: String,
    /// Sockets and log.
    place: PathBuf,
    data: PathBuf,
    process: Option<Child>,
}

impl OwnEngine {
    /// Starts one that has the demo images; none, with a word, where the run does not say how.
    pub(super) fn start(kind: Kind) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (Ok(run), Ok(_)) = (
            std::env::var("WINDLASS_TEST_NETNS"),
            std::env::var("WINDLASS_TEST_ENGINE"),
        ) else {
            println!("not tried: WINDLASS_TEST_ENGINE is not set; `cargo xtask test` sets it");
            return None;
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let own = format!("e{}-{number}", std::process::id());
        let mut engine = Self {
            kind,
            name: format!("{run}-{own}"),
            group: format!("/{run}/{own}"),
            place: Path::new("/run").join(&run).join(&own),
            data: Path::new("/var/tmp").join(&run).join(&own),
            process: None,
        };
        for folder in [&engine.place, &engine.data] {
            fs::create_dir_all(folder).unwrap();
        }
        run_well(Command::new("ip").args(["netns", "add", &engine.name]));
        run_well(engine.inside().args(["ip", "link", "set", "lo", "up"]));
        if let Some(megabytes) = kind.disk {
            let size = format!("size={megabytes}m");
            let mut mount = Command::new("mount");
            mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]);
            run_well(mount.arg(&engine.data));
        }
        engine.launch();
        engine.take_images();
        Some(engine)
    }

    /// As Docker writes it.
    pub(super) fn address(&self) -> String {
        format!("unix://{}", self.place.join("docker.sock").display())
    }

    /// To be asked.
    pub(super) fn engine(&self) -> Engine {
        Engine::at(&self.address())
    }

    /// Starts the program, again after it ended, and waits until it answers.
    pub(super) fn launch(&mut self) {
        assert!(self.process.is_none(), "it runs");
        let path = |name: &str| self.place.join(name).display().to_string();
        // A killed engine leaves it behind.
        let _absent = fs::remove_file(path("docker.pid"));
        fs::write(path("daemon.json"), "{}").unwrap();
        let log = File::options()
            .create(true)
            .append(true)
            .open(path("dockerd.log"))
            .unwrap();
        let mut command = self.inside();
        command
            .arg(std::env::var_os("WINDLASS_TEST_ENGINE").unwrap())
            .env(
                "PATH",
                std::env::var_os("WINDLASS_TEST_ENGINE_PATH").unwrap(),
            )
            .env_remove("DOCKER_HOST")
            .args(["--config-file", &path("daemon.json")])
            .arg(format!("--host={}", self.address()))
            .arg(format!("--data-root={}", self.data.display()))
            .arg(format!("--exec-root={}", path("x")))
            .arg(format!("--pidfile={}", path("docker.pid")))
            .arg(format!("--cgroup-parent={}", self.group))
            .args(["--exec-opt", "native.cgroupdriver=cgroupfs"])
            .args(["--group", "root", "--shutdown-timeout", "5"])
            .args(
                std::env::var("WINDLASS_TEST_ENGINE_ARGUMENTS")
                    .unwrap()
                    .split_whitespace(),
            );
        if self.kind.live_restore {
            command.arg("--live-restore");
        }
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.process = Some(child);
        let begun = Instant::now();
        while !self.engine().answers() {
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < START,
                "the engine does not start ({ended:?}):\n{}",
                fs::read_to_string(path("dockerd.log")).unwrap_or_default()
            );
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Ends it at once. Its containers and their keepers go on.
    pub(super) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Ends it in order.
    pub(super) fn terminate(&mut self) {
        self.signal("TERM");
        self.process.take().unwrap().wait().unwrap();
    }

    /// It accepts connections and never answers.
    pub(super) fn freeze(&self) {
        self.signal("STOP");
    }

    /// It goes on.
    pub(super) fn thaw(&self) {
        self.signal("CONT");
    }

    /// Fills its disk to the last byte; the file to remove.
    pub(super) fn fill_disk(&self) -> PathBuf {
        let path = self.data.join("full");
        let mut file = File::create(&path).unwrap();
        let zeros = vec![0; 64 * 1024];
        while file.write_all(&zeros).is_ok() {}
        while file.write_all(b"0").is_ok() {}
        path
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.as_ref().unwrap().id().to_string();
        run_well(Command::new("kill").args(["-s", signal, &pid]));
    }

    /// Enters the network namespace only: `ip netns exec` would hide the control groups.
    fn inside(&self) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/run/netns/{}", self.name))
            .arg("--");
        command
    }

    fn take_images(&self) {
        let run = std::env::var("WINDLASS_TEST_DOCKER_HOST").unwrap();
        let names = IMAGES.map(|image| format!("names={image}")).join("&");
        let archive = ask(&run, "GET", &format!("/images/get?{names}"), &[], b"").unwrap();
        let archive = archive.expect(200);
        let tar = ["Content-Type: application/x-tar"];
        ask(
            &self.address(),
            "POST",
            "/images/load?quiet=1",
            &tar,
            &archive,
        )
        .unwrap()
        .expect(200);
    }

    /// Processes in its network namespace or in its containers' control groups.
    fn processes(&self) -> Vec<String> {
        let inode = |path: &Path| fs::metadata(path).ok().map(|facts| facts.ino());
        let namespace = inode(&Path::new("/run/netns").join(&self.name));
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let folder = entry.path();
            let inside = namespace.is_some() && inode(&folder.join("ns/net")) == namespace;
            let grouped = || {
                fs::read_to_string(folder.join("cgroup")).is_ok_and(|groups| {
                    let below = format!("{}/", self.group);
                    groups.lines().any(|line| line.contains(&below))
                })
            };
            let dead = || {
                fs::read_to_string(folder.join("stat")).is_ok_and(|stat| {
                    stat.rsplit(')')
                        .next()
                        .is_some_and(|rest| rest.trim().starts_with('Z'))
                })
            };
            if (inside || grouped()) && !dead() {
                found.push(name);
            }
        }
        found
    }
}

impl Drop for OwnEngine {
    /// Never fails: what stays is cleared away with the run.
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ended = process.kill();
            let _ended = process.wait();
        }
        let begun = Instant::now();
        loop {
            let left = self.processes();
            if left.is_empty() || begun.elapsed() > END {
                break;
            }
            let mut kill = Command::new("kill");
            kill.args(["-s", "KILL"]).args(left).stderr(Stdio::null());
            let _gone = kill.status();
            std::thread::sleep(LOOK_AGAIN);
        }
        let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
        let mounts: Vec<&str> = table
            .lines()
            .filter_map(|line| line.split(' ').nth(4))
            .filter(|point| {
                [&self.place, &self.data]
                    .iter()
                    .any(|own| Path::new(point).starts_with(own))
            })
            .collect();
        for mount in mounts.iter().rev() {
            let _gone = Command::new("umount").args(["--lazy", mount]).status();
        }
        let mut delete = Command::new("ip");
        let _gone = delete.args(["netns", "delete", &self.name]).status();
        for folder in [&self.place, &self.data] {
            if let Err(error) = fs::remove_dir_all(folder) {
                println!("{} stays: {error}", folder.display());
            }
        }
    }
}

fn run_well(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
