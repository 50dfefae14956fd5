// The `test` that every file here imports: a page that says anything on its console, throws, or
// breaks its content security policy fails the test, whatever else the test looks at.
import { type BrowserContext, expect, test as base } from "@playwright/test";

export { expect };

/** What browsers of a test complained about. A test that provokes a complaint takes it out again. */
export type Complaints = string[];

declare global {
  interface Window {
    __windlassComplain?: (text: string) => void;
  }
}

/** Listens to every page of a context, from before its first script. */
export async function listen(context: BrowserContext, complaints: Complaints): Promise<void> {
  context.on("console", (message) => {
    // Containers that come and go change the network that this browser shares with the engine. What breaks is asked for again.
    const isNetwork = message.text().includes("net::ERR_NETWORK_CHANGED");
    if (!isNetwork && (message.type() === "error" || message.type() === "warning")) {
      complaints.push(`console ${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  context.on("weberror", (error) => complaints.push(`uncaught: ${error.error().message}`));
  await context.exposeBinding("__windlassComplain", (_source, text: string) => {
    complaints.push(text);
  });
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      window.__windlassComplain?.(
        `content security policy: ${event.violatedDirective} forbids ${event.blockedURI} (${event.sourceFile}:${event.lineNumber})`,
      );
    });
  });
}

export const test = base.extend<{ complaints: Complaints }>({
  complaints: [
    async ({ context, javaScriptEnabled }, use) => {
      const complaints: Complaints = [];
      if (javaScriptEnabled) {
        await listen(context, complaints);
      }
      await use(complaints);
      expect(complaints, "the browser has nothing to complain about").toEqual([]);
    },
    { auto: true },
  ],
});
