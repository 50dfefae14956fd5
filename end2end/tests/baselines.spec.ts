// Pages on a server where nothing was done yet, looking as they did before. Named so that it comes first: the other files deploy.
// `cargo xtask test --only browser --filter 'baselines|gallery' --update-baselines` keeps a new look.
import { expect, listen, test } from "./fixtures";

const PAGES = {
  catalog: "/catalog",
  product: "/catalog/demo.blog",
  form: "/deploy-product/demo.blog",
  deployments: "/deployments",
  health: "/health",
};

for (const [name, where] of Object.entries(PAGES)) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`the page ${name} must look as before in ${colorScheme}`, async ({ browser, complaints }) => {
      const context = await browser.newContext({ colorScheme, viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
      await listen(context, complaints);
      const page = await context.newPage();
      await page.goto(where);
      await expect(page.locator("html[data-hydrated]")).toBeAttached();
      await page.evaluate(() => document.fonts.ready);
      const main = page.getByRole("main");
      await expect(main).toHaveScreenshot(`page-${name}-${colorScheme}.png`, {
        // What time it is says nothing about the look.
        mask: [main.locator("time"), main.locator(".live-mark"), main.locator(".health-seen")],
        maskColor: "#888888",
      });
      await context.close();
    });
  }
}
