"use strict";
const find = document.getElementById("find"), kind = document.getElementById("kind");
const device = document.getElementById("device"), count = document.getElementById("count");
const claims = [...document.querySelectorAll(".claim")].map(element => ({
  element,
  text: (element.id + " " + element.querySelector(".says").textContent + " " +
         [...element.querySelectorAll(".more p")].slice(0, -1).map(p => p.textContent).join(" ")).toLowerCase(),
}));
let sources = null;

async function unpack() {
  if (sources === null) {
    const packed = JSON.parse(document.getElementById("sources").textContent);
    const bytes = Uint8Array.from(atob(packed), letter => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    sources = JSON.parse(await new Response(stream).text());
  }
  return sources;
}

function filter() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const attribute = "data-kind-" + device.value.replace(":", "-");
  let shown = 0;
  for (const { element, text } of claims) {
    const of_kind = kind.value === "" || (kind.value === "changed"
      ? element.dataset.changed.split(" ").includes(device.value)
      : element.getAttribute(attribute) === kind.value);
    element.hidden = !(of_kind && words.every(word => text.includes(word)));
    shown += !element.hidden;
  }
  for (const section of document.querySelectorAll("main section"))
    section.hidden = !section.querySelector(".claim:not([hidden])");
  for (const part of document.querySelectorAll("[data-device]"))
    part.hidden = part.dataset.device !== device.value;
  count.textContent = shown === 1 ? "1 claim" : shown + " claims";
  document.getElementById("none").hidden = shown > 0;
}

function open_linked() {
  const claim = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (claim && claim.matches(".claim")) {
    if (claim.hidden) clear();
    claim.open = true;
    claim.scrollIntoView({ block: "start" });
    claim.querySelector("summary").focus({ preventScroll: true });
  }
}

function clear() {
  find.value = kind.value = "";
  filter();
}

for (const { element } of claims)
  element.addEventListener("toggle", async () => {
    const text = element.querySelector("pre");
    if (element.open && text && text.textContent === "") text.textContent = (await unpack())[element.id] || "";
  });
document.querySelector("form").addEventListener("submit", event => event.preventDefault());
find.addEventListener("input", filter);
for (const choice of [kind, device]) choice.addEventListener("change", filter);
document.getElementById("clear").addEventListener("click", () => { clear(); find.focus(); });
document.addEventListener("keydown", event => {
  if (event.key === "/" && document.activeElement !== find) { event.preventDefault(); find.focus(); }
});
window.addEventListener("hashchange", open_linked);
window.addEventListener("load", open_linked);
filter();
