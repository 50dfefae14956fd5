// Pages held still, to be compared with pictures: what differs from run to run says the same on every one of them.
import type { Browser, Locator, Page } from "@playwright/test";
import { expect, listen, type Complaints } from "./fixtures";
import { hydrated } from "./usable";

/** Pixels of a page that are compared: what comes further down looks like what is above. */
const MOST_HIGH = 1_200;

/** What differs from run to run and from machine to machine, and what is shown in its place: about as wide, so that nothing moves. */
const FIXED: [RegExp, string][] = [
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "01234567-89ab-cdef-0123-0123456789ab"],
  [/\b[0-9a-f]{64}\b/g, "0123456789abcdef".repeat(4)],
  [/\b[0-9a-f]{40}\b/g, "0123456789abcdef0123456789abcdef01234567"],
  [/\b(?=[0-9a-f]*[0-9])[0-9a-f]{12}\b/g, "0123456789ab"],
  [/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, "02:42:ac:12:00:02"],
  [/\b(?:172|192\.168|10)(?:\.\d+){2,3}(?:\/\d+)?/g, "172.18.0.2"],
  [/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| UTC)?/g, "2026-11-24 12:04:07 UTC"],
  [/\b\d\d:\d\d:\d\d\.\d+/g, "12:04:07.123"],
  [/\b\d\d:\d\d:\d\d\b/g, "12:04:07"],
  [/\b(?:just now|yesterday|\d+ (?:s|min|h|days) ago)\b/g, "4 min ago"],
  [/\b(?:\d+d \d+h|\d+h \d\dm|\d+m \d\ds|\d+ms|\d+s)\b/g, "3s"],
  [/\b(?:2\d|3\d)\.\d+\.\d+(?:[-+~][\w.+~-]+)?/g, "28.5.1"],
  [/\b1\.[3-9]\d\b/g, "1.51"],
  [/\blinux\/(?:amd64|arm64|x86_64|aarch64)\b/g, "linux/amd64"],
  [/\/\S*\/demo\/catalog\b/g, "/srv/windlass/demo/catalog"],
  [/\bunix:\/\/\S+/g, "unix:///var/run/docker.sock"],
  [/\S*\/tmp\/\S+/g, "/var/lib/windlass"],
];

/** Bars whose places and lengths are times. The gallery has them with times that stay. */
const DRAWN = ".timeline__track, .timeline__axis, .durations__track, .health-strip__track";

/** How many lines the journal of an operation has: some say only how long something is taking. */
const COUNTED = ".disclosure--card:has(.events) > summary .number";

/** Puts a copy of the page's content in its place, which nobody changes any more. */
export async function still(page: Page): Promise<Locator> {
  await page.evaluate(
    ({ fixed, drawn, counted, mostHigh }) => {
      const main = document.querySelector("main");
      if (main === null) throw new Error("the page has no content");
      const copy = main.cloneNode(true) as HTMLElement;
      for (const one of copy.querySelectorAll(counted)) one.textContent = "42";
      for (const one of copy.querySelectorAll(drawn)) one.replaceChildren();
      const rules = fixed.map(([source, text]) => [new RegExp(source, "g"), text] as const);
      const texts = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const node = texts.currentNode;
        node.nodeValue = rules.reduce((text, [found, by]) => text.replace(found, by), node.nodeValue ?? "");
      }
      // A copy has neither what was chosen nor how far something was scrolled.
      const chosen = [...main.querySelectorAll("select")].map((one) => one.selectedIndex);
      const scrolled = [...main.querySelectorAll("*")].map((one) => one.scrollTop);
      copy.style.maxBlockSize = `${mostHigh}px`;
      copy.style.overflow = "clip";
      main.replaceWith(copy);
      copy.querySelectorAll("select").forEach((one, number) => (one.selectedIndex = chosen[number] ?? -1));
      const all = copy.querySelectorAll("*");
      if (all.length === scrolled.length) all.forEach((one, number) => (one.scrollTop = scrolled[number] ?? 0));
    },
    { fixed: FIXED.map(([found, by]): [string, string] => [found.source, by]), drawn: DRAWN, counted: COUNTED, mostHigh: MOST_HIGH },
  );
  return page.getByRole("main");
}

/** Containers that come change the network that a browser shares with the engine, for a moment: waits until pages load again. */
export async function settled(browser: Browser, where: string): Promise<void> {
  const page = await browser.newPage();
  await expect(async () => {
    await page.goto(where);
    await expect(page.locator("html[data-hydrated]")).toBeAttached({ timeout: 5_000 });
  }).toPass({ timeout: 40_000 });
  await page.close();
}

/** Opens a page, and compares it in both themes once it is `ready`. */
export async function mustLookAsBefore(
  browser: Browser,
  complaints: Complaints,
  { name, where, ready }: { name: string; where: string; ready?: (page: Page) => Promise<void> },
): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await listen(context, complaints);
  const page = await context.newPage();
  await page.goto(where);
  await hydrated(page);
  // The reader's clock runs: times are told by it, and say when a page was read last.
  await expect(page.getByRole("main").locator("time").filter({ hasText: /UTC|^\d{4}-/ })).toHaveCount(0);
  const fresh = page.locator(".live-mark");
  if ((await fresh.count()) > 0) await expect(fresh.first()).not.toHaveText("");
  await ready?.(page);
  await page.evaluate(() => document.fonts.ready);
  const main = await still(page);
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await expect.soft(main).toHaveScreenshot(`page-${name}-${colorScheme}.png`);
  }
  await context.close();
}
