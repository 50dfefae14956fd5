// Every component in every state: usable by everybody, at every width, in both themes, and looking as it did before.
// `cargo xtask test --only browser --filter gallery --update-baselines` keeps a new look.
import type { Page } from "@playwright/test";
import { expect, listen, test } from "./fixtures";
import { mustBeUsable } from "./usable";

/** What the gallery's recorded states are some days older than. */
const NOW = new Date("2026-11-24T12:00:00Z");

/** Its code comes by itself: once times are told by the reader's clock, the browser has taken over. */
async function openGallery(page: Page): Promise<void> {
  await page.clock.setFixedTime(NOW);
  await page.goto("/gallery");
  await expect(page.getByText("3 days ago").first()).toBeVisible();
  await page.evaluate(() => document.fonts.ready);
}

mustBeUsable("the gallery", openGallery);

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

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the gallery must be complete as the server renders it", async ({ page }) => {
    await page.goto("/gallery");
    await expect(page.getByRole("heading", { name: "Gallery", level: 1 })).toBeVisible();
    await expect(page.getByRole("img", { name: /^Data: from / }).first()).toBeVisible();
  });
});
