# Serves the image in a directory, as podman push writes it to dir:, under every name on port 5000: registry.py DIRECTORY
import http.server, json, os, re, sys
root = sys.argv[1]
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = None
        if self.path == "/v2/":
            body, kind = b"{}", "application/json"
        elif "/manifests/" in self.path:
            body = open(root + "/manifest.json", "rb").read()
            kind = json.loads(body).get("mediaType", "application/vnd.oci.image.manifest.v1+json")
        else:
            path = root + "/" + os.path.basename(self.path).removeprefix("sha256:")
            if not os.path.exists(path):
                self.send_error(404)
                return
            body, kind = open(path, "rb").read(), "application/octet-stream"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
    do_HEAD = do_GET
http.server.ThreadingHTTPServer(("127.0.0.1", 5000), H).serve_forever()
