// What refers to what: ids are unique, references lead somewhere, and a link shows what it leads to.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { visit } from "./visit.mjs";

export function linked(width) {
  return (browser, file) =>
    visit(browser, file, { width, calm: true }, async (page) => [...(await page.evaluate(references)), ...(await page.evaluate(followed))]);
}

// The page shows the client and the products of the report.json beside it, and no value that is none.
export async function told(browser, file) {
  const report = JSON.parse(await readFile(join(dirname(file), "report.json"), "utf8"));
  const names = [report.client.name ?? report.client, ...report.products.map(({ name }) => name)];
  return visit(browser, file, {}, (page) =>
    page.evaluate((names) => {
      const plain = (text) => text.trim().replace(/\s+/g, " ");
      const headings = new Set([...document.querySelectorAll("h1, h2")].map((heading) => plain(heading.textContent)));
      const missing = names.filter((name) => !headings.has(plain(name))).map((name) => `no heading says ${JSON.stringify(name)}`);
      const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const stray = [];
      while (walker.nextNode()) {
        const text = walker.currentNode.data.trim();
        if (/^[-+−]?(NaN|undefined|null|none|inf|Infinity|∞)\s?%?$/.test(text) && text !== "none") stray.push(`the page shows ${text}`);
      }
      return [...missing, ...stray];
    }, names),
  );
}

function references() {
  const problems = [];
  const ids = new Set();
  for (const { id } of document.querySelectorAll("[id]")) {
    if (ids.has(id)) problems.push(`two elements have the id ${id}`);
    ids.add(id);
  }
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      const listed = ["aria-labelledby", "aria-describedby", "aria-controls", "for", "headers"].includes(name);
      const references = listed ? value.split(/\s+/) : [...value.matchAll(/url\(#([^)]+)\)/g)].map(([, id]) => id);
      if ((name === "href" || name === "xlink:href") && value.startsWith("#")) references.push(decodeURIComponent(value.slice(1)));
      for (const id of references) if (!ids.has(id)) problems.push(`${element.tagName.toLowerCase()} ${name} leads to #${id}, which is not there`);
    }
  }
  return problems;
}

async function followed() {
  const problems = [];
  document.documentElement.style.scrollBehavior = "auto";
  const folded = [...document.querySelectorAll("details:not([open])")];
  const links = [...document.querySelectorAll('a[href^="#"]')].filter((link) => document.getElementById(decodeURIComponent(link.hash.slice(1))));
  for (const hash of new Set(links.map((link) => link.hash))) {
    for (const details of folded) details.open = false;
    location.hash = hash;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const target = document.getElementById(decodeURIComponent(hash.slice(1)));
    const walker = document.createTreeWalker(target, NodeFilter.SHOW_TEXT, (node) =>
      node.data.trim() && node.parentElement.checkVisibility({ visibilityProperty: true }) ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP,
    );
    const first = walker.nextNode();
    if (!first) {
      problems.push(`${hash} leads to nothing that is shown`);
      continue;
    }
    const range = document.createRange();
    range.selectNodeContents(first);
    const { left, right, top, bottom } = range.getClientRects()[0];
    const there = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    if (!target.contains(there)) {
      problems.push(`${hash} leads to what is then ${there ? `behind ${there.tagName.toLowerCase()}.${there.className}` : "out of sight"}`);
    }
  }
  return problems;
}
