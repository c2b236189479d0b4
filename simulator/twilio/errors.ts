import type { FastifyReply } from 'fastify';
import type { Refusal, Trouble } from '../carrier.ts';

/** Twilio's errors: an HTTP status, and a code (https://www.twilio.com/docs/api/errors). */

export function refuse(reply: FastifyReply, status: number, code: number, message: string): FastifyReply {
  return reply.code(status).send({ code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });
}

export function notFound(reply: FastifyReply): FastifyReply {
  return refuse(reply, 404, 20_404, 'The requested resource was not found');
}

export function tell(reply: FastifyReply, trouble: Trouble): FastifyReply {
  switch (trouble.kind) {
    case 'throttle':
      return refuse(reply, 429, 20_429, 'Too Many Requests');
    case 'refuse':
      return refuse(reply, 400, 21_211, "Invalid 'To' Phone Number");
    case 'account':
      return tellOfAccount(reply, trouble.status);
    case 'server_error':
      return trouble.status === 503
        ? refuse(reply, 503, 20_503, 'Service Unavailable')
        : refuse(reply, trouble.status, 20_500, 'Internal Server Error');
    case 'garbled_reply':
      return reply.code(201).type('application/json').send('{"sid": "CA');
    case 'bad_request':
      return refuse(reply, 400, 20_001, 'Unknown parameters');
    case 'unauthorized':
      return tellOfAccount(reply, 401);
    case 'not_found':
      return notFound(reply);
    case 'conflict':
      return refuse(reply, 409, 20_409, 'Conflict');
  }
}

/** The token; the account, without money; a country that it may not call; the URL that says what an answered call does. */
function tellOfAccount(reply: FastifyReply, trouble: 401 | 402 | 403 | 404): FastifyReply {
  switch (trouble) {
    case 401:
      return refuse(reply, 401, 20_003, 'Authenticate');
    case 402:
      return refuse(reply, 403, 20_005, 'Account not active');
    case 403:
      return refuse(reply, 400, 21_215, 'Account not authorized to call the number.');
    case 404:
      return refuse(reply, 400, 21_205, 'Url is not a valid URL');
  }
}

const NUMBER = /^\+[1-9]\d{6,14}$/;
const EVENTS = ['initiated', 'ringing', 'answered', 'completed'];
const LONGEST_TWIML = 4_000;
const LONGEST_TIMEOUT_S = 600;

/** What Twilio refuses in the form that creates a call, by the codes that it documents. */
export function faultOf(form: URLSearchParams): Refusal | null {
  const bad =
    (code: number, message: string): Refusal =>
    (reply) =>
      refuse(reply, 400, code, message);
  const [to, from] = [form.get('To'), form.get('From')];
  if (to === null) return bad(21_201, "No 'To' number is specified");
  if (from === null) return bad(21_213, "'From' phone number is required");
  if (!NUMBER.test(to)) return bad(21_211, `The phone number you are attempting to call, ${to}, is not valid.`);
  if (!NUMBER.test(from)) return bad(21_212, `The source phone number provided, ${from}, is not valid.`);
  const url = form.get('Url');
  if (!form.has('Twiml') && !form.has('ApplicationSid') && (url === null || !URL.canParse(url))) {
    return bad(21_205, 'Url parameter is required.');
  }
  if ((form.get('Twiml')?.length ?? 0) > LONGEST_TWIML) return bad(21_205, 'Twiml parameter is too long.');
  if (Number(form.get('Timeout') ?? 60) > LONGEST_TIMEOUT_S) return bad(21_208, 'Timeout is invalid.');
  if (!form.getAll('StatusCallbackEvent').every((event) => EVENTS.includes(event))) {
    return bad(21_626, 'StatusCallbackEvent is invalid.');
  }
  return null;
}
