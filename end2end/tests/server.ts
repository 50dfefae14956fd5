// A Windlass server of a test's own, on the engine of the run: to be killed and started again.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "./fixtures";

function given(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; \`cargo xtask test\` sets it`);
  return value;
}

export class Server {
  readonly url: string;
  private readonly folder = mkdtempSync(join(tmpdir(), "windlass-test-"));
  private process: ChildProcess | undefined;

  /** `sources` are folders with products, beside the demo. */
  constructor(
    private readonly port: number,
    private readonly sources: Record<string, string> = {},
  ) {
    this.url = `http://127.0.0.1:${port}`;
  }

  async start(): Promise<void> {
    const known = ["serve", "--listen", `127.0.0.1:${this.port}`, "--data-dir", this.folder];
    known.push("--site", given("WINDLASS_TEST_SITE"), "--source", `demo=${given("WINDLASS_TEST_CATALOG")}`);
    for (const [name, folder] of Object.entries(this.sources)) known.push("--source", `${name}=${folder}`);
    known.push("--docker-host", given("WINDLASS_TEST_DOCKER_HOST"));
    this.process = spawn(given("WINDLASS_TEST_SERVER"), known, { stdio: "ignore" });
    await expect
      .poll(async () => (await fetch(`${this.url}/health/ready`).catch(() => undefined))?.status, { timeout: 30_000 })
      .toBe(200);
  }

  /** As a power cut would. */
  async kill(): Promise<void> {
    const process = this.process;
    this.process = undefined;
    if (!process || process.exitCode !== null) return;
    const gone = new Promise((resolve) => process.once("exit", resolve));
    process.kill("SIGKILL");
    await gone;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
