//! What stands in the files of the cache: what a source listed, what a pull was planned as, and what came of each part.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef};
use cvj_core::Definition;
use cvj_core::source::{TableDetails, TableInfo};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::unread::Unread;

/// The version of these files. Another one is not read.
pub(super) const VERSION: u32 = 2;

/// What the data of a source depends on beside the other side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) plugin: String,
    pub(super) plugin_version: String,
    /// Hash of the source's keys in `cvj.toml`, which hold no secret.
    pub(super) settings: String,
    /// Keyed hash of the values of its secrets, by which another account is known; none where no source is asked.
    pub(super) credentials: Option<String>,
}

/// What a source said that it has: its tables, definitions and views.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Listing {
    version: u32,
    /// The client's folder and the source's name, for people.
    pub(super) folder: String,
    pub(super) source: String,
    #[serde(flatten)]
    pub(super) identity: Identity,
    pub(super) listed: Timestamp,
    tables: Vec<ListedTable>,
    pub(super) definitions: Vec<Definition>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct ListedTable {
    name: String,
    columns: Vec<Column>,
    details: TableDetails,
}

/// A column with its type: of a table, or of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Column {
    pub(super) name: String,
    /// As arrow writes it.
    #[serde(rename = "type")]
    pub(super) data_type: String,
    nullable: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
}

/// What a table's pull was planned as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    version: u32,
    #[serde(flatten)]
    pub(super) identity: Identity,
    /// When it was planned: the data is as of then.
    pub(super) planned: Timestamp,
    /// Whether it was begun because everything was to be pulled anew.
    pub(super) is_refresh: bool,
    pub(super) columns: Vec<Column>,
    /// Rows that the other side says the parts hold.
    pub(super) rows_expected: Option<u64>,
    /// The source's tokens, in the table's row order.
    pub(super) parts: Vec<String>,
}

/// What came of one part. It is written once the part's file is whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Receipt {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    /// Cells and rows that the source could not read, by column and reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unread: Vec<Unread>,
    /// Why, and how many rows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) left_out: BTreeMap<String, u64>,
}

impl Listing {
    pub(super) fn new(
        folder: String,
        source: String,
        identity: Identity,
        listed: Timestamp,
        tables: &[TableInfo],
        definitions: Vec<Definition>,
    ) -> Self {
        let table = |table: &TableInfo| ListedTable {
            name: table.name.clone(),
            columns: table.schema.fields().iter().map(|field| Column::new(field)).collect(),
            details: table.details.clone(),
        };
        Self { version: VERSION, folder, source, identity, listed, tables: tables.iter().map(table).collect(), definitions }
    }

    /// The tables; an error where a type is not known.
    pub(super) fn tables(&self) -> Result<Vec<TableInfo>, String> {
        let table = |table: &ListedTable| {
            Ok(TableInfo { name: table.name.clone(), schema: schema(&table.columns)?, details: table.details.clone() })
        };
        self.tables.iter().map(table).collect()
    }
}

impl Column {
    pub(super) fn new(field: &Field) -> Self {
        Self {
            name: field.name().clone(),
            data_type: field.data_type().to_string(),
            nullable: field.is_nullable(),
            metadata: field.metadata().iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        }
    }

    fn field(&self) -> Result<Field, String> {
        let data_type: DataType = self.data_type.parse().map_err(|_| format!("the type `{}` is not known", self.data_type))?;
        let metadata = self.metadata.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Field::new(&self.name, data_type, self.nullable).with_metadata(metadata))
    }
}

/// The schema of these columns.
pub(super) fn schema(columns: &[Column]) -> Result<SchemaRef, String> {
    let fields = columns.iter().map(Column::field).collect::<Result<Vec<_>, _>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

impl Plan {
    pub(super) fn new(
        identity: Identity,
        planned: Timestamp,
        is_refresh: bool,
        schema: &Schema,
        rows_expected: Option<u64>,
        parts: Vec<String>,
    ) -> Self {
        let columns = schema.fields().iter().map(|field| Column::new(field)).collect();
        Self { version: VERSION, identity, planned, is_refresh, columns, rows_expected, parts }
    }
}

impl Receipt {
    /// Rows that the other side handed over, read or not.
    pub(super) fn received(&self) -> u64 {
        self.rows + self.unread.iter().map(|unread| unread.undelivered).sum::<u64>()
    }
}

/// SHA-256 in hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use arrow_schema::TimeUnit;

    use super::*;

    #[test]
    fn every_type_that_crosses_the_boundary_comes_back() {
        let money = std::collections::HashMap::from([("cvj.currency".to_owned(), "EUR".to_owned())]);
        let fields = vec![
            Field::new("a", DataType::Boolean, true),
            Field::new("b", DataType::Int64, false),
            Field::new("c", DataType::Float64, true),
            Field::new("d", DataType::Decimal128(18, 2), true).with_metadata(money),
            Field::new("e", DataType::Utf8, true),
            Field::new("f", DataType::Date32, true),
            Field::new("g", DataType::Timestamp(TimeUnit::Microsecond, None), true),
            Field::new("h", DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())), true),
        ];
        let written = Schema::new(fields);
        let columns: Vec<Column> = written.fields().iter().map(|field| Column::new(field)).collect();
        let columns: Vec<Column> = serde_json::from_str(&serde_json::to_string(&columns).unwrap()).unwrap();
        assert_eq!(*schema(&columns).unwrap(), written);
    }
}
