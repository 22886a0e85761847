/** Names this product in associations and file headers (PS3.7 §D.3.3.2); fixed for ever under a UUID-derived root (PS3.5 §B.2). */
export const IMPLEMENTATION_CLASS_UID = '2.25.239970093962875913500417191468734246733';
/** The implementation version name, at most 16 characters. */
export const IMPLEMENTATION_VERSION_NAME = 'WETREAD_0.1';
