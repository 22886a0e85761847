/** Where the contract stands as REST. */
export const REST_PREFIX = '/api/v1';
