//! Reads HubSpot: the records of its CRM with all properties, the history of their stages, associations, and what marketing counts.
//!
//! The way of a pull: [`portal`] asks what the account has, [`tables`] makes columns of it, [`part`] splits a table into partitions
//! along [`windows`] of record ids, and [`read`] reads one. [`client`] knows HubSpot's calls, [`dialect`] its refusals,
//! [`definitions`] what its data says about stages.
//!
//! **Why searching, and not listing.** HubSpot lists twice as many records a second as it lets search, but a listing is one long
//! chain of pages: each must wait for the one before, what its cursors mean is not documented, and a pull that broke off begins
//! at the beginning. Windows of ids are counted and searched side by side as fast as HubSpot answers, may be read again at any
//! time, and have a control total of HubSpot's own. What a search does not find, archived records, is wanted by nobody here. A
//! search finds a new record only after some seconds, so that everything is read as of a minute before planning.
//!
//! **Invariant:** a partition's token says all that it needs, so that it reads the same records whenever it is read.

mod client;
mod config;
mod definitions;
mod dialect;
mod part;
mod portal;
mod read;
mod tables;
mod windows;

use std::sync::{Arc, Mutex, PoisonError};

use cvj_core::source::{Partition, ScanPlan, ScanRequest, TableInfo};
use cvj_core::{BatchStream, Definition, SourceError, StageMetrics, Task};

pub use crate::config::{HubSpotConfig, OAuthApp, Version};

use crate::client::Client;
use crate::part::Part;
use crate::portal::Portal;
use crate::tables::Table;

/// The HubSpot source.
pub struct HubSpotSource {
    client: Arc<Client>,
    /// What the account has, as last listed.
    portal: Mutex<Option<Arc<Portal>>>,
}

impl HubSpotSource {
    fn portal(&self, task: &Task) -> Result<Arc<Portal>, SourceError> {
        let known = self.portal.lock().unwrap_or_else(PoisonError::into_inner).clone();
        known.map_or_else(|| self.find_portal(task), Ok)
    }

    fn find_portal(&self, task: &Task) -> Result<Arc<Portal>, SourceError> {
        let found = Arc::new(Portal::find(&self.client, task)?);
        *self.portal.lock().unwrap_or_else(PoisonError::into_inner) = Some(found.clone());
        Ok(found)
    }
}

impl StageMetrics for HubSpotSource {
    type Config = HubSpotConfig;

    fn open(config: HubSpotConfig, _task: &Task) -> Result<Self, SourceError> {
        Ok(Self { client: Arc::new(Client::new(config)?), portal: Mutex::default() })
    }

    fn check(&self, task: &Task) -> Result<(), SourceError> {
        self.client.check(task)
    }

    fn tables(&self, task: &Task) -> Result<Vec<TableInfo>, SourceError> {
        let portal = self.find_portal(task)?;
        Ok(Table::ALL.into_iter().map(|table| table.info(&portal)).collect())
    }

    fn definitions(&self, task: &Task) -> Result<Vec<Definition>, SourceError> {
        Ok(definitions::definitions(&*self.portal(task)?, task))
    }

    fn plan(&self, scan: &ScanRequest, task: &Task) -> Result<ScanPlan, SourceError> {
        part::plan(&self.client, &*self.portal(task)?, scan, task)
    }

    fn read(&self, partition: &Partition, task: &Task) -> Result<BatchStream, SourceError> {
        let part = Part::of(partition)?;
        // Only stages are named after what the account has now; all else is in the token.
        let needs_stages =
            matches!(part.table, Table::ContactStages | Table::DealStages | Table::DealPipelineStages | Table::LifecycleStages);
        let portal = if needs_stages { self.portal(task)? } else { Arc::default() };
        read::read(self.client.clone(), &portal, part, task)
    }
}

cvj_core::export_plugin!(HubSpotSource, name = "hubspot", doc = "Reads HubSpot", remote);
