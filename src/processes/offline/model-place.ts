/** The folder and the file of a model that is named by its path or `s3://bucket/prefix/file`. */
export function modelPlace(path: string): { readonly folder: string; readonly file: string } {
  const [, folder = '.', file = ''] = /^(?:(.*)\/)?([^/]+)$/.exec(path) ?? [];
  return { folder: folder === '' ? '/' : folder, file };
}
