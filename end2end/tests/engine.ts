// The Docker engine of the test run, asked directly: what a page says is one thing, what runs is another.
import { request } from "node:http";
import { expect } from "@playwright/test";

/** A container as the engine lists it. */
export type Container = { Id: string; Names: string[]; State: string; Status: string; Labels: Record<string, string> };

function ask(method: string, path: string, body?: object): Promise<string> {
  const address = process.env.WINDLASS_TEST_DOCKER_HOST;
  if (!address?.startsWith("unix://")) throw new Error("WINDLASS_TEST_DOCKER_HOST is not set; `cargo xtask test` sets it");
  return new Promise((resolve, reject) => {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const headers = sent === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(sent) };
    request({ socketPath: address.slice("unix://".length), path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
    })
      .on("error", reject)
      .end(sent);
  });
}

/** Every container of a product. */
export async function containersOf(product: string): Promise<Container[]> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`windlass.product=${product}`] }));
  return JSON.parse(await ask("GET", `/containers/json?all=true&filters=${filters}`)) as Container[];
}

/** Does something to a container behind everybody's back. */
export async function act(container: Container, what: "kill" | "start"): Promise<void> {
  await ask("POST", `/containers/${container.Id}/${what}`);
}

/** Makes and starts a container of the demo image that is nobody's. */
export async function run(name: string, variables: Record<string, string>, more: object = {}): Promise<string> {
  await remove(name);
  const made = JSON.parse(
    await ask("POST", `/containers/create?name=${name}`, {
      Image: "windlass-demo/web:1.0.0",
      Entrypoint: ["/demo-service"],
      Cmd: ["web"],
      Env: Object.entries(variables).map(([key, value]) => `${key}=${value}`),
      Healthcheck: { Test: ["NONE"] },
      ...more,
    }),
  ) as { Id: string; message?: string };
  expect(made.message, "the engine makes the container").toBeUndefined();
  await ask("POST", `/containers/${made.Id}/start`);
  return made.Id;
}

/** Takes a container away. */
export async function remove(name: string): Promise<void> {
  await ask("DELETE", `/containers/${name}?force=true&v=true`);
}

/** Takes a volume away. */
export async function removeVolume(name: string): Promise<void> {
  await ask("DELETE", `/volumes/${name}`);
}

/** What the engine says of a container; none where it is gone. */
export async function stateOf(name: string): Promise<string | undefined> {
  const shown = JSON.parse(await ask("GET", `/containers/${name}/json`)) as { State?: { Status: string } };
  return shown.State?.Status;
}
