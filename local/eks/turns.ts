/** Lets what concerns one subject happen one after another; different subjects don't wait for each other. */
export function inTurn(): <T>(subject: string, perform: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return (subject, perform) => {
    const before = last.get(subject) ?? Promise.resolve();
    const mine = before.then(perform, perform);
    const settled = mine.then(
      () => {},
      () => {},
    );
    last.set(subject, settled);
    void settled.then(() => {
      if (last.get(subject) === settled) last.delete(subject);
    });
    return mine;
  };
}
