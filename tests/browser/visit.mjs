// A page opened in a context of its own. Whatever it does that a page from a file should not is a problem, whoever looks at it.
import { pathToFileURL } from "node:url";

export const DESKTOP = 1280;
export const PHONE = 390;

// `look(page)` returns problems; how the page is opened: width, height, scheme, script (false: none runs), policy (false: bypassed),
// calm (less motion, so that a jump has ended when it is looked at).
export async function visit(browser, file, how, look) {
  const context = await browser.newContext({
    viewport: { width: how.width ?? DESKTOP, height: how.height ?? 900 },
    colorScheme: how.scheme ?? "light",
    javaScriptEnabled: how.script ?? true,
    bypassCSP: how.policy === false,
    reducedMotion: how.calm ? "reduce" : "no-preference",
  });
  const problems = [];
  try {
    const page = await context.newPage();
    const address = pathToFileURL(file).href;
    watch(page, address, problems);
    await page.goto(address);
    await page.evaluate(() => document.fonts.ready.then(() => null));
    problems.push(...(await look(page)));
  } finally {
    await context.close();
  }
  return problems;
}

function watch(page, address, problems) {
  const shortly = (text) => text.slice(0, 200);
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== address) problems.push(`it asks for ${shortly(request.url())}`);
  });
  page.on("console", (message) => problems.push(`console ${message.type()}: ${shortly(message.text())}`));
  page.on("pageerror", (error) => problems.push(`script error: ${shortly(String(error))}`));
  page.on("popup", (popup) => problems.push(`it opens ${shortly(popup.url())}`));
  page.on("dialog", async (dialog) => {
    problems.push(`a dialog says: ${shortly(dialog.message())}`);
    await dialog.dismiss();
  });
}

// Opens what is folded: all, or as many as `most` of those that look alike.
export async function unfold(page, most = Infinity) {
  await page.evaluate((most) => {
    const opened = new Map();
    for (const details of document.querySelectorAll("details")) {
      const { className, id } = details.parentElement;
      const kind = `${details.className} in ${className} ${id.split("-")[0]}`;
      const before = opened.get(kind) ?? 0;
      opened.set(kind, before + 1);
      details.open ||= before < most;
    }
  }, most === Infinity ? Number.MAX_SAFE_INTEGER : most);
}
