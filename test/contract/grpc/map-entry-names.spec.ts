import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';
import { expect } from 'chai';
import { withMapEntryNames } from '../../../src/adapters/grpc/map-entry-names.ts';

const proto = fileURLToPath(new URL('../../../proto/expander.proto', import.meta.url));

describe('map entry names in reflection', () => {
  const loaded = loadSync(proto, { keepCase: true });
  const renamed = withMapEntryNames(loaded);

  function descriptorOf(definition: typeof loaded): string {
    const request = definition['grpcplugin.BestOptionsRequest'];
    if (request === undefined || !('format' in request) || !Array.isArray(request.fileDescriptorProtos))
      throw new Error('expander.proto has lost its request');
    return request.fileDescriptorProtos.map((bytes: Buffer) => bytes.toString('latin1')).join('');
  }

  it('end in Entry, in the type and in the field that refers to it', () => {
    expect(descriptorOf(renamed).match(/NodeMapEntry/g)).to.have.length(2);
    expect(descriptorOf(renamed).match(/NodeBytesMapEntry/g)).to.have.length(2);
  });

  it('leave field names and services as they are', () => {
    expect(descriptorOf(renamed)).to.include('nodeMap').and.to.include('podBytes');
    expect(renamed['grpcplugin.Expander']).to.equal(loaded['grpcplugin.Expander']);
  });

  it('are not given twice', () => {
    expect(descriptorOf(withMapEntryNames(renamed))).to.equal(descriptorOf(renamed));
  });
});
