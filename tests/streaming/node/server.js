// A function URL on loopback: HTTP in, events to the handler, what it writes out at once. Lambda's runtime has the global
// `awslambda`; here it is played in a few lines ("Response streaming for Lambda functions").
const http = require("node:http");

global.awslambda = {
  streamifyResponse: (handler) => handler,
  HttpResponseStream: {
    from(output, { statusCode, headers }) {
      output.writeHead(statusCode, headers);
      return output;
    },
  },
};
const { handler } = require(process.argv[2]);

const server = http.createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  const event = {
    version: "2.0",
    rawPath: request.url.split("?")[0],
    headers: request.headers,
    requestContext: { http: { method: request.method, path: request.url } },
    body: Buffer.concat(parts).toString() || undefined,
    isBase64Encoded: false,
  };
  await handler(event, response, {});
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
