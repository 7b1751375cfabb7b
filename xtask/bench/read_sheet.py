"""A sheet by other readers: `read_sheet.py pandas|openpyxl|polars|python_calamine|duckdb FILE` prints the sum of its amounts; with
`version` and the reader's name, its version."""

import importlib.metadata
import json
import sys

reader, file = sys.argv[1:]


def pandas() -> float:
    """Into a data frame, by openpyxl."""
    import pandas as pd

    return pd.read_excel(file, engine="openpyxl")["Amount"].sum()


def openpyxl() -> float:
    """Row by row, values only."""
    import openpyxl as library

    rows = library.load_workbook(file, read_only=True).worksheets[0].iter_rows(min_row=2, values_only=True)
    return sum(row[6] for row in rows)


def polars() -> float:
    """Into a data frame, by fastexcel."""
    import polars as pl

    return pl.read_excel(file)["Amount"].sum()


def python_calamine() -> float:
    """Into lists."""
    from python_calamine import CalamineWorkbook

    return sum(row[6] for row in CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()[1:])


def duckdb() -> float:
    """By its excel extension, which it loads from disk only."""
    import duckdb as library

    engine = library.connect()
    engine.execute("LOAD excel")
    return engine.execute(f"SELECT sum(Amount) FROM read_xlsx('{file}')").fetchone()[0]


READERS = {"pandas": pandas, "openpyxl": openpyxl, "polars": polars, "python_calamine": python_calamine, "duckdb": duckdb}

if reader == "version":
    needed = {"polars": "fastexcel"}.get(file)
    if needed:
        importlib.import_module(needed)
    if file == "duckdb":
        importlib.import_module("duckdb").connect().execute("LOAD excel")
    print(importlib.metadata.version(file.replace("_", "-")))
else:
    print(json.dumps({"amount": round(float(READERS[reader]()), 2)}))
