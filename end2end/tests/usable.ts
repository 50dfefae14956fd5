// What holds for every page, in every width and theme.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect } from "./fixtures";

declare global {
  interface Window {
    __windlassShift?: number;
  }
}

/** Waits until scripts have taken the page over: what they add works from then on. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
}

/** Opens a page: nothing moves while it loads, nothing lies beyond the edge, and nobody is shut out. */
export async function mustBeUsable(page: Page, path: string): Promise<void> {
  await page.addInitScript(() => {
    window.__windlassShift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
        if (!entry.hadRecentInput) {
          window.__windlassShift = (window.__windlassShift ?? 0) + entry.value;
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(path);
  await hydrated(page);
  await page.waitForLoadState("load");
  const seen = await page.evaluate(() => ({
    beyond: document.documentElement.scrollWidth - window.innerWidth,
    shift: window.__windlassShift ?? 0,
  }));
  expect(seen.beyond, "nothing lies beyond the edge").toBeLessThanOrEqual(0);
  expect(seen.shift, "nothing moves while the page loads").toBeLessThanOrEqual(0.05);
  const found = await new AxeBuilder({ page }).analyze();
  expect(found.violations).toEqual([]);
}
