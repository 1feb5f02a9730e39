import type { Server } from "node:http";

/** A server that listens on loopback. */
export interface Listener {
  readonly port: number;
  /** Closes it with its open connections; repeatable. */
  stop(): Promise<void>;
}

/**
 * Lets a server listen on 127.0.0.1; port 0 takes a free one.
 *
 * @throws EADDRINUSE when the port is taken.
 */
export async function listenOnLoopback(server: Server, port: number): Promise<Listener> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1" }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server has no address");
  return {
    port: address.port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
