//! Reads XLSX, XLS, XLSB and ODS exports.
