import { chromium } from "@playwright/test";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
page.on("console", (m) => console.log(m.type(), m.text()));
await page.addInitScript(() => { window.__long = []; new PerformanceObserver((l) => { for (const e of l.getEntries()) window.__long.push(Math.round(e.duration)); }).observe({ type: "longtask", buffered: true }); });
const t = Date.now();
await page.goto("http://127.0.0.1:8091/containers/ct-long/logs");
await page.waitForSelector("html[data-hydrated]");
for (let i = 0; i < 20; i++) { await page.waitForTimeout(1500); const s = await page.locator(".log__foot").innerText(); console.log(Date.now() - t, s.replace(/\s+/g, " "), await page.locator(".log__line").count()); if (/100002 lines/.test(s)) break; }
console.log("long", await page.evaluate(() => window.__long));
await page.evaluate(() => (window.__long = []));
await page.getByPlaceholder("Find in all lines...").fill("log line 50000 of");
await page.waitForTimeout(3000); console.log(await page.locator("output").innerText());
await page.getByPlaceholder("Find in all lines...").press("Enter");
await page.waitForTimeout(500); console.log(await page.locator("output").innerText(), await page.locator(".log__line--current").innerText());
console.log("long", await page.evaluate(() => window.__long));
await page.screenshot({ path: "/tmp/shots/long_find.png" });
await browser.close();
