//! The value ladder: what customers bought first, and what they bought next.

use cvj_core::Stage;
use cvj_core::report::{Ladder, Rung, RungMove};

use crate::assemble::{Material, share};
use crate::config::Config;
use crate::gathered::MILLION;
use crate::journey::RungCounts;
use crate::products::{ProductCode, Products, UNASSIGNED};

/// The rung of each product, by product code: that of `cvj.toml`, else the product's place in the report.
pub(crate) fn rungs(config: &Config, products: &Products, ordered: &[(ProductCode, String)]) -> Vec<Option<usize>> {
    let declared = config.rungs.iter().enumerate();
    let mut pairs: Vec<(ProductCode, usize)> =
        declared.flat_map(|(rung, settings)| settings.products.iter().map(move |name| (products.resolve(name), rung))).collect();
    if pairs.is_empty() {
        pairs = ordered.iter().zip(0..).map(|((code, _), rung)| (*code, rung)).collect();
    }
    let mut rungs = Vec::new();
    for (code, rung) in pairs.into_iter().filter(|(code, _)| *code != UNASSIGNED) {
        let place = usize::from(code);
        if rungs.len() <= place {
            rungs.resize(place + 1, None);
        }
        rungs[place] = Some(rung);
    }
    rungs
}

/// Notes of products on rungs that no row names, which can only be where none is declared.
pub(crate) fn unknown_rung_products<'a>(
    config: &'a Config,
    products: &'a Products,
    ordered: &'a [(ProductCode, String)],
) -> impl Iterator<Item = String> + 'a {
    let named = config.rungs.iter().flat_map(|rung| rung.products.iter().map(move |product| (rung, product)));
    let unknown = named.filter(|(_, product)| !ordered.iter().any(|(code, _)| *code == products.resolve(product)));
    unknown.map(|(rung, product)| format!("Rung {}: no row names the product `{product}`.", rung.name))
}

/// The ladder over all products, which are in the report's order; `None` without an order of a product.
pub(crate) fn ladder(material: &Material<'_>, ordered: &[(ProductCode, String)]) -> Option<Ladder> {
    let climbs = &material.journeys.climbs;
    if !climbs.any_order {
        return None;
    }
    let counts = |rung: usize| climbs.rungs.get(rung).copied().unwrap_or_default();
    let rung = |number: usize, name: &str, price: Option<f64>| {
        let RungCounts { customers, first, money } = counts(number);
        let revenue = material.rung_has_money(number).then(|| money as f64 / MILLION);
        Rung { name: name.to_owned(), price, customers, first, revenue }
    };
    let settings = &material.config.rungs;
    let declared = !settings.is_empty();
    // Products that nobody bought are no rungs.
    let bought: Vec<usize> = (0..ordered.len()).filter(|number| counts(*number).customers > 0).collect();
    let rungs: Vec<Rung> = if declared {
        settings.iter().enumerate().map(|(number, settings)| rung(number, &settings.name, settings.price)).collect()
    } else {
        bought.iter().map(|number| rung(*number, &ordered[*number].1, None)).collect()
    };
    let place = |number: usize| if declared { Some(number) } else { bought.binary_search(&number).ok() };
    let moves = climbs.moves().filter_map(|climb| {
        Some(RungMove {
            from: place(climb.from)?,
            to: place(climb.to)?,
            share: share(climb.people, counts(climb.from).customers),
            median_days: Some(climb.median_days),
        })
    });
    Some(Ladder { declared, rungs, moves: moves.collect() })
}

impl Material<'_> {
    /// Whether a definition gives orders of a rung's products money.
    fn rung_has_money(&self, rung: usize) -> bool {
        let codes = self.bounds.rungs.iter().zip(0..).filter(|(found, _)| **found == Some(rung)).map(|(_, code)| Some(code));
        let mut codes = codes.collect::<Vec<Option<ProductCode>>>().into_iter();
        codes
            .any(|code| [Stage::Convert, Stage::Ascend].iter().any(|stage| self.feeding(*stage, code).any(|feed| feed.has_value)))
    }
}
