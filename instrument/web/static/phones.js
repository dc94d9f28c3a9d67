/** Pairs phones: this page shows codes to scan; a phone that has scanned one hands in its token. */

import { Problem, call, openSession, pair } from "./api.js";
import { button, byId, element } from "./dom.js";

const PAIR = /^#pair=([0-9a-f]{32})$/i;

/** Returns the session of this page; a token in the address is used once and leaves no trace in it. */
export async function enter() {
  const token = location.hash.match(PAIR)?.[1];
  if (!token) return openSession();
  history.replaceState(null, "", location.pathname);
  try {
    return await pair(token, deviceName());
  } catch (problem) {
    // A page that was loaded again after the token was used has the cookie already.
    const session = await openSession().catch(() => null);
    if (session) return session;
    throw problem;
  }
}

function deviceName() {
  const agent = navigator.userAgent;
  return ["iPhone", "iPad", "Android", "Macintosh", "Windows", "Linux"].find((name) => agent.includes(name)) ?? "phone";
}

/** Returns the sentence for a page that may not play yet. */
export function refusalSentence(problem) {
  if (!(problem instanceof Problem)) return String(problem);
  if (problem.status === 401) return "Scan the code that AiTunes shows on its computer: press Phone there, or run aitunes phone.";
  return problem.message;
}

/** The sheet with the code, and the phones that are paired. */
export class PhoneSheet {
  #timer = 0;

  constructor(dialog) {
    this.dialog = dialog;
    dialog.addEventListener("close", () => clearInterval(this.#timer));
    byId("phones-forget").addEventListener("click", () => this.#forget("/api/v1/phones"));
    byId("phone-new").addEventListener("click", () => this.#offer());
  }

  async open() {
    this.dialog.showModal();
    await this.#offer();
    this.#timer = setInterval(() => this.#list(), 2000);
  }

  async #offer() {
    byId("phone-error").textContent = "";
    try {
      const { url, qr, seconds } = await call("POST", "/api/v1/phones", {});
      byId("phone-code").src = `data:image/svg+xml;utf8,${encodeURIComponent(qr)}`;
      byId("phone-url").textContent = url;
      byId("phone-until").textContent = `For one phone in the same network, within ${Math.round(seconds / 60)} minutes.`;
      await this.#list();
    } catch (problem) {
      byId("phone-error").textContent = problem.message;
    }
  }

  async #list() {
    const { phones } = await call("GET", "/api/v1/phones").catch(() => ({ phones: [] }));
    byId("phones-forget").hidden = !phones.length;
    byId("phones").replaceChildren(...phones.map(({ id, name, address, connected }) => element("li", {},
      element("span", { text: `${name} · ${address}${connected ? " · connected" : ""}` }),
      button("Forget", () => this.#forget(`/api/v1/phones/${encodeURIComponent(id)}`)))));
  }

  async #forget(path) {
    await call("DELETE", path).catch((problem) => (byId("phone-error").textContent = problem.message));
    await this.#list();
  }
}
