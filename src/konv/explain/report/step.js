// --- window by window ----------------------------------------------------------------------------------

function go(change) {
  const other = "stage" in change && change.stage !== state.stage;
  Object.assign(state, other ? { channel: null } : {}, change);
  const result = maps(data.stages[state.stage].result);
  state.filter = Math.max(0, Math.min(state.filter, result.channels - 1));
  state.row = Math.max(0, Math.min(state.row, result.height - 1));
  state.column = Math.max(0, Math.min(state.column, result.width - 1));
  show();
}

function show() {
  const stage = data.stages[state.stage], result = maps(stage.result);
  by("stage").value = state.stage;
  for (const [name, most] of [["filter", result.channels], ["row", result.height], ["column", result.width]]) {
    by(name).max = most - 1;
    by(name).value = state[name];
    by(name).parentNode.hidden = most < 2;
  }
  by("play").textContent = playing ? `❚❚ ${say("rep_pause")}` : `▶ ${say("rep_play")}`;
  by("return").hidden = !trail.length;
  if (trail.length) by("return").textContent = `↩ ${say("rep_return", { layer: data.stages[trail.at(-1).stage].layer })}`;
  const found = stage.kind === "norm" ? null : compute(stage), output = result.at(state.row, state.column, state.filter);
  showSource(stage, found);
  showResult(result);
  const place = { row: state.row, column: state.column, number: state.filter };
  by("value").textContent = say("win_value", { ...place, value: shown(output) });
  showShares(stage, found);
  showChain(stage, found, output);
  for (const tile of document.querySelectorAll(".tile")) {
    tile.classList.toggle("chosen", tile.stage === state.stage && tile.filter === state.filter);
  }
}

function strongest(shares, count) {
  if (shares.length <= count) return shares;
  return [...shares].sort((one, two) => Math.abs(two.sum) - Math.abs(one.sum)).slice(0, count);
}

function showSource(stage, found) {
  const source = maps(stage.source), box = by("source");
  const own = found ? found.shares.map((share) => share.channel) : [state.filter];
  const channel = own.includes(state.channel) ? state.channel : found ? strongest(found.shares, 1)[0].channel : state.filter;
  const image = source.channels === 3 && source.height > 1 && !producer.has(stage.source);
  const colours = image && state.channel === null && own.length === 3;
  const range = drawMap(box, source, colours ? [0, 1, 2] : [channel]), svg = box.querySelector("svg");
  by("source-caption").textContent = source.vector ? say("rep_source_vector", { count: source.channels })
    : colours ? say("rep_source_colours") : say("rep_source", { number: channel });
  by("source-range").textContent = say("rep_range", { low: shown(range.low), high: shown(range.high) });
  if (source.vector) {
    for (const share of found ? strongest(found.shares, ONES) : [{ channel }]) {
      svg.append(square(Math.floor(share.channel / source.columns), share.channel % source.columns, "tap"));
    }
    return;
  }
  const rows = stage.rows[state.row].map(([, row]) => row), columns = stage.columns[state.column].map(([, column]) => column);
  if (!rows.length || !columns.length) return;
  const large = svg.clientWidth / source.columns > 6;  // lines around smaller pixels would hide them
  if (rows.length * columns.length <= LARGEST ** 2) {
    for (const row of rows) for (const column of columns) {
      const inside = row >= 0 && row < source.height && column >= 0 && column < source.width;
      if (large || !inside) svg.append(square(row, column, inside ? "tap" : "pad"));
    }
  }
  const top = Math.min(...rows), left = Math.min(...columns);
  const size = { width: Math.max(...columns) - left + 1, height: Math.max(...rows) - top + 1 };
  svg.append(shape("rect", { x: left, y: top, ...size, class: "frame" }));
}

function showResult(result) {
  const box = by("result"), range = drawMap(box, result, [state.filter]);
  by("result-caption").textContent = result.vector ? say("rep_result_vector", { count: result.channels })
    : say("rep_result", { number: state.filter, count: result.channels });
  by("result-range").textContent = say("rep_range", { low: shown(range.low), high: shown(range.high) });
  box.setAttribute("aria-label", say("rep_result_how"));
  const [row, column] = result.vector ? [Math.floor(state.filter / result.columns), state.filter % result.columns]
    : [state.row, state.column];
  const svg = box.querySelector("svg");
  if (svg.clientWidth / result.columns <= 8) {  // a small pixel is hard to find without
    svg.append(shape("line", { x1: 0, x2: result.columns, y1: row + 0.5, y2: row + 0.5, class: "hair" }));
    svg.append(shape("line", { y1: 0, y2: result.rows, x1: column + 0.5, x2: column + 0.5, class: "hair" }));
  }
  svg.append(square(row, column, "frame"));
}

/** A table of numbers; `face` says what stands in a cell and how it looks. */
function grid(title, cells, face) {
  return make("table", { className: "cells" }, make("caption", { textContent: title }),
    make("tbody", {}, ...cells.map((line) => make("tr", {}, ...line.map(face)))));
}

function tinted(value, most) {
  const cell = make("td", { textContent: brief(value), title: String(value) });
  const share = Math.min(Math.abs(value) / (most || 1), 1) * 0.45;
  cell.style.backgroundColor = `rgba(${value > 0 ? "200,30,60" : "30,90,200"},${share})`;
  return cell;
}

function pixelCell(stage, channel) {
  const made = producer.get(stage.source);
  return (cell) => {
    if (!cell.inside) return make("td", { className: "padding", textContent: "0" });
    if (made === undefined) return make("td", { textContent: brief(cell.pixel), title: String(cell.pixel) });
    const told = say("rep_from", { layer: data.stages[made].layer });
    const title = `${cell.pixel}, ${told}`;
    const button = make("button", { type: "button", textContent: brief(cell.pixel), title, ariaLabel: title });
    button.onclick = () => {
      trail.push({ ...state });
      go({ stage: made, row: cell.row, column: cell.column, filter: channel });
      by("result").focus();
    };
    return make("td", {}, button);
  };
}

function showShares(stage, found) {
  const box = by("shares");
  box.replaceChildren();
  if (!found) return;
  box.classList.toggle("wide-cards", stage.kernel !== null && found.shares[0].cells.flat().length > 1);
  const taps = found.shares[0].cells.flat().length;
  const chosen = strongest(found.shares, taps > 1 ? CHANNELS : ONES);
  const all = chosen.flatMap((share) => share.cells.flat());
  const most = { weight: largest(all.map((cell) => cell.weight)), product: largest(all.map((cell) => cell.product)) };
  for (const share of chosen) {
    const head = make("button", { type: "button", textContent: say("fig_channel", { number: share.channel }) });
    head.onclick = () => go({ channel: share.channel });
    const terms = make("div", { className: "terms" });
    const [rows, columns] = [share.cells.length, share.cells[0]?.length ?? 0];
    if (rows > LARGEST || columns > LARGEST) {
      terms.append(say("rep_large_window", { rows, columns }));
    } else if (rows && columns) {
      terms.append(grid(say("win_pixels"), share.cells, pixelCell(stage, share.channel)));
      if (stage.kernel !== null) {
        terms.append(make("span", { className: "sign", textContent: "×" }),
          grid(say("win_kernel"), share.cells, (cell) => tinted(cell.weight, most.weight)),
          make("span", { className: "sign", textContent: "=" }),
          grid(say("win_products"), share.cells, (cell) => tinted(cell.product, most.product)));
      }
    }
    const words = { max: "win_max", average: "win_mean" }[stage.kind] ?? "win_sum";
    const made = make("div", { className: "share" }, head, terms);
    if (taps > 1) made.append(make("div", { className: "sum", textContent: say(words, { value: shown(share.sum) }) }));
    box.append(made);
  }
}

function showChain(stage, found, output) {
  const lines = [];
  const padded = found && found.shares[0].cells.flat().some((cell) => !cell.inside);
  if (padded) lines.push(say("rep_padding"));
  if (found && stage.kind === "sum") {
    const taps = found.shares[0].cells.flat().length, chosen = strongest(found.shares, taps > 1 ? CHANNELS : ONES);
    const terms = chosen.map((share) => shown(share.sum)), others = found.shares.filter((share) => !chosen.includes(share));
    if (others.length) {
      const rest = others.reduce((total, share) => total + share.sum, 0);
      const counts = { shown: chosen.length, count: found.shares.length, rest: others.length };
      lines.push(say("rep_strongest", { ...counts, value: shown(rest) }));
      terms.push(shown(rest));
    }
    if (found.bias !== null) terms.push(shown(found.bias));
    const key = found.bias === null ? "win_total" : "win_total_bias";
    lines.push(say(key, { terms: terms.join(" + "), value: shown(found.total) }));
  }
  const norm = found ? null : normalised(stage);
  if (norm) lines.push(say("win_norm", { formula: norm.formula, value: shown(norm.value) }));
  if (stage.after.length) lines.push(say("win_after", { name: stage.after.join(", "), value: shown(output) }));
  by("chain").dataset.computed = norm ? norm.value : found.total;
  by("chain").dataset.output = output;
  by("chain").replaceChildren(...lines.map((line) => make("li", { textContent: line })));
}

/** One step in the output; beyond the last column the next row begins. */
function walk(rows, columns, wrap) {
  const result = maps(data.stages[state.stage].result);
  if (result.vector) return go({ filter: state.filter + rows * result.columns + columns });
  let { row, column } = state;
  if (wrap) {
    const place = row * result.width + column + columns;
    if (place < 0 || place >= result.height * result.width) return stop();
    [row, column] = [Math.floor(place / result.width), place % result.width];
  } else {
    [row, column] = [row + rows, column + columns];
  }
  go({ row, column });
}

function stop() {
  clearInterval(playing);
  playing = 0;
  by("value").setAttribute("aria-live", "polite");
  show();
}

const KEYS = {
  ArrowUp: () => walk(-1, 0), ArrowDown: () => walk(1, 0), ArrowLeft: () => walk(0, -1), ArrowRight: () => walk(0, 1),
  PageUp: () => go({ filter: state.filter - 1 }), PageDown: () => go({ filter: state.filter + 1 }),
  Home: () => go({ column: 0 }), End: () => go({ column: Infinity }),
};

function listen() {
  by("stage").onchange = (event) => { trail.length = 0; go(peak(Number(event.target.value))); };
  for (const name of ["filter", "row", "column"]) {
    by(name).onchange = (event) => go({ [name]: Math.floor(Number(event.target.value)) || 0 });
  }
  by("previous").onclick = () => walk(0, -1, true);
  by("next").onclick = () => walk(0, 1, true);
  by("return").onclick = () => { const last = trail.pop(); go(last); };
  by("play").onclick = () => {
    if (playing) return stop();
    by("value").setAttribute("aria-live", "off");
    playing = setInterval(() => walk(0, 1, true), 160);
    show();
  };
  const box = by("result");
  const point = (event) => {
    const area = box.querySelector("canvas").getBoundingClientRect(), result = maps(data.stages[state.stage].result);
    const row = Math.floor((event.clientY - area.top) / area.height * result.rows);
    const column = Math.floor((event.clientX - area.left) / area.width * result.columns);
    if (result.vector) go({ filter: row * result.columns + column });
    else go({ row, column });
  };
  box.onpointerdown = (event) => { box.focus({ preventScroll: true }); point(event); };
  box.onpointermove = (event) => { if (event.buttons) point(event); };
  box.onkeydown = (event) => {
    if (!(event.key in KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    KEYS[event.key]();
  };
  for (const button of document.querySelectorAll(".go")) {
    button.onclick = () => {
      trail.length = 0;
      go(peak(data.stages.findIndex((stage) => stage.layer === button.dataset.layer)));
      by("step").scrollIntoView();
      by("result").focus({ preventScroll: true });
    };
  }
}
