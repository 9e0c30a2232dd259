// What is kept for when the line is gone: the page for people on the call, the page that says so,
// their looks. Nothing of a person, no warning. Forms that are sent and the desk pass untouched.

const KEPT = JSON.parse("{{ precached_urls|escapejs }}");
const STORE = "portal-{{ version }}";
const PATIENCE = 3000; // milliseconds; somebody on the call does not wait longer
const PASSED = /^\/(admin|can-bo)\//;

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(Promise.all(KEPT.map((path) => fresh(new Request(path, { cache: "reload" })))));
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOlder().then(() => self.clients.claim()));
});

async function forgetOlder() {
  const stores = await caches.keys();
  await Promise.all(stores.filter((name) => name !== STORE).map((name) => caches.delete(name)));
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin || PASSED.test(pathname)) return;
  if (KEPT.includes(pathname)) event.respondWith(freshOrKept(request, pathname));
  else if (request.destination === "document") event.respondWith(onlineOnly(request, pathname));
});

// From the server, and into the store.
async function fresh(request) {
  const answer = await fetch(request);
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  const store = await caches.open(STORE);
  await store.put(new URL(request.url).pathname, answer.clone());
  return answer;
}

async function freshOrKept(request, pathname) {
  const kept = await (await caches.open(STORE)).match(pathname);
  if (!kept) return fetch(request);
  const tooLate = new Promise((_, reject) => setTimeout(reject, PATIENCE));
  return Promise.race([fresh(request), tooLate]).catch(() => kept);
}

async function onlineOnly(request, pathname) {
  try {
    return await fetch(request);
  } catch {
    const language = pathname.startsWith("/en/") ? "/en" : "";
    return (await caches.match(`${language}/offline/`)) || Response.error();
  }
}
