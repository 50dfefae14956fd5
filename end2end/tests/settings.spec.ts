// Obligations of the pages of settings, of the environments, and of the form for a pasted Compose file. Nothing is deployed here.
import { expect, test } from "./fixtures";
import { hydrated, mustBeUsable } from "./usable";

for (const javaScriptEnabled of [false, true]) {
  test.describe(javaScriptEnabled ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled });

    test("settings must lead to every page that exists, and to no other", async ({ page }) => {
      await page.goto("/catalog");
      await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
      await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
      const main = page.locator("#content");
      await expect(main.getByRole("link")).toHaveText(["Stack Sources", "Environments", "System"]);
      const pages: [string, string][] = [
        ["Stack Sources", "Stack Sources"],
        ["Environments", "Docker Environments"],
        ["System", "System"],
      ];
      for (const [link, heading] of pages) {
        await page.goto("/settings");
        await main.getByRole("link", { name: link }).click();
        await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
      }
    });

    test("the system page must say what the server is and what it is set to", async ({ page }) => {
      await page.goto("/settings/system");
      await expect(page.getByText("SQLite")).toBeVisible();
      await expect(page.getByText("--keep-releases")).toBeVisible();
      const engine = page.getByRole("row").filter({ hasText: "Local Docker" });
      await expect(engine).toContainText("Answers");
      await expect(engine).toContainText("linux/");
    });

    test("a source must be there with its folder, and be read again", async ({ page }) => {
      await page.goto("/settings/stack-sources");
      await expect(page.getByRole("heading", { name: "demo", level: 2 })).toBeVisible();
      await expect(page.getByText("demo/catalog").first()).toBeVisible();
      await page.getByRole("button", { name: "Sync Sources" }).click();
      await expect(page.getByRole("heading", { name: "demo", level: 2 })).toBeVisible();
      await expect(page.getByRole("alert")).toHaveCount(0);
    });

    test("an environment must be tested, and its engine answer", async ({ page }) => {
      await page.goto("/environments");
      await expect(page.getByText("Default", { exact: true })).toBeVisible();
      await page.getByRole("button", { name: "Test Connection" }).first().click();
      await expect(page.getByText("The engine answered")).toBeVisible();
      await expect(page.getByText(/Docker Engine .* answered \(API /)).toBeVisible();
    });

    test("a product must be found by its words and its tag", async ({ page }) => {
      await page.goto("/catalog");
      if (javaScriptEnabled) {
        await hydrated(page);
      }
      await page.getByRole("searchbox", { name: "Search products" }).fill("compose files");
      await page.getByRole("button", { name: "Search", exact: true }).click();
      await expect(page).toHaveURL(/[?&]q=compose/);
      await expect(page.getByRole("link", { name: "Demo Blog" })).toBeVisible();
      await expect(page.getByRole("link", { name: "Windlass Demo" })).toHaveCount(0);
      await page.goto("/catalog?q=nothing+is+called+so");
      await expect(page.getByText("Nothing matches")).toBeVisible();
      await page.getByRole("link", { name: "Show all" }).click();
      await expect(page.getByRole("link", { name: "Windlass Demo" })).toBeVisible();
      await page.getByRole("navigation", { name: "Tags" }).getByRole("link", { name: "blog", exact: true }).click();
      await expect(page).toHaveURL(/[?&]tag=blog/);
      await expect(page.getByRole("link", { name: "Windlass Demo" })).toHaveCount(0);
    });

    test("a pasted file must be checked, with line and column where it is wrong", async ({ page }) => {
      await page.goto("/catalog");
      await page.getByRole("link", { name: "Deploy Custom" }).click();
      await expect(page.getByRole("heading", { name: "Deploy Custom", level: 1 })).toBeVisible();
      if (javaScriptEnabled) {
        await hydrated(page);
      }
      const file = page.getByLabel("Compose file");
      await file.fill("services:\n  web:\n    image: [not, a, name]\n");
      await page.getByRole("button", { name: "Check file" }).click();
      await expect(page.getByText("The file cannot be used").first()).toBeVisible();
      await expect(page.getByText(/:3:\d+/).first()).toBeVisible();
      await expect(page.getByRole("button", { name: /^Deploy to / })).toHaveAttribute("aria-disabled", "true");

      await file.fill("services:\n  web:\n    image: nginx:1.27\n    ports: ['${WEB_PORT:-8080}:80']\n");
      await page.getByRole("button", { name: "Check file" }).click();
      await expect(page.getByText("The file has 1 service and 1 variable")).toBeVisible();
      await expect(page.getByLabel("WEB_PORT")).toHaveValue("8080");

      await page.getByLabel("WEB_PORT").fill("18444");
      await page.getByLabel("Stack Name").fill("Not a name!");
      await page.getByRole("button", { name: /^Deploy to / }).click();
      await expect(page.locator("#stack-name-error")).not.toBeEmpty();
      await expect(page.getByLabel("Stack Name")).toHaveValue("Not a name!");
      await expect(page.getByLabel("WEB_PORT")).toHaveValue("18444");
      await expect(file).toHaveValue(/nginx:1\.27/);
    });
  });
}

test("a Compose file must be taken from the reader's machine", async ({ page }) => {
  await page.goto("/deploy-custom");
  await hydrated(page);
  const file = { name: "compose.yaml", mimeType: "application/yaml", buffer: Buffer.from("services:\n  web:\n    image: nginx:1.27\n") };
  await page.getByLabel("File to read it from").setInputFiles(file);
  await expect(page.getByLabel("Compose file")).toHaveValue(/nginx:1\.27/);
});

test("an environment that is not there must be said, with status 404", async ({ page, complaints }) => {
  await page.goto("/environments?test=nothing");
  await expect(page.getByText("Environment 'nothing' not found.")).toBeVisible();
  expect(complaints.splice(0)).toEqual([expect.stringContaining("status of 404")]);
});

mustBeUsable("settings", "/settings");
mustBeUsable("the system page", "/settings/system");
mustBeUsable("the page of sources", "/settings/stack-sources");
mustBeUsable("the page of environments", "/environments");
mustBeUsable("the form for a pasted file", "/deploy-custom");
mustBeUsable("a search of the catalog", "/catalog?q=demo");
