//! The products that are deployed: folders of Compose files, the same ones for every contender.

use std::{fs, path::Path};

use anyhow::Context as _;

/// Services of each stack.
pub(super) const SERVICES: usize = 3;
/// Present on the engine before anything is timed.
const PLAIN_IMAGE: &str = "windlass-demo/worker:1.0.0";
const CHECKED_IMAGE: &str = "windlass-demo/web:1.0.0";

/// One product of the catalog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Product {
    pub(super) name: &'static str,
    version: &'static str,
    /// Services of each stack.
    services: usize,
    pub(super) stacks: usize,
    /// Whether stacks wait for the one before.
    pub(super) ordered: bool,
    /// Whether services have a check that passes after three seconds.
    pub(super) checked: bool,
}

pub(super) const ORDERED: Product = Product {
    name: "ordered",
    version: "1.0.0",
    services: SERVICES,
    stacks: 10,
    ordered: true,
    checked: false,
};
/// Another version in which nothing is different.
pub(super) const ORDERED_SAME: Product = Product {
    version: "1.0.1",
    ..ORDERED
};
/// Another version in which one service is different.
pub(super) const ORDERED_CHANGED: Product = Product {
    version: "1.1.0",
    ..ORDERED
};
/// A product of one service.
pub(super) const SINGLE: Product = Product {
    name: "single",
    services: 1,
    stacks: 1,
    ..ORDERED
};
/// A service that answers requests.
pub(super) const FRONT: Product = Product {
    name: "front",
    services: 1,
    stacks: 1,
    checked: true,
    ..ORDERED
};
pub(super) const INDEPENDENT: Product = Product {
    name: "independent",
    version: "1.0.0",
    services: SERVICES,
    stacks: 10,
    ordered: false,
    checked: false,
};
pub(super) const CHECKED: Product = Product {
    name: "checked",
    version: "1.0.0",
    services: SERVICES,
    stacks: 5,
    ordered: true,
    checked: true,
};

/// A product whose one-shots write lines in a beat: each line becomes an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chatter {
    pub(super) name: &'static str,
    /// The server gathers lines of a one-shot for 200 ms, so a one-shot alone makes five events a second at most.
    one_shots: u32,
    lines: u32,
    milliseconds_between: u32,
    /// What comes of it.
    pub(super) events_a_second: u32,
    pub(super) readers: u32,
}

pub(super) const SLOW_CHATTER: Chatter = Chatter {
    name: "slow-chatter",
    one_shots: 1,
    lines: 100,
    milliseconds_between: 500,
    events_a_second: 2,
    readers: 5_000,
};
pub(super) const FAST_CHATTER: Chatter = Chatter {
    name: "fast-chatter",
    one_shots: 4,
    lines: 400,
    milliseconds_between: 100,
    events_a_second: 20,
    readers: 500,
};
/// Its only stack.
pub(super) const CHATTER_STACK: &str = "talk";

impl Chatter {
    pub(super) fn id(&self) -> String {
        format!("bench:{}:1.0.0", self.name)
    }

    fn write(&self, catalog: &Path) -> anyhow::Result<()> {
        let folder = catalog.join(self.name);
        fs::create_dir_all(&folder)?;
        let product = format!(
            "metadata: {{name: {0}, productId: {0}, productVersion: \"1.0.0\"}}\n\
             stacks:\n  {CHATTER_STACK}: {{include: {CHATTER_STACK}.yaml}}\n",
            self.name
        );
        fs::write(folder.join("product.yaml"), product)?;
        let mut stack = format!("metadata: {{name: {CHATTER_STACK}}}\nservices:\n");
        for number in 1..=self.one_shots {
            stack += &format!(
                "  talker{number}:\n    image: windlass-demo/migrate:1.0.0\n    lifecycle: init\n    \
                 initTimeoutSeconds: 300\n    environment: {{LOG_LINES: \"{}\", LOG_INTERVAL: {}ms}}\n",
                self.lines, self.milliseconds_between
            );
        }
        stack += "  after:\n    image: windlass-demo/worker:1.0.0\n";
        fs::write(folder.join(format!("{CHATTER_STACK}.yaml")), stack)
            .with_context(|| format!("cannot write the product {}", self.name))
    }
}

/// A product of many stacks, of which each has a one-shot that talks: what the page of an operation has to bear.
pub(super) struct Screen {
    pub(super) id: &'static str,
    name: &'static str,
    pub(super) stacks: u32,
    /// Of each one-shot.
    lines: u32,
    milliseconds_between: u32,
}

pub(super) const CROWD: Screen = Screen {
    id: "bench:crowd:1.0.0",
    name: "crowd",
    stacks: 50,
    lines: 200,
    milliseconds_between: 240,
};
/// One program that has said a lot.
pub(super) const LONG_STORY: Screen = Screen {
    id: "bench:long-story:1.0.0",
    name: "long-story",
    stacks: 1,
    lines: 100_000,
    milliseconds_between: 0,
};

impl Screen {
    pub(super) fn stack_names(&self) -> Vec<String> {
        (1..=self.stacks)
            .map(|number| format!("s{number:02}"))
            .collect()
    }

    /// No networks: an engine has addresses for about thirty.
    fn write(&self, catalog: &Path) -> anyhow::Result<()> {
        let folder = catalog.join(self.name);
        fs::create_dir_all(&folder)?;
        let mut manifest = format!("name: {}\nversion: \"1.0.0\"\nstacks:\n", self.name);
        for stack in self.stack_names() {
            manifest += &format!("  {stack}: {{compose: stack.yaml, dependsOn: []}}\n");
        }
        fs::write(folder.join("windlass.yaml"), manifest)?;
        let stack = format!(
            "services:\n  talk:\n    image: windlass-demo/migrate:1.0.0\n    network_mode: none\n    \
             x-windlass: {{init: true, initTimeoutSeconds: 600}}\n    \
             environment: {{LOG_LINES: \"{}\", LOG_INTERVAL: {}ms}}\n  \
             after:\n    image: {PLAIN_IMAGE}\n    network_mode: none\n",
            self.lines, self.milliseconds_between
        );
        fs::write(folder.join("stack.yaml"), stack)
            .with_context(|| format!("cannot write the product {}", self.name))
    }
}

/// The stack of which one service is different in [`ORDERED_CHANGED`].
const CHANGED_STACK: &str = "s05";
/// A stack whose container cannot be started.
pub(super) const BLOCKED_STACK: &str = "blocked";

impl Product {
    pub(super) fn id(&self) -> String {
        format!("bench:{}:{}", self.name, self.version)
    }

    /// Names of the stacks, in order.
    pub(super) fn stack_names(&self) -> Vec<String> {
        (1..=self.stacks)
            .map(|number| format!("s{number:02}"))
            .collect()
    }

    pub(super) fn containers(&self) -> usize {
        self.stacks * self.services
    }

    pub(super) fn image(&self) -> &'static str {
        if self.checked {
            CHECKED_IMAGE
        } else {
            PLAIN_IMAGE
        }
    }

    /// The Compose file of a stack, in a catalog's folder.
    pub(super) fn compose_file(&self, catalog: &Path, stack: &str) -> std::path::PathBuf {
        self.folder(catalog).join(format!("{stack}.yaml"))
    }

    fn folder(&self, catalog: &Path) -> std::path::PathBuf {
        catalog.join(format!("{}-{}", self.name, self.version))
    }

    fn write(&self, catalog: &Path) -> anyhow::Result<()> {
        let folder = self.folder(catalog);
        fs::create_dir_all(&folder)?;
        let (name, version) = (self.name, self.version);
        let mut manifest = format!("name: {name}\nversion: \"{version}\"\nstacks:\n");
        let order = if self.ordered { "" } else { ", dependsOn: []" };
        for stack in self.stack_names() {
            manifest += &format!("  {stack}: {{compose: {stack}.yaml{order}}}\n");
            let differs = *self == ORDERED_CHANGED && stack == CHANGED_STACK;
            fs::write(self.compose_file(catalog, &stack), self.compose(differs))?;
        }
        // An upgrade rolls out every stack of its target.
        if *self == ORDERED {
            manifest += &format!("  {BLOCKED_STACK}: {{compose: {BLOCKED_STACK}.yaml}}\n");
            fs::write(
                self.compose_file(catalog, BLOCKED_STACK),
                format!(
                    "services:\n  never:\n    image: {}\n    network_mode: none\n    entrypoint: [/nothing]\n",
                    self.image()
                ),
            )?;
        }
        fs::write(folder.join("windlass.yaml"), manifest)
            .with_context(|| format!("cannot write the product {}", self.name))
    }

    /// `differs` is about the first service alone.
    fn compose(&self, differs: bool) -> String {
        let mut text = "services:\n".to_owned();
        for number in 1..=self.services {
            text += &format!("  service{number}:\n    image: {}\n", self.image());
            let interval = if differs && number == 1 { "2h" } else { "1h" };
            text += &format!("    environment: {{WORK_INTERVAL: {interval}}}\n");
            if self.checked {
                // The engine asks for the first time after one interval.
                text += "    healthcheck: {test: [CMD, /demo-service, check, \
                         \"http://127.0.0.1:8080/health\"], interval: 3s, timeout: 2s, retries: 5}\n";
            }
        }
        text
    }
}

/// Writes all products.
pub(super) fn write(catalog: &Path) -> anyhow::Result<()> {
    [
        ORDERED,
        ORDERED_SAME,
        ORDERED_CHANGED,
        INDEPENDENT,
        CHECKED,
        SINGLE,
        FRONT,
    ]
    .iter()
    .try_for_each(|product| product.write(catalog))?;
    [SLOW_CHATTER, FAST_CHATTER]
        .iter()
        .try_for_each(|chatter| chatter.write(catalog))?;
    [CROWD, LONG_STORY]
        .iter()
        .try_for_each(|screen| screen.write(catalog))
}
