import { describe, expect, test } from 'vitest';
import { problemOfTwiml } from '../../../providers/twilio/twiml.ts';

describe('TwiML', () => {
  test.each([
    '<Response/>',
    '<Response />',
    ' \n<?xml version="1.0" encoding="UTF-8"?>\n<!-- for calls -->\n<Response>\n  <Hangup/>\n</Response>\n<!-- end -->',
    '<Response><Say voice="Polly.Joanna" language=\'en-US\'>Tom &amp; Jerry, {{first_name}} &#233;&#xE9;</Say></Response>',
    '<Response><Say><![CDATA[Tom & Jerry <3]]></Say></Response>',
    '<Response><Connect><Stream url="wss://agent.example/{{ringfence_call_id}}?a=1&amp;b=2"><Parameter name="a" value="x > y"/></Stream></Connect></Response>',
    '<Response><Say>a</Say><Say >b</Say ></Response>',
  ])('may be %s', (text) => {
    expect(problemOfTwiml(text)).toBeNull();
  });

  test.each([
    ['', 'root is <Response>'],
    ['Hello', 'root is <Response>'],
    ['<Say>Hello</Say>', 'root is <Response>'],
    ['<response/>', 'root is <Response>'],
    ['<Response/><Response/>', 'root is <Response>'],
    ['<Response/>Hello', 'root is <Response>'],
    ['<!-- <Response/> -->', 'root is <Response>'],
    ['<Response><Redirect>https://a.example/?a=1&b=2</Redirect></Response>', 'write &amp; for &'],
    ['<Response><Stream url="wss://a.example/?a=1&b=2"/></Response>', 'write &amp; for &'],
    ['<Response><Say>a</Response>', 'not closed'],
    ['<Response><Say>a</Say>', 'not closed'],
    ['<Response><Say><Play>a</Say></Play></Response>', 'not closed'],
    ['</Response>', 'not closed'],
    ['<Response><Say>1 < 2</Say></Response>', 'does not end'],
    ['<Response><Say voice=alice>a</Say></Response>', 'does not end'],
    ['<Response><!-- a</Response>', 'does not end'],
    ['<Response', 'does not end'],
  ])('is not %s', (text, problem) => {
    expect(problemOfTwiml(text)).toContain(problem);
  });
});
