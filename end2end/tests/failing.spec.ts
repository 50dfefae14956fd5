// Every flow with its failure: seen as one, with the reason where the operator looks, and got over by doing the same again once the
// cause is gone. What fails is real: a port that somebody else holds, a volume that somebody else uses.
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { containersOf, remove, run } from "./engine";
import { expect, test } from "./fixtures";
import { Server } from "./server";
import { hydrated } from "./usable";

const PRODUCT = "test.fragile";
const SQUATTER = "squatter";
/** Of the deployment, of its newer version besides, and of what is tried in vain. */
const [PORT, EXTRA, OTHER] = ["18201", "18202", "18203"];

function manifest(version: string, more: string): string {
  return `
metadata: {name: Fragile, productId: ${PRODUCT}, productVersion: "${version}"}
stacks:
  main:
    metadata: {name: Main}
    variables:
      PORT: {type: Port, default: "${PORT}"}
      EXTRA_PORT: {type: Port, default: "${EXTRA}"}
      START_DELAY: {type: Number, default: "0"}
    services:
      web:
        image: windlass-demo/web:1.0.0
        environment: {DEMO_NAME: fragile, VERSION: "${version}", START_DELAY: "\${START_DELAY}s"}
        ports: ["127.0.0.1:\${PORT}:8080"${more}]
        volumes: ["data:/data"]
    volumes:
      data: {}
`;
}

const catalog = mkdtempSync(join(tmpdir(), "windlass-catalog-"));
const server = new Server(8097, { fragile: catalog });
let id = "";

test.describe.configure({ mode: "serial", timeout: 120_000 });
test.use({ baseURL: server.url });

test.beforeAll(async () => {
  for (const [version, more] of [
    ["1.0.0", ""],
    ["1.1.0", ', "127.0.0.1:${EXTRA_PORT}:8081"'],
  ] as const) {
    mkdirSync(join(catalog, version));
    writeFileSync(join(catalog, version, "product.yaml"), manifest(version, more));
  }
  await server.start();
});

test.afterAll(async () => {
  await remove(SQUATTER);
  for (const left of await containersOf(PRODUCT)) await remove(left.Id);
  await server.end();
  rmSync(catalog, { recursive: true, force: true });
});

/** Somebody else is there before us. */
async function squat(port: string): Promise<void> {
  const bindings = { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: port }] };
  await run(SQUATTER, {}, { ExposedPorts: { "8080/tcp": {} }, HostConfig: { PortBindings: bindings } });
}

/** Presses the button of the open form, and follows to the end. */
async function press(page: Page, button: string | RegExp, end: string): Promise<void> {
  await page.getByRole("button", { name: button }).click();
  await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}/);
  await expect(page.getByRole("heading", { name: end, level: 1 })).toBeVisible({ timeout: 60_000 });
}

async function operate(page: Page, where: string, button: string | RegExp, end: string): Promise<void> {
  await page.goto(`/${where}/${id}`);
  await hydrated(page);
  await press(page, button, end);
}

/** The port that somebody else holds is named, where the operator is. */
async function mustNamePort(page: Page, port: string): Promise<void> {
  await expect(page.getByRole("main").getByText(port).first()).toBeVisible();
}

/** Whether the product answers on its port. */
async function serves(): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${PORT}/health`).catch(() => undefined);
  return answer?.ok ?? false;
}

test("a deployment that fails must be retried until it runs", async ({ page }) => {
  await squat(PORT);
  await page.goto("/deploy-product/fragile:Fragile:1.0.0");
  await hydrated(page);
  await press(page, /Deploy All Stacks to/, "Deployment Failed");
  await mustNamePort(page, PORT);
  await page.goto("/deployments");
  const link = page.getByRole("row").filter({ hasText: "Fragile" }).getByRole("link").first();
  id = (await link.getAttribute("href"))?.split("/").pop() ?? "";

  await operate(page, "retry-product", "Retry Failed Stacks", "Retry Completed with Errors");
  await mustNamePort(page, PORT);
  await remove(SQUATTER);
  await operate(page, "retry-product", "Retry Failed Stacks", "Retry Successful!");
  expect(await serves()).toBe(true);
});

test("a failed upgrade must leave the old version serving", async ({ page }) => {
  await squat(EXTRA);
  await operate(page, "upgrade-product", /Upgrade All Stacks/, "Upgrade Failed");
  await mustNamePort(page, EXTRA);
  await expect.poll(serves).toBe(true);
  await remove(SQUATTER);
  await operate(page, "upgrade-product", /Upgrade All Stacks/, "Product Upgraded Successfully!");
});

test("a failed redeploy must leave what ran before", async ({ page }) => {
  await squat(OTHER);
  await page.goto(`/redeploy-product/${id}`);
  await hydrated(page);
  await page.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
  await page.locator("#stack-0-PORT").fill(OTHER);
  await press(page, "Redeploy All Stacks", "Redeploy Completed with Errors");
  await mustNamePort(page, OTHER);
  await expect.poll(serves).toBe(true);
  await remove(SQUATTER);

  await page.goto(`/redeploy-product/${id}`);
  await hydrated(page);
  await page.locator("details").evaluateAll((all) => all.forEach((one) => one.setAttribute("open", "")));
  await page.locator("#stack-0-PORT").fill(OTHER);
  await page.locator("#stack-0-START_DELAY").fill("4");
  await press(page, "Redeploy All Stacks", "Redeploy Successful!");
  expect(await serves()).toBe(false);
});

test("a failed rollback must leave what ran before", async ({ page }) => {
  await squat(PORT);
  const first = page.getByRole("row").filter({ hasText: /Release 1\b/ });
  const rollBack = async (end: string) => {
    await page.goto(`/product-deployments/${id}`);
    await hydrated(page);
    await first.getByRole("link", { name: "Roll back to this" }).click();
    await expect(page.getByRole("heading", { name: "Roll Back Fragile", level: 1 })).toBeVisible();
    await press(page, /Roll Back All Stacks/, end);
  };
  await rollBack("Rollback Failed");
  await mustNamePort(page, PORT);
  await remove(SQUATTER);
  await rollBack("Product Rolled Back Successfully!");
  expect(await serves()).toBe(true);
});

test("a restart that fails must say why, and be got over with a retry", async ({ page }) => {
  await operate(page, "stop-product", "Stop All Containers", "Containers Stopped Successfully!");
  await squat(PORT);
  await operate(page, "restart-product", "Restart All Containers", "Restart Completed with Errors");
  await mustNamePort(page, PORT);
  await remove(SQUATTER);
  await operate(page, "retry-product", "Retry Failed Stacks", "Retry Successful!");
  expect(await serves()).toBe(true);
});

test("an exit from maintenance that fails must say why, and be got over with a retry", async ({ page }) => {
  await operate(page, "enter-maintenance", "Enter Maintenance Mode", "Maintenance Mode Activated");
  await squat(PORT);
  await operate(page, "exit-maintenance", "Exit Maintenance Mode", "Failed to Exit Maintenance Mode");
  await mustNamePort(page, PORT);
  await remove(SQUATTER);
  await operate(page, "retry-product", "Retry Failed Stacks", "Retry Successful!");
  expect(await serves()).toBe(true);
});

test("what is asked for while something else is at work must be refused beside its button", async ({ page, context, complaints }) => {
  const forms = [
    ["stop-product", "Stop All Containers"],
    ["enter-maintenance", "Enter Maintenance Mode"],
  ] as const;
  const open = [];
  for (const [where, button] of forms) {
    const form = await context.newPage();
    await form.goto(`/${where}/${id}`);
    await hydrated(form);
    open.push({ form, button });
  }
  await page.goto(`/restart-product/${id}`);
  await hydrated(page);
  await page.getByRole("button", { name: "Restart All Containers" }).click();
  await expect(page).toHaveURL(/\/operations\//);
  for (const { form, button } of open) {
    await form.getByRole("button", { name: button }).click();
    await expect(form.getByRole("main").getByText(/already|at work|in progress/i).first()).toBeVisible();
    await form.close();
  }
  await expect(page.getByRole("heading", { name: "Containers Restarted Successfully!", level: 1 })).toBeVisible({ timeout: 60_000 });
  // A refusal is an answer, which browsers report.
  expect(complaints.splice(0).filter((text) => !text.includes("409"))).toEqual([]);
});

test("a removal that fails must be done again", async ({ page }) => {
  const [container] = await containersOf(PRODUCT);
  const volume = (container as { Mounts?: { Name?: string }[] } | undefined)?.Mounts?.[0]?.Name ?? "";
  expect(volume, "the product keeps its data in a volume").not.toBe("");
  await run(SQUATTER, {}, { HostConfig: { Mounts: [{ Type: "volume", Source: volume, Target: "/data" }] } });
  const removeAll = async (end: string) => {
    await page.goto(`/remove-product/${id}`);
    await hydrated(page);
    await page.getByRole("checkbox").first().check();
    await page.getByRole("main").getByRole("textbox").last().fill("fragile");
    await press(page, "Remove All Stacks", end);
  };
  await removeAll("Removal Completed with Errors");
  await expect(page.getByRole("main").getByText(volume).first()).toBeVisible();
  await remove(SQUATTER);
  await removeAll("Product Removed Successfully!");
  expect(await containersOf(PRODUCT)).toEqual([]);
});
