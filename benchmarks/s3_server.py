"""An S3 of one bucket that is only read, with the time that a real one takes to answer.

moto looks through all objects for each request, which takes seconds where there are many.
"""

import bisect
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

LIST_SECONDS, GET_SECONDS = 0.15, 0.03
_PAGE = 1_000


def serve(bucket: str, objects: Mapping[str, bytes]) -> ThreadingHTTPServer:
    """A server of these objects by their keys, on a free port of this machine."""
    keys = sorted(objects, key=str.encode)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            named, _, key = unquote(address.path).lstrip("/").partition("/")
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            if named != bucket:
                self._answer(404, b"")
            elif key:
                time.sleep(GET_SECONDS)
                self._answer(200, objects[key]) if key in objects else self._answer(404, b"<Code>NoSuchKey</Code>")
            else:
                time.sleep(LIST_SECONDS)
                self._answer(200, listing(keys, objects, asked).encode())

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *values: object) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


def listing(keys: list[str], objects: Mapping[str, bytes], asked: Mapping[str, str]) -> str:
    """The answer to ListObjectsV2."""
    prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
    after = asked.get("continuation-token") or asked.get("start-after", "")
    place = max(bisect.bisect_left(keys, prefix), bisect.bisect_right(keys, after))
    contents, folders, last = list[str](), list[str](), ""
    while place < len(keys) and keys[place].startswith(prefix) and len(contents) + len(folders) < _PAGE:
        last = keys[place]
        inside, mark, _ = last[len(prefix) :].partition(delimiter) if delimiter else (last, "", "")
        if mark:
            folders.append(f"{prefix}{inside}{mark}")
            place = bisect.bisect_left(keys, f"{prefix}{inside}{mark}\U0010ffff", lo=place)
            last = keys[place - 1]
        else:
            contents.append(last)
            place += 1
    is_cut = place < len(keys) and keys[place].startswith(prefix)
    parts = [f"<IsTruncated>{str(is_cut).lower()}</IsTruncated><KeyCount>{len(contents) + len(folders)}</KeyCount>"]
    parts += [f"<NextContinuationToken>{escape(last)}</NextContinuationToken>"] if is_cut else []
    parts += [
        f'<Contents><Key>{quote(key)}</Key><ETag>"{hash(objects[key]) & 0xFFFFFFFF:x}"</ETag>'
        f"<Size>{len(objects[key])}</Size></Contents>"
        for key in contents
    ]
    parts += [f"<CommonPrefixes><Prefix>{quote(folder)}</Prefix></CommonPrefixes>" for folder in folders]
    return f"<ListBucketResult><EncodingType>url</EncodingType>{''.join(parts)}</ListBucketResult>"
