//! stand-in
/// Bounds.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bounds {
    /// Bytes a part may unpack to.
    pub unpacked: u64,
    /// Bytes of a cell.
    pub cell: usize,
    /// Bytes of a row.
    pub row: usize,
    /// Columns.
    pub columns: usize,
}
impl Default for Bounds {
    fn default() -> Self { Self { unpacked: 4 << 30, cell: 1 << 20, row: 16 << 20, columns: 16384 } }
}
