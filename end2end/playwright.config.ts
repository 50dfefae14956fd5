// Browser tests. They drive the machine's own Chromium, because a browser of Playwright's own would
// have to be downloaded from outside of every package registry.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  // The pages show one engine and one database: tests that change them say so and run in order.
  fullyParallel: false,
  workers: 1,
  // A test that passes only the second time is a test that fails.
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  // Sooner than `cargo xtask test` stops waiting: what failed by then is told.
  globalTimeout: 23 * 60_000,
  expect: {
    timeout: 10_000,
    // Our own fonts on one kind of browser: what differs more than by the edges of letters was changed.
    toHaveScreenshot: { animations: "disabled", caret: "hide", maxDiffPixelRatio: 0.01 },
  },
  snapshotPathTemplate: "baselines/{arg}{ext}",
  reporter: [["list"], ["json", { outputFile: process.env.WINDLASS_TEST_REPORT ?? "test-results/report.json" }]],
  use: {
    baseURL: process.env.WINDLASS_TEST_URL ?? "http://127.0.0.1:8080",
    locale: "en-GB",
    timezoneId: "UTC",
    screenshot: "only-on-failure",
    // Pictures of every moment would cost a fifth of the run; the one of the failure is kept above.
    trace: { mode: "retain-on-failure", screenshots: false },
    launchOptions: {
      executablePath: process.env.WINDLASS_TEST_BROWSER ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
});
