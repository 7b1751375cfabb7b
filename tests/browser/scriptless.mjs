// The page where no script runs: the same text, and no control that does nothing.
import { visit } from "./visit.mjs";

export async function scriptless(browser, file) {
  const texts = [];
  const read = async (page) => {
    texts.push(await page.evaluate(shown));
    return [];
  };
  const problems = await visit(browser, file, {}, read);
  problems.push(
    ...(await visit(browser, file, { script: false }, async (page) => {
      await read(page);
      return page.evaluate(() =>
        [...document.querySelectorAll("button, input, select, textarea, [role=button]")]
          .filter((control) => control.checkVisibility())
          .map((control) => `without script "${control.textContent.trim()}" does nothing`),
      );
    })),
  );
  const [scripted, plain] = texts.map((lines) => lines.filter(Boolean));
  const there = new Set(plain);
  problems.push(...scripted.filter((text) => !there.has(text)).map((text) => `without script ${JSON.stringify(text)} is not shown`));
  return problems;
}

function shown() {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    // The choice of a theme takes script.
    if (parentElement.closest("script, style, .theme") || !parentElement.checkVisibility({ visibilityProperty: true })) continue;
    texts.push(data.trim());
  }
  return texts;
}
