/* The page of a report. Which pixels an output reads, through which taps, comes with the page as tables; here numbers are
   drawn, multiplied and added up. Text goes in by textContent alone, so that no name is ever read as markup. */
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const root = document.documentElement;
const by = (id) => document.getElementById(id);
const say = (key, fields = {}) => data.words[key][root.lang].replace(/\{(\w+)\}/g, (_, name) => fields[name]);
const shown = (value) => {
  const short = Number(value.toPrecision(data.exact ? 4 : 3)), small = short !== 0 && Math.abs(short) < 1e-4;
  return small ? short.toExponential() : String(short + 0);
};
/** In the cell of a table: at most seven letters. */
const brief = (value) => {
  const short = Number(value.toPrecision(3)), size = Math.abs(short);
  return size && (size < 1e-3 || size >= 1e5) ? short.toExponential(1) : String(short + 0);
};
const CHANNELS = 6, ONES = 12, LARGEST = 11, TILES = 64, FILTERS = 128, INPUTS = 48, SIDE = 300;

let bytes = null;
const unpacked = new Map(), producer = new Map();
const state = { image: 0, stage: 0, filter: 0, row: 0, column: 0, channel: null };
const trail = [];
let playing = 0;

function make(tag, fields = {}, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.append(...children);
  return made;
}

function shape(tag, fields) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(fields)) made.setAttribute(name, value);
  return made;
}

// --- the numbers ---------------------------------------------------------------------------------------

async function unpack() {
  const text = atob(by("numbers").textContent);
  const packed = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) packed[place] = text.charCodeAt(place);
  bytes = await new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"))).arrayBuffer();
}

function half(bits) {
  const exponent = (bits >> 10) & 31, rest = bits & 1023;
  return (bits & 32768 ? -1 : 1) * (exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : rest * 2 ** -24);
}

/** All numbers of an array, one after the other. */
function numbers(place) {
  if (!unpacked.has(place)) {
    const { at, bits, shape } = data.arrays[place], count = shape.reduce((product, size) => product * size, 1);
    unpacked.set(place, bits === 32 ? new Float32Array(bytes, at, count)
      : Float32Array.from(new Uint16Array(bytes, at, count), half));
  }
  return unpacked.get(place);
}

/** Feature maps of the chosen image; a vector is laid out in rows, one number a cell. */
function maps(place) {
  const [, height, width, channels] = data.arrays[place].shape, values = numbers(place);
  const base = state.image * height * width * channels;
  const vector = height * width === 1 && channels > 1, across = Math.min(channels, Math.ceil(Math.sqrt(2 * channels)));
  return {
    height, width, channels, vector, rows: vector ? Math.ceil(channels / across) : height, columns: vector ? across : width,
    at: (row, column, channel) => values[base + (row * width + column) * channels + channel],
  };
}

/** What the window reads at the chosen place: for each channel pixels, weights, products and their sum. */
function compute(stage) {
  const source = maps(stage.source), kernel = stage.kernel === null ? null : numbers(stage.kernel);
  const [filters, each, down, across] = kernel ? data.arrays[stage.kernel].shape : [1, 1, 1, 1];
  const first = kernel ? Math.floor(state.filter / (filters / stage.groups)) * each : state.filter;
  const rows = stage.rows[state.row], columns = stage.columns[state.column], shares = [];
  for (let number = 0; number < each; number++) {
    const cells = rows.map(([a, row]) => columns.map(([b, column]) => {
      const inside = row >= 0 && row < source.height && column >= 0 && column < source.width;
      const pixel = inside ? source.at(row, column, first + number) : 0;
      const weight = kernel ? kernel[((state.filter * each + number) * down + a) * across + b] : null;
      return { row, column, inside, pixel, weight, product: pixel * weight };
    }));
    const all = cells.flat(), read = all.filter((cell) => cell.inside).map((cell) => cell.pixel);
    const add = (total, value) => total + value;
    const sum = stage.kind === "max" ? Math.max(...read) : stage.kind === "average" ? read.reduce(add, 0) / read.length
      : all.map((cell) => cell.product).reduce(add, 0);
    shares.push({ channel: first + number, cells, sum });
  }
  const bias = stage.bias === null ? null : numbers(stage.bias)[state.filter];
  return { shares, bias, total: shares.reduce((total, share) => total + share.sum, bias ?? 0) };
}

/** Where the output of a layer, or of one filter, is largest: something is to be seen there. */
function peak(place, filter = null) {
  const result = maps(data.stages[place].result), best = { value: -Infinity };
  for (let row = 0; row < result.height; row++) for (let column = 0; column < result.width; column++) {
    for (let channel = filter ?? 0; channel < (filter === null ? result.channels : filter + 1); channel++) {
      const value = result.at(row, column, channel);
      if (value > best.value) Object.assign(best, { value, row, column, channel });
    }
  }
  return { stage: place, row: best.row ?? 0, column: best.column ?? 0, filter: best.channel ?? filter ?? 0 };
}

function normalised(stage) {
  const [mean, variance, gamma, beta] = stage.norm.map((place) => place === null ? null : numbers(place)[state.filter]);
  const pixel = maps(stage.source).at(state.row, state.column, state.filter);
  const value = (gamma ?? 1) * (pixel - mean) / Math.sqrt(variance + stage.epsilon) + (beta ?? 0);
  const formula = `${gamma === null ? "" : `${shown(gamma)} * `}(${shown(pixel)} - ${shown(mean)})/sqrt(${shown(variance)} + ` +
    `${shown(stage.epsilon)})${beta === null ? "" : ` + ${shown(beta)}`}`;
  return { value, formula };
}

// --- pictures ------------------------------------------------------------------------------------------

/** Numbers as grey pixels from the least (black) to the largest (white); `three` are red, green and blue. */
function paint(canvas, height, width, channels) {
  const all = channels.map((value) => {
    const found = new Float32Array(height * width);
    found.forEach((_, place) => { found[place] = value(Math.floor(place / width), place % width); });
    return found;
  });
  let low = Infinity, high = -Infinity;
  for (const found of all) for (const value of found) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const image = new ImageData(width, height), spread = high - low;
  for (let place = 0; place < height * width; place++) {
    for (let part = 0; part < 3; part++) {
      const value = all[Math.min(part, all.length - 1)][place];
      image.data[4 * place + part] = spread ? Math.round((value - low) / spread * 255) : high ? 128 : 0;
    }
    image.data[4 * place + 3] = Number.isNaN(all[0][place]) ? 0 : 255;
  }
  Object.assign(canvas, { width, height });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return { low, high };
}

const largest = (values) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Red above zero, blue below, white at zero. */
function heat(value, strongest) {
  const share = Math.min(Math.abs(value) / (strongest || 1), 1);
  return (value > 0 ? [200, 30, 60] : [30, 90, 200]).map((colour) => Math.round(255 * (1 - share) + colour * share));
}

function fit(canvas, rows, columns, side) {
  const scale = side / Math.max(rows, columns), whole = scale >= 1 ? Math.floor(scale) : scale;
  canvas.style.width = `${columns * whole}px`;
  canvas.style.height = `${Math.max(rows * whole, rows < 3 ? 22 * rows : 1)}px`;
}

function drawMap(box, found, channels) {
  const canvas = box.querySelector("canvas"), last = found.channels;
  const across = found.columns, cell = (row, column) => row * across + column;
  const values = found.vector
    ? [(row, column) => cell(row, column) < last ? found.at(0, 0, cell(row, column)) : NaN]
    : channels.map((channel) => (row, column) => found.at(row, column, channel));
  const range = paint(canvas, found.rows, found.columns, values);
  fit(canvas, found.rows, found.columns, Math.min(SIDE, by("step").clientWidth - 30));
  const svg = box.querySelector("svg");
  svg.setAttribute("viewBox", `0 0 ${found.columns} ${found.rows}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.replaceChildren();
  return range;
}

const square = (row, column, name) => shape("rect", { x: column, y: row, width: 1, height: 1, class: name });
