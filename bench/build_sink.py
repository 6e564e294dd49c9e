"""A cheap S3 for timing: takes objects whole or in parts, counts the bytes and forgets them.

moto keeps and joins parts in memory, which would be measured instead of the build.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

XML = '<?xml version="1.0" encoding="UTF-8"?>'


class Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    received = 0
    buffers: dict[int, bytearray]

    def do_PUT(self) -> None:
        left = int(self.headers.get("Content-Length") or 0)
        buffer = bytearray(1 << 20)
        while left:
            count = self.rfile.readinto(memoryview(buffer)[: min(left, len(buffer))])
            if not count:
                return
            left -= count
            Sink.received += count
        self._reply(b"", {"ETag": '"0"'})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "uploads" in parse_qs(urlsplit(self.path).query, keep_blank_values=True):
            inner = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
        else:
            inner = '<CompleteMultipartUploadResult><ETag>"0-1"</ETag></CompleteMultipartUploadResult>'
        self._reply(f"{XML}{inner}".encode())

    def do_GET(self) -> None:
        listing = "ListMultipartUploadsResult" if "uploads" in self.path else "ListBucketResult"
        self._reply(f"{XML}<{listing}><IsTruncated>false</IsTruncated></{listing}>".encode())

    def do_DELETE(self) -> None:
        self._reply(b"")

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _reply(self, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(200)
        for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
