// What is used of the client library to know a cluster and to sign requests. All of the library is imported here and in
// client-apis.ts: the build makes one piece of each, with what they share apart (`npm run build:cluster`). File by file the
// library is a thousand modules: 85 MB instead of 37 in a process that holds nothing else, and three quarters of a second.
export { KubeConfig, bufferFromFileOrString } from '@kubernetes/client-node/dist/config.js';
export { ExecAuth } from '@kubernetes/client-node/dist/exec_auth.js';
export { HttpMethod, RequestContext } from '@kubernetes/client-node/dist/gen/http/http.js';
