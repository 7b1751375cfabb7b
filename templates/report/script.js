// Theme and sorting. The page is complete without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const KEY = "cvj-theme";
  const kept = () => { try { return localStorage.getItem(KEY); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem(KEY, theme); } catch { /* not remembered */ } };
  const dress = (theme) => {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme; else delete root.dataset.theme;
  };
  dress(kept());

  const themes = (group) => {
    const buttons = [...group.querySelectorAll("button")];
    const press = () => {
      for (const button of buttons) button.setAttribute("aria-pressed", String(button.value === (root.dataset.theme ?? "system")));
    };
    for (const button of buttons) {
      button.addEventListener("click", () => { dress(button.value); keep(button.value); press(); });
    }
    press();
    group.hidden = false;
  };

  const sortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const body = table.tBodies[0];
    heads.forEach((head, column) => {
      if (!head.hasAttribute("data-sort")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", column === 0 ? "ascending" : "none");
      const key = (row) => {
        const cell = row.cells[column];
        return !cell || cell.colSpan > 1 ? "" : cell.dataset.key ?? cell.textContent.trim();
      };
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        for (const other of heads) if (other.hasAttribute("data-sort")) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const rows = [...body.rows].map((row) => ({ row, key: key(row) }));
        rows.sort((left, right) => {
          if (!left.key || !right.key) return Number(!left.key) - Number(!right.key);
          const order = left.key.localeCompare(right.key, "en", { numeric: true });
          return up ? order : -order;
        });
        body.append(...rows.map(({ row }) => row));
        table.classList.add("sorted");
      });
    });
  };

  addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll(".theme").forEach(themes);
    document.querySelectorAll("table[data-sortable]").forEach(sortable);
  });
})();
