import { chromium } from "@playwright/test";
const base = "http://127.0.0.1:8091";
const paths = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
for (const path of paths) for (const scheme of ["light", "dark"]) for (const width of [360, 1440]) {
  const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 900 } });
  const page = await context.newPage();
  page.on("console", (m) => { if (["error", "warning"].includes(m.type())) console.log(path, width, scheme, m.type(), m.text()); });
  page.on("pageerror", (e) => console.log(path, "pageerror", e.message));
  await page.goto(base + path);
  await page.waitForSelector("html[data-hydrated]", { timeout: 20000 }).catch(() => console.log(path, "not hydrated"));
  await page.waitForTimeout(1500);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (over > 0) console.log(path, width, "overflows", over);
  await page.screenshot({ path: `/tmp/shots/${path.replace(/[^a-z0-9]+/gi, "_")}_${width}_${scheme}.png`, fullPage: width > 500 });
  await context.close();
}
await browser.close();
