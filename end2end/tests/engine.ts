// The Docker engine of the test run, asked directly: what a page says is one thing, what runs is another.
import { request } from "node:http";

/** A container as the engine lists it. */
export type Container = { Names: string[]; State: string; Status: string; Labels: Record<string, string> };

/** Every container of a product. */
export async function containersOf(product: string): Promise<Container[]> {
  const address = process.env.WINDLASS_TEST_DOCKER_HOST;
  if (!address?.startsWith("unix://")) throw new Error("WINDLASS_TEST_DOCKER_HOST is not set; `cargo xtask test` sets it");
  const filters = encodeURIComponent(JSON.stringify({ label: [`windlass.product=${product}`] }));
  const path = `/containers/json?all=true&filters=${filters}`;
  return new Promise((resolve, reject) => {
    request({ socketPath: address.slice("unix://".length), path }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve(JSON.parse(text) as Container[]));
    })
      .on("error", reject)
      .end();
  });
}
