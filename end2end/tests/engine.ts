// The Docker engine of the test run, asked directly: what a page says is one thing, what runs is another.
import { request } from "node:http";

/** A container as the engine lists it. */
export type Container = { Id: string; Names: string[]; State: string; Status: string; Labels: Record<string, string> };

function ask(method: string, path: string): Promise<string> {
  const address = process.env.WINDLASS_TEST_DOCKER_HOST;
  if (!address?.startsWith("unix://")) throw new Error("WINDLASS_TEST_DOCKER_HOST is not set; `cargo xtask test` sets it");
  return new Promise((resolve, reject) => {
    request({ socketPath: address.slice("unix://".length), path, method }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(text));
    })
      .on("error", reject)
      .end();
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
