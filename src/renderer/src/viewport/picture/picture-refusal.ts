/** Why a picture cannot be shown, by code: the station's (`frame-damaged`, `object-damaged` …) or one of the page's. */
export class PictureRefusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
