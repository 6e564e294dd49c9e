// OpenAI's API at a function URL: answers go out as the model makes them. Node.js, since of AWS's own runtimes it
// alone can stream. Everything else (keys, limits, errors, other requests) is openai_api.py's: it is asked first, and
// hands back either the answer or the call of SageMaker whose stream is the answer.
const { InvokeCommand, LambdaClient } = require("@aws-sdk/client-lambda");
const {
  InvokeEndpointWithResponseStreamCommand,
  SageMakerRuntimeClient,
} = require("@aws-sdk/client-sagemaker-runtime");

const lambda = new LambdaClient({ maxAttempts: 2 });
const runtime = new SageMakerRuntimeClient({ maxAttempts: 1 });

async function door(event) {
  const asked = { FunctionName: process.env.DOOR, Payload: JSON.stringify({ ...event, pipe: true }) };
  const done = await lambda.send(new InvokeCommand(asked));
  const text = Buffer.from(done.Payload).toString();
  if (done.FunctionError) throw new Error(text);
  return JSON.parse(text);
}

function failure(message) {
  return { error: { message, type: "server_error", param: null, code: null } };
}

function open(output, answer) {
  const { statusCode, headers } = answer;
  return awslambda.HttpResponseStream.from(output, { statusCode, headers });
}

// Containers send events, or lines of JSON, which become events; chunks end anywhere
async function pipe(parts, output) {
  const decoder = new TextDecoder();
  let rest = "";
  let done = false;
  const send = (line) => {
    const text = line.trim();
    if (!text) return;
    const event = /^(data:|event:|:)/.test(text) ? text : `data: ${text}`;
    done = event === "data: [DONE]";
    output.write(`${event}\n\n`);
  };
  try {
    for await (const part of parts) {
      if (!part.PayloadPart) throw Object.values(part)[0];
      const lines = (rest + decoder.decode(part.PayloadPart.Bytes, { stream: true })).split("\n");
      rest = lines.pop();
      lines.forEach(send);
    }
    send(rest + decoder.decode());
    if (!done) send("data: [DONE]");
  } catch (error) {
    // The status has gone out: clients take the error from the stream
    console.log(error);
    send(JSON.stringify(failure("The stream of the model broke off.")));
  }
}

exports.handler = awslambda.streamifyResponse(async (event, output) => {
  let answer;
  let parts;
  try {
    answer = await door(event);
    if (answer.invoke) {
      try {
        const call = new InvokeEndpointWithResponseStreamCommand(answer.invoke);
        parts = (await runtime.send(call)).Body;
        answer = { statusCode: 200, headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } };
      } catch (error) {
        const message = error.OriginalMessage ?? error.message ?? "";
        const told = { code: error.name, message, status: error.OriginalStatusCode ?? null };
        answer = await door({ ...event, error: told });
      }
    }
  } catch (error) {
    console.log(error);
    const body = JSON.stringify(failure("The function behind this address failed; its log says why."));
    answer = { statusCode: 502, headers: { "content-type": "application/json" }, body };
  }
  const stream = open(output, answer);
  if (parts) await pipe(parts, stream);
  else stream.write(answer.body);
  stream.end();
});
