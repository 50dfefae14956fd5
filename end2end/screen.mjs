// What `cargo xtask bench` measures in a real browser: one page, one line of JSON. Never part of the tests: it asserts nothing.
//
//   node screen.mjs operation URL SECONDS   an operation while it is at work
//   node screen.mjs log URL                 a log, scrolled from its end to its beginning and back
import { chromium } from "playwright-core";

const [what, url, seconds] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.WINDLASS_TEST_BROWSER ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
});
const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
await page.addInitScript(() => {
  const seen = { long: [], shift: 0, interactions: new Map(), lags: [] };
  Object.assign(window, { seen });
  const watch = (options, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ buffered: true, ...options });
  watch({ type: "longtask" }, (entry) => seen.long.push(entry.duration));
  watch({ type: "layout-shift" }, (entry) => (seen.shift += entry.hadRecentInput ? 0 : entry.value));
  watch({ type: "event", durationThreshold: 16 }, (entry) => {
    if (entry.interactionId) seen.interactions.set(entry.interactionId, Math.max(entry.duration, seen.interactions.get(entry.interactionId) ?? 0));
  });
  // From the time in an event to the frame in which its line is on the page.
  document.addEventListener("DOMContentLoaded", () => {
    new MutationObserver((changes) => {
      const now = Date.now();
      for (const change of changes) {
        for (const node of change.addedNodes) {
          const time = node instanceof Element ? (node.matches("time") ? node : node.querySelector("time")) : null;
          if (time && node.closest?.(".events")) seen.lags.push(now - Date.parse(time.dateTime));
        }
      }
    }).observe(document.body, { childList: true, subtree: true });
  });
});
const tools = await page.context().newCDPSession(page);
await tools.send("Performance.enable");

/** Mebibytes in use once nothing is left to be thrown away. */
async function memory() {
  await tools.send("HeapProfiler.collectGarbage");
  const { metrics } = await tools.send("Performance.getMetrics");
  const of = (name) => metrics.find((metric) => metric.name === name).value;
  const wasm = await page.evaluate(() => window.__windlassMemory?.() ?? 0);
  return { heap: (of("JSHeapUsedSize") + wasm) / 1048576, nodes: of("Nodes") };
}

function quantile(values, part) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted.length ? sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] : 0;
}

async function begin() {
  await page.goto(url);
  await page.waitForSelector("html[data-hydrated]");
  // Loading has tasks of its own.
  await page.evaluate(() => (window.seen.long.length = 0));
}

async function end(more) {
  const seen = await page.evaluate(() => ({ ...window.seen, interactions: [...window.seen.interactions.values()] }));
  console.log(
    JSON.stringify({
      longest_task: Math.max(0, ...seen.long),
      long_tasks: seen.long.length,
      shift: seen.shift,
      interactions: seen.interactions.length,
      // Below the threshold of 16 ms browsers do not tell; all others do.
      interaction: quantile(seen.interactions, 0.98),
      lag_median: quantile(seen.lags, 0.5),
      lag_p99: quantile(seen.lags, 0.99),
      lines: seen.lags.length,
      ...more,
    }),
  );
  await browser.close();
}

if (what === "operation") {
  await begin();
  const stacks = page.locator(".split a[href*='stack=']");
  await stacks.first().waitFor();
  const first = await memory();
  const until = Date.now() + Number(seconds) * 1000;
  const count = await stacks.count();
  for (let turn = 0; Date.now() < until; turn += 1) {
    await stacks.nth((turn * 7) % count).click();
    await page.waitForTimeout(1000);
  }
  const last = await memory();
  const events = await page.evaluate(() => window.seen.lags.length);
  await end({ stacks: count, heap_before: first.heap, heap_after: last.heap, nodes_before: first.nodes, nodes_after: last.nodes, events });
} else {
  await begin();
  const lines = page.locator("[data-log]");
  await lines.waitFor();
  for (const key of ["End", "Home", "End"]) {
    await lines.focus();
    await page.keyboard.press(key);
    await page.waitForTimeout(500);
    for (let turn = 0; turn < 60; turn += 1) {
      await page.mouse.move(700, 500);
      await page.mouse.wheel(0, key === "Home" ? 4000 : -4000);
      await page.waitForTimeout(30);
    }
  }
  await end({});
}
