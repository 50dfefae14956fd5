// Obligations of the deploy form up to the moment where something is deployed. Nothing here is accepted, so nothing starts.
import { expect, test } from "./fixtures";
import { hydrated } from "./usable";

const BLOG = "/deploy-product/demo:Demo%20Blog:1.0.0";
const SHOP = "/deploy-product/demo:Windlass%20Demo:1.1.0";

for (const javaScriptEnabled of [false, true]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("what is wrong must be said beside its field, and what was entered must stay", async ({ page }) => {
      await page.goto(BLOG);
      await expect(page.getByRole("heading", { name: "Deploy Demo Blog", level: 1 })).toBeVisible();
      await expect(page.getByRole("heading", { name: "Product Configuration", level: 2 })).toBeVisible();
      await expect(page.getByRole("heading", { name: "Shared Variables", level: 2 })).toBeVisible();
      const name = page.getByLabel("Deployment Name");
      await expect(name).toHaveValue("demo-blog");
      if (javaScriptEnabled) {
        // A name typed before the page runs would not be followed by the derived ones.
        await hydrated(page);
      }
      await name.fill("not a name!");
      if (javaScriptEnabled) {
        await expect(page.getByText("not-a-name-site").first()).toBeVisible();
      }
      await page.locator("#continueOnError").uncheck();
      await page.locator("summary").filter({ hasText: "site" }).click();
      await page.getByLabel("Port of the blog").fill("99999");
      await page.getByLabel("Title").fill("Kept <b>as it is</b>");
      await page.getByRole("button", { name: /^Deploy All Stacks to / }).click();

      const summary = page.locator("#error-summary");
      await expect(summary).toBeVisible();
      await expect(summary.getByRole("link")).toHaveCount(2);
      await expect(page).toHaveURL(new RegExp("/deploy-product/"));
      await expect(page.locator("#deployment-name-error")).toContainText("not a valid deployment name");
      await expect(name).toHaveAttribute("aria-invalid", "true");
      await expect(page.locator("#stack-0-BLOG_PORT-error")).toHaveText("Port of the blog must be a valid port (1-65535).");

      await expect(name).toHaveValue("not a name!");
      await expect(page.getByLabel("Title")).toHaveValue("Kept <b>as it is</b>");
      await expect(page.getByLabel("Port of the blog")).toHaveValue("99999");
      await expect(page.locator("#continueOnError")).not.toBeChecked();
      if (javaScriptEnabled) {
        await expect(summary).toBeFocused();
        await summary.getByRole("link").last().click();
        await expect(page.getByLabel("Port of the blog")).toBeInViewport();
      }
    });

    test("a .env file must be taken into the fields, and what it says that is no variable be told", async ({ page }) => {
      await page.goto(SHOP);
      if (javaScriptEnabled) {
        await hydrated(page);
      }
      await page.locator("summary").filter({ hasText: "Import .env" }).click();
      const text = [
        "# of the shop",
        "export network_name='shop-net'",
        'LOG_LEVEL="debug" # much',
        "API_KEY=from-the-file",
        "ELSEWHERE=1",
        "no name=2",
      ];
      await page.getByLabel("Lines of NAME=VALUE").first().fill(text.join("\n"));
      await page.getByRole("button", { name: "Import" }).click();

      await expect(page.getByText(javaScriptEnabled ? "3 values were set." : "2 values were set.")).toBeVisible();
      await expect(page.getByText("Not a variable of this product")).toContainText("ELSEWHERE");
      await expect(page.getByText("Line 6: 'no name' is not a name.")).toBeVisible();
      await expect(page.locator("#shared-NETWORK_NAME")).toHaveValue("shop-net");
      await expect(page.locator("#shared-LOG_LEVEL")).toHaveValue("debug");
      const secret = page.locator("#shared-API_KEY");
      await expect(secret).toHaveAttribute("type", "password");
      if (javaScriptEnabled) {
        await expect(secret).toHaveValue("from-the-file");
        await page.getByRole("button", { name: "Undo" }).click();
        await expect(page.locator("#shared-NETWORK_NAME")).toHaveValue("windlass-demo");
        await expect(page.locator("#shared-LOG_LEVEL")).toHaveValue("info");
        await expect(secret).toHaveValue("");
      } else {
        await expect(secret).toHaveValue("");
        await expect(page.getByText("Secrets are not sent back, enter them yourself")).toContainText("API_KEY");
        expect(await page.content()).not.toContain("from-the-file");
      }
    });
  });
}

test("a file must be taken in as what was pasted is", async ({ page }) => {
  await page.goto(BLOG);
  await hydrated(page);
  await page.locator("summary").filter({ hasText: "Import .env" }).click();
  const file = { name: ".env", mimeType: "text/plain", buffer: Buffer.from("BLOG_TITLE=From a file\nBLOG_PORT=18099\n") };
  await page.locator("#env-file").setInputFiles(file);
  await expect(page.getByText("2 values were set.")).toBeVisible();
  await expect(page.locator("#stack-0-BLOG_TITLE")).toHaveValue("From a file");
  await expect(page.locator("#stack-0-BLOG_PORT")).toHaveValue("18099");
});

test("going back to the defaults must be possible, and be taken back", async ({ page }) => {
  await page.goto(BLOG);
  await hydrated(page);
  await page.getByLabel("Deployment Name").fill("mine");
  await page.locator("#continueOnError").uncheck();
  await page.locator("#shared-BLOG_NETWORK").fill("mine-net");
  await page.getByRole("button", { name: "Reset to Defaults" }).click();
  await expect(page.getByLabel("Deployment Name")).toHaveValue("demo-blog");
  await expect(page.locator("#shared-BLOG_NETWORK")).toHaveValue("windlass-demo-blog");
  await expect(page.locator("#continueOnError")).toBeChecked();
  await expect(page.getByText("demo-blog-site").first()).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByLabel("Deployment Name")).toHaveValue("mine");
  await expect(page.locator("#shared-BLOG_NETWORK")).toHaveValue("mine-net");
  await expect(page.locator("#continueOnError")).not.toBeChecked();
  await expect(page.getByText("mine-site").first()).toBeVisible();
});

test("a refused form must not carry secrets back", async ({ request }) => {
  const form = {
    product_id: "demo:Windlass Demo:1.1.0",
    environment: "unknown",
    deployment_name: "shop",
    "shared[API_KEY]": "typed-by-somebody",
    "stack[s2][WEB_PORT]": "no port",
  };
  const response = await request.post(SHOP, { form });
  expect(response.status()).toBeGreaterThanOrEqual(400);
  expect(response.status()).toBeLessThan(500);
  const html = await response.text();
  expect(html).toContain("error-summary");
  expect(html).toContain("secrets are not sent back");
  expect(html).not.toContain("typed-by-somebody");
});

test("a form that nobody could have filled in must be refused", async ({ request }) => {
  const response = await request.post(SHOP, { form: { nonsense: "x" } });
  expect(response.status()).toBe(400);
  expect(await response.text()).toContain("The form could not be read");

  const huge = await request.post(SHOP, { form: { product_id: "x".repeat(2 * 1024 * 1024) } });
  expect(huge.status()).toBe(413);
});
