// What every page must be, whatever it shows: usable at every width, in both themes, and still.
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, listen, test } from "./fixtures";

/** A phone, which is touched, and a screen in two widths. A second page of one context comes out of its cache. */
const PLACES = [
  { hasTouch: true, widths: [360] },
  { hasTouch: false, widths: [768, 1440] },
];

/** Waits until scripts have taken the page over: what they add works from then on. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html[data-hydrated]")).toBeAttached();
}

/** Nothing that axe finds. */
export async function accessible(page: Page, rules?: string[]): Promise<void> {
  const axe = new AxeBuilder({ page });
  const found = await (rules === undefined ? axe : axe.withRules(rules)).analyze();
  expect(found.violations).toEqual([]);
}

async function nothingBeyond(page: Page): Promise<void> {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(beyond, "nothing lies beyond the edge").toBeLessThanOrEqual(0);
}

/** Opens the page and waits until it is whole. */
type Open = (page: Page) => Promise<void>;

/** One test a page: nothing beyond the edge, closed or open, nothing that moves, nothing that axe finds, no complaint. */
export function mustBeUsable(name: string, where: string | (() => string) | Open): void {
  const open: Open = async (page) => {
    const found = typeof where === "string" ? where : await (where as (page: Page) => string | Promise<void>)(page);
    if (found === undefined) return;
    await page.goto(found);
    await hydrated(page);
    // The reader's clock runs: times were absolute before.
    await expect(page.locator("time").filter({ hasText: "UTC" })).toHaveCount(0);
  };

  test(`${name} must be usable and stand still at every width, in both themes`, async ({ browser, complaints }) => {
    test.setTimeout(180_000);
    for (const { hasTouch, widths } of PLACES) {
      const context = await browser.newContext({ colorScheme: "light", hasTouch });
      await listen(context, complaints);
      const page = await context.newPage();
      await page.addInitScript(() => {
        window.__shifts = [];
        new PerformanceObserver((list) => {
          for (const { value, hadRecentInput, sources } of list.getEntries() as LayoutShift[]) {
            const moved = sources.map(({ node, previousRect: from, currentRect: to }) => {
              const what = node instanceof Element ? `${node.localName}.${node.className}` : (node?.textContent ?? "what is gone");
              return `${what} from ${from.x},${from.y} ${from.width}x${from.height} to ${to.x},${to.y} ${to.width}x${to.height}`;
            });
            if (!hadRecentInput) window.__shifts.push({ value, moved });
          }
        }).observe({ type: "layout-shift", buffered: true });
      });
      for (const width of widths) {
        await test.step(`${width} px`, async () => {
          await page.setViewportSize({ width, height: 800 });
          await page.emulateMedia({ colorScheme: "light" });
          await open(page);
          await nothingBeyond(page);
          const shifts = await page.evaluate(() => window.__shifts);
          const whole = shifts.reduce((sum, { value }) => sum + value, 0);
          expect(whole, `the page stands still: ${JSON.stringify(shifts, null, 1)}`).toBeLessThan(0.05);
          await page.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
          await nothingBeyond(page);
          await accessible(page);
          await page.emulateMedia({ colorScheme: "dark" });
          // The theme changes colours and nothing else.
          await accessible(page, ["color-contrast"]);
        });
      }
      await context.close();
    }
  });
}

/** https://wicg.github.io/layout-instability/ */
type LayoutShift = PerformanceEntry & {
  value: number;
  hadRecentInput: boolean;
  sources: { node: Node | null; previousRect: DOMRect; currentRect: DOMRect }[];
};

declare global {
  interface Window {
    __shifts: { value: number; moved: string[] }[];
  }
}
