// --- layer by layer ------------------------------------------------------------------------------------

function showMaps(box, every = false) {
  const place = Number(box.dataset.array), found = maps(place), stage = producer.get(place);
  const marks = data.marks[box.dataset.layer] ?? {};
  if (found.vector && found.channels <= 20) return showBars(box, found);
  if (found.vector) {
    const canvas = make("canvas", { role: "img", ariaLabel: say("rep_result_vector", { count: found.channels }) });
    paint(canvas, found.rows, found.columns, [(row, column) => {
      const cell = row * found.columns + column;
      return cell < found.channels ? found.at(0, 0, cell) : NaN;
    }]);
    fit(canvas, found.rows, found.columns, 420);
    return box.replaceChildren(make("div", { className: "tile" }, canvas));
  }
  const count = every ? found.channels : Math.min(TILES, found.channels), tiles = [];
  for (let channel = 0; channel < count; channel++) {
    const canvas = make("canvas"), what = ["dead", "saturated", "alike"].filter((mark) => marks[mark]?.includes(channel));
    const words = what.map((mark) => say(`rep_${mark}`)), told = [say("fig_map", { number: channel }), ...words].join(", ");
    const tile = make(stage === undefined ? "div" : "button", { className: what.length ? "tile marked" : "tile", title: told },
      canvas, make("span", { textContent: [channel, ...words].join(" ") }));
    tile.setAttribute("aria-label", told);
    if (stage !== undefined) {
      Object.assign(tile, { type: "button", stage, filter: channel });
      tile.onclick = () => { trail.length = 0; go(peak(stage, channel)); by("step").scrollIntoView(); };
    }
    paint(canvas, found.height, found.width, [(row, column) => found.at(row, column, channel)]);
    fit(canvas, found.height, found.width, found.height * found.width > 4096 ? 128 : 72);
    tiles.push(tile);
  }
  if (count < found.channels) {
    const more = make("button", { type: "button", textContent: say("rep_more_maps", { count: found.channels - count }) });
    more.onclick = () => { box.dataset.every = "yes"; showMaps(box, true); };
    tiles.push(more);
  }
  box.replaceChildren(...tiles);
}

function showBars(box, found) {
  const values = Array.from({ length: found.channels }, (_, channel) => found.at(0, 0, channel));
  const most = Math.max(...values.map(Math.abs)) || 1, best = values.indexOf(Math.max(...values));
  const named = data.classes.length === values.length && box === [...document.querySelectorAll(".maps")].at(-1);
  const bars = make("div", { className: "bars" });
  values.forEach((value, channel) => {
    const bar = make("i");
    bar.style.width = `${Math.abs(value) / most * 100}%`;
    const className = channel === best ? "best" : "";
    bars.append(make("span", { className, textContent: named ? data.classes[channel] : channel }), bar,
      make("span", { className, textContent: shown(value) }));
  });
  box.replaceChildren(bars);
}

/** A filter after the other, its kernels side by side; all on one scale. */
function showKernels(box) {
  const values = numbers(Number(box.dataset.array)), strongest = largest(values);
  const [filters, channels, height, width] = data.arrays[Number(box.dataset.array)].shape;
  const drawn = Math.min(filters, channels === 1 ? 2 * FILTERS : FILTERS), across = Math.min(channels, INPUTS);
  const gap = height * width > 1 ? 1 : 0, size = across * (width + gap) - gap;
  const scale = Math.max(2, Math.min(12, Math.floor(Math.max(box.clientWidth - 40, 300) / size)));
  const strips = [];
  for (let filter = 0; filter < drawn; filter++) {
    const canvas = make("canvas", { width: size, height, role: "img", ariaLabel: say("fig_filter", { number: filter }) });
    const picture = canvas.getContext("2d"), image = picture.createImageData(size, height);
    for (let channel = 0; channel < across; channel++) for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const value = values[((filter * channels + channel) * height + row) * width + column];
        image.data.set([...heat(value, strongest), 255], 4 * (row * size + channel * (width + gap) + column));
      }
    }
    picture.putImageData(image, 0, 0);
    Object.assign(canvas.style, { width: `${size * scale}px`, height: `${height * scale}px` });
    strips.push(make("div", { className: "strip" }, make("span", { textContent: filter }), canvas));
  }
  box.replaceChildren(...strips);
  if (drawn < filters || across < channels) {
    const told = say("sheet_kernels_elided", { filters: drawn, channels: across });
    box.append(make("p", { className: "note", textContent: told }));
  }
}

// --- all of it -----------------------------------------------------------------------------------------

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    target.near = isIntersecting;
    if (isIntersecting && !target.done) draw(target);
  }
}, { rootMargin: "600px" });

function draw(box) {
  box.done = true;
  if (box.classList.contains("maps")) showMaps(box, box.dataset.every === "yes");
  else showKernels(box);
}

/** After another image or language: what is near the screen at once, the rest when it comes there. */
function refresh() {
  for (const group of document.querySelectorAll("[data-label]")) group.setAttribute("aria-label", say(group.dataset.label));
  if (bytes && data.stages.length) show();
  for (const box of document.querySelectorAll(".maps, .kernels")) {
    box.done = false;
    if (box.near && bytes) draw(box);
  }
}

for (const button of document.querySelectorAll(".language")) {
  const mark = () => button.setAttribute("aria-pressed", String(button.dataset.lang === root.lang));
  button.onclick = () => {
    root.lang = button.dataset.lang;
    for (const other of document.querySelectorAll(".language")) other.setAttribute("aria-pressed", String(other === button));
    refresh();
  };
  mark();
}

for (const button of document.querySelectorAll(".image")) {
  button.onclick = () => {
    for (const other of document.querySelectorAll(".image")) other.setAttribute("aria-pressed", String(other === button));
    state.image = Number(button.dataset.image);
    refresh();
  };
}

async function start() {
  if (typeof DecompressionStream === "undefined") {
    const problem = by("problem");
    if (problem) Object.assign(problem, { hidden: false, textContent: say("rep_old_browser") });
    return;
  }
  await unpack();
  data.stages.forEach((stage, place) => producer.set(stage.result, place));
  if (data.stages.length) {
    listen();
    go(peak(0));
  }
  refresh();
  for (const box of document.querySelectorAll(".maps, .kernels")) watcher.observe(box);
  root.dataset.ready = "yes";
}

start();
