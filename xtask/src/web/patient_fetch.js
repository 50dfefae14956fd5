// Takes the place of `fetch` in the script that loads parts of the program. A network that changes, or a server that starts again,
// breaks a request that the next one would have answered; and after an update of the server the parts of this page are gone for good.
// Then the server renders the page: nothing is lost but the moment.
const fetch = async (url) => {
  for (const pause of [0, 100, 300, 1000, 3000]) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      const answer = await globalThis.fetch(url);
      if (answer.ok) return answer;
    } catch {
      // Tried again, and in the end loaded anew.
    }
  }
  globalThis.location.reload();
  return new Promise(() => {});
};
