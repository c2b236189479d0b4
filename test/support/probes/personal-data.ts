/** What gives away one of the harness's people: a number, a name or an address. */
const PERSONAL =
  /\+?1(?:212|305|312|404|415|503|512|602|617|702|713|720)55501\d\d|Givenname|Familyname|@example\.test/g;

/** Every trace of the harness's people in a text of JSON, inside its base64 payloads too. */
export function personalDataIn(json: string): string[] {
  const texts = [json];
  JSON.parse(json, (_, value: unknown) => {
    if (typeof value === 'string') texts.push(Buffer.from(value, 'base64').toString('utf8'));
    return value;
  });
  return texts.flatMap((text) => text.match(PERSONAL) ?? []);
}
