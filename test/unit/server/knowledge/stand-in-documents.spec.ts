import { expect } from 'chai';
import { standInDocuments } from '../../../../src/server/knowledge/stand-in-documents.ts';
import type { Documents } from '../../../../src/ports/documents.ts';

const never = new AbortController().signal;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Documents by path; a version is the content. */
function shelf(documents: Map<string, string>): Documents {
  return {
    read(path, known) {
      const content = documents.get(path);
      if (content === undefined) return Promise.resolve({ kind: 'missing' });
      if (content === known) return Promise.resolve({ kind: 'unchanged', version: content });
      return Promise.resolve({ kind: 'changed', version: content, bytes: new TextEncoder().encode(content) });
    },
  };
}

function opened(published: Map<string, string>, fault?: Error) {
  const told: string[] = [];
  const bundled = shelf(
    new Map([
      ['card', 'old card'],
      ['onnx', 'old onnx'],
    ]),
  );
  const store = shelf(published);
  const documents = standInDocuments({
    published: fault === undefined ? store : { read: () => Promise.reject(fault) },
    anchor: 's3/card',
    bundled,
    standInOf: (path) => path.replace('s3/', ''),
    onStandIn: (anchor) => told.push(anchor),
  });
  const read = async (path: string, known?: string) => {
    const reading = await documents.read(path, known, never);
    if (reading.kind === 'missing') return { kind: 'missing', version: undefined, text: undefined };
    return reading.kind === 'changed'
      ? { ...reading, text: text(reading.bytes) }
      : { ...reading, text: undefined };
  };
  return { read, told };
}

describe('documents that stand in', () => {
  it('what is bundled is read while nothing is published, and it is told once', async () => {
    const { read, told } = opened(new Map());
    const card = await read('s3/card');
    expect(card.text).to.equal('old card');
    expect((await read('s3/onnx')).text).to.equal('old onnx');
    expect(await read('s3/card', card.version)).to.include({ kind: 'unchanged', version: card.version });
    expect(told).to.deep.equal(['s3/card']);
  });

  it('a model without its card is not published yet: nothing of it is read', async () => {
    const { read } = opened(new Map([['s3/onnx', 'new onnx']]));
    expect((await read('s3/card')).text).to.equal('old card');
    expect((await read('s3/onnx')).text).to.equal('old onnx');
  });

  it('what is published takes over at the next reading, whatever version the reader knows', async () => {
    const published = new Map<string, string>();
    const { read } = opened(published);
    const [card, onnx] = [await read('s3/card'), await read('s3/onnx')];
    published.set('s3/card', 'old card').set('s3/onnx', 'new onnx');
    expect(await read('s3/card', card.version)).to.include({ kind: 'changed', text: 'old card' });
    expect(await read('s3/onnx', onnx.version)).to.include({ kind: 'changed', text: 'new onnx' });
  });

  it('what goes away after it was published is a fault, and nothing stands in for it', async () => {
    const published = new Map([['s3/card', 'new card']]);
    const { read, told } = opened(published);
    await read('s3/card');
    published.clear();
    expect(await read('s3/card')).to.include({ kind: 'missing' });
    expect(told).to.deep.equal([]);
  });

  it('a store that cannot be read is a fault, not a missing document', async () => {
    const { read } = opened(new Map(), new Error('access denied'));
    expect(await read('s3/card').catch((error: unknown) => error)).to.have.property(
      'message',
      'access denied',
    );
  });
});
