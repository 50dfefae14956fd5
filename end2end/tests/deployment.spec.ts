// The journey from the catalog to running containers, on the real server and the real engine. The tests build on each other:
// the first one deploys what the others look at.
import type { Page } from "@playwright/test";
import { act, containersOf } from "./engine";
import { expect, listen, test } from "./fixtures";
import { hydrated, mustBeUsable } from "./usable";

const PRODUCT = "demo.shop";

test.describe.configure({ mode: "serial" });

let operation = "";
let deployment = "";

async function statuses(page: Page): Promise<string[]> {
  const texts = await page.getByRole("navigation", { name: "Stacks" }).getByRole("listitem").allInnerTexts();
  return texts.map((text) => text.replace(/\s+/g, " ").replace(/\d+(m|s|ms)\b/g, "").trim());
}

test("a product must go from the catalog to running containers while everybody watches", async ({ page, browser, complaints }) => {
  test.setTimeout(180_000);
  await page.goto("/catalog");
  await page.getByRole("link", { name: "Windlass Demo" }).click();
  await page.getByRole("link", { name: /deploy all/i }).click();
  await expect(page.getByRole("heading", { name: "Deploy Windlass Demo", level: 1 })).toBeVisible();
  await page.locator("#shared-START_DELAY_SECONDS").fill("3");
  await page.getByRole("button", { name: /Deploy All Stacks to/ }).click();

  await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/);
  operation = new URL(page.url()).pathname;
  await expect(page.getByRole("heading", { name: "Deploying Product...", level: 1 })).toBeVisible();
  await expect(page.getByText("0/3 stacks completed")).toBeVisible();
  await expect(page.locator(".h-2.bg-gray-200.rounded-full")).toBeVisible();

  // The first stack is done: whoever comes now, or comes back, sees the whole history and goes on live.
  await expect(page.getByText("1/3 stacks completed")).toBeVisible({ timeout: 60_000 });
  await page.reload();
  await expect(page.getByText("1/3 stacks completed").or(page.getByText("2/3 stacks completed"))).toBeVisible();
  const second = await browser.newContext();
  await listen(second, complaints);
  const other = await second.newPage();
  await other.goto(operation);
  await expect(other.getByRole("heading", { name: "Deploying Product...", level: 1 })).toBeVisible();

  for (const watcher of [page, other]) {
    await expect(watcher.getByRole("heading", { name: "Product Deployed Successfully!", level: 1 })).toBeVisible({
      timeout: 120_000,
    });
    await expect(watcher.getByText("3/3 stacks completed")).toBeVisible();
  }
  expect(await statuses(other)).toEqual(await statuses(page));
  await second.close();

  const containers = await containersOf(PRODUCT);
  const lines = containers.map((container) => `${container.Names[0]} ${container.State}`).sort();
  expect(lines).toEqual([
    "/windlass-demo-business_catalog-api running",
    "/windlass-demo-business_web running",
    "/windlass-demo-business_worker running",
    "/windlass-demo-identity_identity-api running",
    "/windlass-demo-identity_migrate exited",
    "/windlass-demo-infrastructure_cache running",
    "/windlass-demo-infrastructure_store running",
  ]);

  await page.getByRole("navigation", { name: "Stacks" }).getByRole("link", { name: /Identity/ }).click();
  await expect(page).toHaveURL(/stack=identity/);
  await expect(page.getByText("Init Container Logs")).toBeVisible();
  await page.getByRole("link", { name: "View Deployment", exact: true }).first().click();
  await expect(page).toHaveURL(/\/product-deployments\/[0-9a-f-]{36}/);
  deployment = new URL(page.url()).pathname;
});

for (const javaScriptEnabled of [false, true]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("the list must show what is deployed and lead to it", async ({ page }) => {
      await page.goto("/deployments");
      await expect(page.getByRole("heading", { name: "Deployments", level: 1 })).toBeVisible();
      const row = page.getByRole("row").filter({ hasText: "Windlass Demo" });
      await expect(row).toContainText("Running");
      await expect(row).toContainText("3/3");
      await page.goto("/deployments?search=nothing-like-it");
      await expect(page.getByRole("row").filter({ hasText: "Windlass Demo" })).toHaveCount(0);
    });

    test("the health page must show every stack, and find one by its name", async ({ page }) => {
      await page.goto("/health");
      await expect(page.getByRole("heading", { name: "Health Dashboard", level: 1 })).toBeVisible();
      const demo = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Windlass Demo" }) });
      for (const stack of ["Infrastructure", "Identity", "Business"]) {
        await expect(demo.getByText(stack, { exact: true })).toBeVisible();
      }
      await page.getByPlaceholder("Search stacks...").fill("identity");
      await page.getByRole("button", { name: "Search" }).click();
      await expect(page).toHaveURL(/search=identity/);
      await expect(demo.getByText("Identity", { exact: true })).toBeVisible();
      await expect(page.getByText("Business", { exact: true })).toHaveCount(0);
      await demo.getByRole("link", { name: /View Details/ }).click();
      await expect(page).toHaveURL(new RegExp(`${deployment}$`));
    });

    test("the detail must show stacks, services and no secret", async ({ page }) => {
      await page.goto(deployment);
      await expect(page.getByRole("heading", { name: /Windlass Demo/, level: 1 })).toBeVisible();
      await expect(page.getByText("Stacks (3)")).toBeVisible();
      for (const stack of ["Infrastructure", "Identity", "Business"]) {
        await expect(page.getByText(stack, { exact: true }).first()).toBeVisible();
      }
      expect(await page.content()).not.toContain("change-me-please");
    });

    test("an operation that has ended must tell its whole story", async ({ page }) => {
      await page.goto(operation);
      await expect(page.getByRole("heading", { name: "Product Deployed Successfully!", level: 1 })).toBeVisible();
      await expect(page.getByText("3/3 stacks completed")).toBeVisible();
    });
  });
}

test("a product that is deployed must say so and not be deployed again", async ({ page }) => {
  await page.goto("/deploy-product/demo:Windlass%20Demo:1.1.0");
  await expect(page.getByText(/Already deployed in/).first()).toBeVisible();
  await expect(page.getByRole("button", { name: /Deploy All Stacks to/ })).toBeDisabled();
  expect((await containersOf(PRODUCT)).length).toBe(7);
});

test("a container that is killed must show in the health of its product, and so must its return", async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto(deployment);
  await hydrated(page);
  const health = page.getByRole("group", { name: "Health" }).first();
  await expect(health).toHaveText(/^(Healthy|Up)$/);
  await expect(page.getByText(/^seen .* ago$/).first()).toBeVisible();
  const victim = (await containersOf(PRODUCT)).find((container) => container.State === "running");
  expect(victim).toBeDefined();
  if (victim === undefined) return;
  await act(victim, "kill");
  await expect(health).toHaveText("Unhealthy");
  await expect(page.getByText(/ended with exit code 137/).first()).toBeVisible();
  await act(victim, "start");
  await expect(health).toHaveText(/^(Healthy|Up)$/, { timeout: 60_000 });
});

test("without JavaScript a deployment must be possible from the form to its end", async ({ browser }) => {
  test.setTimeout(120_000);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto("/catalog");
  await page.getByRole("link", { name: /hello/i }).first().click();
  await page.getByRole("main").getByRole("link", { name: /deploy all/i }).first().click();
  await page.getByRole("button", { name: /Deploy All Stacks to/ }).click();
  await expect(page).toHaveURL(/\/operations\//);
  const end = page.getByRole("heading", { name: "Product Deployed Successfully!", level: 1 });
  await expect(async () => {
    await page.reload();
    await expect(end).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 60_000 });
  await context.close();
});

mustBeUsable("the list of deployments", "/deployments");
mustBeUsable("health", "/health");
mustBeUsable("a deployment", () => deployment);
mustBeUsable("an operation", () => operation);
