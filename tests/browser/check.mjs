// Looks at pages in a browser: node check.mjs CHROMIUM SCRATCH NAME=PAGE...; a page called index.html is the index of a portfolio.
// First it looks at broken pages, which show that every check can fail. The last line counts what passed and what failed.
// CVJ_PAGE_CHECK=TEXT runs only what has the text in its name, such as "northwind, layout at 390"; CVJ_PAGE_TIMES=1 says how long each takes.
import { basename } from "node:path";

import { chromium } from "playwright-core";

import { accessible } from "./accessibility.mjs";
import { brokenPages } from "./breaking.mjs";
import { walked } from "./keyboard.mjs";
import { laidOut, WIDTHS } from "./layout.mjs";
import { linked, told } from "./links.mjs";
import { printed, SHEETS } from "./paper.mjs";
import { safe } from "./safety.mjs";
import { scriptless } from "./scriptless.mjs";
import { sorted } from "./sorting.mjs";
import { themed } from "./theme.mjs";
import { DESKTOP, PHONE } from "./visit.mjs";

const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

// As many as a small machine has processors.
const AT_ONCE = 2;

// Of one check, so many problems are told.
const TOLD = 12;

const CHECKS = {
  "what it says": told,
  "links at 1280": linked(DESKTOP),
  "links at 390": linked(PHONE),
  ...Object.fromEntries(
    ["light", "dark"].flatMap((scheme) => [DESKTOP, PHONE].map((width) => [`accessibility in ${scheme} at ${width}`, accessible(scheme, width)])),
  ),
  "keyboard at 1280": walked(DESKTOP),
  "keyboard at 390": walked(PHONE),
  "themes": themed,
  "sorting at 1280": sorted(DESKTOP),
  "sorting at 390": sorted(PHONE),
  ...Object.fromEntries(WIDTHS.map((width) => [`layout at ${width}`, laidOut(width)])),
  ...Object.fromEntries(Object.keys(SHEETS).map((format) => [`print on ${format}`, printed(format)])),
  "no script": scriptless,
  "safety": safe,
};

// Where another page's data changes nothing, the first page stands for all.
const ONCE = [
  "links at 390",
  "accessibility in light at 390",
  "accessibility in dark at 1280",
  "keyboard at 390",
  "themes",
  "sorting at 1280",
  "sorting at 390",
  "layout at 390",
  "print on Letter",
];

// An index is of no one client and has no drawings, and it is printed across.
const OF_REPORTS = ["what it says", "links at 390", "themes", "print on A4", "print on Letter"];
const OF_AN_INDEX = ["print on A4 across"];

function applies(check, file) {
  if (basename(file) === "index.html") return !OF_REPORTS.includes(check);
  return !OF_AN_INDEX.includes(check) && (file === pages[0][1] || !ONCE.includes(check));
}

const [executablePath, scratch, ...named] = process.argv.slice(2);
const pages = named.map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]);
const only = process.env.CVJ_PAGE_CHECK;
let [passed, failed] = [0, 0];
const browser = await chromium.launch({ executablePath, args: FLAGS });
try {
  const jobs = [];
  if (pages.length > 0) jobs.push(...(await brokenPages(browser, CHECKS, pages[0][1], scratch)));
  for (const [page, file] of pages) {
    for (const [check, run] of Object.entries(CHECKS)) {
      if (applies(check, file)) jobs.push({ name: `${page}, ${check}`, run: () => run(browser, file, page) });
    }
  }
  const queue = jobs.filter(({ name }) => !only || name.includes(only));
  await Promise.all(Array.from({ length: AT_ONCE }, () => work(queue)));
} finally {
  await browser.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function work(queue) {
  for (let job = queue.shift(); job; job = queue.shift()) {
    const start = Date.now();
    const problems = await job.run().catch((error) => [`the check broke: ${error.stack}`]);
    if (process.env.CVJ_PAGE_TIMES) console.log(`${((Date.now() - start) / 1000).toFixed(1)} s: ${job.name}`);
    if (problems.length === 0) {
      passed += 1;
      continue;
    }
    failed += 1;
    console.log(`FAILED: ${job.name}`);
    const different = [...new Set(problems)];
    for (const problem of different.slice(0, TOLD)) console.log(`  ${problem}`);
    if (different.length > TOLD) console.log(`  and ${different.length - TOLD} more`);
  }
}
