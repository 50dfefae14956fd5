// A page that is open while its server dies: it says so, waits, and goes on where it was.
import { expect, test } from "./fixtures";
import { Server } from "./server";
import { hydrated } from "./usable";

const NAME = "blog-after-a-crash";

test("a server that dies and comes back must find its page where it was, and the page miss nothing", async ({ page, complaints }) => {
  test.setTimeout(180_000);
  const server = new Server(8099);
  try {
    await server.start();
    await page.goto(`${server.url}/deploy-product/demo.blog`);
    await hydrated(page);
    await page.getByLabel("Deployment Name").fill(NAME);
    await page.getByLabel("Network").fill(NAME);
    await page.locator("summary").filter({ hasText: "site" }).click();
    await page.getByLabel("Port of the blog").fill("18099");
    await page.getByRole("button", { name: /^Deploy All Stacks/ }).click();
    await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/);
    const address = page.url();
    await expect(page.getByText("Live updates").first()).toBeVisible();

    await server.kill();
    await expect(page.getByText(/^Reconnecting/).first()).toBeVisible();
    await expect(page.getByRole("heading", { level: 1 }), "what was shown stays").toBeVisible();

    await server.start();
    await expect(page.getByRole("heading", { name: "Product Deployed Successfully!", level: 1 })).toBeVisible({ timeout: 90_000 });
    expect(page.url()).toBe(address);

    // What the page gathered over the cut is what the journal says.
    const told = await page.locator(".events__text").allTextContents();
    expect(told.length).toBeGreaterThan(10);
    await page.reload();
    await hydrated(page);
    expect(await page.locator(".events__text").allTextContents()).toEqual(told);

    const deployment = await page.locator('main a[href^="/product-deployments/"]').first().getAttribute("href");
    await page.goto(`${server.url}${deployment?.replace("product-deployments", "remove-product")}`);
    await hydrated(page);
    await page.getByRole("button", { name: "Remove All Stacks" }).click();
    await expect(page.getByRole("heading", { name: "Product Removed Successfully!", level: 1 })).toBeVisible({ timeout: 60_000 });
  } finally {
    await server.end();
  }
  // A browser complains about every question to a server that is not there.
  complaints.splice(0, complaints.length, ...complaints.filter((text) => !/ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET/.test(text)));
});
