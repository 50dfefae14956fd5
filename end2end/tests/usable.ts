// What every page must be, whatever it shows: usable at every width, in both themes, and still.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, listen, test } from "./fixtures";

/** Waits until scripts have taken the page over: what they add works from then on. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
}

/** One test a width and theme: nothing beyond the edge, nothing that moves, nothing that axe finds, no complaint. */
export function mustBeUsable(name: string, path: string | (() => string), widths: number[] = [360, 768, 1440]): void {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of widths) {
      test(`${name} must be usable and stand still in ${colorScheme} at ${width} px`, async ({ browser, complaints }) => {
        const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, hasTouch: width < 500 });
        await listen(context, complaints);
        const page = await context.newPage();
        await page.addInitScript(() => {
          const seen = { shift: 0 };
          Object.assign(window, { __seen: seen });
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) seen.shift += (entry as unknown as { value: number }).value;
          }).observe({ type: "layout-shift", buffered: true });
        });
        await page.goto(typeof path === "string" ? path : path());
        await hydrated(page);
        // The reader's clock runs: times were absolute before.
        await expect(page.locator("time").filter({ hasText: "UTC" })).toHaveCount(0);

        const facts = await page.evaluate(() => ({
          beyond: document.documentElement.scrollWidth - window.innerWidth,
          shift: (window as unknown as { __seen: { shift: number } }).__seen.shift,
        }));
        expect(facts.beyond, "nothing lies beyond the edge").toBeLessThanOrEqual(0);
        expect(facts.shift).toBeLessThan(0.05);
        const found = await new AxeBuilder({ page }).analyze();
        expect(found.violations).toEqual([]);
        await context.close();
      });
    }
  }
}
