#!/usr/bin/python3 -u
"""A small shop: a catalogue from its volume, orders in MySQL, a receipt for each in its volume.

    GET /              the catalogue, with a form
    POST /orders       product, quantity, customer; leads to the receipt
    GET /orders        all orders, one a line
    GET /receipts/N    the receipt of an order
    GET /healthz       the program answers
    GET /readyz        the database answers too

SHOP_DB_HOST, SHOP_DB_NAME, SHOP_DB_USER; the password in the file SHOP_DB_PASSWORD_FILE.
"""

import contextlib
import csv
import html
import os
import signal
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pymysql

SITE = Path("/srv/shop")
TABLE = """CREATE TABLE IF NOT EXISTS orders (
  id INT AUTO_INCREMENT PRIMARY KEY, product VARCHAR(64) NOT NULL, quantity INT NOT NULL,
  customer VARCHAR(128) NOT NULL, at TIMESTAMP DEFAULT CURRENT_TIMESTAMP)"""


def catalogue() -> dict[str, int]:
    """Price in cents by product."""
    with (SITE / "catalogue.csv").open(newline="") as file:
        return {row["name"]: int(row["cents"]) for row in csv.DictReader(file)}


def query(statement: str, *values: object) -> tuple[tuple[tuple[Any, ...], ...], int]:
    """Run one statement; its rows and the number that it gave to a new row."""
    with contextlib.closing(connect()) as connection, connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall(), cursor.lastrowid


def connect() -> pymysql.Connection:
    return pymysql.connect(
        host=os.environ["SHOP_DB_HOST"],
        user=os.environ["SHOP_DB_USER"],
        password=Path(os.environ["SHOP_DB_PASSWORD_FILE"]).read_text().strip(),
        database=os.environ["SHOP_DB_NAME"],
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=2,
        read_timeout=5,
    )


def order(form: Mapping[str, str]) -> int:
    """Store an order; its number. ValueError when it makes no sense."""
    product, customer, quantity = form["product"], form["customer"].strip(), int(form["quantity"])
    price = catalogue().get(product)
    if price is None or not customer or not 0 < quantity < 1000:
        raise ValueError("no such product, or no customer, or not a quantity")
    query(TABLE)
    statement = "INSERT INTO orders (product, quantity, customer) VALUES (%s, %s, %s)"
    number = query(statement, product, quantity, customer)[1]
    text = f"order {number}: {quantity} {product} for {customer}, {price * quantity / 100:.2f}\n"
    (SITE / "receipts" / f"{number}.txt").write_text(text)
    return number


class Page(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        part = self.path.strip("/").split("/")
        if part == [""]:
            self.answer(200, catalogue_page(), "text/html; charset=utf-8")
        elif part == ["style.css"]:
            self.answer(200, (SITE / "theme" / "style.css").read_text(), "text/css")
        elif part == ["orders"]:
            query(TABLE)
            rows = query("SELECT id, quantity, product, customer FROM orders ORDER BY id")[0]
            self.answer(200, "".join(f"{n}: {q} {p} for {c}\n" for n, q, p, c in rows))
        elif part[0] == "receipts" and len(part) == 2 and part[1].isdecimal():
            receipt = SITE / "receipts" / f"{part[1]}.txt"
            self.answer(200, receipt.read_text()) if receipt.exists() else self.answer(404, "no such order\n")
        elif part == ["healthz"]:
            self.answer(200, "ok\n")
        elif part == ["readyz"]:
            query("SELECT 1")
            self.answer(200, "ok\n")
        else:
            self.answer(404, "no such page\n")

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path != "/orders":
            self.answer(404, "no such page\n")
            return
        try:
            number = order({name: values[0] for name, values in parse_qs(form).items()})
        except (KeyError, ValueError) as error:
            self.answer(400, f"not an order: {error}\n")
            return
        self.answer(303, f"order {number}\n", location=f"/receipts/{number}")

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except pymysql.MySQLError as error:
            self.answer(503, f"the database does not answer: {error}\n")

    def answer(
        self, code: int, text: str, kind: str = "text/plain; charset=utf-8", location: str = ""
    ) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        if not self.path.endswith("z"):  # probes say nothing new
            super().log_message(format, *arguments)


def catalogue_page() -> str:
    rows = "".join(
        f"<tr><td>{html.escape(name)}<td>{cents / 100:.2f}<td><form method=post action=/orders>"
        f'<input type=hidden name=product value="{html.escape(name)}">'
        "<input name=quantity value=1 size=2> <input name=customer placeholder=name> <button>order</button>"
        "</form>"
        for name, cents in catalogue().items()
    )
    head = "<!doctype html><title>Shop</title><link rel=stylesheet href=/style.css>"
    return f"{head}<h1>Shop</h1><table>{rows}</table>\n"


def main() -> None:
    server = ThreadingHTTPServer(("", 8080), Page)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


if __name__ == "__main__":
    main()
