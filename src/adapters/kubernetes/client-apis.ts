// What is used of the client library to ask a cluster; see client-config.ts.
export { CoordinationV1Api, CoreV1Api, CustomObjectsApi } from '@kubernetes/client-node/dist/gen/index.js';
export { ApiException } from '@kubernetes/client-node/dist/gen/apis/exception.js';
export { of } from '@kubernetes/client-node/dist/gen/rxjsStub.js';
export { PatchStrategy } from '@kubernetes/client-node/dist/patch.js';
export { Watch } from '@kubernetes/client-node/dist/watch.js';
