// Single containers and volumes, whoever made them, on the real server and the real engine. What is needed is made here and taken
// away again; nothing of the demo is touched.
import type { Page, Request } from "@playwright/test";
import { remove, removeVolume, run, stateOf } from "./engine";
import { expect, test } from "./fixtures";
import { hydrated, mustBeUsable } from "./usable";

const TALKER = "wt-talker";
const LONG = "wt-long";
const GONE = "wt-gone";
const VOLUME = "wt-volume";
const SPARE = "wt-spare";
/** Lines of the long one, beside the one that it begins with. */
const MANY = 100_000;

test.describe.configure({ mode: "serial" });

test.beforeAll(async () => {
  await run(TALKER, { DEMO_NAME: "talker", LOG_LINES: "300", SECRET_KEY: "s3cr3t-value" }, {
    HostConfig: { Mounts: [{ Type: "volume", Source: VOLUME, Target: "/data" }] },
  });
});

test.afterAll(async () => {
  for (const name of [TALKER, LONG, GONE]) await remove(name);
  for (const name of [VOLUME, SPARE]) await removeVolume(name);
});

function row(page: Page, name: string) {
  return page.getByRole("row").filter({ hasText: name });
}

test("every container must be listed, and be found by its name and state", async ({ page }) => {
  await page.goto("/containers");
  await hydrated(page);
  await expect(page.getByRole("link", { name: "Containers", exact: true })).toHaveAttribute("aria-current", "page");
  await page.getByPlaceholder("Search containers...").fill(TALKER);
  await page.getByLabel("State").selectOption("running");
  await page.getByRole("button", { name: "Apply" }).click();
  await expect(page).toHaveURL(/search=wt-talker&state=running/);
  await expect(row(page, TALKER)).toBeVisible();
  await expect(page.getByText("1 container", { exact: true })).toBeVisible();
  await expect(row(page, TALKER)).toContainText("Not made by Windlass");
  await page.goto("/containers?search=wt-talker&state=trouble");
  await expect(page.getByRole("heading", { name: "Nothing matches" })).toBeVisible();
});

test("a container must be stopped and started from the list, with its row telling so", async ({ page }) => {
  await page.goto(`/containers?search=${TALKER}`);
  await hydrated(page);
  await row(page, TALKER).getByRole("button", { name: `Stop ${TALKER}`, exact: true }).click();
  await expect(row(page, TALKER).getByRole("button", { name: `Start ${TALKER}`, exact: true })).toBeVisible({ timeout: 30_000 });
  expect(await stateOf(TALKER)).toBe("exited");
  await row(page, TALKER).getByRole("button", { name: `Start ${TALKER}`, exact: true }).click();
  await expect(row(page, TALKER).getByText("Running")).toBeVisible({ timeout: 30_000 });
  expect(await stateOf(TALKER)).toBe("running");
});

test("a container must be shown in full, but no value of its variables", async ({ page }) => {
  await page.goto(`/containers/${TALKER}`);
  await hydrated(page);
  await expect(page.getByRole("heading", { name: TALKER, level: 1 })).toBeVisible();
  await page.getByText(/Environment variables/).click();
  await expect(page.getByText("SECRET_KEY")).toBeVisible();
  expect(await page.content()).not.toContain("s3cr3t-value");
  await page.getByRole("link", { name: VOLUME }).click();
  await expect(page.getByRole("heading", { name: VOLUME, level: 1 })).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove volume" })).toHaveAttribute("aria-disabled", "true");
  await expect(page.getByRole("link", { name: TALKER })).toBeVisible();
});

test("output must be followed until the reader scrolls up, and be found and linked to", async ({ page }) => {
  await page.goto(`/containers/${TALKER}/logs`);
  await hydrated(page);
  const window = page.getByRole("group", { name: `Output of ${TALKER}` });
  await expect(page.getByText("Live updates")).toBeVisible();
  const bottom = () => window.evaluate((it) => it.scrollHeight - it.clientHeight - it.scrollTop);
  await expect.poll(bottom).toBeLessThanOrEqual(24);

  await page.getByPlaceholder("Find in all lines...").fill("LOG LINE 7 OF");
  const count = page.locator("output");
  await expect(count).toHaveText(/^\d+ lines?$/);
  await page.getByRole("button", { name: "Next" }).click();
  await expect(count).toHaveText(/^\d+ of \d+$/);
  await expect(page.locator("mark").filter({ hasText: "log line 7 of" }).first()).toBeVisible();
  await expect(page.getByRole("button", { name: /Follow|new line/ })).toBeVisible();

  const found = page.locator(".log__line--current");
  await found.getByRole("link").click();
  await expect(page).toHaveURL(/#20\d\d-/);
  await page.getByRole("button", { name: /Follow|new line/ }).click();
  await expect.poll(bottom).toBeLessThanOrEqual(24);

  // Who opens that address sees that line.
  const address = page.url();
  await page.goto("/containers");
  await page.goto(address);
  await hydrated(page);
  await expect(page.locator(".log__line--current")).toContainText("log line 7 of");
});

test("new output must come by itself, also after the container was started again", async ({ page }) => {
  await page.goto(`/containers/${TALKER}/logs`);
  await hydrated(page);
  await expect(page.getByText("Live updates")).toBeVisible();
  const lines = async () => Number((await page.locator(".log__foot").innerText()).match(/(\d+) lines/)?.[1] ?? "0");
  const before = await lines();
  await page.request.post(`/containers/${TALKER}`, {
    form: { "deed[what]": "restart", "deed[name]": TALKER, "deed[environment]": await environment(page) },
    headers: { origin: new URL(page.url()).origin },
  });
  await expect.poll(lines, { timeout: 30_000 }).toBeGreaterThan(before + 300);
});

async function environment(page: Page): Promise<string> {
  const listed = (await (await page.request.get("/api/environments")).json()) as { environments: { id: string }[] };
  return listed.environments[0]?.id ?? "";
}

test("a hundred thousand lines must be scrolled and searched to both ends", async ({ page }) => {
  test.setTimeout(180_000);
  await run(LONG, { DEMO_NAME: "long", LOG_LINES: String(MANY) });
  await page.goto(`/containers/${LONG}/logs`);
  await hydrated(page);
  await expect(page.locator(".log__foot")).toContainText(new RegExp(`${MANY + 1}|${MANY + 2}|${MANY + 3} lines`), { timeout: 120_000 });
  const window = page.getByRole("group", { name: `Output of ${LONG}` });
  expect(await page.locator(".log__line").count(), "only what is seen is in the document").toBeLessThan(200);
  await window.evaluate((it) => it.scrollTo(0, 0));
  await expect(page.locator(".log__number").filter({ hasText: /^1$/ })).toBeVisible();
  await window.evaluate((it) => it.scrollTo(0, it.scrollHeight));
  await expect(page.getByText(`log line ${MANY} of ${MANY}`)).toBeVisible();

  await page.getByPlaceholder("Find in all lines...").fill("log line 50000 of");
  await expect(page.locator("output")).toHaveText("1 line", { timeout: 60_000 });
  await page.getByPlaceholder("Find in all lines...").press("Enter");
  await expect(page.locator("output")).toHaveText("1 of 1");
  await expect(page.locator(".log__line--current")).toContainText(`log line 50000 of ${MANY}`);
});

test("a tab must hold one connection, the page of a log included", async ({ page }) => {
  const open = new Set<Request>();
  let most = 0;
  page.on("request", (request) => {
    if (request.resourceType() === "eventsource") {
      open.add(request);
    }
    most = Math.max(most, open.size);
  });
  for (const over of ["requestfailed", "requestfinished"] as const) {
    page.on(over, (request) => open.delete(request));
  }
  const asked = () => [...open].map((request) => new URL(request.url()).searchParams.get("log"));
  await page.goto(`/containers/${TALKER}`);
  await hydrated(page);
  await expect.poll(asked).toEqual([null]);
  await page.getByRole("link", { name: "Logs" }).click();
  await expect(page.getByText("Live updates")).toBeVisible();
  await expect.poll(() => asked()[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(open.size).toBe(1);
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Containers" }).click();
  await expect(page.getByRole("heading", { name: "Containers", level: 1 })).toBeVisible();
  await expect.poll(asked).toEqual([null]);
  expect(most).toBe(1);
});

test("a container that is gone must cost the tab its log and nothing else", async ({ page, complaints }) => {
  await run(GONE, { DEMO_NAME: "gone", LOG_LINES: "3" });
  await page.goto(`/containers/${GONE}/logs`);
  await hydrated(page);
  await expect(page.getByText("Live updates")).toBeVisible();
  const withoutLog = page.waitForResponse((response) => /\/events\?(?!.*log=)/.test(response.url()) && response.ok());
  await remove(GONE);
  await withoutLog;
  await expect(page.locator(".log__foot")).toContainText(/Reconnecting|Updates unavailable/);
  await expect(page.getByText("log line 3 of 3")).toBeVisible();
  // That the container is gone is a complaint of the browser's, as often as it is asked for.
  await page.goto("/containers");
  complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes("status of 404")));
});

test("what was found must wrap where the reader wants that", async ({ page }) => {
  await page.goto(`/containers/${TALKER}/logs`);
  await hydrated(page);
  await page.getByRole("button", { name: "Wrap" }).click();
  await expect(page.getByRole("button", { name: "Wrap" })).toHaveAttribute("aria-pressed", "true");
  const sideways = () => page.locator(".log__window").evaluate((it) => it.scrollWidth - it.clientWidth);
  await expect.poll(sideways).toBeLessThanOrEqual(0);
});

test("a volume must be made, and be removed only with its name", async ({ page }) => {
  await page.goto("/volumes");
  await hydrated(page);
  await page.getByLabel("Name", { exact: true }).fill("no good");
  await page.getByRole("button", { name: "Create Volume" }).click();
  await expect(page.getByText(/Volume name must have/).first()).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill(SPARE);
  await page.getByRole("button", { name: "Create Volume" }).click();
  await expect(page).toHaveURL(new RegExp(`/volumes/${SPARE}$`));
  await expect(page.getByText("Orphaned")).toBeVisible();
  await page.getByRole("button", { name: "Remove volume" }).click();
  await expect(page.getByText(`Type '${SPARE}' to give up what is in the volume.`).first()).toBeVisible();
  await page.getByLabel(/to give up what is in it/).fill(SPARE);
  await page.getByRole("button", { name: "Remove volume" }).click();
  await expect(page).toHaveURL(/\/volumes$/);
  await expect(page.getByRole("heading", { name: "Volumes", level: 1 })).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("containers must be listed, stopped and started", async ({ page }) => {
    await page.goto(`/containers?search=${TALKER}`);
    await row(page, TALKER).getByRole("button", { name: `Stop ${TALKER}`, exact: true }).click();
    await expect(page).toHaveURL(new RegExp(`search=${TALKER}`));
    await expect(row(page, TALKER).getByRole("button", { name: `Start ${TALKER}`, exact: true })).toBeVisible();
    expect(await stateOf(TALKER)).toBe("exited");
    await row(page, TALKER).getByRole("button", { name: `Start ${TALKER}`, exact: true }).click();
    expect(await stateOf(TALKER)).toBe("running");
  });

  test("what runs must not be removed unless somebody says so", async ({ page }) => {
    await page.goto(`/containers/${TALKER}`);
    await page.getByRole("button", { name: "Remove container" }).click();
    await expect(page.getByText(`Container '${TALKER}' runs. Stop it first`)).toBeVisible();
    expect(await stateOf(TALKER)).toBe("running");
  });

  test("the last lines must be there", async ({ page }) => {
    await page.goto(`/containers/${TALKER}/logs`);
    await expect(page.getByText("log line 300 of 300").last()).toBeVisible();
    expect(await page.locator(".log__block .log__line").count()).toBe(200);
  });

  test("a volume must be made with a form", async ({ page }) => {
    await page.goto("/volumes");
    await page.getByLabel("Name", { exact: true }).fill(SPARE);
    await page.getByRole("button", { name: "Create Volume" }).click();
    await expect(page).toHaveURL(new RegExp(`/volumes/${SPARE}$`));
    await page.getByRole("button", { name: "Remove volume" }).click();
    await expect(page.getByText(/to give up what is in the volume/).first()).toBeVisible();
    await page.getByLabel(/to give up what is in it/).fill(SPARE);
    await page.getByRole("button", { name: "Remove volume" }).click();
    await expect(page).toHaveURL(/\/volumes$/);
  });
});

for (const where of ["/containers", `/containers/${TALKER}`, "/volumes", `/volumes/${VOLUME}`]) mustBeUsable(where, where);

mustBeUsable("the log of a container", async (page) => {
  await page.goto(`/containers/${TALKER}/logs`);
  await hydrated(page);
  await expect(page.getByText("Live updates")).toBeVisible();
});
