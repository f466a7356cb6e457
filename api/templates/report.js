// Each search field filters the rows of one table by what they say. Without this script all rows simply stay.
for (const box of document.querySelectorAll("[data-filters]")) {
  const rows = [...document.getElementById(box.dataset.filters).tBodies[0].rows];
  const input = box.querySelector("input"), told = box.querySelector("output");
  box.hidden = false;
  const filter = () => {
    const words = input.value.normalize("NFC").toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      shown += !row.hidden;
    }
    told.value = `${shown} / ${rows.length}`;
  };
  input.addEventListener("input", filter);
  filter();
}
