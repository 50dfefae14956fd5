// Obligations of the document around every page.
import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./fixtures";

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
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations).toEqual([]);
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
