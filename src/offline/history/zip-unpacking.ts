import { Unzip, UnzipInflate } from 'fflate';
import { messageOf } from '../../errors/message-of.ts';
import { beyondMeasure, Growth, type ByteSink, type Unpacking } from './unpacking.ts';

/** More files than this are no history in an archive. */
const mostParts = 10_000;

/** The files of a zip archive one after the other, each as a part, as they come; nothing of the archive is held. */
export function zipUnpacking({ onBytes, onPart }: ByteSink): Unpacking {
  const growth = new Growth();
  let parts = 0;
  let opened = 0;
  let problem: string | undefined;
  const unzip = new Unzip((file) => {
    parts += 1;
    if (parts > mostParts) {
      problem ??= `the archive holds more than ${mostParts} files; the first are used`;
      return;
    }
    // What macOS puts beside each file is no file of its own.
    if (file.name.endsWith('/') || file.name.startsWith('__MACOSX/')) return;
    onPart(file.name);
    opened += 1;
    file.ondata = (error, bytes, isLast) => {
      if (error !== null) problem ??= `${file.name} in the archive is damaged (${error.message})`;
      else {
        growth.gave(bytes.length);
        if (growth.isBeyondMeasure) problem ??= beyondMeasure;
        else onBytes(bytes);
      }
      if (isLast) opened -= 1;
    };
    file.start();
  });
  unzip.register(UnzipInflate);

  function pushed(chunk: Uint8Array, isLast: boolean): void {
    try {
      unzip.push(chunk, isLast);
    } catch (error) {
      problem ??= `the archive is damaged (${messageOf(error)}); what came before is used`;
    }
  }

  return {
    write(chunk) {
      growth.took(chunk.length);
      pushed(chunk, false);
      return Promise.resolve(problem === undefined ? 'open' : 'broken');
    },
    end() {
      if (problem === undefined) pushed(new Uint8Array(), true);
      if (problem === undefined && opened > 0) problem = 'the archive is cut off; what was there is used';
      if (problem === undefined && parts === 0) problem = 'the archive holds no files';
      return Promise.resolve(problem);
    },
  };
}
