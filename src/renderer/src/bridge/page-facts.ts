/** What the station wrote into the page it served; readable before anybody signs in. */
export type PageFacts = {
  /** The station runs on pretend patients and shows its demo passwords. */
  readonly demo: boolean;
};

/** Reads the facts from the document's `<meta name="wetread-…">` tags; what is not said is not so. */
export function readPageFacts(from: Document = document): PageFacts {
  const said = (name: string) => from.querySelector(`meta[name="wetread-${name}"]`)?.getAttribute('content');
  return { demo: said('demo') === 'true' };
}
