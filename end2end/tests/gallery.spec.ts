// Every component in every state: usable by everybody, at every width, in both themes, and looking as it did before.
// `cargo xtask test --only browser --filter gallery --update-baselines` keeps a new look.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, listen, test } from "./fixtures";

/** What the gallery's recorded states are some days older than. */
const NOW = new Date("2026-11-24T12:00:00Z");

async function open(page: Page, where: string): Promise<void> {
  await page.clock.setFixedTime(NOW);
  await page.goto(where);
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
  await page.evaluate(() => document.fonts.ready);
}

/** Its code comes by itself: once times are told by the reader's clock, the browser has taken over. */
async function openGallery(page: Page): Promise<void> {
  await open(page, "/gallery");
  await expect(page.getByText("3 days ago").first()).toBeVisible();
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 768, 1440]) {
    test(`the gallery must be usable and stand still in ${colorScheme} at ${width} px`, async ({ browser, complaints }) => {
      const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, hasTouch: width < 500 });
      await listen(context, complaints);
      const page = await context.newPage();
      await openGallery(page);
      const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(beyond, "nothing lies beyond the edge").toBeLessThanOrEqual(0);
      for (const summary of await page.locator("details:not([open]) > summary").all()) await summary.click();
      const opened = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      expect(opened, "nor once everything is open").toBeLessThanOrEqual(0);
      const found = await new AxeBuilder({ page }).analyze();
      expect(found.violations).toEqual([]);
      await context.close();
    });
  }
}

for (const colorScheme of ["light", "dark"] as const) {
  for (const width of [360, 1440]) {
    test(`components must look as before in ${colorScheme} at ${width} px`, async ({ browser, complaints }) => {
      const context = await browser.newContext({
        colorScheme,
        viewport: { width, height: 900 },
        hasTouch: width < 500,
        reducedMotion: "reduce",
        locale: "en-GB",
        timezoneId: "UTC",
      });
      await listen(context, complaints);
      const page = await context.newPage();
      await openGallery(page);
      for (const piece of await page.locator("[data-piece]").all()) {
        const name = await piece.getAttribute("data-piece");
        await expect.soft(piece).toHaveScreenshot(`gallery-${name}-${colorScheme}-${width}.png`);
      }
      await context.close();
    });
  }
}

/** Pages that look the same whatever was deployed before. */
const PAGES = {
  catalog: "/catalog",
  product: "/catalog/demo:Windlass%20Demo:1.1.0",
  nothing: "/no/such/page",
  "no-deployment": "/deployments?search=nothing-like-it",
  "no-health": "/health?search=nothing-like-it",
};

for (const [name, where] of Object.entries(PAGES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`the page ${name} must look as before in ${colorScheme}`, async ({ browser, complaints }) => {
      const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
      await listen(context, complaints);
      const page = await context.newPage();
      await open(page, where);
      if (name === "nothing") complaints.length = 0;
      const main = page.getByRole("main");
      // Times change, and so does what is deployed.
      const mask = [main.locator("time"), main.locator(".notice"), main.locator(".live-mark"), main.locator(".facts--across"), main.locator(".badge"), main.locator(".health-seen")];
      await expect(main).toHaveScreenshot(`page-${name}-${colorScheme}.png`, { mask, maskColor: "#888888" });
      await context.close();
    });
  }
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the gallery must be complete as the server renders it", async ({ page }) => {
    await page.goto("/gallery");
    await expect(page.getByRole("heading", { name: "Gallery", level: 1 })).toBeVisible();
    await expect(page.getByRole("img", { name: /^Data: from / }).first()).toBeVisible();
  });
});
