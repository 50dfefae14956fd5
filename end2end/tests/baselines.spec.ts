// Pages on a server where nothing was done yet, looking as they did before. Named so that it comes first: the other files deploy.
// `cargo xtask test --only browser --filter 'baselines|gallery' --update-baselines` keeps a new look.
import type { Page } from "@playwright/test";
import { remove, removeVolume, run } from "./engine";
import { expect, test } from "./fixtures";
import { mustLookAsBefore, settled } from "./still";

/** A container and a volume that are nobody's: of a deployment's, less would stay the same. */
const TALKER = "baseline-talker";
const VOLUME = "baseline-data";
const LINES = 40;

const PAGES: Record<string, string> = {
  dashboard: "/",
  catalog: "/catalog",
  product: "/catalog/demo.blog",
  form: "/deploy-product/demo.blog",
  precheck: "/deploy-product/demo.blog/precheck",
  "deploy-custom": "/deploy-custom",
  deployments: "/deployments",
  operations: "/operations",
  health: "/health",
  settings: "/settings",
  sources: "/settings/stack-sources",
  system: "/settings/system",
  environments: "/environments",
  containers: `/containers?search=${TALKER}`,
  container: `/containers/${TALKER}`,
  logs: `/containers/${TALKER}/logs`,
  volumes: `/volumes?search=${VOLUME}`,
  volume: `/volumes/${VOLUME}`,
  "not-found": "/no/such/page",
};

const READY: Record<string, (page: Page) => Promise<void>> = {
  logs: async (page) => {
    await expect(page.getByText("Live updates")).toBeVisible();
    await expect(page.getByText(`log line ${LINES} of ${LINES}`)).toBeVisible();
  },
};

test.beforeAll(async ({ browser }) => {
  await run(TALKER, { DEMO_NAME: "talker", LOG_LINES: String(LINES) }, {
    HostConfig: { Mounts: [{ Type: "volume", Source: VOLUME, Target: "/data" }] },
  });
  await settled(browser, "/");
});

test.afterAll(async () => {
  await remove(TALKER);
  await removeVolume(VOLUME);
});

for (const [name, where] of Object.entries(PAGES)) {
  test(`the page ${name} must look as before in both themes`, async ({ browser, complaints }) => {
    await mustLookAsBefore(browser, complaints, { name, where, ready: READY[name] });
    // The browser says so of every answer with this status.
    if (name === "not-found") complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes("404")));
  });
}
