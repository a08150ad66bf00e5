"""Starts a server on $DATA and sends messages; one line in $ACKS for each that was accepted."""

import os
import time

from line import Client, Server

PER_SECOND_MAX = 200

server = Server(os.environ["DATA"], *(["--plant-weak-sync"] if os.environ.get("PLANT") else []))
reader = Client(server.address)
reader.must("register reader rahasia Indonesia")
reader.must("addgroup kelompok")
writer = Client(server.address)
writer.must("register writer rahasia Indonesia")
writer.must("joingroup kelompok")
with open(os.environ["ACKS"], "a", buffering=1) as acks:
    number = 0
    while True:
        command = "send reader" if number % 2 == 0 else "sendgroup kelompok"
        writer.must(f"{command} m{number}")
        acks.write(f"m{number}\n")
        number += 1
        time.sleep(1 / PER_SECOND_MAX)
