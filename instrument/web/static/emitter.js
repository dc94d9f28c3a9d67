/** Calls handlers by the name of an event. */
export class Emitter {
  #handlers = new Map();

  /** Calls `handler` at each event of that name from now on. */
  on(name, handler) {
    if (!this.#handlers.has(name)) this.#handlers.set(name, []);
    this.#handlers.get(name).push(handler);
  }

  emit(name, ...values) {
    for (const handler of this.#handlers.get(name) ?? []) handler(...values);
  }
}
