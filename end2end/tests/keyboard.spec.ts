// A product from the dashboard to running containers and away again, with the keyboard alone: nothing here points, clicks or fills.
import type { Locator, Page } from "@playwright/test";
import { remove, stateOf } from "./engine";
import { expect, test } from "./fixtures";
import { Server } from "./server";
import { hydrated } from "./usable";

const NAME = "hello-keyboard";
const PORT = "18097";
const CONTAINERS = ["store", "web"].map((service) => `${NAME}-hello-compose_${service}`);
/** Stops that a reader may have to pass on the way to anything. */
const MOST_STOPS = 80;

/** What has the focus is in sight and shows that it has it. */
async function focusIsSeen(page: Page): Promise<void> {
  const seen = await page.evaluate(() => {
    const one = document.activeElement;
    if (one === null || one === document.body) return "nowhere";
    // A link that covers a whole card draws it around the card.
    const drawn = [getComputedStyle(one), getComputedStyle(one, "::after")].some(
      (style) => style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) > 0,
    );
    const place = one.getBoundingClientRect();
    const inSight = place.bottom > 0 && place.right > 0 && place.top < innerHeight && place.left < innerWidth;
    const what = `${one.outerHTML.slice(0, 160)} at ${Math.round(place.left)}, ${Math.round(place.top)}`;
    if (!one.matches(":focus-visible") || !drawn) return `no outline: ${what}`;
    return inSight ? "" : `out of sight: ${what}`;
  });
  // The browser's own controls come after the last stop and before the first.
  if (seen !== "nowhere") expect(seen, "the focus can be seen").toBe("");
}

async function hasFocus(wanted: Locator): Promise<boolean> {
  return (await wanted.count()) === 1 && (await wanted.evaluate((one) => one === document.activeElement));
}

/** Goes on with Tab until that has the focus. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await expect(wanted).toBeVisible();
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await page.keyboard.press("Tab");
    await focusIsSeen(page);
    if (await hasFocus(wanted)) return;
  }
  throw new Error(`${wanted} is not reached with the Tab key`);
}

/** Writes into a field in place of what stands there: Tab has chosen all of it. */
async function write(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field);
  await page.keyboard.type(text);
  await expect(field).toHaveValue(text);
}

test("a product must be deployed, followed and removed with the keyboard alone", async ({ page }) => {
  test.setTimeout(180_000);
  const server = new Server(8097);
  try {
    await server.start();
    await page.goto(server.url);
    await hydrated(page);
    await page.keyboard.press("Control+k");
    const palette = page.getByRole("dialog", { name: "Find" });
    await expect(palette.getByRole("option").first()).toBeVisible();
    await focusIsSeen(page);
    await page.keyboard.type("deploy hello");
    await expect(palette.getByRole("option")).toHaveCount(1);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Deploy hello-compose", level: 1 })).toBeVisible();

    await write(page, page.getByLabel("Deployment Name"), NAME);
    const port = page.getByLabel("PORT", { exact: true });
    if (!(await port.isVisible())) {
      await tabTo(page, page.locator("summary").filter({ hasText: "hello-compose" }));
      await page.keyboard.press("Enter");
    }
    await write(page, port, PORT);
    await tabTo(page, page.getByRole("button", { name: /^Deploy All Stacks/ }));
    await page.keyboard.press("Enter");

    await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/);
    await expect(page.getByRole("heading", { name: "Product Deployed Successfully!", level: 1 })).toBeVisible({ timeout: 90_000 });
    for (const container of CONTAINERS) expect(await stateOf(container)).toBe("running");
    await tabTo(page, page.getByRole("link", { name: "View Deployment", exact: true }).first());
    await page.keyboard.press("Enter");

    await expect(page).toHaveURL(/\/product-deployments\/[0-9a-f-]{36}/);
    await expect(page.getByRole("heading", { name: "hello-compose", level: 1 })).toBeVisible();
    await tabTo(page, page.getByRole("link", { name: "Remove", exact: true }));
    await page.keyboard.press("Enter");

    await expect(page.getByRole("heading", { name: "Remove Product Deployment", level: 1 })).toBeVisible();
    const volume = page.getByRole("checkbox").first();
    await tabTo(page, volume);
    await page.keyboard.press("Space");
    await expect(volume).toBeChecked();
    await write(page, page.getByLabel(/to give up the data/), NAME);
    await tabTo(page, page.getByRole("button", { name: "Remove All Stacks" }));
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Product Removed Successfully!", level: 1 })).toBeVisible({ timeout: 60_000 });
    for (const container of CONTAINERS) expect(await stateOf(container)).toBeUndefined();
    // Nothing is asked of a server that is not there any more.
    await page.goto("about:blank");
  } finally {
    await server.end();
    // Where it went wrong half-way, the other tests must not meet what is left.
    for (const container of CONTAINERS) await remove(container);
  }
});
