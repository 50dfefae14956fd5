// Obligations of the page that checks a deployment before it is asked for. Nothing here is deployed.
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { hydrated, mustBeUsable } from "./usable";

const BLOG = "/deploy-product/demo:Demo%20Blog:1.0.0";
const SHOP = "/deploy-product/demo:Windlass%20Demo:1.1.0";

async function fill(page: Page, javaScriptEnabled: boolean): Promise<void> {
  await page.goto(BLOG);
  if (javaScriptEnabled) {
    await hydrated(page);
  }
  await page.getByLabel("Deployment Name").fill("my-blog");
  await page.locator("#continueOnError").uncheck();
  await page.locator("summary").filter({ hasText: "site" }).click();
  await page.getByLabel("Title").fill("Kept <b>as it is</b>");
}

for (const javaScriptEnabled of [false, true]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("every check must be there with its result, and what was entered be kept on the way back", async ({ page }) => {
      await fill(page, javaScriptEnabled);
      await page.getByRole("button", { name: "Run Precheck" }).click();
      await expect(page.getByRole("heading", { name: "Deployment Precheck", level: 1 })).toBeVisible();
      await expect(page).toHaveURL(/\/deploy-product\/[^?]*\/precheck$/);
      await expect(page.locator(".bg-green-50, .bg-yellow-50, .bg-red-50")).toHaveCount(1);
      await expect(page.getByRole("heading", { name: "site", level: 2 })).toBeVisible();
      await expect(page.getByRole("heading", { name: "data", level: 2 })).toBeVisible();
      await expect(page.getByText("Images", { exact: true }).first()).toBeVisible();

      await page.getByRole("button", { name: "Re-Check" }).click();
      await expect(page.getByRole("button", { name: "Re-Check" })).toBeVisible();
      await expect(page.getByRole("heading", { name: "site", level: 2 })).toBeVisible();

      const role = javaScriptEnabled ? "link" : "button";
      await page.getByRole(role, { name: "Back to Configure" }).click();
      await expect(page.getByRole("heading", { name: "Deploy Demo Blog", level: 1 })).toBeVisible();
      await expect(page).toHaveURL(new RegExp(`${BLOG.replaceAll(".", "\\.")}$`));
      await expect(page.getByLabel("Deployment Name")).toHaveValue("my-blog");
      await expect(page.locator("#continueOnError")).not.toBeChecked();
      await expect(page.getByLabel("Title")).toHaveValue("Kept <b>as it is</b>");
      await expect(page.locator("#error-summary")).toHaveCount(0);
    });

    test("what stands in the way must be said, and deploying not be offered", async ({ page }) => {
      await fill(page, javaScriptEnabled);
      await page.getByLabel("Port of the blog").fill("99999");
      await page.getByRole("button", { name: "Run Precheck" }).click();
      await expect(page.locator(".bg-red-50")).toContainText("deployment blocked");
      await expect(page.getByText("must be a valid port (1-65535)").first()).toBeVisible();
      const deploy = page.getByRole("button", { name: /^Deploy All Stacks to / });
      await expect(deploy).toHaveAttribute("aria-disabled", "true");
      await expect(deploy).toHaveAttribute("data-reason", /deployment blocked/);
    });
  });
}

test("a secret must not be written into the page, and be asked for again where nothing remembers it", async ({ request }) => {
  const form = {
    product_id: "demo:Windlass Demo:1.1.0",
    environment: "any",
    "shared[API_KEY]": "typed-by-somebody",
    "shared[NETWORK_NAME]": "kept-as-it-is",
  };
  const response = await request.post(`${SHOP}/precheck`, { form });
  expect(response.status()).toBe(200);
  const html = await response.text();
  expect(html).toContain("Deployment Precheck");
  expect(html).toContain("please enter them again");
  expect(html).toContain("kept-as-it-is");
  expect(html).not.toContain("typed-by-somebody");
});

test("an address alone must check what holds where nobody enters anything", async ({ page }) => {
  await page.goto(`${SHOP}/precheck`);
  await expect(page.getByRole("heading", { name: "Identity", level: 2 })).toBeVisible();
});

test("a form of another product must be refused", async ({ request }) => {
  const response = await request.post(`${SHOP}/precheck`, { form: { product_id: "demo:Demo Blog:1.0.0", environment: "any" } });
  expect(await response.text()).toContain("The form could not be read");
});

mustBeUsable("the precheck", `${SHOP}/precheck`);
