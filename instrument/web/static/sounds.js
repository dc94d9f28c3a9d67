/**
 * Finds the sound files in what a player drops or chooses: {name (of the folder), sounds ({name, file}), others}.
 *
 * `endings` are those of sounds, or a promise of them.
 */

const MAX_ENTRIES = 50_000;

/** Returns the sounds of a list of files, as a form's field holds it. */
export async function chosenSounds(files, endings) {
  const found = [...files].map((file) => ({ name: file.webkitRelativePath || file.name, file }));
  return sorted(found, await endings);
}

/** Returns the sounds of a drop; folders are read to their ends. */
export async function droppedSounds(transfer, endings) {
  // Entries have to be asked for at once: after the event the list is empty.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosenSounds(transfer.files, endings);
  const found = [];
  for (const entry of entries) await collect(entry, "", found);
  return sorted(found, await endings);
}

/** Returns an even sample of sounds, in their order, that is no more than so many files and bytes. */
export function sample(sounds, files, most) {
  const total = sounds.reduce((sum, { file }) => sum + file.size, 0);
  const share = Math.min(1, files / (sounds.length || 1), most / (total || 1));
  if (share === 1) return sounds;
  let size = 0;
  return sounds.filter(({ file }, n) => {
    const chosen = Math.floor((n + 1) * share) > Math.floor(n * share) && size + file.size <= most;
    if (chosen) size += file.size;
    return chosen;
  });
}

async function collect(entry, path, found) {
  if (found.length >= MAX_ENTRIES) return;
  const name = `${path}${entry.name}`;
  if (entry.isFile) {
    const file = await new Promise((done) => entry.file(done, () => done(null)));
    if (file) found.push({ name, file });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    // A part of the folder at a time, and nothing at its end.
    const part = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!part.length) return;
    for (const child of part) await collect(child, `${name}/`, found);
  }
}

function sorted(found, endings) {
  const roots = new Set(found.map(({ name }) => (name.includes("/") ? name.split("/", 1)[0] : "")));
  // Of one folder the inside counts: its first folders say what the sounds are.
  const [root] = roots.size === 1 ? roots : [""];
  const inside = found.map(({ name, file }) => ({ name: root ? name.slice(root.length + 1) : name, file }));
  const seen = inside.filter(({ name }) => !name.split("/").some((part) => part.startsWith(".")));
  const sounds = seen
    .filter(({ name, file }) => file.size && endings.some((ending) => name.toLowerCase().endsWith(ending)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { name: root, sounds, others: seen.length - sounds.length };
}
