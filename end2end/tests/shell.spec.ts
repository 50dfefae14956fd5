// Obligations of the document around every page.
import { expect, test } from "./fixtures";
import { accessible, hydrated, mustBeUsable } from "./usable";

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the server must render the page", async ({ page }) => {
    const response = await page.goto("/");
    expect(response?.status()).toBe(200);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page).toHaveTitle(/Windlass/);
  });

  test("an unknown address must say so, with status 404", async ({ page }) => {
    const response = await page.goto("/no/such/page");
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  });
});

test("the page must hydrate, and remember the colours the reader chose", async ({ page }) => {
  await page.goto("/");
  const colours = page.getByRole("button", { name: /dark/i });
  await colours.click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");

  await page.reload({ waitUntil: "commit" });
  // Rendered by the server, so before any script runs.
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("the page must be usable by everybody", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("button", { name: /dark/i })).toBeVisible();
  await accessible(page);
});

test("files must be small, and kept for ever by browsers", async ({ page, request }) => {
  const html = await (await request.get("/")).text();
  const wasm = /\/pkg\/[0-9a-f]+\/windlass\.wasm/.exec(html)?.[0];
  expect(wasm, "the page names its WASM in a folder named by a hash").toBeDefined();

  const file = await request.head(wasm!, { headers: { "accept-encoding": "br" } });
  expect(file.headers()["content-encoding"]).toBe("br");
  expect(file.headers()["content-type"]).toBe("application/wasm");
  expect(file.headers()["cache-control"]).toContain("immutable");
  expect(file.headers()["vary"]).toContain("accept-encoding");

  const document = await page.goto("/");
  expect(document?.headers()["cache-control"]).toBe("no-cache");
  expect(document?.headers()["content-security-policy"]).toContain("script-src 'self' 'nonce-");
});

test("a few letters must lead to a page, and to what can be done", async ({ page }) => {
  await page.goto("/health");
  await hydrated(page);
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Find" });
  await expect(palette.getByRole("option").first()).toContainText("Dashboard");
  await accessible(page);

  await page.keyboard.type("deploy windlass");
  await expect(palette.getByRole("option").first()).toContainText("Deploy Windlass Demo");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Deploy Windlass Demo", level: 1 })).toBeVisible();
  await expect(palette).toBeHidden();

  await page.getByRole("button", { name: /^Find/ }).click();
  await expect(palette).toBeVisible();
  await page.keyboard.type("nothing is called so");
  await expect(palette.getByRole("status")).toHaveText("Nothing is called so here.");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
});

test("every page must be reached with the keyboard alone", async ({ page }) => {
  await page.goto("/");
  await hydrated(page);
  for (const [letter, heading] of [
    ["c", "Stack Catalog"],
    ["d", "Deployments"],
    ["o", "Operations"],
    ["n", "Containers"],
    ["v", "Volumes"],
    ["e", "Health Dashboard"],
    ["s", "Settings"],
    ["h", "Dashboard"],
  ]) {
    await page.keyboard.press("g");
    await page.keyboard.press(letter);
    await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
  }
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard" });
  await expect(help.getByText("Next row")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();

  await page.keyboard.press("g");
  await page.keyboard.press("d");
  await expect(page.getByRole("searchbox")).toBeVisible();
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
});

test("a tab must hold one connection, whatever page it shows", async ({ page }) => {
  const open = new Set<unknown>();
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
  await page.goto("/");
  await hydrated(page);
  await expect.poll(() => open.size).toBe(1);
  for (const name of ["Deployments", "Operations", "Health", "Catalog"]) {
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
    await expect(page.getByRole("heading", { level: 1 })).toContainText(name);
  }
  expect(most).toBe(1);
});

test("a page whose connection is cut must say how old it is, and be current again by itself", async ({ page, context, complaints }) => {
  await page.goto("/deployments");
  await hydrated(page);
  await page.goto("/");
  await expect(page.getByText(/^Updated/)).toBeVisible();
  await context.setOffline(true);
  await expect(page.getByText(/^Not answering, showing \d\d:\d\d:\d\d/)).toBeVisible({ timeout: 45_000 });
  await context.setOffline(false);
  await expect(page.getByText(/^Updated/)).toBeVisible({ timeout: 30_000 });
  // Every question that went nowhere is a complaint of the browser's.
  complaints.splice(0, complaints.length, ...complaints.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED")));
});

test("a page whose program breaks must stay, and say so", async ({ page }) => {
  await page.goto("/deployments");
  await hydrated(page);
  const notice = page.getByText("This page has stopped following.");
  await expect(notice).toBeHidden();
  await page.evaluate(() => document.documentElement.setAttribute("data-broken", ""));
  await expect(notice).toBeVisible();
  await expect(page.getByRole("heading", { name: "Deployments", level: 1 })).toBeVisible();
});

mustBeUsable("the dashboard", "/");
mustBeUsable("the list of operations", "/operations");
