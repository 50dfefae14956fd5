// Pages about deployments, looking as they did before. They have a server of their own, so that they show what is deployed here and
// nothing else, and are deployed under names and ports of their own.
import type { APIRequestContext } from "@playwright/test";
import { expect, test } from "./fixtures";
import { Server } from "./server";
import { mustLookAsBefore, settled } from "./still";

const NAME = "baseline-shop";
const PORT = "18098";
const STACKS = ["infrastructure", "identity", "business"];

test.describe.configure({ mode: "serial" });

const server = new Server(8098);
/** Runs, with two releases. */
let shop = "";
/** Came to no good end. */
let hello = "";
let operation = "";
let failure = "";

type Done = { productDeploymentId: string; operationId: string };

/** Asks the server for something, and waits for it. */
async function ask(request: APIRequestContext, method: string, path: string, data?: object): Promise<unknown> {
  const answer = await request.fetch(`${server.url}/api${path}`, { method, data, timeout: 150_000 });
  const text = await answer.text();
  return text === "" ? undefined : JSON.parse(text);
}

async function deployments(request: APIRequestContext): Promise<string> {
  const listed = (await ask(request, "GET", "/environments")) as { environments: { id: string }[] };
  return `/environments/${listed.environments[0]?.id}/product-deployments`;
}

test.afterAll(async ({ request }) => {
  test.setTimeout(180_000);
  const all = await deployments(request);
  for (const id of [shop, hello].filter((id) => id !== "")) {
    const plan = (await ask(request, "POST", `${all}/${id}/plan`, { operation: "remove" })) as { dataAtRisk?: { volume: string }[] };
    const volumes = (plan.dataAtRisk ?? []).map((data) => data.volume);
    await ask(request, "DELETE", `${all}/${id}`, { volumes });
  }
  await server.end();
});

test("products must be deployed, one of them in vain", async ({ browser, request }) => {
  test.setTimeout(240_000);
  await server.start();
  const all = await deployments(request);
  const stackConfigs = STACKS.map((stack) => ({ stackId: stack, variables: stack === "business" ? { WEB_PORT: PORT } : {} }));
  const deployed = (await ask(request, "POST", all, {
    productId: "demo:Windlass Demo:1.0.0",
    deploymentName: NAME,
    stackConfigs,
    sharedVariables: { NETWORK_NAME: NAME },
  })) as Done;
  expect(deployed, "the demo is deployed").toMatchObject({ success: true });
  shop = deployed.productDeploymentId;
  const changed = (await ask(request, "POST", `${all}/${shop}/redeploy`, { variables: { LOG_LEVEL: "debug" } })) as Done;
  expect(changed, "and redeployed").toMatchObject({ success: true });
  operation = changed.operationId;
  // Its port is the shop's.
  const failed = (await ask(request, "POST", all, {
    productId: "demo:hello-compose",
    deploymentName: "baseline-hello",
    stackConfigs: [{ stackId: "hello-compose", variables: { PORT } }],
  })) as Done;
  expect(failed).toMatchObject({ success: false });
  hello = failed.productDeploymentId;
  failure = failed.operationId;
  // Health is looked at now and then: pages are compared once it was seen as it is going to stay.
  const status = async () => ((await ask(request, "GET", `${all}/${shop}`)) as { health: { status: string } }).health.status;
  await expect.poll(status, { timeout: 60_000 }).toBe("Running");
  await settled(browser, server.url);
});

/** What has no address before something is deployed. */
const PAGES: Record<string, () => string> = {
  "dashboard-deployed": () => "/",
  "deployments-deployed": () => "/deployments",
  "operations-deployed": () => "/operations",
  "health-deployed": () => "/health",
  deployment: () => `/product-deployments/${shop}`,
  stack: () => `/product-deployments/${shop}/stacks/identity`,
  operation: () => `/operations/${operation}`,
  "operation-failed": () => `/operations/${failure}`,
  redeploy: () => `/redeploy-product/${shop}`,
  retry: () => `/retry-product/${hello}`,
  upgrade: () => `/upgrade-product/${shop}`,
  rollback: () => `/rollback-product/${shop}`,
  stop: () => `/stop-product/${shop}`,
  restart: () => `/restart-product/${shop}`,
  "enter-maintenance": () => `/enter-maintenance/${shop}`,
  remove: () => `/remove-product/${shop}`,
};

/** And what is refused before that is in maintenance. */
const IN_MAINTENANCE: Record<string, () => string> = {
  "exit-maintenance": () => `/exit-maintenance/${shop}`,
};

function mustAllLookAsBefore(pages: Record<string, () => string>): void {
  for (const [name, where] of Object.entries(pages)) {
    test(`the page ${name} must look as before in both themes`, async ({ browser, complaints }) => {
      await mustLookAsBefore(browser, complaints, { name, where: `${server.url}${where()}` });
    });
  }
}

mustAllLookAsBefore(PAGES);

test("a product must be taken into maintenance", async ({ request }) => {
  const mode = { mode: "Maintenance", reason: "New disks" };
  expect(await ask(request, "PUT", `${await deployments(request)}/${shop}/operation-mode`, mode)).toMatchObject({ success: true });
});

mustAllLookAsBefore(IN_MAINTENANCE);
