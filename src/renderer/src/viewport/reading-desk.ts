import { History } from './history.ts';
import { KeyImageBook } from './key-images/key-image-book.ts';
import { MeasurementBook } from './measurements/measurement-book.ts';
import { SubtractionBook } from './subtraction/subtraction-book.ts';
import { ThirdPartyBook } from './third-party/third-party-book.ts';

/** What a reader has done on this look at a study, on images and on planes through them: but for key images it is kept nowhere and gone when the study is left. */
export type ReadingDesk = {
  readonly history: History;
  readonly measurements: MeasurementBook;
  /** What others sent beside the images, and what of it is drawn. */
  readonly thirdParty: ThirdPartyBook;
  readonly planeMeasurements: MeasurementBook;
  /** Which runs are looked at less their mask. */
  readonly subtraction: SubtractionBook;
  /** What readers picked out, as the station keeps it. */
  readonly keyImages: KeyImageBook;
};

/** An empty desk. */
export function openDesk(): ReadingDesk {
  const history = new History();
  return {
    history,
    measurements: new MeasurementBook(history),
    thirdParty: new ThirdPartyBook(),
    planeMeasurements: new MeasurementBook(history),
    subtraction: new SubtractionBook(history),
    keyImages: new KeyImageBook(),
  };
}
