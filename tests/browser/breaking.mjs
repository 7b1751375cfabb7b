// Pages broken on purpose, one per check, and what the check must complain about: a check that finds nothing there could never fail.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

const style = (rules) => document.head.insertAdjacentHTML("beforeend", `<style>${rules}</style>`);
const script = (text) => {
  document.querySelector("meta[http-equiv]").remove();
  document.head.insertAdjacentHTML("afterbegin", `<script>${text}</script>`);
};
const HELP = `const style = ${style}; const script = ${script};`;

const BROKEN = [
  {
    check: "what it says",
    change() {
      document.querySelector("h1").textContent = "Somebody else";
      document.querySelector("td.num").textContent = "NaN";
    },
    complaints: [/^no heading says/, /^the page shows NaN/],
  },
  {
    check: "links at 1280",
    change() {
      document.querySelector("#summary h2").id = "summary";
      document.querySelector(".side a").setAttribute("href", "#nowhere");
      style("#scorecard { display: none } body::before { content: ''; position: fixed; inset: 0 0 60% 0; z-index: 9; background: red }");
    },
    complaints: [/^two elements have the id summary/, /leads to #nowhere/, /^#scorecard leads to nothing/, /^#journey leads to what is then behind/],
  },
  {
    check: "accessibility in light at 1280",
    change() {
      document.documentElement.removeAttribute("lang");
      document.querySelector("h1").insertAdjacentHTML("afterend", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">');
      document.querySelector("section .scroll").removeAttribute("tabindex");
      style(".headline { color: #ccc } #journey svg text { fill: #ccc }");
    },
    complaints: [/^html-has-lang/, /^image-alt/, /^color-contrast: .*headline/, /^contrast 1.* in Customer value journey/],
  },
  {
    check: "accessibility in dark at 390",
    change() {
      style(".headline, #scorecard svg text { color: light-dark(#000, #333); fill: light-dark(#000, #333) }");
    },
    complaints: [/^color-contrast: .*headline/, /^contrast 1/],
  },
  {
    check: "keyboard at 1280",
    change() {
      document.querySelector(".skip").remove();
      document.querySelectorAll(".side a")[3].tabIndex = 3;
      document.querySelector(".theme button").tabIndex = -1;
      style(".side a:focus-visible { outline: none } #scorecard summary { opacity: 0; position: fixed; top: -99px }");
      script("addEventListener('keydown', (event) => event.target.tagName === 'SUMMARY' && event.key !== 'Tab' && event.preventDefault())");
    },
    complaints: [
      /^the first control is no link/,
      /comes out of the page's order/,
      /"Light" is never reached/,
      /does not show it/,
      /out of sight/,
      /does not open/,
    ],
  },
  {
    check: "keyboard at 390",
    change() {
      document.querySelector("#summary").removeAttribute("tabindex");
      style(".skip:focus { left: -999px }");
    },
    complaints: [/^the link that skips .* cannot be seen/, /^the link that skips .* does not move the focus/],
  },
  {
    check: "themes",
    change() {
      const ours = document.querySelector("script");
      ours.textContent = ours.textContent.replace("button.value ===", '"light" ===');
      script("localStorage.clear()");
      style("main section { background: #fff }");
    },
    complaints: [/^on a dark system, the page is not dark throughout/, /is pressed, not/, /^when it is opened again, the page is not dark/],
  },
  {
    check: "sorting at 390",
    change() {
      const ours = document.querySelector("script");
      ours.textContent = ours.textContent.replace("return up ? order : -order", "return order");
      script("");
      document.querySelectorAll("td.change").forEach((cell, index) => (cell.dataset.key = index));
      document.querySelectorAll("td.num").forEach((cell) => cell.removeAttribute("data-label"));
    },
    complaints: [/^sorted by Metric, descending, .* comes before/, /^sorted by Change, .* the tones are/, /^on a phone .* is labelled none/],
  },
  {
    check: "sorting at 1280",
    change() {
      const ours = document.querySelector("script");
      ours.textContent = ours.textContent
        .replace('other.setAttribute("aria-sort", "none")', "other.title = head.textContent")
        .replace('"descending");', '"ascending");')
        .replace("table.classList", "body.rows[0].remove(); table.classList");
      script("");
    },
    complaints: [/^sorting by Metric says/, /^Metric sorts one way only/, /^sorting by Stage changes the rows/],
  },
  {
    check: "layout at 390",
    change() {
      document.querySelector("#summary").insertAdjacentHTML("beforeend", '<p style="width: 500px">Wide</p>');
      style(".headline { margin-bottom: -60px } #scorecard .pill { width: 10px; white-space: nowrap } .why { height: 9px; overflow: hidden }");
    },
    complaints: [/^the page is \d+ px too wide/, /sticks out of span\.pill/, /overlap in/, /^p\.why.* cuts off/],
  },
  {
    check: "layout at 1280",
    change() {
      const [first, second, third] = document.querySelectorAll("#journey svg text");
      for (const name of ["x", "y"]) second.setAttribute(name, first.getAttribute(name));
      third.setAttribute("x", "-20");
    },
    complaints: [/overlap in Customer value journey/, /sticks out of Customer value journey/],
  },
  {
    check: "print on A4",
    change() {
      style(
        ".headline { height: 30000px } #summary { width: 900px } tbody tr { break-inside: auto !important } figure { height: 2000px } " +
          ".scroll { overflow: auto !important } .scorecard { min-width: 1000px !important }",
      );
    },
    complaints: [/^\d+ pages, more than/, /goes past the paper's edge/, /may be split between pages/, /is higher than a page/, /is cut off on paper/],
  },
  {
    check: "no script",
    change() {
      document.querySelector(".theme").hidden = false;
      script("addEventListener('load', () => { document.querySelector('#summary').hidden = false })");
      document.querySelector("#summary").hidden = true;
    },
    complaints: [/^without script "Dark" does nothing/, /^without script .* is not shown/],
  },
  {
    check: "safety",
    change() {
      const out = document.querySelector("#summary");
      out.insertAdjacentHTML("beforeend", '<script>window.stolen = 1; alert(document.title)</script><img src="http://127.0.0.1:9/seen.png">');
      out.insertAdjacentHTML("beforeend", '<a href="javascript:alert(1)" onclick="alert(2)">here</a><style></style>');
    },
    complaints: [
      /^2 elements script, not 1/,
      /^2 elements style, not 1/,
      /^console error/,
      /^it asks for http:/,
      /^a dialog says/,
      /^new globals: stolen/,
      /^a has the attribute onclick/,
      /^a has href=javascript/,
    ],
  },
];

// The jobs that show whether each check complains about a smaller page broken for it.
export async function brokenPages(browser, checks, file, scratch) {
  const missing = BROKEN.filter(({ check }) => !(check in checks)).map(({ check }) => check);
  if (missing.length > 0) throw new Error(`no such checks: ${missing.join(", ")}`);
  const report = JSON.parse(await readFile(join(dirname(file), "report.json"), "utf8"));
  const folder = join(scratch, "broken");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "report.json"), JSON.stringify({ client: report.client, products: report.products.slice(0, 1) }));
  const context = await browser.newContext({ javaScriptEnabled: false });
  try {
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href);
    await page.evaluate(shorten);
    const whole = await page.content();
    const jobs = [];
    for (const { check, change, complaints } of BROKEN) {
      await page.setContent(whole);
      await page.evaluate(`{ ${HELP} ({ ${change} }).change(); }`);
      const broken = join(folder, `${check.replaceAll(" ", "-")}.html`);
      await writeFile(broken, await page.content());
      jobs.push({ name: `a broken page, ${check}`, check, run: () => unheard(checks[check], browser, broken, complaints) });
    }
    return jobs;
  } finally {
    await context.close();
  }
}

async function unheard(check, browser, file, complaints) {
  const problems = await check(browser, file, "northwind");
  const silent = complaints.filter((complaint) => !problems.some((problem) => complaint.test(problem)));
  return silent.map((complaint) => `nothing was said like ${complaint}; said was:\n    ${problems.slice(0, 20).join("\n    ")}`);
}

// A page of every kind of thing, but few of each.
function shorten() {
  const kept = new Set(["summary", "journey", "scorecard"]);
  let products = 0;
  for (const section of document.querySelectorAll("main > section")) {
    if (!kept.has(section.id) && !(section.matches(".scope") && products++ === 0)) section.remove();
  }
  for (const link of document.querySelectorAll('a[href^="#"]')) {
    if (!document.getElementById(decodeURIComponent(link.hash.slice(1)))) (link.closest("li") ?? link).remove();
  }
}
