// What is done to a deployed product, each from its page to its end, on the real server and the real engine. The tests build on
// each other, and on the demo that `deployment.spec.ts` has deployed.
import type { Page } from "@playwright/test";
import { act, containersOf } from "./engine";
import { expect, test } from "./fixtures";
import { hydrated, mustBeUsable } from "./usable";

const PRODUCT = "demo.shop";

test.describe.configure({ mode: "serial" });

let id = "";

async function find(page: Page): Promise<void> {
  await page.goto("/deployments");
  const link = page.getByRole("row").filter({ hasText: "Windlass Demo" }).getByRole("link").first();
  id = (await link.getAttribute("href"))?.split("/").pop() ?? "";
  expect(id, "the demo is deployed").not.toBe("");
}

/** From the detail page through the question to the end. */
async function operate(page: Page, link: string, heading: string, button: string | RegExp, end: string): Promise<void> {
  await page.goto(`/product-deployments/${id}`);
  await hydrated(page);
  await page.getByRole("link", { name: link, exact: true }).click();
  await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
  await page.getByRole("button", { name: button }).click();
  await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/);
  await expect(page.getByRole("heading", { name: end, level: 1 })).toBeVisible({ timeout: 120_000 });
}

async function running(): Promise<number> {
  return (await containersOf(PRODUCT)).filter((container) => container.State === "running").length;
}

async function ids(): Promise<string[]> {
  return (await containersOf(PRODUCT)).map((container) => container.Id).sort();
}

test("stopping must stop every container, and restarting start it again", async ({ page }) => {
  test.setTimeout(180_000);
  await find(page);
  const before = await running();
  await operate(page, "Stop Containers", "Stop Product Containers", "Stop All Containers", "Containers Stopped Successfully!");
  expect(await running()).toBe(0);
  await operate(page, "Restart Containers", "Restart Product Containers", "Restart All Containers", "Containers Restarted Successfully!");
  expect(await running()).toBe(before);
});

test("maintenance must be entered with a reason that everybody sees, and be left again", async ({ page }) => {
  test.setTimeout(180_000);
  const before = await running();
  await page.goto(`/product-deployments/${id}`);
  await hydrated(page);
  await page.getByRole("link", { name: "Enter Maintenance", exact: true }).click();
  await expect(page.getByText("Are you sure")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Stacks affected" })).toBeVisible();
  await page.getByLabel("Reason").fill("New disks");
  await page.getByRole("button", { name: "Enter Maintenance Mode" }).click();
  await expect(page.getByRole("heading", { name: "Maintenance Mode Activated", level: 1 })).toBeVisible({ timeout: 60_000 });
  expect(await running()).toBe(0);

  await page.goto(`/product-deployments/${id}`);
  await expect(page.getByText("Maintenance Mode (Manual) — New disks")).toBeVisible();
  // What is not possible now stays in its place and says why.
  await expect(page.getByRole("button", { name: "Redeploy", exact: true })).toHaveAttribute("title", /Exit maintenance first/);
  await page.goto(`/exit-maintenance/${id}`);
  await expect(page.getByRole("heading", { name: "Current Maintenance Info" })).toBeVisible();
  await expect(page.getByText("New disks")).toBeVisible();
  await operate(page, "Exit Maintenance", "Exit Maintenance Mode", "Exit Maintenance Mode", "Maintenance Mode Deactivated");
  expect(await running()).toBe(before);
});

test("what is at work must be seen on every page, and its end be told there", async ({ page }) => {
  test.setTimeout(120_000);
  await page.goto("/catalog");
  await hydrated(page);
  const environments = await (await page.request.get("/api/environments")).json();
  const environment = environments.environments[0].id;
  const restart = `/api/environments/${environment}/product-deployments/${id}/restart-containers`;
  const accepted = await page.request.post(restart, { data: {}, headers: { prefer: "respond-async" } });
  expect(accepted.status()).toBe(202);
  await page.getByRole("banner").getByText("Operations", { exact: true }).click();
  const operation = (await accepted.headers())["location"]?.split("/").pop();
  const item = page.getByRole("banner").getByRole("listitem").filter({ has: page.locator(`a[href$="${operation}"]`) });
  await expect(item).toContainText("Succeeded", { timeout: 60_000 });
  const notices = page.getByRole("log", { name: "Notices" });
  await expect(notices.getByRole("link", { name: "Restart of Windlass Demo" })).toBeVisible();
  await notices.getByRole("button", { name: "Close this notice" }).click();
  await expect(notices.getByRole("link")).toHaveCount(0);
});

test("a redeploy must show its plan and replace every container", async ({ page }) => {
  test.setTimeout(180_000);
  const before = await ids();
  await page.goto(`/redeploy-product/${id}`);
  await expect(page.getByRole("heading", { name: "Stacks to redeploy" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Plan", exact: true })).toBeVisible();
  await expect(page.getByText("Replace").first()).toBeVisible();
  await operate(page, "Redeploy", "Redeploy Product", "Redeploy All Stacks", "Redeploy Successful!");
  const after = await ids();
  expect(after.length).toBe(before.length);
  expect(after.filter((one) => before.includes(one))).toEqual([]);
});

test("a plan must not be carried out once reality has changed", async ({ page }) => {
  await page.goto(`/redeploy-product/${id}`);
  await hydrated(page);
  const victim = (await containersOf(PRODUCT)).find((container) => container.State === "running");
  expect(victim).toBeDefined();
  if (victim === undefined) return;
  await act(victim, "kill");
  await page.getByRole("button", { name: "Redeploy All Stacks" }).click();
  await expect(page.getByRole("alert").first()).toBeVisible();
  await expect(page).toHaveURL(/redeploy-product/);
  await page.getByRole("link", { name: "Plan again" }).click();
  await expect(page.getByText("One container is not as Windlass left it")).toBeVisible();
  await act(victim, "start");
});

test("a release must be compared, and be returned to", async ({ page }) => {
  test.setTimeout(180_000);
  await page.goto(`/product-deployments/${id}`);
  await hydrated(page);
  const first = page.getByRole("row").filter({ hasText: /Release 1\b/ });
  await first.getByRole("link", { name: /Compare/ }).click();
  await expect(page.getByRole("heading", { name: /From release 1 to release/ })).toBeVisible();
  await first.getByRole("link", { name: "Roll back to this" }).click();
  await expect(page.getByRole("heading", { name: "Roll Back Windlass Demo", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: /Roll Back All Stacks/ }).click();
  await expect(page.getByRole("heading", { name: "Product Rolled Back Successfully!", level: 1 })).toBeVisible({ timeout: 120_000 });
});

test("what is the newest must say so where an upgrade is asked for", async ({ page }) => {
  await page.goto(`/upgrade-product/${id}`);
  await expect(page.getByRole("heading", { name: "Upgrade Windlass Demo", level: 1 })).toBeVisible();
  await expect(page.getByRole("button", { name: /Upgrade All Stacks/ })).toHaveAttribute("aria-disabled", "true");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("an operation must be possible from its page to its end, and a refusal be shown there", async ({ page }) => {
    test.setTimeout(120_000);
    await page.goto(`/stop-product/${id}`);
    await page.getByRole("button", { name: "Stop All Containers" }).click();
    await expect(page).toHaveURL(/\/operations\//);
    const end = page.getByRole("heading", { name: "Containers Stopped Successfully!", level: 1 });
    await expect(async () => {
      await page.reload();
      await expect(end).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 60_000 });
    await page.goto(`/stop-product/${id}`);
    await expect(page.getByRole("button", { name: "Stop All Containers" })).toHaveAttribute("aria-disabled", "true");
    await page.goto(`/restart-product/${id}`);
    await page.getByRole("button", { name: "Restart All Containers" }).click();
    await expect(page).toHaveURL(/\/operations\//);
    await expect(async () => {
      await page.reload();
      await expect(page.getByRole("heading", { name: "Containers Restarted Successfully!", level: 1 })).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 60_000 });
  });

  test("data must not be given up without its name", async ({ page }) => {
    await page.goto(`/remove-product/${id}`);
    await page.getByRole("checkbox").first().check();
    await page.getByRole("button", { name: "Remove All Stacks" }).click();
    await expect(page.getByText(/Type 'windlass-demo' to give up the data/).first()).toBeVisible();
    await expect(page.getByRole("checkbox").first()).toBeChecked();
    expect(await running()).toBeGreaterThan(0);
  });
});

for (const where of ["redeploy-product", "upgrade-product", "rollback-product", "enter-maintenance", "remove-product"]) {
  mustBeUsable(where, () => `/${where}/${id}`);
}

test("a removal must take everything away but the volumes", async ({ page }) => {
  test.setTimeout(120_000);
  await operate(page, "Remove", "Remove Product Deployment", "Remove All Stacks", "Product Removed Successfully!");
  expect(await containersOf(PRODUCT)).toEqual([]);
});

test("an older version must be deployed and upgraded, with its values carried over", async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto("/deploy-product/demo:Windlass%20Demo:1.0.0");
  await hydrated(page);
  await page.locator("#shared-LOG_LEVEL").selectOption("debug");
  await page.locator("#shared-API_KEY").fill("a-secret-of-mine");
  await page.getByRole("button", { name: "Run Precheck" }).click();
  await expect(page.getByRole("heading", { name: "Deployment Precheck", level: 1 })).toBeVisible();
  await page.getByRole("button", { name: /Deploy All Stacks to/ }).click();
  await expect(page.getByRole("heading", { name: "Product Deployed Successfully!", level: 1 })).toBeVisible({ timeout: 120_000 });
  await find(page);

  await page.goto(`/upgrade-product/${id}`);
  await hydrated(page);
  await expect(page.locator("#shared-LOG_LEVEL")).toHaveValue("debug");
  const secret = page.locator("#shared-API_KEY");
  await expect(secret).toHaveAttribute("type", "password");
  await expect(secret).toHaveValue("");
  await expect(page.getByText("Keeps its value where you leave it empty.").first()).toBeVisible();
  expect(await page.content()).not.toContain("a-secret-of-mine");
});

test("a value must be changed with an upgrade, by hand or from a file, and be planned with", async ({ page }) => {
  test.setTimeout(240_000);
  await page.goto(`/upgrade-product/${id}`);
  await hydrated(page);
  await page.locator("summary").filter({ hasText: "Import .env" }).click();
  await page.getByLabel("Lines of NAME=VALUE").first().fill("LOG_LEVEL=warn\nUNKNOWN=1\n");
  await page.getByRole("button", { name: "Import" }).click();
  await expect(page.locator("#shared-LOG_LEVEL")).toHaveValue("warn");
  await page.locator("#shared-START_DELAY_SECONDS").fill("99");
  await page.getByRole("button", { name: "Plan with these values" }).click();
  await expect(page.locator("#shared-START_DELAY_SECONDS-error")).not.toBeEmpty();
  await page.locator("#shared-START_DELAY_SECONDS").fill("0");
  await page.getByRole("button", { name: "Plan with these values" }).click();
  await expect(page.locator("#shared-START_DELAY_SECONDS-error")).toBeEmpty();
  await expect(page.getByRole("heading", { name: "Plan", exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Upgrade All Stacks to v1.1.0" }).click();
  await expect(page.getByRole("heading", { name: "Product Upgraded Successfully!", level: 1 })).toBeVisible({ timeout: 120_000 });
  await page.goto(`/product-deployments/${id}`);
  await expect(page.getByText("1.1.0").first()).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a redeploy must show the values, and say what is wrong with them beside their fields", async ({ page }) => {
    await page.goto(`/redeploy-product/${id}`);
    await expect(page.locator("#shared-LOG_LEVEL")).toHaveValue("warn");
    await page.locator("#shared-START_DELAY_SECONDS").fill("99");
    await page.locator("#shared-LOG_LEVEL").selectOption("info");
    await page.getByRole("button", { name: "Redeploy All Stacks" }).click();
    await expect(page).toHaveURL(/redeploy-product/);
    await expect(page.locator("#shared-START_DELAY_SECONDS-error")).not.toBeEmpty();
    await expect(page.locator("#shared-START_DELAY_SECONDS")).toHaveValue("99");
    await expect(page.locator("#shared-LOG_LEVEL")).toHaveValue("info");
  });
});
