// Takes the place of `fetch` in the script that loads parts of the program: they come in bundles, and a bundle comes once. A network that
// changes, or a server that starts again, breaks a request that the next one would have answered; and after an update of the server the
// parts of this page are gone for good. Then the server renders the page: nothing is lost but the moment.
const bundles = new Map();

const load = async (bundle) => {
  for (const pause of [0, 100, 300, 1000, 3000]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const answer = await globalThis.fetch(new URL(`./${bundle}.wasm`, import.meta.url));
      if (answer.ok) return await WebAssembly.compile(await answer.arrayBuffer());
    } catch {
      // Tried again, and in the end loaded anew.
    }
  }
  globalThis.location.reload();
  return new Promise(() => {});
};

const fetch = async (url) => {
  const part = url.pathname.replace(/^.*\/|\.wasm$/g, "");
  const bundle = BUNDLE_OF[part];
  if (!bundles.has(bundle)) bundles.set(bundle, load(bundle));
  const [content] = WebAssembly.Module.customSections(await bundles.get(bundle), part);
  return new Response(content, { headers: { "content-type": "application/wasm" } });
};
