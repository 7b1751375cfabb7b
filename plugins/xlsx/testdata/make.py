#!/usr/bin/env python3
"""Makes the workbooks of this folder: one table, as every program at hand writes it.

Needs LibreOffice (`soffice`) and the packages xlsxwriter, openpyxl, xlwt, pandas and odfpy. Run it in this folder; the files of
Creme CRM are not made by it.
"""

import datetime
import os
import shutil
import struct
import subprocess
import sys
import tempfile

import openpyxl
import openpyxl.styles
import openpyxl.utils.datetime
import pandas
import xlsxwriter
import xlwt

HEADERS = ["Name", "Id", "Code", "Day", "Moment", "Clock", "Won", "Rate", "Amount", "Empty", "Error", "Double", "Note"]
D, M, T = datetime.date, datetime.datetime, datetime.time
ROWS = [
    ["Ada", "90071992547409931234", "00123", D(2026, 10, 1), M(2026, 10, 1, 9, 14, 35), T(9, 14, 35), True, 0.125, 1234.5, None, "#DIV/0!", 2469.0, "one"],
    ["Zoë Müller", "90071992547409931235", "00042", D(2026, 2, 28), M(2026, 2, 28, 23, 59, 59), T(0, 0, 0), False, 1.5, -0.25, None, None, -0.5, "two\nlines"],
    ["Ωmega & <Sons>", "7", "01730", D(1999, 12, 31), M(1999, 12, 31, 0, 0, 1), T(23, 59, 59), True, 0, 0, None, None, 0, "  spaced   out "],
    ["日本 😀", "8", "9", D(1904, 3, 1), M(2027, 1, 1, 12, 0, 0), T(12, 30, 0), False, -0.05, 1e6, None, "#N/A", 2e6, "tab\there"],
]
FORMATS = {3: "yyyy-mm-dd", 4: "yyyy-mm-dd hh:mm:ss", 5: "hh:mm:ss", 7: "0.0%", 8: '#,##0.00 "EUR"'}
FORMULA = HEADERS.index("Double")


def formula(row):
    return f"=I{row + 2}*2"


def with_xlsxwriter(path, **options):
    book = xlsxwriter.Workbook(path, options)
    sheet = book.add_worksheet("Table")
    formats = {column: book.add_format({"num_format": code}) for column, code in FORMATS.items()}
    sheet.write_row(0, 0, HEADERS)
    for number, row in enumerate(ROWS):
        for column, value in enumerate(row):
            at = (number + 1, column)
            if value is None:
                continue
            if column == FORMULA:
                # The program keeps a 0 where it was told no value, so a formula whose value is 0 cannot be told from one without.
                sheet.write_number(*at, 0) if value == 0 else sheet.write_formula(*at, formula(number), None, value)
            elif isinstance(value, str) and value.startswith("#"):
                sheet.write_formula(*at, "=1/0" if value == "#DIV/0!" else "=NA()", None, value)
            elif isinstance(value, bool):
                sheet.write_boolean(*at, value)
            elif isinstance(value, str):
                sheet.write_string(*at, value)
            elif isinstance(value, (D, T)):
                sheet.write_datetime(*at, value, formats[column])
            else:
                sheet.write_number(*at, value, formats.get(column))
    book.close()


def with_openpyxl(path, epoch=None):
    book = openpyxl.Workbook()
    if epoch:
        book.epoch = epoch
    sheet = book.active
    sheet.title = "Table"
    sheet.append(HEADERS)
    for number, row in enumerate(ROWS):
        for column, value in enumerate(row):
            cell = sheet.cell(number + 2, column + 1, formula(number) if column == FORMULA else value)
            if isinstance(value, str) and not value.startswith("#"):
                cell.data_type = "s"
            if column in FORMATS:
                cell.number_format = FORMATS[column]
    book.save(path)


def with_xlwt(path, dates_1904=False):
    book = xlwt.Workbook()
    book.dates_1904 = dates_1904
    sheet = book.add_sheet("Table")
    styles = {column: xlwt.easyxf(num_format_str=code) for column, code in FORMATS.items()}
    plain = xlwt.Style.default_style
    for column, header in enumerate(HEADERS):
        sheet.write(0, column, header)
    for number, row in enumerate(ROWS):
        for column, value in enumerate(row):
            if isinstance(value, str) and value.startswith("#"):
                sheet.row(number + 1).set_cell_error(column, {"#N/A": "#N/A!"}.get(value, value))
            elif value is not None:
                sheet.write(number + 1, column, value, styles.get(column, plain))
    book.save(path)


def excel_5(path, code_page, encoding, texts):
    """BIFF5, in which texts are bytes of a code page: no program at hand writes it any more."""

    def record(kind, data):
        return struct.pack("<HH", kind, len(data)) + data

    begin = record(0x0809, struct.pack("<HHHH", 0x0500, 0x0005, 0, 1997)) + record(0x0042, struct.pack("<H", code_page))
    name = "Table".encode(encoding)
    end = record(0x000A, b"")
    length = len(begin) + len(record(0x0085, bytes(7) + name)) + len(end)
    globals_ = begin + record(0x0085, struct.pack("<IBBB", length, 0, 0, len(name)) + name) + end
    sheet = record(0x0809, struct.pack("<HHHH", 0x0500, 0x0010, 0, 1997))
    for row, cells in enumerate([["Name", "Amount"], *([text, row + 0.5] for row, text in enumerate(texts))]):
        for column, cell in enumerate(cells):
            at = struct.pack("<HHH", row, column, 0)
            if isinstance(cell, str):
                text = cell.encode(encoding)
                sheet += record(0x0204, at + struct.pack("<H", len(text)) + text)
            else:
                sheet += record(0x0203, at + struct.pack("<d", cell))
    xlwt.CompoundDoc.XlsDoc().save(path, globals_ + sheet + end)


def with_pandas(path):
    frame = pandas.DataFrame(ROWS, columns=HEADERS).drop(columns=["Error", "Double"])
    frame.to_excel(path, sheet_name="Table", index=False, engine="odf")


def with_libreoffice(source, kind, target):
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        subprocess.run(["soffice", profile, "--headless", "--convert-to", kind, "--outdir", folder, source], check=True, stdout=subprocess.DEVNULL)
        stem = os.path.splitext(os.path.basename(source))[0]
        shutil.move(os.path.join(folder, f"{stem}.{kind.split(':')[0]}"), target)


LOCK = """
import sys, time, uno
from com.sun.star.beans import PropertyValue
def options(**values):
    return tuple(PropertyValue(Name=name, Value=value) for name, value in values.items())
local = uno.getComponentContext()
resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
for _ in range(60):
    try:
        context = resolver.resolve("uno:pipe,name=lock;urp;StarOffice.ComponentContext")
        break
    except Exception:
        time.sleep(0.5)
desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
book = desktop.loadComponentFromURL(uno.systemPathToFileUrl(sys.argv[1]), "_blank", 0, options(Hidden=True))
for kind, name in [("calc8", "ods"), ("MS Excel 97", "xls")]:
    url = uno.systemPathToFileUrl(f"{sys.argv[2]}/locked.{name}")
    book.storeToURL(url, options(FilterName=kind, Password="secret"))
desktop.terminate()
"""


def with_password(source):
    """Needs the system's Python, to which LibreOffice brings `uno`."""
    with tempfile.TemporaryDirectory() as folder:
        profile = f"-env:UserInstallation=file://{folder}/profile"
        office = subprocess.Popen(["soffice", profile, "--headless", "--accept=pipe,name=lock;urp"], stdout=subprocess.DEVNULL)
        subprocess.run(["/usr/bin/python3", "-c", LOCK, os.path.abspath(source), os.getcwd()], check=True)
        office.wait(timeout=30)


def main():
    with_xlsxwriter("xlsxwriter.xlsx")
    with_xlsxwriter("xlsxwriter-inline-1904.xlsx", constant_memory=True, date_1904=True)
    with_openpyxl("openpyxl.xlsx")
    with_openpyxl("openpyxl-1904.xlsx", openpyxl.utils.datetime.CALENDAR_MAC_1904)
    with_xlwt("xlwt.xls")
    with_xlwt("xlwt-1904.xls", dates_1904=True)
    excel_5("excel-5-western.xls", 1252, "cp1252", ["Zo\u00eb \u20ac", "plain"])
    excel_5("excel-5-cyrillic.xls", 1251, "cp1251", ["\u0417\u043e\u044f", "plain"])
    with_pandas("pandas.ods")
    for kind, target in [("xlsx", "xlsx"), ("ods", "ods"), ("fods", "fods"), ("xls", "xls")]:
        with_libreoffice("xlsxwriter.xlsx", kind, f"libreoffice.{target}")
    with_password("xlsxwriter.xlsx")


if __name__ == "__main__":
    sys.exit(main())
