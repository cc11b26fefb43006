// A click on a column's name sorts its table; another one reverses the order. What has no value stays last.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  for (const button of table.tHead.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      const head = button.parentElement;
      const order = head.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
      const sign = order === "ascending" ? 1 : -1;
      const value = row => row.cells[head.cellIndex].dataset.value;
      const rows = [...table.tBodies[0].rows];
      const isNumber = rows.every(row => value(row) === "" || !Number.isNaN(Number(value(row))));
      rows.sort((a, b) => {
        const [first, second] = [value(a), value(b)];
        if (first === "" || second === "") return (first === "") - (second === "");
        return sign * (isNumber ? first - second : first.localeCompare(second));
      });
      for (const each of heads) each.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      table.tBodies[0].append(...rows);
    });
  }
}
