// What pictures must show: the same as the tables behind them. The tests look at what `deployment.spec.ts` and `operations.spec.ts`
// have deployed; a product of its own is deployed where nothing is there yet.
import type { Locator, Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { hydrated, mustBeUsable } from "./usable";

test.describe.configure({ mode: "serial" });

let deployment = "";
let operation = "";

/** The address of the deployed demo, which is deployed now where it is not there. */
async function deployed(page: Page): Promise<string> {
  await page.goto("/deployments");
  await hydrated(page);
  const row = page.getByRole("row").filter({ hasText: "Windlass Demo" });
  if ((await row.count()) === 0) {
    await page.goto("/deploy-product/demo:Windlass%20Demo:1.1.0");
    await hydrated(page);
    await page.getByRole("button", { name: /Deploy All Stacks to/ }).click();
    await expect(page.getByRole("heading", { name: "Product Deployed Successfully!", level: 1 })).toBeVisible({ timeout: 120_000 });
    await page.goto("/deployments");
  }
  return (await row.getByRole("link").first().getAttribute("href")) ?? "";
}

/** Redeploys it and stays on the page of the operation. */
async function redeploy(page: Page): Promise<void> {
  await page.goto(`/redeploy-product/${deployment.split("/").pop()}`);
  await hydrated(page);
  await page.getByRole("button", { name: "Redeploy All Stacks" }).click();
  await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/);
  operation = new URL(page.url()).pathname;
}

const END = { name: "Redeploy Successful!", level: 1 };

/** Where the bars of a row begin and end, in parts of the whole. */
async function extent(row: Locator): Promise<{ from: number; to: number } | undefined> {
  const bars = await row.locator("rect.timeline__bar").evaluateAll((all) =>
    all.map((bar) => {
      const part = (name: string): number => Number.parseFloat(bar.getAttribute(name) ?? "") / 100;
      return { from: part("x"), to: part("x") + part("width") };
    }),
  );
  if (bars.length === 0) return undefined;
  return { from: Math.min(...bars.map((bar) => bar.from)), to: Math.max(...bars.map((bar) => bar.to)) };
}

test("bars must grow while an operation runs, and what waits must say for whom", async ({ page }) => {
  test.setTimeout(240_000);
  deployment = await deployed(page);
  await redeploy(page);
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline.locator("rect.timeline__bar--running").first()).toBeAttached({ timeout: 60_000 });
  await expect(timeline.getByText(/^waits for /).first()).toBeAttached();
  await expect(page.getByRole("heading", END)).toBeVisible({ timeout: 120_000 });
  await expect(timeline.locator("rect.timeline__bar--running")).toHaveCount(0);
});

test("the last run of the same kind must give the estimate", async ({ page }) => {
  test.setTimeout(240_000);
  await redeploy(page);
  const timeline = page.getByRole("region", { name: "Timeline" });
  await expect(timeline.getByText(/^Usually \d/)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByRole("heading", END)).toBeVisible({ timeout: 120_000 });
  await page.reload();
  await expect(timeline.locator("rect.timeline__ghost")).toHaveCount(3);
});

for (const javaScriptEnabled of [false, true]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("the bars of a timeline must match its table", async ({ page }) => {
      await page.goto(operation);
      if (javaScriptEnabled) await hydrated(page);
      const timeline = page.getByRole("region", { name: "Timeline" });
      const span = Number(await timeline.locator("[data-span]").getAttribute("data-span"));
      expect(span).toBeGreaterThan(0);
      const stacks = timeline.locator("tr.timeline__stack");
      const groups = timeline.locator(".timeline__groups > li");
      expect(await groups.count()).toBe(await stacks.count());
      let compared = 0;
      for (let number = 0; number < (await groups.count()); number++) {
        const drawn = await extent(groups.nth(number).locator("summary"));
        const values = await stacks.nth(number).locator("data").evaluateAll((all) => all.map((one) => Number(one.getAttribute("value"))));
        if (drawn === undefined || values.length < 2) continue;
        const [from = 0, until = 0] = values;
        // Steps that only write something down have a time and no bar.
        expect(Math.abs(drawn.from - from / span)).toBeLessThan(0.02);
        expect(Math.abs(drawn.to - until / span)).toBeLessThan(0.02);
        compared += 1;
      }
      expect(compared, "every stack was compared").toBeGreaterThanOrEqual(3);
    });

    test("a row of the timeline must open to its steps", async ({ page }) => {
      await page.goto(operation);
      if (javaScriptEnabled) await hydrated(page);
      const row = page.getByRole("region", { name: "Timeline" }).locator(".timeline__groups > li").filter({ hasText: "Identity" });
      await row.locator("summary").click();
      await expect(row.getByText("Run migrate to its end")).toBeVisible();
    });

    test("the health of the last day must be drawn, and be readable as a table", async ({ page }) => {
      await page.goto(deployment);
      if (javaScriptEnabled) await hydrated(page);
      await expect(page.getByRole("heading", { name: "Health history" })).toBeVisible();
      await expect(page.getByRole("img", { name: /^Identity: .* for / })).toBeVisible();
      await page.getByRole("link", { name: "7 days" }).click();
      await expect(page).toHaveURL(/history=7d/);
      await expect(page.getByText("7 days ago").first()).toBeVisible();
      const strips = page.locator(".health-strips");
      await strips.locator("summary").click();
      await expect(strips.getByRole("row").filter({ hasText: "Identity" }).first()).toBeVisible();
    });

    test("the durations of the last operations must lead to them", async ({ page }) => {
      await page.goto(deployment);
      if (javaScriptEnabled) await hydrated(page);
      const bars = page.getByRole("list", { name: "Durations of the last operations" });
      const first = bars.getByRole("listitem").first();
      await expect(first).toContainText("Succeeded");
      await expect(first.getByRole("img", { name: /^Redeploy: \d/ })).toBeVisible();
      await first.getByRole("link", { name: "Redeploy" }).click();
      await expect(page).toHaveURL(new RegExp(`${operation}$`));
    });

    test("a stack must have a page of its own, without a secret on it", async ({ page }) => {
      await page.goto(deployment);
      if (javaScriptEnabled) await hydrated(page);
      await page.getByRole("heading", { name: "Identity", exact: true }).getByRole("link").click();
      await expect(page).toHaveURL(/\/product-deployments\/[0-9a-f-]{36}\/stacks\/identity$/);
      await expect(page.getByRole("heading", { name: "Identity", level: 1 })).toBeVisible();
      await expect(page.getByRole("row").filter({ hasText: "identity-api" }).first()).toBeVisible();
      await expect(page.getByRole("heading", { name: "Init containers" })).toBeVisible();
      await expect(page.getByRole("heading", { name: "Last operation" })).toBeVisible();
      await expect(page.getByRole("img", { name: /^identity-api: .* for / })).toBeVisible();
      expect(await page.content()).not.toContain("change-me-please");
    });
  });
}

test("an unknown stack must say so, with status 404", async ({ page, complaints }) => {
  const response = await page.goto(`${deployment}/stacks/nothing`);
  expect(response?.status()).toBe(404);
  await expect(page.getByText("The deployment has no stack 'nothing'.")).toBeVisible();
  complaints.length = 0;
});

test("dependencies must be drawn where there are some, and said where there are none", async ({ page }) => {
  await page.goto("/catalog/demo.blog");
  await hydrated(page);
  await expect(page.getByRole("img", { name: /^Stacks in the order of their dependencies: .* after / })).toBeVisible();
  await page.goto(deployment);
  await expect(page.getByText(/^No stack depends on another\. They are deployed one after the other: /)).toBeVisible();
});

mustBeUsable("an operation with its pictures", () => operation);
mustBeUsable("a deployment with its pictures", () => deployment);
mustBeUsable("a stack with its pictures", () => `${deployment}/stacks/identity`);
