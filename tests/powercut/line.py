"""A server on a data directory, and a client of dialect line. Python 3 alone."""

import json
import os
import pathlib
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
KABAR = os.environ.get("KABAR", str(ROOT / "target/release/kabar"))


class Server:
    def __init__(self, data, *flags):
        command = [KABAR, "serve", "--data", data, "--listen", "127.0.0.1:0", *flags]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in self.process.stdout:
            if line.startswith("listening "):
                host, port = line.split()[1].rsplit(":", 1)
                self.address = (host, int(port))
            if line.startswith("ready "):
                return
        raise SystemExit("bad: the server did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)


class Client:
    def __init__(self, address):
        self.socket = socket.create_connection(address, 10)
        self.file = self.socket.makefile("rb")

    def ask(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        reply = self.file.readline()
        self.file.readline()
        return json.loads(reply)

    def must(self, line):
        reply = self.ask(line)
        if reply["status"] != "OK":
            raise SystemExit(f"bad: {line}: {reply}")
        return reply
