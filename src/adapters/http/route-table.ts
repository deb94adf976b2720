import { HttpFault } from './http-fault.ts';
import type { Route } from './route.ts';

export interface RouteTable {
  /**
   * @throws HttpFault 404 with the paths that exist, 405 with the methods that the path takes.
   */
  readonly route: (method: string, path: string) => Route;
  /** The path of a route, for a metric label; `unmatched` for anything else. */
  readonly label: (path: string) => string;
}

export function routeTable(routes: readonly Route[]): RouteTable {
  const byPath = Map.groupBy(routes, ({ path }) => path);
  return {
    route: (method, path) => {
      const known = byPath.get(path);
      if (known === undefined)
        throw new HttpFault(404, `there is no ${path} here; there are ${[...byPath.keys()].join(', ')}`);
      const wanted = method === 'HEAD' ? 'GET' : method;
      const route = known.find((one) => one.method === wanted);
      if (route !== undefined) return route;
      const allow = known
        .flatMap((one) => (one.method === 'GET' ? ['GET', 'HEAD'] : [one.method]))
        .join(', ');
      throw new HttpFault(405, `${path} takes ${allow}, not ${method}`, { allow });
    },
    label: (path) => (byPath.has(path) ? path : 'unmatched'),
  };
}
