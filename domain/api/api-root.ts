/** Where the gateway serves the API of campaigns and contacts. */
export const API_ROOT = '/api/public/v1';
