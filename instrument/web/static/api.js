/** Speaks HTTP with the server that the page came from. */

/** Says in a sentence why a request was refused. */
export class Problem extends Error {
  constructor(status, detail, retryAfter = 0) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Opens the session that every other call needs; returns {role, can, serve_only, version}. */
export const openSession = () => request("POST", "/api/v1/session", {});

/** Pairs this phone by the token of the code that it has scanned. */
export const pair = (token, name) => request("POST", "/api/v1/phones/pair", { token, name });

/** Returns the answer's JSON, null where there is none; renews the session once where the server has forgotten it. */
export async function call(method, path, body) {
  try {
    return await request(method, path, body);
  } catch (problem) {
    if (problem.status !== 401) throw problem;
    await openSession();
    return request(method, path, body);
  }
}

/** Returns the namespace of the playing engine: its node /aitunes as OSCQuery describes it. */
export const namespace = () => call("GET", "/aitunes");

/** Sends the bytes of a Blob. */
export const sendPiece = (path, piece) => request("PUT", path, piece);

async function request(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body instanceof Blob) options.body = body;
  else if (body !== undefined) {
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Problem(0, "AiTunes cannot be reached. Is it still running?");
  }
  if (!answer.ok) throw await problemOf(answer);
  return answer.status === 204 ? null : answer.json();
}

async function problemOf(answer) {
  const said = await answer.text();
  const retryAfter = Number(answer.headers.get("Retry-After")) || 0;
  try {
    const { detail, title } = JSON.parse(said);
    return new Problem(answer.status, String(detail ?? title), retryAfter);
  } catch {
    return new Problem(answer.status, said.trim() || `The server answers ${answer.status}.`, retryAfter);
  }
}
