// The driver that Wingman takes as well: Node's own, or the package with the same interface.

/** @param url `sqlite:PATH` */
export async function openFile(url) {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite') ?? (await import('@photostructure/sqlite'));
  return new DatabaseSync(url.slice('sqlite:'.length));
}
