/** The part of dcmjs this product uses: its copy of the data dictionary (PS3.6). It has no types of its own. */
declare module 'dcmjs' {
  type DictionaryEntry = { readonly tag: string; readonly vr: string; readonly vm: string; readonly name: string };
  export const data: {
    readonly DicomMetaDictionary: {
      /** By `(GGGG,EEEE)`, upper case. Some VRs are in lower case: `xs`, `ox`, `lt` depend on the pixels. */
      readonly dictionary: Readonly<Record<string, DictionaryEntry | undefined>>;
      readonly nameMap: Readonly<Record<string, DictionaryEntry | undefined>>;
    };
  };
}
