// Obligations of the catalog and of a product's page. They read only, so they can run at any time.
import { expect, test } from "./fixtures";
import { mustBeUsable } from "./usable";

const SHOP = "/catalog/demo:Windlass%20Demo:1.1.0";

test("the start must show the catalog in numbers, and lead to it", async ({ page }) => {
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Dashboard", level: 1 })).toBeVisible();
  await expect(page.getByText("3 products")).toBeVisible();
  await page.getByRole("link", { name: "Stack Catalog" }).click();
  await expect(page).toHaveURL(/\/catalog$/);
  await expect(page.getByRole("heading", { name: "Stack Catalog", level: 1 })).toBeVisible();
});

for (const javaScriptEnabled of [false, true]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("every product must be there with what it consists of, and lead to its page", async ({ page }) => {
      await page.goto("/catalog");
      await expect(page.getByRole("heading", { name: "Available Products" })).toBeVisible();
      const card = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: "Windlass Demo" }) });
      await expect(card).toContainText("v1.1.0");
      await expect(card).toContainText("3 stacks");
      await expect(card).toContainText("7 services");

      await card.getByRole("link").click();
      await expect(page).toHaveURL(new RegExp(`${SHOP.replaceAll(".", "\\.")}$`));
      await expect(page.getByRole("heading", { name: "Windlass Demo", level: 1 })).toBeVisible();
      await expect(page).toHaveTitle("Windlass Demo · Windlass");
    });

    test("a product must show its stacks in order, their services and images, and what runs once", async ({ page }) => {
      await page.goto(SHOP);
      const stacks = page.getByRole("listitem").filter({ has: page.getByRole("heading", { level: 3 }) });
      await expect(stacks.getByRole("heading", { level: 3 })).toHaveText(["Infrastructure", "Identity", "Business"]);
      const migrate = page.getByRole("row").filter({ hasText: "windlass-demo/migrate:1.0.0" });
      await expect(migrate).toContainText("init");

      await stacks.first().getByText("5 variables").click();
      const secret = stacks.first().getByRole("row").filter({ hasText: "API_KEY" });
      await expect(secret).toContainText("hidden");
      expect(await page.content(), "the default of a secret stays on the server").not.toContain("change-me-please");
    });

    test("a product of a graph must come in the order of its dependencies", async ({ page }) => {
      await page.goto("/catalog/demo:Demo%20Blog:1.0.0");
      await expect(page.getByRole("heading", { level: 3 }).filter({ hasText: /^(data|site)$/ })).toHaveText(["data", "site"]);
      await expect(page.getByText("after data")).toBeVisible();
    });

    test("another version must be one choice away", async ({ page }) => {
      await page.goto(SHOP);
      const version = page.getByLabel("Version");
      if (javaScriptEnabled) {
        // Gone as soon as choosing is enough.
        await expect(page.getByRole("button", { name: "Show" })).toBeHidden();
        await version.selectOption({ label: "1.0.0" });
      } else {
        await version.selectOption({ label: "1.0.0" });
        await page.getByRole("button", { name: "Show" }).click();
      }
      await expect(page.getByText("v1.0.0", { exact: true })).toBeVisible();
      await expect(page.getByRole("link", { name: /deploy all/i })).toHaveAttribute("href", /Windlass%20Demo:1\.0\.0$/);
    });

    test("syncing must end on the same page", async ({ page }) => {
      await page.goto("/catalog");
      await page.getByRole("button", { name: "Sync Sources" }).click();
      await expect(page.getByRole("link", { name: "Windlass Demo" })).toBeVisible();
      await expect(page).toHaveURL(/\/catalog\??$/);
      await expect(page.getByRole("alert")).toHaveCount(0);
    });
  });
}

test.describe("a product that is not there", () => {
  test.use({ javaScriptEnabled: false });

  test("must be said, with status 404 and a way back", async ({ page }) => {
    const response = await page.goto("/catalog/demo:Nothing:1.0.0");
    expect(response?.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "Nothing here", level: 1 })).toBeVisible();
    await page.getByRole("link", { name: "Back to the catalog" }).click();
    await expect(page).toHaveURL(/\/catalog$/);
  });
});

test("a page of another site must not make the server do anything", async ({ request }) => {
  const response = await request.post("/ui/sync-catalog", { headers: { origin: "http://elsewhere.example" } });
  expect(response.status()).toBe(403);
});

for (const path of ["/catalog", SHOP, "/deploy-product/demo:Windlass%20Demo:1.1.0"]) mustBeUsable(path, path);
